"""Timeliness: received within the collection time limit (Article 4; Article 11, field 9).

Few limits are in use, so the records that were received within each of them are added up, whatever their item; which
of these sums counts is looked up once for each item and month, not for each record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from creditlab.catalogue.edition import Catalogue
from creditlab.measures.grouping import ITEM_CELL_MONTH, Method
from creditlab.measures.records import Component, Share
from creditlab.terms import Dimension, Measure

if TYPE_CHECKING:
    import ibis.expr.types as ir

METHOD = Method(Measure.TIMELINESS, Dimension.TIMELINESS, ITEM_CELL_MONTH, True, ("4", "11"))

#: Records whose lag the calendar could not give.
UNKNOWN_LAG = Component("unknown_lag", lambda rows: rows.lag.isnull())


def received_within(days: int) -> Component:
    """Records first received between their event and the end of a time limit.

    Received before it happened is a fault and not timely: its lag is below 0. The lag is in the unit of the item's own
    limit, so the sum means something only for items that have this one.
    """
    return Component(f"within_{days}", lambda rows: rows.lag.between(0, days))


def time_limits(catalogue: Catalogue) -> tuple[int, ...]:
    """The days of all time limits that any edition names, in order."""
    return tuple(sorted({item.time_limit.days for edition in catalogue.editions for item in edition.items}))


def timely(sums: ir.Table, limits: ir.Table, days: tuple[int, ...]) -> ir.Table:
    """Sums with `timely`: the one that belongs to the item's limit in the edition of the event's year.

    Parameters
    ----------
    sums
        item_code, month, and the sum `received_within` each of `days`.
    limits
        event_year, item_code, limit_days; an item that an edition lacks has no row, and no timely records.
    """
    rows = sums.mutate(event_year=sums.month.year().cast("int32"))
    rows = rows.left_join(limits, ["event_year", "item_code"]).drop("event_year_right", "item_code_right")
    cases = [(rows.limit_days == one, rows[received_within(one).name]) for one in days]
    return rows.mutate(timely=ibis.cases(*cases, else_=0) if cases else ibis.literal(0, "int64"))


TIMELINESS = Share(METHOD, lambda sums: sums.timely, lambda sums: sums.records)
