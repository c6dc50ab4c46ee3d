"""Results that should be the same digits, whoever counted them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

#: What is measured, and as it stood on which day; the peers have the same written in.
PERIOD, AS_OF = "2026", "2026-12-01"
GROUPS = ("measure", "item_code", "department", "region_code", "month")
MEASURES = frozenset(
    ("timeliness", "completeness", "validity", "uniqueness", "consistency_subject", "consistency_name")
)

Figures = dict[tuple[str, ...], tuple[int, int]]


def read_measures(path: Path) -> Figures:
    """Numerator and denominator of each measure and group in a `measures.csv`; months may be called period_start."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row | {"month": row.get("month") or row.get("period_start", "")} for row in csv.DictReader(file)]
    return {
        tuple(row[name] for name in GROUPS): (int(row["numerator"]), int(row["denominator"]))
        for row in rows
        if row["measure"] in MEASURES
    }


def differences(base: Path, other: Path) -> list[str]:
    """What another side's results say differently: its measures, and each total that both have counted.

    A total that a side does not name it has not counted, except that no record of a fault is no line about it.
    """
    found = []
    if (other / "measures.csv").exists():
        ours, theirs = read_measures(base / "measures.csv"), read_measures(other / "measures.csv")
        for key in sorted(ours.keys() | theirs.keys()):
            if ours.get(key) != theirs.get(key):
                found.append(f"{' '.join(key)}: {ours.get(key)} and {theirs.get(key)}")
    expected, said = _totals(base), _totals(other)
    is_whole = (other / "measures.csv").exists()
    for name in sorted(expected.keys() | said.keys() if is_whole else said.keys()):
        if expected.get(name, 0) != said.get(name, 0):
            found.append(f"{name}: {expected.get(name, 0):,} and {said.get(name, 0):,}")
    return found


def _totals(folder: Path) -> dict[str, int]:
    """What a side counted; what it counts in its own way stands under `other` and is not compared."""
    totals: dict[str, int] = json.loads((folder / "totals.json").read_text(encoding="utf-8"))
    return {name: count for name, count in totals.items() if not name.startswith("other:")}
