"""Validity: records that pass every rule, among those and the rows that could not become records (Article 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from creditlab.measures.grouping import ITEM_CELL_MONTH, Method
from creditlab.measures.records import CELL, Share, one
from creditlab.measures.scope import Scope
from creditlab.terms import Dimension, Measure

if TYPE_CHECKING:
    import ibis.expr.types as ir

METHOD = Method(Measure.VALIDITY, Dimension.VALIDITY, ITEM_CELL_MONTH, True, ("4", "11"))

VALIDITY = Share(METHOD, lambda rows: rows.faults.length() == 0, one)


def quarantined(scope: Scope) -> ir.Table:
    """What quarantine adds to the denominator: rows received in the period and by the day, in the month of receipt."""
    rows = scope.inputs.quarantine
    rows = rows.filter(
        rows.received_on >= scope.period.start, rows.received_on < scope.period.end, rows.received_on <= scope.as_of
    )
    rows = rows.mutate(month=rows.received_on.truncate("M"))
    counts = rows.group_by(CELL).agg(denominator=rows.count())
    return counts.select(*CELL, numerator=ibis.literal(0, "int64"), denominator=counts.denominator)
