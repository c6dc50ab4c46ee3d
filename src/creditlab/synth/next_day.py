"""One more day's deliveries for a synthetic province: new records, and what became of earlier ones.

What earlier records said is not looked up anywhere: the province's parameters make them again, chunk by chunk. So a day
can be added to a province whose deliveries went straight into a lake, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from creditlab.errors import ParameterError, WorkspaceError
from creditlab.sources import MANIFEST_FILE, read_manifest
from creditlab.synth.cells import cells_of
from creditlab.synth.chunks import Chunk, Province, make_province
from creditlab.synth.days import day_number, day_of
from creditlab.synth.definitions import YEARS
from creditlab.synth.deliveries import FileFormat, Line, in_order, line_of, minutes_of
from creditlab.synth.editions import write_lines
from creditlab.synth.events import ACTIONS, FATES, Records, Rows, make_records, make_rows
from creditlab.synth.inbox import make_folders, write_files
from creditlab.synth.parameters import load_parameters
from creditlab.synth.schedule import Schedule
from creditlab.terms import MANIFEST
from creditlab.workspace import Workspace, open_workspace

_VERBS = {"correction": "correct", "withdrawal": "withdraw", "repeat": "", "dispute": "dispute", "repair": "repair"}
#: How long before the day of delivery things happened, in days: within every limit, and beyond every limit.
_IN_TIME, _LATE = (7, 1), (60, 40)
#: Record numbers of an added day begin with the day, so that no other day has them.
_NUMBERS = 10**7


@dataclass(frozen=True)
class AddedDay:
    """The day that was added, and how much was delivered on it."""

    day: date
    deliveries: int
    rows: int


@dataclass(frozen=True)
class _Part:
    """Delivered cells of one record schema, with each row's stream by its place in the province."""

    data_format: str
    stream: np.ndarray
    cells: pa.Table


def add_day(
    folder: Path, *, records: int = 100_000, file_format: FileFormat = FileFormat.CSV, threads: int = 1
) -> AddedDay:
    """Add the deliveries of the next working day to a synthetic province's inbox.

    Parameters
    ----------
    folder
        A synthetic workspace with its province.toml; its manifest gets more rows, and nothing else of it changes.
    records
        How many records the day is about; as many of them as the province's parameters say are corrections, withdrawals
        and the like of earlier records, and the others are new. The same province and day give the same deliveries.
    file_format, threads
        As for the province.

    Raises
    ------
    WorkspaceError
        If the workspace is not synthetic, or has no province.toml.
    ParameterError
        If there is no record to deliver, or no calendar for the day.
    """
    workspace = open_workspace(folder)
    if not workspace.is_synthetic or not (folder / "province.toml").exists():
        raise WorkspaceError("the workspace holds no synthetic province", do="Run creditlab synth there first.")
    if not 0 < records < _NUMBERS:
        raise ParameterError("a day's records are none or too many", where="records")
    province = make_province(load_parameters(folder / "province.toml"))
    day = _next_day(province, workspace)
    rng = np.random.default_rng(np.random.SeedSequence(province.parameters.volume.seed, spawn_key=(0, day)))
    streams = _streams(province, day)
    life = province.parameters.lifecycle
    changes = [round(records * getattr(life, fate)) for fate in FATES]
    chunk = _chunk(province, day, streams, records - sum(changes), rng)
    made = make_records(province, chunk, rng)
    parts = _parts(province, streams, make_rows(province, chunk, made, rng), made)
    with ThreadPoolExecutor(threads) as pool:
        for found in pool.map(lambda wanted: _earlier(province, *wanted), _wanted(province, streams, changes, rng)):
            parts += found
    lines = _write(workspace, province, day, parts, file_format, rng)
    _append(workspace.inbox, lines)
    return AddedDay(day_of(day), len(lines), sum(part.cells.num_rows for part in parts))


def _next_day(province: Province, workspace: Workspace) -> int:
    delivered = [row.received_on for row in read_manifest(workspace.inbox, workspace.time_zone)]
    last = day_number(max([province.parameters.volume.last_delivery, *delivered]))
    days = province.calendar.working(last + 1, min(last + 20, len(province.calendar.count) - 1))
    if not len(days):
        raise ParameterError("the calendar ends before the next day", where=day_of(last).isoformat())
    return int(days[0])


def _streams(province: Province, day: int) -> np.ndarray:
    """The streams that deliver by event and go on delivering."""
    silent, year = province.parameters.silence.department, min(day_of(day).year, YEARS[-1])
    return np.array(
        [
            place
            for place, stream in enumerate(province.schedule.streams)
            if province.plans[stream.item].rhythm != "period"
            and stream.department != silent
            and province.plans[stream.item].in_force(year)
        ]
    )


