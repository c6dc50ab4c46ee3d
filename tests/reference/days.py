"""Working days, calendar steps and the periods that a manifest names."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

ONE_DAY = timedelta(days=1)


class WorkingDays:
    """Tell working days from others by the country's package, one day at a time."""

    def __init__(self, country: str) -> None:
        self.country = country
        self._seen: dict[date, bool] = {}
        if country != "CN":
            import holidays

            self._holidays = holidays.country_holidays(country)

    def is_working(self, day: date) -> bool:
        if day not in self._seen:
            if self.country == "CN":
                import chinese_calendar

                self._seen[day] = bool(chinese_calendar.is_workday(day))
            else:
                self._seen[day] = day.weekday() < 5 and day not in self._holidays
        return self._seen[day]

    def count(self, after: date, up_to: date) -> int:
        """Working days d with after < d <= up_to."""
        total = 0
        day = after + ONE_DAY
        while day <= up_to:
            if self.is_working(day):
                total += 1
            day += ONE_DAY
        return total

    def add(self, day: date, number: int) -> date:
        """The day on which the number-th working day after `day` falls."""
        while number > 0:
            day += ONE_DAY
            if self.is_working(day):
                number -= 1
        return day


def parse_limit(text: str) -> tuple[int, bool]:
    """`7 working days` -> (7, True); `20 days` -> (20, False)."""
    found = re.fullmatch(r"\s*(\d+)\s+(working\s+)?days?\s*", text)
    if found is None:
        raise ValueError(f"time limit {text!r}")
    return int(found.group(1)), found.group(2) is not None


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or that month's last day where there is none."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def add_update_period(day: date, update_period: str) -> date:
    steps = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
    if update_period == "day":
        return day + ONE_DAY
    if update_period == "week":
        return day + 7 * ONE_DAY
    return add_months(day, steps[update_period])


def period_name(day: date, update_period: str) -> str:
    """The manifest's name of the update period that holds the day."""
    if update_period == "day":
        return day.isoformat()
    if update_period == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    if update_period == "month":
        return f"{day.year}-{day.month:02d}"
    if update_period == "quarter":
        return f"{day.year}Q{(day.month + 2) // 3}"
    if update_period == "half-year":
        return f"{day.year}H{1 if day.month <= 6 else 2}"
    return str(day.year)


def due_periods(update_period: str, start: date, end: date) -> list[tuple[str, date]]:
    """Names and last days of the update periods whose last day lies in [start, end)."""
    found = []
    day = start
    while day < end:
        name = period_name(day, update_period)
        if name != period_name(day + ONE_DAY, update_period):
            found.append((name, day))
        day += ONE_DAY
    return found


def parse_period(text: str) -> tuple[date, date]:
    """`2026Q3`, `2026H1`, `2026`, `2026-08` or `2026-07-01/2026-10-01` -> [start, end)."""
    if "/" in text:
        first, last = text.split("/")
        return date.fromisoformat(first), date.fromisoformat(last)
    if found := re.fullmatch(r"(\d{4})Q([1-4])", text):
        start = date(int(found.group(1)), int(found.group(2)) * 3 - 2, 1)
        return start, add_months(start, 3)
    if found := re.fullmatch(r"(\d{4})H([12])", text):
        start = date(int(found.group(1)), int(found.group(2)) * 6 - 5, 1)
        return start, add_months(start, 6)
    if re.fullmatch(r"\d{4}-\d{2}", text):
        start = date(int(text[:4]), int(text[5:]), 1)
        return start, add_months(start, 1)
    start = date(int(text), 1, 1)
    return start, date(int(text) + 1, 1, 1)


def month_of(day: date) -> tuple[date, date]:
    start = day.replace(day=1)
    return start, add_months(start, 1)
