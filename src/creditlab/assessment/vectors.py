"""What organisations have by indicator, each combination once, with how many have it.

A province has millions of organisations and far fewer combinations of points: whatever is asked of all of them (other
weights, other bounds, departments drawn anew) is asked of the combinations, as a matrix of whole numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from creditlab.assessment.lookup import is_newest_only
from creditlab.assessment.methodology import Methodology

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_SUBJECTS = "subject_count"
#: No override holds.
NO_PLACE = -1


@dataclass(frozen=True)
class Vectors:
    """Combinations of points by indicator, among organisations with a record that counts.

    Attributes
    ----------
    points
        Milli-points, capped: one row per combination, one column per indicator in the methodology's order.
    override
        The place of the level that an override sets, one per combination; -1 where none does.
    subjects
        How many organisations have the combination.
    """

    methodology: Methodology
    points: Integers
    override: Integers
    subjects: Integers

    @property
    def total(self) -> int:
        """All organisations with a record that counts."""
        return int(self.subjects.sum())


@dataclass(frozen=True)
class DepartmentVectors:
    """The same by reporting department, not capped: what is left when a department's records are not there.

    Attributes
    ----------
    departments
        Whoever reported a record that counts, in order.
    indicators, reporters
        Of each column of `points`: the place of its indicator, and of its department.
    points, is_there
        Milli-points, and whether there is a record that counts.
    override, override_reporters
        The place of the level that a department's records set, -1 where none do; of each column its department.
    subjects
        How many organisations have the combination.
    """

    methodology: Methodology
    departments: tuple[str, ...]
    indicators: Integers
    reporters: Integers
    points: Integers
    is_there: Flags
    override: Integers
    override_reporters: Integers
    subjects: Integers


def take_vectors(points: ir.Table, methodology: Methodology) -> Vectors:
    """The combinations that there are.

    Parameters
    ----------
    points
        One row per assessed organisation and indicator, as `scoring.indicator_points` gives them.
    methodology
        The one that they are points of.

    Returns
    -------
    Vectors
        Whoever has no record that counts is not in it.
    """
    rows = points.filter((points.counted > 0) | (points.override_place >= 0))
    numbers = range(1, len(methodology.indicators) + 1)
    cells: dict[str, ir.Value] = {
        f"i{number}": rows.points.sum(where=rows.indicator_no == number).fill_null(0).cast("int64")
        for number in numbers
    }
    found = _distinct(rows, {**cells, "override": rows.override_place.max().cast("int64")})
    columns = np.column_stack([_numbers(found, f"i{number}") for number in numbers])
    return Vectors(methodology, columns, _numbers(found, "override"), _numbers(found, _SUBJECTS))


def take_department_vectors(rows: ir.Table, methodology: Methodology) -> DepartmentVectors:
    """The combinations that there are, by indicator and reporting department.

    Parameters
    ----------
    rows
        One row per record of an assessed organisation, as `lines.lines` gives them, with its department.
    methodology
        The one that they are lines of.
    """
    rows = rows.filter(rows.counts | rows.sets)
    pairs = rows.group_by("indicator_no", "department").agg(
        counts=rows.counts.max(), sets=rows.sets.max()
    ).order_by("indicator_no", "department").to_pyarrow().to_pylist()  # fmt: skip
    departments = tuple(sorted({one["department"] for one in pairs}))
    counted = [(one["indicator_no"], one["department"]) for one in pairs if one["counts"]]
    setting = sorted({one["department"] for one in pairs if one["sets"]})
    cells: dict[str, ir.Value] = {}
    for column, (number, department) in enumerate(counted):
        mine = rows.counts & (rows.indicator_no == number) & (rows.department == department)
        rule = methodology.indicators[number - 1]
        # The newest record is the one with the most points: steps only fade.
        strongest = rows.points.min(where=mine) if rule.is_adverse else rows.points.max(where=mine)
        cells[f"p{column}"] = (strongest if is_newest_only(rule) else rows.points.sum(where=mine)).cast("int64")
    for column, department in enumerate(setting):
        mine = rows.sets & (rows.department == department)
        cells[f"o{column}"] = rows.override_place.max(where=mine).fill_null(NO_PLACE).cast("int64")
    found = _distinct(rows, cells)
    height = found.num_rows
    points = [_numbers(found, f"p{column}") for column in range(len(counted))]
    there = [~_is_null(found, f"p{column}") for column in range(len(counted))]
    override = [_numbers(found, f"o{column}") for column in range(len(setting))]
    place = {one: number for number, one in enumerate(departments)}
    return DepartmentVectors(
        methodology,
        departments,
        np.array([number - 1 for number, _ in counted], np.int64),
        np.array([place[department] for _, department in counted], np.int64),
        np.column_stack(points) if points else np.zeros((height, 0), np.int64),
        np.column_stack(there) if there else np.zeros((height, 0), np.bool_),
        np.column_stack(override) if override else np.zeros((height, 0), np.int64),
        np.array([place[department] for department in setting], np.int64),
        _numbers(found, _SUBJECTS),
    )


def _distinct(rows: ir.Table, cells: Mapping[str, ir.Value]) -> pa.Table:
    """One row per combination of cells that a subject has, with the number of subjects."""
    wide = rows.group_by("subject_id").agg(**cells)
    names = list(cells)
    return wide.group_by(names).agg(**{_SUBJECTS: wide.count().cast("int64")}).order_by(names).to_pyarrow()


def _numbers(table: pa.Table, name: str) -> Integers:
    return np.asarray(table[name].fill_null(0).to_numpy(), np.int64)


def _is_null(table: pa.Table, name: str) -> Flags:
    return np.asarray(table[name].is_null().to_numpy(), np.bool_)
