"""Compaction: the same rows in few, sorted files.

Every entry and its run number stay as they are, so no figure changes, at no past run. Rows of runs that never
committed are left out where that is safe: only rows whose number is below that of the newest committed run, and only
while the lake's lock is held. Such a run is dead (a living one holds the lock, and its number is above every other),
nobody ever saw its rows, and its number is never given out again, because larger ones are in the books. The rows of a
run that died after the newest commit stay until a later one has committed: their number still has to keep the next run
from taking it.

A partition is rewritten by one transaction of its table's log: the new files are there, whole, before it, and the old
ones stay on disk after it. So a reader who opened the table before goes on reading the old files, a kill at any moment
leaves the table as it was or as it should be, and running compaction again finishes it. Files that left a table are
deleted when they left it more than `keep_days` ago.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.exceptions import DeltaError
from deltalake.transaction import RemoveAction

from creditlab import engine
from creditlab.errors import storage_error
from creditlab.lake.added import UNIQUE, added, sync_folder
from creditlab.lake.parts import split
from creditlab.lake.schemas import RECORDS_PARTITION
from creditlab.lake.store import Lake
from creditlab.scratch import scratch

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

KEEP_DAYS = 7
#: What the engine may hold in memory while it sorts; what is more goes to its temporary folder.
MEMORY = "1GB"
#: Rows that a reader takes or leaves as a whole: few enough for a look-up, enough for a scan of everything.
ROW_GROUP_ROWS = 32_768
#: Rows of one file; a partition with more has several, one after the other in its order.
FILE_ROWS = 64 * ROW_GROUP_ROWS

#: How the rows of a table lie. Records as they are asked for; payloads as rows are found when keys are judged again.
ORDER: dict[str, tuple[str, ...]] = {
    "records": ("item_code", "subject_id", "key64", "effective_on", "run_no", "sign"),
    "deliveries": ("delivery_id", "run_no"),
    "quarantine": ("item_code", "department", "delivery_id", "row_no", "run_no"),
    "subjects": ("run_no", "subject_id"),
    "ledger": ("run_no", "item_code", "department", "region_code", "month"),
    "matters": ("run_no", "matter_id"),
    "erasures": ("run_no", "erasure_id"),
    "lists": ("run_no", "rules_digest", "file"),
    "profiles": ("run_no", "subject_id", "item_code"),
    "assessments": ("run_no", "subject_id"),
    "findings": ("run_no", "subject_id", "indicator", "event_date", "key64"),
    "runs": ("run_no",),
}
#: Payloads of more rows are put into parts by their keys first, and each part is sorted alone: sorted together, they
#: would lie unpacked in temporary files.
SORTED_ROWS = 8 * 1024 * 1024
#: Beyond that, parts become larger, not more: all of them are written to at the same time.
_MOST_PARTS = 64
_PAYLOAD_ORDER = ("key64", "delivered_at", "delivery_id", "row_no", "run_no")
#: Asked for alone, though the files are not sorted by it alone: a Bloom filter tells which row groups have one.
_BLOOM = {"records": "subject_id"}
#: Written into each file that compaction makes: how its rows lie. Nobody else writes it.
_MARK = b"creditlab.order"


@dataclass(frozen=True)
class Compacted:
    """What compaction did with one table.

    Attributes
    ----------
    files_before, files_after, bytes_before, bytes_after
        Of the table's newest version.
    rows
        Rows of the newest version afterwards.
    dropped
        Rows left out, of runs that never committed.
    discarded
        Files deleted that had left the table.
    """

    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int
    rows: int
    dropped: int
    discarded: int


def compact(lake: Lake, backend: Backend, *, keep_days: int = KEEP_DAYS) -> dict[str, Compacted]:
    """Rewrite what isn't in few sorted files yet, and delete files that nobody needs any more.

    Parameters
    ----------
    lake
        The lake; writers wait until compaction is done, readers don't notice.
    backend
        An engine that sorts.
    keep_days
        For how many days files stay that have left a table. A reader, or a backup, that takes longer than this may
        find a file gone; the files of a table's newest version are never deleted.

    Returns
    -------
    dict
        For each table, by name.

    Raises
    ------
    LakeError
        If the lake has a format that this program doesn't know.
    StorageError
        If the disk is full, or can't be written to; every table is then as it was, or compact.
    """
    with lake.lock():
        numbers = lake.runs()["run_no"].to_pylist()
        dead = sorted(set(range(1, max(numbers, default=0))) - set(numbers))
        try:
            return {name: _compact_table(lake, backend, name, dead, keep_days) for name in lake.table_names()}
        except (DeltaError, OSError) as error:
            full = storage_error(error, "the lake")
            if full is None:
                raise
            raise full from error


def _compact_table(lake: Lake, backend: Backend, name: str, dead: list[int], keep_days: int) -> Compacted:
    before = lake.log(name)
    order = ORDER.get(name, _PAYLOAD_ORDER)
    for month, part in _partitions(before):
        if _needs_work(lake.root / name, part, order, backend, dead):
            _rewrite(lake, backend, name, month, part, order, dead)
    after = lake.log(name)
    if not after.equals(before):
        lake.checkpoint(name)
    dropped = _rows(before) - _rows(after)
    discarded = lake.discard(name, keep_days)
    return Compacted(before.num_rows, after.num_rows, _bytes(before), _bytes(after), _rows(after), dropped, discarded)


def _partitions(log: pa.Table) -> Iterator[tuple[str | None, pa.Table]]:
    column = f"partition.{RECORDS_PARTITION}"
    if column not in log.column_names:
        yield None, log
        return
    for month in sorted(pc.unique(log[column]).to_pylist()):
        yield month, log.filter(pc.equal(log[column], month))


def _needs_work(folder: Path, part: pa.Table, order: tuple[str, ...], backend: Backend, dead: list[int]) -> bool:
    """Whether a partition has a file that compaction didn't write, or rows of dead runs."""
    files = _paths(folder, part)
    if not files:
        return False
    mark = ",".join(order).encode()
    if any((pq.read_metadata(file).metadata or {}).get(_MARK) != mark for file in files):
        return True
    if not dead:
        return False
    rows = backend.read_parquet(files, hive_partitioning=False)
    return bool(rows.filter(rows.run_no.isin(dead)).count().execute())


