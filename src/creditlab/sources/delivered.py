"""One delivered file as text columns, with the rows that could not be read named by their number."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

SPREADSHEETS = {".xlsx", ".xlsm", ".xls", ".ods"}


class UnreadableFileError(Exception):
    """A file that can't be read at all; it becomes one quarantined row, never an error of the run."""


@dataclass(frozen=True)
class Delivered:
    """What one file held.

    Attributes
    ----------
    table
        One row per readable row, every column text as delivered (empty where the cell was), null never.
    row_no
        The rows' numbers in the file, from 1, the header not counted.
    unreadable
        Numbers of the rows that could not be read.
    is_unreadable
        The file as a whole could not be read.
    """

    table: pa.Table
    row_no: np.ndarray
    unreadable: list[int] = field(default_factory=list)
    is_unreadable: bool = False

    @property
    def delivered_count(self) -> int:
        """Rows delivered; a file that can't be read counts as one."""
        return 1 if self.is_unreadable else len(self.row_no) + len(self.unreadable)


#: A delivery without a file: a zero report.
NOTHING = Delivered(pa.table({}), np.zeros(0, dtype=np.int64))
_UNREADABLE = Delivered(pa.table({}), np.zeros(0, dtype=np.int64), is_unreadable=True)


def locate(inbox: Path, path: str) -> Path | None:
    """The file that a manifest row names; None where the name leads outside the inbox."""
    inside = inbox.resolve()
    try:
        found = (inside / path).resolve()
    except (OSError, ValueError):
        return None
    return found if found.is_relative_to(inside) and found != inside else None


def digest_file(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def read_delivered(path: Path | None) -> Delivered:
    """Read a delivered file, whatever its form; a file that can't be read comes back as such, never as an error."""
    if path is None:
        return _UNREADABLE
    from creditlab.sources.delimited import read_delimited
    from creditlab.sources.spreadsheet import read_spreadsheet

    try:
        if path.suffix.lower() in SPREADSHEETS:
            return read_spreadsheet(path)
        return read_delimited(path)
    except (UnreadableFileError, OSError):
        return _UNREADABLE


def check_header(header: list[str]) -> list[str]:
    """Column names, trimmed.

    Raises
    ------
    UnreadableFileError
        If there is none, or one occurs twice: which of the two cells is meant can't be known.
    """
    names = [name.strip() for name in header]
    named = [name for name in names if name]
    if not named or len(set(named)) < len(named):
        raise UnreadableFileError
    return [name or f"\x00{place}" for place, name in enumerate(names)]
