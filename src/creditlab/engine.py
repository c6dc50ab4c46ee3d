"""The only place that opens an engine: DuckDB in this process, through Ibis.

Every process has its own in-memory connection, so that notebooks, dashboards and a scheduled run never lock each
other out; what they share lies in the lake's files.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

from creditlab.errors import MemoryLimitError, UserError, WorkspaceError, storage_error
from creditlab.scratch import scratch

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

EMBEDDED = "duckdb://"
_NUMBERS = itertools.count()
_PIECE_ROWS = 32_768


@contextmanager
def connect(url: str = EMBEDDED, *, memory: str | None = None) -> Iterator[Backend]:
    """Open an engine for as long as the block runs.

    Parameters
    ----------
    url
        `duckdb://` for the embedded engine.
    memory
        What the embedded engine may hold in memory, as `700MB`; by default most of the machine's.

    Raises
    ------
    WorkspaceError
        If the address is not one of an engine that this installation has.
    StorageError
        If the disk is full on which the engine keeps what doesn't fit in memory.
    MemoryLimitError
        If it has to hold more in memory than it may.
    """
    if url != EMBEDDED:
        raise WorkspaceError("the engine's address is unknown", where="[engine] url", do=f'Write url = "{EMBEDDED}".')
    import duckdb
    import ibis

    with scratch() as spill:
        backend = ibis.duckdb.connect(
            temp_directory=spill,
            autoinstall_known_extensions=False,
            autoload_known_extensions=False,
            preserve_insertion_order=False,
            **({"memory_limit": memory} if memory else {}),
        )
        # A file of the lake never changes under its name, and is asked about more than once.
        backend.con.execute("SET parquet_metadata_cache = true")
        # In a notebook the engine would show how far it is, and a page shows nothing but sections.
        backend.con.execute("SET enable_progress_bar = false")
        try:
            yield backend
        except (duckdb.OperationalError, OSError) as error:
            said: UserError | None = storage_error(error, "the folder for temporary files")
            if said is None and isinstance(error, duckdb.OutOfMemoryException):
                said = _memory_error(memory)
            if said is None:
                raise
            raise said from error
        finally:
            backend.disconnect()


def _memory_error(memory: str | None) -> MemoryLimitError:
    return MemoryLimitError(
        "the work takes more memory than the engine may use",
        where=f"[engine] memory, {memory or 'most of what the machine has'}",
        do="Allow it more there, or do less at a time: fewer deliveries, fewer months. Nothing half done is visible.",
    )


@contextmanager
def opening(*, memory: str | None = None) -> Iterator[Callable[[], Backend]]:
    """Open the embedded engine while other work is begun: what is given waits for it and returns it.

    Parameters
    ----------
    memory
        As of `connect`.

    Raises
    ------
    StorageError, MemoryLimitError
        As `connect`.
    """
    with ExitStack() as stack, ThreadPoolExecutor(max_workers=1) as side:
        yield side.submit(stack.enter_context, connect(memory=memory)).result


@contextmanager
def lent(backend: Backend, rows: pa.Table) -> Iterator[ir.Table]:
    """Let the embedded engine read an Arrow table for as long as the block runs, and no longer.

    An in-memory table of Ibis lives until Python's garbage collection finds it; a run of many batches can't wait.
    """
    with named(backend, rows, f"lent_{next(_NUMBERS)}") as name:
        yield backend.table(name)


@contextmanager
def named(backend: Backend, rows: pa.Table, name: str) -> Iterator[str]:
    """As `lent`, under a name of one's own: for a query that is written once and asked of many tables."""
    with _registered(backend.con, rows, name):
        yield name


@contextmanager
def _registered(connection: Any, rows: pa.Table, name: str) -> Iterator[None]:
    import pyarrow as pa

    # The engine's threads share a table out by its pieces.
    pieces = pa.Table.from_batches(rows.to_batches(max_chunksize=_PIECE_ROWS), rows.schema)
    connection.register(name, pieces)
    try:
        yield
    finally:
        connection.unregister(name)


def ask(backend: Backend, query: str) -> pa.Table:
    """The result of a query over tables that are lent, as a whole."""
    return backend.con.sql(query).to_arrow_table()


def join_as_written(backend: Backend) -> None:
    """From now on, have the embedded engine read a join's left side and hold its right side in memory.

    It guesses how many rows a side has, and where it guesses wrong, it holds the side that has millions.
    """
    backend.con.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")


class Aside:
    """A second connection to the engine's tables, for threads that must not wait for what the first one does."""

    def __init__(self, backend: Backend) -> None:
        self._connection, self._lock = backend.con.cursor(), Lock()

    def run(self, query: str, rows: pa.Table) -> pa.Table:
        """The result of a query over an Arrow table that it calls `rows`, and over the engine's own tables."""
        with self._lock, _registered(self._connection, rows, "rows"):
            return self._connection.sql(query).to_arrow_table()

    def execute(self, statement: str, rows: pa.Table) -> None:
        """Carry out a statement that reads an Arrow table, which it calls `rows`, and has no result."""
        with self._lock, _registered(self._connection, rows, "rows"):
            self._connection.execute(statement)


def fetch(backend: Backend, query: str) -> pa.Table:
    """The result of a query over the embedded engine's own tables, as a whole."""
    return backend.con.cursor().sql(query).to_arrow_table()


def stream(backend: Backend, query: str, rows: int = 50_000) -> pa.RecordBatchReader:
    """The result of a query over the embedded engine's own tables, in batches, never as a whole in memory."""
    return backend.con.cursor().sql(query).to_arrow_reader(rows)
