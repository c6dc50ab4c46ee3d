"""Who delivers what, and when: streams (item, department, unit), their deliveries, and the spans of their events."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

import numpy as np

from creditlab.periods import ONE_DAY, Period, due_periods
from creditlab.synth.days import Calendar, day_number
from creditlab.synth.definitions import ItemPlan
from creditlab.synth.parameters import Parameters
from creditlab.terms import ReportingLevel, UpdatePeriod

PROVINCE = "130000"
_MONTHS = {UpdatePeriod.MONTH: 1, UpdatePeriod.QUARTER: 3, UpdatePeriod.HALF_YEAR: 6, UpdatePeriod.YEAR: 12}
#: Days after a span's end on which a punctual and a late periodic delivery is made. Every grace is 10 days or more, and
#: every limit of a periodic item 20 days, so that a late delivery is beyond both.
_PUNCTUAL, _LATE = (1, 10), (21, 30)
#: Steps of this part of the whole fill it evenly, however many there are.
_GOLDEN = (5**0.5 - 1) / 2
#: How many days after the last event a stream goes on delivering when its item has left the catalogue.
_AFTERMATH = 45


@dataclass(frozen=True)
class Stream:
    """One item from one department and unit. `unit` is -1 for the province."""

    item: int
    department: str
    region: str
    unit: int


@dataclass(frozen=True)
class Schedule:
    """Streams, their deliveries in order of stream and day, and the spans of days in which their events fall.

    Deliveries: `stream`, `day`, `period` (text). Spans: `span_stream`, `span_first` and `span_count` (positions in
    `days`, the working days), `span_mean` (expected events), `span_delivery` (the delivery meant for it, else -1).
    """

    streams: list[Stream]
    stream: np.ndarray
    day: np.ndarray
    period: list[str]
    days: np.ndarray
    span_stream: np.ndarray
    span_first: np.ndarray
    span_count: np.ndarray
    span_mean: np.ndarray
    span_delivery: np.ndarray


class _Draws:
    """Numbers between 0 and 1, each department's own, that fill the span evenly from the first few on."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._last: dict[str, float] = {}

    def next(self, department: str) -> float:
        """The department's next number."""
        before = self._last.get(department)
        drawn = float(self._rng.random()) if before is None else (before + _GOLDEN) % 1
        self._last[department] = drawn
        return drawn


def season_factor(month: int, parameters: Parameters) -> float:
    """How a month's volume compares with the mean month's."""
    season = parameters.season
    return 1 + season.amplitude * float(np.cos(2 * np.pi * (month - season.peak_month) / 12))


def make_schedule(
    plans: list[ItemPlan], parameters: Parameters, calendar: Calendar, rng: np.random.Generator
) -> Schedule:
    """Lay out all streams from the first day to the last delivery."""
    streams = [
        Stream(number, department, region, unit)
        for number, plan in enumerate(plans)
        for department in plan.departments
        for region, unit in _places(plan, parameters)
    ]
    days = calendar.working(day_number(parameters.volume.first_day), day_number(parameters.volume.last_day))
    draws = _Draws(rng)
    made: list[tuple[int, int, str]] = []
    spans: list[tuple[int, date, date, float, int]] = []
    for number, stream in enumerate(streams):
        plan = plans[stream.item]
        weight = plan.volume * (list(parameters.units.values())[stream.unit].weight if stream.unit >= 0 else 1.0)
        if plan.rhythm == "period":
            _periodic(number, plan, stream, weight, parameters, calendar, rng, draws, made, spans)
        else:
            _by_event(number, plan, stream, weight, parameters, calendar, rng, made, spans)
    order = sorted(range(len(made)), key=lambda n: made[n][:2])
    place = {old: new for new, old in enumerate(order)}
    mean = np.array([one[3] for one in spans])
    first = np.searchsorted(days, [day_number(one[1]) for one in spans])
    last = np.searchsorted(days, [day_number(one[2]) for one in spans], side="right")
    return Schedule(
        streams,
        np.array([made[n][0] for n in order]),
        np.array([made[n][1] for n in order]),
        [made[n][2] for n in order],
        days,
        np.array([one[0] for one in spans]),
        first,
        last - first,
        mean * parameters.volume.records / mean.sum(),
        np.array([place.get(one[4], -1) for one in spans]),
    )


