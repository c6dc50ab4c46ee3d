"""CSV as departments write it: UTF-8 with or without BOM, GBK or GB18030; comma or tab."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from creditlab.sources.delivered import Delivered, UnreadableFileError, check_header

#: Tried in this order: a text that is valid UTF-8 is hardly ever anything else, and GB18030 contains GBK.
_ENCODINGS = ("utf-8-sig", "gb18030")


def read_delimited(path: Path) -> Delivered:
    """Read a delimited text file.

    Rows with another number of cells than the header are unreadable rows; blank lines are no rows.

    Raises
    ------
    UnreadableFileError
        If the file is empty, in no known encoding, or its header can't be used.
    """
    # Arrow takes a first blank line for the header, and can't read a header that no line end follows.
    text = _decode(path.read_bytes()).lstrip("\r\n") + "\n"
    header, delimiter = _header(text)
    unreadable: list[int] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        # Arrow counts the header as row 1, and blank lines not at all.
        unreadable.append(row.number - 1)
        return "skip"

    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text.encode("utf-8")),
            read_options=arrow_csv.ReadOptions(use_threads=False, column_names=header, skip_rows_after_names=1),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, UnicodeEncodeError) as error:
        raise UnreadableFileError from error
    numbers = np.arange(1, table.num_rows + len(unreadable) + 1, dtype=np.int64)
    readable = np.delete(numbers, np.asarray(unreadable, dtype=np.int64) - 1)
    named = [name for name in table.column_names if not name.startswith("\x00")]
    return Delivered(table.select(named), readable, unreadable)


def _decode(content: bytes) -> str:
    for encoding in _ENCODINGS:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnreadableFileError


def _header(text: str) -> tuple[list[str], str]:
    first = text.partition("\n")[0]
    delimiter = "\t" if "\t" in first else ","
    try:
        header = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise UnreadableFileError from error
    return check_header(header), delimiter
