"""What happens and what is sent about it: records, their first delivery, what becomes of them, and their flaws."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date

import numpy as np

from creditlab.synth.chunks import Chunk, Province
from creditlab.synth.days import day_number
from creditlab.synth.definitions import YEARS, ItemPlan, fields_of
from creditlab.synth.parameters import Faults
from creditlab.synth.register import KINDS
from creditlab.synth.schedule import Schedule
from creditlab.terms import Action, SubjectKind

#: The flaws in the order of the parameters; 0 is none.
FLAWS = ("", *(one.name for one in fields(Faults)))
#: The actions by number; an empty cell asks for `add`.
ACTIONS = ("", *(str(one) for one in Action if one is not Action.ADD), "delete")
UNKNOWN_ACTION = len(ACTIONS) - 1
_QUARANTINED = ("no_record_id", "no_subject_id", "no_event_date", "unknown_action")
#: Flaws of content that a correction mends; the rest stays as it was first sent.
MENDED = ("missing", "code_list", "type", "pattern")
FATES = ("correction", "withdrawal", "repeat", "dispute", "repair")
#: How many deliveries later something becomes of a record.
_SOON, _LATER = 1, 4


@dataclass(frozen=True)
class Records:
    """What happened: one element a record, sent or not. `first` is its first delivery, -1 where it is never sent."""

    stream: np.ndarray
    item: np.ndarray
    day: np.ndarray
    subject: np.ndarray
    first: np.ndarray
    flaw: np.ndarray
    fate: np.ndarray
    pick: np.ndarray
    sequence: np.ndarray


@dataclass(frozen=True)
class Rows:
    """What was sent: one element a row, in order of delivery.

    `record` points into Records, `number` is the row's own record number, `day` the day of the event as sent.
    """

    record: np.ndarray
    delivery: np.ndarray
    action: np.ndarray
    is_revised: np.ndarray
    number: np.ndarray
    day: np.ndarray


def flaw(name: str) -> int:
    """The number of a flaw."""
    return FLAWS.index(name)


def make_records(province: Province, chunk: Chunk, rng: np.random.Generator) -> Records:
    """Draw all records of a chunk."""
    plans, parameters, schedule = province.plans, province.parameters, chunk.schedule
    span = np.repeat(np.arange(len(chunk.counts)), chunk.counts)
    stream = schedule.span_stream[span]
    item = np.array([one.item for one in schedule.streams])[stream]
    place = schedule.span_first[span] + np.floor(schedule.span_count[span] * rng.random(len(span))).astype(np.int64)
    day = schedule.days[place]
    unit_of = np.array([one.unit for one in schedule.streams])[stream]
    weights = np.array([one.weight for one in parameters.units.values()])
    unit = np.where(unit_of >= 0, unit_of, rng.choice(len(weights), size=len(span), p=weights))
    allowed = np.array([[kind in plan.kinds for kind in KINDS] for plan in plans])
    register = province.register
    subject = register.draw(allowed, item, unit, day, rng)
    first = _first_deliveries(province, chunk, span, stream, item, day, rng)
    first[_even(rng, len(span)) < parameters.lifecycle.unreported] = -1
    flaws = _draw(rng, len(span), [getattr(parameters.faults, name) for name in FLAWS[1:]])
    fates = _draw(rng, len(span), [getattr(parameters.lifecycle, name) for name in FATES])
    flaws = _possible(flaws, plans, item, register.kind[subject])
    unregistered = flaws == flaw("unregistered")
    subject[unregistered] = register.ghosts(register.kind[subject[unregistered]], rng)
    fates[np.isin(flaws, [flaw(name) for name in _QUARANTINED])] = 0
    pick = rng.integers(0, 1 << 30, len(span))
    return Records(stream, item, day, subject, first, flaws, fates, pick, _sequence(chunk, stream))


def _even(rng: np.random.Generator, count: int) -> np.ndarray:
    """Numbers that fill 0 to 1 evenly, in random order: a share of them is that share, not about it."""
    return (rng.permutation(count) + rng.random(count)) / max(count, 1)


def _draw(rng: np.random.Generator, count: int, shares: list[float]) -> np.ndarray:
    """One of the outcomes 1, 2, ... with its share, or 0 with what is left."""
    edges = np.cumsum(shares)
    drawn = np.searchsorted(edges, _even(rng, count), side="right") + 1
    return np.where(drawn > len(shares), 0, drawn)


def _possible(flaws: np.ndarray, plans: list[ItemPlan], item: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Take away the flaws that a record's form has no place for."""
    by_format: dict[str, set[str]] = {}
    for row in fields_of(YEARS[0]):
        found = by_format.setdefault(row["data_format"], {"missing"})
        if row["maker"] in {"until", "amount"}:
            found.add("type")
        if row["role"] == "key":
            found |= {"pattern", "duplicate_key"}
        if row["maker"] == "code":
            found.add("code_list")
    conditional = {"missing", "type", "pattern", "duplicate_key", "code_list"}
    has = np.array(
        [[name not in conditional or name in by_format[plan.data_format] for name in FLAWS] for plan in plans]
    )
    government = np.array([SubjectKind.GOVERNMENT_BODY in plan.kinds for plan in plans])[item]
    person = kind == KINDS.index(SubjectKind.NATURAL_PERSON)
    out = (flaws == flaw("out_of_scope")) & (government | person)
    return np.where(out | ~has[item, flaws], 0, flaws)


