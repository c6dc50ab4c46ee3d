"""Apache Spark behind Ibis, as `creditlab.engine` opens it: the extra `spark`, and a Java runtime.

What is asked is the same Ibis expression as of the embedded engine. The cluster reads the Parquet files that a lake's
logs name, so its machines see the lake's folder under the same path; it needs nothing else of creditlab, not even
Python. What comes back comes as Arrow; what is too much to come back is written by the cluster, as Parquet, into a
folder beside the lake's tables.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from ibis.backends.pyspark import Backend
from ibis.expr.schema import Schema
from ibis.formats.pyarrow import PyArrowData
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema
from pyspark.sql.types import TimestampType
from pyspark.storagelevel import StorageLevel

from creditlab.errors import EngineError, InternalError, UserError, storage_error
from creditlab.scratch import scratch
from creditlab.spark.application import let_go, session_for

if TYPE_CHECKING:
    import ibis.expr.operations as ops
    import ibis.expr.types as ir
    from pyspark.sql import DataFrame

_NUMBERS = itertools.count()


@contextmanager
def connect(url: str, *, folders: Iterable[Path]) -> Iterator[Cluster]:
    """Open Spark for as long as the block runs; see `creditlab.engine.connect`.

    Raises
    ------
    EngineError
        If the cluster is not there, is of another version, or gave the work up.
    """
    places = [one.resolve() for one in folders]
    session = session_for(url)
    with ExitStack() as stack:
        backend = Cluster(places, stack)
        backend.register_options()
        backend.do_connect(session)
        try:
            yield backend
        except (PySparkException, Py4JError) as error:
            raise _given_up(error) from error
        finally:
            with suppress(PySparkException, Py4JError):
                backend.forget()
            let_go(session)


def _given_up(error: Exception) -> UserError:
    """What a cluster's error says, without its own words: they quote cells and queries."""
    full = storage_error(error, "the cluster's disks")
    if full is not None:
        return full
    with suppress(Exception):
        # The name of the condition has no value of anybody's in it.
        return EngineError("failed", "Spark gave the work up", where=str(error.getCondition() or ""), do=_TRY)  # type: ignore[attr-defined]
    return EngineError("failed", "Spark gave the work up", do=_TRY)


_TRY = "See the cluster's own log, then run the command again; nothing half done is visible."


