"""Ingest, measures and command line against a plain row-by-row count, on random workspaces like the example.

CREDITLAB_SEEDS says how many seeds to run (5 in the ordinary run); then every question is asked of each.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from creditlab import engine
from creditlab.ingest import ingest as creditlab_ingest
from creditlab.lake import read_inputs
from creditlab.measures import measure as creditlab_measure
from creditlab.periods import parse_period as parse
from creditlab.terms import Group
from creditlab.workspace import open_workspace
from tests.reference.days import parse_period
from tests.reference.generator import make_workspace
from tests.reference.measures import measure
from tests.reference.rules import State, ingest

SEEDS = range(int(os.environ.get("CREDITLAB_SEEDS", "5")))
EXAMPLE = Path(__file__).parents[3] / "shared" / "example"
QUESTIONS = [
    ("2026Q3", "2026-10-20", "item_code"),
    ("2026Q3", "2026-10-20", "item_code,department,region_code,month"),
    ("2026Q3", "2026-09-18", "item_code,department,region_code"),
    ("2026-08", "2026-09-02", "department,month"),
    ("2025-10-01/2026-10-01", "2026-10-08", "region_code,month"),
    ("2025", "2026-11-20", "item_code"),
    ("2026-11", "2026-11-20", "department"),
]
COUNTS = ("delivered", "accepted", "corrected", "withdrawn", "repeated", "quarantined")
Figures = dict[tuple[str, ...], tuple[int, int, bool]]


def questions_of(seed: int) -> list[tuple[str, str, str]]:
    """All questions when many seeds are asked for; else the finest one and two that change from seed to seed."""
    if "CREDITLAB_SEEDS" in os.environ:
        return QUESTIONS
    return [QUESTIONS[1], QUESTIONS[2 + seed % 5], QUESTIONS[2 + (seed + 2) % 5]]


def creditlab(*arguments: str | Path) -> str:
    command = [Path(sys.executable).parent / "creditlab", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[-2000:]}"
    return done.stdout


def commanded_counts(workspace: Path) -> dict[str, int]:
    found = json.loads(creditlab("--workspace", workspace, "--json", "ingest"))
    return {name: found[name] for name in COUNTS}


def commanded_figures(workspace: Path, period: str, as_of: str, by: str) -> Figures:
    output = workspace.parent / "measured.csv"
    arguments = ["measure", "--period", period, "--as-of", as_of, "--by", by, "--output", output]
    creditlab("--workspace", workspace, *arguments)
    with output.open(encoding="utf-8", newline="") as handle:
        return figures_of(list(csv.DictReader(handle)))


def ingest_counts(workspace: Path) -> dict[str, int]:
    done = creditlab_ingest(open_workspace(workspace), now=datetime(2026, 11, 20, tzinfo=UTC))
    return asdict(done.counts)


def measured(workspace: Path, period: str, as_of: str, by: str) -> Figures:
    groups = tuple(Group(word.replace("region_code", "region")) for word in by.split(","))
    with engine.connect(folders=[workspace / "lake"]) as backend:
        inputs = read_inputs(open_workspace(workspace), backend)
        table = creditlab_measure(inputs, parse(period), date.fromisoformat(as_of), groups)
        return figures_of(backend.to_pyarrow(table).to_pylist())


def figures_of(rows: list[dict[str, Any]]) -> Figures:
    figures: Figures = {}
    for row in rows:
        numerator, denominator = int(row["numerator"]), int(row["denominator"])
        assert float(row["ratio"]) == pytest.approx(numerator / denominator, abs=1e-12)
        key = name_row(row)
        assert key not in figures, f"twice: {key}"
        figures[key] = (numerator, denominator, str(row["is_provisional"]).lower() == "true")
    return figures


def expected(state: State, period: str, as_of: str, by: str) -> Figures:
    rows = measure(state, *parse_period(period), date.fromisoformat(as_of), by.split(","))
    return {name_row(r): (r["numerator"], r["denominator"], r["is_provisional"]) for r in rows}


def name_row(row: dict[str, object]) -> tuple[str, ...]:
    columns = ("measure", "item_code", "department", "region_code", "period_start", "period_end")
    return tuple(str(row.get(column) or "")[:40] for column in columns)


def differences(got: Figures, wanted: Figures) -> list[str]:
    """One line per row that differs: what the command says, and what the count says."""
    return [
        f"{' '.join(key)}: command {got.get(key)}, count {wanted.get(key)}"
        for key in sorted(got.keys() | wanted.keys())
        if got.get(key) != wanted.get(key)
    ]


def instalments(workspace: Path, parts: int) -> Iterator[int]:
    """Give the manifest's rows in several goes, the late ones first; their order in the file stays."""
    manifest = workspace / "inbox" / "manifest.csv"
    head, *lines = manifest.read_text(encoding="utf-8").splitlines()
    for part in reversed(range(parts)):
        # Row n comes in go n modulo parts, so that old and new deliveries are mixed in every go.
        there = [line for number, line in enumerate(lines) if number % parts >= part]
        manifest.write_text("\n".join([head, *there]) + "\n", encoding="utf-8")
        yield part


