"""What the province's quarterly report and the reports of its parts have in common."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from creditlab.catalogue import Catalogue
from creditlab.disclosure import CubeTable, Release
from creditlab.figures import Cell, Figures
from creditlab.periods import Period
from creditlab.reports.quarterly.cube import DELIVERY_COUNT, Omission
from creditlab.reports.quarterly.matters import Matter, matters_table, shown_matters
from creditlab.reports.quarterly.rows import Rows
from creditlab.reports.quarterly.words import COUNT_TITLES, MEASURES
from creditlab.reports.section import Section
from creditlab.reports.sectioned import Sectioned
from creditlab.tables import Column, Kind, Table
from creditlab.terms import Audience, Language, Measure
from creditlab.workspace import Workspace

Take = Callable[[Figures, Mapping[str, str]], Cell]


class Quarterly(Sectioned, ABC):
    """A report over the quarterly release, or over a part of it.

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
    matters
        The matters for coordination that stand; those are shown whose counts are in the release.
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
        self.period: Period = release.period
        self.previous: Period = release.period.previous()
        self.year_before: Period = release.period.year_before()
        self._rows = Rows(release, catalogue, self.messages)
        self.matters_standing = shown_matters(release, matters)

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
                "contribute is suppressed when it counts fewer than the policy's threshold, and so much more is "
                "suppressed that nobody can reckon it back. Both are marked [c]."
            ),
        ]
        return self._keep("methods", _("Method notes"), paragraphs, [table])

    @property
    def editions(self) -> Mapping[int, str]:
        """The editions that the report's periods were measured by."""
        return self._applied(self.period.last_day, self.previous.last_day, self.year_before.last_day)

    # --- Parts ----------------------------------------------------------------------------------------

    @property
    def _periods(self) -> dict[str, str]:
        return {
            "period": self.messages.period(self.period),
            "previous": self.messages.period(self.previous),
            "year_before": self.messages.period(self.year_before),
        }

    def _rank_note(self) -> str:
        return self.messages.gettext(
            "The interval is what chance alone allows (Wilson, 95 %). Ranks are from the best to the last one possible "
            "within the intervals, the highest share first; provisional shares have no rank."
        )

    def _omitted(self, text: str, table: Table) -> Section:
        """What was left out, and the matters for coordination that await a decision; none of these for the public."""
        _ = self.messages.gettext
        if self.release.audience is Audience.PUBLIC:
            return self._keep("omissions", _("Omissions"), [text], [table])
        texts = [
            text,
            _(
                "Matters for coordination are problems that no department solves alone, found by rule (Article 5) as "
                "the register knew them at the run reported. The public's report does not list them."
            ),
        ]
        matters = matters_table(self.release, self.matters_standing, self._rows, self._key(), self.messages)
        return self._keep("omissions", _("Omissions and matters for coordination"), texts, [table, matters])

    def _delivery_figures(self) -> Sequence[tuple[Column, Take]]:
        _ = self.messages.gettext
        titles = {DELIVERY_COUNT: _("Deliveries")} | {name: _(title) for name, title in COUNT_TITLES.items()}
        return [(Column(name, title, Kind.INTEGER), self._count_of(name)) for name, title in titles.items()]

    def _omission_figures(self) -> Sequence[tuple[Column, Take]]:
        _, start = self.messages.gettext, self.period.start

        def integer(what: Omission, column: str) -> Take:
            return lambda figures, where: figures.integer(column, **{**where, "measure": what, "period_start": start})

        titles = {Omission.ON_TIME: _("On time"), Omission.LATE: _("Late"), Omission.NEVER: _("Never delivered")}
        figures: list[tuple[Column, Take]] = [
            (Column("due", _("Due"), Kind.INTEGER), integer(Omission.NEVER, "denominator"))
        ]
        figures += [(Column(what, title, Kind.INTEGER), integer(what, "numerator")) for what, title in titles.items()]
        figures.append(
            (
                Column("never_delivered_ratio", _("Share never delivered"), Kind.SHARE),
                lambda found, where: found.share(**{**where, "measure": Omission.NEVER, "period_start": start}),
            )
        )
        return figures

    def _count_of(self, name: str) -> Take:
        start = self.period.start
        return lambda figures, where: figures.count(**{**where, "measure": name, "period_start": start})


def where_measured(measure: Measure, **groups: str) -> dict[str, str]:
    """The cells of a measure, of all or of a group."""
    return {"table": CubeTable.MEASUREMENTS, "measure": measure, **groups}
