"""XLSX and XLS: the one sheet that holds something, its cells as text."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import numpy as np
import pyarrow as pa

from creditlab.sources import workbook
from creditlab.sources.delivered import Batch, Content, UnreadableFileError, check_header, named_columns
from creditlab.sources.rows import text_rows

#: What reading a workbook may take; a sheet of a million rows and ten columns stays below it.
_MEMORY_BYTES = 2 * 2**30
_BATCH_ROWS = 50_000


def read_spreadsheet(content: Content) -> Iterator[Batch]:
    """Read a workbook's only filled sheet; hidden sheets are helps for filling in, and not delivered.

    Raises
    ------
    UnreadableFileError
        If it is no workbook, needs more memory than a workbook may, has no filled sheet or several, or its header can't
        be used.
    """
    rows = _rows(content)
    first = next(rows, None)
    if first is None:
        raise UnreadableFileError
    return _batches(rows, check_header(first))


def _batches(rows: Iterator[list[str]], header: list[str]) -> Iterator[Batch]:
    done = 0
    while True:
        part: list[list[str]] = []
        try:
            part.extend(islice(rows, _BATCH_ROWS))
        except UnreadableFileError:
            yield Batch(pa.table({}), np.zeros(0, dtype=np.int64), [done + 1])
            return
        if not part:
            return
        columns = [
            pa.array([row[place] if place < len(row) else "" for row in part], pa.string())
            for place in range(len(header))
        ]
        numbers = np.arange(done + 1, done + len(part) + 1, dtype=np.int64)
        done += len(part)
        yield text_rows(named_columns(pa.table(columns, names=header)), numbers)


def _rows(content: Content) -> Iterator[list[str]]:
    """The sheet's rows, from a process that may be lost."""
    command = [sys.executable, "-I", str(Path(workbook.__file__)), str(_MEMORY_BYTES)]
    with _as_file(content) as source:
        process = subprocess.Popen(command, stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with process:
        try:
            for line in process.stdout or ():
                yield json.loads(line)
        except BaseException as error:
            # Also where nobody wants the rest: what is read for nobody would wait for ever.
            process.kill()
            if isinstance(error, ValueError):
                # It was ended in the middle of a line.
                raise UnreadableFileError from error
            raise
    if process.returncode != 0:
        raise UnreadableFileError


def _as_file(content: Content) -> IO[bytes]:
    """The bytes that were hashed, for another process to read."""
    if content.data is None:
        return content.open()
    file = TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(content.data)
    file.seek(0)
    return file
