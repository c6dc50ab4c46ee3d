"""One measure of one period, as a notebook shows it: a table, a chart, the way down to its cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from creditlab.charts import bars, mark, shares
from creditlab.disclosure import CubeTable, Release
from creditlab.errors import ParameterError
from creditlab.explore.charting import on_paper
from creditlab.explore.choices import By, Text, choose
from creditlab.explore.shown import Shown
from creditlab.explore.taking import DRILLED, Question, Source
from creditlab.explore.unusual import Unusual
from creditlab.figures import Row
from creditlab.messages import Messages
from creditlab.periods import Period
from creditlab.reports.quarterly.cube import RECORD_COUNT, measured_periods
from creditlab.reports.quarterly.words import MEASURES, fault_words
from creditlab.tables import Column, Kind, Table, comparison, counts

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

    from creditlab.explore.trend import Trend


class View(Shown):
    """A measure by groups, beside another period; nothing is taken before it is looked at.

    Parameters
    ----------
    source
        The lake as known at one run.
    question
        What is asked.
    """

    def __init__(self, source: Source, question: Question) -> None:
        self._source, self.question = source, question

    @cached_property
    def release(self) -> Release:
        """The figures, for the internal audience: of the period, and of the one that it is compared with."""
        question = self.question
        return self._source.answer(replace(question, periods=(question.period, question.compared)))

    @cached_property
    def table(self) -> Table:
        """The figures as a table: the total first, then each group, the lowest share first."""
        words, question = self.messages, self.question
        _, title = words.gettext, words.gettext(MEASURES[question.measure].title)
        return comparison(
            self.release,
            name=str(question.measure),
            caption=f"{title}, {words.period(question.period)}{self.where}",
            note=f"{self._source.said_of_readers} {_(MEASURES[question.measure].definition)}".strip(),
            labels=self.labels,
            rows=[self.row({}), *self.rows],
            period=question.period,
            previous=question.compared,
            messages=words,
            numerator_title=_(MEASURES[question.measure].numerator),
            denominator_title=_(MEASURES[question.measure].denominator),
        )

    @property
    def messages(self) -> Messages:
        """The reader's words."""
        return self._source.messages

    @property
    def labels(self) -> list[Column]:
        """The columns that name a row's groups."""
        _ = self.messages.gettext
        titles = {By.ITEM: _("Item"), By.DEPARTMENT: _("Department"), By.REGION: _("Region")}
        found = []
        for one in self.question.by:
            found += [Column(str(one), _("Code"), in_page=True), Column(f"{one}_name", titles[one])]
        return found or [Column("all", _("All"))]

    @cached_property
    def rows(self) -> list[Row]:
        """The groups that have a cell in the period, the lowest share first; suppressed ones last."""
        return [self.row({str(one): cell[one] for one in self.question.by}) for cell in self._cells]

    @property
    def shown(self) -> list[str]:
        """The codes of the groups that have a dot, in the order of the dots."""
        return [cell[self.question.by[0]] for cell in self._cells if cell["ratio"] is not None]

    @cached_property
    def _cells(self) -> list[dict[str, Any]]:
        by = self.question.by
        if not by:
            return []
        cells = self.release.select(by=self.question.of_groups, period_start=self.question.period.start).rows()
        return sorted(cells, key=lambda cell: (cell["ratio"] is None, cell["ratio"] or 0, [cell[one] for one in by]))

    def row(self, codes: dict[str, str]) -> Row:
        """The row of a group; without codes that of the total."""
        words = self.messages
        labels = {"all": words.gettext("All")} if not self.question.by else {}
        for one in self.question.by:
            code = codes.get(str(one), "")
            labels |= {str(one): code, f"{one}_name": self._name(one, code) if code else words.gettext("All")}
        where = {"table": CubeTable.MEASUREMENTS, "measure": self.question.measure}
        return Row(labels, {**where, **self.question.codes, **codes})

    def _name(self, column: By, code: str) -> str:
        words, catalogue = self.messages, self._source.catalogue
        if column is By.ITEM:
            return words.item(catalogue, code)
        if column is By.DEPARTMENT:
            return words.department(catalogue, code, self.question.as_of)
        return words.region(catalogue, code)

    @property
    def where(self) -> str:
        """What the view is narrowed to, in words, each after a comma."""
        return "".join(f", {self._name(column, code)}" for column, code in self.question.narrowed.items())

    def chart(self, *, unusual: bool = True) -> go.Figure:
        """A dot for each group, and one for the period before; a ring where a month's volume is unusual.

        Parameters
        ----------
        unusual
            Whether to look for unusual volumes; costs about a second for each month, once for a period.
        """
        if not self.question.by:
            raise ParameterError("a total alone makes no chart", where="by", do="Group by something.")
        made = shares(
            self.release,
            name=str(self.question.measure),
            title=self.table.caption,
            label=f"{self.question.by[-1]}_name",
            rows=self.rows,
            period=self.question.period,
            previous=self.question.compared,
            messages=self.messages,
        )
        figure = made.figure
        dots = figure.data[-1]
        dots.ids = self.shown
        if unusual and len(self.question.by) == 1 and not self._source.is_released:
            why = self.unusual().by_group(self.question.by[0])
            placed = zip(dots.x, dots.y, self.shown, strict=True)
            points = [(share, row, why[code], code) for share, row, code in placed if code in why]
            mark(figure, points, self.messages.gettext("Unusual volume"))
        return on_paper(figure)

    def unusual(self) -> Unusual:
        """The months of the period, by item and department, with far fewer or far more records than expected."""
        return Unusual(self._source, self.question)

    def trend(self, periods: int = 6) -> Trend:
        """The same over several periods, up to this one; of released figures those that were released together."""
        from creditlab.explore.trend import Trend

        if not 2 <= periods <= 40:
            raise ParameterError("so many periods make no trend", where="periods", do="Ask for 2 to 40.")
        found: list[Period] = [self.question.period]
        while len(found) < periods:
            found.append(found[-1].previous())
        if self._source.is_released:
            # Two releases that were not protected together are not laid side by side.
            found = [one for one in found if one in measured_periods(self.question.period)]
        return Trend(self._source, replace(self.question, periods=tuple(found)))

    @property
    def next_by(self) -> tuple[By, ...]:
        """What one group of this view is taken apart by next; empty where nothing finer is counted."""
        from creditlab.measures import METHODS

        has = METHODS[self.question.measure].groups
        used = {*self.question.narrowed, *self.question.by}
        return tuple(one for one in DRILLED if one not in used and one.group in has)[:1]

    def drill(self, code: str) -> View:
        """Look at one group only, taken apart by what is finer: a department by units, a unit by items.

        Parameters
        ----------
        code
            A code of this view's rows.

        Raises
        ------
        ParameterError
            If the view has no such row.
        """
        if len(self.question.by) != 1:
            raise ParameterError("only a view by one grouping can be drilled into", where="by", do="Name one.")
        column = self.question.by[0]
        there = {row.where[str(column)]: row.labels[f"{column}_name"] for row in self.rows}
        return View(self._source, self.question.narrow(column, choose(code, there, column.word), self.next_by))

    def records(self, limit: int = 200, *, fault: str = "") -> pd.DataFrame:
        """The organisations' records behind the view, those with most faults and the longest way first.

        Internal; nobody's that is a natural person, and of no item that covers natural persons.

        Parameters
        ----------
        limit
            How many at most.
        fault
            Only records with this fault, by its code.
        """
        return self._source.records(self.question, limit, fault)

    def faults(self) -> Faults:
        """The rules that records of this view break: the cause of a low share."""
        return Faults(self._source, self.question)

    def explain(self) -> str:
        """What the figures are: definition, articles, what was looked at."""
        from creditlab.measures import METHODS

        _, question = self.messages.gettext, self.question
        words, method = MEASURES[question.measure], METHODS[question.measure]
        total = self.release.select(by=question.of_total, period_start=question.period.start).rows()
        lines = [
            f"{_(words.title)} ({question.measure}; {method.dimension})",
            _(words.definition),
            f"{_(words.numerator)} / {_(words.denominator)}",
            _(words.article),
            f"{question.period.label} [{question.period.start}, {question.period.end}), as of {question.as_of}, "
            f"run {self.release.run_no}, {self.release.audience}{self.where}",
        ]
        lines += [f"{one['numerator']} / {one['denominator']}" for one in total if one["denominator"] is not None]
        return Text("\n".join(lines))

    def sql(self) -> str:
        """The query that gives the figures, as the embedded engine is asked."""
        return Text(self._source.sql(self.question))

    def code(self) -> str:
        """A line of Python that makes this view again."""
        question = self.question
        by = [one.word for one in question.by]
        given = [f'"{question.measure}"', f'"{question.period.label}"', f"by={_quoted(by)}"]
        given += [f'{column.word}="{code}"' for column, code in question.narrowed.items()]
        given += [f'against="{question.against.label}"'] if question.against else []
        return Text(f"ws.measure({', '.join(given)})")

    def __getitem__(self, code: str) -> View:
        """As `drill`; the codes are completed behind the bracket."""
        return self.drill(code)

    def _ipython_key_completions_(self) -> list[str]:
        by = self.question.by
        return [row.where[str(by[0])] for row in self.rows] if len(by) == 1 else []

    def __repr__(self) -> str:
        return f"View({self.code()})"


