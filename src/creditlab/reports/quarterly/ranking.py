"""Who stands where among departments or units: with the ranks that chance alone could give, where counts are small.

A share of few says little about who does better. Each has an interval (Wilson, 95 %); one stands surely before another
only where their intervals don't touch, so that every rank is a span from the best to the last one possible.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from creditlab.figures import Cell, Figures, Row
from creditlab.messages import Messages
from creditlab.periods import Period
from creditlab.tables import Column, Kind

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


def rank_figures(
    standing_of: Callable[[Mapping[str, str]], Standing | None], messages: Messages
) -> list[tuple[Column, Callable[[Figures, Mapping[str, str]], Cell]]]:
    """The columns of a standing: its interval, its best and its last rank, and of how many. Empty where it has none.

    Parameters
    ----------
    standing_of
        Gives the standing of the row that is about some cells.
    """
    _ = messages.gettext

    def share(value: float) -> Cell:
        # Four digits say all that an interval of chance can.
        rounded = round(10_000 * value)
        return Cell(rounded / 10_000, messages.percent(rounded, 10_000))

    def of(take: Callable[[Standing], Cell]) -> Callable[[Figures, Mapping[str, str]], Cell]:
        def cell(figures: Figures, where: Mapping[str, str]) -> Cell:
            standing = standing_of(where)
            return take(standing) if standing is not None else Cell(None, "")

        return cell

    def whole(number: int) -> Cell:
        return Cell(number, messages.integer(number))

    return [
        (Column("interval_low", _("Interval from"), Kind.SHARE), of(lambda one: share(one.low))),
        (Column("interval_high", _("Interval to"), Kind.SHARE), of(lambda one: share(one.high))),
        (Column("rank_best", _("Best rank"), Kind.INTEGER), of(lambda one: whole(one.best))),
        (Column("rank_last", _("Last rank"), Kind.INTEGER), of(lambda one: whole(one.last))),
        (Column("ranked", _("Ranked"), Kind.INTEGER), of(lambda one: whole(one.of))),
    ]
