"""Deliveries into the lake: nothing lost, nothing twice."""

from creditlab.ingest.run import Counts, IngestResult, ingest

__all__ = ["Counts", "IngestResult", "ingest"]
