"""A province in chunks: some whole streams, or a part of one large stream, each made on its own.

Whatever is drawn for a chunk comes from the chunk's own generator, which the province's seed and the chunk's number
make. So the number of threads that make chunks changes nothing, and memory holds a few chunks, however many there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from creditlab.synth.days import Calendar, day_number, official_calendar
from creditlab.synth.definitions import ItemPlan, plans
from creditlab.synth.parameters import Parameters
from creditlab.synth.register import Register, make_register
from creditlab.synth.schedule import Schedule, make_schedule

Made = TypeVar("Made")
#: Records that a chunk has at most, but for the few that don't divide evenly among a stream's parts.
CHUNK_RECORDS = 250_000


@dataclass(frozen=True)
class Chunk:
    """What one part of the province is made from.

    `schedule` has the chunk's own streams only; `streams` are their places in the province. `counts`, `late` (the
    chance that a record is held back) and `late_group` are by span; `before` counts, by stream, the records of its item
    and department that earlier chunks have. A stream that is made in parts has `part` above 0 from its second part on.
    """

    number: int
    part: int
    streams: np.ndarray
    schedule: Schedule
    counts: np.ndarray
    late: np.ndarray
    late_group: np.ndarray
    before: np.ndarray


@dataclass(frozen=True)
class Province:
    """What all chunks share, and how the province is cut into them: (first stream, end, part, number of parts)."""

    parameters: Parameters
    calendar: Calendar
    plans: list[ItemPlan]
    register: Register
    schedule: Schedule
    counts: np.ndarray
    late: np.ndarray
    late_group: np.ndarray
    cuts: tuple[tuple[int, int, int, int], ...]
    first_generator: np.random.Generator

    @property
    def records(self) -> int:
        """How many records happen in all."""
        return int(self.counts.sum())

    def generator(self, number: int) -> np.random.Generator:
        """A chunk's generator; the first chunk goes on with the province's own, so a small province has one only."""
        if not number:
            return self.first_generator
        seed = np.random.SeedSequence(self.parameters.volume.seed, spawn_key=(number,))
        return np.random.default_rng(seed)

    def chunk(self, number: int) -> Chunk:
        """What a chunk is made from."""
        first, end, part, parts = self.cuts[number]
        whole = self.schedule
        span = slice(*np.searchsorted(whole.span_stream, (first, end)))
        made = slice(*np.searchsorted(whole.stream, (first, end)))
        meant = whole.span_delivery[span]
        schedule = Schedule(
            whole.streams[first:end],
            whole.stream[made] - first,
            whole.day[made],
            whole.period[made],
            whole.days,
            whole.span_stream[span] - first,
            whole.span_first[span],
            whole.span_count[span],
            whole.span_mean[span],
            np.where(meant >= 0, meant - made.start, -1),
        )
        return Chunk(
            number,
            part,
            np.arange(first, end),
            schedule,
            _share(self.counts[span], part, parts),
            self.late[span],
            self.late_group[span],
            self._before(number),
        )

    def _before(self, number: int) -> np.ndarray:
        """By stream of a chunk, the records of its item and department in earlier chunks."""
        first, end, part, parts = self.cuts[number]
        by_stream = np.bincount(self.schedule.span_stream, self.counts, minlength=len(self.schedule.streams))
        own = [(one.item, one.department) for one in self.schedule.streams]
        earlier: dict[tuple[int, str], int] = {}
        for place in range(first):
            earlier[own[place]] = earlier.get(own[place], 0) + int(by_stream[place])
        counts = self.counts[slice(*np.searchsorted(self.schedule.span_stream, (first, first + 1)))]
        mine = sum(int(_share(counts, one, parts).sum()) for one in range(part))
        return np.array([earlier.get(one, 0) + mine for one in own[first:end]], dtype=np.int64)


def each_chunk(province: Province, make: Callable[[Chunk], Made], threads: int) -> Iterator[tuple[Chunk, Made]]:
    """What is made of each chunk, in order; no more of them than there are threads are on their way."""
    ahead: deque[tuple[Chunk, Future[Made]]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for number in range(len(province.cuts)):
            chunk = province.chunk(number)
            ahead.append((chunk, pool.submit(make, chunk)))
            if len(ahead) >= threads:
                done, made = ahead.popleft()
                yield done, made.result()
        for done, made in ahead:
            yield done, made.result()


def _share(counts: np.ndarray, part: int, parts: int) -> np.ndarray:
    return counts // parts + (part < counts % parts)


def make_province(parameters: Parameters) -> Province:
    """Lay out a province: its register, who delivers when, how much happens, and the chunks to make it in."""
    rng = np.random.default_rng(parameters.volume.seed)
    calendar = official_calendar()
    items = plans()
    register = make_register(parameters, rng)
    schedule = make_schedule(items, parameters, calendar, rng)
    counts = rng.poisson(schedule.span_mean)
    late, group = _late_chances(parameters, items, schedule, counts)
    cuts = _cut(schedule, counts)
    return Province(parameters, calendar, items, register, schedule, counts, late, group, cuts, rng)


def _cut(schedule: Schedule, counts: np.ndarray) -> tuple[tuple[int, int, int, int], ...]:
    """Cut streams, in their order, into chunks of about equal size."""
    found = []
    by_stream = np.bincount(schedule.span_stream, counts, minlength=len(schedule.streams)).astype(np.int64)
    start, size = 0, 0
    for place, count in enumerate(by_stream.tolist()):
        if start < place and size + count > CHUNK_RECORDS:
            found.append((start, place, 0, 1))
            start, size = place, 0
        if count > CHUNK_RECORDS:
            parts = -(-count // CHUNK_RECORDS)
            found += [(place, place + 1, part, parts) for part in range(parts)]
            start, size = place + 1, 0
        else:
            size += count
    if start < len(by_stream):
        found.append((start, len(by_stream), 0, 1))
    return tuple(found)


def _late_chances(
    parameters: Parameters, items: list[ItemPlan], schedule: Schedule, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """For each span the chance that a record of it is held back, and the group whose share that meets.

    A group is a department before, and from, the day of feedback. Spans whose own delivery is late as a whole, or never
    made, make a part of the group's share already.
    """
    names = list(dict.fromkeys(one.department for one in schedule.streams))
    owner = np.array([names.index(one.department) for one in schedule.streams])[schedule.span_stream]
    first = schedule.days[np.minimum(schedule.span_first, len(schedule.days) - 1)]
    group = owner * 2 + (first >= day_number(parameters.feedback.first_day))
    wanted = np.array([parameters.late_share(name) for name in names]).ravel()
    units = list(parameters.units.values())
    is_period = np.array([items[one.item].rhythm == "period" for one in schedule.streams])
    is_lost = is_period[schedule.span_stream] & (schedule.span_delivery < 0)
    factor = np.array([units[one.unit].late_factor if one.unit >= 0 else 1.0 for one in schedule.streams])
    weight = np.where(is_lost, 0, factor[schedule.span_stream])
    width = len(wanted)
    short = wanted * np.bincount(group, counts, width) - np.bincount(group, counts * is_lost, width)
    held = np.maximum(short, 0) / np.maximum(np.bincount(group, counts * weight, width), 1)
    return np.minimum(held[group] * weight, 0.95), group
