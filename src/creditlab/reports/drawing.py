"""A chart as a still image: the same dots and lines as on the page, drawn without a browser.

Only what creditlab draws is drawn: markers in rows over percentages or days, and lines over categories and
percentages. The same figure gives the same bytes.
"""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from html import escape, unescape
from typing import Any

_INK, _GRID = "#1a1f26", "#d5dae0"
_WIDTH, _RIGHT, _TOP, _ROW, _SIZE = 720, 24, 40, 24, 12
_FONTS = "Noto Sans, Noto Sans CJK SC, sans-serif"
#: Most of the width that labels may take, and how wide a Latin character is.
_LABELS, _CHARACTER = 300, 6.6
#: Points between two ticks of the percent axis, and its ends.
_STEP, _LOW, _HIGH = 20, 0.0, 100.0
_COURSE_HEIGHT = 260
_DAY_TICKS = 6
_OPEN = "-open"

#: How a value is a number, the ends of the axis, and its ticks with their labels.
_Scale = tuple[Callable[[Any], float], float, float, Sequence[tuple[float, str]]]


def to_svg(figure: Mapping[str, Any], alt: str) -> str:
    """The chart as SVG, with its description as title."""
    categories = figure["layout"].get("yaxis", {}).get("categoryarray")
    parts, height = _dots(figure, categories) if categories is not None else _course(figure)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" font-family="{_FONTS}" font-size="{_SIZE}" fill="{_INK}"><title>{escape(alt)}</title>'
        f"{''.join(parts)}</svg>"
    )


def to_data_uri(figure: Mapping[str, Any], alt: str) -> str:
    """The chart as an address that holds the whole image."""
    return "data:image/svg+xml;base64," + base64.b64encode(to_svg(figure, alt).encode()).decode()


def _dots(figure: Mapping[str, Any], categories: Sequence[str]) -> tuple[list[str], int]:
    rows = list(categories)[::-1]
    left = min(max((_width(row) for row in rows), default=0) + 16, _LABELS)
    height = _TOP + _ROW * max(len(rows), 1) + 28
    at = {row: _TOP + _ROW * (place + 0.5) for place, row in enumerate(rows)}
    span = _WIDTH - left - _RIGHT
    value, low, high, ticks = _days(figure["data"]) if _has_days(figure) else _percentages()

    def across(number: float) -> float:
        return left + span * (number - low) / (high - low)

    parts = _legend(figure["data"], left)
    for tick, label in ticks:
        parts.append(_line(across(tick), _TOP, across(tick), height - 24))
        parts.append(_text(across(tick), height - 8, label, "middle"))
    parts += [_text(left - 10, y + 4, _cut(row, left - 16), "end") for row, y in at.items()]
    for trace in figure["data"]:
        for place, (one, row) in enumerate(zip(trace.get("x") or (), trace.get("y") or (), strict=True)):
            parts.append(_mark(across(value(one)), at[row], trace["marker"]["color"], _symbol(trace, place)))
    return parts, height


def _percentages() -> _Scale:
    return float, _LOW, _HIGH, [(tick, f"{tick}%") for tick in range(int(_LOW), int(_HIGH) + 1, _STEP)]


def _has_days(figure: Mapping[str, Any]) -> bool:
    return bool(figure["layout"].get("xaxis", {}).get("type") == "date")


def _days(traces: Sequence[Mapping[str, Any]]) -> _Scale:
    """Days by their numbers, with ticks at equal distances from the first to the last."""
    found = [_day(one) for trace in traces for one in trace.get("x") or ()]
    if not found:
        return _day, _LOW, _HIGH, []
    low, high = min(found), max(found)
    high += low == high
    ticks = sorted({low + (high - low) * place // _DAY_TICKS for place in range(_DAY_TICKS + 1)})
    return _day, low, high, [(one, f"{date.fromordinal(one):%Y-%m}") for one in ticks]


def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def _symbol(trace: Mapping[str, Any], place: int) -> str:
    symbol = trace["marker"]["symbol"]
    return symbol if isinstance(symbol, str) else str(symbol[place])


def _course(figure: Mapping[str, Any]) -> tuple[list[str], int]:
    left, height = 48, _TOP + _COURSE_HEIGHT + 28
    axis = list(figure["data"][0].get("x") or ()) if figure["data"] else []
    step = (_WIDTH - left - _RIGHT) / max(len(axis), 1)

    def up(share: float) -> float:
        return _TOP + _COURSE_HEIGHT * (1 - (share - _LOW) / (_HIGH - _LOW))

    parts = _legend(figure["data"], left)
    for tick in range(int(_LOW), int(_HIGH) + 1, _STEP):
        parts.append(_line(left, up(tick), _WIDTH - _RIGHT, up(tick)))
        parts.append(_text(left - 8, up(tick) + 4, f"{tick}%", "end"))
    parts += [_text(left + step * (i + 0.5), height - 8, one, "middle") for i, one in enumerate(axis)]
    for trace in figure["data"]:
        places = [(left + step * (i + 0.5), up(y)) if y is not None else None for i, y in enumerate(trace["y"])]
        colour = trace["line"]["color"]
        for one, two in itertools.pairwise(places):
            if one and two:
                parts.append(_line(*one, *two, colour, 2))
        parts += [_mark(*place, colour, _symbol(trace, i)) for i, place in enumerate(places) if place]
    return parts, height


def _legend(traces: Sequence[Mapping[str, Any]], left: float) -> list[str]:
    parts, x = [], left
    for trace in reversed(traces):
        symbol, colour = _symbol(trace, 0), trace["marker"].get("color") or trace["line"]["color"]
        if not isinstance(trace["marker"]["symbol"], str):
            # Its marks differ in fill only; the legend has the filled one.
            symbol = symbol.removesuffix(_OPEN)
        parts.append(_mark(x + 6, 16, colour, symbol))
        parts.append(_text(x + 18, 20, unescape(trace["name"]), "start"))
        x += 40 + _width(trace["name"])
    return parts


def _mark(x: float, y: float, colour: str, symbol: str) -> str:
    fill = "#ffffff" if symbol.endswith(_OPEN) else colour
    style = f'fill="{fill}" stroke="{colour}" stroke-width="2"'
    if symbol.startswith("diamond"):
        return f'<path d="M{x:.1f} {y - 6:.1f}l6 6l-6 6l-6 -6z" {style}/>'
    if symbol.startswith("triangle-up"):
        return f'<path d="M{x:.1f} {y - 6:.1f}l6 11h-12z" {style}/>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" {style}/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str = _GRID, width: float = 1) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" stroke-width="{width}" fill="none"/>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _width(text: str) -> float:
    return sum(2 if ord(sign) > 0x2E80 else 1 for sign in unescape(text)) * _CHARACTER


def _cut(text: str, width: float) -> str:
    kept, used = "", 0.0
    for sign in unescape(text):
        used += _width(sign)
        if used > width:
            return kept + "…"
        kept += sign
    return kept
