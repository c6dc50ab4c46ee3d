"""A chunk's deliveries: their manifest rows and their cells, before anybody writes them anywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import pyarrow as pa

from creditlab.synth.cells import cells_of
from creditlab.synth.chunks import Chunk, Province
from creditlab.synth.days import day_of
from creditlab.synth.definitions import ItemPlan
from creditlab.synth.events import Records, Rows, make_records, make_rows
from creditlab.synth.parameters import Parameters
from creditlab.synth.schedule import Schedule, Stream

#: Office hours in which deliveries arrive, in minutes of the day.
_OPEN, _CLOSE = 8 * 60 + 30, 17 * 60 + 30
_SPREADSHEET_ROWS = 20_000


class FileFormat(StrEnum):
    """How departments write their files: text, each in its own way and some as spreadsheets, or Parquet, all alike."""

    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True)
class Line:
    """One manifest row; `minute` is of the day."""

    day: int
    minute: int
    path: str
    item: str
    department: str
    region: str
    period: str
    is_zero: bool

    def cells(self) -> list[str]:
        """The row as manifest.csv has it."""
        zero = "true" if self.is_zero else ""
        return [self.path, self.item, self.department, self.region, self.delivered_at, self.period, zero]

    @property
    def delivered_at(self) -> str:
        """The moment of delivery."""
        return f"{day_of(self.day)}T{self.minute // 60:02d}:{self.minute % 60:02d}:00+08:00"


@dataclass(frozen=True)
class Cells:
    """The cells of deliveries of one record schema; a delivery's rows are those from its first to its end."""

    rows: pa.Table
    spans: dict[int, tuple[int, int]]


@dataclass(frozen=True)
class Deliveries:
    """What a chunk delivers.

    `lines` are its manifest rows, by delivery; `happened` counts its records, sent or not: one row a stream, one column
    a working day. `copies` are files of its that are sent again, by delivery, each with its manifest row.
    """

    lines: dict[int, Line]
    cells: list[Cells]
    happened: np.ndarray
    copies: list[tuple[int, Line]]

    @property
    def all_lines(self) -> list[Line]:
        """All manifest rows."""
        return [*self.lines.values(), *(line for _, line in self.copies)]


def in_order(lines: list[Line]) -> list[Line]:
    """Manifest rows in the order of arrival."""
    return sorted(lines, key=lambda line: (line.day, line.minute, line.item, line.department, line.region, line.path))


def minutes_of(rng: np.random.Generator, count: int) -> np.ndarray:
    """The minutes of the day in which deliveries arrive."""
    return rng.integers(_OPEN, _CLOSE, count)


def make_deliveries(province: Province, chunk: Chunk, file_format: FileFormat) -> Deliveries:
    """Make what a chunk delivers.

    Notes
    -----
    A delivery of an event item without rows is not made; one of a periodic item becomes a zero report.
    """
    rng = province.generator(chunk.number)
    records = make_records(province, chunk, rng)
    rows = make_rows(province, chunk, records, rng)
    sizes = np.bincount(rows.delivery, minlength=len(chunk.schedule.day))
    minutes = minutes_of(rng, len(sizes)).tolist()
    schedule, lines = chunk.schedule, {}
    for number, size in enumerate(sizes.tolist()):
        if size or schedule.period[number]:
            stream, day = schedule.streams[schedule.stream[number]], int(schedule.day[number])
            line = line_of(province, stream, day, minutes[number], size, file_format, chunk.part)
            lines[number] = replace(line, period=schedule.period[number])
    # Some files are sent twice, or by the wrong department; those of the first chunk, whatever the province's size.
    copies = list(_copies(lines, province)) if not chunk.number else []
    return Deliveries(lines, list(_cells(province, rows, records)), _happened(schedule, records), copies)


def line_of(
    province: Province, stream: Stream, day: int, minute: int, size: int, file_format: FileFormat, part: int = 0
) -> Line:
    """The manifest row of a delivery of some rows; of none, it is a zero report."""
    plan, path = province.plans[stream.item], ""
    if size:
        kind = _kind_of(plan, stream.department, size, province.parameters, file_format)
        text = day_of(day).isoformat()
        words = [plan.code, stream.department, stream.region, text.replace("-", ""), *([f"{part + 1}"] if part else [])]
        path = f"{text[:7]}/{'_'.join(words)}.{kind}"
    return Line(day, minute, path, plan.code, stream.department, stream.region, "", not size)


def _kind_of(plan: ItemPlan, department: str, size: int, parameters: Parameters, file_format: FileFormat) -> str:
    # Nobody sends a hundred thousand rows as a spreadsheet, and old ones can't hold as many.
    if file_format is FileFormat.PARQUET or size > _SPREADSHEET_ROWS:
        return str(file_format)
    if plan.code in parameters.files.xls:
        return "xls"
    return "xlsx" if department in parameters.files.xlsx else str(file_format)


def _cells(province: Province, rows: Rows, records: Records) -> Iterator[Cells]:
    formats = [plan.data_format for plan in province.plans]
    of_row = np.array([formats.index(name) for name in formats])[records.item[rows.record]]
    for number in np.unique(of_row).tolist():
        own = np.flatnonzero(of_row == number)
        made = cells_of(formats[number], own, rows, records, province)
        numbers, starts = np.unique(rows.delivery[own], return_index=True)
        spans = zip(starts.tolist(), [*starts[1:].tolist(), len(own)], strict=True)
        yield Cells(made, dict(zip(numbers.tolist(), spans, strict=True)))


def _happened(schedule: Schedule, records: Records) -> np.ndarray:
    place = records.stream * len(schedule.days) + np.searchsorted(schedule.days, records.day)
    size = len(schedule.streams) * len(schedule.days)
    return np.bincount(place, minlength=size).reshape(len(schedule.streams), -1)


def _copies(lines: dict[int, Line], province: Province) -> Iterator[tuple[int, Line]]:
    """Whole files sent twice, and files sent in the name of a department that doesn't provide the item."""
    life, plans = province.parameters.lifecycle, province.plans
    plain = tuple(f".{one}" for one in FileFormat)
    candidates = sorted(
        (number for number, line in lines.items() if line.path.endswith(plain) and not line.period),
        key=lambda number: hashlib.sha256(lines[number].path.encode()).digest(),
    )
    candidates = [number for number in candidates if lines[number].minute < _CLOSE - 60]
    departments = [department for plan in plans for department in plan.departments]
    providers = {plan.code: plan.departments for plan in plans}
    for place, number in enumerate(candidates[: life.redelivered_files + life.misrouted_files]):
        line = lines[number]
        department = line.department
        if place >= life.redelivered_files:
            department = next(one for one in departments if one not in providers[line.item])
        stem, _, kind = line.path.rpartition(".")
        path = f"{stem}_{department}_copy.{kind}"
        yield number, replace(line, minute=line.minute + 60, path=path, department=department)
