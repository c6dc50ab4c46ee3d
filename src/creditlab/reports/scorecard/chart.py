"""The calibration plot: what the card expects of ten groups of organisations, and what happened."""

from __future__ import annotations

from collections.abc import Sequence

from creditlab.charts import BEFORE, NOW, Chart, Series, dots
from creditlab.figures import Cell
from creditlab.messages import Messages


def calibration_plot(name: str, title: str, groups: Sequence[tuple[str, Cell, Cell]], messages: Messages) -> Chart:
    """Two dots per group: they lie on each other where the card's probabilities are right.

    Parameters
    ----------
    groups
        What a group is called, and its expected and its observed share, as cells of a release.
    """
    _ = messages.gettext
    shown = [one for one in groups if isinstance(one[1].value, float) and isinstance(one[2].value, float)]
    names = [one for one, _expected, _happened in shown]
    figure = dots(
        names,
        (
            Series(_("Expected"), _points(names, [one for _name, one, _happened in shown]), BEFORE, "diamond-open"),
            Series(_("Happened"), _points(names, [one for _name, _expected, one in shown]), NOW, "circle"),
        ),
    )
    said = "; ".join(f"{one.text} / {other.text}" for _name, one, other in shown)
    alt = _("{title}. A dot for each of {count} groups: {groups} (expected / happened). The table below has the same.")
    return Chart(name, title, alt.format(title=title, count=len(shown), groups=said), figure)


def _points(names: Sequence[str], cells: Sequence[Cell]) -> list[tuple[str, float, str]]:
    return [
        (name, 100 * one.value, one.text)
        for name, one in zip(names, cells, strict=True)
        if isinstance(one.value, float)
    ]
