"""Write the inbox: the delivered files as departments write them, and the manifest."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from creditlab.sources import MANIFEST_FILE
from creditlab.synth.cells import cells_of, lines_of
from creditlab.synth.chunks import Chunk, Province
from creditlab.synth.days import day_of, day_texts
from creditlab.synth.definitions import ItemPlan
from creditlab.synth.editions import write_lines
from creditlab.synth.events import Records, Rows, make_records, make_rows
from creditlab.synth.parameters import Parameters
from creditlab.synth.schedule import Schedule, Stream
from creditlab.synth.texts import content_of
from creditlab.terms import MANIFEST

#: Spreadsheets carry the time at which they were made; one that is always the same keeps the bytes the same.
_MADE = datetime(2025, 1, 1)
#: Office hours in which deliveries arrive, in minutes of the day.
_OPEN, _CLOSE = 8 * 60 + 30, 17 * 60 + 30
_SPREADSHEET_ROWS = 20_000
#: Columns whose every cell is another, so that a dictionary of them would hold them all.
_UNIQUE = {"record_id", "licence_no", "document_no", "case_no", "certificate_no", "contract_no", "filing_no"}


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
        time = f"{self.minute // 60:02d}:{self.minute % 60:02d}:00"
        zero = "true" if self.is_zero else ""
        return [
            self.path, self.item, self.department, self.region, f"{day_of(self.day)}T{time}+08:00", self.period, zero,
        ]  # fmt: skip


def write_chunk(root: Path, province: Province, chunk: Chunk, file_format: FileFormat) -> tuple[list[Line], np.ndarray]:
    """Make a chunk and write its delivered files.

    Parameters
    ----------
    root
        The inbox; it has its folders already.

    Returns
    -------
    tuple
        The manifest rows, and how many records happened, sent or not: one row a stream, one column a working day.

    Notes
    -----
    A delivery of an event item without rows is not made; one of a periodic item becomes a zero report.
    """
    rng = province.generator(chunk.number)
    records = make_records(province, chunk, rng)
    rows = make_rows(province, chunk, records, rng)
    sizes = np.bincount(rows.delivery, minlength=len(chunk.schedule.day))
    deliveries = _deliveries(province, chunk, sizes, minutes_of(rng, len(sizes)), file_format)
    _write_files(root, province, chunk, rows, records, {number: one.path for number, one in deliveries.items()})
    return list(deliveries.values()), happened(chunk.schedule, records)


def happened(schedule: Schedule, records: Records) -> np.ndarray:
    """How many records happened: one row a stream, one column a working day."""
    place = records.stream * len(schedule.days) + np.searchsorted(schedule.days, records.day)
    size = len(schedule.streams) * len(schedule.days)
    return np.bincount(place, minlength=size).reshape(len(schedule.streams), -1)


def write_manifest(root: Path, lines: list[Line]) -> None:
    """Write manifest.csv, in the order of arrival."""
    write_lines(root / MANIFEST_FILE, MANIFEST, [line.cells() for line in in_order(lines)])


def in_order(lines: list[Line]) -> list[Line]:
    """Manifest rows in the order of arrival."""
    return sorted(lines, key=lambda line: (line.day, line.minute, line.item, line.department, line.region, line.path))


def minutes_of(rng: np.random.Generator, count: int) -> np.ndarray:
    """The minutes of the day in which deliveries arrive."""
    return rng.integers(_OPEN, _CLOSE, count)


def make_folders(root: Path, days: np.ndarray) -> None:
    """Make the inbox and its folders, one a month of delivery."""
    root.mkdir(parents=True, exist_ok=True)
    for month in sorted({text[:7] for text in day_texts(np.unique(days)).tolist()}):
        (root / month).mkdir(exist_ok=True)


def _deliveries(
    province: Province, chunk: Chunk, sizes: np.ndarray, minutes: np.ndarray, file_format: FileFormat
) -> dict[int, Line]:
    schedule, found = chunk.schedule, {}
    for number, size in enumerate(sizes.tolist()):
        if size or schedule.period[number]:
            stream = schedule.streams[schedule.stream[number]]
            day, minute = int(schedule.day[number]), int(minutes[number])
            line = line_of(province, stream, day, minute, size, file_format, chunk.part)
            found[number] = replace(line, period=schedule.period[number])
    return found


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


def _write_files(
    root: Path, province: Province, chunk: Chunk, rows: Rows, records: Records, paths: dict[int, str]
) -> None:
    formats = [plan.data_format for plan in province.plans]
    of_row = np.array([formats.index(name) for name in formats])[records.item[rows.record]]
    for number in np.unique(of_row).tolist():
        own = np.flatnonzero(of_row == number)
        cells = cells_of(formats[number], own, rows, records, province)
        numbers, starts = np.unique(rows.delivery[own], return_index=True)
        ends = np.append(starts[1:], len(own)).tolist()
        files = {paths[one]: span for one, *span in zip(numbers.tolist(), starts.tolist(), ends, strict=True)}
        owners = {paths[one]: chunk.schedule.streams[chunk.schedule.stream[one]].department for one in numbers.tolist()}
        write_files(root, cells, files, owners, province.parameters)


def write_files(
    root: Path, cells: pa.Table, files: dict[str, list[int]], owners: dict[str, str], parameters: Parameters
) -> None:
    """Write rows of one record schema: each file's are those from its first to its end, as its department writes."""
    if next(iter(files)).endswith(FileFormat.PARQUET):
        _write_parquet(root, cells, files)
    else:
        _write_text(root, cells, files, owners, parameters)


