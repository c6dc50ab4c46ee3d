"""The dashboard: sections for the page that is printed, and the page that is clicked."""

from __future__ import annotations

from pathlib import Path

from creditlab.periods import parse_date, parse_period
from creditlab.reports.dashboard.cube import dashboard_cube
from creditlab.reports.dashboard.page import write_dashboard
from creditlab.reports.quarterly.opening import quarterly_release
from creditlab.reports.quarterly.report import Report
from creditlab.terms import Audience, Language
from creditlab.workspace import open_workspace


def open_dashboard(
    workspace: str, period: str, as_of: str, audience: str, language: str, run_no: int, out: str
) -> Dashboard:
    """Measure a workspace's lake, protect the figures for the audience, and give the dashboard over them.

    Parameters
    ----------
    workspace, period, as_of, audience, language, run_no, out
        As of the quarterly report.

    Raises
    ------
    NoDataError
        If nothing was delivered and nothing happened in the period.
    """
    place = open_workspace(Path(workspace))
    release, catalogue, matters = quarterly_release(
        place, parse_period(period), parse_date(as_of), Audience(audience), run_no, dashboard_cube
    )
    return Dashboard(place, catalogue, release, Language(language), Path(out) if out else None, matters)


class Dashboard(Report):
    """The quarterly figures, what was due by month and unit, and the matters that stand; see `Report`."""

    @property
    def title(self) -> str:
        """The dashboard's title in the reader's language."""
        return self.messages.gettext("Dashboard of public credit information, {period}").format(**self._periods)

    def save(self) -> None:
        """Write the tables of the sections shown, and the page that is clicked; does nothing when only looked at."""
        super().save()
        if self.out is not None:
            write_dashboard(self.out, self)
