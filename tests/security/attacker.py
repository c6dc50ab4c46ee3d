"""An attacker who holds released files and nothing else, and adds and subtracts.

Written without the gate's own code: it reads files, finds by itself which sums hold, and asks a linear programme
between which bounds each suppressed figure must lie. What it is told besides makes the attackers of the
tests: how small a suppressed cell may be, one figure that somebody knows, and what was released before.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.optimize import Bounds as Box
from scipy.optimize import LinearConstraint, linprog, milp

GROUPS = ("item_code", "department", "region_code", "detail")
SUPPRESSED = "[c]"
#: (table, measure, first day of the period, last day, item, department, region, detail)
Cell = tuple[str, ...]
#: A cell's count, or a rate's numerator (`yes`) and the rest of its denominator (`no`).
Amount = tuple[Cell, str]


@dataclass
class Figures:
    """Figures as their reader has them: known amounts, suppressed cells."""

    known: dict[Amount, float] = field(default_factory=dict)
    hidden: dict[Cell, tuple[str, ...]] = field(default_factory=dict)

    def amounts(self, cell: Cell) -> list[Amount]:
        parts = self.hidden.get(cell) or tuple(p for p in ("n", "yes", "no") if (cell, p) in self.known)
        return [(cell, part) for part in parts]


def read_figures(*files: Path) -> Figures:
    """What published `cells.csv` files say, later ones first told."""
    found = Figures()
    for file in files:
        with file.open(encoding="utf-8", newline="") as text:
            for row in csv.DictReader(text):
                cell = (row["table"], row["measure"], row["period_start"], row["period_end"],
                        *(row[name] for name in GROUPS))  # fmt: skip
                is_rate = row["dimension"] != "" and row["count"] in ("", SUPPRESSED)
                if row["marker"] == SUPPRESSED:
                    if not any((cell, part) in found.known for part in ("n", "yes", "no")):
                        found.hidden[cell] = ("yes", "no") if is_rate else ("n",)
                    continue
                found.hidden.pop(cell, None)
                if row["denominator"]:
                    yes, of = int(row["numerator"]), int(row["denominator"])
                    found.known |= {(cell, "yes"): yes, (cell, "no"): of - yes}
                else:
                    found.known[cell, "n"] = int(row["count"])
    return found


def sums(figures: Figures) -> Iterator[list[tuple[Amount, float]]]:
    """Sums that hold: totals over parts, outcomes of rows, and what two tables count alike."""
    cells = set(figures.hidden) | {cell for cell, _ in figures.known}
    kinds: dict[Cell, list[Cell]] = defaultdict(list)
    for cell in cells:
        kinds[cell[:4]].append(cell)
    for alike in kinds.values():
        shapes = {tuple(map(bool, cell[4:])) for cell in alike}
        for coarse in shapes:
            for fine in shapes:
                if coarse != fine and all(f or not c for c, f in zip(coarse, fine, strict=True)):
                    yield from _totals(figures, alike, coarse, fine)
    yield from _alike(figures, cells)


def _totals(figures: Figures, cells: list[Cell], coarse: tuple[bool, ...], fine: tuple[bool, ...]) -> Iterator:
    parts: dict[Cell, list[Cell]] = defaultdict(list)
    for cell in cells:
        if tuple(map(bool, cell[4:])) == fine:
            kept = tuple(code if keep else "" for code, keep in zip(cell[4:], coarse, strict=True))
            parts[(*cell[:4], *kept)].append(cell)
    for whole in cells:
        if tuple(map(bool, whole[4:])) == coarse and parts[whole]:
            for amount in figures.amounts(whole):
                yield [(amount, -1.0), *(((part, amount[1]), 1.0) for part in parts[whole])]


def _alike(figures: Figures, cells: set[Cell]) -> Iterator[list[tuple[Amount, float]]]:
    def at(table: str, measure: str, like: Cell) -> list[Amount]:
        cell = (table, measure, *like[2:])
        return figures.amounts(cell) if cell in cells else []

    faults = [cell for cell in cells if cell[0] == "faults"]
    for cell in cells:
        if cell[:2] == ("deliveries", "delivered"):
            parts = [at("deliveries", one, cell) for one in
                     ("accepted", "corrected", "withdrawn", "repeated", "quarantined")]  # fmt: skip
            yield [((cell, "n"), -1.0), *((amount, 1.0) for part in parts for amount in part)]
        if cell[:2] == ("measurements", "timeliness"):
            own = [(amount, 1.0) for amount in figures.amounts(cell)]
            for other in ("uniqueness", "consistency_subject"):
                if at("measurements", other, cell):
                    yield [*own, *((amount, -1.0) for amount in at("measurements", other, cell))]
            valid, out = at("measurements", "validity", cell), at("deliveries", "quarantined", cell)
            if valid and out:
                yield [*own, *((amount, 1.0) for amount in out), *((amount, -1.0) for amount in valid)]
        if cell[:2] in (("measurements", "uniqueness"), ("measurements", "completeness")):
            starts = "duplicate_key" if cell[1] == "uniqueness" else "missing:"
            same = [one for one in faults if one[2:7] == cell[2:7] and one[7].startswith(starts)]
            if same:
                yield [((cell, "no"), -1.0), *(((one, "n"), 1.0) for one in same)]


class Attacker:
    """Bounds of suppressed figures.

    Parameters
    ----------
    figures
        What it has read.
    knows
        Figures that it knows from elsewhere: its own.
    least
        What a suppressed cell counts at least.
    """

    def __init__(self, figures: Figures, knows: Mapping[Amount, float] | None = None, least: int = 1) -> None:
        self.figures = figures
        known = figures.known | dict(knows or {})
        self.unknown = [one for cell in sorted(figures.hidden) for one in figures.amounts(cell) if one not in known]
        self._place = {one: place for place, one in enumerate(self.unknown)}
        lines, sides = [], []
        for terms in sums(figures):
            line, side = np.zeros(len(self.unknown)), 0.0
            for amount, sign in terms:
                if amount in self._place:
                    line[self._place[amount]] += sign
                else:
                    side -= sign * known[amount]
            # A sum that doesn't hold in what is shown is none: a part is missing.
            if line.any():
                lines.append(line)
                sides.append(side)
        at_least = np.zeros((len(figures.hidden), len(self.unknown)))
        for row, cell in enumerate(sorted(figures.hidden)):
            for amount in figures.amounts(cell):
                if amount in self._place:
                    at_least[row, self._place[amount]] = 1.0
        self._equal = (np.array(lines), np.array(sides)) if lines else None
        some = at_least.any(axis=1)
        known_part = np.array([sum(known.get(one, 0.0) for one in figures.amounts(c)) for c in sorted(figures.hidden)])
        self._least = (-at_least[some], known_part[some] - least)

    def bounds(self, amounts: Iterable[Amount], *, whole: bool = False) -> tuple[float, float]:
        """The least and the most that the sum of some suppressed amounts can be; `whole`: in whole numbers."""
        aim = np.zeros(len(self.unknown))
        aim[[self._place[one] for one in amounts]] = 1.0
        return tuple(sign * self._solve(sign * aim, whole) for sign in (1.0, -1.0))  # type: ignore[return-value]

    def _solve(self, aim: np.ndarray, whole: bool) -> float:
        if whole:
            rules = [LinearConstraint(self._least[0], ub=self._least[1])] if len(self._least[0]) else []
            if self._equal:
                rules.append(LinearConstraint(self._equal[0], *(self._equal[1],) * 2))
            found = milp(aim, constraints=rules, integrality=np.ones(len(aim)), bounds=Box(0, 1e5))
            assert found.status == 0
            return float(found.fun)
        equal = self._equal or (None, None)
        found = linprog(aim, A_ub=self._least[0], b_ub=self._least[1], A_eq=equal[0], b_eq=equal[1], method="highs")
        if found.status == 3:
            return -np.inf
        assert found.status == 0, "what was released contradicts itself"
        return float(found.fun)

    def widths(self, cells: Iterable[Cell], *, whole: bool = False) -> dict[Cell, float]:
        """How far apart the bounds of some suppressed cells' counts are."""
        found = {}
        for cell in cells:
            unknown = [one for one in self.figures.amounts(cell) if one in self._place]
            low, high = self.bounds(unknown, whole=whole) if unknown else (0.0, 0.0)
            found[cell] = high - low
        return found
