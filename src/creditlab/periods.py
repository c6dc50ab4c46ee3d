"""Spans of days: periods, due periods and working-day calendars.

A `Period` is half open, [start, end). Working days come from the country's official source and stop at its
official end; beyond it nothing is guessed, because make-up days are proclaimed and can't be computed.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab.errors import CalendarError, PeriodError, WorkspaceError
from creditlab.terms import UpdatePeriod

if TYPE_CHECKING:
    import numpy as np

#: The number of a week's first free day, where Monday is 0.
_WEEKEND = 5
ONE_DAY = timedelta(days=1)
_NO_SUCH_YEAR = "a period lies outside the years that dates have"
#: The first day that a calendar made from the package `holidays` knows, and its last when the workspace names none.
STATUTORY_FROM, STATUTORY_UNTIL = date(2000, 1, 1), date(2040, 12, 31)


@dataclass(frozen=True, order=True)
class Period:
    """The days from `start` up to, not including, `end`; `label` is how people write it."""

    start: date
    end: date
    label: str

    @property
    def last_day(self) -> date:
        """The last day that belongs to the period."""
        return self.end - ONE_DAY

    @property
    def is_whole_months(self) -> bool:
        """Whether the period cuts no calendar month."""
        return self.start.day == 1 and self.end.day == 1

    def months(self) -> list[Period]:
        """The calendar months that the period touches, whole."""
        found, month = [], self.start.replace(day=1)
        while month < self.end:
            found.append(month_of(month))
            month = found[-1].end
        return found

    def previous(self) -> Period:
        """The period of the same kind just before this one; of a free span, as many days before it."""
        kind = _kind_of(self)
        try:
            if kind is not None:
                return containing(kind, self.start - ONE_DAY)
            start = self.start - (self.end - self.start)
        except OverflowError as error:
            raise PeriodError(_NO_SUCH_YEAR) from error
        return Period(start, self.start, f"{start}/{self.start}")

    def following(self) -> Period:
        """The period of the same kind just after this one; of a free span, as many days after it."""
        kind = _kind_of(self)
        try:
            if kind is not None:
                return containing(kind, self.end)
            end = self.end + (self.end - self.start)
        except OverflowError as error:
            raise PeriodError(_NO_SUCH_YEAR) from error
        return Period(self.end, end, f"{self.end}/{end}")

    def year_before(self) -> Period:
        """The same period of the year before: the same month, quarter or half-year; of any other span, its days."""
        kind = _kind_of(self)
        try:
            start = _a_year_before(self.start)
            if kind in _OF_A_YEAR:
                return containing(kind, start)
            end = _a_year_before(self.end)
        except ValueError as error:
            raise PeriodError(_NO_SUCH_YEAR) from error
        return Period(start, end, f"{start}/{end}")


def _a_year_before(day: date) -> date:
    """The same day of the year before; of 29 February, the day before 1 March."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if is_leap_day else day.day)


_OF_A_YEAR = (UpdatePeriod.MONTH, UpdatePeriod.QUARTER, UpdatePeriod.HALF_YEAR, UpdatePeriod.YEAR)
_FORMS: dict[UpdatePeriod, re.Pattern[str]] = {
    UpdatePeriod.DAY: re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})"),
    UpdatePeriod.WEEK: re.compile(r"(?P<y>\d{4})-W(?P<n>\d{2})"),
    UpdatePeriod.MONTH: re.compile(r"(?P<y>\d{4})-(?P<m>\d{2})"),
    UpdatePeriod.QUARTER: re.compile(r"(?P<y>\d{4})Q(?P<n>[1-4])"),
    UpdatePeriod.HALF_YEAR: re.compile(r"(?P<y>\d{4})H(?P<n>[12])"),
    UpdatePeriod.YEAR: re.compile(r"(?P<y>\d{4})"),
}


def parse_period(text: str) -> Period:
    """Read a period: 2026Q3, 2026H1, 2026, 2026-08, 2026-W32, 2026-08-03 or 2026-07-01/2026-10-01 (end excluded).

    Raises
    ------
    PeriodError
        If the text is none of these forms, names no day that exists, or ends before it starts.

    Examples
    --------
    >>> parse_period("2026Q3").end
    datetime.date(2026, 10, 1)
    """
    text = text.strip()
    if "/" in text:
        first, _, last = text.partition("/")
        start, end = parse_date(first), parse_date(last)
        if end <= start:
            raise PeriodError("a period ends on or before its start", do="Give START/END, the end excluded.")
        return Period(start, end, f"{start}/{end}")
    for kind, form in _FORMS.items():
        match = form.fullmatch(text)
        if match:
            return _build(kind, match)
    raise PeriodError("the period has no known form", do="Write 2026Q3, 2026, 2026-08 or 2026-07-01/2026-10-01.")


