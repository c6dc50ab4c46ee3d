"""What a month's count should be, from the series' own past: seasonal, robust, with an interval.

On the scale of square roots a count's chance is the same whatever its size. There a ridge regression (scikit-learn)
finds the level and the year: two waves and a little of each month's own, both held back as long as few months speak
for them, so that a year and a half is enough to begin with. Months that lie far off are weighted down and fitted
again, and older months count less.

The interval has three parts: the chance in any count; the series' own restlessness beyond it, drawn towards that of
all series where its past is short; and what the fit can't know. Numbers here were chosen on made-up series of other
kinds than those that the tests plant falls and floods in, but not without a look at how those came out;
docs/monitoring.md shows the figures and says how far they can be trusted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from creditlab.monitoring.series import Series

#: How far the year's waves and a single month's own may go before the data has to insist (root scale, share of level).
_WAVES, _MONTH = 0.12, 0.05
#: The level may go anywhere.
_LEVEL = 100.0
#: After so many months an observation counts half.
_HALF_LIFE = 10
#: A change shows where it would lie outside the interval twice in three times.
_TWO_IN_THREE = 0.5
#: Huber's constant; beyond it an observation counts less.
_HUBER = 1.345
_ROUNDS = 6
#: Anscombe's: makes the chance in a small count the same as in a large one.
_SHIFT = 0.375
_CHANCE = 0.25
#: Restlessness beyond chance (variance on the root scale: a tenth of the count) that is supposed before anything is
#: seen, for as many series and months as these.
_SUPPOSED, _SUPPOSED_SERIES, _POOLED_MONTHS = 0.0025, 5, 10


@dataclass(frozen=True)
class Expectation:
    """What was expected of one month.

    Attributes
    ----------
    mean, low, high
        Records expected, and the interval's ends.
    score
        How far what is there lies from what was expected, in standard deviations; below 0 for too few.
    shows_fall, shows_flood
        Whether a change of the size sought would be found in two cases of three; where not, silence proves little.
    """

    mean: float
    low: float
    high: float
    score: float
    shows_fall: bool
    shows_flood: bool


def expectations(series: Sequence[Series], *, score: float, sought: float) -> list[Expectation]:
    """What is expected of each series' month; series learn from each other how restless counts are.

    Parameters
    ----------
    series
        Each with at least one month of the past.
    score
        Half the interval's width, in standard deviations.
    sought
        The change that has to show, as a share of what is expected.
    """
    fits = [_Fit(one) for one in series]
    supposed = [_SUPPOSED] * _SUPPOSED_SERIES
    pooled = float(np.median([*(fit.restlessness for fit in fits), *supposed]))
    return [fit.expect(pooled, score, sought) for fit in fits]


class _Fit:
    """One series' level and year on the root scale, relative to its median."""

    def __init__(self, series: Series) -> None:
        self.observed = series.observed
        past = np.sqrt(np.asarray(series.past, dtype=float) + _SHIFT)
        self.level = float(np.median(past))
        self.count = len(past)
        start = series.month.start
        places = start.year * 12 + start.month - 1 - np.arange(self.count, -1, -1)
        design = _design(places % 12)
        self.design, self.now = design[:-1], design[-1]
        self._fit(past / self.level)

    @property
    def chance(self) -> float:
        """The variance that any count has."""
        return _CHANCE / self.level**2

    @property
    def restlessness(self) -> float:
        """The variance beyond chance."""
        return max(self.variance - self.chance, 0.0)

    def _fit(self, values: np.ndarray) -> None:
        from sklearn.linear_model import ridge_regression

        age = self.count - 1 - np.arange(self.count)
        decay = 0.5 ** (age / _HALF_LIFE)
        self.weights, spread = decay, float(np.sqrt(2 * _SUPPOSED + self.chance))
        for _ in range(_ROUNDS):
            self.found = ridge_regression(self.design, values, spread**2, sample_weight=self.weights, solver="cholesky")
            residuals = values - self.design @ self.found
            data = self._data(spread**2)
            # As how many free numbers level and year count.
            self.freedom = float(np.trace(np.linalg.solve(data + np.eye(len(data)), data)))
            left = max(1 - self.freedom / self.count, 0.3)
            spread = 1.4826 * float(np.median(np.abs(residuals))) / left**0.5
            spread = max(spread, (0.7 * self.chance) ** 0.5)
            self.weights = decay * np.minimum(1, _HUBER * spread / np.maximum(np.abs(residuals), 1e-9))
        # Cut at two spreads, so that months that lie far off don't widen the interval; 1.08 makes up for the cut.
        cut = np.minimum(np.abs(residuals), 2 * spread) ** 2
        self.variance = 1.08 * float(np.average(cut, weights=decay)) / left

    def _data(self, variance: float) -> np.ndarray:
        """What the months say about level and year; beforehand each may go about as far as 1."""
        return (self.design * self.weights[:, None]).T @ self.design / variance

    def expect(self, pooled: float, score: float, sought: float) -> Expectation:
        left = max(self.count - self.freedom, 0.0)
        own = (left * self.restlessness + _POOLED_MONTHS * pooled) / (left + _POOLED_MONTHS)
        variance = self.chance + max(own, pooled / 4)
        data = self._data(variance)
        unknown = float(self.now @ np.linalg.solve(data + np.eye(len(data)), self.now))
        centre = float(self.now @ self.found)
        spread = (variance + unknown) ** 0.5

        def count(place: float) -> float:
            return max((max(place, 0.0) * self.level) ** 2 - _SHIFT, 0.0)

        def distance(number: float) -> float:
            return (float(np.sqrt(number + _SHIFT)) / self.level - centre) / spread

        mean = count(centre)
        return Expectation(
            mean,
            count(centre - score * spread),
            count(centre + score * spread),
            distance(self.observed),
            distance((1 - sought) * mean) <= -score - _TWO_IN_THREE,
            distance((1 + sought) * mean) >= score + _TWO_IN_THREE,
        )


def _design(months: np.ndarray) -> np.ndarray:
    """The level, the year's waves and its months as columns, each by how far it may go."""
    angles = 2 * np.pi * months[:, None] * np.arange(1, 3) / 12
    level = np.full((len(months), 1), _LEVEL)
    single = months[:, None] == np.arange(12)
    return np.hstack([level, _WAVES * np.sin(angles), _WAVES * np.cos(angles), _MONTH * single])
