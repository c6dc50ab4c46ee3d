"""Controls for a notebook: choose a measure, look at it, click a dot to see what it is made of, down to records."""

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
        self.against = w.Dropdown(options=[(_("the period before"), _ALL), *periods], description=_("Against"))
        self.by = w.Dropdown(options=[(title, str(one)) for one, title in groups.items()], description=_("By"))
        self.narrowed = {
            column: w.Dropdown(
                options=[(_("All"), _ALL), *((name, code) for code, name in named[column].items())],
                description=title,
            )
            for column, title in groups.items()
        }
        self.unusual = w.Checkbox(value=True, description=_("Mark unusual volumes"), indent=False)
        self.back_button = w.Button(description=_("Back"))
        self.faults_button = w.Button(description=_("Faults"))
        self.records_button = w.Button(description=_("Records"))
        self.figure = go.FigureWidget()
        self.table, self.said = w.HTML(), w.HTML()
        self._is_of_faults = False
        self.code = w.Textarea(description=_("Code"), layout=w.Layout(width="100%"))
        for one in self._controls():
            one.observe(self._chosen, "value")
        self.back_button.on_click(lambda button: self.back())
        self.unusual.observe(lambda change: self._go(lambda: None), "value")
        self.faults_button.on_click(lambda button: self.show_faults())
        self.records_button.on_click(lambda button: self.show_records())
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
        rows = (
            [self.measure, self.period, self.against, self.by],
            [*self.narrowed.values()],
            [self.back_button, self.faults_button, self.records_button, self.unusual],
        )
        boxes = [w.HBox(row, layout=w.Layout(flex_flow="row wrap")) for row in rows]
        return w.VBox([*boxes, self.said, self.figure, self.table, self.code])

    def choose(self, **words: str) -> View:
        """Choose as by the controls: `measure`, `period`, `against`, `by`, `item`, `department`, `region`."""
        boxes = {"measure": self.measure, "period": self.period, "against": self.against, "by": self.by}
        boxes |= {column.word: box for column, box in self.narrowed.items()}
        with self._setting():
            for word, value in words.items():
                boxes[word].value = value
        self._chosen(None)
        return self.view

    def drill(self, code: str) -> View:
        """Go down to one row of what is shown; where nothing finer is counted, to the faults of its records."""
        self._go(lambda: self._path.append(self.view.drill(code)))
        if not self.view.question.by:
            self.show_faults()
        return self.view

    def back(self) -> View:
        """Go back to what was shown before."""
        if self._is_of_faults and self.view.question.by:
            self._show()
            return self.view
        if len(self._path) > 1:
            self._path.pop()
        self._show()
        return self.view

    def show_faults(self) -> None:
        """Show the faults of the records behind what is shown; a click on one of them shows its records."""
        self._go(self._show_faults, is_shown=True)

    def show_records(self, fault: str = "") -> None:
        """Show organisations' records behind what is shown, or those of them that have a fault."""

        def show() -> None:
            # The cells are escaped: a name is never markup.
            self.table.value = self.view.records(fault=fault).to_html(index=False, escape=True)
            self.code.value = f"{self.view.code()}.records({f'fault={fault!r}' if fault else ''})"

        self._go(show, is_shown=True)

    @staticmethod
    def _first(session: Session) -> View:
        return session.measure(str(Measure.TIMELINESS), session.periods(1)[0])

    def _controls(self) -> list[w.Dropdown]:
        return [self.measure, self.period, self.against, self.by, *self.narrowed.values()]

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
            against = self.against.value or None
            self._path.append(
                self._session.measure(self.measure.value, self.period.value, self.by.value, against=against, **where)
            )

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
        view, question = self.view, self.view.question
        chart = view.chart(unusual=self.unusual.value) if question.by else go.Figure()
        table = view._repr_html_()
        # What can fail is done; from here on everything shown changes together.
        with self._setting():
            self.measure.value = str(question.measure)
            if question.period.label in [value for _, value in self.period.options]:
                self.period.value = question.period.label
            self.against.value = question.against.label if question.against else _ALL
            if len(question.by) == 1:
                self.by.value = str(question.by[0])
            for column, box in self.narrowed.items():
                box.value = question.narrowed.get(column, _ALL)
        self._draw(chart, self._clicked)
        self.table.value, self.code.value = table, view.code()
        self._is_of_faults = False
        self.back_button.disabled = len(self._path) == 1

    def _show_faults(self) -> None:
        faults = self.view.faults()
        chart, table = faults.chart(), faults._repr_html_()
        self._draw(chart, self._fault_clicked)
        self.table.value, self.code.value = table, f"{self.view.code()}.faults()"
        self._is_of_faults, self.back_button.disabled = True, False

    def _draw(self, chart: go.Figure, clicked: Any) -> None:
        with self.figure.batch_update():
            self.figure.data = []
            self.figure.add_traces(chart.data)
            self.figure.layout = chart.layout
        for trace in self.figure.data:
            # What has codes can be clicked: the period's dots, rings around them, bars of faults.
            if trace.ids is not None:
                trace.on_click(clicked)

    def _clicked(self, trace: Any, points: Any, state: Any) -> None:
        for place in points.point_inds[:1]:
            self.drill(trace.ids[place])

    def _fault_clicked(self, trace: Any, points: Any, state: Any) -> None:
        for place in points.point_inds[:1]:
            self.show_records(trace.ids[place])

    def _repr_mimebundle_(self, **given: Any) -> Any:
        return self.widget._repr_mimebundle_(**given)
