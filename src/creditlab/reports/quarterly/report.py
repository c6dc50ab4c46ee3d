"""The quarterly report's sections, each made from one release in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence

from creditlab.charts import Chart, shares
from creditlab.disclosure import CubeTable, Marker
from creditlab.figures import Figures, Row
from creditlab.reports.quarterly.base import Quarterly, where_measured
from creditlab.reports.quarterly.cube import DELIVERY_COUNT, RECORD_COUNT
from creditlab.reports.quarterly.words import MEASURES, fault_words
from creditlab.reports.section import Section, Tile
from creditlab.tables import Column, Kind, Table, comparison, counts
from creditlab.terms import Measure

#: How many of the commonest faults are listed.
FAULTS_SHOWN = 15
_TILES = (Measure.TIMELINESS, Measure.COVERAGE_LEDGER, Measure.VALIDITY, Measure.PUNCTUALITY)


class Report(Quarterly):
    """The province's quarterly report; every call returns a section that a notebook shows."""

    # --- Sections -------------------------------------------------------------------------------------

    def overview(self) -> Section:
        """All twelve measures at a glance."""
        _ = self.messages.gettext
        rows = [
            Row({"measure": one, "measure_name": _(words.title)}, where_measured(one))
            for one, words in MEASURES.items()
        ]
        table = comparison(
            self.release,
            name="overview",
            caption=_("All measures, {period} against {previous}").format(**self._periods),
            note=self._note(),
            labels=[Column("measure", _("Code"), in_page=False), Column("measure_name", _("Measure"))],
            rows=rows,
            period=self.period,
            previous=self.previous,
            year_before=self.year_before,
            messages=self.messages,
        )
        lead = _(
            "This report says how completely, how quickly and how correctly public credit information was delivered in "
            "the {period}, as the platform stood on {as_of}. Figures of the {previous} are taken on the same day."
        ).format(as_of=self.messages.day(self.release.as_of), **self._periods)
        return self._keep("overview", _("At a glance"), [lead], [table], self._tiles())

    def deliveries(self) -> Section:
        """Deliveries and what became of their rows."""
        _ = self.messages.gettext
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
            figures=self._delivery_figures(),
            messages=self.messages,
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
        rows = self._rows.omissions(self.period.start)
        table = counts(
            self.release,
            name="omissions_by_item",
            caption=_("Due cells delivered late or never, by item and department, {period}").format(**self._periods),
            note=self._key(),
            labels=self._rows.item_columns,
            rows=rows,
            figures=self._omission_figures(),
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
            figures=[(Column(RECORD_COUNT, _("Records"), Kind.INTEGER), self._count_of(RECORD_COUNT))],
            messages=self.messages,
        )
        text = _("Records of the period that break a rule. A record with several faults is counted with each of them.")
        return self._keep("faults", _("Commonest faults"), [text], [table])

    @property
    def title(self) -> str:
        """The report's title in the reader's language."""
        _ = self.messages.gettext
        return _("Quarterly report on public credit information, {period}").format(**self._periods)

    # --- Parts ----------------------------------------------------------------------------------------

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
                    year_before=self.year_before,
                )  # fmt: skip
                parts += [chart, table]
        titles = {"timeliness": _("Timeliness"), "coverage": _("Coverage"), "validity": _("Validity")}
        return self._keep(name, titles[name], [_(MEASURES[one].definition) for one in chosen], parts)

    def _tiles(self) -> list[Tile]:
        _, figures = self.messages.gettext, Figures(self.release, self.messages)
        made = []
        for measure in _TILES:
            where = {**where_measured(measure), "period_start": self.period.start}
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
