"""Currentness: the age of the newest delivery against the update period (Article 11, field 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from creditlab.measures.grouping import ITEM_CELL, Method
from creditlab.measures.punctuality import cells_table
from creditlab.measures.scope import Scope
from creditlab.terms import Dimension, Measure, UpdatePeriod

if TYPE_CHECKING:
    import ibis.expr.types as ir

METHOD = Method(Measure.CURRENTNESS, Dimension.CURRENTNESS, ITEM_CELL, False, ("4", "11"))


def currentness(scope: Scope) -> ir.Table:
    """One row per expected cell that ever delivered by the day.

    The numerator is 1 where the newest delivery or zero report is no older than one update period (a calendar period)
    plus the item's grace days.
    """
    cells = [
        {
            "item_code": item.item_code,
            "department": department,
            "region_code": unit,
            "update_period": str(item.update_period),
            "grace_days": item.delivery_grace_days,
        }
        for item, department, unit in scope.inputs.catalogue.expected_cells(scope.edition)
        if item.update_period is not UpdatePeriod.EVENT
    ]
    expected = cells_table(cells, {"update_period": "string", "grace_days": "int32"})
    keys = ["item_code", "department", "region_code"]
    rows = scope.deliveries
    newest = rows.group_by(keys).agg(newest_on=rows.received_on.max())
    found = newest.inner_join(expected, keys)
    is_current = (_one_period_after(found) + found.grace_days.as_interval("D")).cast("date") >= scope.as_of
    return found.select(*keys, numerator=is_current.cast("int64"), denominator=ibis.literal(1, "int64"))


def _one_period_after(rows: ir.Table) -> ir.DateValue:
    newest, period = rows.newest_on, rows.update_period
    after = {
        UpdatePeriod.DAY: ibis.interval(days=1),
        UpdatePeriod.WEEK: ibis.interval(days=7),
        UpdatePeriod.MONTH: ibis.interval(months=1),
        UpdatePeriod.QUARTER: ibis.interval(months=3),
        UpdatePeriod.HALF_YEAR: ibis.interval(months=6),
        UpdatePeriod.YEAR: ibis.interval(years=1),
    }
    return ibis.cases(*((period == str(kind), (newest + step).cast("date")) for kind, step in after.items()))
