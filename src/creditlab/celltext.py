"""A workbook's cells as the text that stands in a CSV.

It imports nothing of creditlab: delivered workbooks are read in processes that have to start fast.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

#: Characters that nobody sees and that change what is seen: they turn the order of writing, or stand for nothing.
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]")


def visible(text: str) -> str:
    r"""A text in which every unseen character is written out, so that what is read is what is there.

    Examples
    --------
    >>> visible("abc\u202edcba")
    'abc[U+202E]dcba'
    """
    return _UNSEEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text)


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
