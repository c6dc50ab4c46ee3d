"""Drawings of the page's own elements: a tile-grid map of the units, and one small panel for each department.

They are lists of words and numbers that the style lays out, so that they need no program, are read aloud as they stand,
and follow the page into dark and onto paper.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from creditlab.disclosure import Release
from creditlab.figures import PROVISIONAL, Cell, Figures, Row
from creditlab.messages import Messages, shortened
from creditlab.periods import Period
from creditlab.reports.places import places
from creditlab.reports.quarterly.base import where_measured
from creditlab.reports.quarterly.headlines import HEADLINED
from creditlab.reports.quarterly.words import MEASURES
from creditlab.reports.section import Drawing
from creditlab.terms import Measure

#: Shades go by the share, in steps of so many percentage points down from 100, and no more shades than these.
_STEP, _SHADES = 5, 5
#: What a tile or a panel has room for; the tables have the whole name.
_ROOM = 60


def tile_map(
    release: Release, measure: Measure, rows: Sequence[Row], period: Period, title: str, messages: Messages
) -> Drawing:
    """The share of each unit on a tile that lies about where the unit does; what has no place follows below.

    Parameters
    ----------
    rows
        One per unit, with its name as the label `region_name`.
    """
    figures = Figures(release, messages)
    placed = places(row.where["region_code"] for row in rows)
    tiles = []
    for row in rows:
        line, column = placed[row.where["region_code"]]
        cell = figures.share(**row.where, period_start=period.start)
        style = f"grid-row: {line}; grid-column: {column}"
        name = escape(shortened(row.labels["region_name"], _ROOM))
        tiles.append(
            f'<li class="shade-{_shade(cell)}" style="{style}"><span class="tile-title">{name}</span>'
            f'<span class="tile-share">{_text(cell)}</span></li>'
        )
    key = messages.gettext("Shade: 100 to 95 %, then steps of 5; the darkest is below 80 %. Every tile says its share.")
    html = f'<ul class="tile-map">{"".join(tiles)}</ul><p class="note">{escape(key)}</p>'
    return Drawing(f"map_{measure}", title, html, release)


def panels(release: Release, rows: Sequence[Row], period: Period, title: str, messages: Messages) -> Drawing:
    """A panel for each department: the headlined measures as bars on one scale, with their shares written out.

    Parameters
    ----------
    rows
        One per department, with its name as the label `department_name`.
    """
    figures, _ = Figures(release, messages), messages.gettext
    made = []
    for row in rows:
        lines = []
        for measure in HEADLINED:
            where = where_measured(measure, department=row.where["department"])
            cell = figures.share(**where, period_start=period.start)
            if not cell.text:
                continue
            width = f"{100 * cell.value:.1f}%" if isinstance(cell.value, float) else "0"
            lines.append(
                f'<li><span class="bar-title">{escape(_(MEASURES[measure].title))}</span>'
                f'<span class="bar"><span style="width: {width}"></span></span>'
                f'<span class="bar-share">{_text(cell)}</span></li>'
            )
        if lines:
            name = escape(shortened(row.labels["department_name"], _ROOM))
            made.append(f'<li><p class="panel-title">{name}</p><ul class="bars">{"".join(lines)}</ul></li>')
    return Drawing("panels", title, f'<ul class="panels">{"".join(made)}</ul>', release)


def _shade(cell: Cell) -> str:
    if not isinstance(cell.value, float):
        return "none"
    return str(min(int((1 - cell.value) * 100 / _STEP), _SHADES - 1))


def _text(cell: Cell) -> str:
    return escape(f"{cell.text} {PROVISIONAL}".strip() if cell.is_provisional else cell.text)
