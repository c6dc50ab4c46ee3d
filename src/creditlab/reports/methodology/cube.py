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
from creditlab.disclosure import CUBE_SCHEMA, Cube, CubeTable
from creditlab.periods import Period

if TYPE_CHECKING:
    import numpy as np


class Figure(StrEnum):
    """What a cell says; its `detail` is the level, indicator or gate, joined with `|` where it has two."""

    LEVEL = "level"
    LEVEL_BY_INDUSTRY = "level_by_industry"
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
    INFORMATION = "has_information"
    OUTCOME = "outcome"
    OUTCOME_BY_GRADE = "outcome_by_grade"
    MOVED = "moved"
    REGION_SUBJECTS = "region_subjects"
    REGION_RECORDS = "region_records"
    REGION_POINTS = "region_points"


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
    """

    def __init__(self, methodology: Methodology, period: Period, as_of: date, run_no: int) -> None:
        self.methodology, self.period, self._as_of, self._run_no = methodology, period, as_of, run_no
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
        for level, part in counted.items():
            self._share(Figure.LEVEL, level, part, whole, period=period)
        if not is_before:
            known = sum(row["subject_count"] for row in rows if row["level"] != NO_INFORMATION)
            self._information = Share(known, whole)
            self._share(Figure.INFORMATION, "", known, whole)

    def levels_by(self, figure: Figure, rows: Sequence[Mapping[str, Any]], group: str) -> None:
        """Levels by region, industry or kind; a region has a column of its own."""
        wholes: dict[str, int] = {}
        for row in rows:
            wholes[row[group]] = wholes.get(row[group], 0) + row["subject_count"]
        for row in rows:
            where = {"region_code": row[group]} if group == "region_code" else {}
            detail = row["level"] if where else f"{row[group]}|{row['level']}"
            self._share(figure, detail, row["subject_count"], wholes[row[group]], **where)

    def moved(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows of `movement`; the share is of those that had the level before."""
        wholes: dict[str, int] = {}
        for row in rows:
            wholes[row["level_before"]] = wholes.get(row["level_before"], 0) + row["subject_count"]
        for row in rows:
            detail = f"{row['level_before']}|{row['level_after']}"
            self._share(Figure.MOVED, detail, row["subject_count"], wholes[row["level_before"]])

    def regions(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows of `intensity`, and their sum."""
        names = {
            Figure.REGION_SUBJECTS: "subject_count",
            Figure.REGION_RECORDS: "record_count",
            Figure.REGION_POINTS: "points",
        }
        for figure, name in names.items():
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
        """Rows of `backtest.outcomes`, by level and by grade."""
        levels = [one.code for one in self.methodology.levels]
        grade_of = {one.code: one.grade for one in self.methodology.levels}
        found = {row["level"]: (row["outcome_count"], row["subject_count"]) for row in rows}
        by_level = [found.get(code, (0, 0)) for code in levels]
        for code, (part, whole) in found.items():
            self._share(Figure.OUTCOME, code, part, whole)
        grades: dict[str, tuple[int, int]] = dict.fromkeys(grade_of.values(), (0, 0))
        for code, (part, whole) in zip(levels, by_level, strict=True):
            before = grades[grade_of[code]]
            grades[grade_of[code]] = (before[0] + part, before[1] + whole)
        for grade, (part, whole) in grades.items():
            if whole:
                self._share(Figure.OUTCOME_BY_GRADE, grade, part, whole)
        self._fall_p = steepest_fall([one[0] for one in grades.values()], [one[1] for one in grades.values()])
        along = trend([one[0] for one in by_level], [one[1] for one in by_level])
        self._trend_p = along.p if along else None

    # --- Cells ----------------------------------------------------------------------------------------

    def _share(
        self, figure: Figure, detail: str, part: int, whole: int, *, period: Period | None = None, region_code: str = ""
    ) -> None:
        numbers = {"numerator": part, "denominator": whole, "ratio": part / whole if whole else None}
        self._cell(figure, detail, period or self.period, region_code, numbers)

    def _count(self, figure: Figure, detail: str, count: int, *, region_code: str = "") -> None:
        self._cell(figure, detail, self.period, region_code, {"count": count})

    def _cell(self, figure: Figure, detail: str, period: Period, region_code: str, numbers: Mapping[str, Any]) -> None:
        self._cells.append(
            {
                "table": CubeTable.ASSESSMENTS, "measure": figure, "dimension": "", "item_code": "", "department": "",
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


def near_distance(methodology: Methodology) -> int:
    """How near to a bound is near, in milli-points; a methodology without gates says nothing of it."""
    return methodology.gates.near if methodology.gates else _NEAR


def standing_codes(methodology: Methodology) -> list[str]:
    """The levels, the highest first, then no information and not there."""
    return [*(one.code for one in methodology.levels), NO_INFORMATION, NOT_THERE]
