"""One measure over several periods."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from creditlab.charts import course
from creditlab.disclosure import Release
from creditlab.explore.charting import on_paper
from creditlab.explore.shown import Shown
from creditlab.explore.taking import Question, Source
from creditlab.explore.view import View
from creditlab.figures import Row
from creditlab.messages import Messages
from creditlab.reports.quarterly.words import MEASURES
from creditlab.tables import Table, course_table

if TYPE_CHECKING:
    import plotly.graph_objects as go


class Trend(Shown):
    """A measure by groups in several periods, the oldest first; provisional figures are marked."""

    def __init__(self, source: Source, question: Question) -> None:
        self._source, self.question = source, question
        self._view = View(source, question)

    @property
    def messages(self) -> Messages:
        """The reader's words."""
        return self._source.messages

    @cached_property
    def release(self) -> Release:
        """The figures of all periods, for the internal audience."""
        return self._source.answer(self.question)

    @cached_property
    def table(self) -> Table:
        """One row per group, one share per period."""
        words = self.messages
        title = words.gettext(MEASURES[self.question.measure].title)
        return course_table(
            self.release,
            name=f"{self.question.measure}_trend",
            caption=f"{title}, {words.period(self.question.periods[-1])} – {words.period(self.question.period)}",
            note=self._source.said_of_readers,
            labels=self._view.labels,
            rows=[self._view.row({}), *self._rows()],
            periods=self.question.periods[::-1],
            messages=words,
        )

    def _rows(self) -> list[Row]:
        by = tuple(str(one) for one in self.question.by)
        if not by:
            return []
        cells = self.release.select(by=self.question.of_groups).rows()
        keys = dict.fromkeys(tuple(cell[one] for one in by) for cell in cells)
        return [self._view.row(dict(zip(by, key, strict=True))) for key in sorted(keys)]

    def chart(self) -> go.Figure:
        """A line for each group; hollow dots are provisional."""
        made = course(
            self.release,
            name=self.table.name,
            title=self.table.caption,
            label=self._view.labels[-1].name,
            rows=self._rows() or [self._view.row({})],
            periods=self.question.periods[::-1],
            messages=self.messages,
        )
        return on_paper(made.figure)
