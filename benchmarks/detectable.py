"""Which falls and floods of a half can be told from chance at all: a bound from statistics, stated beforehand.

A count is drawn around its mean with chance (Poisson) and restlessness beyond it (gamma, so that it is negative
binomial). Somebody who knows mean and restlessness raises what so many months in order out of a hundred would show;
where that finds a change less often than in four cases of five, no method that has to learn them can do better.
"""

from __future__ import annotations

from functools import cache

import numpy as np

#: Of a hundred months in order, so many may be raised to each side.
FALSE_ALARMS = 0.01
#: What a fall or a flood of a half has to be found in, for it to be called detectable.
POWER = 0.8


@cache
def power(mean: float, noise: float, sign: int, false_alarms: float = FALSE_ALARMS) -> float:
    """How often somebody who knows everything but the draw finds half withheld (-1), or half delivered again (1).

    Parameters
    ----------
    mean, noise
        The month's mean without a fault, and its coefficient of variation beyond chance.
    sign
        -1 for a fall, 1 for a flood.
    false_alarms
        Of months in order, the share that may be raised to this side.
    """
    from scipy.stats import binom, nbinom

    size = noise**-2

    def counts(around: float) -> object:
        return nbinom(size, size / (size + around))

    whole = counts(mean)
    if sign < 0:
        # The largest count that so few months in order lie at or below.
        limit = int(whole.ppf(false_alarms))
        limit -= whole.cdf(limit) > false_alarms
        return float(counts(mean / 2).cdf(limit))
    limit = int(whole.isf(false_alarms))
    drawn = np.arange(int(whole.isf(1e-9)) + 1)
    return float((whole.pmf(drawn) * binom.sf(limit - drawn, drawn, 0.5)).sum())


def least_mean(noise: float, sign: int, false_alarms: float = FALSE_ALARMS) -> int | None:
    """The smallest mean from which on a change of a half is detectable; None where it never is."""
    found = None
    for mean in range(400, 0, -1):
        if power(float(mean), noise, sign, false_alarms) < POWER:
            break
        found = mean
    return found
