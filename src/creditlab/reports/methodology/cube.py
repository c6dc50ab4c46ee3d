"""What the report on a methodology is made from: every figure as whole numbers, for the gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from creditlab.assessment import Methodology
from creditlab.assessment.backtest import steepest_fall, trend
from creditlab.assessment.bootstrap import Resampled
from creditlab.assessment.distribution import NO_INFORMATION, NOT_THERE
from creditlab.assessment.gates import Share, Tried
from creditlab.assessment.sensitivity import Change, Moves, effective_weights, near_bounds, nominal_weights
from creditlab.assessment.vectors import Vectors
from creditlab.disclosure import CUBE_SCHEMA, Cube, CubeTable, identities
from creditlab.periods import Period

if TYPE_CHECKING:
    import numpy as np


class Figure(StrEnum):
    """What a cell says; its `detail` is the level, indicator or gate, joined with `|` where it has two.

    The sums that hold between them are known to `disclosure.identities`, under these names.
    """

    LEVEL = identities.LEVEL
    LEVEL_BY_REGION = identities.BY_REGION
    LEVEL_BY_INDUSTRY = "level_by_industry"
    LEVEL_BY_SIZE = "level_by_size"
    LEVEL_BY_KIND = "level_by_kind"
    NOMINAL = "nominal_weight"
    EFFECTIVE = "effective_weight"
    WEIGHT_CHANGED = "changed_by_weight"
    BOUND_CHANGED = "changed_by_bound"
    DRAWN_KEPT = "kept_in_draws"
    DRAWN_LEVEL = "level_in_draws"
    REPORTED_LEVEL = "level_by_departments"
    NEAR = "near_bound"
    STABLE = "stable"
    INFORMATION = identities.INFORMATION
    OUTCOME = identities.OUTCOME
    MOVED = identities.MOVED
    REGION_RECORDS = "region_records"
    REGION_POINTS = "region_points"


class Direction(StrEnum):
    """Which of two levels was the higher one, or whether there was one at all."""

    HIGHER = identities.HIGHER
    SAME = identities.SAME
    LOWER = identities.LOWER
    CAME = identities.CAME
    WENT = identities.WENT
    NEITHER = "neither"


#: Organisations counted by how they stand, or what is held against those of a region.
STANDINGS = frozenset(
    {Figure.LEVEL, Figure.LEVEL_BY_REGION, Figure.LEVEL_BY_INDUSTRY, Figure.LEVEL_BY_SIZE, Figure.LEVEL_BY_KIND}
    | {Figure.OUTCOME, Figure.MOVED, Figure.REGION_RECORDS, Figure.REGION_POINTS}
)  # fmt: skip
#: The draws that are shown: the one below which 5 % lie, the middle one, the one above which 5 % lie.
LOW, MIDDLE, HIGH = "low", "middle", "high"
_PLACES = {LOW: 5, MIDDLE: 50, HIGH: 95}
_NEAR = 2_000


class Figures:
    """The finest cells, put together figure by figure.

    Parameters
    ----------
    methodology
        Whose figures they are.
    period, as_of, run_no
        What the report is about.
    is_wide
        Whether groups of organisations are counted by the better and the worse half of the grades and not by level,
        and movement by its direction: by level, most cells of such a table are too small to be shown.
    """

    def __init__(
        self, methodology: Methodology, period: Period, as_of: date, run_no: int, *, is_wide: bool = False
    ) -> None:
        self.methodology, self.period, self._as_of, self._run_no = methodology, period, as_of, run_no
        self._is_wide = is_wide
        self._cells: list[dict[str, Any]] = []
        self._near = self._weight = self._information = self._stable = Share(0, 0)
        self._fall_p: float | None = None
        self._trend_p: float | None = None

    def cube(self) -> Cube:
        """All figures. Every cell counts organisations only, so that none is about a natural person."""
        table = pa.Table.from_pylist(self._cells, schema=CUBE_SCHEMA)
        return Cube(table, self.period, self._as_of, self._run_no)

    @property
    def tried(self) -> Tried:
        """What the gates look at."""
        return Tried(
            self._near, self._weight, self._information, self._stable, self._fall_p, self._trend_p
        )  # fmt: skip

    # --- Where organisations stand ------------------------------------------------------------------

    def levels(self, rows: Sequence[Mapping[str, Any]], *, is_before: bool = False) -> None:
        """Levels of all organisations: rows of `level_counts` without groups."""
        whole = sum(row["subject_count"] for row in rows)
        period = self.period.previous() if is_before else self.period
        counted = dict.fromkeys((one.code for one in self.methodology.levels), 0)
        counted |= {row["level"]: row["subject_count"] for row in rows}
        for level, part in (*counted.items(), ("", whole)):
            self._count(Figure.LEVEL, level, part, period=period)
        if not is_before:
            known = sum(row["subject_count"] for row in rows if row["level"] != NO_INFORMATION)
            self._information = Share(known, whole)
            for group in level_groups(self.methodology, is_wide=self._is_wide):
                part = sum(counted.get(level, 0) for level in group.split(","))
                self._count(Figure.LEVEL_BY_REGION, group, part)
            self._share(Figure.INFORMATION, "", known, whole)

    def levels_by(self, figure: Figure, rows: Sequence[Mapping[str, Any]], group: str) -> None:
        """Levels by region, industry, size or kind; a region has a column of its own."""
        groups = level_groups(self.methodology, is_wide=self._is_wide)
        levels = {level: one for one in groups for level in one.split(",")}
        counted: dict[tuple[str, str], int] = {}
        for row in rows:
            key = row[group], levels[row["level"]]
            counted[key] = counted.get(key, 0) + row["subject_count"]
        for (code, of_levels), count in counted.items():
            if group == "region_code":
                self._count(figure, of_levels, count, region_code=code)
            else:
                self._count(figure, f"{code}|{of_levels}", count)

    def moved(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows of `movement`."""
        counted: dict[str, int] = {}
        for row in rows:
            before, after = row["level_before"], row["level_after"]
            detail = self._direction(before, after) if self._is_wide else f"{before}|{after}"
            counted[detail] = counted.get(detail, 0) + row["subject_count"]
        for detail, count in counted.items():
            self._count(Figure.MOVED, detail, count)

    def _direction(self, before: str, after: str) -> str:
        order = {one.code: place for place, one in enumerate(self.methodology.levels)}
        if before not in order:
            return Direction.CAME if after in order else Direction.NEITHER
        if after not in order:
            return Direction.WENT
        if order[after] == order[before]:
            return Direction.SAME
        return Direction.HIGHER if order[after] < order[before] else Direction.LOWER

    def regions(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows of `intensity`, and their sum; how many organisations a region has is the sum of its levels."""
        for row in rows:
            if row["region_code"]:
                self._count(Figure.LEVEL_BY_REGION, "", row["subject_count"], region_code=row["region_code"])
        for figure, name in ((Figure.REGION_RECORDS, "record_count"), (Figure.REGION_POINTS, "points")):
            self._count(figure, "", sum(row[name] for row in rows))
            for row in rows:
                if row["region_code"]:
                    self._count(figure, "", row[name], region_code=row["region_code"])

    # --- What levels hang on ------------------------------------------------------------------------

    def weights(self, vectors: Vectors) -> None:
        """Nominal and effective weights, and who is near a bound."""
        nominal, effective = nominal_weights(self.methodology), effective_weights(vectors)
        for figure, found in ((Figure.NOMINAL, nominal), (Figure.EFFECTIVE, effective)):
            whole = sum(found.values())
            for code, part in found.items():
                self._share(figure, code, part, whole)
        self._weight = Share(max(effective.values()), sum(effective.values()))
        distance = near_distance(self.methodology)
        self._near = Share(near_bounds(vectors, distance), vectors.total)
        self._share(Figure.NEAR, "", self._near.part, self._near.whole)

    def changes(self, found: Sequence[Change], whole: int) -> None:
        """Levels that change with one weight or bound."""
        for one in found:
            figure = Figure.WEIGHT_CHANGED if one.is_weight else Figure.BOUND_CHANGED
            self._share(figure, f"{one.code}|{'up' if one.is_up else 'down'}", whole - one.kept, whole)

    def draws(self, found: Moves, whole: int) -> None:
        """Levels under all weights and bounds drawn at once."""
        self._stable = Share(int(found.kept.sum()), whole * len(found.kept))
        self._share(Figure.STABLE, "", self._stable.part, self._stable.whole)
        for name, number in _ordered(found.kept).items():
            self._share(Figure.DRAWN_KEPT, name, number, whole)
        for place, level in enumerate(self.methodology.levels):
            for name, number in _ordered(found.levels[:, place]).items():
                self._share(Figure.DRAWN_LEVEL, f"{level.code}|{name}", number, whole)

    def departments(self, found: Resampled) -> None:
        """Shares of levels among those with records, with departments drawn anew."""
        for place, level in enumerate(self.methodology.levels):
            parts, wholes = found.levels[:, place], found.with_records
            order = sorted(range(len(parts)), key=lambda one: (parts[one] / wholes[one] if wholes[one] else 0.0, one))
            for name, per_cent in _PLACES.items():
                one = order[_place(len(order), per_cent)]
                self._share(Figure.REPORTED_LEVEL, f"{level.code}|{name}", int(parts[one]), int(wholes[one]))

    # --- Whether they say anything --------------------------------------------------------------------

    def outcomes(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows of `backtest.outcomes`, by grade and level and by grade."""
        levels = [one.code for one in self.methodology.levels]
        grade_of = {one.code: one.grade for one in self.methodology.levels}
        found = {row["level"]: (row["outcome_count"], row["subject_count"]) for row in rows}
        by_level = [found.get(code, (0, 0)) for code in levels]
        for code, (part, whole) in found.items():
            self._share(Figure.OUTCOME, f"{grade_of.get(code, '')}|{code}", part, whole)
        grades: dict[str, tuple[int, int]] = dict.fromkeys(grade_of.values(), (0, 0))
        for code, (part, whole) in zip(levels, by_level, strict=True):
            before = grades[grade_of[code]]
            grades[grade_of[code]] = (before[0] + part, before[1] + whole)
        for grade, (part, whole) in grades.items():
            if whole:
                self._share(Figure.OUTCOME, f"{grade}|", part, whole)
        self._fall_p = steepest_fall([one[0] for one in grades.values()], [one[1] for one in grades.values()])
        along = trend([one[0] for one in by_level], [one[1] for one in by_level])
        self._trend_p = along.p if along else None

    # --- Cells ----------------------------------------------------------------------------------------

    def _share(
        self, figure: Figure, detail: str, part: int, whole: int, *, period: Period | None = None, region_code: str = ""
    ) -> None:
        numbers = {"numerator": part, "denominator": whole, "ratio": part / whole if whole else None}
        self._cell(figure, detail, period or self.period, region_code, numbers)

    def _count(
        self, figure: Figure, detail: str, count: int, *, period: Period | None = None, region_code: str = ""
    ) -> None:
        self._cell(figure, detail, period or self.period, region_code, {"count": count})

    def _cell(self, figure: Figure, detail: str, period: Period, region_code: str, numbers: Mapping[str, Any]) -> None:
        self._cells.append(
            {
                "table": cube_table(figure), "measure": figure, "dimension": "", "item_code": "", "department": "",
                "region_code": region_code, "detail": detail, "period_start": period.start, "period_end": period.end,
                "as_of": self._as_of, "run_no": self._run_no, "numerator": None, "denominator": None, "count": None,
                "ratio": None, "is_provisional": False, "has_natural_persons": False, **numbers,
            }
        )  # fmt: skip


def _place(length: int, per_cent: int) -> int:
    return (length - 1) * per_cent // 100


def _ordered(numbers: np.ndarray[Any, Any]) -> dict[str, int]:
    """The draws that are shown of many, each a number that was drawn."""
    order = sorted(numbers.tolist())
    return {name: int(order[_place(len(order), per_cent)]) for name, per_cent in _PLACES.items()}


def cube_table(figure: Figure) -> CubeTable:
    """Which table of a publication's cube a figure stands in."""
    return CubeTable.STANDINGS if figure in STANDINGS else CubeTable.ASSESSMENTS


def level_groups(methodology: Methodology, *, is_wide: bool) -> list[str]:
    """The levels that are counted together, with a comma between them, the highest first; then no information."""
    if not is_wide:
        return [*(one.code for one in methodology.levels), NO_INFORMATION]
    grades = list(dict.fromkeys(one.grade for one in methodology.levels))
    better = grades[: (len(grades) + 1) // 2]
    halves = ([one.code for one in methodology.levels if (one.grade in better) is half] for half in (True, False))
    return [*(",".join(codes) for codes in halves if codes), NO_INFORMATION]


def near_distance(methodology: Methodology) -> int:
    """How near to a bound is near, in milli-points; a methodology without gates says nothing of it."""
    return methodology.gates.near if methodology.gates else _NEAR


def standing_codes(methodology: Methodology) -> list[str]:
    """The levels, the highest first, then no information and not there."""
    return [*(one.code for one in methodology.levels), NO_INFORMATION, NOT_THERE]
