"""Uniqueness: a natural key occurs under one record number only (Article 4, truthfulness)."""

from __future__ import annotations

from creditlab.measures.grouping import ITEM_CELL_MONTH, Method
from creditlab.measures.records import Component, Share
from creditlab.terms import Dimension, Measure

METHOD = Method(Measure.UNIQUENESS, Dimension.UNIQUENESS, ITEM_CELL_MONTH, True, ("4", "11"))

UNIQUE = Component("unique", lambda rows: ~rows.faults.contains("duplicate_key"))
UNIQUENESS = Share(METHOD, lambda sums: sums["unique"], lambda sums: sums.records)
