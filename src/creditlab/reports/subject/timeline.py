"""The timeline of one organisation's page as a chart: a mark for each record, by day and category."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

from creditlab.charts import Chart, lay_out
from creditlab.disclosure.subject import SubjectRelease
from creditlab.errors import DisclosureError
from creditlab.messages import N_, Messages, shortened
from creditlab.reports.subject.facts import Fact
from creditlab.terms import Nature

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: What a record says of the organisation: its name in the legend, a colour after Okabe and Ito, and a shape of its own.
_KINDS = {
    "for": (N_("speaks for it"), "#009E73", "triangle-up"),
    "neutral": (N_("says neither"), "#0072B2", "circle"),
    "against": (N_("speaks against it"), "#D55E00", "diamond"),
}
_ROW_HEIGHT = 34
_DAYS = {"type": "date", "fixedrange": True, "zeroline": False, "tickformat": "%Y-%m", "nticks": 8}


def timeline(
    released: SubjectRelease, facts: Sequence[Fact], category: Callable[[str], str], title: str, messages: Messages
) -> Chart:
    """Draw the records that an audience may see.

    A filled mark counts on the day, a hollow one is left out. Marks of one day and category lie on each other; the
    table has them one by one.

    Parameters
    ----------
    released
        The gate's answer, which the facts are of.
    facts
        The newest first, as the table has them.
    category
        What a category is called.

    Raises
    ------
    DisclosureError
        If `released` is none.
    """
    import plotly.graph_objects as go

    if not isinstance(released, SubjectRelease):
        raise DisclosureError("only what the gate released is drawn", do="Call disclosure.release_subject.")
    _ = messages.gettext
    rows = list(dict.fromkeys(category(one.item.category) for one in facts))
    figure = go.Figure()
    for kind, (name, colour, symbol) in _KINDS.items():
        of = [one for one in facts if _kind(one) == kind]
        if of:
            figure.add_trace(_marks(of, _(name), colour, symbol, category, messages))
    figure.update_layout(showlegend=True)
    lay_out(figure, rows, _DAYS, _ROW_HEIGHT)
    return Chart("timeline", title, _in_words(title, facts, messages), figure)


def _kind(fact: Fact) -> str:
    """What it says: what was not kept speaks against the organisation, whatever its item is about."""
    if fact.is_adverse or fact.is_broken:
        return "against"
    return "for" if fact.item.nature is Nature.POSITIVE or fact.is_kept else "neutral"


def _marks(
    facts: Sequence[Fact], name: str, colour: str, symbol: str, category: Callable[[str], str], messages: Messages
) -> go.Scatter:
    import plotly.graph_objects as go

    items = [
        escape(shortened(messages.named(one.item.item_name_zh, one.item.item_name_en)), quote=False) for one in facts
    ]
    return go.Scatter(
        x=[one.row["event_date"].isoformat() for one in facts],
        y=[escape(category(one.item.category), quote=False) for one in facts],
        customdata=items,
        mode="markers",
        cliponaxis=False,
        name=name,
        marker={
            "color": colour,
            "size": 11,
            "symbol": [symbol if one.left_out is None else f"{symbol}-open" for one in facts],
            "line": {"width": 2, "color": colour},
        },
        hovertemplate="%{x|%Y-%m-%d}: %{customdata}<extra>%{fullData.name}</extra>",
    )


def _in_words(title: str, facts: Sequence[Fact], messages: Messages) -> str:
    """How many records of which kind, and from when to when."""
    _ = messages.gettext
    if not facts:
        return _("{title}. No figure can be shown.").format(title=title)
    days = [one.row["event_date"] for one in facts]
    kinds = [_kind(one) for one in facts]
    counted = sum(one.left_out is None for one in facts)
    text = _(
        "{title}. A mark for each record, by day and category, from {first} to {last}. Records: {n}, of which "
        "{counted} count; {pro} speak for the organisation, {contra} against it, {neither} say neither. The table "
        "below has each."
    )
    return text.format(
        title=title, first=messages.day(min(days)), last=messages.day(max(days)), n=messages.integer(len(facts)),
        counted=messages.integer(counted), pro=messages.integer(kinds.count("for")),
        contra=messages.integer(kinds.count("against")), neither=messages.integer(kinds.count("neutral")),
    )  # fmt: skip
