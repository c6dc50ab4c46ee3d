"""Months before months, and items whose records may be counted by month."""

from __future__ import annotations

from datetime import date

from creditlab.terms import UpdatePeriod

_MONTHLY = {UpdatePeriod.EVENT, UpdatePeriod.DAY, UpdatePeriod.WEEK, UpdatePeriod.MONTH}


def months_before(month: date, count: int) -> date:
    """The first day of the month that lies so many months before a month's first day.

    Examples
    --------
    >>> months_before(date(2026, 1, 1), 2)
    datetime.date(2025, 11, 1)
    """
    number = month.year * 12 + month.month - 1 - count
    return date(number // 12, number % 12 + 1, 1)


def is_monthly(kind: UpdatePeriod) -> bool:
    """Whether an item's records may be counted by month: its updates are not further apart."""
    return kind in _MONTHLY
