"""Parquet files: their columns as text."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from creditlab.sources.delivered import Batch, Content, UnreadableFileError, check_header, named_columns

_BATCH_ROWS = 100_000


def read_parquet(content: Content) -> Iterator[Batch]:
    """Read a Parquet file.

    Raises
    ------
    UnreadableFileError
        If it is none, was cut off, its columns' names can't be used, or a column holds lists or records.
    """
    source = pa.BufferReader(content.data) if content.data is not None else str(content.path)
    try:
        file = pq.ParquetFile(source)
        header = check_header(file.schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFileError from error
    if any(pa.types.is_nested(one.type) for one in file.schema_arrow):
        raise UnreadableFileError
    return _batches(file, header)


def _batches(file: pq.ParquetFile, header: list[str]) -> Iterator[Batch]:
    done = 0
    try:
        for rows in file.iter_batches(batch_size=_BATCH_ROWS):
            columns = [as_text(column) for column in rows.columns]
            numbers = np.arange(done + 1, done + rows.num_rows + 1)
            done += rows.num_rows
            yield Batch(named_columns(pa.table(columns, names=header)), numbers)
    except (pa.ArrowException, OSError):
        # The footer was whole and a page was not: what is left can't be told apart into rows.
        yield Batch(pa.table({}), np.zeros(0, dtype=np.int64), [done + 1])


def as_text(column: pa.Array) -> pa.Array:
    """A column of values as a department would write them in a CSV: empty where there is none."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_text(column.dictionary_decode())
    if pa.types.is_floating(kind):
        whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), 1e15))
        text = pc.if_else(whole, column.cast(pa.int64(), safe=False).cast(pa.string()), column.cast(pa.string()))
    elif pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        text = column.cast(pa.string(), safe=True)
    else:
        text = column.cast(pa.string())
    return pc.fill_null(text, "")
