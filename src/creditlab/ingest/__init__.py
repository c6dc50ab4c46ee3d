"""Deliveries into the lake: nothing lost, nothing twice."""

from creditlab.ingest.run import Counts, IngestResult, ingest, take_in
from creditlab.ingest.watch import Watch, WatchTotals, until_told

__all__ = ["Counts", "IngestResult", "Watch", "WatchTotals", "ingest", "take_in", "until_told"]
