"""The quarterly report, of the province and of its parts, against the quarter before and the same one a year before."""

from creditlab.reports.quarterly.cube import measured_cube
from creditlab.reports.quarterly.opening import open_department, open_report, open_unit, quarterly_release
from creditlab.reports.quarterly.part import Part
from creditlab.reports.quarterly.report import Report

__all__ = ["Part", "Report", "measured_cube", "open_department", "open_report", "open_unit", "quarterly_release"]
