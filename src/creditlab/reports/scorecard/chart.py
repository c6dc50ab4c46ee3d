"""The calibration plot: what the card expects of ten groups of organisations, and what happened."""

from __future__ import annotations

from collections.abc import Sequence

from creditlab.charts import BEFORE, FONTS, NOW, Chart
from creditlab.figures import Cell
from creditlab.messages import Messages

_HEIGHT = 420


def calibration_plot(name: str, title: str, groups: Sequence[tuple[Cell, Cell]], messages: Messages) -> Chart:
    """A dot per group, and the line on which expected and observed are the same.

    Parameters
    ----------
    groups
        Expected and observed share of each group, as cells of a release.
    """
    import plotly.graph_objects as go

    _ = messages.gettext
    shown = [
        (100 * one.value, 100 * other.value, f"{one.text} / {other.text}")
        for one, other in groups
        if isinstance(one.value, float) and isinstance(other.value, float)
    ]
    top = min(100.0, 1.1 * max([*(x for x, _y, _t in shown), *(y for _x, y, _t in shown)], default=1.0))
    axis = {"range": [0, top], "ticksuffix": "%", "zeroline": False, "fixedrange": True}
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=[0, top], y=[0, top], mode="lines", name=_("As expected"), hoverinfo="skip",
            line={"color": BEFORE, "dash": "dash"},
        )
    )  # fmt: skip
    figure.add_trace(
        go.Scatter(
            x=[x for x, _y, _t in shown], y=[y for _x, y, _t in shown], customdata=[text for _x, _y, text in shown],
            mode="markers", name=_("Happened"), marker={"color": NOW, "size": 11},
            hovertemplate="%{customdata}<extra>%{fullData.name}</extra>", cliponaxis=False,
        )
    )  # fmt: skip
    figure.update_layout(
        template="none", font={"family": FONTS, "size": 13}, paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)", height=_HEIGHT, margin={"l": 60, "r": 20, "t": 40, "b": 50},
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom"},
        xaxis={**axis, "title": {"text": _("Expected")}}, yaxis={**axis, "title": {"text": _("Happened")}},
    )  # fmt: skip
    alt = _("{title}. A dot for each of {count} groups: {groups} (expected / happened). The table below has the same.")
    said = alt.format(title=title, count=len(shown), groups="; ".join(text for _x, _y, text in shown))
    return Chart(name, title, said, figure)
