"""A department's report: the sections of a page over one release, without a row of anybody's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from creditlab.catalogue import Catalogue
from creditlab.disclosure import CubeTable, Release
from creditlab.feedback.cube import MENDED, MENDED_SOON, WITHDRAWN, department_cube
from creditlab.feedback.mended import SOON_DAYS
from creditlab.feedback.rates import MEASURES
from creditlab.figures import Cell, Figures, Row
from creditlab.periods import parse_date, parse_period
from creditlab.reports.quarterly.cube import DELIVERY_COUNT, RECORD_COUNT, Omission
from creditlab.reports.quarterly.rows import Rows
from creditlab.reports.quarterly.words import COUNT_TITLES, fault_words
from creditlab.reports.quarterly.words import MEASURES as WORDS
from creditlab.reports.section import Section
from creditlab.reports.sectioned import Sectioned, measure_and_release
from creditlab.tables import Column, Kind, Table, comparison, counts
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace, open_workspace

_Figure = tuple[Column, Callable[[Figures, Mapping[str, str]], Cell]]


def open_report(
    workspace: str, department: str, period: str, as_of: str, audience: str, language: str, run_no: int, out: str
) -> Report:
    """Measure a department, protect the figures for the audience, and give the report over them.

    Parameters
    ----------
    workspace
        The workspace's folder.
    department
        The department's code.
    period
        The period reported, as 2026Q3.
    as_of
        The day whose state is reported, as 2026-10-20.
    audience, language
        For whom, and in which language.
    run_no
        The run of the lake that is read; 0 for the newest.
    out
        The folder that `save` writes to; empty when the notebook is only looked at.

    Raises
    ------
    NoDataError
        If nothing was delivered and nothing happened in the period.
    """
    place = open_workspace(Path(workspace))
    about, day = parse_period(period), parse_date(as_of)
    released, catalogue = measure_and_release(
        place,
        Audience(audience),
        run_no or None,
        lambda inputs: department_cube(inputs, about, day),
        (about, about.previous()),
        day,
    )
    # Taken from what was protected for all of them, so that no two departments' reports give away a third's figures.
    own = released.select(department=["", department])
    return Report(place, catalogue, own, department, Language(language), Path(out) if out else None)


class Report(Sectioned):
    """A department's report over one release; every call returns a section that a notebook shows.

    Parameters
    ----------
    workspace
        Whose report it is: title, contact, whether its data are synthetic.
    catalogue
        Names of departments, items and fields.
    release
        Every figure of the report.
    department
        The department's code.
    language
        The reader's language.
    out
        Where `save` writes; None when nothing is to be written.
    """

    def __init__(
        self,
        workspace: Workspace,
        catalogue: Catalogue,
        release: Release,
        department: str,
        language: Language,
        out: Path | None,
    ) -> None:
        super().__init__(workspace, catalogue, release, language, out)
        self.department = department
        self.period, self.previous = release.period, release.period.previous()
        self._rows = Rows(release, catalogue, self.messages)

    def rates(self) -> Section:
        """The department's measures: against the period before, and beside the province's."""
        _ = self.messages.gettext
        labels = [Column("measure", _("Code"), in_page=False), Column("measure_name", _("Measure"))]
        rows = [
            Row(
                {"measure": one, "measure_name": _(WORDS[one].title)},
                {"table": CubeTable.MEASUREMENTS, "measure": one, "department": self.department},
            )
            for one in MEASURES
        ]
        own = comparison(
            self.release,
            name="rates",
            caption=_("Measures of {department}, {period} against {previous}").format(**self._words),
            note=self._note(),
            labels=labels,
            rows=rows,
            period=self.period,
            previous=self.previous,
            messages=self.messages,
        )
        start = self.period.start

        def province(where: Mapping[str, str]) -> dict[str, object]:
            return {**where, "department": "", "period_start": start}

        figures: list[_Figure] = [
            (Column("ratio", self._words["department"], Kind.SHARE), lambda f, w: f.share(**w, period_start=start)),
            (Column("province_ratio", _("Whole province"), Kind.SHARE), lambda f, w: f.share(**province(w))),
            (
                Column("difference_points", _("Difference from the province in percentage points"), Kind.POINTS),
                lambda f, w: f.difference({**w, "period_start": start}, province(w)),
            ),
        ]
        beside = counts(
            self.release, name="beside_the_province",
            caption=_("Beside the whole province, {period}").format(**self._words), note=self._note(), labels=labels,
            rows=rows, figures=figures, messages=self.messages,
        )  # fmt: skip
        text = _(
            "How {department} delivered public credit information in the {period}, as the platform stood on {as_of}."
        ).format(as_of=self.messages.day(self.release.as_of), **self._words)
        return self._keep("rates", _("Measures"), [text], [own, beside])

    def deliveries(self) -> Section:
        """What the department delivered, and what became of the rows."""
        _ = self.messages.gettext
        titles = {DELIVERY_COUNT: _("Deliveries")} | {name: _(title) for name, title in COUNT_TITLES.items()}
        figures = [self._count(name, title) for name, title in titles.items()]
        table = self._one_row("deliveries", _("Deliveries and their rows, {period}"), CubeTable.DELIVERIES, figures)
        text = _("A row that could not become a record is kept in quarantine with its reason; nothing is dropped.")
        return self._keep("deliveries", _("Deliveries"), [text], [table])

    def omissions(self) -> Section:
        """Due periods that the department delivered late or never, by item."""
        _ = self.messages.gettext
        start = self.period.start

        def of(what: Omission, column: str) -> Callable[[Figures, Mapping[str, str]], Cell]:
            return lambda f, w: f.integer(column, **{**w, "measure": what, "period_start": start})

        titles = {Omission.ON_TIME: _("On time"), Omission.LATE: _("Late"), Omission.NEVER: _("Never delivered")}
        figures: list[_Figure] = [(Column("due", _("Due"), Kind.INTEGER), of(Omission.NEVER, "denominator"))]
        figures += [(Column(what, title, Kind.INTEGER), of(what, "numerator")) for what, title in titles.items()]
        labels = [Column("item_code", _("Item code"), in_page=False), Column("item_name", _("Item"))]
        where = {"table": CubeTable.OMISSIONS, "department": self.department}
        found = self.release.select(table=CubeTable.OMISSIONS, measure=Omission.NEVER, by=("item_code", "department"))
        rows = [Row({"item_code": "", "item_name": _("All items")}, where)]
        rows += [
            Row({"item_code": code, "item_name": self._rows.item(code)}, {**where, "item_code": code})
            for code in sorted(found.table["item_code"].to_pylist())
        ]
        table = counts(
            self.release, name="omissions", caption=_("Due periods by item, {period}").format(**self._words),
            note=self._note(), labels=labels, rows=rows if len(rows) > 1 else [], figures=figures,
            messages=self.messages,
        )  # fmt: skip
        text = _("A periodic item owes a delivery, or a zero report, for each due period that ends in the period.")
        return self._keep("omissions", _("Omissions"), [text], [table])

    def faults(self) -> Section:
        """The department's faults, and what to do about them."""
        _ = self.messages.gettext
        cells = self.release.select(table=CubeTable.FAULTS, measure=RECORD_COUNT, by=("department", "detail")).rows()
        cells.sort(key=lambda row: (-(row["count"] or 0), row["detail"]))
        where = {"table": CubeTable.FAULTS, "measure": RECORD_COUNT, "department": self.department}
        rows = []
        for row in cells:
            what, do = fault_words(row["detail"], self.catalogue, self.messages)
            labels = {"fault": row["detail"], "fault_name": what, "what_to_do": do}
            rows.append(Row(labels, {**where, "detail": row["detail"]}))
        table = counts(
            self.release, name="faults", caption=_("Faults, {period}").format(**self._words), note=self._key(),
            labels=[
                Column("fault", _("Code"), in_page=False), Column("fault_name", _("Fault")),
                Column("what_to_do", _("What to do")),
            ],
            rows=rows,
            figures=[
                (
                    Column(RECORD_COUNT, _("Records"), Kind.INTEGER),
                    lambda f, w: f.count(**w, period_start=self.period.start),
                )
            ],
            messages=self.messages,
        )  # fmt: skip
        text = _("The rows themselves are in the department's feedback pack, to be mended in place.")
        return self._keep("faults", _("Faults"), [text], [table])

    def mended(self) -> Section:
        """What was mended since the period began."""
        _ = self.messages.gettext
        soon = _("Share mended within {days} days").format(days=SOON_DAYS)
        figures = [
            self._count(MENDED, _("Records mended")),
            self._count(WITHDRAWN, _("Faulty records withdrawn")),
            (
                Column(MENDED_SOON, soon, Kind.SHARE),
                lambda f, w: f.share(**{**w, "measure": MENDED_SOON, "period_start": self.period.start}),
            ),
        ]
        table = self._one_row("mended", _("Mended since {first}"), CubeTable.FAULTS, figures)
        text = _("Records that stood with a fault and stand without one after a delivery received since {first}.")
        return self._keep("mended", _("Mended"), [text.format(**self._words)], [table])

    @property
    def title(self) -> str:
        """The report's title in the reader's language."""
        return self.messages.gettext("Data quality of {department}, {period}").format(**self._words)

    @property
    def editions(self) -> Mapping[int, str]:
        """The editions that the report's two periods were measured by."""
        return self._applied(self.period.last_day, self.previous.last_day)

    # --- Parts ----------------------------------------------------------------------------------------

    @property
    def _words(self) -> dict[str, str]:
        return {
            "department": self._rows.department(self.department),
            "period": self.messages.period(self.period),
            "previous": self.messages.period(self.previous),
            "first": self.messages.day(self.period.start),
        }

    def _count(self, name: str, title: str) -> _Figure:
        start = self.period.start
        return (
            Column(name, title, Kind.INTEGER),
            lambda f, w: f.count(**{**w, "measure": name, "period_start": start}),
        )

    def _one_row(self, name: str, caption: str, table: CubeTable, figures: Sequence[_Figure]) -> Table:
        labels = {"department": self.department, "department_name": self._words["department"]}
        return counts(
            self.release, name=name, caption=caption.format(**self._words), note=self._key(),
            labels=self._rows.department_columns, rows=[Row(labels, {"table": table, "department": self.department})],
            figures=figures, messages=self.messages,
        )  # fmt: skip
