"""A workbook's cells as the text that stands in a CSV.

It imports nothing of creditlab: delivered workbooks are read in processes that have to start fast.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any


def text_of(cell: Any) -> str:
    """A cell as it would stand in a CSV: whole numbers without a point, days without a time."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float() if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        case datetime() if (cell.hour, cell.minute, cell.second, cell.microsecond) == (0, 0, 0, 0):
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(sep=" ")
        case date():
            return cell.isoformat()
        case _:
            return "" if cell is None else str(cell)