class Cluster(Backend):
    """Ibis's backend for Spark, where it differs: Arrow both ways, tables that are held by the cluster, big results.

    Parameters
    ----------
    places
        The folders that files may be read from; the first is where the cluster may put a result aside.
    stack
        What is put aside is removed when this is closed.
    """

    def __init__(self, places: Sequence[Path] = (), stack: ExitStack | None = None) -> None:
        super().__init__()
        self._places, self._stack = list(places), stack
        self._aside: Path | None = None
        self._held: dict[str, DataFrame] = {}

    @property
    def con(self) -> Any:
        """The embedded engine has a connection of its own kind here; Spark has none."""
        raise EngineError(
            "embedded", "this work is the embedded engine's alone", where="[engine] url", do='Write url = "duckdb://".'
        )

    def _register_in_memory_table(self, op: ops.InMemoryTable) -> None:
        rows = op.data.to_pyarrow(op.schema)
        self._session.createDataFrame(rows, schema=from_arrow_schema(rows.schema)).createOrReplaceTempView(op.name)

    def _make_memtable_finalizer(self, name: str) -> None:
        """The session's views go with it; nothing has to be removed when Python collects its garbage."""

    def to_pyarrow(self, expr: ir.Expr, /, *, params: Any = None, limit: Any = None, **kwargs: Any) -> Any:
        """The result of an expression, as a whole."""
        self._run_pre_execute_hooks(expr)
        table = expr.as_table()
        found = self._session.sql(self.compile(table, params=params, limit=limit, **kwargs)).toArrow()
        return expr.__pyarrow_result__(PyArrowData.convert_table(found, table.schema()))

    def execute(self, expr: ir.Expr, /, *, params: Any = None, limit: Any = None, **kwargs: Any) -> Any:
        """The result of an expression, as pandas has it."""
        found = self.to_pyarrow(expr.as_table(), params=params, limit=limit, **kwargs)
        return expr.__pandas_result__(found.to_pandas())

    def get_schema(self, table_name: str, **place: Any) -> Schema:
        """The columns of a table; moments are in UTC, as everywhere in a lake."""
        kinds = {one.name: one.dataType for one in self._session.table(table_name).schema}
        found = super().get_schema(table_name, **place)
        is_moment = {name: isinstance(kind, TimestampType) for name, kind in kinds.items()}
        return Schema({name: kind.copy(timezone="UTC") if is_moment[name] else kind for name, kind in found.items()})

    def read_parquet(
        self,
        path: Any,
        /,
        *,
        table_name: str | None = None,
        union_by_name: bool = False,
        hive_partitioning: bool = False,
    ) -> ir.Table:
        """Files of one table, by their names alone.

        Parameters
        ----------
        path
            The files.
        union_by_name
            Whether they may lack columns that others have; else they have those of the first.
        hive_partitioning
            As of the embedded engine, where it is never asked for.

        Raises
        ------
        InternalError
            If a file lies outside the engine's folders.
        """
        files = [Path(one) for one in ([path] if isinstance(path, str | Path) else path)]
        if not all(any(one.is_relative_to(place) for place in self._places) for one in {one.parent for one in files}):
            raise InternalError(
                "the engine was asked for a file outside its folders", do="Open the engine for the folder it is in."
            )
        reader = self._session.read
        if union_by_name and len(files) > 1:
            reader = reader.option("mergeSchema", "true")
        else:
            # The cluster need not look, and a folder's name is no column.
            reader = reader.schema(from_arrow_schema(pq.read_schema(files[0])))
        found = reader.parquet(*(f"file:{one}" for one in files))
        name = table_name or f"read_{next(_NUMBERS)}"
        found.createOrReplaceTempView(name)
        return self.table(name)

    def create_table(
        self,
        name: str,
        /,
        obj: Any = None,
        *,
        schema: Any = None,
        database: Any = None,
        temp: bool | None = None,
        overwrite: bool = False,
        format: str = "parquet",
        partition_by: Any = None,
    ) -> ir.Table:
        """Work a table out once and hold it: in the cluster's memory, and on its disks what memory has no room for.

        What a machine held that died is worked out again.
        """
        if name in self._held and not overwrite:
            raise InternalError("a table of the engine is made twice", where=name)
        self._run_pre_execute_hooks(obj)
        made = self._session.sql(self.compile(obj)).persist(StorageLevel.MEMORY_AND_DISK)
        made.createOrReplaceTempView(name)
        before, self._held[name] = self._held.get(name), made
        if before is not None:
            # What was made of it is worked out before it goes.
            made.count()
            before.unpersist()
        return self.table(name)

    def drop_table(self, name: str, /, *, database: Any = None, force: bool = False) -> None:
        """Let go of a table that is held."""
        self._session.catalog.dropTempView(name)
        if (held := self._held.pop(name, None)) is not None:
            held.unpersist()

    def write(self, rows: ir.Table) -> list[Path]:
        """Have the cluster write rows, as Parquet files beside the lake's tables; in the rows' order.

        The files are the caller's to move; what is left of them goes when the engine is closed.
        """
        self._run_pre_execute_hooks(rows)
        return self._write(self._session.sql(self.compile(rows)))

    def _write(self, rows: DataFrame) -> list[Path]:
        if self._stack is None or not self._places:
            raise InternalError("the engine was opened without a folder that the cluster may write to")
        if self._aside is None:
            self._aside = self._stack.enter_context(scratch(self._places[0]))
        folder = self._aside / uuid.uuid4().hex
        rows.write.parquet(f"file:{folder}")
        return sorted(folder.glob("part-*.parquet"))

    def stream(self, query: str, rows: int) -> pa.RecordBatchReader:
        """A result in batches, never as a whole in memory."""
        asked = self._session.sql(query)
        schema, files = to_arrow_schema(asked.schema), self._write(asked)

        def batches() -> Iterator[pa.RecordBatch]:
            for one in files:
                with pq.ParquetFile(one) as file:
                    for batch in file.iter_batches(rows):
                        yield pa.RecordBatch.from_arrays(
                            [column.cast(kind) for column, kind in zip(batch.columns, schema.types, strict=True)],
                            schema=schema,
                        )

        return pa.RecordBatchReader.from_batches(schema, batches())

    def forget(self) -> None:
        """Let go of everything that the cluster holds for this session."""
        for name in list(self._held):
            self.drop_table(name)
        for one in self._session.catalog.listTables():
            self._session.catalog.dropTempView(one.name)
