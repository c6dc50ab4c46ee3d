"""A delivered file: what it is known by, and its rows as text columns in batches.

The bytes that are hashed are the bytes that are read: small files are held, large ones are read twice and taken only if
nothing changed meanwhile.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from creditlab.sources.opening import open_found
from creditlab.terms import HELPER_PREFIX

SPREADSHEETS = {".xlsx", ".xlsm", ".xls"}
PARQUET = {".parquet", ".pq"}
QUERIES = {".sql"}
#: Files up to this size are held while they are read.
HELD_BYTES = 32 * 2**20
MAX_COLUMNS = 2_000
_PIECE = 4 * 2**20
#: What a column without a name is called: no header may have such a character, and Arrow's names can't have NUL.
_UNNAMED = "\x01"
#: Control characters (but for tabs and line ends), surrogates, and what stands for bytes that are no text.
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")


class UnreadableFileError(Exception):
    """A file that can't be read at all; it becomes one quarantined row, never an error of the run."""


class AbsentFileError(Exception):
    """A file that is not there, or still being written; a later run takes it."""


@dataclass(frozen=True)
class Batch:
    """Some rows of one delivery.

    Attributes
    ----------
    table
        One row per readable row, every column text as delivered (empty where the cell was), null never.
    row_no
        The rows' numbers in the file, from 1, the header not counted.
    unreadable
        Numbers of the rows that could not be read.
    """

    table: pa.Table
    row_no: np.ndarray
    unreadable: list[int] = field(default_factory=list)


class Stamp(NamedTuple):
    """What changes when a file does: `changed_ns` even where someone sets the time of its last change."""

    size: int
    modified_ns: int
    changed_ns: int
    device: int
    inode: int


