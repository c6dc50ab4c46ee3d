"""Completeness: required values that are filled (Article 11, field 4)."""

from __future__ import annotations

from creditlab.measures.grouping import ITEM_CELL_MONTH, Method
from creditlab.measures.records import Component, Share
from creditlab.terms import Dimension, Measure

METHOD = Method(Measure.COMPLETENESS, Dimension.COMPLETENESS, ITEM_CELL_MONTH, True, ("11",))

#: A one-of group counts as one required value.
FILLED = Component("filled", lambda rows: rows.filled_count)
REQUIRED = Component("required", lambda rows: rows.required_count)
COMPLETENESS = Share(METHOD, lambda sums: sums.filled, lambda sums: sums.required)