def parse_label(kind: UpdatePeriod, text: str) -> Period | None:
    """Read the due period that a delivery names; None where it is empty or of another kind than the item's."""
    form = _FORMS.get(kind)
    match = form.fullmatch(text.strip()) if form else None
    if match is None:
        return None
    try:
        return _build(kind, match)
    except PeriodError:
        return None


def parse_date(text: str) -> date:
    """Read a day written 2026-10-20.

    Raises
    ------
    PeriodError
        If it isn't one.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise PeriodError("a date can't be read", do="Write it as 2026-10-20.") from error


def containing(kind: UpdatePeriod, day: date) -> Period:
    """The period of one kind that a day lies in.

    Raises
    ------
    PeriodError
        For `event`, and where the period ends after the last year that dates have.
    """
    try:
        return _containing(kind, day)
    except OverflowError as error:
        raise PeriodError(_NO_SUCH_YEAR) from error


def _containing(kind: UpdatePeriod, day: date) -> Period:
    match kind:
        case UpdatePeriod.DAY:
            return Period(day, day + ONE_DAY, day.isoformat())
        case UpdatePeriod.WEEK:
            start = day - timedelta(days=day.weekday())
            year, week, _ = day.isocalendar()
            return Period(start, start + timedelta(days=7), f"{year:04d}-W{week:02d}")
        case UpdatePeriod.MONTH:
            return month_of(day)
        case UpdatePeriod.QUARTER:
            return _span(day.year, (day.month - 1) // 3 * 3 + 1, 3, f"{day.year:04d}Q{(day.month + 2) // 3}")
        case UpdatePeriod.HALF_YEAR:
            return _span(day.year, 1 if day.month < 7 else 7, 6, f"{day.year:04d}H{1 if day.month < 7 else 2}")
        case UpdatePeriod.YEAR:
            return _span(day.year, 1, 12, f"{day.year:04d}")
        case UpdatePeriod.EVENT:
            raise PeriodError("an item that reports events has no due period")


def month_of(day: date) -> Period:
    """The calendar month that a day lies in."""
    return _span(day.year, day.month, 1, f"{day.year:04d}-{day.month:02d}")


def due_periods(kind: UpdatePeriod, start: date, end: date) -> Iterator[Period]:
    """The due periods whose last day lies in [start, end), in order; none for `event`."""
    if kind is UpdatePeriod.EVENT:
        return
    due = containing(kind, start)
    while due.last_day < end:
        if due.last_day >= start:
            yield due
        due = containing(kind, due.end)


def _span(year: int, month: int, months: int, label: str) -> Period:
    last = month + months
    try:
        end = date(year + (last - 1) // 12, (last - 1) % 12 + 1, 1)
        return Period(date(year, month, 1), end, label)
    except ValueError as error:
        raise PeriodError(_NO_SUCH_YEAR) from error


def _build(kind: UpdatePeriod, match: re.Match[str]) -> Period:
    parts = {name: int(text) for name, text in match.groupdict().items()}
    try:
        if kind is UpdatePeriod.DAY:
            return containing(kind, date(parts["y"], parts["m"], parts["d"]))
        if kind is UpdatePeriod.WEEK:
            return containing(kind, date.fromisocalendar(parts["y"], parts["n"], 1))
        months = {UpdatePeriod.QUARTER: 3, UpdatePeriod.HALF_YEAR: 6}.get(kind, 1)
        month = parts["m"] if "m" in parts else (parts.get("n", 1) - 1) * months + 1
        return containing(kind, date(parts["y"], month, 1))
    except (ValueError, OverflowError) as error:
        raise PeriodError("a period names a day that doesn't exist") from error


def _kind_of(period: Period) -> UpdatePeriod | None:
    for kind in _FORMS:
        # Its label says the kind; a free span may end where no period of a kind does.
        if parse_label(kind, period.label) == period:
            return kind
    return None


@dataclass(frozen=True)
class WorkingDays:
    """The working days of one country or workspace, from `first` to `official_until`, both included.

    `ordinals[i]` counts the working days from `first` up to and including day `first + i`, so that the working days d
    with a < d <= b are `ordinal(b) - ordinal(a)`.
    """

    name: str
    first: date
    official_until: date
    ordinals: np.ndarray

    def knows(self, day: date) -> bool:
        """Whether the calendar is official for a day."""
        return self.first <= day <= self.official_until

    def ordinal(self, day: date) -> int:
        """Working days from `first` up to and including a day.

        Raises
        ------
        CalendarError
            If the day lies outside the calendar's official days.
        """
        if not self.knows(day):
            raise self.beyond(day)
        return int(self.ordinals[(day - self.first).days])

    def beyond(self, day: date) -> CalendarError:
        """The error that says from which day on the calendar is unknown."""
        edge = self.official_until + ONE_DAY if day > self.official_until else self.first
        side = "from" if day > self.official_until else "before"
        return CalendarError(
            f"working days are not official {side} {edge}",
            where=f"calendar {self.name}",
            do="Update the calendar's package, or name a file of days and its official_until in [calendar].",
        )

    def is_before_nth_after(self, as_of: date, last_day: date, count: int) -> bool:
        """Whether `as_of` is before the count-th working day after `last_day`.

        Answers without the calendar where no calendar could change the answer.

        Raises
        ------
        CalendarError
            If the answer depends on a day beyond the official end.
        """
        if count == 0:
            return as_of < last_day
        if (as_of - last_day).days < count:
            return True
        if self.knows(last_day):
            known = min(as_of, self.official_until)
            if self.ordinal(known) - self.ordinal(last_day) >= count:
                return False
        return self.ordinal(as_of) - self.ordinal(last_day) < count


def working_days(country: str, *, days_file: Path | None = None, official_until: date | None = None) -> WorkingDays:
    """The working-day calendar of a country, or of a file of days.

    Parameters
    ----------
    country
        ISO 3166 code. China's days are the State Council's, through `chinesecalendar`; others come from `holidays`.
    days_file
        CSV with a column of dates and a column of 0/1 or true/false for working days; it replaces the country's days.
    official_until
        The last official day, where it is earlier than the source's own end.

    Raises
    ------
    WorkspaceError
        If the country is unknown or the file can't be read as consecutive days.
    """
    if days_file is not None:
        return _from_file(days_file, official_until)
    return _of_country(country.upper(), official_until)


def _calendar(name: str, first: date, flags: list[bool], official_until: date | None) -> WorkingDays:
    import numpy as np

    until = first + timedelta(days=len(flags) - 1)
    if official_until is not None and official_until < until:
        until = official_until
        flags = flags[: (until - first).days + 1]
    return WorkingDays(name, first, until, np.cumsum(np.asarray(flags, dtype=np.int32), dtype=np.int32))


@lru_cache(maxsize=8)
def _of_country(country: str, official_until: date | None) -> WorkingDays:
    if country == "CN":
        from chinese_calendar.constants import holidays as free
        from chinese_calendar.constants import workdays as made_up

        first, until = date(min(free).year, 1, 1), date(max(free).year, 12, 31)
        days = [first + timedelta(days=n) for n in range((until - first).days + 1)]
        # The package's own function looks for its first and last year at every day that it is asked about.
        flags = [day in made_up or (day.weekday() < _WEEKEND and day not in free) for day in days]
        return _calendar(country, first, flags, official_until)
    import holidays

    until = official_until or STATUTORY_UNTIL
    try:
        known = holidays.country_holidays(country, years=range(STATUTORY_FROM.year, until.year + 1))
    except NotImplementedError as error:
        raise WorkspaceError("the calendar's country is unknown", where="[calendar] country") from error
    days = [STATUTORY_FROM + timedelta(days=n) for n in range((until - STATUTORY_FROM).days + 1)]
    return _calendar(country, STATUTORY_FROM, [known.is_working_day(day) for day in days], official_until)


_FLAGS = {"1": True, "true": True, "0": False, "false": False}


def _from_file(path: Path, official_until: date | None) -> WorkingDays:
    place = f"[calendar] days, {path.name}"
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = list(csv.reader(handle))[1:]
        days = [(date.fromisoformat(row[0]), _FLAGS[row[1].strip().lower()]) for row in rows if row]
    except (OSError, ValueError, LookupError, csv.Error) as error:
        do = "Give each day a row: a date such as 2026-10-20, then 1 for a working day or 0."
        raise WorkspaceError("the file of working days can't be read", where=place, do=do) from error
    if not days or any(later - earlier != ONE_DAY for (earlier, _), (later, _) in pairwise(days)):
        raise WorkspaceError("the file of working days has gaps or is not in order", where=place)
    return _calendar(path.name, days[0][0], [flag for _, flag in days], official_until)
