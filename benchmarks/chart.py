"""A bar chart as SVG, without anything that would have to be installed."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

_WIDTH, _LABEL, _BAR, _STEP, _TOP = 900, 230, 22, 36, 86
_COLOURS = {"own": "#b3541e", "whole": "#2f6f8f", "part": "#a9b8c0"}
_INK, _PALE = "#222222", "#5c6670"


@dataclass(frozen=True)
class Bar:
    """One bar: its label, its length, the text at its end, and its kind: `own`, `whole` or `part`."""

    label: str
    value: float
    text: str
    kind: str


def bars(title: str, subtitle: str, rows: list[Bar], legend: dict[str, str]) -> str:
    """Bars from one zero, in the order given, with their texts; `legend` says what each kind is."""
    most = max(one.value for one in rows)
    room = _WIDTH - _LABEL - 200
    height = _TOP + _STEP * len(rows) + 34
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(title, quote=True)}" font-family="Helvetica, Arial, \'Noto Sans\', sans-serif">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(16, 30, title, 18, weight="bold"),
        _text(16, 54, subtitle, 13, colour=_PALE),
    ]
    for place, one in enumerate(rows):
        y = _TOP + _STEP * place
        length = max(room * one.value / most, 1)
        parts += [
            _text(_LABEL - 10, y + 16, one.label, 14, anchor="end", weight="bold" if one.kind == "own" else "normal"),
            f'<rect x="{_LABEL}" y="{y}" width="{length:.1f}" height="{_BAR}" fill="{_COLOURS[one.kind]}"/>',
            _text(_LABEL + length + 8, y + 16, one.text, 13, colour=_PALE),
        ]
    bottom = _TOP + _STEP * len(rows)
    parts.append(f'<path d="M{_LABEL} {_TOP - 8}V{bottom - 6}" stroke="{_INK}" stroke-width="1"/>')
    x = _LABEL
    for kind, words in legend.items():
        parts.append(f'<rect x="{x}" y="{bottom + 6}" width="12" height="12" fill="{_COLOURS[kind]}"/>')
        parts.append(_text(x + 18, bottom + 17, words, 12, colour=_PALE))
        x += 30 + 7 * len(words)
    return "\n".join([*parts, "</svg>", ""])


def _text(
    x: float, y: float, words: str, size: int, *, colour: str = _INK, anchor: str = "start", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(words)}</text>'
    )