def stamp(path: Path) -> Stamp:
    """A file as the file system has it now.

    Raises
    ------
    AbsentFileError
        If it is not there, or no file: a pipe or a device would be waited for.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise AbsentFileError from error
    return _stamp(found)


def _stamp(found: os.stat_result) -> Stamp:
    if not stat.S_ISREG(found.st_mode):
        raise AbsentFileError
    return Stamp(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_dev, found.st_ino)


@dataclass(frozen=True)
class Content:
    """A delivered file as it stood when it was looked at.

    Attributes
    ----------
    data
        Its bytes, where they are few enough to be held.
    is_utf8, has_nul
        What was found while hashing: how its text is to be read.
    """

    path: Path
    sha256: str
    stamp: Stamp
    data: bytes | None
    is_utf8: bool
    has_nul: bool

    def open(self) -> BinaryIO:
        """The bytes that were hashed, from the start; those of a large file as long as it is the one that was hashed.

        Raises
        ------
        AbsentFileError
            If another file is there now, or it has changed.
        """
        if self.data is not None:
            return io.BytesIO(self.data)
        try:
            handle = open_found(self.path)
        except OSError as error:
            raise AbsentFileError from error
        if _stamp(os.fstat(handle.fileno())) != self.stamp:
            handle.close()
            raise AbsentFileError
        return handle

    def is_unchanged(self) -> bool:
        """Whether the file is still the one that was hashed.

        One that went away after it was held as a whole is; one that went on changing is still being written.
        """
        try:
            return stamp(self.path) == self.stamp
        except AbsentFileError:
            return self.data is not None and len(self.data) == self.stamp.size


def locate(inbox: Path, path: str) -> Path | None:
    """The file that a manifest row names; None where the name leads outside the inbox."""
    inside = inbox.resolve()
    try:
        # Unlike resolve, it takes links that lead in a circle for what they are: no file.
        found = Path(os.path.realpath(inside / path))
    except (OSError, ValueError):
        return None
    return found if found.is_relative_to(inside) and found != inside else None


def look(path: Path) -> Content:
    """Hash a file, and find out how its text is to be read, in one pass.

    Parameters
    ----------
    path
        Where `locate` found it.

    Raises
    ------
    AbsentFileError
        If it is not there.
    """
    try:
        with open_found(path) as handle:
            before = _stamp(os.fstat(handle.fileno()))
            if before.size > HELD_BYTES:
                return _look_at_large(path, before, handle)
            data = handle.read()
    except OSError as error:
        raise AbsentFileError from error
    return Content(path, hashlib.sha256(data).hexdigest(), before, data, _is_utf8(data), b"\0" in data)


def _look_at_large(path: Path, before: Stamp, handle: BinaryIO) -> Content:
    digest, decoder = hashlib.sha256(), codecs.getincrementaldecoder("utf-8")()
    is_utf8, has_nul = True, False
    while piece := handle.read(_PIECE):
        digest.update(piece)
        has_nul = has_nul or b"\0" in piece
        is_utf8 = is_utf8 and _goes_on(decoder, piece)
    is_utf8 = is_utf8 and _goes_on(decoder, b"", is_last=True)
    return Content(path, digest.hexdigest(), before, None, is_utf8, has_nul)


def _goes_on(decoder: codecs.IncrementalDecoder, piece: bytes, *, is_last: bool = False) -> bool:
    try:
        decoder.decode(piece, is_last)
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8(data: bytes) -> bool:
    # Arrow only looks at the bytes; Python would make a text of them.
    ends = np.array([0, len(data)], dtype=np.int32)
    one = pa.Array.from_buffers(pa.binary(), 1, [None, pa.py_buffer(ends), pa.py_buffer(data)])
    try:
        one.cast(pa.string())
    except pa.ArrowInvalid:
        return False
    return True


def read_batches(content: Content, zone: ZoneInfo, sources: Mapping[str, str]) -> Iterator[Batch]:
    """Read a delivery, whatever its form, in batches that together hold every row once.

    Parameters
    ----------
    zone
        Where a moment with a zone of its own is a day and a time of day.
    sources
        The addresses of the databases that queries may name.

    Raises
    ------
    UnreadableFileError
        Before the first batch, if the file can't be read at all.
    SourceError
        At any batch, if it is a query that can't be run, or whose database can't be reached.
    AbsentFileError
        At any batch, if the file is another one now than the one that was looked at.
    """
    suffix = content.path.suffix.lower()
    if suffix in SPREADSHEETS:
        from creditlab.sources.spreadsheet import read_spreadsheet

        return read_spreadsheet(content)
    if suffix in PARQUET:
        from creditlab.sources.parquet import read_parquet

        return read_parquet(content, zone)
    if suffix in QUERIES:
        from creditlab.sources.postgres import read_query

        return read_query(content, sources, zone)
    from creditlab.sources.delimited import read_delimited

    return read_delimited(content)


def read_whole(path: Path) -> tuple[pa.Table, list[int]]:
    """A list beside the deliveries as one table, and the numbers of its unreadable rows.

    Raises
    ------
    UnreadableFileError
        If it can't be read at all.
    """
    batches = list(read_batches(look(path.resolve()), ZoneInfo("UTC"), {}))
    unreadable = [number for batch in batches for number in batch.unreadable]
    tables = [batch.table for batch in batches]
    return (pa.concat_tables(tables) if tables else pa.table({})), unreadable


def check_header(header: list[str]) -> list[str]:
    """Column names, trimmed; a column without a name gets one that no department can write.

    Raises
    ------
    UnreadableFileError
        If there is none, there are more than anyone delivers, one holds bytes that are no text, or one occurs twice:
        which of the two cells is meant can't be known.
    """
    names = [name.strip() for name in header]
    named = [name for name in names if name]
    if not named or len(names) > MAX_COLUMNS or len(set(named)) < len(named) or _NO_TEXT.search("".join(named)):
        raise UnreadableFileError
    return [name or f"{_UNNAMED}{place}" for place, name in enumerate(names)]


def named_columns(table: pa.Table) -> pa.Table:
    """The columns that have a name, without those that a feedback pack added to say what is wrong."""
    return table.select([name for name in table.column_names if not name.startswith((_UNNAMED, HELPER_PREFIX))])
