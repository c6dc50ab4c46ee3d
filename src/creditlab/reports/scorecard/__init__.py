"""The model card: a scorecard's page."""

from creditlab.reports.scorecard.report import Report, open_report

__all__ = ["Report", "open_report"]
