"""A Parquet file that was written, as the log of a Delta table takes it in."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

#: Nearly every row has another value: a dictionary of them would be as long as the column.
UNIQUE = {"key64", "natural_key64", "content64", "record_id", "row_no"}
_ORDERED_STATISTICS = (pa.types.is_integer, pa.types.is_date, pa.types.is_string)
#: A longer text would fill the log; its column then goes without statistics there (the file itself has them).
_LONGEST_TEXT = 64


def added(folder: Path, path: Path, values: dict[str, str | None], *, is_new: bool) -> AddAction:
    """What the log says of a file in a table's folder: its size, its partition's values, and its statistics.

    Parameters
    ----------
    is_new
        Whether its rows are new to the table, or were in other files of it.
    """
    about = path.stat()
    return AddAction(
        path.relative_to(folder).as_posix(),
        about.st_size,
        values,
        int(about.st_mtime * 1000),
        is_new,
        json.dumps(_statistics(pq.read_metadata(path))),
    )


def sync_folder(folder: Path) -> None:
    """Have a folder's new names on disk for good."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _statistics(about: pq.FileMetaData) -> dict[str, Any]:
    """A file's rows, smallest and largest values and nulls, as a Delta log has them."""
    found: dict[str, dict[str, Any]] = {"minValues": {}, "maxValues": {}, "nullCount": {}}
    kinds = {field.name: field.type for field in about.schema.to_arrow_schema()}
    for place in range(about.num_columns):
        name = about.schema.column(place).path
        if not any(is_kind(kinds.get(name, pa.null())) for is_kind in _ORDERED_STATISTICS):
            continue
        columns = [about.row_group(number).column(place).statistics for number in range(about.num_row_groups)]
        if any(one is None or not one.has_null_count for one in columns):
            continue
        found["nullCount"][name] = sum(one.null_count for one in columns)
        filled = [one for one in columns if one.has_min_max]
        # A group without bounds is one of nulls only; if it isn't, nothing can be said of the file.
        if not filled or any(one.num_values and not one.has_min_max for one in columns):
            continue
        low, high = min(one.min for one in filled), max(one.max for one in filled)
        if isinstance(low, str) and max(len(low), len(high)) > _LONGEST_TEXT:
            continue
        found["minValues"][name], found["maxValues"][name] = _plain(low), _plain(high)
    return {"numRecords": about.num_rows, **found}


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value
