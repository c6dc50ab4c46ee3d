"""Internal working files: what analysts take out of a measurement, for the institution's machines only.

They have not passed disclosure control. So they are readable by their owner only, say so in a file beside them, and
never lie where published reports lie.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab.errors import DisclosureError, ParameterError

if TYPE_CHECKING:
    import pyarrow as pa

_FORMS = (".csv", ".parquet")
_MARK = "INTERNAL: has not passed disclosure control; not for publication"


def check_place(path: Path, reports: Path) -> None:
    """Refuse a working file of an unknown form, or one among the published reports.

    Raises
    ------
    ParameterError
        If the name ends neither in .csv nor in .parquet, or its folder is missing.
    DisclosureError
        If it lies under the reports' folder.
    """
    if path.suffix.lower() not in _FORMS:
        raise ParameterError("an output file has an unknown form", where="--output", do="Name a .csv or .parquet file.")
    if not path.parent.is_dir():
        raise ParameterError("the output file's folder is missing", where="--output")
    if path.resolve().is_relative_to(reports.resolve()):
        raise DisclosureError(
            "a working file may not lie among the published reports", where="--output", do="Choose another folder."
        )


def write_workfile(table: pa.Table, path: Path, about: dict[str, str]) -> None:
    """Write a table as a working file, with a mark beside it that says what it is.

    Parameters
    ----------
    about
        What the mark says beside that the file is internal: period, as_of, run.
    """
    draft = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle:
        if path.suffix.lower() == ".csv":
            handle.write(csv_bytes(table))
        else:
            from pyarrow import parquet

            parquet.write_table(
                table.replace_schema_metadata({"creditlab": json.dumps({"mark": _MARK} | about)}), handle
            )
    mark = path.with_name(f"{path.name}.internal.json")
    with os.fdopen(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as handle:
        json.dump({"mark": _MARK} | about, handle, ensure_ascii=False, indent=1)
    os.replace(draft, path)


def csv_bytes(table: pa.Table) -> bytes:
    """A table as CSV (UTF-8): null is empty, truth values are true and false."""
    import io

    from pyarrow import csv

    sink = io.BytesIO()
    csv.write_csv(table, sink, csv.WriteOptions(quoting_style="needed", quoting_header="none"))
    return sink.getvalue()
