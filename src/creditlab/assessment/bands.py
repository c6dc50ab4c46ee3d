"""The age of a record as the step tables see it: a few days of the calendar between which nothing changes.

A record is so many months old when the same day of a later month is there, or that month's last day if it is shorter.
All step tables of a methodology together have a handful of bounds; each becomes one day, and a record's *band* is how
many of them it lies on or before. So ages cost comparisons with constants, whatever the steps are.
"""

from __future__ import annotations

import calendar
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis

from creditlab.assessment.methodology import Indicator, Methodology, Step

if TYPE_CHECKING:
    import ibis.expr.types as ir


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or that month's last day if it has no such day."""
    place = day.year * 12 + day.month - 1 + months
    year, month = place // 12, place % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def newest_so_old(as_of: date, months: int) -> date:
    """The newest day that is so many months before `as_of`.

    Examples
    --------
    >>> newest_so_old(date(2026, 2, 28), 1), newest_so_old(date(2026, 3, 1), 1)
    (datetime.date(2026, 1, 31), datetime.date(2026, 2, 1))
    """
    back = months_later(as_of, -months)
    is_last = as_of.day == calendar.monthrange(as_of.year, as_of.month)[1]
    return back.replace(day=calendar.monthrange(back.year, back.month)[1]) if is_last else back


@dataclass(frozen=True)
class Bands:
    """The bounds of a methodology's steps on a day, the newest first."""

    as_of: date
    days: tuple[date, ...]

    @classmethod
    def of(cls, methodology: Methodology, as_of: date) -> Bands:
        """The bounds of all its step tables."""
        found = {newest_so_old(as_of, one.below) for rule in methodology.indicators for one in rule.decay}
        found |= {as_of - timedelta(days=one.below) for rule in methodology.indicators for one in rule.days}
        found |= {newest_so_old(as_of, one.below_months) for one in methodology.overrides if one.below_months}
        return cls(as_of, tuple(sorted(found, reverse=True)))

    def column(self, event_date: ir.DateValue) -> ir.IntegerValue:
        """Each record's band."""
        passed = [(event_date <= ibis.date(day)).cast("int8") for day in self.days]
        return sum(passed[1:], passed[0]).cast("int8") if passed else ibis.literal(0, "int8")

    def values(self, indicator: Indicator) -> list[int | None]:
        """What a step table says in each band; None where a record is older than its last step."""
        by_days = bool(indicator.days)
        steps: Sequence[Step] = indicator.days or indicator.decay
        bounds = [
            self.as_of - timedelta(days=one.below) if by_days else newest_so_old(self.as_of, one.below) for one in steps
        ]
        return self._by_band(bounds, [one.value for one in steps])

    def holds(self, below_months: int) -> list[bool]:
        """Whether a record is younger than so many months, in each band; always where there is no bound."""
        if not below_months:
            return [True] * (len(self.days) + 1)
        return [one is not None for one in self._by_band([newest_so_old(self.as_of, below_months)], [1])]

    def _by_band(self, bounds: Iterable[date], values: Sequence[int]) -> list[int | None]:
        # A band is left when the record lies on or before the bound that closes it.
        places = [self._place(day) for day in bounds]
        return [
            next((value for place, value in zip(places, values, strict=True) if band <= place), None)
            for band in range(len(self.days) + 1)
        ]

    def _place(self, day: date) -> int:
        return bisect_left(self.days, -day.toordinal(), key=lambda one: -one.toordinal())
