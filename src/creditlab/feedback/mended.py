"""What was mended: records that stood with a fault and now stand without one, by which delivery, and how fast."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import ibis

from creditlab.inputs import Inputs
from creditlab.periods import Period
from creditlab.terms import RecordState

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: Mended within so many days is mended soon.
SOON_DAYS = 30
_KEY = ("key64", "item_code", "department", "revision", "effective_on")
_DELIVERY = ("item_code", "department", "region_code", "delivery_id")


def mended_by_delivery(inputs: Inputs, period: Period, as_of: date) -> ir.Table:
    """The deliveries that mended records, received since a period began and by a day.

    A record is mended by the row after which it stood without a fault where it had stood with one, whenever its event
    was. One that was withdrawn instead is counted apart. A record that was mended on the day on which its faulty row
    came never stood with the fault, and is not counted.

    Returns
    -------
    ibis Table
        One row per delivery: item_code, department, region_code, delivery_id, received_on, path, delivered_at, mended,
        withdrawn, and of the mended ones `days_median` and `days_most` (calendar days from the day on which the record
        first stood with a fault; null where none was mended) and `mended_soon` (within SOON_DAYS).
    """
    rows = inputs.entries.filter(inputs.entries.effective_on <= as_of)
    ever_faulty = rows.filter(rows.faults.length() > 0).select("key64").distinct()
    versions = rows.semi_join(ever_faulty, "key64").mutate(
        is_faulty=rows.faults.length() > 0, is_withdrawn=rows.record_state == str(RecordState.WITHDRAWN)
    )
    # What judging again cancelled, and what stood for no day, adds up to nothing.
    began = versions.group_by(*_KEY, "region_code", "delivery_id", "is_faulty", "is_withdrawn").agg(
        held=versions.sign.cast("int64").sum()
    )
    began = began.filter(began.held > 0)
    order = [began.effective_on, began.revision]
    chain = ibis.window(group_by=began.key64, order_by=order)
    faulty_on = ibis.ifelse(began.is_faulty & ~began.is_withdrawn, began.effective_on, None)
    chained = began.mutate(
        was_faulty=began.is_faulty.lag().over(chain).fill_null(False),
        was_withdrawn=began.is_withdrawn.lag().over(chain).fill_null(False),
        faulty_since=faulty_on.min().over(ibis.cumulative_window(group_by=began.key64, order_by=order)),
    )
    moved = chained.filter(
        chained.was_faulty & ~chained.was_withdrawn,
        chained.is_withdrawn | ~chained.is_faulty,
        chained.effective_on >= period.start,
    )
    moved = moved.mutate(
        days=ibis.ifelse(moved.is_withdrawn, None, moved.effective_on.delta(moved.faulty_since, unit="day"))
    )
    counted = moved.group_by(*_DELIVERY).agg(
        received_on=moved.effective_on.min(),
        mended=(~moved.is_withdrawn).sum(),
        withdrawn=moved.is_withdrawn.sum(),
        days_median=moved.days.median(),
        days_most=moved.days.max(),
        mended_soon=(moved.days <= SOON_DAYS).fill_null(False).sum(),
    )
    about = inputs.deliveries.select("delivery_id", "path", "delivered_at")
    return counted.left_join(about, "delivery_id").drop("delivery_id_right")
