"""Punctuality: a periodic delivery came by its due date; its absence is an omission (Article 11, fields 9 and 11)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa

from creditlab.measures.grouping import ITEM_CELL_MONTH, Method
from creditlab.measures.scope import Scope
from creditlab.periods import Period, due_periods
from creditlab.terms import Dimension, Measure, UpdatePeriod

if TYPE_CHECKING:
    import ibis.expr.types as ir

METHOD = Method(Measure.PUNCTUALITY, Dimension.PUNCTUALITY, ITEM_CELL_MONTH, True, ("11",))

_ARROW = {"string": pa.string(), "int32": pa.int32(), "date": pa.date32()}
_CELL = {"item_code": "string", "department": "string", "region_code": "string"}


def cells_table(rows: list[dict[str, Any]], more: dict[str, str]) -> ir.Table:
    """Cells (item, department, unit) of the catalogue as a table, with further columns."""
    schema = pa.schema([(name, _ARROW[kind]) for name, kind in (_CELL | more).items()])
    return ibis.memtable(pa.Table.from_pylist(rows, schema=schema))


def expected_due(scope: Scope) -> list[tuple[Period, dict[str, Any]]]:
    """Every due cell of the period: item x department x unit x due period whose last day lies in it.

    Each follows the edition of the year in which its due period ends.
    """
    catalogue, found = scope.inputs.catalogue, []
    for kind in UpdatePeriod:
        for due in due_periods(kind, scope.period.start, scope.period.end):
            for item, department, unit in catalogue.expected_cells(catalogue.edition_on(due.last_day)):
                if item.update_period is kind:
                    row: dict[str, Any] = {"item_code": item.item_code, "department": department, "region_code": unit}
                    row |= {
                        "due_period": due.label,
                        "period_end": due.end,
                        "month": due.last_day.replace(day=1),
                        "due_on": due.last_day + timedelta(days=item.delivery_grace_days),
                    }
                    found.append((due, row))
    return found


def due_cells(scope: Scope) -> ir.Table:
    """One row per due cell.

    Columns: item_code, department, region_code, due_period (its label), period_end (excluded), month, due_on,
    delivered_on (null where nothing came by the day), is_due (due_on has passed), is_on_time.
    """
    more = {"due_period": "string", "period_end": "date", "month": "date", "due_on": "date"}
    cells = cells_table([row for _, row in expected_due(scope)], more)
    keys = [*_CELL, "due_period"]
    rows = scope.deliveries.rename(due_period="period")
    first = rows.group_by(keys).agg(delivered_on=rows.received_on.min())
    found = cells.left_join(first, keys)
    return found.select(
        *keys,
        "period_end",
        "month",
        "due_on",
        "delivered_on",
        is_due=found.due_on <= scope.as_of,
        is_on_time=(found.delivered_on <= found.due_on).fill_null(False),
    )


def punctuality(scope: Scope) -> ir.Table:
    """One row per due cell that is due, or delivered early."""
    cells = due_cells(scope)
    cells = cells.filter(cells.is_due | cells.delivered_on.notnull())
    return cells.select(*_CELL, "month", numerator=cells.is_on_time.cast("int64"), denominator=ibis.literal(1, "int64"))
