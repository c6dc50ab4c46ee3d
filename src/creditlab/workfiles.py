"""Internal working files: what analysts take out of a measurement, for the institution's machines only.

They have not passed disclosure control. So they are readable by their owner only, say so in a file beside them, and
never lie where published reports lie.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from creditlab.errors import DisclosureError, ParameterError

if TYPE_CHECKING:
    import pyarrow as pa

_FORMS = (".csv", ".parquet")
#: How a text begins that a spreadsheet runs as a formula, in half and full width, behind blanks too.
_FORMULA = r"^(\s*[=+\-@\t\r\n＝＋－＠])"
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


def write_workfile(rows: pa.Table | pa.RecordBatchReader, path: Path, about: dict[str, str]) -> int:
    """Write rows as a working file, with a mark beside it that says what it is; returns how many there are.

    Parameters
    ----------
    rows
        A table, or batches of rows that are too many to be held at once. Without a row nothing is written.
    about
        What the mark says beside that the file is internal: period, as_of, run.
    """
    import pyarrow as pa

    batches = rows.to_reader() if isinstance(rows, pa.Table) else rows
    draft, count = path.with_name(f".{path.name}.part"), 0
    try:
        with (
            os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as handle,
            _writer(handle, path, batches.schema, about) as writer,
        ):
            for batch in batches:
                count += batch.num_rows
                writer.write_table(pa.Table.from_batches([batch]))
        if count:
            mark = path.with_name(f"{path.name}.internal.json")
            with os.fdopen(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
                json.dump({"mark": _MARK} | about, file, ensure_ascii=False, indent=1)
            os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    return count


def csv_bytes(table: pa.Table) -> bytes:
    """A table as CSV (UTF-8): null is empty, truth values are true and false.

    A text that a spreadsheet would run as a formula gets an apostrophe in front.
    """
    import io

    sink = io.BytesIO()
    with _CsvWriter(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _writer(handle: IO[bytes], path: Path, schema: pa.Schema, about: dict[str, str]) -> Any:
    if path.suffix.lower() == ".csv":
        return _CsvWriter(handle, schema)
    from pyarrow import parquet

    marked = schema.with_metadata({"creditlab": json.dumps({"mark": _MARK} | about)})
    return parquet.ParquetWriter(handle, marked)


class _CsvWriter:
    """Writes tables as CSV, one below the other, so that no cell of them is run as a formula."""

    def __init__(self, sink: IO[bytes], schema: pa.Schema) -> None:
        from pyarrow import csv

        options = csv.WriteOptions(quoting_style="needed", quoting_header="none")
        self._file = csv.CSVWriter(sink, schema, write_options=options)

    def __enter__(self) -> _CsvWriter:
        return self

    def __exit__(self, *reason: object) -> None:
        self._file.close()

    def write_table(self, table: pa.Table) -> None:
        """Write some rows."""
        import pyarrow as pa
        import pyarrow.compute as pc

        for place, field in enumerate(table.schema):
            if pa.types.is_string(field.type):
                safe = pc.replace_substring_regex(table[place], pattern=_FORMULA, replacement=r"'\1")
                table = table.set_column(place, field, safe)
        self._file.write_table(table)
