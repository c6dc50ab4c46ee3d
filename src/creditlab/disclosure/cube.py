"""The cube: every figure of one publication, totals included, before it is protected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from creditlab.errors import InternalError
from creditlab.periods import Period
from creditlab.terms import MEASUREMENT

if TYPE_CHECKING:
    from creditlab.catalogue import Catalogue


class CubeTable(StrEnum):
    """The counted tables that a publication is made of."""

    MEASUREMENTS = "measurements"
    DELIVERIES = "deliveries"
    OMISSIONS = "omissions"
    FAULTS = "faults"
    VOLUMES = "volumes"
    MATTERS = "matters"
    CATALOGUE = "catalogue"
    ASSESSMENTS = "assessments"
    #: Organisations, counted by how they stand. Two things in `detail` are joined with `|`.
    STANDINGS = "standings"
    SUBJECT = "subject"
    PUBLICITY = "publicity"


#: What a cell can be grouped by. An empty value means: all.
GROUP_COLUMNS = ("item_code", "department", "region_code", "detail")

#: Grain: one row per table, measure, group and period. `detail` is a further dimension of one table (the fault).
#: A ratio has numerator and denominator, a plain count has `count`; the others are null.
CUBE_SCHEMA = pa.schema(
    [
        pa.field("table", pa.string(), nullable=False),
        pa.field("measure", pa.string(), nullable=False),
        pa.field("dimension", pa.string(), nullable=False),
        pa.field("item_code", pa.string(), nullable=False),
        pa.field("department", pa.string(), nullable=False),
        pa.field("region_code", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
        pa.field("period_start", pa.date32(), nullable=False),
        pa.field("period_end", pa.date32(), nullable=False),
        pa.field("as_of", pa.date32(), nullable=False),
        pa.field("run_no", pa.int64(), nullable=False),
        pa.field("numerator", pa.int64()),
        pa.field("denominator", pa.int64()),
        pa.field("count", pa.int64()),
        pa.field("ratio", pa.float64()),
        pa.field("is_provisional", pa.bool_(), nullable=False),
        pa.field("has_natural_persons", pa.bool_(), nullable=False),
    ]
)
if not set(MEASUREMENT) <= set(CUBE_SCHEMA.names):
    raise InternalError("the cube lacks a column of MEASUREMENT")

_KEYS = tuple(CUBE_SCHEMA.names[: CUBE_SCHEMA.names.index("numerator")])
_NUMBERS = ("numerator", "denominator", "count")


@dataclass(frozen=True, eq=False)
class Cube:
    """Every figure that one publication is made from.

    Totals are rows like any other, so that they are protected together with their parts and nobody sums shown cells
    to get them.

    Parameters
    ----------
    table
        CUBE_SCHEMA; no two rows have the same table, measure, group and period.
    period
        The period that the publication is about; rows of the period before it may be there for comparison.
    as_of
        The day whose state was counted.
    run_no
        The run of the lake that was read.
    catalogue
        Whose items say who may see figures of their records, and whose regions are parts of others; None where no cell
        is about one item's records.
    is_own
        Whether every reader gets cells of the records only that it delivered itself. What it holds anyway nobody can
        keep from it, so small cells are hidden and no further ones.
    """

    table: pa.Table
    period: Period
    as_of: date
    run_no: int
    catalogue: Catalogue | None = None
    is_own: bool = False

    def __post_init__(self) -> None:
        if self.table.schema != CUBE_SCHEMA:
            raise InternalError("a cube's table doesn't have the columns of CUBE_SCHEMA")
        if self.table.select(_KEYS).group_by(list(_KEYS)).aggregate([]).num_rows != self.table.num_rows:
            raise InternalError("a cube has a cell twice")


def roll_up(parts: pa.Table, groupings: Iterable[Sequence[str]]) -> pa.Table:
    """Add finest cells up to the groupings that a publication shows.

    Parameters
    ----------
    parts
        CUBE_SCHEMA; the finest cells, unprotected. A group column that a measure doesn't have is empty.
    groupings
        The columns of each grouping; none of them gives the total. A measure that lacks one of the columns (all its
        cells are empty there) has no rows in that grouping.

    Returns
    -------
    pyarrow.Table
        CUBE_SCHEMA, one row per grouping, table, measure, group and period. Numbers are sums of integers; the ratio is
        taken once from the sums and is null where the denominator is 0. A cell is provisional, or has natural persons'
        items in it, where that is true for one part that counts something.
    """
    return pa.concat_tables([_group(parts, tuple(columns)) for columns in groupings])


def _group(parts: pa.Table, columns: tuple[str, ...]) -> pa.Table:
    rows = parts
    for column in columns:
        rows = rows.filter(pc.not_equal(rows[column], ""))
    for column in GROUP_COLUMNS:
        if column not in columns:
            rows = _put(rows, column, pa.array([""] * rows.num_rows, pa.string()))
    counted = pc.greater(pc.coalesce(rows["denominator"], rows["count"], pa.scalar(0, pa.int64())), 0)
    rows = _put(rows, "has_natural_persons", pc.and_(rows["has_natural_persons"], counted))
    # min_count=1: a sum over no number is null, not 0.
    some = pc.ScalarAggregateOptions(min_count=1)
    sums = [(name, "sum", some) for name in _NUMBERS]
    flags = [(name, "any", None) for name in ("is_provisional", "has_natural_persons")]
    grouped = rows.group_by(list(_KEYS)).aggregate([*sums, *flags])
    named = {name: grouped[name] for name in _KEYS}
    named |= {name: grouped[f"{name}_sum"] for name in _NUMBERS}
    named |= {name: grouped[f"{name}_any"] for name in ("is_provisional", "has_natural_persons")}
    named["ratio"] = ratio(named["numerator"], named["denominator"])
    return pa.table([named[name] for name in CUBE_SCHEMA.names], schema=CUBE_SCHEMA)


def count_cell(
    table: CubeTable, measure: str, count: int, period: Period, as_of: date, run_no: int, **where: str
) -> dict[str, Any]:
    """A cell of CUBE_SCHEMA that counts something about which no natural person's data is: entries, organisations.

    Parameters
    ----------
    where
        What of item_code, department, region_code and detail the cell is about; the others are empty.
    """
    return (
        dict.fromkeys(CUBE_SCHEMA.names)
        | dict.fromkeys(("dimension", *GROUP_COLUMNS), "")
        | {"table": table.value, "measure": measure, "count": count, "run_no": run_no, "as_of": as_of}
        | {"period_start": period.start, "period_end": period.end}
        | {"is_provisional": False, "has_natural_persons": False}
        | where
    )


def ratio(numerator: pa.ChunkedArray, denominator: pa.ChunkedArray) -> pa.ChunkedArray:
    """The one division: null where the denominator is 0 or null."""
    divisor = pc.if_else(pc.equal(denominator, 0), pa.scalar(None, pa.int64()), denominator)
    return pc.divide(pc.cast(numerator, pa.float64()), pc.cast(divisor, pa.float64()))


def _put(table: pa.Table, column: str, values: pa.Array) -> pa.Table:
    place = table.schema.get_field_index(column)
    return table.set_column(place, table.schema.field(place), values)
