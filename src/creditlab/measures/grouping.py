"""Bring every measure's counts into the one result schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

from creditlab.measures.scope import Scope
from creditlab.periods import ONE_DAY
from creditlab.terms import Dimension, Group, Measure

if TYPE_CHECKING:
    import ibis.expr.types as ir

ITEM_CELL_MONTH = (Group.ITEM, Group.DEPARTMENT, Group.REGION, Group.MONTH)
ITEM_CELL = (Group.ITEM, Group.DEPARTMENT, Group.REGION)

#: The column that carries a group. Months become period_start and period_end.
COLUMN = {
    Group.ITEM: "item_code",
    Group.DEPARTMENT: "department",
    Group.REGION: "region_code",
    Group.MONTH: "month",
}


@dataclass(frozen=True)
class Method:
    """How a measure may be read: its quality dimension, the groupings it has, and whether it adds up over months."""

    measure: Measure
    dimension: Dimension
    groups: tuple[Group, ...]
    is_additive: bool
    articles: tuple[str, ...]


def measurements(scope: Scope, method: Method, counts: ir.Table) -> ir.Table:
    """Sum counts to the groups asked for and give them the result schema.

    Parameters
    ----------
    counts
        item_code and the method's other group columns (`month` as a date), `numerator` and `denominator`, at any grain.

    Returns
    -------
    ibis Table
        MEASUREMENT columns; groups without anything to count have no row.
    """
    kept = [COLUMN[group] for group in method.groups if group in scope.by]
    by_month = "month" in kept
    # An item whose records left a cell, or have no part in the measure, is not counted there.
    counts = counts.filter(counts.denominator != 0)
    flags = scope.provisional()
    if by_month:
        flagged = counts.left_join(
            flags,
            [
                counts.item_code == flags.item_code,
                counts.month == flags.span_start,
                flags.span_end == _month_end(counts),
            ],
        )
        # An item that no edition has knows no time limit; its span is open until its last day has come.
        is_open = _month_end(flagged) > scope.as_of + ONE_DAY
    else:
        start, end = scope.period.start, scope.period.end
        whole = flags.filter(flags.span_start == start, flags.span_end == end)
        flagged = counts.left_join(whole, "item_code")
        is_open = ibis.literal(scope.as_of < scope.period.last_day)
    summed = grouped(flagged, kept).agg(
        numerator=flagged.numerator.sum().fill_null(0).cast("int64"),
        denominator=flagged.denominator.sum().fill_null(0).cast("int64"),
        is_provisional=ibis.coalesce(flagged.flag, is_open).any().fill_null(False),
    )
    summed = summed.filter(summed.denominator > 0)
    start = summed.month if by_month else ibis.literal(scope.period.start)
    end = _month_end(summed) if by_month else ibis.literal(scope.period.end)

    def group(name: str) -> ir.Value:
        return summed[name] if name in kept else ibis.null("string")

    return summed.select(
        measure=ibis.literal(str(method.measure)),
        dimension=ibis.literal(str(method.dimension)),
        item_code=group("item_code"),
        department=group("department"),
        region_code=group("region_code"),
        period_start=start.cast("date"),
        period_end=end.cast("date"),
        as_of=ibis.literal(scope.as_of).cast("date"),
        run_no=ibis.literal(scope.inputs.run_no, "int64"),
        numerator=summed.numerator,
        denominator=summed.denominator,
        ratio=summed.numerator.cast("float64") / summed.denominator.cast("float64"),
        is_provisional=summed.is_provisional,
    )


def grouped(table: ir.Table, columns: list[str]) -> Any:
    """A table ready to be aggregated: by columns, or as a whole where there are none."""
    return table.group_by(columns) if columns else table


def _month_end(table: ir.Table) -> ir.DateValue:
    return (table.month + ibis.interval(months=1)).cast("date")
