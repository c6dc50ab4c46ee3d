"""The report on a methodology: is it any good?"""

from creditlab.reports.methodology.report import Report, open_report

__all__ = ["Report", "open_report"]
