"""The page about one organisation."""

from creditlab.reports.subject.report import Report, open_report

__all__ = ["Report", "open_report"]