def test_count_gives_the_example() -> None:
    state = ingest(EXAMPLE)
    assert state.counts() == json.loads((EXAMPLE / "expected_ingest.json").read_text(encoding="utf-8"))
    rows = measure(state, date(2026, 7, 1), date(2026, 10, 1), date(2026, 10, 20), ["item_code"])
    with (EXAMPLE / "expected.csv").open(encoding="utf-8", newline="") as handle:
        wanted = [tuple(row.values()) for row in csv.DictReader(handle)]
    columns = ("measure", "item_code", "numerator", "denominator")
    assert sorted(tuple(str(row[c]) for c in columns) for row in rows) == sorted(wanted)


def test_generator_makes_every_kind_of_row(tmp_path: Path) -> None:
    found = set()
    for seed in range(30):
        state = ingest(make_workspace(tmp_path / str(seed), seed))
        found |= {o.outcome + o.reason for o in state.outcomes}
        found |= {f.split(":")[0] for versions in state.versions.values() for v in versions for f in v.faults}
        found |= {v.state for versions in state.versions.values() for v in versions}
    wanted = "accepted corrected withdrawn repeated normal disputed repaired missing type pattern code_list minimum"
    wanted += " maximum max_length check_digit date_order out_of_scope duplicate_key personal_data"
    reasons = ["unreadable", "unknown_region", "item_not_in_edition", "no_event_date", "department_does_not_provide"]
    reasons += ["no_record_id", "no_subject_id", "unknown_action"]
    assert found >= set(wanted.split()) | {"quarantined" + reason for reason in reasons}


def test_command_line_agrees_with_the_count(tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path / "workspace", 0)
    state = ingest(workspace)
    assert commanded_counts(workspace) == state.counts()
    for question in questions_of(0)[:2]:
        assert differences(commanded_figures(workspace, *question), expected(state, *question)) == [], question


@pytest.mark.parametrize("seed", SEEDS)
def test_measures_agree_with_the_count(tmp_path: Path, seed: int) -> None:
    workspace = make_workspace(tmp_path / "workspace", seed)
    state = ingest(workspace)
    assert ingest_counts(workspace) == state.counts()
    for question in questions_of(seed):
        assert differences(measured(workspace, *question), expected(state, *question)) == [], question


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_arrival_gives_the_same_measures(tmp_path: Path, seed: int) -> None:
    workspace = make_workspace(tmp_path / "workspace", seed, distinct_times=True)
    state = ingest(workspace)
    delivered = sum(ingest_counts(workspace)["delivered"] for _ in instalments(workspace, 3))
    assert delivered == state.counts()["delivered"]
    for question in questions_of(seed)[:2]:
        assert differences(measured(workspace, *question), expected(state, *question)) == [], question
