"""The quarterly report's sections, each made from one release in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from creditlab.catalogue import Catalogue
from creditlab.charts import Chart, shares
from creditlab.disclosure import CubeTable, Marker, Release
from creditlab.figures import Cell, Figures, Row
from creditlab.periods import Period, parse_date, parse_period
from creditlab.reports.quarterly.cube import DELIVERY_COUNT, RECORD_COUNT, Omission, measured_cube
from creditlab.reports.quarterly.rows import Rows
from creditlab.reports.quarterly.words import COUNT_TITLES, MEASURES, fault_words
from creditlab.reports.section import Section, Tile
from creditlab.reports.sectioned import Sectioned, measure_and_release
from creditlab.tables import Column, Kind, Table, comparison, counts
from creditlab.terms import Audience, Language, Measure
from creditlab.workspace import Workspace, open_workspace

#: How many of the commonest faults are listed.
FAULTS_SHOWN = 15
_TILES = (Measure.TIMELINESS, Measure.COVERAGE_LEDGER, Measure.VALIDITY, Measure.PUNCTUALITY)


def open_report(workspace: str, period: str, as_of: str, audience: str, language: str, run_no: int, out: str) -> Report:
    """Measure a workspace's lake, protect the figures for the audience, and give the report over them.

    Parameters
    ----------
    workspace
        The workspace's folder.
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
        place, Audience(audience), run_no or None, lambda inputs: measured_cube(inputs, about, day)
    )
    return Report(place, catalogue, released, Language(language), Path(out) if out else None)


