"""CSV as departments write it: UTF-8 with or without BOM, UTF-16, GBK or GB18030; comma or tab."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from functools import reduce
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from creditlab.sources.delivered import Batch, Content, UnreadableFileError, check_header, named_columns

#: A header longer than this is no header.
_HEADER_BYTES = 2**20
_BLOCK_BYTES = 16 * 2**20
#: What stands for bytes that are no text.
_DAMAGE = "\ufffd"


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
    encoding, is_damaged = _encoding(content)
    header, delimiter = _header(_text(content, encoding).read(_HEADER_BYTES))
    marks = ([_DAMAGE] if is_damaged else []) + (["\0"] if content.has_nul else [])
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
        yield _without_marked(named_columns(pa.table(rows)), numbers, passed, marks)
    if unreadable:
        yield Batch(pa.table({}), np.zeros(0, dtype=np.int64), list(unreadable))


def _without_marked(table: pa.Table, numbers: np.ndarray, unreadable: list[int], marks: list[str]) -> Batch:
    if not marks or not table.num_rows:
        return Batch(table, numbers, unreadable)
    found = [pc.match_substring(column, mark) for column in table.columns for mark in marks]
    is_marked = reduce(pc.or_, found)
    marked = numbers[is_marked.to_numpy()]
    return Batch(
        table.filter(pc.invert(is_marked)), np.setdiff1d(numbers, marked), sorted([*unreadable, *marked.tolist()])
    )


def _encoding(content: Content) -> tuple[str, bool]:
    """How a file's bytes are text, and whether some of them are none."""
    if content.is_utf8:
        return "utf-8-sig", False
    with _bytes(content) as handle:
        start = handle.read(3)
        handle.seek(0)
        if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16", False
        if start == codecs.BOM_UTF8:
            return "utf-8-sig", True
        return _by_majority(handle)


def _by_majority(handle: IO[bytes]) -> tuple[str, bool]:
    """Choose the encoding in which more lines are text; the others are damaged rows, not another encoding.

    A line of Chinese in GB18030, which contains GBK, is hardly ever valid UTF-8. The other way round says nothing:
    most bytes make some text in GB18030.
    """
    valid = {"utf-8": 0, "gb18030": 0}
    lines = 0
    for line in handle:
        if not line.isascii():
            lines += 1
            for encoding in valid:
                valid[encoding] += _is_text(line, encoding)
    if valid["utf-8"] * 2 > lines:
        return "utf-8-sig", True
    return "gb18030", valid["gb18030"] < lines


def _is_text(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _bytes(content: Content) -> IO[bytes]:
    return io.BytesIO(content.data) if content.data is not None else content.path.open("rb")


def _text(content: Content, encoding: str) -> IO[str]:
    return io.TextIOWrapper(_bytes(content), encoding=encoding, errors="replace", newline="")


def _header(start: str) -> tuple[list[str], str]:
    start = start.lstrip("\r\n")
    delimiter = "\t" if "\t" in start.partition("\n")[0] else ","
    try:
        header = next(csv.reader(io.StringIO(start, newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise UnreadableFileError from error
    return check_header(header), delimiter


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
        source: object = pa.PythonFile(io.BufferedReader(_AsUtf8(_text(content, encoding)), 2**20), mode="r")
    elif content.data is not None:
        # Arrow takes a first blank line for the header, and can't read a header that no line end follows.
        source = pa.BufferReader(content.data[_blank_bytes(content.data) :] + b"\n")
    else:
        source = pa.OSFile(str(content.path))
        start = source.read(_HEADER_BYTES)
        source.seek(_blank_bytes(start))
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