def _places(plan: ItemPlan, parameters: Parameters) -> list[tuple[str, int]]:
    if plan.level is ReportingLevel.PREFECTURE:
        return [(code, number) for number, code in enumerate(parameters.units)]
    return [(PROVINCE, -1)]


def _last_delivery(stream: Stream, parameters: Parameters) -> int:
    last = day_number(parameters.volume.last_delivery)
    if stream.department == parameters.silence.department:
        return min(last, day_number(parameters.silence.first_day) - 1)
    return last


def _by_event(
    number: int,
    plan: ItemPlan,
    stream: Stream,
    weight: float,
    parameters: Parameters,
    calendar: Calendar,
    rng: np.random.Generator,
    made: list[tuple[int, int, str]],
    spans: list[tuple[int, date, date, float, int]],
) -> None:
    months = [
        month
        for month in due_periods(UpdatePeriod.MONTH, parameters.volume.first_day, parameters.volume.last_day + ONE_DAY)
        if plan.in_force(month.start.year)
    ]
    for month in months:
        spans.append((number, month.start, month.last_day, weight * season_factor(month.start.month, parameters), -1))
    first = day_number(months[0].start)
    last = min(_last_delivery(stream, parameters), day_number(months[-1].last_day) + _AFTERMATH)
    if plan.rhythm == "weekly":
        planned = np.arange(first + int(rng.integers(2, 7)), last + 1, 7)
    else:
        offset = int(rng.integers(0, 5))
        planned = np.array(
            [day_number(date(y, m, d + offset)) for y in range(2025, 2028) for m in range(1, 13) for d in (1, 16)]
        )
        planned = planned[(planned > first) & (planned <= last)]
    # On holidays the working day before, so that holidays never make anything late.
    before = np.searchsorted(calendar.count, calendar.count[planned], side="left")
    made += [(number, day, "") for day in np.unique(before[before > first]).tolist()]


def _periodic(
    number: int,
    plan: ItemPlan,
    stream: Stream,
    weight: float,
    parameters: Parameters,
    calendar: Calendar,
    rng: np.random.Generator,
    draws: _Draws,
    made: list[tuple[int, int, str]],
    spans: list[tuple[int, date, date, float, int]],
) -> None:
    volume, last = parameters.volume, _last_delivery(stream, parameters)
    share = parameters.punctual_share(stream.department)
    for due in due_periods(plan.update_period, volume.first_day, volume.last_day.replace(month=12, day=31) + ONE_DAY):
        end = _settled(due, plan)
        begin = end - (parameters.season.settled_days - 1) * ONE_DAY
        if begin < volume.first_day or end > volume.last_day or not plan.in_force(end.year):
            continue
        mean = weight * _MONTHS[plan.update_period] * season_factor(end.month, parameters)
        draw = draws.next(stream.department)
        # Yearly matters are published long before they are due, so that they are always punctual.
        is_punctual = draw < share or plan.update_period is UpdatePeriod.YEAR
        is_omitted = not is_punctual and draw >= 1 - parameters.punctuality.omitted_share
        after = _PUNCTUAL if is_punctual else _LATE
        choices = calendar.working(day_number(end) + after[0], day_number(end) + after[1])
        day = int(rng.choice(choices))
        meant = -1
        if not is_omitted and day <= last:
            meant = len(made) if is_punctual else -1
            made.append((number, day, due.label))
        spans.append((number, begin, end, mean, meant))


def _settled(due: Period, plan: ItemPlan) -> date:
    if plan.event_month is None:
        return due.last_day
    return date(due.start.year, plan.event_month, monthrange(due.start.year, plan.event_month)[1])
