"""Values of any type as the text that a department would write in a CSV, and rows that hold no text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.sources.delivered import Batch

#: Whole numbers up to this size are exact in a floating-point column.
_EXACT = 1e15


def text_rows(table: pa.Table, row_no: np.ndarray, marks: Sequence[str] = ("\0",)) -> Batch:
    """Rows as a batch; those with a cell that is no text, or that holds one of the marks, are unreadable rows.

    Parameters
    ----------
    table
        One row per delivered row; columns are text, which may hold bytes that are none.
    """
    found = []
    for place, column in enumerate(table.columns):
        damaged = _damaged(column)
        if damaged is not None:
            found.append(damaged)
            column = pc.if_else(damaged, "", _as_bytes(column)).cast(pa.string())
            table = table.set_column(place, table.column_names[place], column)
        found += [pc.match_substring(column, mark) for mark in marks]
    if not found or not table.num_rows:
        return Batch(table, row_no)
    bad = np.asarray(reduce(pc.or_, found))
    if not bad.any():
        return Batch(table, row_no)
    return Batch(table.filter(pa.array(~bad)), row_no[~bad], row_no[bad].tolist())


def _as_bytes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pa.chunked_array([chunk.view(pa.binary()) for chunk in column.chunks], pa.binary())


def _damaged(column: pa.ChunkedArray) -> pa.Array | None:
    """Whether each cell's bytes are no UTF-8; None where all are."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return pa.array([not _is_text(cell) for cell in _as_bytes(column).to_pylist()])
    return None


def _is_text(cell: bytes) -> bool:
    try:
        cell.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def as_text(column: pa.Array, zone: ZoneInfo) -> pa.Array:
    """A column of values as a department would write them in a CSV: empty where there is none.

    Whole numbers have no point, moments with a zone are times of the workspace's zone, midnight is a day. Bytes are
    passed on as they are, text or not.

    Raises
    ------
    pyarrow.ArrowException
        If values of this type have no text.
    """
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        if kind.extension_name == "arrow.uuid":
            return pa.array(["" if one is None else str(one) for one in column.to_pylist()], pa.string())
        return as_text(column.storage, zone)
    if pa.types.is_dictionary(kind):
        return as_text(column.dictionary_decode(), zone)
    if pa.types.is_floating(kind):
        column = column.cast(pa.float64()) if pa.types.is_float16(kind) else column
        is_whole = pc.and_(pc.equal(pc.floor(column), column), pc.less(pc.abs(column), _EXACT))
        text = pc.if_else(is_whole, column.cast(pa.int64(), safe=False).cast(pa.string()), column.cast(pa.string()))
    elif pa.types.is_timestamp(kind):
        if kind.tz is not None:
            column = pc.local_timestamp(column.cast(pa.timestamp(kind.unit, zone.key)))
        text = without_midnight(column.cast(pa.string()))
    elif pa.types.is_time(kind):
        text = pc.replace_substring_regex(column.cast(pa.string()), r"\.0+$", "")
    elif pa.types.is_fixed_size_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        text = column.cast(pa.binary()).view(pa.string())
    elif pa.types.is_binary(kind):
        text = column.view(pa.string())
    else:
        text = column.cast(pa.string())
    return pc.fill_null(text, "")


def without_midnight(text: pa.Array) -> pa.Array:
    """Moments as text, without fractions of nothing, and without a time where it is midnight."""
    return pc.replace_substring_regex(text, r"(?: 00:00:00)?(?:\.0+)?$", "")
