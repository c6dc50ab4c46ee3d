"""The quarterly report: deliveries, timeliness, coverage, validity, omissions and faults against the quarter before."""

from creditlab.reports.quarterly.cube import measured_cube
from creditlab.reports.quarterly.report import Report, open_report

__all__ = ["Report", "measured_cube", "open_report"]
