"""Validity: records that pass every rule, among those and the rows that could not become records (Article 4)."""

from __future__ import annotations

from creditlab.measures.grouping import ITEM_CELL_MONTH, Method
from creditlab.measures.records import Component, Share
from creditlab.terms import Dimension, Measure

METHOD = Method(Measure.VALIDITY, Dimension.VALIDITY, ITEM_CELL_MONTH, True, ("4", "11"))

FAULTLESS = Component("faultless", lambda rows: rows.faults.length() == 0)
#: Added up from quarantine, in the month of receipt.
QUARANTINED = "quarantined"
VALIDITY = Share(METHOD, lambda sums: sums.faultless, lambda sums: sums.records + sums[QUARANTINED])
