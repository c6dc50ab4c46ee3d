"""What a month's count should be, from the series' own past and from the item's others: seasonal, with an interval.

On the scale of square roots a count's chance is the same whatever its size. There each series is a Gaussian process
whose parts are scikit-learn's kernels: a level that wanders, a year that comes back, and restlessness beyond chance.
How much of each there is, nobody knows beforehand: some hundreds of settings are weighed by how well they explain all
series together (so that series learn from each other how restless, how seasonal and how wandering counts are) and then
by each series' own past. The year may also be that of the item's other series, or of all items, where that explains
more. What is expected is the weighed mean of the settings; the interval has their differences in it.

Months of the past that lie far off are drawn in first, so that earlier mishaps neither move nor widen anything.
All series of one length are worked out at once. docs/monitoring.md has the definitions and what is found with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product

import numpy as np

from creditlab.monitoring.newest import followed, likelier, newest_of
from creditlab.monitoring.series import Series

#: How far from its median the level may lie, and how far it wanders (root scale, share of the level); it forgets
#: where it was within some three years.
_LEVEL, _WANDERS, _MEMORY = 0.5, (0.01, 0.05, 0.12), 36
#: How far the year goes, and how alike neighbouring months are (1 smooth, 0.3 each month of its own).
_YEARS = ((0.01, 1.0), (0.08, 1.0), (0.08, 0.3), (0.2, 1.0), (0.2, 0.3))
#: Restlessness beyond chance: about half the coefficient of variation.
_RESTLESS = (0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.12, 0.2)
#: The setting that mishaps of the past are looked for in.
_FIRST = (0.05, (0.08, 0.3))
#: Whose year: the series' own alone, or what it adds to that of its item's other series, or to that of all items.
_OWN, _ITEM, _ALL = range(3)
#: As many series' worth of belief that every setting is as likely.
_BELIEF = 5.0
_ROUNDS_OF_WEIGHING, _ROUNDS_OF_DRAWING_IN = 30, 15
#: So many series are enough to see which settings are worth being asked, and how much all belief they need for it.
_ENOUGH, _WORTH = 600, 0.005
#: A month further off than so many spreads is drawn in to there.
_FAR = 2.5
#: How far the year of others goes, and a single month of it.
_SHARED, _SINGLE = (0.1, 1.0), 0.05
#: Anscombe's: makes the chance in a small count the same as in a large one.
_SHIFT, _CHANCE = 0.375, 0.25

#: Whose year, how far the level wanders, and the year.
_Setting = tuple[int, float, tuple[float, float]]
#: Evidence, means, variances, and how likely the month before went wrong, below 0 where it fell.
_Said = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Expectation:
    """What was expected of one month.

    Attributes
    ----------
    mean, low, high
        Records expected, and the interval's ends.
    score
        How far what is there lies from what was expected, in standard deviations; below 0 for too few.
    width_below, width_above
        How far the interval's ends lie from it, in the same measure.
    finds_fall, finds_flood
        How likely a change of the size sought would lie outside the interval; where that is little, silence proves
        nothing.
    """

    mean: float
    low: float
    high: float
    score: float
    width_below: float
    width_above: float
    finds_fall: float
    finds_flood: float


@dataclass(frozen=True)
class _Parts:
    """A setting's covariance of older months, taken apart; what ties those after them to these, and to each other."""

    values: np.ndarray
    vectors: np.ndarray
    tie: np.ndarray
    alone: np.ndarray


