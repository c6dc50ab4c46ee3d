"""Made-up monthly series with planted falls and floods. SYNTHETIC: no series is anybody's.

A province has sixty items, each with one to six of its departments, some with counts by unit. The worlds of
`TUNING` are what the numbers of `creditlab.monitoring.expected`, `newest` and `unusual` were chosen in; those called
marred were held out once, have been looked at, and count as tuned in since. `benchmarks.unseen` has those held out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np

from creditlab.monitoring.months import months_before
from creditlab.monitoring.series import RECORDS, Series
from creditlab.periods import month_of

#: Share of the series whose last month is a fall or a flood, half and half.
PLANTED = 0.1
#: How large counts are, how restless beyond chance (coefficient of variation), and how many months are known.
SIZES, NOISE, MONTHS = (10, 1000), (0.05, 0.15), (8, 48)
ITEMS, DEPARTMENTS = 60, 25
_UNITS = (3, 14)
_LAST = date(2026, 9, 1)

Rng = np.random.Generator
#: From months (numbered through the years) to shares above or below the mean, as logarithms.
Course = Callable[[np.ndarray, Rng], np.ndarray]
#: From a shape and a coefficient of variation to factors around 1.
Noise = Callable[[tuple[int, ...], float, Rng], np.ndarray]
#: Changes counts (units by months) before anything is planted.
Mishap = Callable[[np.ndarray, Rng], None]
#: By how many months back: the share that is withheld, or that is delivered again as new; below 0 the other way.
Fault = Callable[[Rng], Mapping[int, float]]


@dataclass(frozen=True)
class Sort:
    """How an item's series come about: a year that its departments share, one of each one's own, noise, mishaps."""

    shared: Course
    own: Course
    noise: Noise
    mishap: Mishap


@dataclass(frozen=True)
class World:
    """Sorts of items and faults; a fault's last word says whom it strikes: series, department, item or unit.

    A fault's share below 0 is of the other direction.
    """

    sorts: Mapping[str, Sort]
    faults: Mapping[str, Fault]
    sizes: tuple[int, int] = SIZES
    items: int = ITEMS
    by_unit: float = 0.3
    noise: tuple[float, float] = NOISE
    months: tuple[int, int] = MONTHS


@dataclass(frozen=True)
class Planted:
    """One series and what was planted in its last month (-1 fall, 0 nothing, 1 flood).

    Attributes
    ----------
    mean, noise
        What its last month's count was drawn with: the mean without a fault, and the coefficient of variation.
    family
        Units of the same item and department; 1 for the department's total.
    counts
        Whether it is counted: a total one of whose units is struck is neither in order nor a fall of half.
    """

    series: Series
    truth: int
    sort: str
    fault: str
    mean: float
    noise: float
    family: int = 1
    counts: bool = True


def _nothing(months: np.ndarray, rng: Rng) -> np.ndarray:
    return np.zeros(len(months))


def _wave(high: float, times: int = 1) -> Course:
    def course(months: np.ndarray, rng: Rng) -> np.ndarray:
        return rng.uniform(0, high) * np.cos(2 * np.pi * times * months / 12 - rng.uniform(0, 2 * np.pi))

    return course


def _both(*courses: Course) -> Course:
    return lambda months, rng: np.sum([course(months, rng) for course in courses], axis=0)


def _drifting(months: np.ndarray, rng: Rng) -> np.ndarray:
    """The level wanders."""
    return np.cumsum(rng.normal(0, 0.03, len(months)))


def _festival(months: np.ndarray, rng: Rng) -> np.ndarray:
    """February lies low, December high; the other months are alike."""
    low, high = rng.uniform(-0.45, -0.2), rng.uniform(0.1, 0.35)
    return np.where(months % 12 == 1, low, 0) + np.where(months % 12 == 11, high, 0)


def _trend(months: np.ndarray, rng: Rng) -> np.ndarray:
    return rng.uniform(-0.2, 0.2) * (months - months[0]) / 12


def _step(months: np.ndarray, rng: Rng) -> np.ndarray:
    """The first third has another level: a reorganisation long ago."""
    return np.where(np.arange(len(months)) < len(months) // 3, np.log(rng.uniform(0.7, 1.3)), 0)


def _quarter_end(months: np.ndarray, rng: Rng) -> np.ndarray:
    """Every third month is busier."""
    return np.where(months % 3 == 2, rng.uniform(0.05, 0.3), 0)


def _lognormal(shape: tuple[int, ...], noise: float, rng: Rng) -> np.ndarray:
    return np.exp(rng.normal(0, noise, shape) - noise**2 / 2)


def _gamma(shape: tuple[int, ...], noise: float, rng: Rng) -> np.ndarray:
    """With these, counts are negative binomial."""
    return rng.gamma(1 / noise**2, noise**2, shape)


def _sticky(shape: tuple[int, ...], noise: float, rng: Rng) -> np.ndarray:
    """A busy month is followed by a busy one."""
    drawn = rng.normal(size=shape)
    for place in range(1, shape[-1]):
        drawn[..., place] = 0.4 * drawn[..., place - 1] + 0.84**0.5 * drawn[..., place]
    return np.exp(noise * drawn - noise**2 / 2)


def _unharmed(counts: np.ndarray, rng: Rng) -> None:
    """Nothing happens."""


def _one_bad_month(counts: np.ndarray, rng: Rng) -> None:
    place = rng.integers(counts.shape[1] - 2)
    counts[:, place] = counts[:, place] * rng.choice([0.4, 1.7])


def _bad_months(counts: np.ndarray, rng: Rng) -> None:
    """Two months of the past are falls or floods themselves, one may be missing."""
    for place in rng.choice(counts.shape[1] - 3, 2, replace=False):
        counts[:, place] = counts[:, place] * rng.choice([0, 0.5, 1.6])


TUNING_SERIES = World(
    {
        "own wave": Sort(_nothing, _wave(0.4), _lognormal, _unharmed),
        "shared wave": Sort(_wave(0.4), _wave(0.1), _lognormal, _one_bad_month),
        "wandering": Sort(_wave(0.3), _drifting, _lognormal, _unharmed),
        "level": Sort(_nothing, _nothing, _lognormal, _one_bad_month),
    },
    {"half of a month, series": lambda rng: {0: 0.5}},
)
#: The same sorts with faults that began one or two months before.
TUNING_RUNS = World(
    TUNING_SERIES.sorts,
    {
        "two months alike, series": lambda rng: {0: 0.5, 1: 0.45},
        "three months, series": lambda rng: {0: 0.5, 1: 0.5, 2: 0.4},
        "growing, series": lambda rng: {0: 0.5, 1: 0.25},
        "one month before, series": lambda rng: {1: 0.5},
        "one month, series": lambda rng: {0: 0.5},
    },
)
#: Large items, all by unit, one unit struck.
TUNING_UNITS = World(TUNING_SERIES.sorts, {"one unit, unit": lambda rng: {0: 0.5}}, (300, 5000), 20, 1.0)
#: Departments, with other years, noise, mishaps and faults.
TUNING_MARRED = World(
    {
        "two waves": Sort(_wave(0.25), _both(_wave(0.15), _wave(0.15, 2)), _gamma, _unharmed),
        "festival": Sort(_festival, _wave(0.1), _gamma, _unharmed),
        "sticky": Sort(_wave(0.3), _nothing, _sticky, _unharmed),
        "trend": Sort(_nothing, _both(_wave(0.3), _trend), _gamma, _unharmed),
        "step": Sort(_wave(0.2), _step, _gamma, _unharmed),
        "marred past": Sort(_wave(0.3), _wave(0.1), _gamma, _bad_months),
        "quarter end": Sort(_quarter_end, _wave(0.2), _sticky, _one_bad_month),
    },
    {
        "half of a month, series": lambda rng: {0: 0.5},
        "part of a month, series": lambda rng: {0: rng.beta(20, 20)},
        "two months in a row, series": lambda rng: {0: 0.5, 1: 0.5},
        "one of three months, series": lambda rng: {0: 0.5, 2: 0.5},
        "more every month, series": lambda rng: {0: 0.5, 1: 1 / 3, 2: 1 / 6},
        "all of a department, department": lambda rng: {0: 0.5},
        "one unit, unit": lambda rng: {0: 0.5},
    },
)
TUNING_MARRED_UNITS = World(
    TUNING_MARRED.sorts,
    {"one unit, unit": lambda rng: {0: 0.5}, "one unit for two months, unit": lambda rng: {0: 0.5, 1: 0.5}},
    (300, 5000),
    20,
    1.0,
)
#: By name: the world, its seed, how many provinces of it, and whether its units are judged or its departments.
TUNING = {
    "tuning, departments": (TUNING_SERIES, 501, 6, False),
    "tuning, runs of months": (TUNING_RUNS, 502, 6, False),
    "tuning, units": (TUNING_UNITS, 503, 2, True),
    "tuning, marred": (TUNING_MARRED, 20270309, 12, False),
    "tuning, marred units": (TUNING_MARRED_UNITS, 20270310, 6, True),
}


def provinces(world: World, count: int, seed: int) -> list[list[Planted]]:
    """So many provinces, each its series: the totals of items and departments, and those of units."""
    rng = np.random.default_rng(seed)
    return [list(_province(world, f"{seed}-{number}", rng)) for number in range(count)]


def _province(world: World, name: str, rng: Rng) -> Iterator[Planted]:
    last = months_before(_LAST, int(rng.integers(12)))
    kinds = sorted(world.faults)
    # Kinds that strike a department strike one of them as a whole; the others share what is left.
    wide = [kind for kind in kinds if kind.endswith("department")]
    struck = {f"D{rng.integers(DEPARTMENTS)}": (kind, rng.choice([-1, 1])) for kind in wide}
    # So with an item: all its departments.
    alike = [kind for kind in kinds if kind.endswith("item")]
    whole = {int(rng.integers(world.items)): (kind, rng.choice([-1, 1])) for kind in alike}
    single = [kind for kind in kinds if kind not in (*wide, *alike)]
    left = PLANTED - len(wide) / DEPARTMENTS - len(alike) / world.items
    for number in range(world.items):
        sort = str(rng.choice(sorted(world.sorts)))
        longest = int(rng.integers(world.months[0], world.months[1] + 1)) + 1
        months = last.year * 12 + last.month - 1 + np.arange(1 - longest, 1)
        shared = world.sorts[sort].shared(months, rng)
        by_unit = rng.random() < world.by_unit
        for place in rng.choice(DEPARTMENTS, rng.integers(1, 7), replace=False):
            department = f"D{place}"
            fault, sign = whole.get(number) or struck.get(department, ("", 0))
            if not sign and rng.random() < left:
                fault, sign = str(rng.choice(single)), int(rng.choice([-1, 1]))
            if fault.endswith("unit") and not by_unit:
                fault, sign = "half of a month, series", sign
            # Most departments began with their item.
            start = 0 if rng.random() < 0.7 else int(rng.integers(0, longest - world.months[0]))
            units = int(rng.integers(_UNITS[0], _UNITS[1] + 1)) if by_unit else 1
            made = _Made(f"S-{name}-{number}", department, last, sort, fault, int(sign))
            yield from _series(made, world, months[start:], shared[start:], units, rng)


@dataclass(frozen=True)
class _Made:
    item: str
    department: str
    last: date
    sort: str
    fault: str
    sign: int

    def planted(self, counts: np.ndarray, truth: int, mean: float, noise: float, region: str = "",
                family: int = 1, whole: bool = True) -> Planted:  # fmt: skip
        past = tuple(map(int, counts[:-1]))
        series = Series(RECORDS, self.item, self.department, month_of(self.last), int(counts[-1]), past, region)
        return Planted(series, truth, self.sort, self.fault if truth or not whole else "", mean, noise, family, whole)


def _series(
    made: _Made, world: World, months: np.ndarray, shared: np.ndarray, units: int, rng: Rng
) -> Iterator[Planted]:
    sort = world.sorts[made.sort]
    noise = float(np.exp(rng.uniform(*np.log(world.noise))))
    size = float(np.exp(rng.uniform(*np.log(world.sizes))))
    share = rng.dirichlet(np.full(units, 3.0)) if units > 1 else np.ones(1)
    means = size * share[:, None] * np.exp(shared + sort.own(months, rng))
    drawn = sort.noise((len(months),), noise, rng)[None, :]
    if units > 1:
        drawn = drawn * sort.noise(means.shape, noise, rng)
    counts = rng.poisson(means * drawn)
    sort.mishap(counts, rng)
    one_unit = made.fault.endswith("unit")
    struck = [int(rng.integers(units))] if one_unit else range(units)
    sign = 0
    if made.sign:
        shares = world.faults[made.fault](rng)
        # A fault that is over leaves a month in order.
        sign = made.sign if 0 in shares else 0
        for back, withheld in shares.items():
            for unit in struck:
                towards = made.sign if withheld > 0 else -made.sign
                counts[unit, -1 - back] += towards * rng.binomial(counts[unit, -1 - back], abs(withheld))
    total = noise * (1 + (share**2).sum() * (1 + noise**2)) ** 0.5 if units > 1 else noise
    sum_ = counts.sum(axis=0)
    truth = 0 if one_unit else sign
    yield made.planted(sum_, truth, float(means[:, -1].sum()), total, whole=not (one_unit and made.sign))
    if units > 1:
        for unit in range(units):
            truth = sign if unit in struck else 0
            # A unit is looked at while its total is in order.
            whole = one_unit or not made.sign
            yield made.planted(counts[unit], truth, float(means[unit, -1]), noise * (2 + noise**2) ** 0.5,
                               f"U{unit}", units, whole)  # fmt: skip
