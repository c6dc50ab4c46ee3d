"""CSV as departments write it: UTF-8 with or without BOM, UTF-16, GBK or GB18030; comma or tab."""

from __future__ import annotations

import codecs
import csv
import io
import secrets
from collections.abc import Iterator
from typing import IO

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from creditlab.sources.delivered import Batch, Content, UnreadableFileError, check_header, named_columns
from creditlab.sources.encoding import DAMAGE, find_encoding, open_text
from creditlab.sources.rows import text_rows

#: A header longer than this is no header.
_HEADER_BYTES = 2**20
#: What Arrow parses at once, and holds several times over. A longer row can't be followed.
_BLOCK_BYTES = 4 * 2**20
_PIECE = 2**20
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
    with content.open() as handle:
        if handle.read(4).startswith(_OTHER_FORMS):
            raise UnreadableFileError
    encoding, is_damaged = find_encoding(content)
    with open_text(content, encoding) as text:
        header, delimiter = _header(text)
    marks = ([DAMAGE] if is_damaged else []) + (["\0"] if content.has_nul else [])
    rows = _Rows(len(header))
    reader = _open(content, None if content.is_utf8 else encoding, header, delimiter, rows)
    return rows.batches(reader, marks)


class _Rows:
    """Numbers a file's rows while Arrow reads them, and sees whether its last row ends where the file does.

    After the file's last line a line follows that no row of it can be. Where it doesn't come out as a row of its own, a
    quote was never closed: the last row has then swallowed all that follows it, and can't be read.
    """

    def __init__(self, width: int) -> None:
        self._word = secrets.token_hex(16)
        # Never as many cells as the header has, so that it is never a row.
        self.last_line = f"\n{self._word},\t{self._word}\n" if width == 1 else f"\n{self._word}\n"
        self._unreadable: list[int] = []
        self._is_whole = self._is_swallowed = False

    def note(self, row: arrow_csv.InvalidRow) -> str:
        """Take note of a row with another number of cells than the header."""
        if row.text.strip() == self.last_line.strip():
            self._is_whole = True
        else:
            # Arrow counts the header as row 1, and blank lines not at all.
            self._unreadable.append(row.number - 1)
            self._is_swallowed = self._word in row.text
        return "skip"

    def batches(self, reader: arrow_csv.CSVStreamingReader, marks: list[str]) -> Iterator[Batch]:
        """The rows, and the numbers of those that can't be read."""
        done, waiting = 0, None
        while True:
            try:
                rows = reader.read_next_batch()
            except StopIteration:
                break
            except pa.ArrowInvalid:
                if waiting is not None:
                    yield waiting
                yield _none([*self._unreadable, max([done, *self._unreadable]) + 1])
                return
            # Rows are noted as unreadable ahead of the batch in which their neighbours come.
            numbers = np.arange(done + 1, done + rows.num_rows + len(self._unreadable) + 1)
            numbers = np.setdiff1d(numbers, self._unreadable, assume_unique=True)[: rows.num_rows]
            done = max(done, int(numbers[-1])) if len(numbers) else done
            passed = [number for number in self._unreadable if number <= done]
            self._unreadable = [number for number in self._unreadable if number > done]
            if not len(numbers):
                continue
            if waiting is not None:
                yield waiting
            batch = Batch(named_columns(pa.table(rows)), numbers)
            if marks:
                batch = text_rows(batch.table, numbers, marks)
            waiting = Batch(batch.table, batch.row_no, sorted([*passed, *batch.unreadable]))
        if waiting is not None:
            yield waiting if self._is_whole or self._is_swallowed else _without(waiting, done)
        if self._unreadable:
            yield _none(self._unreadable)


def _none(unreadable: list[int]) -> Batch:
    return Batch(pa.table({}), np.zeros(0, dtype=np.int64), unreadable)


def _without(batch: Batch, number: int) -> Batch:
    """A batch whose last row turned out to be unreadable."""
    kept = batch.row_no != number
    return Batch(batch.table.filter(pa.array(kept)), batch.row_no[kept], sorted({*batch.unreadable, number}))


def _header(text: IO[str]) -> tuple[list[str], str]:
    kept: list[str] = []
    found = {delimiter: _cells(_lines(text, kept), delimiter) for delimiter in ",\t"}
    delimiter = max(found, key=lambda one: len(found[one] or ()))
    header = found[delimiter]
    # By the wrong delimiter a quote may seem to be astray; a header of one column looks the same by both.
    if header is None or (len(header) == 1 and None in found.values()):
        raise UnreadableFileError
    return check_header(header), delimiter


def _lines(text: IO[str], kept: list[str]) -> Iterator[str]:
    """A text's lines as far as a header may reach, without blank ones before it; those that were read are `kept`."""
    yield from tuple(kept)
    while sum(map(len, kept)) < _HEADER_BYTES and (line := text.readline(_HEADER_BYTES)):
        if kept or line.strip("\r\n"):
            kept.append(line)
            yield line


def _cells(lines: Iterator[str], delimiter: str) -> list[str] | None:
    """The header's cells by one delimiter; None where a quote in it does not close before the next cell."""
    try:
        # Strict: a quote that is never closed would make the whole file its header, and leave no row.
        return next(csv.reader(lines, delimiter=delimiter, strict=True), [])
    except csv.Error:
        return None


def _blank_bytes(start: bytes) -> int:
    """How many bytes a byte-order mark and blank lines take before the header."""
    after = start.removeprefix(codecs.BOM_UTF8)
    return len(start) - len(after.lstrip(b"\r\n"))


class _Pieces(io.RawIOBase):
    """Pieces of bytes as one file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = memoryview(piece)
        count = min(len(buffer), len(self._left))
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def _pieces(content: Content, encoding: str | None, last_line: str) -> Iterator[bytes]:
    """A file in UTF-8 from its header on, and the last line; `encoding` is None where its bytes are UTF-8."""
    # Arrow takes a first blank line for the header, and can't read a header that no line end follows.
    if encoding is None:
        with content.open() as handle:
            start = handle.read(_HEADER_BYTES)
            yield start[_blank_bytes(start) :]
            while piece := handle.read(_PIECE):
                yield piece
    else:
        with open_text(content, encoding) as text:
            yield text.read(_HEADER_BYTES).lstrip("\r\n").encode("utf-8")
            while read := text.read(_PIECE):
                yield read.encode("utf-8")
    yield last_line.encode()


def _open(
    content: Content, encoding: str | None, header: list[str], delimiter: str, rows: _Rows
) -> arrow_csv.CSVStreamingReader:
    """Open a file's rows; `encoding` is None where its bytes are UTF-8 as they stand."""
    pieces = _pieces(content, encoding, rows.last_line)
    source: object
    if content.data is not None:
        source = pa.BufferReader(b"".join(pieces))
    else:
        source = pa.PythonFile(io.BufferedReader(_Pieces(pieces), _PIECE), mode="r")
    # A file that is held is one block, so that no row of it can lie across two.
    block = max(2 * len(content.data) + 1024, 2**16) if content.data is not None else _BLOCK_BYTES
    try:
        return arrow_csv.open_csv(
            source,
            read_options=arrow_csv.ReadOptions(
                use_threads=False, block_size=block, column_names=header, skip_rows_after_names=1
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=rows.note
            ),
            # What was no UTF-8 was seen when the file was looked at, and is read by another encoding.
            convert_options=arrow_csv.ConvertOptions(
                check_utf8=False, column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise UnreadableFileError from error
