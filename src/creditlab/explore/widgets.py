"""Controls for a notebook: choose a measure, look at it, click a dot to see what it is made of, down to records."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets as w
import plotly.graph_objects as go

from creditlab.errors import CreditlabError, UserError
from creditlab.explore.charting import SETTINGS
from creditlab.explore.choices import By
from creditlab.explore.shown import in_style
from creditlab.explore.view import View
from creditlab.messages import Messages
from creditlab.reports.quarterly.words import MEASURES
from creditlab.terms import Language, Measure

if TYPE_CHECKING:
    from creditlab.explore.session import Session

_ALL = ""
#: How many seconds pass until it is looked again whether the lake has changed.
_LOOKED_AFTER = 30.0
_LANGUAGES = (("English", str(Language.EN)), ("中文", str(Language.ZH_CN)))


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
        self._is_setting = self._is_of_faults = self._is_reloaded = False
        self.measure, self.period, self.against, self.by = _choice(), _choice(), _choice(), _choice()
        self.narrowed = {column: _choice() for column in (By.DEPARTMENT, By.REGION, By.ITEM)}
        self.language = _choice(options=_LANGUAGES, value=str(session.messages.language))
        self.unusual = w.Checkbox(value=session.is_internal, indent=False)
        self.back_button, self.faults_button, self.records_button = w.Button(), w.Button(), w.Button()
        self.reload_button = w.Button(button_style="warning")
        self.figure: Any = None
        self.title, self.table, self.said, self.changed = w.HTML(), w.HTML(), w.HTML(), w.HTML()
        self.code = w.Textarea(layout=w.Layout(width="auto", height="4em"))
        with self._setting():
            self._label()
        for one in self._controls():
            one.observe(self._chosen, "value")
        self.language.observe(lambda change: self.speak(change["new"]), "value")
        self.unusual.observe(lambda change: self._go(lambda: None), "value")
        self.back_button.on_click(lambda button: self.back())
        self.faults_button.on_click(lambda button: self.show_faults())
        self.records_button.on_click(lambda button: self.show_records())
        self.reload_button.on_click(lambda button: self.reload())
        self._go(lambda: None)
        if self.figure is None:
            self.figure = _widget(go.Figure())
        self.look_for_changes()

    @property
    def messages(self) -> Messages:
        """The reader's words."""
        return self._session.messages

    @property
    def view(self) -> View:
        """What is shown."""
        return self._path[-1]

    @property
    def widget(self) -> w.Widget:
        """Everything, one below the other."""
        internal = [self.records_button, self.unusual] if self._session.is_internal else []
        rows = (
            [self.changed, self.reload_button],
            [self.measure, self.period, self.against, self.by],
            [*self.narrowed.values(), self.language],
            [self.back_button, self.faults_button, *internal],
        )
        boxes = [w.HBox(row, layout=w.Layout(flex_flow="row wrap")) for row in rows]
        return w.VBox([*boxes, self.said, self.title, self.figure, self.table, self.code])

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
            self._go(lambda: None)
            return self.view
        if len(self._path) > 1:
            self._path.pop()
        self._go(lambda: None)
        return self.view

    def show_faults(self) -> None:
        """Show the faults of the records behind what is shown; a click on one of them shows its records."""
        self._go(self._show_faults, is_shown=True)

    def show_records(self, fault: str = "") -> None:
        """Show organisations' records behind what is shown, or those of them that have a fault."""

        def show() -> None:
            # The cells are escaped: a name is never markup.
            found = self.view.records(fault=fault)
            none = self.messages.gettext(
                "No organisation's record is behind this; of items that cover natural persons no record is listed."
            )
            said = found.to_html(index=False, escape=True, border=0) if len(found) else f"<p>{escape(none)}</p>"
            self.table.value = in_style(said)
            self._say_code(f".records({f'fault={fault!r}' if fault else ''})")

        self._go(show, is_shown=True)

    def speak(self, language: str) -> None:
        """Show everything in another language."""
        self._begin_again(lambda: self._session.speaking(language))

    def reload(self) -> None:
        """Show the same of the lake as it is now."""
        before, self._is_reloaded = self._is_reloaded, True
        if not self._begin_again(self._session.reload):
            self._is_reloaded = before

    def look_for_changes(self) -> None:
        """Say whether the lake has changed, now, and as long as a notebook's kernel waits for its user now and then."""
        self._say_changed()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            # No browser is looking.
            return
        loop.call_later(_LOOKED_AFTER, self.look_for_changes)

    def _say_changed(self) -> None:
        try:
            said = self._session.changed
        except CreditlabError as error:
            said = f'<p role="alert">{escape(error.what)}. {escape(error.do)}</p>'
        self.changed.value = in_style(said) if said else ""
        self.reload_button.layout.display = None if said else "none"

    def _begin_again(self, make: Callable[[], Session]) -> bool:
        """Show the way that was gone in another session; where that can't be, nothing changes."""
        before = self._session, self._path

        def step() -> None:
            session = self._session = make()
            self._path = [session.view(one.question) for one in before[1]]
            with self._setting():
                self._label()

        is_shown = self._go(step)
        if not is_shown:
            self._session, self._path = before
            with self._setting():
                self._label()
        self._say_changed()
        return is_shown

    @staticmethod
    def _first(session: Session) -> View:
        return session.measure(str(Measure.TIMELINESS), session.periods(1)[0], session.first_by)

    def _controls(self) -> list[w.Dropdown]:
        return [self.measure, self.period, self.against, self.by, *self.narrowed.values()]

    def _label(self) -> None:
        """Name the controls, and what can be chosen, in the reader's language; what is chosen stays."""
        _, session = self.messages.gettext, self._session
        groups = {By.DEPARTMENT: _("Department"), By.REGION: _("Region"), By.ITEM: _("Item")}
        named = {By.DEPARTMENT: session.departments, By.REGION: session.regions, By.ITEM: session.items}
        periods = [(self.messages.period(one), one.label) for one in session.periods()]
        _options(self.measure, _("Measure"), [(_(MEASURES[one].title), str(one)) for one in Measure])
        _options(self.period, _("Period"), periods)
        _options(self.against, _("Against"), [(_("the period before"), _ALL), *periods])
        _options(self.by, _("By"), [(title, str(one)) for one, title in groups.items()])
        for column, box in self.narrowed.items():
            own = session.own.get(column)
            codes = [(name, code) for code, name in named[column].items() if own is None or code in own]
            _options(box, groups[column], [(_("All"), _ALL), *codes])
        self.language.description, self.language.value = _("Language"), str(self.messages.language)
        self.unusual.description = _("Mark unusual volumes")
        self.back_button.description = _("Back")
        self.faults_button.description, self.records_button.description = _("Faults"), _("Records")
        self.reload_button.description, self.code.description = _("Reload"), _("Code")

    @contextmanager
    def _setting(self) -> Iterator[None]:
        """Change controls without each change asking the lake."""
        before, self._is_setting = self._is_setting, True
        try:
            yield
        finally:
            self._is_setting = before

    def _chosen(self, change: Any) -> None:
        if self._is_setting:
            return
        where = {column.word: box.value or None for column, box in self.narrowed.items()}

        def go_there() -> None:
            against = self.against.value or None
            view = self._session.measure(self.measure.value, self.period.value, self.by.value, against=against, **where)
            # A page that is given choices anew, as in another language, answers with what is chosen already.
            if change is None or view.question != self.view.question:
                self._path.append(view)

        self._go(go_there)

    def _go(self, step: Callable[[], object], *, is_shown: bool = False) -> bool:
        """Take a step; where it can't be taken, say why and leave what is shown as it is."""
        if self._is_setting:
            return True
        path, self.said.value = list(self._path), ""
        try:
            step()
            if not is_shown:
                self._show()
        except UserError as error:
            self._path = path
            self.said.value = in_style(f'<p role="alert">{escape(error.what)}. {escape(error.do)}</p>')
            return False
        finally:
            self._say_changed()
        return True

    def _show(self) -> None:
        view, question = self.view, self.view.question
        chart = view.chart(unusual=self.unusual.value) if question.by else go.Figure()
        table = view.html
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
        self._draw(view.table.caption, chart, self._clicked)
        self.table.value, self._is_of_faults, self.back_button.disabled = table, False, len(self._path) == 1
        self._say_code("")

    def _show_faults(self) -> None:
        faults = self.view.faults()
        chart, table = faults.chart(), faults.html
        self._draw(f"{faults.table.caption}{self.view.where}", chart, self._fault_clicked)
        self.table.value, self._is_of_faults, self.back_button.disabled = table, True, False
        self._say_code(".faults()")

    def _say_code(self, further: str) -> None:
        """Show the lines that make what is shown; the notebook's own session is still at the run that it began with."""
        first = "ws = ws.reload()\n" if self._is_reloaded else ""
        self.code.value = f"{first}{self.view.code()}{further}"

    def _draw(self, title: str, chart: go.Figure, clicked: Callable[..., None]) -> None:
        self.title.value = in_style(f"<h3>{escape(title)}</h3>")
        if self.figure is None:
            # The first chart is there from the beginning: what is sent to a page that is still loading may be lost.
            self.figure = _widget(chart)
        else:
            with self.figure.batch_update():
                self.figure.data = []
                self.figure.add_traces(chart.data)
                self.figure.layout = chart.layout
                self.figure.layout.autosize = True
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


def _widget(chart: go.Figure) -> go.FigureWidget:
    """A chart that a notebook can go on changing, as wide as its place on the page."""
    figure = go.FigureWidget(chart)
    figure.layout.autosize = True
    # No other way is left to a widget's settings.
    figure._config = {**figure._config, **SETTINGS, "responsive": True}
    return figure


def _choice(**given: Any) -> w.Dropdown:
    """A control that is never wider than its place, however long its choices are."""
    return w.Dropdown(layout=w.Layout(min_width="0", max_width="calc(100% - 4px)"), **given)


def _options(box: w.Dropdown, title: str, options: list[tuple[str, str]]) -> None:
    """Give a control its choices anew; the one chosen stays, where it is still one of them."""
    chosen = box.value
    box.description, box.options = title, options
    box.value = chosen if chosen in [value for _, value in options] else options[0][1]
