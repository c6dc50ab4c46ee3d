"""The yearly publication of the catalogue: its items, what changed and why, and what the public said (Article 11)."""

from creditlab.reports.edition.report import Report, open_report

__all__ = ["Report", "open_report"]
