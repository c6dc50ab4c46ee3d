"""How a notebook shows a chart: on paper of its own, and with nothing in its corner that sends its figures away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

#: Without the buttons in a chart's corner: one of them uploads it to a service on the internet.
SETTINGS: dict[str, Any] = {"displayModeBar": False, "showSendToCloud": False, "displaylogo": False}


def on_paper(figure: go.Figure) -> go.Figure:
    """The figure as a notebook shows it, in light and dark: its ink is made for white."""
    import plotly.io as pio

    for name in pio.renderers:
        config = getattr(pio.renderers[name], "config", None)
        if isinstance(config, dict):
            config.update(SETTINGS)
    figure.update_layout(paper_bgcolor="#fff", plot_bgcolor="#fff")
    return figure
