"""Monthly counts by item and department, and by unit, each as it stood at the age of the month that is looked at.

Records go on arriving after their month: a young month beside old ones looks like a fall. So every month of the past
is counted as it was known as many days after its own end.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.inputs import Inputs
from creditlab.measures.scope import Scope
from creditlab.monitoring.months import is_monthly, months_before
from creditlab.periods import Period, month_of
from creditlab.terms import Group, RecordState, ReportingLevel

_CELL = ("item_code", "department", "region_code")
RECORDS, ROWS = "records", "delivered_rows"


@dataclass(frozen=True)
class Series:
    """The months of one item and department, or unit of it, up to the one that is looked at.

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
    region_code
        The unit; empty for all of the department's.
    """

    counted: str
    item_code: str
    department: str
    month: Period
    observed: int
    past: tuple[int, ...]
    region_code: str = ""


def record_series(inputs: Inputs, month: Period, as_of: date, history: int) -> Iterator[Series]:
    """Records by month of the event, of items whose month is not provisional any more; of departments and of units."""
    age = (as_of - month.end).days
    rows = inputs.entries
    first = months_before(month.start, history)
    rows = rows.filter(
        rows.event_date >= first, rows.event_date < month.end, rows.record_state != str(RecordState.WITHDRAWN)
    )
    rows = rows.mutate(month=rows.event_date.truncate("M").cast("date"))
    known_until = (rows.month + ibis.interval(months=1)).cast("date") + ibis.interval(days=age)
    rows = rows.filter(rows.effective_on <= known_until.cast("date"))
    counts = rows.group_by(*_CELL, "month").agg(count=rows.sign.cast("int64").sum())
    flags = Scope(inputs, month, as_of, (Group.MONTH,)).provisional()
    mature = flags.filter(flags.span_start == month.start, flags.span_end == month.end, ~flags.flag)
    by_unit = counts.semi_join(mature, "item_code").to_pyarrow()
    yield from _series(inputs, RECORDS, _wholes(by_unit), month)
    yield from _units(inputs, by_unit, month)


def row_series(inputs: Inputs, month: Period, history: int) -> list[Series]:
    """Rows delivered, by the month in which they came; whole as soon as the month is over."""
    rows = inputs.deliveries
    rows = rows.filter(rows.received_on >= months_before(month.start, history), rows.received_on < month.end)
    rows = rows.mutate(month=rows.received_on.truncate("M").cast("date"))
    counts = rows.group_by(*_CELL, "month").agg(count=rows.delivered.sum().cast("int64"))
    return list(_series(inputs, ROWS, _wholes(counts.to_pyarrow()), month))


def _wholes(by_unit: pa.Table) -> pa.Table:
    """The counts of departments as a whole, their unit left empty."""
    found = by_unit.group_by(["item_code", "department", "month"]).aggregate([("count", "sum")])
    found = found.rename_columns({"count_sum": "count"})
    return found.append_column("region_code", pa.repeat("", len(found)))


def _units(inputs: Inputs, by_unit: pa.Table, month: Period) -> Iterator[Series]:
    """The series of units below the province, where an item and department has several."""
    regions = inputs.catalogue.regions.values()
    below = pa.array([one.region_code for one in regions if one.level != ReportingLevel.PROVINCE], pa.string())
    units = list(_series(inputs, RECORDS, by_unit.filter(pc.is_in(by_unit["region_code"], below)), month))
    many = Counter((one.item_code, one.department) for one in units)
    yield from (one for one in units if many[one.item_code, one.department] > 1)


def _series(inputs: Inputs, counted: str, counts: pa.Table, month: Period) -> Iterator[Series]:
    """Counts as series: those of items that may be counted by month, of departments that provide them now."""
    in_force = inputs.catalogue.edition_on(month.last_day).item
    ordered = counts.sort_by([(name, "ascending") for name in (*_CELL, "month")])
    keys = list(zip(*(ordered[name].to_pylist() for name in _CELL), strict=True))
    months, numbers = ordered["month"].to_numpy().astype("datetime64[M]").astype(int), ordered["count"].to_numpy()
    now = int(np.datetime64(month.start, "M").astype(int))
    for (item_code, department, region), places in _runs(keys):
        item = in_force.get(item_code)
        if item is None or department not in item.departments or not is_monthly(item.update_period):
            continue
        by_month = np.zeros(now - months[places.start] + 1, dtype=int)
        by_month[months[places] - months[places.start]] = numbers[places]
        past = tuple(by_month[:-1].tolist())
        yield Series(counted, item_code, department, month, int(by_month[-1]), past, region)


def _runs(keys: list[tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], slice]]:
    """Each key of an ordered list, and where it stands."""
    start = 0
    for key, same in groupby(keys):
        end = start + sum(1 for _ in same)
        yield key, slice(start, end)
        start = end


def deliveries_of(inputs: Inputs, month: Period, as_of: date) -> dict[tuple[str, str, str], Counter[str]]:
    """What came between a month's beginning and a day, by item, department and unit: deliveries, rows, repeated rows.

    The unit is empty for the department as a whole.
    """
    rows = inputs.deliveries
    rows = rows.filter(rows.received_on >= month.start, rows.received_on <= as_of)
    counted = rows.group_by(*_CELL).agg(
        delivery_count=rows.count(), delivered=rows.delivered.sum(), repeated=rows.repeated.sum()
    )
    found: dict[tuple[str, str, str], Counter[str]] = defaultdict(Counter)
    for row in counted.to_pyarrow().to_pylist():
        item_code, department, region = (row.pop(name) for name in _CELL)
        for unit in (region, ""):
            found[item_code, department, unit].update(row)
    return found


def months_of(period: Period, more: set[date]) -> list[Period]:
    """The months of a period and further ones, by their first days, in order."""
    return [month_of(start) for start in sorted({one.start for one in period.months()} | more)]
