"""The dashboard of the coordination mechanism: one page over one release, which a reader's browser filters."""

from creditlab.reports.dashboard.report import Dashboard, open_dashboard

__all__ = ["Dashboard", "open_dashboard"]
