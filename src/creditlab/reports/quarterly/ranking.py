"""Who stands where among departments or units: with the ranks that chance alone could give, where counts are small.

A share of few says little about who does better. Each has an interval (Wilson, 95 %); one stands surely before another
only where their intervals don't touch, so that every rank is a span from the best to the last one possible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from creditlab.figures import Figures, Row
from creditlab.periods import Period

_Z = 1.959963984540054


@dataclass(frozen=True)
class Standing:
    """One group's interval of its share, and the best and the last rank that it may have, of how many ranked."""

    low: float
    high: float
    best: int
    last: int
    of: int


def interval(numerator: int, denominator: int) -> tuple[float, float]:
    """The interval of a share (Wilson, 95 %); `denominator` is above 0.

    Examples
    --------
    >>> low, high = interval(9, 10)
    >>> round(low, 3), round(high, 3)
    (0.596, 0.982)
    """
    share, spread = numerator / denominator, _Z**2 / denominator
    middle = (share + spread / 2) / (1 + spread)
    half = _Z * sqrt(share * (1 - share) / denominator + spread / (4 * denominator)) / (1 + spread)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def standings(figures: Figures, rows: Sequence[Row], period: Period) -> Mapping[int, Standing]:
    """The standing of each row that has one, by its place among `rows`.

    Suppressed and empty shares have none. Nor have provisional ones: late arrivals may turn their order round.
    """
    found: dict[int, tuple[float, float]] = {}
    for place, row in enumerate(rows):
        cell = figures.find(**row.where, period_start=period.start)
        if cell is not None and cell["ratio"] is not None and not cell["is_provisional"]:
            found[place] = interval(cell["numerator"], cell["denominator"])
    return {
        place: Standing(
            low,
            high,
            1 + sum(other > high for other, _ in found.values()),
            len(found) - sum(other < low for _, other in found.values()),
            len(found),
        )
        for place, (low, high) in found.items()
    }
