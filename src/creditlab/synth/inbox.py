"""Write the inbox: the delivered files as departments write them, and the manifest."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from creditlab.sources import MANIFEST_FILE
from creditlab.synth.cells import lines_of
from creditlab.synth.days import day_texts
from creditlab.synth.deliveries import Deliveries, Line, in_order
from creditlab.synth.editions import write_lines
from creditlab.synth.parameters import Parameters
from creditlab.synth.texts import content_of
from creditlab.terms import MANIFEST

#: Spreadsheets carry the time at which they were made; one that is always the same keeps the bytes the same.
_MADE = datetime(2025, 1, 1)
#: Columns whose every cell is another, so that a dictionary of them would hold them all.
_UNIQUE = {"record_id", "licence_no", "document_no", "case_no", "certificate_no", "contract_no", "filing_no"}


def make_folders(root: Path, days: np.ndarray) -> None:
    """Make the inbox and its folders, one a month of delivery."""
    root.mkdir(parents=True, exist_ok=True)
    for month in sorted({text[:7] for text in day_texts(np.unique(days)).tolist()}):
        (root / month).mkdir(exist_ok=True)


def write_manifest(root: Path, lines: list[Line]) -> None:
    """Write manifest.csv, in the order of arrival."""
    write_lines(root / MANIFEST_FILE, MANIFEST, [line.cells() for line in in_order(lines)])


def write_deliveries(root: Path, made: Deliveries, parameters: Parameters) -> None:
    """Write a chunk's files into an inbox that has its folders already."""
    for one in made.cells:
        spans = [(made.lines[number], span) for number, span in one.spans.items()]
        write_files(root, one.rows, spans, parameters)
    for number, line in made.copies:
        (root / line.path).write_bytes((root / made.lines[number].path).read_bytes())


def write_files(root: Path, cells: pa.Table, spans: list[tuple[Line, tuple[int, int]]], parameters: Parameters) -> None:
    """Write rows of one record schema: each file's are those from its first to its end, as its department writes."""
    if spans[0][0].path.endswith(".parquet"):
        _write_parquet(root, cells, spans)
    else:
        _write_text(root, cells, spans, parameters)


def _write_parquet(root: Path, cells: pa.Table, spans: list[tuple[Line, tuple[int, int]]]) -> None:
    cells = cells.replace_schema_metadata({"synthetic": "true"})
    repeated = [name for name in cells.column_names if name not in _UNIQUE]
    for line, (start, end) in spans:
        part = cells.slice(start, end - start)
        pq.write_table(part, root / line.path, use_dictionary=repeated, write_statistics=False)


def _write_text(root: Path, cells: pa.Table, spans: list[tuple[Line, tuple[int, int]]], parameters: Parameters) -> None:
    text = lines_of(cells).cast(pa.large_string())
    offsets = np.frombuffer(text.buffers()[1], dtype=np.int64)[: len(text) + 1]
    content = content_of(text)
    for line, (start, end) in spans:
        body = bytes(content[offsets[start] : offsets[end]])
        (root / line.path).write_bytes(_encode(cells.column_names, body, line.path, line.department, parameters))


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
