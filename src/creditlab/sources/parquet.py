"""Parquet files: their columns as text."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from creditlab.sources.delivered import Batch, Content, UnreadableFileError, check_header, named_columns
from creditlab.sources.rows import as_text, text_rows

_BATCH_ROWS = 100_000
_BATCH_BYTES = 64 * 2**20


def read_parquet(content: Content, zone: ZoneInfo) -> Iterator[Batch]:
    """Read a Parquet file.

    Raises
    ------
    UnreadableFileError
        If it is none, was cut off, its columns' names can't be used, or a column holds lists or records.
    """
    try:
        with _source(content) as source:
            about = pq.read_metadata(source)
        schema = about.schema.to_arrow_schema()
        header = check_header(schema.names)
        for column in schema:
            as_text(pa.array([None], pa.null()).cast(column.type), zone)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise UnreadableFileError from error
    if any(pa.types.is_nested(one.type) for one in schema):
        raise UnreadableFileError
    repeated = [one.name for one in schema if pa.types.is_string(one.type) or pa.types.is_binary(one.type)]
    source = _source(content)
    return _batches(source, pq.ParquetFile(source, metadata=about, read_dictionary=repeated), header, zone)


def _source(content: Content) -> Any:
    return pa.BufferReader(content.data) if content.data is not None else content.open()


def _batches_of_groups(file: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
    # One row group after the other: a damaged page costs no row of the groups before its own.
    for group in range(file.num_row_groups):
        # A thread of the pool costs more than a small file; other work goes on beside this anyway.
        for rows in file.iter_batches(batch_size=_BATCH_ROWS, row_groups=[group], use_threads=False):
            yield from _parts(rows)


def _parts(rows: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Rows in parts that are not too long once they are written out: a file holds a text once for all its cells."""
    sizes = np.zeros(rows.num_rows, dtype=np.int64)
    for column in rows.columns:
        if pa.types.is_dictionary(column.type):
            lengths = pc.binary_length(column.dictionary).cast(pa.int64()).take(column.indices)
            sizes += pc.fill_null(lengths, 0).to_numpy(zero_copy_only=False)
    part = np.cumsum(sizes) // _BATCH_BYTES
    starts = [0, *(np.flatnonzero(np.diff(part)) + 1).tolist(), rows.num_rows]
    for start, end in pairwise(starts):
        yield rows.slice(start, end - start)


def _batches(source: Any, file: pq.ParquetFile, header: list[str], zone: ZoneInfo) -> Iterator[Batch]:
    done = 0
    try:
        with source:
            for rows in _batches_of_groups(file):
                columns = [as_text(column, zone) for column in rows.columns]
                numbers = np.arange(done + 1, done + rows.num_rows + 1)
                batch = text_rows(named_columns(pa.table(columns, names=header)), numbers)
                done += rows.num_rows
                yield batch
    except (pa.ArrowException, OSError):
        # The footer was whole and a page was not: what is left can't be told apart into rows.
        yield Batch(pa.table({}), np.zeros(0, dtype=np.int64), [done + 1])