def _write_parquet(root: Path, cells: pa.Table, files: dict[str, list[int]]) -> None:
    cells = cells.replace_schema_metadata({"synthetic": "true"})
    repeated = [name for name in cells.column_names if name not in _UNIQUE]
    for path, (start, end) in files.items():
        part = cells.slice(start, end - start)
        pq.write_table(part, root / path, use_dictionary=repeated, write_statistics=False)


def _write_text(
    root: Path, cells: pa.Table, files: dict[str, list[int]], owners: dict[str, str], parameters: Parameters
) -> None:
    text = lines_of(cells).cast(pa.large_string())
    offsets = np.frombuffer(text.buffers()[1], dtype=np.int64)[: len(text) + 1]
    content = content_of(text)
    for path, (start, end) in files.items():
        body = bytes(content[offsets[start] : offsets[end]])
        (root / path).write_bytes(_encode(cells.column_names, body, path, owners[path], parameters))


def _encode(header: list[str], body: bytes, path: str, department: str, parameters: Parameters) -> bytes:
    text = (",".join(header) + "\n").encode() + body
    if path.endswith(".xlsx"):
        return _xlsx(text.decode())
    if path.endswith(".xls"):
        return _xls(text.decode())
    if department in parameters.files.tab:
        return text.replace(b",", b"\t")
    if department in parameters.files.bom:
        return b"\xef\xbb\xbf" + text
    if department in parameters.files.gb18030:
        return text.decode().encode("gb18030")
    return text


def _xlsx(text: str) -> bytes:
    import xlsxwriter

    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        book.set_properties({"created": _MADE, "title": "SYNTHETIC"})
        sheet = book.add_worksheet("SYNTHETIC")
        for number, line in enumerate(text.splitlines()):
            for column, value in enumerate(line.split(",")):
                sheet.write_string(number, column, value)
    return target.getvalue()


def _xls(text: str) -> bytes:
    import xlwt  # type: ignore[import-untyped]

    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("SYNTHETIC")
    for number, line in enumerate(text.splitlines()):
        for column, value in enumerate(line.split(",")):
            sheet.write(number, column, value)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def copies(root: Path, lines: list[Line], province: Province) -> list[Line]:
    """Whole files sent twice, and files sent in the name of a department that doesn't provide the item."""
    life, plans = province.parameters.lifecycle, province.plans
    plain = tuple(f".{one}" for one in FileFormat)
    candidates = sorted(
        (line for line in lines if line.path.endswith(plain) and not line.period and line.minute < _CLOSE - 60),
        key=lambda line: hashlib.sha256(line.path.encode()).digest(),
    )
    departments = [department for plan in plans for department in plan.departments]
    providers = {plan.code: plan.departments for plan in plans}
    found = []
    for number, line in enumerate(candidates[: life.redelivered_files + life.misrouted_files]):
        department = line.department
        if number >= life.redelivered_files:
            department = next(one for one in departments if one not in providers[line.item])
        stem, _, kind = line.path.rpartition(".")
        path = f"{stem}_{department}_copy.{kind}"
        (root / path).write_bytes((root / line.path).read_bytes())
        found.append(replace(line, minute=line.minute + 60, path=path, department=department))
    return found
