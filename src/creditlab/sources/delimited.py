"""CSV as departments write it: UTF-8 with or without BOM, UTF-16, GBK or GB18030; comma or tab."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import IO

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from creditlab.sources.delivered import Batch, Content, UnreadableFileError, check_header, named_columns
from creditlab.sources.encoding import DAMAGE, find_encoding, open_bytes, open_text
from creditlab.sources.rows import text_rows

#: A header longer than this is no header.
_HEADER_BYTES = 2**20
_BLOCK_BYTES = 16 * 2**20
#: How workbooks, Parquet, PDF and packed files begin, whatever they are called.
_OTHER_FORMS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1", b"%PDF", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")


def read_delimited(content: Content) -> Iterator[Batch]:
    """Read a delimited text file.

    Rows with another number of cells than the header, and rows that hold bytes which are no text or a NUL, are
    unreadable rows; blank lines are no rows. From where a file can't be followed any further, the rest is one
    unreadable row.

    Raises
    ------
    UnreadableFileError
        If the file is empty, or its header can't be used.
    """
    with open_bytes(content) as handle:
        if handle.read(4).startswith(_OTHER_FORMS):
            raise UnreadableFileError
    encoding, is_damaged = find_encoding(content)
    with open_text(content, encoding) as text:
        header, delimiter = _header(text.read(_HEADER_BYTES))
    marks = ([DAMAGE] if is_damaged else []) + (["\0"] if content.has_nul else [])
    unreadable: list[int] = []

    def note(row: arrow_csv.InvalidRow) -> str:
        # Arrow counts the header as row 1, and blank lines not at all.
        unreadable.append(row.number - 1)
        return "skip"

    reader = _open(content, None if content.is_utf8 else encoding, header, delimiter, note)
    return _batches(reader, unreadable, marks)


def _batches(reader: arrow_csv.CSVStreamingReader, unreadable: list[int], marks: list[str]) -> Iterator[Batch]:
    done = 0
    while True:
        try:
            rows = reader.read_next_batch()
        except StopIteration:
            break
        except pa.ArrowInvalid:
            last = max([done, *unreadable])
            yield Batch(pa.table({}), np.zeros(0, dtype=np.int64), [*unreadable, last + 1])
            return
        # Rows are noted as unreadable ahead of the batch in which their neighbours come.
        numbers = np.arange(done + 1, done + rows.num_rows + len(unreadable) + 1)
        numbers = np.setdiff1d(numbers, unreadable, assume_unique=True)[: rows.num_rows]
        done = max(done, int(numbers[-1])) if len(numbers) else done
        passed = [number for number in unreadable if number <= done]
        unreadable[:] = [number for number in unreadable if number > done]
        batch = text_rows(named_columns(pa.table(rows)), numbers, marks)
        yield Batch(batch.table, batch.row_no, sorted([*passed, *batch.unreadable]))
    if unreadable:
        yield Batch(pa.table({}), np.zeros(0, dtype=np.int64), list(unreadable))


def _header(start: str) -> tuple[list[str], str]:
    start = start.lstrip("\r\n")
    found = {delimiter: _cells(start, delimiter) for delimiter in ",\t"}
    delimiter = max(found, key=lambda one: len(found[one]))
    return check_header(found[delimiter]), delimiter


def _cells(start: str, delimiter: str) -> list[str]:
    """The header's cells by one delimiter; none where a quote in it does not close before the next cell."""
    try:
        # Strict: a quote that is never closed would make the whole file its header, and leave no row.
        return next(csv.reader(io.StringIO(start, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error:
        return []


def _blank_bytes(start: bytes) -> int:
    """How many bytes a byte-order mark and blank lines take before the header."""
    after = start.removeprefix(codecs.BOM_UTF8)
    return len(start) - len(after.lstrip(b"\r\n"))


class _AsUtf8(io.RawIOBase):
    """A text file's bytes as UTF-8, whatever they are on disk."""

    def __init__(self, text: IO[str]) -> None:
        self._text, self._is_over = text, False
        self._left = text.read(_HEADER_BYTES).lstrip("\r\n").encode("utf-8")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._left and not self._is_over:
            read = self._text.read(2**20)
            self._is_over = not read
            # A header without an end of line is a header all the same.
            self._left = read.encode("utf-8") if read else b"\n"
        piece = self._left[: len(buffer)]
        buffer[: len(piece)] = piece
        self._left = self._left[len(piece) :]
        return len(piece)


def _open(
    content: Content, encoding: str | None, header: list[str], delimiter: str, note: object
) -> arrow_csv.CSVStreamingReader:
    """Open a file's rows; `encoding` is None where its bytes are UTF-8 as they stand."""
    if encoding is not None:
        source: object = pa.PythonFile(io.BufferedReader(_AsUtf8(open_text(content, encoding)), 2**20), mode="r")
    elif content.data is not None:
        # Arrow takes a first blank line for the header, and can't read a header that no line end follows.
        source = pa.BufferReader(content.data[_blank_bytes(content.data) :] + b"\n")
    else:
        file = pa.OSFile(str(content.path))
        file.seek(_blank_bytes(file.read(_HEADER_BYTES)))
        source = file
    # A file that is held is one block, so that no row of it can lie across two.
    block = max(2 * len(content.data) + 1024, 2**16) if content.data is not None else _BLOCK_BYTES
    try:
        return arrow_csv.open_csv(
            source,
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=block, column_names=header, skip_rows_after_names=1
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise UnreadableFileError from error
