"""Controls for a notebook: choose a measure, look at it, click a dot to see what it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import ipywidgets as w
import plotly.graph_objects as go

from creditlab.errors import UserError
from creditlab.explore.choices import By
from creditlab.explore.view import View
from creditlab.messages import Messages
from creditlab.reports.quarterly.words import MEASURES
from creditlab.terms import Measure

if TYPE_CHECKING:
    from creditlab.explore.session import Session

_ALL = ""


class Explorer:
    """A figure with its table, controls to choose what it shows, and the way down to a cause and back.

    Shows itself in a notebook. Without a browser the same is done by `choose`, `drill` and `back`.

    Parameters
    ----------
    session
        The lake as known at one run.
    """

    def __init__(self, session: Session) -> None:
        self._session, self._path = session, [self._first(session)]
        self._is_setting = False
        _ = self.messages.gettext
        groups = {By.DEPARTMENT: _("Department"), By.REGION: _("Region"), By.ITEM: _("Item")}
        named = {By.DEPARTMENT: session.departments, By.REGION: session.regions, By.ITEM: session.items}
        self.measure = w.Dropdown(
            options=[(_(MEASURES[one].title), str(one)) for one in Measure], description=_("Measure")
        )
        periods = [(self.messages.period(one), one.label) for one in session.periods()]
        self.period = w.Dropdown(options=periods, description=_("Period"))
        self.by = w.Dropdown(options=[(title, str(one)) for one, title in groups.items()], description=_("By"))
        self.narrowed = {
            column: w.Dropdown(
                options=[(_("All"), _ALL), *((name, code) for code, name in named[column].items())],
                description=title,
            )
            for column, title in groups.items()
        }
        self.back_button = w.Button(description=_("Back"))
        self.faults_button = w.Button(description=_("Faults"))
        self.figure = go.FigureWidget()
        self.table, self.said = w.HTML(), w.HTML()
        self.code = w.Textarea(description=_("Code"), layout=w.Layout(width="100%"))
        for one in self._controls():
            one.observe(self._chosen, "value")
        self.back_button.on_click(lambda button: self.back())
        self.faults_button.on_click(lambda button: self.show_faults())
        self._show()

    @property
    def messages(self) -> Messages:
        """The reader's words."""
        return self._path[0].messages

    @property
    def view(self) -> View:
        """What is shown."""
        return self._path[-1]

    @property
    def widget(self) -> w.Widget:
        """Everything, one below the other."""
        narrowed = w.HBox([*self.narrowed.values()], layout=w.Layout(flex_flow="row wrap"))
        chosen = w.HBox([self.measure, self.period, self.by], layout=w.Layout(flex_flow="row wrap"))
        buttons = w.HBox([self.back_button, self.faults_button])
        return w.VBox([chosen, narrowed, buttons, self.said, self.figure, self.table, self.code])

    def choose(self, **words: str) -> View:
        """Choose as by the controls: `measure`, `period`, `by`, `item`, `department`, `region`."""
        boxes = {"measure": self.measure, "period": self.period, "by": self.by}
        boxes |= {column.word: box for column, box in self.narrowed.items()}
        with self._setting():
            for word, value in words.items():
                boxes[word].value = value
        self._chosen(None)
        return self.view

    def drill(self, code: str) -> View:
        """Go down to one row of what is shown."""
        self._go(lambda: self._path.append(self.view.drill(code)))
        return self.view

    def back(self) -> View:
        """Go back to what was shown before."""
        if len(self._path) > 1:
            self._path.pop()
        self._show()
        return self.view

    def show_faults(self) -> None:
        """Show the faults of the records behind what is shown."""
        self._go(lambda: setattr(self.table, "value", self.view.faults()._repr_html_()), is_shown=True)

    @staticmethod
    def _first(session: Session) -> View:
        return session.measure(str(Measure.TIMELINESS), session.periods(1)[0])

    def _controls(self) -> list[w.Dropdown]:
        return [self.measure, self.period, self.by, *self.narrowed.values()]

    @contextmanager
    def _setting(self) -> Iterator[None]:
        """Change controls without each change asking the lake."""
        self._is_setting = True
        try:
            yield
        finally:
            self._is_setting = False

    def _chosen(self, change: Any) -> None:
        if self._is_setting:
            return
        where = {column.word: box.value or None for column, box in self.narrowed.items()}

        def go_there() -> None:
            self._path.append(self._session.measure(self.measure.value, self.period.value, self.by.value, **where))

        self._go(go_there)

    def _go(self, step: Any, *, is_shown: bool = False) -> None:
        """Take a step; where it can't be taken, say why and leave what is shown as it is."""
        path, self.said.value = list(self._path), ""
        try:
            step()
            if not is_shown:
                self._show()
        except UserError as error:
            self._path = path
            self.said.value = f'<p role="alert">{error.what}. {error.do}</p>'

    def _show(self) -> None:
        view = self.view
        chart = view.chart() if view.question.by else go.Figure()
        # What can fail is done; from here on everything shown changes together.
        question = view.question
        with self._setting():
            self.measure.value = str(question.measure)
            if question.period.label in [value for _, value in self.period.options]:
                self.period.value = question.period.label
            if len(question.by) == 1:
                self.by.value = str(question.by[0])
            for column, box in self.narrowed.items():
                box.value = question.narrowed.get(column, _ALL)
        with self.figure.batch_update():
            self.figure.data = []
            self.figure.add_traces(chart.data)
            self.figure.layout = chart.layout
        for trace in self.figure.data[-1:]:
            trace.on_click(self._clicked)
        self.table.value, self.code.value = view._repr_html_(), view.code()
        self.back_button.disabled = len(self._path) == 1

    def _clicked(self, trace: Any, points: Any, state: Any) -> None:
        """A dot of the period shown: its row is the one at its place among those that have a figure."""
        for place in points.point_inds[:1]:
            self.drill(self.view.shown[place])

    def _repr_mimebundle_(self, **given: Any) -> Any:
        return self.widget._repr_mimebundle_(**given)