class Faults(Shown):
    """The commonest faults of a question's records, and what to do about them."""

    def __init__(self, source: Source, question: Question) -> None:
        self._source, self.question = source, question

    @property
    def messages(self) -> Messages:
        """The reader's words."""
        return self._source.messages

    @cached_property
    def release(self) -> Release:
        """The counts, for the internal audience."""
        return self._source.faults(self.question)

    @cached_property
    def rows(self) -> list[Row]:
        """The faults, the commonest first; suppressed counts are small and come last."""
        cells = self.release.select(by=(*self.question.of_total, "detail")).rows()
        cells.sort(key=lambda cell: (-(cell["count"] or 0), cell["detail"]))
        rows = []
        for cell in cells:
            what, do = fault_words(cell["detail"], self._source.catalogue, self.messages)
            where = {"table": CubeTable.FAULTS, "measure": RECORD_COUNT, **self.question.codes}
            where |= {"detail": cell["detail"]}
            rows.append(Row({"fault": cell["detail"], "fault_name": what, "what_to_do": do}, where))
        return rows

    @cached_property
    def table(self) -> Table:
        """One row per fault, the commonest first."""
        _, start = self.messages.gettext, self.question.period.start
        labels = [Column("fault", _("Code")), Column("fault_name", _("Fault")), Column("what_to_do", _("What to do"))]

        def count(figures: Any, where: Any) -> Any:
            return figures.count(**where, period_start=start)

        return counts(
            self.release,
            name="faults",
            caption=_("The commonest faults, {period}").format(period=self.messages.period(self.question.period)),
            note=self._source.said_of_readers,
            labels=labels,
            rows=self.rows,
            figures=[(Column(RECORD_COUNT, _("Records"), Kind.INTEGER), count)],
            messages=self.messages,
        )

    def chart(self) -> go.Figure:
        """A bar for each fault, the commonest on top."""
        figure = bars(
            self.release, name="faults", title=self.table.caption, label="fault_name", rows=self.rows,
            start=self.question.period.start, messages=self.messages,
        ).figure  # fmt: skip
        counted = {cell["detail"] for cell in self.release.table.to_pylist() if cell["count"] is not None}
        figure.data[0].ids = [row.labels["fault"] for row in self.rows if row.labels["fault"] in counted]
        return on_paper(figure)


def _quoted(words: Sequence[str]) -> str:
    return f'"{words[0]}"' if len(words) == 1 else "[" + ", ".join(f'"{one}"' for one in words) + "]"
