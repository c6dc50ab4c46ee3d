"""The lake's files against what its logs say of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.exceptions import DeltaError, TableNotFoundError

from creditlab.lake.store import Lake


@dataclass(frozen=True)
class TableSize:
    """How large the newest version of a table is; rows include those of runs that never committed."""

    files: int
    bytes: int
    rows: int


@dataclass(frozen=True)
class FileFault:
    """One file, or log, that is not what it should be; `expected` and `found` are None where nothing is compared."""

    table: str
    file: str
    what: str
    expected: int | None = None
    found: int | None = None


def table_sizes(lake: Lake) -> dict[str, TableSize]:
    """Files, bytes and rows of each table, from the logs alone."""
    logs = {name: lake.log(name) for name in lake.table_names()}
    return {
        name: TableSize(log.num_rows, pc.sum(log["size_bytes"]).as_py() or 0, pc.sum(log["num_records"]).as_py() or 0)
        for name, log in logs.items()
    }


def check_files(lake: Lake) -> list[FileFault]:
    """Read every file of every table's newest version, and compare it with the log.

    A file must be there, have the size and the number of rows that the log says, and be readable to its end; the
    checksums of pages that have them (all that compaction wrote) are compared.

    Returns
    -------
    list
        One fault a file at most; empty where all is well.
    """
    return [fault for name in lake.table_names() for fault in _check_table(lake, name)]


def _check_table(lake: Lake, name: str) -> Iterator[FileFault]:
    try:
        log = lake.log(name)
    except TableNotFoundError:
        yield FileFault(name, f"{name}/_delta_log", "the table is missing")
        return
    except (DeltaError, OSError):
        yield FileFault(name, f"{name}/_delta_log", "the table's log can't be read")
        return
    for row in log.select(["path", "size_bytes", "num_records"]).to_pylist():
        fault = _check_file(name, lake.root, f"{name}/{row['path']}", row["size_bytes"], row["num_records"])
        if fault is not None:
            yield fault


def _check_file(name: str, root: Path, place: str, size: int, rows: int | None) -> FileFault | None:
    path = root / place
    try:
        found = path.stat().st_size
    except FileNotFoundError:
        return FileFault(name, place, "the file is missing")
    if found != size:
        return FileFault(name, place, "the file has another size", size, found)
    try:
        read = _count_rows(path)
    except (pa.ArrowException, OSError):
        return FileFault(name, place, "the file can't be read to its end")
    if rows is not None and read != rows:
        return FileFault(name, place, "the file has another number of rows", rows, read)
    return None


def _count_rows(path: Path) -> int:
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        return sum(batch.num_rows for batch in file.iter_batches())
