"""Reads one workbook, in a process of its own: `python workbook.py MAX_BYTES < workbook`, a line of JSON per row.

A workbook is a program's memory image more than a text: a file of a few kilobytes may unpack to gigabytes, name one
cell at the far end of a sheet, repeat one text in a million cells, or break the library that reads it. All of that ends
this process, at a limit, and nothing else. Of creditlab it imports next to nothing, so that it starts fast.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from creditlab.celltext import text_of

#: Seconds of computing after which no workbook is still being read.
_SECONDS = 600


def rows_of(data: bytes) -> Iterator[list[str]]:
    """The filled rows of a workbook's only visible sheet that is filled, as text, header first.

    Raises
    ------
    ValueError
        If no sheet is filled, or several are: which of them is delivered can't be known.
    """
    from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

    workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
    filled = []
    for place, about in enumerate(workbook.sheets_metadata):
        if about.typ == SheetTypeEnum.WorkSheet and about.visible == SheetVisibleEnum.Visible:
            sheet = workbook.get_sheet_by_index(place)
            if any(_is_filled(row) for row in sheet.iter_rows()):
                filled.append(sheet)
    if len(filled) != 1:
        raise ValueError("not one filled sheet")
    for row in filled[0].iter_rows():
        if _is_filled(row):
            yield [text_of(cell) for cell in row]


def _is_filled(row: Iterable[Any]) -> bool:
    return any(cell not in ("", None) for cell in row)


def main() -> int:
    """Read standard input, write standard output."""
    limit = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for row in rows_of(sys.stdin.buffer.read()):
        sys.stdout.write(json.dumps(row, ensure_ascii=True) + "\n")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
