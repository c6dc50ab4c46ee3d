"""The released cells of a publication as a file: what its tables are made of, what the next release is judged by."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv

from creditlab.disclosure import RELEASE_SCHEMA, Marker, Release, require_release
from creditlab.errors import ReportError
from creditlab.tables import neutral

CELLS = "cells.csv"
_NUMBERS = ("numerator", "denominator", "count", "ratio")


def write_cells(path: Path, release: Release) -> None:
    """Write a release's cells: one row per cell, RELEASE_SCHEMA; a suppressed cell's numbers are `[c]`."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(RELEASE_SCHEMA.names)
        for row in require_release(release).rows():
            hidden = row["marker"] == Marker.SUPPRESSED
            writer.writerow([_text(name, row[name], hidden=hidden) for name in RELEASE_SCHEMA.names])


def _text(name: str, value: object, *, hidden: bool) -> str:
    if hidden and name in _NUMBERS:
        return str(Marker.SUPPRESSED)
    if value is None:
        return ""
    return neutral(value) if isinstance(value, str) else str(value)


def read_cells(path: Path) -> pa.Table | None:
    """The cells that a publication kept; None where it was made before they were.

    Raises
    ------
    ReportError
        If the file can't be read: what was released before can't be taken into account then.
    """
    if not path.exists():
        return None
    kinds = {one.name: one.type for one in RELEASE_SCHEMA}
    options = pa_csv.ConvertOptions(column_types=kinds, null_values=["", str(Marker.SUPPRESSED)])
    try:
        return pa_csv.read_csv(path, convert_options=options)
    except (pa.ArrowInvalid, OSError) as error:
        where = "/".join(path.parts[-5:])
        raise ReportError("released cells can't be read", where=where, do="Restore the published folder.") from error
