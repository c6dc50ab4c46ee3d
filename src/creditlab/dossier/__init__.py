"""Dossiers: what the lake holds about organisations, read for profiles, lists of bidders, assessments and pages."""

from creditlab.dossier.reading import Held, hold, hold_some, persons_among

__all__ = ["Held", "hold", "hold_some", "persons_among"]