def _rewrite(
    lake: Lake, backend: Backend, name: str, month: str | None, part: pa.Table, order: tuple[str, ...], dead: list[int]
) -> None:
    folder = lake.root / name
    schema = lake.columns(name)
    rows = backend.read_parquet(_paths(folder, part), union_by_name=True, hive_partitioning=False)
    if dead:
        rows = rows.filter(~rows.run_no.isin(dead))
    values: dict[str, str | None] = {} if month is None else {RECORDS_PARTITION: month}
    # The folder of the partition as the log has it: it may be escaped there.
    place = Path(part["path"][0].as_py()).parent
    with scratch(engine.own_folder(backend)) as aside:
        batches = _in_order(rows, backend, schema, order, _rows(part), aside)
        new = [added(folder, path, values, is_new=False) for path in _write(batches, folder / place, name, order)]
    moment = int(time.time() * 1000)
    removed = [
        RemoveAction(row["path"], False, moment, row["size_bytes"], values)
        for row in part.select(["path", "size_bytes"]).to_pylist()
    ]
    lake.replace(name, new, removed, why="compact")


def _in_order(
    rows: ir.Table, backend: Backend, schema: pa.Schema, order: tuple[str, ...], count: int, aside: Path
) -> Iterator[pa.RecordBatch]:
    """The rows in order, whole or in parts that follow one another."""
    parts = min(-(-count // SORTED_ROWS), _MOST_PARTS)
    if order != _PAYLOAD_ORDER or parts < 2:
        yield from _sorted(rows, backend, schema, order)
        return
    # Keys are hashes, so that ranges of the same width hold as many.
    place = ((rows.key64.cast("float64") / 2.0**64 + 0.5) * parts).floor().cast("int64").clip(0, parts - 1)
    split_rows = split(backend, rows, place, parts, "by_key", aside)
    for number in range(parts):
        yield from _sorted(split_rows[number], backend, schema, order)


def _sorted(rows: ir.Table, backend: Backend, schema: pa.Schema, order: tuple[str, ...]) -> Iterator[pa.RecordBatch]:
    """The rows in order, in batches of the table's columns; a column that none of the files has is null."""
    known = [name for name in schema.names if name in rows.columns]
    query = backend.compile(rows.select(known).order_by(list(order)))
    for batch in backend.con.sql(query).to_arrow_reader(ROW_GROUP_ROWS):
        columns = [
            batch.column(field.name).cast(field.type) if field.name in known else pa.nulls(batch.num_rows, field.type)
            for field in schema
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _write(batches: Iterable[pa.RecordBatch], folder: Path, name: str, order: tuple[str, ...]) -> Iterator[Path]:
    """Write rows to as many files as they need, each on disk for good before its path is given."""
    bloom = {_BLOOM.get(name, order[0]): {"ndv": ROW_GROUP_ROWS, "fpp": 0.01}}
    groups = _groups(batches, ROW_GROUP_ROWS)
    group = next(groups, None)
    while group is not None:
        path = folder / f"part-{uuid.uuid4()}.zstd.parquet"
        with path.open("xb") as file:
            with pq.ParquetWriter(
                file,
                group.schema,
                compression="zstd",
                compression_level=3,
                use_dictionary=[column for column in group.schema.names if column not in UNIQUE],
                write_page_checksum=True,
                bloom_filter_options=bloom if name in _BLOOM else None,
            ) as writer:
                writer.add_key_value_metadata({_MARK: ",".join(order).encode()})
                rows = 0
                while group is not None and rows < FILE_ROWS:
                    writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
                    rows += group.num_rows
                    group = next(groups, None)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(folder)
        yield path


def _groups(batches: Iterable[pa.RecordBatch], size: int) -> Iterator[pa.Table]:
    """Batches put together to tables of exactly `size` rows, the last one with what is left."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        while rows + batch.num_rows >= size:
            part = batch.slice(0, size - rows)
            yield pa.Table.from_batches([*waiting, part])
            batch, waiting, rows = batch.slice(part.num_rows), [], 0
        if batch.num_rows:
            waiting.append(batch)
            rows += batch.num_rows
    if waiting:
        yield pa.Table.from_batches(waiting)


def _paths(folder: Path, part: pa.Table) -> list[str]:
    return [str(folder / path) for path in part["path"].to_pylist()]


def _rows(log: pa.Table) -> int:
    return pc.sum(log["num_records"]).as_py() or 0


def _bytes(log: pa.Table) -> int:
    return pc.sum(log["size_bytes"]).as_py() or 0
