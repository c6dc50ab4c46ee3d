"""Made-up monthly series with planted falls and floods. SYNTHETIC: no series is anybody's.

Two kinds of worlds that have nothing in common but the size of counts: in `TUNING` the numbers of
`creditlab.monitoring.expected` were chosen; `HELD_OUT` has other years, other noise and other past mishaps, and only
tests and the published curve look at it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from creditlab.monitoring.months import months_before
from creditlab.monitoring.series import RECORDS, Series
from creditlab.periods import month_of

#: Share of the series whose last month is a fall or a flood, half and half.
PLANTED = 0.1
#: How large counts are, and how restless beyond chance (coefficient of variation).
_SIZES, _NOISE, _MONTHS = (30, 800), (0.05, 0.15), (15, 48)
_LAST = date(2026, 9, 1)

World = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Planted:
    """One series, what was planted in its last month (-1 fall, 0 nothing, 1 flood), and how it was made."""

    series: Series
    truth: int
    world: str
    size: float
    noise: float


def _wave(months: np.ndarray, high: float, rng: np.random.Generator, times: int = 1) -> np.ndarray:
    return rng.uniform(0, high) * np.cos(2 * np.pi * times * months / 12 - rng.uniform(0, 2 * np.pi))


def _lognormal(mean: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    return rng.poisson(mean * np.exp(rng.normal(0, noise, len(mean)) - noise**2 / 2))


def _binomial(mean: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Negative binomial: Poisson counts whose mean is itself drawn from a gamma distribution."""
    return rng.poisson(mean * rng.gamma(1 / noise**2, noise**2, len(mean)))


def _one_wave(months: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    return _lognormal(np.exp(_wave(months, 0.35, rng)) * _size(rng), noise, rng)


def _drifting(months: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """The level wanders."""
    level = np.cumsum(rng.normal(0, 0.04, len(months)))
    return _lognormal(np.exp(_wave(months, 0.3, rng) + level) * _size(rng), noise, rng)


def _two_waves(months: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    return _binomial(np.exp(_wave(months, 0.25, rng) + _wave(months, 0.15, rng, 2)) * _size(rng), noise, rng)


def _festival(months: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """February lies low, December high; the other months are alike."""
    place = months % 12
    return _binomial(np.exp(np.where(place == 1, -0.35, 0) + np.where(place == 11, 0.25, 0)) * _size(rng), noise, rng)


def _sticky(months: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """A busy month is followed by a busy one."""
    drawn = rng.normal(size=len(months))
    for place in range(1, len(months)):
        drawn[place] = 0.4 * drawn[place - 1] + 0.84**0.5 * drawn[place]
    return rng.poisson(np.exp(_wave(months, 0.3, rng) + noise * drawn) * _size(rng))


def _trend(months: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    growth = rng.uniform(-0.15, 0.15) * (months - months[0]) / 12
    return _binomial(np.exp(_wave(months, 0.3, rng) + growth) * _size(rng), noise, rng)


def _step(months: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """The first third has another level: a reorganisation long ago."""
    level = np.where(np.arange(len(months)) < len(months) // 3, rng.uniform(0.7, 1.3), 1.0)
    return _binomial(np.exp(_wave(months, 0.3, rng)) * level * _size(rng), noise, rng)


def _marred(months: np.ndarray, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Two months of the past are falls or floods themselves, one may be missing."""
    counts = _binomial(np.exp(_wave(months, 0.3, rng)) * _size(rng), noise, rng)
    for place in rng.choice(len(months) - 1, 2, replace=False):
        counts[place] = int(counts[place] * rng.choice([0, 0.5, 1.6]))
    return counts


def _size(rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*np.log(_SIZES))))


TUNING: dict[str, World] = {"one wave": _one_wave, "drifting": _drifting}
HELD_OUT: dict[str, World] = {
    "two waves": _two_waves,
    "festival": _festival,
    "sticky": _sticky,
    "trend": _trend,
    "step": _step,
    "marred past": _marred,
}


def plant(worlds: dict[str, World], count: int, seed: int) -> list[Planted]:
    """So many series; in a share of them half of the last month's records is withheld, or delivered again as new."""
    rng = np.random.default_rng(seed)
    return [_plant_one(worlds, number, rng) for number in range(count)]


def _plant_one(worlds: dict[str, World], number: int, rng: np.random.Generator) -> Planted:
    name = str(rng.choice(sorted(worlds)))
    length = int(rng.integers(_MONTHS[0], _MONTHS[1] + 1)) + 1
    last = months_before(_LAST, int(rng.integers(12)))
    first = months_before(last, length - 1)
    noise = float(np.exp(rng.uniform(*np.log(_NOISE))))
    counts = worlds[name](first.year * 12 + first.month - 1 + np.arange(length), noise, rng)
    whole = int(counts[-1])
    drawn, half = rng.random(), int(rng.binomial(whole, 0.5))
    truth = -1 if drawn < PLANTED / 2 else int(drawn < PLANTED)
    observed = whole - half if truth < 0 else whole + half * truth
    past = tuple(map(int, counts[:-1]))
    series = Series(RECORDS, f"S-{number}", "D", month_of(last), observed, past)
    return Planted(series, truth, name, float(np.mean(past)), noise)