def _choose_late(chunk: Chunk, span: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Choose the records that are held back, so that each group's share is met and not only nearly met."""
    chance = chunk.late[span]
    order = np.argsort(chunk.late_group[span] + rng.random(len(span)))
    total = np.cumsum(chance[order]) + rng.random()
    chosen = np.empty(len(span), dtype=bool)
    chosen[order] = np.floor(total) > np.floor(total - chance[order])
    return chosen


def _first_deliveries(
    province: Province,
    chunk: Chunk,
    span: np.ndarray,
    stream: np.ndarray,
    item: np.ndarray,
    day: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    schedule, calendar = chunk.schedule, province.calendar
    width = len(calendar.count)
    key = schedule.stream.astype(np.int64) * width + schedule.day
    end = np.searchsorted(schedule.stream, np.arange(len(schedule.streams)), side="right")[stream]
    is_period = np.array([plan.rhythm == "period" for plan in province.plans])[item]
    is_late = _choose_late(chunk, span, rng)
    following = np.searchsorted(key, stream.astype(np.int64) * width + day, side="right")
    meant = np.where(is_period, schedule.span_delivery[span], following)
    year = np.searchsorted([day_number(date(one, 1, 1)) for one in YEARS], day, side="right") - 1
    limits = np.array([[_limit(plan, one) for one in YEARS] for plan in province.plans])[item, year]
    in_time = calendar.last_in_time(day, limits[:, 0], limits[:, 1] == 1)
    late = np.searchsorted(key, stream.astype(np.int64) * width + in_time, side="right")
    # Some of what is late by event is later still.
    late = late + np.where(is_period, 0, rng.geometric(0.6, len(span)) - 1)
    chosen = np.where(is_late | (meant < 0), late, meant)
    return np.where(chosen < end, chosen, -1)


def _limit(plan: ItemPlan, year: int) -> tuple[int, int]:
    limit = plan.limits.get(year)
    return (limit.days, int(limit.is_working)) if limit else (0, 0)


def _sequence(chunk: Chunk, stream: np.ndarray) -> np.ndarray:
    """Number the records of each item and department from 1; units share their item's numbers."""
    owners: dict[tuple[int, str], int] = {}
    streams = chunk.schedule.streams
    of_stream = np.array([owners.setdefault((one.item, one.department), len(owners)) for one in streams])
    before = chunk.before[[np.flatnonzero(of_stream == place)[0] for place in range(len(owners))]]
    owner = of_stream[stream]
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(len(owners)))
    sequence = np.empty(len(stream), dtype=np.int64)
    sequence[order] = np.arange(len(stream)) - starts[owner[order]] + before[owner[order]] + 1
    return sequence


def make_rows(province: Province, chunk: Chunk, records: Records, rng: np.random.Generator) -> Rows:
    """Turn a chunk's records into the rows that are sent about them, sorted by delivery."""
    schedule = chunk.schedule
    sent = np.flatnonzero(records.first >= 0)
    day = records.day.copy()
    early = np.flatnonzero((records.flaw == flaw("date_order")) & (records.first >= 0))
    wrong = schedule.day[records.first[early]] + rng.integers(1, 4, len(early))
    day[early] = wrong
    parts = [_part(sent, records.first[sent], 0, False)]
    parts[0][2][records.flaw[sent] == flaw("unknown_action")] = UNKNOWN_ACTION
    twice = sent[records.flaw[sent] == flaw("duplicate_key")]
    again, delivery = _later(twice, records.first[twice], records, schedule, rng)
    duplicates = _part(again, delivery, 0, False)
    fate_rows = []
    for number, name in enumerate(FATES, start=1):
        whom = sent[records.fate[sent] == number]
        whom, delivery = _later(whom, records.first[whom], records, schedule, rng)
        if name == "correction":
            fate_rows.append(_part(whom, delivery, ACTIONS.index("correct"), True))
        elif name == "repeat":
            fate_rows.append(_part(whom, delivery, 0, False))
        elif name == "dispute":
            fate_rows.append(_part(whom, delivery, ACTIONS.index("dispute"), False))
            half = whom[::2], delivery[::2]
            solved, delivery = _later(*half, records, schedule, rng)
            fate_rows.append(_part(solved, delivery, ACTIONS.index("resolve"), False))
        else:
            verb = "withdraw" if name == "withdrawal" else "repair"
            fate_rows.append(_part(whom, delivery, ACTIONS.index(verb), False))
    parts += [duplicates, *fate_rows]
    record, delivery, action, revised = (np.concatenate(column) for column in zip(*parts, strict=True))
    number = records.sequence[record].copy()
    # A duplicate has a record number of its own, beyond all numbers that the item has used.
    first_duplicate = len(parts[0][0])
    number[first_duplicate : first_duplicate + len(again)] += 10 ** len(str(province.records))
    order = np.argsort(delivery, kind="stable")
    return Rows(record[order], delivery[order], action[order], revised[order], number[order], day[record][order])


def _part(record: np.ndarray, delivery: np.ndarray, action: int, revised: bool) -> tuple[np.ndarray, ...]:
    return record, delivery, np.full(len(record), action), np.full(len(record), revised)


def _later(
    record: np.ndarray, delivery: np.ndarray, records: Records, schedule: Schedule, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A later delivery of the same stream for each record; records whose stream has none are left out."""
    last = np.searchsorted(schedule.stream, records.stream[record], side="right") - 1
    chosen = np.minimum(delivery + rng.integers(_SOON, _LATER + 1, len(record)), last)
    keep = chosen > delivery
    return record[keep], chosen[keep]
