"""Consistency: a record agrees with the subject register (Article 4, truthfulness)."""

from __future__ import annotations

from creditlab.measures.grouping import ITEM_CELL_MONTH, Method
from creditlab.measures.records import Component, Share
from creditlab.terms import Dimension, Measure

SUBJECT_METHOD = Method(Measure.CONSISTENCY_SUBJECT, Dimension.CONSISTENCY, ITEM_CELL_MONTH, True, ("4",))
NAME_METHOD = Method(Measure.CONSISTENCY_NAME, Dimension.CONSISTENCY, ITEM_CELL_MONTH, True, ("4",))

LINKED = Component("linked", lambda rows: rows.is_linked, needs_register=True)
#: Linked records whose name is kept, as every organisation's is; one without a name does not agree with the register.
LINKED_NAMED = Component("linked_named", lambda rows: rows.is_linked & rows.is_organisation, needs_register=True)
AGREEING = Component(
    "agreeing", lambda rows: rows.is_organisation & (rows.name64 == rows.register_name64), needs_register=True
)
CONSISTENCY_SUBJECT = Share(SUBJECT_METHOD, lambda sums: sums.linked, lambda sums: sums.records)
CONSISTENCY_NAME = Share(NAME_METHOD, lambda sums: sums.agreeing, lambda sums: sums.linked_named)
