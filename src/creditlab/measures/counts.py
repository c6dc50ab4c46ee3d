"""Plain counts that reports show beside the measures: what was delivered, and which faults are common."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from creditlab.inputs import Inputs
from creditlab.measures.grouping import COLUMN, grouped
from creditlab.measures.mergers import after_mergers
from creditlab.measures.scope import Scope
from creditlab.periods import Period
from creditlab.terms import COUNTS, Group

if TYPE_CHECKING:
    import ibis.expr.types as ir


def delivery_counts(inputs: Inputs, period: Period, as_of: date, by: tuple[Group, ...]) -> ir.Table:
    """The six counts of the deliveries received in a period and by a day.

    Returns
    -------
    ibis Table
        One row per group with a delivery: the group columns (no month), delivery_count and the six counts.
    """
    rows = after_mergers(inputs, as_of).deliveries
    rows = rows.filter(rows.received_on >= period.start, rows.received_on < period.end, rows.received_on <= as_of)
    return grouped(rows, [COLUMN[group] for group in by]).agg(
        delivery_count=rows.count(), **{name: rows[name].sum().fill_null(0).cast("int64") for name in COUNTS}
    )


def fault_counts(inputs: Inputs, period: Period, as_of: date, by: tuple[Group, ...]) -> ir.Table:
    """How many records of a period have each fault; a record with two faults counts under both.

    Returns
    -------
    ibis Table
        One row per fault and group: fault, the group columns, record_count.
    """
    records = Scope(after_mergers(inputs, as_of), period, as_of, by).records
    found = records.mutate(fault=records.faults).unnest("fault")
    counted = found.group_by(["fault", *(COLUMN[group] for group in by)]).agg(
        record_count=found.sign.cast("int64").sum()
    )
    return counted.filter(counted.record_count > 0)