def _chunk(province: Province, day: int, streams: np.ndarray, count: int, rng: np.random.Generator) -> Chunk:
    """The day's new records as a chunk of its own, in which each stream delivers once."""
    own = [province.schedule.streams[place] for place in streams]
    numbers = np.arange(len(own))
    days = province.calendar.working(day - _LATE[0], day)
    late = np.array([province.parameters.late_share(one.department)[1] for one in own])
    volume = _volume(province)[streams]
    mean = np.column_stack([volume * (1 - late), volume * late]).ravel()
    first = np.tile(np.searchsorted(days, [day - _IN_TIME[0], day - _LATE[0]]), len(own))
    last = np.tile(np.searchsorted(days, [day - _IN_TIME[1], day - _LATE[1]], side="right"), len(own))
    nothing = np.full(2 * len(own), -1)
    schedule = Schedule(
        own,
        numbers,
        np.full(len(own), day),
        [""] * len(own),
        days,
        np.repeat(numbers, 2),
        first,
        last - first,
        mean,
        nothing,
    )
    counts = rng.multinomial(count, mean / mean.sum())
    before = np.full(len(own), int(day_of(day).strftime("%Y%m%d")) * _NUMBERS)
    return Chunk(-1, 0, streams, schedule, counts, np.zeros(2 * len(own)), np.zeros(2 * len(own)), before)


def _volume(province: Province) -> np.ndarray:
    """The records expected of each stream."""
    schedule = province.schedule
    return np.bincount(schedule.span_stream, schedule.span_mean, minlength=len(schedule.streams))


def _wanted(
    province: Province, streams: np.ndarray, changes: list[int], rng: np.random.Generator
) -> Iterator[tuple[int, np.ndarray, np.ndarray, np.random.Generator]]:
    """The chunks to make again: number, its streams that deliver, how often each fate for each, and a generator."""
    volume = _volume(province)[streams]
    fates = np.array([rng.multinomial(count, volume / volume.sum()) for count in changes])
    cuts = np.array(province.cuts)
    # Of a stream in many parts, one part: the day's work doesn't grow with the province.
    chosen = [int(rng.choice(np.flatnonzero((cuts[:, 0] <= one) & (one < cuts[:, 1])))) for one in streams]
    for number in sorted(set(chosen)):
        here = np.flatnonzero(np.array(chosen) == number)
        yield number, streams[here], fates[:, here], rng.spawn(1)[0]


def _earlier(
    province: Province, number: int, streams: np.ndarray, fates: np.ndarray, rng: np.random.Generator
) -> list[_Part]:
    """What became of earlier records of a chunk: of those that were sent as they are and that nothing became of yet."""
    chunk = province.chunk(number)
    records = make_records(province, chunk, province.generator(number))
    is_plain = (records.first >= 0) & (records.flaw == 0) & (records.fate == 0)
    chosen, delivery, fate = [], [], []
    for place, stream in enumerate(streams.tolist()):
        candidates = np.flatnonzero(is_plain & (records.stream == stream - chunk.streams[0]))
        kinds = np.repeat(np.arange(len(FATES)), fates[:, place])[: len(candidates)]
        chosen.append(rng.choice(candidates, len(kinds), replace=False))
        delivery.append(np.full(len(kinds), place))
        fate.append(kinds)
    record, of_fate = np.concatenate(chosen), np.concatenate(fate)
    verbs = np.array([ACTIONS.index(_VERBS[name]) for name in FATES])
    is_revised = of_fate == FATES.index("correction")
    rows = Rows(
        record, np.concatenate(delivery), verbs[of_fate], is_revised, records.sequence[record], records.day[record]
    )
    return _parts(province, streams, rows, records)


def _parts(province: Province, streams: np.ndarray, rows: Rows, records: Records) -> list[_Part]:
    """The cells of rows whose `delivery` is a place in `streams`."""
    formats = np.array([plan.data_format for plan in province.plans])[records.item[rows.record]]
    found = []
    for data_format in np.unique(formats).tolist():
        chosen = np.flatnonzero(formats == data_format)
        cells = cells_of(data_format, chosen, rows, records, province)
        found.append(_Part(data_format, streams[rows.delivery[chosen]], cells))
    return found


def _write(
    workspace: Workspace,
    province: Province,
    day: int,
    parts: list[_Part],
    file_format: FileFormat,
    rng: np.random.Generator,
) -> list[Line]:
    make_folders(workspace.inbox, np.array([day]))
    lines = []
    for data_format in sorted({part.data_format for part in parts}):
        own = [part for part in parts if part.data_format == data_format]
        stream = np.concatenate([part.stream for part in own])
        cells = (
            pa.concat_tables([part.cells for part in own])
            .take(pa.array(np.argsort(stream, kind="stable")))
            .combine_chunks()
        )
        numbers, sizes = np.unique(stream, return_counts=True)
        ends = np.cumsum(sizes)
        minutes = minutes_of(rng, len(numbers))
        spans = []
        for number, minute, size, end in zip(
            numbers.tolist(), minutes.tolist(), sizes.tolist(), ends.tolist(), strict=True
        ):
            line = line_of(province, province.schedule.streams[number], day, minute, size, file_format)
            spans.append((line, (end - size, end)))
        lines += [line for line, _ in spans]
        write_files(workspace.inbox, cells, spans, province.parameters)
    return lines


def _append(inbox: Path, lines: list[Line]) -> None:
    """Add rows to the manifest, which readers see as it was or as it becomes."""
    path = inbox / MANIFEST_FILE
    if not path.exists():
        write_lines(path, MANIFEST, [])
    new, changed = inbox / f".{MANIFEST_FILE}.rows", inbox / f".{MANIFEST_FILE}.new"
    write_lines(new, MANIFEST, [line.cells() for line in in_order(lines)])
    changed.write_bytes(path.read_bytes() + new.read_bytes().split(b"\n", 1)[1])
    new.unlink()
    os.replace(changed, path)
