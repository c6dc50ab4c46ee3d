"""How well planted falls and floods are found: the curve of precision over recall, as CSV, picture and table.

Run from the repository's root: .venv/bin/python -m benchmarks.unusual_volumes
"""

from __future__ import annotations

import argparse
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.measuring import write_section
from benchmarks.planted import HELD_OUT, PLANTED, TUNING, Planted, plant
from creditlab.monitoring.expected import expectations
from creditlab.monitoring.findings import Kind
from creditlab.monitoring.thresholds import read_thresholds
from creditlab.monitoring.unusual import kind_of
from creditlab.terms import MatterRule

ROOT = Path(__file__).resolve().parents[1]
LIMITS = read_thresholds()[MatterRule.UNUSUAL_VOLUME]
SCORES = (1.5, 2.0, 2.25, 2.5, 3.0)
_SIGNS = {Kind.FALL: -1, Kind.NONE: 0, Kind.FLOOD: 1}
TUNING_SEED, HELD_OUT_SEED = 5, 20261101


@dataclass(frozen=True)
class Found:
    """What came out of series at one threshold; precision and recall in the right direction only."""

    series: int
    planted: int
    hits: int
    raised: int

    @property
    def precision(self) -> float:
        """Of what was raised, the share that was planted."""
        return self.hits / self.raised

    @property
    def recall(self) -> float:
        """Of what was planted, the share that was raised."""
        return self.hits / self.planted


def assess(planted: list[Planted], score: float) -> tuple[Found, Found]:
    """Count hits at a threshold: among the series in which a change of 50 % would show either way, and among all."""
    limits = {**LIMITS, "score": score}
    found = expectations([one.series for one in planted], score=score, sought=limits["sought"])
    kinds = [kind_of(one.series, expected, limits) for one, expected in zip(planted, found, strict=True)]
    verdicts = np.array([_SIGNS[kind] for kind in kinds])
    truths = np.array([one.truth for one in planted])
    judged = np.array([one.shows_fall and one.shows_flood for one in found])
    return _count(verdicts[judged], truths[judged]), _count(verdicts, truths)


def _count(verdicts: np.ndarray, truths: np.ndarray) -> Found:
    hits = int(((verdicts != 0) & (verdicts == truths)).sum())
    return Found(len(truths), int((truths != 0).sum()), hits, int((verdicts != 0).sum()))


def main() -> None:
    """Measure, then write docs/unusual_volumes.csv, its picture and the table in docs/monitoring.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=1000)
    chosen = parser.parse_args()
    rows = []
    for name, worlds, seed in (("tuning", TUNING, TUNING_SEED), ("held out", HELD_OUT, HELD_OUT_SEED)):
        planted = plant(worlds, chosen.series, seed)
        for score in SCORES:
            for which, one in zip(("judged", "all"), assess(planted, score), strict=True):
                rows.append([name, which, score, one.series, one.planted, one.hits,
                             one.raised, round(one.precision, 4), round(one.recall, 4)])  # fmt: skip
    columns = ["worlds", "series", "score", "counted", "planted", "hits", "raised", "precision", "recall"]
    with (ROOT / "docs/unusual_volumes.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([columns, *rows])
    (ROOT / "docs/unusual_volumes.svg").write_text(_picture(rows), encoding="utf-8")
    write_section(ROOT / "docs/monitoring.md", "Measured", _table(rows, chosen.series))


def _table(rows: list[list[object]], series: int) -> str:
    lines = [
        f"{series:,} made-up series of each sort, a fall or a flood of 50 % planted in {PLANTED:.0%} of them.\n",
        "| worlds | series | half width | judged | precision | recall |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for worlds, which, score, counted, _, _, _, precision, recall in rows:
        mark = "**" if score == LIMITS["score"] else ""
        lines.append(f"| {worlds} | {which} | {mark}{score}{mark} | {counted:,} | {precision:.2f} | {recall:.2f} |")
    return "\n".join(lines)


_WIDTH, _HEIGHT, _LEFT, _TOP, _SIDE = 640, 460, 70, 40, 360
_LOW = 0.5
_STYLES = {
    ("held out", "judged"): ("#0b5394", ""),
    ("held out", "all"): ("#0b5394", "5 4"),
    ("tuning", "judged"): ("#b45f06", ""),
    ("tuning", "all"): ("#b45f06", "5 4"),
}


def _picture(rows: list[list[object]]) -> str:
    """The curves as SVG: precision upwards, recall to the right, both from one half to one."""

    def place(recall: float, precision: float) -> tuple[float, float]:
        right, up = ((value - _LOW) / (1 - _LOW) for value in (recall, precision))
        return _LEFT + right * _SIDE, _TOP + (1 - up) * _SIDE

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="13">',
        "<title>Planted falls and floods of 50 %: precision over recall (synthetic series)</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
        f'<text x="{_LEFT}" y="22" font-size="15">Planted falls and floods of 50 %, synthetic series</text>',
    ]
    for step in range(6):
        value = _LOW + step / 10
        x, y = place(value, value)
        parts.append(f'<path d="M{x:.0f} {_TOP}V{_TOP + _SIDE}M{_LEFT} {y:.0f}H{_LEFT + _SIDE}" stroke="#ddd"/>')
        parts.append(f'<text x="{x:.0f}" y="{_TOP + _SIDE + 18}" text-anchor="middle">{value:.1f}</text>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{value:.1f}</text>')
    x, y = place(0.8, 0.8)
    parts.append(f'<path d="M{x:.0f} {_TOP}V{y:.0f}H{_LEFT + _SIDE}" fill="none" stroke="#555" stroke-width="1.5"/>')
    parts.append(f'<text x="{_LEFT + _SIDE / 2}" y="{_HEIGHT - 8}" text-anchor="middle">recall</text>')
    parts.append(
        f'<text transform="translate(24 {_TOP + _SIDE / 2}) rotate(-90)" text-anchor="middle">precision</text>'
    )
    for number, ((worlds, which), (colour, dash)) in enumerate(_STYLES.items()):
        points = [(*place(row[8], row[7]), row[2]) for row in rows if (row[0], row[1]) == (worlds, which)]
        shown = [(x, y, score) for x, y, score in points if x >= _LEFT and y <= _TOP + _SIDE]
        line = "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in shown)
        parts.append(f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>')
        for x, y, score in shown:
            size = 5.5 if score == LIMITS["score"] else 2.5
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size}" fill="{colour}"/>')
        y = _TOP + 20 + 24 * number
        x = _LEFT + _SIDE + 14
        parts.append(
            f'<path d="M{x} {y}h26" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
            f'<text x="{x + 32}" y="{y + 4}">{worlds}, {which}</text>'
        )
    parts.append(f'<text x="{_LEFT + _SIDE + 14}" y="{_TOP + 126}">large dot: {LIMITS["score"]}</text>')
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    main()
