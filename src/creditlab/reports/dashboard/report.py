"""The dashboard: sections for the page that is printed, and the page that is clicked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from creditlab.catalogue import Catalogue
from creditlab.disclosure import CubeTable, Release
from creditlab.figures import Row
from creditlab.periods import Period, parse_date, parse_period
from creditlab.reports.dashboard.cube import dashboard_cube
from creditlab.reports.dashboard.page import write_dashboard
from creditlab.reports.dashboard.words import RULES, STATES
from creditlab.reports.quarterly.cube import measured_periods
from creditlab.reports.quarterly.report import Report
from creditlab.reports.section import Section
from creditlab.reports.sectioned import protect
from creditlab.tables import Column, Kind, counts
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace, open_workspace

Matter = dict[str, Any]


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
    release, catalogue, matters = released(
        place, parse_period(period), parse_date(as_of), Audience(audience), run_no or None
    )
    return Dashboard(place, catalogue, release, Language(language), Path(out) if out else None, matters)


def released(
    place: Workspace, period: Period, as_of: date, audience: Audience, run_no: int | None
) -> tuple[Release, Catalogue, list[Matter]]:
    """What a dashboard shows to an audience: the released cells, whose names they bear, and the matters that stand.

    The public sees no matters: they are for those who coordinate.
    """
    from creditlab import engine
    from creditlab.monitoring import read_matters
    from creditlab.monitoring.matters import STANDING
    from creditlab.sums import summed_inputs

    with engine.connect(place.engine_url, folders=[place.lake]) as backend:
        inputs = summed_inputs(place, backend, measured_periods(period), as_of, run_no)
        found = [] if audience is Audience.PUBLIC else read_matters(place, backend, int(inputs.run_no))
        matters = [one for one in found if one["state"] in STANDING]
        cube, catalogue = dashboard_cube(inputs, period, as_of, matters), inputs.catalogue
    return protect(place, audience, cube), catalogue, matters


class Dashboard(Report):
    """The quarterly figures, what was due by month and unit, and the matters that stand; see `Report`.

    Parameters
    ----------
    workspace, catalogue, release, language, out
        As of `Report`.
    matters
        The matters that stand: rule, department, item, unit, state, since when; their counts are in the release.
    """

    def __init__(
        self,
        workspace: Workspace,
        catalogue: Catalogue,
        release: Release,
        language: Language,
        out: Path | None,
        matters: Sequence[Matter] = (),
    ) -> None:
        super().__init__(workspace, catalogue, release, language, out)
        self.matters_standing = list(matters)

    @property
    def title(self) -> str:
        """The dashboard's title in the reader's language."""
        return self.messages.gettext("Dashboard of public credit information, {period}").format(**self._periods)

    def matters(self) -> Section:
        """The matters for coordination that await a decision, with their evidence."""
        _ = self.messages.gettext
        names = {
            "rule": _("Matter"), "department": _("Department"), "item": _("Item"), "region": _("Region"),
            "state": _("State"), "first_seen": _("Since"),
        }  # fmt: skip
        rows = []
        for one in self.matters_standing:
            labels = {
                "matter_id": one["matter_id"],
                "rule": _(RULES[one["rule"]]),
                "department": self._rows.department(one["department"]) if one["department"] else "",
                "item": self._rows.item(one["item_code"]) if one["item_code"] else "",
                "region": self._rows.region(one["region_code"]) if one["region_code"] else "",
                "state": _(STATES[one["state"]]),
                "first_seen": f"{one['first_seen']}",
            }
            where = {name: one[name] for name in ("item_code", "department", "region_code")}
            place = {"table": CubeTable.MATTERS, "detail": one["matter_id"]}
            rows.append(Row(labels, place | where))
        table = counts(
            self.release,
            name="matters",
            caption=_("Matters that await a decision"),
            note=self._key(),
            labels=[Column("matter_id", _("Code")), *(Column(name, title) for name, title in names.items())],
            rows=rows,
            figures=[
                (Column(what, title, Kind.INTEGER), self._count_of(what))
                for what, title in (("found", _("Found")), ("expected", _("Of, or expected")))
            ],
            messages=self.messages,
        )
        text = _(
            "Problems that no department solves alone, found by rule (Article 5) as the register knew them at the run "
            "reported. Nothing is listed for the public."
        )
        return self._keep("matters", _("Matters for coordination"), [text], [table])

    def save(self) -> None:
        """Write the tables of the sections shown, and the page that is clicked; does nothing when only looked at."""
        super().save()
        if self.out is not None:
            write_dashboard(self.out, self)
