"""The quarterly report's sections, each made from one release in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from creditlab.charts import shares
from creditlab.disclosure import CubeTable, Marker
from creditlab.figures import Figures, Row
from creditlab.periods import Period
from creditlab.reports.quarterly.base import Quarterly, where_measured
from creditlab.reports.quarterly.cube import DELIVERY_COUNT, RECORD_COUNT
from creditlab.reports.quarterly.drawings import panels, tile_map
from creditlab.reports.quarterly.headlines import HEADLINED, Headlines
from creditlab.reports.quarterly.quality import Dates, dates, quality_table
from creditlab.reports.quarterly.ranking import rank_figures, standings
from creditlab.reports.quarterly.revised import last_vintage, reasons, revision_table, revisions
from creditlab.reports.quarterly.words import MEASURES, fault_words
from creditlab.reports.section import Part, Section, Tile
from creditlab.tables import Column, Kind, Table, comparison, counts
from creditlab.terms import Language, Measure

#: How many of the commonest faults are listed.
FAULTS_SHOWN = 15


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
        headlines = Headlines(Figures(self.release, self.messages), self.messages, self.period, self.catalogue)
        return self._keep("overview", _("At a glance"), [lead], [table], self._tiles(), headlines.sentences())

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
        return self._omitted(text, table)

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

    def standing(self) -> Section:
        """Who stands where: a map of the units, ranks within what chance allows, a panel for each department."""
        _, measure, period = self.messages.gettext, Measure.TIMELINESS, self.period
        title = _("Timeliness by region, on a map of tiles, {period}").format(**self._periods)
        units = [row for row in self._rows.regions(CubeTable.MEASUREMENTS, measure) if self._is_unit(row)]
        departments = self._rows.departments(CubeTable.MEASUREMENTS, measure)[1:]
        parts: list[Part] = [tile_map(self.release, measure, units, period, title, self.messages)]
        for by, rows in (("region", units), ("department", departments)):
            for one in (Measure.TIMELINESS, Measure.VALIDITY):
                parts.append(self._ranking(one, by, rows))
        title = _("Each department at a glance, {period}").format(**self._periods)
        parts.append(panels(self.release, departments, period, title, self.messages))
        text = _(
            "Departments and reporting units are ranked, never subjects. Where counts are small, chance moves a share "
            "by more than what two of them differ by; therefore every rank is a span."
        )
        return self._keep("standing", _("Ranks of units and departments"), [text], parts)

    def quality(self) -> Section:
        """The quality of the figures by dimension, when reports come out, and what was revised since the last one."""
        _, known = self.messages.gettext, self._dates()
        table = quality_table(self.release, known, len(self.editions), len(Language), self.messages)

        def said(day: date | None) -> str:
            return self.messages.day(day) if day else _("not known yet: the working days up to then are not official")

        text = _("Planned for this report: {planned}. The next one, for {following}, is planned for: {next}.").format(
            planned=said(known.planned), following=self.messages.period(self._following), next=said(known.following)
        )
        rule = _("A quarter is reported on the first working day on which every item's time limit has passed.")
        texts = [text, rule]
        stamp = self.stamp
        vintage = last_vintage(self.workspace.reports, "quarterly", self.release, stamp.published_at)
        why = (
            ""
            if vintage is None
            else _("; ").join(_(one) for one in reasons(self.release, vintage, stamp.code_version))
        )
        found = [] if vintage is None else list(revisions(self.release, vintage))
        if vintage is None:
            texts.append(_("This is the first publication of the quarter: nothing was revised."))
        else:
            day = self.messages.day(date.fromisoformat(vintage.published_at[:10]))
            texts.append(_("Revisions are against the publication of {day}.").format(day=day))
        texts.append(
            _(
                "Figures change when records arrive late or are corrected. A published revision is never changed; a "
                "new one stands beside it."
            )
        )
        revised = revision_table(self.release, found, why, self._rows, self.messages)
        return self._keep("quality", _("Quality of the figures, and revisions"), texts, [table, revised])

    @property
    def title(self) -> str:
        """The report's title in the reader's language."""
        _ = self.messages.gettext
        return _("Quarterly report on public credit information, {period}").format(**self._periods)

    # --- Parts ----------------------------------------------------------------------------------------

    def _measured(self, name: str, chosen: Sequence[Measure]) -> Section:
        _ = self.messages.gettext
        parts: list[Part] = []
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

    def _ranking(self, measure: Measure, by: str, rows: Sequence[Row]) -> Table:
        _, figures, start = self.messages.gettext, Figures(self.release, self.messages), self.period.start
        columns, key = {
            "region": (self._rows.region_columns, "region_code"),
            "department": (self._rows.department_columns, "department"),
        }[by]
        own = [Row(row.labels, {**row.where, "measure": measure}) for row in rows]
        found = standings(figures, own, self.period)
        by_code = {row.where[key]: found.get(place) for place, row in enumerate(own)}
        # The best first; what has no rank follows as it stands in the catalogue.
        last = (len(own) + 1, len(own) + 1, 0.0)

        def order(row: Row) -> tuple[int, int, float]:
            standing = by_code[row.where[key]]
            share = figures.share(**row.where, period_start=start).value
            return (standing.best, standing.last, -share) if standing and isinstance(share, float) else last

        ordered = sorted(own, key=order)
        captions = {
            "region": _("Ranks of units, {measure}, {period}"),
            "department": _("Ranks of departments, {measure}, {period}"),
        }
        return counts(
            self.release, name=f"ranks_{measure}_by_{by}", note=f"{self._note()} {self._rank_note()}", labels=columns,
            caption=captions[by].format(measure=_(MEASURES[measure].title), **self._periods), rows=ordered,
            figures=[
                (Column("ratio", _("Share"), Kind.SHARE), lambda f, w: f.share(**w, period_start=start)),
                (
                    Column("is_provisional", _("Provisional"), Kind.FLAG, in_page=False),
                    lambda f, w: f.flag(**w, period_start=start),
                ),
                *rank_figures(lambda where: by_code[where[key]], self.messages),
            ],
            messages=self.messages,
        )  # fmt: skip

    def _is_unit(self, row: Row) -> bool:
        region = self.catalogue.regions.get(row.where.get("region_code", ""))
        return region is not None and region.level == "prefecture"

    @property
    def _following(self) -> Period:
        return self.period.following()

    def _dates(self) -> Dates:
        published = self.stamp.published_at
        day = date.fromisoformat(published[:10]) if published else None
        return dates(self.period, self._following, day, self.catalogue, self.workspace.working_days())

    def _tiles(self) -> list[Tile]:
        _, figures = self.messages.gettext, Figures(self.release, self.messages)
        made = []
        for measure in HEADLINED:
            where = {**where_measured(measure), "period_start": self.period.start}
            share = figures.share(**where)
            if share.value is None and share.marker is Marker.NONE:
                continue
            basis = _("{numerator} of {denominator}").format(
                numerator=figures.said(figures.integer("numerator", **where)),
                denominator=figures.said(figures.integer("denominator", **where)),
            )
            value = f"{share.text} (p)" if share.is_provisional else share.text
            made.append(Tile(_(MEASURES[measure].title), value, basis))
        return made
