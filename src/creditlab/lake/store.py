"""The lake's Delta tables on disk: the only writer of records."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, CommitProperties, RemoveAction

from creditlab.errors import CatalogueError, LakeError, storage_error
from creditlab.lake.format import check_version, read_version, write_version
from creditlab.lake.schemas import FORMAT_VERSION, KEPT, RECORDS, RECORDS_PARTITION, RUNS, TABLES
from creditlab.lake.writing import take_files, write_rows
from creditlab.wholefile import owner_only

_SAFE_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: Delta Lake can't open a folder whose path has one of these.
_UNUSABLE = re.compile(r"[][%^|\\]")
_PAYLOADS = "payloads"


class Lake:
    """The tables under one folder.

    A run appends to any of them and commits by one row in `runs`; what a run without that row appended stays
    invisible, whenever and however it ended.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def exists(self) -> bool:
        """Whether the lake has been made."""
        return (self.root / "runs" / "_delta_log").is_dir()

    def create(self) -> None:
        """Make the tables that are not there yet.

        Raises
        ------
        StorageError
            If the disk is full, or can't be written to.
        """
        with _writing():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name, schema in TABLES.items():
                is_records = schema is RECORDS
                self._make(name, schema.append(pa.field(RECORDS_PARTITION, pa.string())) if is_records else schema)
            if read_version(self.root) is None:
                write_version(self.root, FORMAT_VERSION)

    def check_format(self) -> None:
        """Refuse a lake whose format version this program doesn't know.

        Raises
        ------
        LakeError
            If it is newer, or older and not migrated yet.
        """
        check_version(self.root)

    def payload_name(self, data_format: str) -> str:
        """The table that keeps the rows of one data format.

        Raises
        ------
        CatalogueError
            If the format's name can't be a folder's name.
        """
        if not _SAFE_NAME.fullmatch(data_format):
            raise CatalogueError("a data format's name can't be used", do="Use letters, digits, _ and -.")
        return f"{_PAYLOADS}/{data_format}"

    def payload_formats(self) -> list[str]:
        """The data formats that have a payload table."""
        folder = self.root / _PAYLOADS
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []

    def table_names(self) -> list[str]:
        """The tables that the lake has, payload tables included."""
        others = [*KEPT, *(f"{_PAYLOADS}/{one}" for one in self.payload_formats())]
        # A run that died while it made a table leaves a folder that is none yet.
        return [*TABLES, *(name for name in others if DeltaTable.is_deltatable(self._uri(name)))]

    def append(self, name: str, data: pa.RecordBatchReader | pa.Table | Sequence[Path]) -> None:
        """Append rows to a table; columns that are new to it are added.

        Parameters
        ----------
        data
            The rows, or Parquet files of them that an engine wrote below the lake's folder: those are moved.

        Raises
        ------
        StorageError
            If the disk is full, or can't be written to; the table is then as it was.
        """
        rows = data.to_reader() if isinstance(data, pa.Table) else data
        partition = RECORDS_PARTITION if name == "records" else None
        with _writing():
            if isinstance(rows, pa.RecordBatchReader):
                table = self._for_rows(name, rows.schema)
                files = write_rows((self.root / name), rows, partition)
            else:
                table = self._for_rows(name, pq.read_schema(rows[0]).remove_metadata())
                files = take_files((self.root / name), rows)
            if files:
                self._transact(table, files, why="append")

    def _for_rows(self, name: str, columns: pa.Schema) -> DeltaTable:
        """A table that has some columns."""
        table = self._open(name)
        if table is None:
            return self._make(name, columns)
        known = {field.name for field in table.schema().fields}
        new = [field for field in columns if field.name not in known]
        if new:
            table.alter.add_columns(list(Schema.from_arrow(pa.schema(new)).fields))
        return table

    def _make(self, name: str, columns: pa.Schema) -> DeltaTable:
        partition = [RECORDS_PARTITION] if name == "records" else None
        return DeltaTable.create(
            self._uri(name), columns, mode="ignore", partition_by=partition, configuration=_CONFIGURATION
        )

    def files(self, name: str) -> list[str]:
        """The Parquet files of a table's newest version, the largest first: by it an engine guesses what all have."""
        table = self._open(name)
        if table is None:
            return []
        log = pa.table(table.get_add_actions(flatten=True)).sort_by([("size_bytes", "descending")])
        return [str((self.root / name).absolute() / unquote(path)) for path in log["path"].to_pylist()]

    def runs(self) -> pa.Table:
        """The committed runs, in order of their numbers.

        Raises
        ------
        LakeError
            If the lake was written in a format that this version doesn't know.
        """
        self.check_format()
        parts = [_as_runs(pq.ParquetFile(file).read()) for file in self.files("runs")]
        return pa.concat_tables([RUNS.empty_table(), *parts]).sort_by("run_no")

    def delivery_ids(self, runs: pa.Table) -> set[str]:
        """The deliveries that some committed runs took in."""
        committed, found = runs["run_no"].combine_chunks(), set()
        for file in self.files("deliveries"):
            rows = pq.ParquetFile(file).read(["delivery_id", "run_no"])
            found |= set(rows.filter(pc.is_in(rows["run_no"], committed))["delivery_id"].to_pylist())
        return found

    def next_run_no(self) -> int:
        """One above the largest run number in any table, whether that run was committed or not."""
        return max((self._largest_run_no(name) for name in self.table_names()), default=0) + 1

    def _largest_run_no(self, name: str) -> int:
        table = self._open(name)
        if table is None:
            return 0
        actions = pa.table(table.get_add_actions(flatten=True))
        if "max.run_no" not in actions.column_names:
            return 0
        return max((value for value in actions["max.run_no"].to_pylist() if value is not None), default=0)

    def log(self, name: str) -> pa.Table:
        """What a table's log says of its newest version, one row per file.

        Columns: path (below the table's folder), size_bytes, num_records, and for records partition.event_month.

        Raises
        ------
        deltalake.exceptions.TableNotFoundError
            If there is no such table.
        """
        return pa.table(DeltaTable(self._uri(name)).get_add_actions(flatten=True))

    def columns(self, name: str) -> pa.Schema:
        """The columns of a table that the lake has, without the one that it is partitioned by."""
        fields = pa.schema(DeltaTable(self._uri(name)).schema().to_arrow())
        return pa.schema([field for field in fields if field.name != RECORDS_PARTITION])

    def replace(self, name: str, added: list[AddAction], removed: list[RemoveAction], *, why: str) -> None:
        """Put files in the place of others that hold the same rows, in one transaction of the table's log.

        The files that were there stay on disk, for those who read them just now, until `discard`.
        """
        self._transact(DeltaTable(self._uri(name)), [*added, *removed], why=why)

    def _transact(self, table: DeltaTable, actions: Sequence[AddAction | RemoveAction], *, why: str) -> None:
        table.create_write_transaction(
            list(actions),
            mode="append",
            schema=table.schema(),
            partition_by=table.metadata().partition_columns,
            commit_properties=CommitProperties(custom_metadata={"creditlab": why}),
        )

    def discard(self, name: str, days: int) -> int:
        """Delete files that left the table, or never came into it, more than some days ago; returns how many."""
        table = DeltaTable(self._uri(name))

        def vacuum(*, dry_run: bool) -> list[str]:
            return table.vacuum(days * 24, dry_run=dry_run, enforce_retention_duration=False, full=True)

        found = [path for path in vacuum(dry_run=True) if (self.root / name / path).exists()]
        # Asked first, because a vacuum writes to the log even when it has nothing to do.
        if found:
            vacuum(dry_run=False)
        return len(found)

    def checkpoint(self, name: str) -> None:
        """Sum a table's log up in one file, so that opening it stays quick."""
        DeltaTable(self._uri(name)).create_checkpoint()

    def _open(self, name: str) -> DeltaTable | None:
        try:
            return DeltaTable(self._uri(name))
        except TableNotFoundError:
            return None

    def _uri(self, name: str) -> str:
        """A table's place as Delta Lake takes it: folders have spaces and Chinese names, a URI has neither."""
        path = (self.root / name).absolute()
        if _UNUSABLE.search(str(path)):
            raise LakeError(
                "the lake's folder has a name that can't be used",
                where="[paths] lake",
                do="Use folders without [ ] % ^ | and \\ in their names.",
            )
        return path.as_uri()

    @property
    def erasing(self) -> Path:
        """The plan of an erasure that is being carried out; there as long as it is not finished."""
        return self.root / ".erasing.json"

    @contextmanager
    def lock(self, *, finishing: bool = False) -> Iterator[None]:
        """Hold the lake for key resolution up to the commit; others wait.

        Raises
        ------
        LakeError
            If an erasure was begun and not finished; `finishing` is for what finishes it.
        """
        with _writing():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.fdopen(os.open(self.root / ".lock", os.O_WRONLY | os.O_CREAT, 0o600), "w")
        with handle, owner_only():
            fcntl.flock(handle, fcntl.LOCK_EX)
            if self.erasing.exists() and not finishing:
                do = "Finish it: creditlab erase --resume."
                raise LakeError("an erasure was begun and not finished", where=self.root.name, do=do)
            yield


@contextmanager
def _writing() -> Iterator[None]:
    """Say so in the user's words where the disk is full or refuses to be written."""
    try:
        yield
    except (DeltaError, OSError) as error:
        full = storage_error(error, "the lake")
        if full is None:
            raise
        raise full from error


_CONFIGURATION: dict[str, str | None] = {"delta.checkpointInterval": "50", "delta.dataSkippingNumIndexedCols": "32"}


def _as_runs(rows: pa.Table) -> pa.Table:
    """Rows of runs in today's columns; a run says nothing in those that came after it."""
    known = {
        field.name: rows[field.name].cast(field.type)
        if field.name in rows.column_names
        else pa.nulls(rows.num_rows, field.type)
        for field in RUNS
    }
    return pa.table(known, schema=RUNS)


def remembered_editions(runs: pa.Table) -> dict[int, str]:
    """The digest that each published edition had when a run first used it."""
    seen: dict[int, str] = {}
    for text in runs["editions"].to_pylist():
        for year, digest in json.loads(text).items():
            seen.setdefault(int(year), digest)
    return seen
