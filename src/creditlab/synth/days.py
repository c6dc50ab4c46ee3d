"""Days as numbers: what the vectorised parts count in, and how they turn back into text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from creditlab.periods import ONE_DAY, working_days

#: Day 0. Early enough for every registration, so that no day number is negative.
ORIGIN = date(1990, 1, 1)


def day_number(day: date) -> int:
    """Days since the origin."""
    return (day - ORIGIN).days


def day_of(number: int) -> date:
    """The day that a number counts to."""
    return ORIGIN + int(number) * ONE_DAY


def day_texts(numbers: np.ndarray) -> np.ndarray:
    """Days written as 2026-10-20."""
    return (np.datetime64(ORIGIN) + np.asarray(numbers, dtype="timedelta64[D]")).astype("U10")


@dataclass(frozen=True)
class Calendar:
    """Working days (China's, official) by day number: `count[n]` of them up to and including day n."""

    count: np.ndarray

    def is_working(self, numbers: np.ndarray) -> np.ndarray:
        """Whether each day is a working day."""
        return self.count[numbers] > self.count[np.asarray(numbers) - 1]

    def working(self, first: int, last: int) -> np.ndarray:
        """The working days from `first` to `last`, both included."""
        days = np.arange(first, last + 1)
        return days[self.is_working(days)]

    def last_in_time(self, days: np.ndarray, limit: np.ndarray, is_working: np.ndarray) -> np.ndarray:
        """The last day on which a record of each day is still in time."""
        later = np.searchsorted(self.count, self.count[days] + limit, side="right") - 1
        return np.where(is_working, later, days + limit)


def official_calendar() -> Calendar:
    """China's working days, as far as they are official."""
    source = working_days("CN")
    offset = day_number(source.first)
    return Calendar(np.concatenate([np.zeros(offset, dtype=np.int64), source.ordinals.astype(np.int64)]))
