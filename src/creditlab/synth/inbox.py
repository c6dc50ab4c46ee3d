"""Write the inbox: the delivered files as departments write them, and the manifest."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from creditlab.synth.cells import header_of, lines_of
from creditlab.synth.days import day_of, day_texts
from creditlab.synth.definitions import ItemPlan
from creditlab.synth.editions import write_lines
from creditlab.synth.events import Records, Rows
from creditlab.synth.parameters import Parameters
from creditlab.synth.register import Register
from creditlab.synth.schedule import Schedule
from creditlab.terms import MANIFEST

#: Rows whose text is made at once: what bounds the memory of a large workspace.
_BLOCK = 500_000
#: Spreadsheets carry the time at which they were made; one that is always the same keeps the bytes the same.
_MADE = datetime(2025, 1, 1)
#: Office hours in which deliveries arrive, in minutes of the day.
_OPEN, _CLOSE = 8 * 60 + 30, 17 * 60 + 30


@dataclass(frozen=True)
class _Line:
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
        time = f"{self.minute // 60:02d}:{self.minute % 60:02d}:00"
        zero = "true" if self.is_zero else ""
        return [
            self.path, self.item, self.department, self.region, f"{day_of(self.day)}T{time}+08:00", self.period, zero,
        ]  # fmt: skip


def write_inbox(
    root: Path,
    plans: list[ItemPlan],
    schedule: Schedule,
    rows: Rows,
    records: Records,
    register: Register,
    parameters: Parameters,
    rng: np.random.Generator,
) -> None:
    """Write all delivered files and manifest.csv.

    Parameters
    ----------
    root
        The inbox; it is made if need be.
    rows
        What is sent, in order of delivery.
    rng
        The one generator: it draws the hours of delivery.

    Notes
    -----
    A delivery of an event item without rows is not made; one of a periodic item becomes a zero report.
    """
    count = len(schedule.day)
    sizes = np.bincount(rows.delivery, minlength=count)
    minutes = rng.integers(_OPEN, _CLOSE, count)
    lines = []
    paths: dict[int, str] = {}
    texts = day_texts(schedule.day)
    for number in range(count):
        stream = schedule.streams[schedule.stream[number]]
        plan = plans[stream.item]
        if not sizes[number] and not schedule.period[number]:
            continue
        if sizes[number]:
            kind = _kind_of(plan, stream.department, parameters)
            name = f"{plan.code}_{stream.department}_{stream.region}_{texts[number].replace('-', '')}.{kind}"
            paths[number] = f"{texts[number][:7]}/{name}"
        lines.append(
            _Line(
                int(schedule.day[number]),
                int(minutes[number]),
                paths.get(number, ""),
                plan.code,
                stream.department,
                stream.region,
                schedule.period[number],
                not sizes[number],
            )
        )
    _write_files(root, plans, schedule, rows, records, register, parameters, paths)
    lines += _copies(root, lines, plans, parameters)
    lines.sort(key=lambda line: (line.day, line.minute, line.item, line.department, line.region, line.path))
    write_lines(root / "manifest.csv", MANIFEST, [line.cells() for line in lines])


def _kind_of(plan: ItemPlan, department: str, parameters: Parameters) -> str:
    if plan.code in parameters.files.xls:
        return "xls"
    return "xlsx" if department in parameters.files.xlsx else "csv"


def _write_files(
    root: Path,
    plans: list[ItemPlan],
    schedule: Schedule,
    rows: Rows,
    records: Records,
    register: Register,
    parameters: Parameters,
    paths: dict[int, str],
) -> None:
    for path in sorted({path.partition("/")[0] for path in paths.values()}):
        (root / path).mkdir(parents=True, exist_ok=True)
    prefixes = pa.array([plan.code.replace("-", "") for plan in plans])
    formats = [plan.data_format for plan in plans]
    of_row = np.array([formats.index(name) for name in formats])[records.item[rows.record]]
    for data_format in dict.fromkeys(formats):
        header = header_of(data_format)
        own = np.flatnonzero(of_row == formats.index(data_format))
        for block in _blocks(own, rows.delivery[own]):
            text = lines_of(data_format, block, rows, records, register, prefixes).cast(pa.large_string())
            offsets = np.frombuffer(text.buffers()[1], dtype=np.int64)[: len(block) + 1]
            content = memoryview(text.buffers()[2])
            numbers, starts = np.unique(rows.delivery[block], return_index=True)
            ends = np.append(starts[1:], len(block))
            for number, start, end in zip(numbers.tolist(), starts.tolist(), ends.tolist(), strict=True):
                stream = schedule.streams[schedule.stream[number]]
                body = bytes(content[offsets[start] : offsets[end]])
                encoded = _encode(header, body, paths[number], stream.department, parameters)
                (root / paths[number]).write_bytes(encoded)


def _blocks(rows: np.ndarray, delivery: np.ndarray) -> list[np.ndarray]:
    """Cut rows, in order of delivery, into blocks that never divide a delivery."""
    cuts, start = [], 0
    while start < len(rows):
        end = min(start + _BLOCK, len(rows))
        end = int(np.searchsorted(delivery, delivery[end - 1], side="right"))
        cuts.append(rows[start:end])
        start = end
    return cuts


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


def _copies(root: Path, lines: list[_Line], plans: list[ItemPlan], parameters: Parameters) -> list[_Line]:
    """Whole files sent twice, and files sent in the name of a department that doesn't provide the item."""
    life = parameters.lifecycle
    candidates = sorted(
        (line for line in lines if line.path.endswith(".csv") and not line.period and line.minute < _CLOSE - 60),
        key=lambda line: hashlib.sha256(line.path.encode()).digest(),
    )
    departments = [department for plan in plans for department in plan.departments]
    providers = {plan.code: plan.departments for plan in plans}
    found = []
    for number, line in enumerate(candidates[: life.redelivered_files + life.misrouted_files]):
        department = line.department
        if number >= life.redelivered_files:
            department = next(one for one in departments if one not in providers[line.item])
        path = line.path.replace(".csv", f"_{department}_copy.csv")
        (root / path).write_bytes((root / line.path).read_bytes())
        found.append(
            _Line(line.day, line.minute + 60, path, line.item, department, line.region, line.period, line.is_zero)
        )
    return found
