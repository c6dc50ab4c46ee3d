"""Rows into new Parquet files of a table: on disk for good before any log names them."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from creditlab.ahead import Ahead
from creditlab.lake.added import UNIQUE, added, sync_folder

_ROW_GROUP_ROWS = 128 * 1024
#: As they arrive, subjects are in no order; compaction puts each one's rows together.
_SCATTERED = UNIQUE | {"subject_id", "subject_name", "name64"}
#: Rows that wait for their row group in all partitions together; beyond that the fullest is written as it is.
_WAITING_ROWS = 4 * _ROW_GROUP_ROWS
_SYNCED_TOGETHER = 8


def write_rows(folder: Path, rows: pa.RecordBatchReader, partition: str | None) -> list[AddAction]:
    """Write rows into new files of a table's folder, one for each partition that they have.

    Parameters
    ----------
    partition
        The column that tells a row's partition, which is text and never null; it is not written into the files.

    Returns
    -------
    list
        What a log has to say of the files; until it does, nobody sees them.
    """
    files: dict[str, _File] = {}
    # While one row group is encoded, the rows of the next one come.
    encoding = Ahead()
    schema = rows.schema
    place = schema.get_field_index(partition) if partition else -1
    schema = schema.remove(place) if partition else schema
    try:
        for batch in rows:
            for value, part in _parts(batch, place):
                if value not in files:
                    inside = folder / f"{partition}={quote(value)}" if partition else folder
                    files[value] = _File(inside, schema, encoding)
                files[value].add(part)
            while sum(one.waiting_rows for one in files.values()) > _WAITING_ROWS:
                max(files.values(), key=lambda one: one.waiting_rows).flush()
        for one in files.values():
            one.flush()
        encoding.close()
        # The disk is waited for once, not file after file.
        with ThreadPoolExecutor(_SYNCED_TOGETHER) as pool:
            list(pool.map(_File.close, files.values()))
    except BaseException:
        encoding.abandon()
        # A disk that is full, above all, keeps nothing of a failed attempt.
        for one in files.values():
            one.abandon()
        raise
    return [
        added(folder, one.path, {partition: value} if partition else {}, is_new=True) for value, one in files.items()
    ]


def take_files(folder: Path, files: Iterable[Path]) -> list[AddAction]:
    """Move Parquet files that an engine wrote on the same disk into a table's folder; those without a row are left.

    Returns
    -------
    list
        As of `write_rows`.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    taken = []
    for one in files:
        if not pq.read_metadata(one).num_rows:
            continue
        path = folder / f"part-{uuid.uuid4()}.snappy.parquet"
        with one.open("rb") as file:
            os.fsync(file.fileno())
        one.chmod(0o600)
        one.rename(path)
        taken.append(path)
    sync_folder(folder)
    return [added(folder, path, {}, is_new=True) for path in taken]


def _parts(batch: pa.RecordBatch, place: int) -> Iterator[tuple[str, pa.RecordBatch]]:
    """A batch's rows by their partition."""
    if not batch.num_rows:
        return
    if place < 0:
        yield "", batch
        return
    values = batch.column(place).dictionary_encode()
    rest = batch.remove_column(place)
    if len(values.dictionary) == 1:
        yield values.dictionary[0].as_py(), rest
        return
    for number, value in enumerate(values.dictionary.to_pylist()):
        yield value, rest.filter(pc.equal(values.indices, number))


class _File:
    """One new Parquet file, to which rows are added a row group at a time."""

    def __init__(self, folder: Path, schema: pa.Schema, encoding: Ahead) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / f"part-{uuid.uuid4()}.snappy.parquet"
        self.waiting_rows = 0
        self._encoding = encoding
        self._waiting: list[pa.RecordBatch] = []
        self._file = self.path.open("xb")
        self._writer = pq.ParquetWriter(
            self._file,
            schema,
            compression="snappy",
            use_dictionary=[name for name in schema.names if name not in _SCATTERED],
            write_page_checksum=True,
        )

    def add(self, rows: pa.RecordBatch) -> None:
        self._waiting.append(rows)
        self.waiting_rows += rows.num_rows
        if self.waiting_rows >= _ROW_GROUP_ROWS:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            self._encoding.hand_over(self._write, pa.Table.from_batches(self._waiting))
        self._waiting, self.waiting_rows = [], 0

    def _write(self, group: pa.Table) -> None:
        self._writer.write_table(group, row_group_size=group.num_rows)

    def close(self) -> None:
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        sync_folder(self.path.parent)

    def abandon(self) -> None:
        self.path.unlink(missing_ok=True)
        # What a full disk has no room for is not wanted any more.
        with suppress(OSError):
            self._file.close()
