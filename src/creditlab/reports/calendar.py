"""When a period's reports come out: by rule, so that everybody can know it before, and lateness shows."""

from __future__ import annotations

from datetime import date, timedelta

from creditlab.catalogue import Catalogue
from creditlab.errors import CalendarError
from creditlab.periods import Period, WorkingDays

_ONE_DAY = timedelta(days=1)


def mature_on(period: Period, catalogue: Catalogue, calendar: WorkingDays) -> date:
    """The first day on whose state no figure of a period is provisional: every item's time limit has passed.

    Raises
    ------
    CalendarError
        If the working days up to then are not official yet.
    """
    found = period.end
    for item in catalogue.edition_on(period.last_day).items:
        limit = item.time_limit
        if not limit.is_working:
            found = max(found, period.last_day + limit.days * _ONE_DAY)
        else:
            while calendar.is_before_nth_after(found, period.last_day, limit.days):
                found += _ONE_DAY
    return found


def planned_release(period: Period, catalogue: Catalogue, calendar: WorkingDays) -> date:
    """The day on which a period's reports come out: the first working day on which its figures are mature.

    Raises
    ------
    CalendarError
        If the working days up to then are not official yet.
    """
    day = mature_on(period, catalogue, calendar)
    while calendar.ordinal(day) == calendar.ordinal(day - _ONE_DAY):
        day += _ONE_DAY
    return day


def known_release(period: Period, catalogue: Catalogue, calendar: WorkingDays) -> date | None:
    """The same; None where nobody knows it yet: the state names the next year's working days late in the year."""
    try:
        return planned_release(period, catalogue, calendar)
    except CalendarError:
        # To be told as unknown by who asks.
        return None
