"""Take rows, or texts in them, out of the lake for good: out of the newest version, every older one, and the logs.

Nothing else in the lake removes anything. Each table is rewritten by one transaction of its log; afterwards the files
that left it are deleted at once, and so are the logs up to its newest version, which say the smallest and largest text
of each file. Whoever reads an older version just now finds its files gone and has to ask again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.transaction import AddAction, RemoveAction

from creditlab.lake.schemas import RECORDS_PARTITION
from creditlab.lake.store import Lake
from creditlab.lake.writing import write_rows

#: Rows in, rows out; the very same table where nothing of it is to be changed.
Change = Callable[[pa.Table], pa.Table]
_ROWS = 128 * 1024
_LOG = "_delta_log"


def purge(lake: Lake, name: str, change: Change) -> int:
    """Rewrite the files of a table that have rows to be changed; returns how many rows went.

    The caller holds the lake's lock. Rows of runs that never committed are changed like all others.
    """
    added: list[AddAction] = []
    removed: list[RemoveAction] = []
    gone, moment = 0, int(time.time() * 1000)
    month = f"partition.{RECORDS_PARTITION}"
    for row in lake.log(name).to_pylist():
        path = lake.root / name / unquote(row["path"])
        before, after = _counts(path, change)
        if before < 0:
            continue
        gone += before - after
        value = row.get(month)
        if after:
            added += write_rows(
                lake.root / name, _changed(path, change, value), None if value is None else RECORDS_PARTITION
            )
        values: dict[str, str | None] = {} if value is None else {RECORDS_PARTITION: value}
        removed.append(RemoveAction(row["path"], False, moment, row["size_bytes"], values))
    if removed:
        lake.replace(name, added, removed, why="erase")
    return gone


def forget_past(lake: Lake, name: str) -> None:
    """Delete every file that is not of a table's newest version, and what its log says of older versions."""
    folder = lake.root / name
    kept = {unquote(path) for path in lake.log(name)["path"].to_pylist()}
    for path in folder.rglob("*.parquet"):
        place = path.relative_to(folder)
        if place.parts[0] != _LOG and place.as_posix() not in kept:
            path.unlink()
    version = DeltaTable(folder.absolute().as_uri()).version()
    lake.checkpoint(name)
    for path in (folder / _LOG).iterdir():
        number = path.name.split(".", 1)[0]
        if number.isdigit() and int(number) < version:
            path.unlink()


def _counts(path: Path, change: Change) -> tuple[int, int]:
    """Rows of a file before and after; -1 before where nothing is to be changed."""
    before = after = 0
    is_changed = False
    for rows in _batches(path):
        found = change(rows)
        is_changed |= found is not rows
        before, after = before + rows.num_rows, after + found.num_rows
    return (before, after) if is_changed else (-1, 0)


def _changed(path: Path, change: Change, month: str | None) -> pa.RecordBatchReader:
    schema = pq.read_schema(path).remove_metadata()
    if month is not None:
        schema = schema.append(pa.field(RECORDS_PARTITION, pa.string()))

    def batches() -> Iterator[pa.RecordBatch]:
        for rows in _batches(path):
            found = change(rows)
            if month is not None:
                found = found.append_column(RECORDS_PARTITION, pa.array([month] * found.num_rows, pa.string()))
            yield from found.replace_schema_metadata(None).cast(schema).to_batches()

    return pa.RecordBatchReader.from_batches(schema, batches())


def _batches(path: Path) -> Iterator[pa.Table]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS):
            yield pa.Table.from_batches([batch])
