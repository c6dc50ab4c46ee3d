"""Rows of a run that may be many, kept in Parquet files which the engine reads as a table.

Of rows in a table of its own the engine holds something in memory for each block of them, even where the blocks
themselves lie on disk; of files it holds nothing. So what a run takes up in memory does not grow with its rows.
"""

from __future__ import annotations

from glob import escape
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab import engine

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

#: Rows whose keys are looked at together: what is grouped by key fits in memory.
KEYED_ROWS = 5_000_000


class Shelf:
    """A table that only ever gets rows, as a view over files in a run's temporary folder.

    Parameters
    ----------
    backend
        The engine that gets the view.
    folder
        Where the files are.
    name
        What the view is called, and the files begin with.
    columns
        The view's columns, each with its type in the engine's words.
    """

    def __init__(self, backend: Backend, folder: Path, name: str, columns: dict[str, str]) -> None:
        self._backend, self._name = backend, name
        self._folder = folder / name
        self._folder.mkdir(mode=0o700)
        self._columns = ", ".join(f"{column}::{kind} AS {column}" for column, kind in columns.items())
        self._files = 0
        nothing = ", ".join(f"NULL AS {column}" for column in columns)
        self.add(f"SELECT {nothing} WHERE false")
        self.show()

    def add(self, query: str) -> None:
        """Add the rows of a query, by the names of its columns."""
        self._files += 1
        file = _quoted(str(self._folder / f"{self._files}.parquet"))
        # They are read once or twice and then removed: packing them would cost more than it spares.
        how = "FORMAT parquet, COMPRESSION uncompressed"
        self._backend.raw_sql(f"COPY (SELECT {self._columns} FROM ({query})) TO {file} ({how})")

    def add_table(self, rows: pa.Table) -> None:
        """Add rows that are there as an Arrow table."""
        with engine.named(self._backend, rows, f"for_{self._name}") as lent:
            self.add(f"FROM {lent}")

    def show(self, condition: str = "true") -> None:
        """Have the view show the rows for which a condition holds, those that come later too."""
        files = f"read_parquet({_quoted(escape(str(self._folder)) + '/*.parquet')}, hive_partitioning = false)"
        self._backend.raw_sql(f"CREATE OR REPLACE VIEW {self._name} AS SELECT * FROM {files} WHERE {condition}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def parts_of(column: str, rows: int) -> list[str]:
    """Conditions that part rows by a hash, into parts of some `KEYED_ROWS` each; each value is in one part."""
    parts = max(1, -(-rows // KEYED_ROWS))
    if parts == 1:
        return ["true"]
    edges = [-(2**63) + place * 2**64 // parts for place in range(1, parts)]
    inner = [f"{column} >= {low} AND {column} < {high}" for low, high in pairwise(edges)]
    return [f"{column} < {edges[0]}", *inner, f"{column} >= {edges[-1]}"]
