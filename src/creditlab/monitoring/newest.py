"""The newest months of a series, followed one after the other: one far off what was expected of it moves little.

A level that wanders would take in a fall that goes on, so that its second month looked as it should. Each of the newest
months is either in order, or it went wrong by an unknown amount; how likely each is, is asked of what was expected
before it. As likely as it went wrong, as little is learned from it; and after a month that went wrong, the next one
more probably did too, so that months in a row are judged together: less is asked of the second and the third.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: So many months are followed; the ones before them have been drawn in, and need to be so many at least.
_NEWEST, _OLDER = 3, 5
#: How often a month goes wrong, how often the month after one that did, and by how much (root scale).
_WRONG, _AGAIN, _FAR = 0.05, 0.5, 0.3


@dataclass(frozen=True)
class Followed:
    """What is known after the newest months: how well they were explained, and what is expected of the next.

    Attributes
    ----------
    wrong
        How likely the last of them went wrong; below 0 where it fell.
    """

    evidence: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    wrong: np.ndarray


def newest_of(length: int) -> int:
    """How many months of a past so long are followed."""
    return max(0, min(_NEWEST, length - _OLDER))


def likelier(wrong: np.ndarray) -> np.ndarray:
    """How many times the odds that a month goes wrong are higher where the one before it may have gone wrong."""
    chance = _next(wrong)
    found: np.ndarray = chance / (1 - chance) * (1 - _WRONG) / _WRONG
    return found


def _next(wrong: np.ndarray) -> np.ndarray:
    return _WRONG + wrong * (_AGAIN - _WRONG)


def followed(values: np.ndarray, means: np.ndarray, between: np.ndarray, noise: np.ndarray) -> Followed:
    """Follow months of series to the one that is looked at.

    Parameters
    ----------
    values
        The newest months: first by month, then by series, then by setting.
    means, between
        What older months make expected of them and of the next: one more than `values`, and the covariances.
    noise
        The variance of a single month around its level, by series and setting.

    Returns
    -------
    Followed
        By series and setting; of a month that may have gone wrong the two possibilities are made one of the same mean
        and variance.
    """
    evidence, wrong, sign = np.zeros(means.shape[1:]), np.zeros(means.shape[1:]), np.ones(means.shape[1:])
    for value in values:
        sign = np.sign(value - means[0])
        off, tied, own = value - means[0], between[0, 1:], between[0, 0] + noise
        far, chance = own + _FAR**2, _next(wrong)
        in_order = np.log1p(-chance) - 0.5 * (off**2 / own + np.log(own))
        went_wrong = np.log(chance) - 0.5 * (off**2 / far + np.log(far))
        said = np.logaddexp(in_order, went_wrong)
        wrong = np.exp(went_wrong - said)
        gain, apart = (1 - wrong) / own + wrong / far, off * (1 / own - 1 / far)
        means = means[1:] + gain * off * tied
        between = between[1:, 1:] - (gain - wrong * (1 - wrong) * apart**2) * tied[:, None] * tied
        evidence += said
    return Followed(evidence, means[0], between[0, 0] + noise, sign * wrong)
