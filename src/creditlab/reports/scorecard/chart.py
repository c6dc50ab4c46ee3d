"""The calibration plot: what the card expects of ten groups of organisations, and what happened."""

from __future__ import annotations

from collections.abc import Sequence

from creditlab.charts import BEFORE, FONTS, MARGINS, NOW, ROW_HEIGHT, Chart
from creditlab.figures import Cell
from creditlab.messages import Messages


def calibration_plot(name: str, title: str, groups: Sequence[tuple[str, Cell, Cell]], messages: Messages) -> Chart:
    """Two dots per group: they lie on each other where the card's probabilities are right.

    Parameters
    ----------
    groups
        What a group is called, and its expected and its observed share, as cells of a release.
    """
    import plotly.graph_objects as go

    _ = messages.gettext
    shown = [one for one in groups if isinstance(one[1].value, float) and isinstance(one[2].value, float)]
    names = [one for one, _expected, _happened in shown]
    expected, happened = [one for _name, one, _happened in shown], [one for _name, _expected, one in shown]
    figure = go.Figure()
    for cells, called, colour, symbol in (
        (expected, _("Expected"), BEFORE, "diamond-open"),
        (happened, _("Happened"), NOW, "circle"),
    ):
        figure.add_trace(
            go.Scatter(
                x=[100 * one.value for one in cells if isinstance(one.value, float)],
                y=names,
                customdata=[one.text for one in cells],
                mode="markers",
                cliponaxis=False,
                name=called,
                marker={"color": colour, "symbol": symbol, "size": 11, "line": {"width": 2, "color": colour}},
                hovertemplate="%{y}: %{customdata}<extra>%{fullData.name}</extra>",
            )
        )
    figure.update_layout(
        template="none",
        font={"family": FONTS, "size": 13},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        height=MARGINS + ROW_HEIGHT * max(len(names), 1),
        margin={"l": 10, "r": 20, "t": 40, "b": 40},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "traceorder": "reversed"},
        xaxis={"range": [-2, 102], "ticksuffix": "%", "dtick": 20, "zeroline": False, "fixedrange": True},
        yaxis={
            "type": "category",
            "automargin": True,
            "categoryorder": "array",
            "categoryarray": names[::-1],
            "fixedrange": True,
            "range": [-0.7, len(names) - 0.3],
            "ticks": "",
            "ticksuffix": "  ",
        },
        hovermode="closest",
    )
    said = "; ".join(f"{one.text} / {other.text}" for _name, one, other in shown)
    alt = _("{title}. A dot for each of {count} groups: {groups} (expected / happened). The table below has the same.")
    return Chart(name, title, alt.format(title=title, count=len(shown), groups=said), figure)
