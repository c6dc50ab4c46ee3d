"""Release -> plotly figure, with an alternative text that is made from the same figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

from creditlab.disclosure import Marker, Release, require_release
from creditlab.figures import PROVISIONAL, Figures, Row
from creditlab.messages import Messages
from creditlab.periods import Period

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: Two colours that people with any common colour blindness tell apart, on light and on dark (after Okabe and Ito).
#: The marks differ in shape too, so that nothing hangs on colour.
NOW, BEFORE = "#0072B2", "#E69F00"
#: What is out of the ordinary; its mark is a ring, so that nothing hangs on colour.
UNUSUAL = "#D55E00"
#: Eight such colours for lines; beyond eight, the dash tells them apart.
LINES = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#7F7F7F", "#B8A800")
DASHES = ("solid", "dash", "dot", "dashdot")
FONTS = "Noto Sans, Noto Sans CJK SC, Noto Sans SC, Microsoft YaHei, PingFang SC, sans-serif"
ROW_HEIGHT, MARGINS = 26, 110
_LOOK: Mapping[str, Any] = {
    "template": "none",
    "font": {"family": FONTS, "size": 13},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "hovermode": "closest",
}
_PERCENT: Mapping[str, Any] = {
    "range": [-2, 102], "ticksuffix": "%", "dtick": 20, "zeroline": False, "fixedrange": True,
}  # fmt: skip


@dataclass(frozen=True)
class Chart:
    """A figure, its name in files, its title, and what it shows in words."""

    name: str
    title: str
    alt: str
    figure: go.Figure


@dataclass(frozen=True)
class Series:
    """Dots of one colour and shape: what they are called, and for each its row, its percentage and how it is read."""

    name: str
    points: Sequence[tuple[str, float, str]]
    colour: str
    symbol: str


def dots(rows: Sequence[str], series: Sequence[Series]) -> go.Figure:
    """Dots on one scale of 0 to 100 %, a row each; the first row is on top, the last series first in the legend."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for one in series:
        figure.add_trace(
            go.Scatter(
                x=[share for _, share, _ in one.points],
                y=[escape(row, quote=False) for row, _, _ in one.points],
                customdata=[text for _, _, text in one.points],
                mode="markers",
                cliponaxis=False,  # a dot at 100 % is a whole dot
                name=one.name,
                marker={
                    "color": one.colour,
                    "symbol": one.symbol,
                    "size": 11,
                    "line": {"width": 2, "color": one.colour},
                },
                hovertemplate="%{y}: %{customdata}<extra>%{fullData.name}</extra>",
            )
        )
    lay_out(figure, rows, _PERCENT, ROW_HEIGHT, traceorder="reversed")
    return figure


def mark(figure: go.Figure, points: Sequence[tuple[float, str, str, str]], name: str) -> None:
    """Ring some of a figure's dots, as what is called `name`: for each its percentage, its row, why, and its code."""
    import plotly.graph_objects as go

    if not points:
        return
    figure.add_trace(
        go.Scatter(
            x=[share for share, _, _, _ in points],
            y=[row for _, row, _, _ in points],
            customdata=[escape(why, quote=False) for _, _, why, _ in points],
            ids=[code for _, _, _, code in points],
            mode="markers",
            cliponaxis=False,
            name=name,
            marker={"color": UNUSUAL, "symbol": "circle-open", "size": 20, "line": {"width": 3, "color": UNUSUAL}},
            hovertemplate="%{customdata}<extra>%{fullData.name}</extra>",
        )
    )


