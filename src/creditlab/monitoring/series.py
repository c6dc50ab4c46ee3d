"""Monthly counts by item and department, each month as it stood at the same age as the month that is looked at.

Records go on arriving after their month: a young month beside old ones looks like a fall. So every month of the past
is counted as it was known as many days after its own end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis

from creditlab.inputs import Inputs
from creditlab.measures.scope import Scope
from creditlab.monitoring.months import is_monthly, months_before
from creditlab.periods import Period, month_of
from creditlab.terms import Group, RecordState

if TYPE_CHECKING:
    import ibis.expr.types as ir

RECORDS, ROWS = "records", "delivered_rows"


@dataclass(frozen=True)
class Series:
    """The months of one item and department up to the one that is looked at.

    Attributes
    ----------
    counted
        `records`: records not withdrawn, by the month in which it happened; `delivered_rows`: rows sent, those that
        were sent before included, by the month in which they came.
    month
        The month that is looked at.
    observed
        Its count.
    past
        The counts of the months before it without a gap, the oldest first; it begins with the first that is not 0.
    """

    counted: str
    item_code: str
    department: str
    month: Period
    observed: int
    past: tuple[int, ...]


def record_series(inputs: Inputs, month: Period, as_of: date, history: int) -> list[Series]:
    """Records by month of the event, of items whose month is not provisional any more."""
    age = (as_of - month.end).days
    rows = inputs.entries
    first = months_before(month.start, history)
    rows = rows.filter(
        rows.event_date >= first, rows.event_date < month.end, rows.record_state != str(RecordState.WITHDRAWN)
    )
    rows = rows.mutate(month=rows.event_date.truncate("M").cast("date"))
    known_until = (rows.month + ibis.interval(months=1)).cast("date") + ibis.interval(days=age)
    rows = rows.filter(rows.effective_on <= known_until.cast("date"))
    counts = rows.group_by("item_code", "department", "month").agg(count=rows.sign.cast("int64").sum())
    flags = Scope(inputs, month, as_of, (Group.MONTH,)).provisional()
    mature = flags.filter(flags.span_start == month.start, flags.span_end == month.end, ~flags.flag)
    return list(_series(inputs, RECORDS, counts.semi_join(mature, "item_code"), month))


def row_series(inputs: Inputs, month: Period, history: int) -> list[Series]:
    """Rows delivered, by the month in which they came; whole as soon as the month is over."""
    rows = inputs.deliveries
    rows = rows.filter(rows.received_on >= months_before(month.start, history), rows.received_on < month.end)
    rows = rows.mutate(month=rows.received_on.truncate("M").cast("date"))
    counts = rows.group_by("item_code", "department", "month").agg(count=rows.delivered.sum())
    return list(_series(inputs, ROWS, counts, month))


def _series(inputs: Inputs, counted: str, counts: ir.Table, month: Period) -> Iterator[Series]:
    found: dict[tuple[str, str], dict[date, int]] = {}
    for row in counts.to_pyarrow().to_pylist():
        found.setdefault((row["item_code"], row["department"]), {})[row["month"]] = row["count"]
    in_force = inputs.catalogue.edition_on(month.last_day).item
    for (item_code, department), by_month in sorted(found.items()):
        item = in_force.get(item_code)
        if item is None or department not in item.departments or not is_monthly(item.update_period):
            continue
        past, start = [], month.start
        while months_before(start, 1) >= min(by_month):
            start = months_before(start, 1)
            past.append(by_month.get(start, 0))
        yield Series(counted, item_code, department, month, by_month.get(month.start, 0), tuple(reversed(past)))


def deliveries_of(inputs: Inputs, month: Period, as_of: date) -> dict[tuple[str, str], dict[str, Any]]:
    """What came between a month's beginning and a day, by item and department: deliveries, rows, repeated rows."""
    rows = inputs.deliveries
    rows = rows.filter(rows.received_on >= month.start, rows.received_on <= as_of)
    found = rows.group_by("item_code", "department").agg(
        delivery_count=rows.count(), delivered=rows.delivered.sum(), repeated=rows.repeated.sum()
    )
    return {(row["item_code"], row["department"]): row for row in found.to_pyarrow().to_pylist()}


def months_of(period: Period, more: set[date]) -> list[Period]:
    """The months of a period and further ones, by their first days, in order."""
    return [month_of(start) for start in sorted({one.start for one in period.months()} | more)]
