"""The only place that opens an engine: DuckDB in this process, through Ibis.

Every process has its own in-memory connection, so that notebooks, dashboards and a scheduled run never lock each
other out; what they share lies in the lake's files. An engine touches no file outside the folders that it was opened
for, loads no extension, and nothing that is asked of it changes its settings: a query that somebody smuggled in reaches
no further than the lake.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from creditlab.errors import (
    ExtraError,
    InternalError,
    MemoryLimitError,
    ParameterError,
    UserError,
    WorkspaceError,
    storage_error,
)
from creditlab.scratch import scratch

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

    from creditlab.workspace import Workspace

EMBEDDED = "duckdb://"
_NUMBERS = itertools.count()
_PIECE_ROWS = 32_768


@contextmanager
def connect(
    url: str = EMBEDDED, *, folders: Iterable[Path] = (), memory: str | None = None, as_written: bool = False
) -> Iterator[Backend]:
    """Open an engine for as long as the block runs.

    Parameters
    ----------
    url
        `duckdb://` for the embedded engine.
    folders
        What the engine may read and write beside its own temporary folder: the lake's folder, and a folder that a run
        puts its rows aside in.
    memory
        What the embedded engine may hold in memory, as `700MB`; by default most of the machine's.
    as_written
        Read a join's left side and hold its right side in memory, always: the engine guesses how many rows a side has,
        and where it guesses wrong, it holds the side that has millions.

    Raises
    ------
    WorkspaceError
        If the address is not one of an engine that this installation has.
    StorageError
        If the disk is full on which the engine keeps what doesn't fit in memory.
    MemoryLimitError
        If it has to hold more in memory than it may.
    InternalError
        If it is asked for a file outside its folders.
    """
    if url != EMBEDDED:
        with _scaled_out(url, folders) as cluster:
            yield cluster
        return
    import duckdb
    import ibis

    # A select within a select is the engine's to simplify, and it does; doing it before is a third of writing a query.
    ibis.options.sql.fuse_selects = False
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
        # Rows that are written in parts wait until so many are there, for each processor: half a million wide ones
        # would fill the memory that compaction has.
        backend.con.execute("SET partitioned_write_flush_threshold = 32768")
        # In a notebook the engine would show how far it is, and a page shows nothing but sections.
        backend.con.execute("SET enable_progress_bar = false")
        if as_written:
            backend.con.execute("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        _lock(backend, [spill, *folders])
        try:
            yield backend
        except duckdb.PermissionException as error:
            # The engine's own words name the file.
            raise InternalError(
                "the engine was asked for a file outside its folders", do="Open the engine for the folder it is in."
            ) from error
        except (duckdb.OperationalError, OSError) as error:
            said: UserError | None = storage_error(error, "the folder for temporary files")
            if said is None and isinstance(error, duckdb.OutOfMemoryException):
                said = _memory_error(memory)
            if said is None:
                raise
            raise said from error
        finally:
            backend.disconnect()


@contextmanager
def over(workspace: Workspace, memory: str) -> Iterator[Backend]:
    """Open the engine that a workspace names over its lake; `memory` is what it may hold where the workspace says none.

    Raises
    ------
    WorkspaceError, StorageError, MemoryLimitError, InternalError
        As `connect`.
    """
    limit = workspace.engine_memory or memory
    with connect(workspace.engine_url, folders=[workspace.lake], memory=limit) as backend:
        yield backend


@contextmanager
def _scaled_out(url: str, folders: Iterable[Path]) -> Iterator[Backend]:
    if url != "spark-local" and not url.startswith(("spark://", "sc://")):
        do = f'Write "{EMBEDDED}", "spark://host:7077", "spark-local" or "sc://host:15002".'
        raise WorkspaceError("the engine's address is unknown", where="[engine] url", do=do)
    if find_spec("pyspark") is None:
        raise ExtraError("Spark is not installed", where="[engine] url", do="Install creditlab's extra spark.")
    from creditlab.spark.backend import connect as connect_spark

    with connect_spark(url, folders=folders) as cluster:
        yield cluster


def _lock(backend: Backend, folders: Iterable[Path]) -> None:
    """Keep the engine to some folders, for good: what it is asked from now on can't take this back."""
    backend.con.execute("SET allowed_directories = ?", [[str(one.resolve()) for one in folders]])
    backend.con.execute("SET enable_external_access = false")
    backend.con.execute("SET lock_configuration = true")


def _memory_error(memory: str | None) -> MemoryLimitError:
    return MemoryLimitError(
        "the work takes more memory than the engine may use",
        where=f"[engine] memory, {memory or 'most of what the machine has'}",
        do="Allow it more there, or do less at a time: fewer deliveries, fewer months. Nothing half done is visible.",
    )


@contextmanager
def opening(
    *, folders: Iterable[Path], memory: str | None = None, as_written: bool = False
) -> Iterator[Callable[[], Backend]]:
    """Open the embedded engine while other work is begun: what is given waits for it and returns it.

    Parameters
    ----------
    folders, memory, as_written
        As of `connect`.

    Raises
    ------
    StorageError, MemoryLimitError
        As `connect`.
    """
    with ExitStack() as stack, ThreadPoolExecutor(max_workers=1) as side:
        yield side.submit(stack.enter_context, connect(folders=folders, memory=memory, as_written=as_written)).result


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


def own_folder(backend: Backend) -> Path:
    """The embedded engine's folder for temporary files: what lies in it is the engine's to read and write."""
    return Path(fetch(backend, "SELECT current_setting('temp_directory') AS folder")["folder"][0].as_py())


def ask(backend: Backend, query: str) -> pa.Table:
    """The result of a query over tables that are lent, as a whole."""
    return backend.con.sql(query).to_arrow_table()


def select(backend: Backend, query: str) -> pa.Table:
    """The result of one query that a reader wrote, over the tables that are lent.

    Raises
    ------
    ParameterError
        If it is not one query that only reads, or the engine can't carry it out. What the engine says of a query's
        words is passed on; what it says of values is not, for it shows them.
    """
    import duckdb

    try:
        statements = backend.con.extract_statements(query)
        if [one.type for one in statements] != [duckdb.StatementType.SELECT]:
            raise ParameterError("only one query that reads is answered", where="sql", do="Write one SELECT.")
        return backend.con.sql(query).to_arrow_table()
    except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
        raise ParameterError("the query can't be read", where="sql", do=str(error)) from error
    except duckdb.PermissionException as error:
        raise ParameterError(
            "a query reads the tables that there are, and no file", where="sql", do="See docs/explore.md."
        ) from error
    except (duckdb.DataError, duckdb.NotSupportedError, duckdb.ProgrammingError) as error:
        raise ParameterError(
            "the query can't be carried out over the values that there are", where="sql",
            do="Look at the columns' types: DESCRIBE is no query, but SELECT * ... LIMIT 1 shows them.",
        ) from error  # fmt: skip


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
    """The result of a query over the engine's own tables, in batches, never as a whole in memory."""
    if backend.name != "duckdb":
        return backend.stream(query, rows)
    return backend.con.cursor().sql(query).to_arrow_reader(rows)


def put_aside(backend: Backend, rows: ir.Table, name: str) -> pa.RecordBatchReader | list[Path]:
    """Rows that may be more than memory holds, worked out: in batches from the embedded engine, as files of a cluster.

    Parameters
    ----------
    name
        No other table of the engine is called so.
    """
    if backend.name != "duckdb":
        return backend.write(rows)
    return stream(backend, backend.compile(backend.create_table(name, rows)))