def bars(
    release: Release, *, name: str, title: str, label: str, rows: Sequence[Row], start: date, messages: Messages
) -> Chart:
    """Plain counts of a period as bars, a row each. Raises DisclosureError if `release` is none.

    Parameters
    ----------
    label
        Which of the rows' labels names a row on the axis.
    start
        The period's first day.
    """
    import plotly.graph_objects as go

    figures = Figures(require_release(release), messages)
    cells = [figures.count(**row.where, period_start=start) for row in rows]
    names = _distinct([row.labels[label] for row in rows])
    shown = [(one, cell) for one, cell in zip(names, cells, strict=True) if isinstance(cell.value, int)]
    figure = go.Figure(
        go.Bar(
            x=[cell.value for _, cell in shown],
            y=[escape(one, quote=False) for one, _ in shown],
            text=[cell.text for _, cell in shown],
            orientation="h",
            marker={"color": NOW},
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    )
    lay_out(figure, [one for one, _ in shown], {"rangemode": "tozero", "fixedrange": True}, ROW_HEIGHT)
    _ = messages.gettext
    alt = _("{title}. Bar chart.").format(title=title) + " " + _("The table below has the same figures.")
    return Chart(name, title, alt, figure)


def lay_out(figure: go.Figure, rows: Sequence[str], axis: Mapping[str, Any], row_height: int, **legend: str) -> None:
    """Give a figure of marks in rows its look: the first row on top, the legend above, no background."""
    figure.update_layout(
        **_LOOK,
        height=MARGINS + row_height * max(len(rows), 1),
        margin={"l": 10, "r": 20, "t": 40, "b": 40},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", **legend},
        xaxis=axis,
        yaxis={
            "type": "category",
            "automargin": True,
            "categoryorder": "array",
            "categoryarray": [escape(row, quote=False) for row in rows[::-1]],
            "fixedrange": True,
            "range": [-0.7, len(rows) - 0.3],
            "ticks": "",
            "ticksuffix": "  ",
        },
    )


def shares(
    release: Release,
    *,
    name: str,
    title: str,
    label: str,
    rows: Sequence[Row],
    period: Period,
    previous: Period,
    messages: Messages,
    called: tuple[str, str] | None = None,
) -> Chart:
    """Shares of groups in a period, and in the period before where both are mature.

    A dot per row and period on one scale of 0 to 100 %. Suppressed and empty cells have no dot; provisional ones say
    `(p)` and are not compared. Raises DisclosureError if `release` is none.

    Parameters
    ----------
    label
        Which of the rows' labels names a row on the axis.
    called
        What the legend calls the period before and the period, where the shares are of a day in each; None for their
        own names.
    """
    figures = Figures(require_release(release), messages)
    now: list[tuple[str, float, str]] = []
    before: list[tuple[str, float, str]] = []
    hidden = 0
    names = _distinct([row.labels[label] for row in rows])
    for row, row_name in zip(rows, names, strict=True):
        current = figures.share(**row.where, period_start=period.start)
        earlier = figures.share(**row.where, period_start=previous.start)
        hidden += current.marker is Marker.SUPPRESSED
        if isinstance(current.value, float):
            suffix = f" {PROVISIONAL}" if current.is_provisional else ""
            now.append((row_name, 100 * current.value, current.text + suffix))
            if isinstance(earlier.value, float) and not (current.is_provisional or earlier.is_provisional):
                before.append((row_name, 100 * earlier.value, earlier.text))
    shown = [row_name for row_name, _, _ in now]
    name_before, name_now = called or (messages.period(previous), messages.period(period))
    figure = dots(shown, (Series(name_before, before, BEFORE, "diamond-open"), Series(name_now, now, NOW, "circle")))
    return Chart(name, title, _in_words(title, now, hidden, messages), figure)


def course(
    release: Release,
    *,
    name: str,
    title: str,
    label: str,
    rows: Sequence[Row],
    periods: Sequence[Period],
    messages: Messages,
) -> Chart:
    """A share over several periods: a line for each row, hollow dots where late arrivals are still to come.

    Suppressed and empty cells are gaps. Raises DisclosureError if `release` is none.

    Parameters
    ----------
    label
        Which of the rows' labels names a line.
    periods
        In the order of the axis.
    """
    import plotly.graph_objects as go

    figures = Figures(require_release(release), messages)
    axis = [messages.period(one) for one in periods]
    figure = go.Figure()
    for place, (row, line) in enumerate(zip(rows, _distinct([row.labels[label] for row in rows]), strict=True)):
        cells = [figures.share(**row.where, period_start=one.start) for one in periods]
        shown = [100 * cell.value if isinstance(cell.value, float) else None for cell in cells]
        colour = LINES[place % len(LINES)]
        figure.add_trace(
            go.Scatter(
                x=axis,
                y=shown,
                customdata=[f"{cell.text} {PROVISIONAL if cell.is_provisional else ''}".strip() for cell in cells],
                mode="lines+markers",
                connectgaps=False,
                name=escape(line, quote=False),
                line={"color": colour, "dash": DASHES[place // len(LINES) % len(DASHES)]},
                marker={"size": 8, "symbol": ["circle-open" if cell.is_provisional else "circle" for cell in cells]},
                hovertemplate="%{x}: %{customdata}<extra>%{fullData.name}</extra>",
            )
        )
    figure.update_layout(
        **_LOOK,
        height=MARGINS + 320,
        margin={"l": 50, "r": 20, "t": 40, "b": 60},
        yaxis=_PERCENT,
        xaxis={"fixedrange": True, "type": "category"},
    )
    _ = messages.gettext
    alt = _("{title}. Line chart: a line for each row, a point for each period from {first} to {last}.")
    alt = alt.format(title=title, first=axis[0], last=axis[-1]) + " " + _("The table below has the same figures.")
    return Chart(name, title, alt, figure)


def _distinct(names: Sequence[str]) -> list[str]:
    """Names as an axis needs them: two rows of one name must not fall together."""
    seen: dict[str, int] = {}
    made = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        made.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return made


def _in_words(title: str, points: Sequence[tuple[str, float, str]], hidden: int, messages: Messages) -> str:
    _ = messages.gettext
    if not points:
        return _("{title}. No figure can be shown.").format(title=title)
    low, high = min(points, key=lambda one: one[1]), max(points, key=lambda one: one[1])
    text = messages.ngettext(
        "{title}. Dot chart with {n} row. Lowest: {low} with {low_share}. Highest: {high} with {high_share}.",
        "{title}. Dot chart with {n} rows. Lowest: {low} with {low_share}. Highest: {high} with {high_share}.",
        len(points),
    ).format(title=title, n=len(points), low=low[0], low_share=low[2], high=high[0], high_share=high[2])
    if hidden:
        text += " " + messages.ngettext("{n} row is suppressed.", "{n} rows are suppressed.", hidden).format(
            n=messages.integer(hidden)
        )
    return f"{text} " + _("The table below has the same figures.")
