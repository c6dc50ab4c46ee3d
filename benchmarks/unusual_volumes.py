"""How well planted falls and floods are found: the curve of precision over recall, as CSV, picture and table.

Run from the repository's root: .venv/bin/python -m benchmarks.unusual_volumes
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.detectable import FALSE_ALARMS, POWER, least_mean, power
from benchmarks.measuring import write_section
from benchmarks.planted import TUNING, Planted, provinces
from benchmarks.unseen import HELD_OUT
from creditlab.monitoring.expected import Expectation, Learned
from creditlab.monitoring.findings import Kind
from creditlab.monitoring.series import Series
from creditlab.monitoring.thresholds import read_thresholds
from creditlab.monitoring.unusual import judgeable, verdicts
from creditlab.terms import MatterRule

ROOT = Path(__file__).resolve().parents[1]
LIMITS = read_thresholds()[MatterRule.UNUSUAL_VOLUME]
SCORES = (1.5, 1.8, 2.0, 2.2, 2.4, 2.7, 3.0)
_SIGNS = {Kind.FALL: -1, Kind.NONE: 0, Kind.FLOOD: 1}


@dataclass(frozen=True)
class Found:
    """What came out at one threshold; precision and recall in the right direction only."""

    series: int
    planted: int
    hits: int
    raised: int

    @property
    def precision(self) -> float:
        """Of what was raised, the share that was planted."""
        return self.hits / self.raised if self.raised else 1.0

    @property
    def recall(self) -> float:
        """Of what was planted, the share that was raised."""
        return self.hits / self.planted if self.planted else 1.0


@dataclass(frozen=True)
class Outcome:
    """What was found of all, where it is judged, of what is detectable, of the rest, and by fault and sort.

    Attributes
    ----------
    judged
        Months where the method says beforehand that such a change would show (`shows` of rules.toml); without what is
        raised elsewhere because it lies so far off.
    ceiling
        The recall over everything of somebody who knows each series' mean and restlessness.
    false_alarms
        Of months with nothing planted, the share that was raised.
    """

    everything: Found
    judged: Found
    detectable: Found
    unjudged: Found
    ceiling: float
    false_alarms: float
    by_fault: dict[str, Found]
    by_sort: dict[str, Found]


def assess(those: list[list[Planted]], scores: Sequence[float], *, units: bool) -> list[Outcome]:
    """Judge provinces one by one, as a run does, at each threshold: departments' totals, or units.

    What is not judged (a short past, too many months without records) is not raised, and counts as missed.
    """
    judged: dict[float, list[tuple[Planted, int, bool]]] = defaultdict(list)
    for province in those:
        own = [one for one in province if bool(one.series.region_code) == units]
        able = judgeable([one.series for one in own], LIMITS)
        learned = Learned(able)
        for score in scores:
            found = {
                _key(one): (_SIGNS[kind], expected)
                for one, expected, kind in verdicts(able, learned, LIMITS | {"score": score})
            }
            for one in own:
                if one.counts:
                    verdict, expected = found.get(_key(one.series), (0, None))
                    judged[score].append((one, verdict, expected is not None and _shows(expected, one.truth)))
    return [_outcome(judged[score]) for score in scores]


def _key(one: Series) -> tuple[str, str, str]:
    return one.item_code, one.department, one.region_code


def _shows(expected: Expectation, truth: int) -> bool:
    """Whether the method judges the direction in which something was planted; of nothing, either."""
    finds = {-1: expected.finds_fall, 0: expected.finds_fall, 1: expected.finds_flood}[truth]
    return finds >= LIMITS["shows"]


def _outcome(judged: list[tuple[Planted, int, bool]]) -> Outcome:
    truths = np.array([one.truth for one, _, _ in judged])
    verdicts = np.array([verdict for _, verdict, _ in judged])
    shows = np.array([shown for _, _, shown in judged])
    planted = truths != 0
    powers = np.array([_power(one) if one.truth else 0.0 for one, _, _ in judged])

    def found(where: np.ndarray) -> Found:
        hits = int((planted & (verdicts == truths))[where].sum())
        return Found(int(where.sum()), int(planted[where].sum()), hits, int((verdicts != 0)[where].sum()))

    def found_by(names: list[str]) -> dict[str, Found]:
        kinds = np.array(names)
        return {name: found((kinds == name) & planted & shows) for name in sorted(set(names) - {""})}

    return Outcome(
        found(np.ones(len(judged), dtype=bool)),
        found(planted & shows),
        found(planted & (powers >= POWER)),
        found(planted & ~shows),
        float(powers.sum() / max(planted.sum(), 1)),
        float((verdicts != 0)[~planted].mean()),
        found_by([one.fault for one, _, _ in judged]),
        found_by([one.sort for one, _, _ in judged]),
    )


def _power(one: Planted) -> float:
    return power(round(one.mean, 1), round(one.noise, 3), one.truth, FALSE_ALARMS / one.family)


def main() -> None:
    """Measure, then write docs/unusual_volumes.csv, its picture and the tables in docs/monitoring.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.parse_args()
    rows: list[list[object]] = []
    at_score: list[tuple[str, Outcome]] = []
    worlds = TUNING | HELD_OUT
    with ProcessPoolExecutor() as pool:
        outcomes = dict(zip(worlds, pool.map(_measured, worlds), strict=True))
    for name, (_, _, count, _) in worlds.items():
        for score, one in zip(SCORES, outcomes[name], strict=True):
            whole, judged, shown = one.everything, one.judged, one.detectable
            rows.append([name, count, score, whole.series, whole.planted, judged.planted, shown.planted, whole.hits,
                         judged.hits, shown.hits, whole.raised, round(whole.precision, 4), round(judged.recall, 4),
                         round(shown.recall, 4), round(whole.recall, 4), round(one.ceiling, 4),
                         round(one.false_alarms, 4)])  # fmt: skip
            if score == LIMITS["score"]:
                at_score.append((name, one))
    with (ROOT / "docs/unusual_volumes.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([_COLUMNS, *rows])
    (ROOT / "docs/unusual_volumes.svg").write_text(_picture(rows), encoding="utf-8")
    text = "\n\n".join([_bounds(), _table(rows), _by(at_score)])
    write_section(ROOT / "docs/monitoring.md", "Measured", text)


def _measured(name: str) -> list[Outcome]:
    world, seed, count, units = (TUNING | HELD_OUT)[name]
    return assess(provinces(world, count, seed), SCORES, units=units)


_COLUMNS = ["worlds", "provinces", "score", "counted", "planted", "judged", "detectable", "hits", "hits_judged",
            "hits_detectable", "raised", "precision", "recall_judged", "recall_detectable", "recall_all",
            "ceiling_all", "false_alarms"]  # fmt: skip
_PRECISION, _RECALL, _RECALL_ALL = (_COLUMNS.index(one) for one in ("precision", "recall_judged", "recall_all"))


def _bounds() -> str:
    lines = [
        f"A change is *detectable* where somebody who knows the month's mean and restlessness, and raises\n"
        f"{FALSE_ALARMS:.0%} of months in order to each side, finds it in {POWER:.0%} of cases. The least mean for it "
        f"(units: {FALSE_ALARMS:.0%} divided by how many there are):\n",
        "| varies beyond chance by | a fall | a flood | a fall, one of 14 units | a flood, one of 14 units |",
        "| ---: | ---: | ---: | ---: | ---: |",
    ]
    for noise in (0.001, 0.05, 0.1, 0.15, 0.2):
        cells = [least_mean(noise, sign, FALSE_ALARMS / units) for units in (1, 14) for sign in (-1, 1)]
        lines.append(f"| {noise:.0%} | " + " | ".join(str(cell or "never") for cell in cells) + " |")
    return "\n".join(lines)


def _table(rows: list[list[object]]) -> str:
    lines = [
        "Made-up provinces of each sort of world:\n",
        "| worlds | provinces | half width | counted | planted | of these judged | detectable | false alarms "
        "| precision | recall, judged | recall, detectable | recall, all | ceiling, all |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        worlds, count, score, counted, planted, judged, shown, *_, alarms = row
        mark = "**" if score == LIMITS["score"] else ""
        # Where nothing is planted, there are false alarms only.
        shares = " | ".join(f"{one:.2f}" if planted else "–" for one in row[_PRECISION:-1])
        lines.append(
            f"| {worlds} | {count} | {mark}{score}{mark} | {counted:,} | {planted:,} | {judged:,} | {shown:,} "
            f"| {alarms:.1%} "
            f"| {shares} |"
        )
    return "\n".join(lines)


def _by(outcomes: list[tuple[str, Outcome]]) -> str:
    lines = [
        f"By fault and sort of series, at {LIMITS['score']}, those judged; the others stand last:\n",
        "| worlds | what | planted | found | recall |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    for name, one in outcomes:
        for what, found in [*one.by_fault.items(), *one.by_sort.items(), ("not judged", one.unjudged)]:
            if found.planted:
                lines.append(f"| {name} | {what} | {found.planted} | {found.hits} | {found.recall:.2f} |")
    return "\n".join(lines)


_WIDTH, _HEIGHT, _LEFT, _TOP, _SIDE = 680, 460, 70, 40, 360
_LOW = 0.4
_STYLES = {
    ("held out, departments", _RECALL): ("#0b5394", "", "held out, judged"),
    ("held out, departments", _RECALL_ALL): ("#0b5394", "5 4", "held out, all"),
    ("held out, units", _RECALL): ("#38761d", "", "held out, units, judged"),
    ("tuning, departments", _RECALL): ("#b45f06", "", "tuning, judged"),
    ("tuning, marred", _RECALL): ("#b45f06", "5 4", "tuning, marred, judged"),
}


def _picture(rows: list[list[object]]) -> str:
    """The curves as SVG: precision upwards, recall to the right, both from `_LOW` to one."""

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
    for step in range(7):
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
    for number, ((worlds, recall), (colour, dash, words)) in enumerate(_STYLES.items()):
        points = [(*place(row[recall], row[_PRECISION]), row[2]) for row in rows if row[0] == worlds]
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
            f'<text x="{x + 32}" y="{y + 4}">{words}</text>'
        )
    parts.append(f'<text x="{_LEFT + _SIDE + 14}" y="{_TOP + 150}">large dot: {LIMITS["score"]}</text>')
    return "\n".join([*parts, "</svg>\n"])


if __name__ == "__main__":
    main()
