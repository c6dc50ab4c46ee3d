"""One reporting unit's or department's report: its part of the quarterly release, beside the whole province.

Nothing is measured or protected for it: what it shows is in the province's release, so that no two of these reports
give away a third one's figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from creditlab.catalogue import Catalogue
from creditlab.charts import shares
from creditlab.disclosure import CubeTable, Marker, Release
from creditlab.errors import NoDataError
from creditlab.figures import Figures, Row
from creditlab.reports.quarterly.base import Quarterly, Take, where_measured
from creditlab.reports.quarterly.cube import Omission
from creditlab.reports.quarterly.matters import Matter
from creditlab.reports.quarterly.ranking import Standing, rank_figures, standings
from creditlab.reports.quarterly.words import MEASURES
from creditlab.reports.section import Section
from creditlab.tables import Column, Kind, comparison, counts
from creditlab.terms import Language, Measure
from creditlab.workspace import Workspace


class Part(Quarterly):
    """A unit's or a department's report over its part of the quarterly release.

    Parameters
    ----------
    workspace, catalogue, language, out
        As of `Quarterly`.
    release
        The quarterly release; the report shows the cells of the part, of the whole province, and the part's rank.
    column
        What the part is: `region_code` or `department`.
    code
        Which one.
    matters
        The province's; those of the part are shown.

    Raises
    ------
    NoDataError
        If the release has no cell about it.
    """

    def __init__(
        self,
        workspace: Workspace,
        catalogue: Catalogue,
        release: Release,
        column: str,
        code: str,
        language: Language,
        out: Path | None,
        matters: Sequence[Matter] = (),
    ) -> None:
        other = "department" if column == "region_code" else "region_code"
        figures = [one for one in CubeTable if one is not CubeTable.MATTERS]
        own = release.select(table=figures, **{column: ["", code], other: ""})
        # A matter of both is in the report of either.
        own = own.joined(release.select(table=CubeTable.MATTERS, **{column: code}))
        super().__init__(workspace, catalogue, own, language, out, matters)
        if code not in own.table[column].to_pylist():
            raise NoDataError(
                "the quarterly release has nothing about it", where=column, do="Nothing was published; name another."
            )
        self._whole, self._column, self._code = release, column, code

    # --- Sections -------------------------------------------------------------------------------------

    def overview(self) -> Section:
        """Its measures: against the periods before, beside the province, and its rank."""
        _ = self.messages.gettext
        labels = [Column("measure", _("Code"), in_page=False), Column("measure_name", _("Measure"))]
        rows = [
            Row({"measure": one, "measure_name": _(words.title)}, where_measured(one, **self._group))
            for one, words in MEASURES.items()
        ]
        own = comparison(
            self.release, name="measures", caption=_("Measures of {part}, {period}").format(**self._words),
            note=self._note(), labels=labels, rows=rows, period=self.period, previous=self.previous,
            messages=self.messages, year_before=self.year_before,
        )  # fmt: skip
        has = [row for row in rows if self._has(row)]
        chart = shares(
            self.release, name="measures", title=own.caption, label="measure_name", rows=has, period=self.period,
            previous=self.previous, messages=self.messages,
        )  # fmt: skip
        beside = counts(
            self.release, name="beside_the_province",
            caption=_("{part} beside the whole province, {period}").format(**self._words),
            note=f"{self._note()} {self._rank_note()}", labels=labels, rows=has,
            figures=self._beside(has), messages=self.messages,
        )  # fmt: skip
        text = _(
            "How public credit information was delivered in {part} in the {period}, as the platform stood on {as_of}. "
            "Every figure is in the province's release of the quarter, of which this report shows a part."
        ).format(as_of=self.messages.day(self.release.as_of), **self._words)
        return self._keep("overview", _("At a glance"), [text], [chart, own, beside])

    def deliveries(self) -> Section:
        """What was delivered, and what became of the rows."""
        _ = self.messages.gettext
        table = counts(
            self.release, name="deliveries", caption=_("Deliveries and their rows, {period}").format(**self._words),
            note=self._key(), labels=self._labels, figures=self._delivery_figures(), messages=self.messages,
            rows=[Row(self._named, {"table": CubeTable.DELIVERIES, **self._group})],
        )  # fmt: skip
        text = _("A row that could not become a record is kept in quarantine with its reason; nothing is dropped.")
        return self._keep("deliveries", _("Deliveries"), [text], [table])

    def omissions(self) -> Section:
        """Due cells that came late or never, by item."""
        _ = self.messages.gettext
        labels = [Column("item_code", _("Item code"), in_page=False), Column("item_name", _("Item"))]
        where = {"table": CubeTable.OMISSIONS, **self._group}
        rows = [
            Row({"item_code": code, "item_name": self._rows.item(code) if code else _("All items")},
                {**where, "item_code": code})
            for code in self._lacking()
        ]  # fmt: skip
        table = counts(
            self.release, name="omissions", caption=_("Due cells delivered late or never, by item, {period}").format(
                **self._words),
            note=self._key(), labels=labels, rows=rows, figures=self._omission_figures(), messages=self.messages,
        )  # fmt: skip
        text = _(
            "A periodic item owes a delivery, or a report that there is nothing to deliver, for each due period that "
            "ends in the period reported. "
            "Items whose cells all came on time are not listed; suppressed ones always are."
        )
        return self._omitted(text, table)

    @property
    def title(self) -> str:
        """The report's title in the reader's language."""
        return self.messages.gettext("Public credit information in {part}, {period}").format(**self._words)

    # --- Parts ----------------------------------------------------------------------------------------

    @property
    def _group(self) -> dict[str, str]:
        return {self._column: self._code}

    @property
    def _name(self) -> str:
        rows = self._rows
        return rows.region(self._code) if self._column == "region_code" else rows.department(self._code)

    @property
    def _words(self) -> dict[str, str]:
        return {"part": self._name, **self._periods}

    @property
    def _labels(self) -> Sequence[Column]:
        return self._rows.region_columns if self._column == "region_code" else self._rows.department_columns

    @property
    def _named(self) -> dict[str, str]:
        code, name = self._labels
        return {code.name: self._code, name.name: self._name}

    def _has(self, row: Row) -> bool:
        return Figures(self.release, self.messages).find(**row.where, period_start=self.period.start) is not None

    def _lacking(self) -> list[str]:
        """All items, then each with a cell that was late or never came; none where nothing was due."""
        found = self.release.select(
            table=CubeTable.OMISSIONS, measure=[Omission.NEVER, Omission.LATE], by=("item_code", self._column)
        )
        codes = {one["item_code"] for one in found.rows() if one["marker"] == Marker.SUPPRESSED or one["numerator"]}
        is_due = self.release.select(table=CubeTable.OMISSIONS, by=(self._column,)).table.num_rows
        return ["", *sorted(codes)] if is_due else []

    def _beside(self, rows: Sequence[Row]) -> list[tuple[Column, Take]]:
        """Its share, the province's, the difference, the interval, and the rank among all of its kind."""
        _, start = self.messages.gettext, self.period.start
        ranks = {row.where["measure"]: self._standing(Measure(row.where["measure"])) for row in rows}

        def province(where: Mapping[str, str]) -> dict[str, object]:
            return {**where, self._column: "", "period_start": start}

        return [
            (Column("ratio", self._name, Kind.SHARE), lambda f, w: f.share(**w, period_start=start)),
            (
                Column("is_provisional", _("Provisional"), Kind.FLAG, in_page=False),
                lambda f, w: f.flag(**w, period_start=start),
            ),
            (Column("province_ratio", _("Whole province"), Kind.SHARE), lambda f, w: f.share(**province(w))),
            (
                Column("province_is_provisional", _("Provisional in the province"), Kind.FLAG, in_page=False),
                lambda f, w: f.flag(**province(w)),
            ),
            (
                Column("province_points", _("Difference from the province in percentage points"), Kind.POINTS),
                lambda f, w: f.difference({**w, "period_start": start}, province(w)),
            ),
            *rank_figures(lambda where: ranks[where["measure"]], self.messages),
        ]

    def _standing(self, measure: Measure) -> Standing | None:
        cells = self._whole.select(table=CubeTable.MEASUREMENTS, measure=measure, by=(self._column,))
        codes = sorted(set(cells.table[self._column].to_pylist()))
        rows = [Row({}, where_measured(measure, **{self._column: code})) for code in codes]
        found = standings(Figures(cells, self.messages), rows, self.period)
        return found.get(codes.index(self._code)) if self._code in codes else None
