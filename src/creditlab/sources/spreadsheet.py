"""XLSX and XLS: the one sheet that holds something, its cells as text."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from creditlab.sources.delivered import Delivered, UnreadableFileError, check_header


def read_spreadsheet(path: Path) -> Delivered:
    """Read a workbook's only filled sheet.

    Raises
    ------
    UnreadableFileError
        If it is no workbook, has no filled sheet or several, or its header can't be used.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_path(str(path))
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
        if not name.startswith("\x00")
    }
    return Delivered(pa.table(columns), np.arange(1, len(rows), dtype=np.int64))


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