# Every length up to five years in every setting.
@lru_cache(maxsize=4096)
def _parts(length: int, wanders: float, year: tuple[float, float], newer: int = 1) -> _Parts:
    by_lag = _by_lag(wanders, year, -(-(length + newer) // 60) * 60)
    place, after = np.arange(length), length + np.arange(newer)
    values, vectors = np.linalg.eigh(by_lag[np.abs(place[:, None] - place)])
    tie = by_lag[after[:, None] - place] @ vectors
    return _Parts(np.maximum(values, 0), vectors, tie, by_lag[np.abs(after[:, None] - after)])


@lru_cache(maxsize=2048)
def _by_lag(wanders: float, year: tuple[float, float], length: int) -> np.ndarray:
    """The covariance of a setting's level and year by the months between, up to so many."""
    from sklearn.gaussian_process.kernels import ConstantKernel, ExpSineSquared, Matern

    (far, alike), months = year, np.arange(length + 1.0)[:, None]
    level = ConstantKernel(_LEVEL**2) + ConstantKernel(wanders**2) * Matern(_MEMORY, nu=0.5)
    kernel = level + ConstantKernel(far**2) * ExpSineSquared(alike, 12)
    found: np.ndarray = kernel(months, months[:1])[:, 0]
    return found


class Learned:
    """What series say of themselves and of each other: on the root scale, each relative to its own median.

    Parameters
    ----------
    series
        Of one month, or of several that have nothing to do with each other; each with at least one month of the past.
    """

    def __init__(self, series: Sequence[Series]) -> None:
        self.observed = np.array([one.observed for one in series], dtype=float)
        _, self.item = np.unique([one.item_code for one in series], return_inverse=True)
        self.month = np.array([one.month.start.month - 1 for one in series])
        lengths = np.array([len(one.past) for one in series])
        self.groups = {int(length): np.flatnonzero(lengths == length) for length in np.unique(lengths)}
        #: Where in its group each stands.
        self.place = np.empty(len(series), dtype=int)
        self.level: np.ndarray = np.empty(len(series))
        self.past: dict[int, np.ndarray] = {}
        self.older: dict[int, np.ndarray] = {}
        self.newest: dict[int, np.ndarray] = {}
        for length, places in self.groups.items():
            self.place[places] = np.arange(len(places))
            roots = np.sqrt(np.array([series[place].past for place in places.tolist()], dtype=float) + _SHIFT)
            self.level[places] = np.median(roots, axis=1)
            self.past[length] = roots / self.level[places, None] - 1
        self.chance = _CHANCE / self.level**2
        for length, places in self.groups.items():
            past, older = self.past[length], length - newest_of(length)
            self.past[length] = _drawn_in(past, self.chance[places], _parts(length, *_FIRST))
            self.older[length] = _drawn_in(past[:, :older], self.chance[places], _parts(older, *_FIRST))
            self.newest[length] = past[:, older:]

    def expect(self, score: np.ndarray, sought: float) -> list[Expectation]:
        """What is expected of each series' month.

        Parameters
        ----------
        score
            For each series, half the interval's width at least, in standard deviations.
        sought
            The change that is sought, as a share of what is expected.
        """
        from scipy.stats import norm, t

        centre, variance, freedom, wrong = self._weighed
        # After a month that fell, a fall is likelier; after a flood, a flood.
        surer_fall, surer_flood = (score**2 - 2 * np.log(likelier(np.maximum(one, 0))) for one in (-wrong, wrong))
        # Student's, of the same variance.
        spread = np.sqrt(variance * (freedom - 2) / freedom)

        def count(place: np.ndarray) -> np.ndarray:
            return np.maximum((np.maximum(place, 0) * self.level) ** 2 - _SHIFT, 0)

        def distance(number: np.ndarray) -> np.ndarray:
            off = (np.sqrt(number + _SHIFT) / self.level - centre) / spread
            return np.sign(off) * norm.isf(t.sf(np.abs(off), freedom))

        def far(width: np.ndarray) -> np.ndarray:
            return t.isf(norm.sf(width), freedom) * spread

        mean = count(centre)
        fall, flood = -distance((1 - sought) * mean), distance((1 + sought) * mean)
        # What is left of a count's chance, and of its restlessness, when a share is withheld or sent again.
        own = variance - self.chance
        fallen = (self.chance + (1 - sought) * own) / variance
        flooded = ((1 + 3 * sought) / (1 + sought) * self.chance + (1 + sought) * own) / variance
        below, above = _width(surer_fall, fall, fallen), _width(surer_flood, flood, flooded)
        columns = (
            mean,
            count(centre - far(below)),
            count(centre + far(above)),
            distance(self.observed),
            below,
            above,
            norm.cdf((fall - below) / np.sqrt(fallen)),
            norm.cdf((flood - above) / np.sqrt(flooded)),
        )
        return [Expectation(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]

    @cached_property
    def _weighed(self) -> _Said:
        """What the settings say together: mean, variance, tails (Student's degrees of freedom), the month before."""
        years = [np.zeros((len(self.level), 12)), *self._years_of_others()]
        settings = list(product((_OWN, _ITEM, _ALL), _WANDERS, _YEARS))
        apart = -(-len(self.level) // _ENOUGH)
        if apart > 1:
            some = {length: places[::apart] for length, places in self.groups.items()}
            common = _common(self._all_said(some, years, settings)[0])
            heard = common.reshape(len(settings), -1).sum(axis=1) >= _WORTH
            settings = [one for one, is_heard in zip(settings, heard, strict=True) if is_heard]
        evidence, means, variances, wrong = self._all_said(self.groups, years, settings)
        weights = _likely(evidence) * _common(evidence)
        weights /= weights.sum(axis=1, keepdims=True)
        mean = (weights * means).sum(axis=1)
        off = (means - mean[:, None]) ** 2
        variance = (weights * (variances + off)).sum(axis=1)
        fourth = (weights * (3 * variances**2 + 6 * variances * off + off**2)).sum(axis=1)
        excess = np.maximum(fourth / variance**2 - 3, 0.05)
        return mean, variance, 4 + 6 / excess, (weights * wrong).sum(axis=1)

    def _all_said(self, groups: Mapping[int, np.ndarray], years: list[np.ndarray], settings: list[_Setting]) -> _Said:
        """A row per series, in their order, a column per setting and restlessness."""
        order = np.argsort(np.concatenate(list(groups.values())))
        by_length = [
            [
                self._said(length, places, years[whose], _parts(older, wanders, year, length - older + 1))
                for whose, wanders, year in settings
            ]
            for length, places in groups.items()
            for older in [length - newest_of(length)]
        ]
        evidence, means, variances, wrong = (
            np.vstack([np.hstack([one[place] for one in row]) for row in by_length])[order] for place in range(4)
        )
        return evidence, means, variances, wrong

    def _said(self, length: int, places: np.ndarray, year: np.ndarray, parts: _Parts) -> _Said:
        """How well a setting explains series, and what it expects: columns by restlessness."""
        months = (self.month[places, None] - length + np.arange(length + 1)) % 12
        shape = np.take_along_axis(year[places], months, axis=1)
        older = len(parts.values)
        turned = (self.older[length][self.place[places]] - shape[:, :older]) @ parts.vectors
        newest = (self.newest[length][self.place[places]] - shape[:, older:-1]).T[:, :, None]
        noise = self.chance[places, None] + np.square(_RESTLESS)
        whole = parts.values + noise[:, :, None]
        evidence = -0.5 * (turned[:, None] ** 2 / whole + np.log(whole)).sum(axis=2)
        means = (turned[:, None] / whole) @ parts.tie.T
        learned = (1 / whole) @ (parts.tie[:, None] * parts.tie).reshape(-1, older).T
        between = parts.alone - learned.reshape(*noise.shape, *parts.alone.shape)
        said = followed(newest, np.moveaxis(means, 2, 0), np.moveaxis(between, (2, 3), (0, 1)), noise)
        return evidence + said.evidence, 1 + shape[:, -1:] + said.mean, said.variance, said.wrong

    def _years_of_others(self) -> Iterator[np.ndarray]:
        """What the item's other series, and those of other items, say of each month of the year."""
        sums = np.zeros((2, len(self.level), 12))
        weight = 1 / (self.chance + _FIRST[0] ** 2)
        for length, places in self.groups.items():
            months = (self.month[places, None] - length + np.arange(length)) % 12
            by_month = months[:, :, None] == np.arange(12)
            left = self.past[length] - np.mean(self.past[length], axis=1, keepdims=True)
            sums[0][places] = (by_month * left[:, :, None]).sum(axis=1)
            sums[1][places] = by_month.sum(axis=1)
        sums *= weight[:, None]
        of_item = np.zeros((2, self.item.max() + 1, 12))
        for into, one in zip(of_item, sums, strict=True):
            np.add.at(into, self.item, one)
        place = np.arange(12)
        between = (_by_lag(0, _SHARED, 12) - _LEVEL**2)[np.abs(place[:, None] - place)] + _SINGLE**2 * np.eye(12)
        for said, sure in (of_item[:, self.item] - sums, of_item.sum(axis=1, keepdims=True) - of_item[:, self.item]):
            told = between @ said[:, :, None]
            yield np.linalg.solve(np.eye(12) + between * sure[:, None, :], told)[:, :, 0]


def _width(surer: np.ndarray, shift: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    """How far off a month must be: where the change sought is `exp(surer / 2)` times likelier than none.

    That is the root of `surer` where the change lies as far off, and further both where it would hardly show, and where
    counts are so calm that much less than the change lies outside.

    Parameters
    ----------
    surer, shift
        The square of the least width, and where a change would lie.
    ratio
        The variance there, as a multiple of that of a month in order.
    """
    shift = np.maximum(shift, 0.1)
    bend, slope = (1 - 1 / ratio) / 2, shift / ratio
    short = shift**2 / (2 * ratio) + np.log(ratio) / 2 + surer / 2
    # Where it is never so likely, the root is as if it just were.
    root = np.sqrt(np.maximum(slope**2 + 4 * bend * short, 0))
    found: np.ndarray = 2 * short / (slope + root)
    return found


def _likely(evidence: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    return found


def _common(evidence: np.ndarray) -> np.ndarray:
    """How much each setting is believed before a series is looked at: as often as it holds of all."""
    likely, settings = _likely(evidence), evidence.shape[1]
    common = np.full(settings, 1 / settings)
    for _ in range(_ROUNDS_OF_WEIGHING):
        common = common * ((1 / (likely @ common)) @ likely) + _BELIEF / settings
        common /= common.sum()
    return common


def _drawn_in(values: np.ndarray, chance: np.ndarray, parts: _Parts) -> np.ndarray:
    """Series whose months that lie far off what the others say are drawn in to `_FAR` spreads."""
    drawn, noise = values, chance + _FIRST[0] ** 2
    for _ in range(_ROUNDS_OF_DRAWING_IN):
        kept = parts.values / (parts.values + noise[:, None])
        fitted = (drawn @ parts.vectors * kept) @ parts.vectors.T
        off = values - fitted
        left = np.maximum(1 - kept.mean(axis=1), 0.3)
        noise = np.maximum((1.4826 * np.median(np.abs(off), axis=1)) ** 2 / left, 0.7 * chance)
        far = _FAR * np.sqrt(noise)[:, None]
        drawn = fitted + np.clip(off, -far, far)
    return drawn
