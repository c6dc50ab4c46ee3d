"""The slice of the lake that one measurement looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from creditlab.catalogue.edition import Edition, Item
from creditlab.inputs import Inputs
from creditlab.periods import Period, WorkingDays
from creditlab.terms import Group, RecordState

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Scope:
    """One measurement: a period, looked at on the day `as_of`, in groups."""

    inputs: Inputs
    period: Period
    as_of: date
    by: tuple[Group, ...]

    @property
    def edition(self) -> Edition:
        """The edition of the year in which the period ends: what is expected and in force."""
        return self.inputs.catalogue.edition_on(self.period.last_day)

    @cached_property
    def entries(self) -> ir.Table:
        """The entries that were effective on the day."""
        return self.inputs.entries.filter(self.inputs.entries.effective_on <= self.as_of)

    @cached_property
    def happened(self) -> ir.Table:
        """The entries of events of the period."""
        rows = self.entries
        return rows.filter(rows.event_date >= self.period.start, rows.event_date < self.period.end)

    @cached_property
    def records(self) -> ir.Table:
        """R: signed entries of records of the period that are not withdrawn, with `month`.

        A sum of sign x something over it is that sum over the records.
        """
        rows = self.happened.filter(self.happened.record_state != str(RecordState.WITHDRAWN))
        return rows.mutate(month=rows.event_date.truncate("M"))

    @property
    def kept_sums(self) -> ir.Table | None:
        """The sums that were kept for the period's months; None where they don't hold all of it."""
        kept = self.inputs.kept
        # A month is kept as a whole.
        if kept is None or not self.period.is_whole_months:
            return None
        if not {one.start for one in self.period.months()} <= kept.months:
            return None
        return kept.cells.filter(kept.cells.month >= self.period.start, kept.cells.month < self.period.end)

    @cached_property
    def deliveries(self) -> ir.Table:
        """The deliveries that had come by the day."""
        return self.inputs.deliveries.filter(self.inputs.deliveries.received_on <= self.as_of)

    def limits(self) -> ir.Table:
        """Time limits by the year of the event: one row per event_year and item_code with limit_days.

        An item that the year's edition lacks has no row.
        """
        catalogue, rows = self.inputs.catalogue, []
        for year in range(self.period.start.year, self.period.last_day.year + 1):
            for code in catalogue.item_codes:
                item = catalogue.item_in(catalogue.edition_for(year), code)
                if item is not None:
                    rows.append({"event_year": year, "item_code": code, "limit_days": item.time_limit.days})
        schema = pa.schema([("event_year", pa.int32()), ("item_code", pa.string()), ("limit_days", pa.int32())])
        return ibis.memtable(pa.Table.from_pylist(rows, schema=schema))

    def provisional(self) -> ir.Table:
        """One row per item and span: whether late arrivals for it are still to come.

        Columns: item_code, span_start (date), is_provisional.
        """
        catalogue, rows = self.inputs.catalogue, []
        for span in {self.period, *(self.period.months() if Group.MONTH in self.by else ())}:
            for code in catalogue.item_codes:
                item = catalogue.item_in(catalogue.edition_on(span.last_day), code)
                if item is not None:
                    flag = _is_open(item, span, self.as_of, self.inputs.calendar)
                    rows.append({"item_code": code, "span_start": span.start, "span_end": span.end, "flag": flag})
        schema = pa.schema(
            [("item_code", pa.string()), ("span_start", pa.date32()), ("span_end", pa.date32()), ("flag", pa.bool_())]
        )
        return ibis.memtable(pa.Table.from_pylist(rows, schema=schema))


def _is_open(item: Item, span: Period, as_of: date, calendar: WorkingDays) -> bool:
    """Whether a day is before the span's last day plus the item's time limit."""
    limit = item.time_limit
    if limit.is_working:
        return calendar.is_before_nth_after(as_of, span.last_day, limit.days)
    return (as_of - span.last_day).days < limit.days