class Report(Sectioned):
    """A quarterly report over one release; every call returns a section that a notebook shows.

    Parameters
    ----------
    workspace
        Whose report it is: title, contact, whether its data are synthetic.
    catalogue
        Names of departments, regions, items and fields.
    release
        Every figure of the report.
    language
        The reader's language.
    out
        Where `save` writes; None when nothing is to be written.
    """

    def __init__(
        self, workspace: Workspace, catalogue: Catalogue, release: Release, language: Language, out: Path | None
    ) -> None:
        super().__init__(workspace, catalogue, release, language, out)
        self.period: Period = release.period
        self.previous: Period = release.period.previous()
        self._rows = Rows(release, catalogue, self.messages)

    # --- Sections -------------------------------------------------------------------------------------

    def overview(self) -> Section:
        """All twelve measures at a glance."""
        _ = self.messages.gettext
        rows = [Row({"measure": one, "measure_name": _(words.title)}, _where(one)) for one, words in MEASURES.items()]
        table = comparison(
            self.release,
            name="overview",
            caption=_("All measures, {period} against {previous}").format(**self._periods),
            note=self._note(),
            labels=[Column("measure", _("Code"), in_page=False), Column("measure_name", _("Measure"))],
            rows=rows,
            period=self.period,
            previous=self.previous,
            messages=self.messages,
        )
        lead = _(
            "This report says how completely, how quickly and how correctly public credit information was delivered in "
            "the {period}, as the platform stood on {as_of}. Figures of the {previous} are taken on the same day."
        ).format(as_of=self.messages.day(self.release.as_of), **self._periods)
        return self._keep("overview", _("At a glance"), [lead], [table], self._tiles())

    def deliveries(self) -> Section:
        """Deliveries and what became of their rows."""
        _, m = self.messages.gettext, self.messages
        figures: list[tuple[Column, Callable[[Figures, Mapping[str, str]], Cell]]] = [
            (Column(name, _(title), Kind.INTEGER), _count_of(name, self.period.start))
            for name, title in ((DELIVERY_COUNT, _("Deliveries")), *COUNT_TITLES.items())
        ]
        table = counts(
            self.release,
            name="deliveries_by_department",
            caption=_("Deliveries and rows by department, {period}").format(**self._periods),
            note=_(
                "Every delivered row is counted once: delivered = accepted + corrected + withdrawn + repeated + "
                "quarantined. {key}"
            ).format(key=self._key()),
            labels=self._rows.department_columns,
            rows=self._rows.departments(CubeTable.DELIVERIES, DELIVERY_COUNT),
            figures=figures,
            messages=m,
        )
        text = _(
            "Deliveries that the platform received in the period. A row that could not become a record is kept in "
            "quarantine with its reason; nothing is dropped."
        )
        return self._keep("deliveries", _("Deliveries"), [text], [table])

    def timeliness(self) -> Section:
        """Timeliness by department and by region."""
        return self._measured("timeliness", [Measure.TIMELINESS])

    def coverage(self) -> Section:
        """Coverage of expected cells and of declared records, by department and by region."""
        return self._measured("coverage", [Measure.COVERAGE_CELLS, Measure.COVERAGE_LEDGER])

    def validity(self) -> Section:
        """Validity by department and by region."""
        return self._measured("validity", [Measure.VALIDITY])

    def omissions(self) -> Section:
        """Due cells that were delivered late or never."""
        _ = self.messages.gettext
        start = self.period.start
        titles = {Omission.ON_TIME: _("On time"), Omission.LATE: _("Late"), Omission.NEVER: _("Never delivered")}
        columns = [(Column("due", _("Due"), Kind.INTEGER), _integer_of(Omission.NEVER, "denominator", start))]
        columns += [
            (Column(what, title, Kind.INTEGER), _integer_of(what, "numerator", start)) for what, title in titles.items()
        ]
        columns.append(
            (Column("never_delivered_ratio", _("Share never delivered"), Kind.SHARE), _share_of_never(start))
        )
        rows = self._rows.omissions(start)
        table = counts(
            self.release,
            name="omissions_by_item",
            caption=_("Due cells delivered late or never, by item and department, {period}").format(**self._periods),
            note=self._key(),
            labels=self._rows.item_columns,
            rows=rows,
            figures=columns,
            messages=self.messages,
        )
        text = _(
            "A periodic item owes a delivery, or a report that there is nothing to deliver, for each due period that "
            "ends in the period reported. "
            "Items whose cells all came on time are not listed; suppressed ones always are."
        )
        return self._keep("omissions", _("Omissions"), [text], [table])

    def faults(self) -> Section:
        """The commonest faults, and what to do about them."""
        _ = self.messages.gettext
        cells = self.release.select(table=CubeTable.FAULTS, by=("detail",)).rows()
        # Suppressed counts are small; they come last, in the order of their codes.
        cells.sort(key=lambda row: (-(row["count"] or 0), row["detail"]))
        rows = []
        for row in cells[:FAULTS_SHOWN]:
            what, do = fault_words(row["detail"], self.catalogue, self.messages)
            labels = {"fault": row["detail"], "fault_name": what, "what_to_do": do}
            rows.append(Row(labels, {"table": CubeTable.FAULTS, "measure": RECORD_COUNT, "detail": row["detail"]}))
        table = counts(
            self.release,
            name="faults",
            caption=_("The commonest faults, {period}").format(**self._periods),
            note=self._key(),
            labels=[
                Column("fault", _("Code"), in_page=False),
                Column("fault_name", _("Fault")),
                Column("what_to_do", _("What to do")),
            ],
            rows=rows,
            figures=[(Column(RECORD_COUNT, _("Records"), Kind.INTEGER), _fault_count(self.period.start))],
            messages=self.messages,
        )
        text = _("Records of the period that break a rule. A record with several faults is counted with each of them.")
        return self._keep("faults", _("Commonest faults"), [text], [table])

    def methods(self) -> Section:
        """What each measure means, and the article that it serves."""
        _ = self.messages.gettext
        columns = (
            Column("measure", _("Code"), in_page=False),
            Column("measure_name", _("Measure")),
            Column("definition", _("Definition")),
            Column("article", _("Article that it serves")),
        )
        rows = []
        for measure, words in MEASURES.items():
            texts = (str(measure), _(words.title), _(words.definition), _(words.article))
            rows.append(tuple(Cell(text, text) for text in texts))
        table = Table("methods", _("Definitions of the measures"), columns, tuple(rows), "", self.release)
        paragraphs = [
            _("Articles are those of the Regulations of Hebei Province on Social Credit Information."),
            _(
                "All figures count whole records, values, cells or subjects. Each share is divided once, from the two "
                "counts beside it, and rounded half up to one decimal; differences are taken before rounding."
            ),
            _(
                "A figure is provisional while the time limit of its items has not passed for the whole period. Late "
                "arrivals are still to come then, so it flatters. No difference is shown with a provisional figure."
            ),
            _(
                "Natural persons appear in aggregates only. A cell to which items that cover natural persons "
                "contribute is suppressed when it counts fewer than the policy's threshold."
            ),
        ]
        return self._keep("methods", _("Method notes"), paragraphs, [table])

    @property
    def title(self) -> str:
        """The report's title in the reader's language."""
        _ = self.messages.gettext
        return _("Quarterly report on public credit information, {period}").format(**self._periods)

    @property
    def editions(self) -> Mapping[int, str]:
        """The editions that the report's two periods were measured by."""
        return self._applied(self.period.last_day, self.previous.last_day)

    # --- Parts ----------------------------------------------------------------------------------------

    @property
    def _periods(self) -> dict[str, str]:
        return {"period": self.messages.period(self.period), "previous": self.messages.period(self.previous)}

    def _measured(self, name: str, chosen: Sequence[Measure]) -> Section:
        _ = self.messages.gettext
        parts: list[Chart | Table] = []
        for measure in chosen:
            words = MEASURES[measure]
            for by, columns, rows, caption in (
                (
                    "department",
                    self._rows.department_columns,
                    self._rows.departments,
                    _("{measure} by department, {period}"),
                ),
                ("region", self._rows.region_columns, self._rows.regions, _("{measure} by region, {period}")),
            ):
                chosen_rows = rows(CubeTable.MEASUREMENTS, measure)
                title = caption.format(measure=_(words.title), **self._periods)
                chart = shares(
                    self.release, name=f"{measure}_by_{by}", title=title, label=columns[1].name, rows=chosen_rows,
                    period=self.period, previous=self.previous, messages=self.messages,
                )  # fmt: skip
                table = comparison(
                    self.release, name=f"{measure}_by_{by}", caption=title, note=self._note(), labels=columns,
                    rows=chosen_rows, period=self.period, previous=self.previous, messages=self.messages,
                    numerator_title=_(words.numerator), denominator_title=_(words.denominator),
                )  # fmt: skip
                parts += [chart, table]
        titles = {"timeliness": _("Timeliness"), "coverage": _("Coverage"), "validity": _("Validity")}
        return self._keep(name, titles[name], [_(MEASURES[one].definition) for one in chosen], parts)

    def _tiles(self) -> list[Tile]:
        _, figures = self.messages.gettext, Figures(self.release, self.messages)
        made = []
        for measure in _TILES:
            where = {**_where(measure), "period_start": self.period.start}
            share = figures.share(**where)
            if share.value is None and share.marker is Marker.NONE:
                continue
            basis = _("{numerator} of {denominator}").format(
                numerator=figures.integer("numerator", **where).text,
                denominator=figures.integer("denominator", **where).text,
            )
            value = f"{share.text} (p)" if share.is_provisional else share.text
            made.append(Tile(_(MEASURES[measure].title), value, basis))
        return made


def _where(measure: Measure) -> dict[str, str]:
    return {"table": CubeTable.MEASUREMENTS, "measure": measure}


def _count_of(name: str, start: date) -> Callable[[Figures, Mapping[str, str]], Cell]:
    return lambda figures, where: figures.count(**{**where, "measure": name, "period_start": start})


def _integer_of(what: Omission, column: str, start: date) -> Callable[[Figures, Mapping[str, str]], Cell]:
    return lambda figures, where: figures.integer(column, **{**where, "measure": what, "period_start": start})


def _share_of_never(start: date) -> Callable[[Figures, Mapping[str, str]], Cell]:
    return lambda figures, where: figures.share(**{**where, "measure": Omission.NEVER, "period_start": start})


def _fault_count(start: date) -> Callable[[Figures, Mapping[str, str]], Cell]:
    return lambda figures, where: figures.count(**{**where, "period_start": start})
