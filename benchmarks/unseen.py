"""Worlds held out: written down before they were looked at, and looked at by the published curve. SYNTHETIC.

Their years, noise, mishaps, faults, sizes and lengths are of another make than those of `benchmarks.planted`, and none
of them was chosen by what is found in it. Years follow the working days of the calendar, the Spring Festival as it
moves between January and February, the months in which a half-year closes, a summer; levels follow a law that comes
into force, a campaign, a reorganisation some months ago. docs/monitoring.md says what came out.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import numpy as np

from benchmarks.planted import Rng, Sort, World

#: New Year's day of the lunar calendar, by year.
_FESTIVALS = {
    2020: date(2020, 1, 25), 2021: date(2021, 2, 12), 2022: date(2022, 2, 1), 2023: date(2023, 1, 22),
    2024: date(2024, 2, 10), 2025: date(2025, 1, 29), 2026: date(2026, 2, 17),
}  # fmt: skip


def _level(months: np.ndarray, rng: Rng) -> np.ndarray:
    return np.zeros(len(months))


def _working_days(months: np.ndarray, rng: Rng) -> np.ndarray:
    """As many records as the month has working days, make-up days included."""
    return np.array([_log_working_days(int(month)) for month in months])


@cache
def _log_working_days(month: int) -> float:
    import chinese_calendar

    start = date(month // 12, month % 12 + 1, 1)
    end = date((month + 1) // 12, (month + 1) % 12 + 1, 1)
    days = [date.fromordinal(day) for day in range(start.toordinal(), end.toordinal())]
    return float(np.log(sum(map(chinese_calendar.is_workday, days)) / 20.8))


def _spring(months: np.ndarray, rng: Rng) -> np.ndarray:
    """Three weeks around the festival are quiet, in whatever month they lie; the month after catches up."""
    quiet, after = rng.uniform(0.3, 0.8), rng.uniform(0, 0.15)
    found = np.zeros(len(months))
    for place, month in enumerate(months.tolist()):
        day = _FESTIVALS[month // 12].toordinal() if month // 12 in _FESTIVALS else 0
        start = date(month // 12, month % 12 + 1, 1).toordinal()
        end = date((month + 1) // 12, (month + 1) % 12 + 1, 1).toordinal()
        inside = max(0, min(day + 14, end) - max(day - 7, start))
        found[place] = np.log(1 - quiet * inside / (end - start))
        if day and start > day + 3 and start - day < 35:
            found[place] += after
    return found


def _closing(months: np.ndarray, rng: Rng) -> np.ndarray:
    """Half-years close in June and December, each in its own way; July is slack."""
    june, december, july = rng.uniform(0, 0.35), rng.uniform(0, 0.35), rng.uniform(-0.15, 0)
    return june * (months % 12 == 5) + december * (months % 12 == 11) + july * (months % 12 == 6)


def _summer(months: np.ndarray, rng: Rng) -> np.ndarray:
    """From some month on, three to five months are another level."""
    first, long = rng.integers(3, 8), rng.integers(3, 6)
    return rng.uniform(-0.3, 0.3) * (((months - first) % 12) < long)


def _into_force(months: np.ndarray, rng: Rng) -> np.ndarray:
    """A law comes into force: counts grow to a level within a year or so, and stay there."""
    begun = rng.uniform(0.3, 0.7)
    return np.log(1 - begun * np.exp(-np.arange(len(months)) / rng.uniform(3, 8)))


def _campaign(months: np.ndarray, rng: Rng) -> np.ndarray:
    """Two to four busy months somewhere in the past."""
    long = int(rng.integers(2, 5))
    start = int(rng.integers(0, max(len(months) - long - 2, 1)))
    found = np.zeros(len(months))
    found[start : start + long] = rng.uniform(0.15, 0.5)
    return found


def _reorganised(months: np.ndarray, rng: Rng) -> np.ndarray:
    """Another level since five to fifteen months."""
    since = min(int(rng.integers(5, 16)), len(months) - 1)
    return np.where(np.arange(len(months)) < len(months) - since, np.log(rng.uniform(0.65, 1.5)), 0)


def _heavy(shape: tuple[int, ...], noise: float, rng: Rng) -> np.ndarray:
    """Some months lie further off than the bell allows."""
    return np.exp(noise * rng.standard_t(6, shape) * (4 / 6) ** 0.5 - noise**2 / 2)


def _even(shape: tuple[int, ...], noise: float, rng: Rng) -> np.ndarray:
    """Between two bounds, each share as likely."""
    return 1 + noise * 3**0.5 * rng.uniform(-1, 1, shape)


def _calm_and_restless(shape: tuple[int, ...], noise: float, rng: Rng) -> np.ndarray:
    """Most months are calm, a third is restless."""
    wide = np.where(rng.random(shape) < 1 / 3, 1.5, 0.6)
    return np.exp(wide * noise * rng.normal(size=shape) - noise**2 / 2)


def _unharmed(counts: np.ndarray, rng: Rng) -> None:
    """Nothing happens."""


def _empty_months(counts: np.ndarray, rng: Rng) -> None:
    """One month in fifteen has no record at all, none of the last two."""
    counts[:, :-2][:, rng.random(counts.shape[1] - 2) < 1 / 15] = 0


def _moved(counts: np.ndarray, rng: Rng) -> None:
    """One month's records are dated in the next: a change of system."""
    place = rng.integers(counts.shape[1] - 4)
    moved = rng.binomial(counts[:, place], 0.7)
    counts[:, place] -= moved
    counts[:, place + 1] += moved


def _doubled(counts: np.ndarray, rng: Rng) -> None:
    counts[:, rng.integers(counts.shape[1] - 3)] *= 2


UNSEEN_SERIES = World(
    {
        "working days": Sort(_working_days, _level, _even, _doubled),
        "spring festival": Sort(_spring, _level, _heavy, _unharmed),
        "half-years close": Sort(_closing, _level, _calm_and_restless, _moved),
        "summer": Sort(_level, _summer, _heavy, _empty_months),
        "into force": Sort(_working_days, _into_force, _calm_and_restless, _unharmed),
        "campaign": Sort(_spring, _campaign, _even, _unharmed),
        "reorganised": Sort(_closing, _reorganised, _heavy, _unharmed),
        "level, empty months": Sort(_level, _level, _calm_and_restless, _empty_months),
    },
    {
        "half of a month, series": lambda rng: {0: 0.5},
        "about half, series": lambda rng: {0: rng.uniform(0.4, 0.6)},
        "after the other way, series": lambda rng: {0: 0.5, 1: -0.4},
        "fourth month in a row, series": lambda rng: {0: 0.5, 1: 0.5, 2: 0.5, 3: 0.5},
        "again after a quarter, series": lambda rng: {0: 0.5, 3: 0.5},
        "all of an item, item": lambda rng: {0: 0.5},
    },
    sizes=(15, 3000),
    items=45,
    noise=(0.04, 0.18),
    months=(10, 60),
)
UNSEEN_UNITS = World(
    UNSEEN_SERIES.sorts,
    {"one unit, unit": lambda rng: {0: 0.5}, "one unit, about half, unit": lambda rng: {0: rng.uniform(0.4, 0.6)}},
    sizes=(500, 20000),
    items=15,
    by_unit=1.0,
    noise=(0.04, 0.18),
    months=(10, 60),
)
#: By name: the world, its seed, how many provinces of it, and whether its units are judged or its departments.
HELD_OUT = {
    "held out, departments": (UNSEEN_SERIES, 20280517, 24, False),
    "held out, units": (UNSEEN_UNITS, 20280518, 16, True),
}
