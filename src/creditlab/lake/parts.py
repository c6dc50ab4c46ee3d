"""Very many rows in parts that fit in memory one at a time: each row is read once to be put into its part."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

_PART = "part_no"


@dataclass(frozen=True)
class Parts:
    """Rows that lie in as many parts as they need; one part alone is a table of the engine, more are files."""

    backend: Backend
    name: str
    folder: Path
    schema: ibis.Schema
    count: int

    def __getitem__(self, number: int) -> ir.Table:
        """The rows of one part."""
        if self.count == 1:
            return self.backend.table(self.name)
        return self._read(self.folder / f"{_PART}={number}")

    @property
    def whole(self) -> ir.Table:
        """All rows: for what looks at each of them alone, or counts."""
        return self.backend.table(self.name) if self.count == 1 else self._read(self.folder)

    def _read(self, folder: Path) -> ir.Table:
        files = sorted(map(str, folder.rglob("*.parquet")))
        if not files:
            return ibis.memtable([], schema=self.schema)
        return self.backend.read_parquet(files, hive_partitioning=False)


def split(backend: Backend, rows: ir.Table, part: ir.IntegerValue, count: int, name: str, folder: Path) -> Parts:
    """Put rows into parts.

    Parameters
    ----------
    part
        Each row's part, below `count`.
    name
        No other table of the engine, and nothing else in the folder, is called so.
    folder
        Where parts lie that memory does not hold; whoever made it removes it.
    """
    mine = Parts(backend, name, folder / name, rows.schema(), count)
    if count == 1:
        backend.create_table(name, rows)
    else:
        backend.to_parquet(rows.mutate(**{_PART: part}), mine.folder, partition_by=_PART, compression="lz4")
    return mine
