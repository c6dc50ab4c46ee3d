"""The lists for publicity (Article 9): honest models and serious dishonesty."""

from creditlab.reports.publicity.report import Report, open_report

__all__ = ["Report", "open_report"]
