"""Monitoring: problems that no department solves alone, found by rule and kept in a register (Article 5).

Rules read measures and the lake's tables and say what holds, with counts as evidence; the register in the lake
remembers since when, in which state a matter is and who has taken it on. Nothing here knows a record or a subject.
"""

from creditlab.monitoring.matters import annotate_matter, matter_history, read_matters, update_matters
from creditlab.monitoring.thresholds import read_thresholds

__all__ = ["annotate_matter", "matter_history", "read_matters", "read_thresholds", "update_matters"]
