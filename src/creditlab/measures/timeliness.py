"""Timeliness: received within the collection time limit (Article 4; Article 11, field 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditlab.measures.grouping import ITEM_CELL_MONTH, Method
from creditlab.measures.records import Share, one
from creditlab.terms import Dimension, Measure

if TYPE_CHECKING:
    import ibis.expr.types as ir

METHOD = Method(Measure.TIMELINESS, Dimension.TIMELINESS, ITEM_CELL_MONTH, True, ("4", "11"))


def is_timely(rows: ir.Table) -> ir.BooleanValue:
    """Whether a record was first received between its event and the end of its time limit.

    Received before it happened is a fault and not timely: its lag is below 0.
    """
    return rows.lag.between(0, rows.limit_days)


TIMELINESS = Share(METHOD, is_timely, one)
