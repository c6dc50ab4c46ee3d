"""XLSX and XLS: the one sheet that holds something, its cells as text."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from creditlab.sources.delivered import Batch, Content, UnreadableFileError, check_header, named_columns

#: What a workbook may unpack to. A full sheet of a million rows stays below it; a file made to fill the memory doesn't.
_UNPACKED_BYTES = 2**30


def read_spreadsheet(content: Content) -> Iterator[Batch]:
    """Read a workbook's only filled sheet.

    Raises
    ------
    UnreadableFileError
        If it is no workbook, unpacks to more than a workbook may, has no filled sheet or several, or its header can't
        be used.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    data = content.data if content.data is not None else content.path.read_bytes()
    _refuse_bomb(data)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [workbook.get_sheet_by_index(n).to_python() for n in range(len(workbook.sheet_names))]
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableFileError from error
    filled = [rows for rows in sheets if any(_is_filled(row) for row in rows)]
    if len(filled) != 1:
        raise UnreadableFileError
    rows = [row for row in filled[0] if _is_filled(row)]
    header = check_header([_text(cell) for cell in rows[0]])
    columns = {
        name: pa.array([_text(row[place]) if place < len(row) else "" for row in rows[1:]], pa.string())
        for place, name in enumerate(header)
    }
    return iter([Batch(named_columns(pa.table(columns)), np.arange(1, len(rows), dtype=np.int64))])


def _refuse_bomb(data: bytes) -> None:
    if not data.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(one.file_size for one in archive.infolist())
    except (zipfile.BadZipFile, ValueError) as error:
        raise UnreadableFileError from error
    if unpacked > _UNPACKED_BYTES:
        raise UnreadableFileError


def _is_filled(row: list[Any]) -> bool:
    return any(cell not in ("", None) for cell in row)


def _text(cell: Any) -> str:
    """A cell as it would stand in a CSV: whole numbers without a point, days without a time."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime() if (cell.hour, cell.minute, cell.second, cell.microsecond) == (0, 0, 0, 0):
            return cell.date().isoformat()
        case date():
            return cell.isoformat()
        case _:
            return "" if cell is None else str(cell)
