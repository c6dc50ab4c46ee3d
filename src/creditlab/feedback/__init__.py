"""Feedback packs: what each department gets back to work from, and what came of the packs before."""

from creditlab.feedback.packs import Pack, write_packs

__all__ = ["Pack", "write_packs"]
