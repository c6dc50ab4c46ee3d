"""Read the lake as known at a run: native scans of the Parquet files of each table's newest version."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.errors import LakeError, NoDataError, SealError
from creditlab.inputs import Inputs
from creditlab.lake.schemas import KEPT, PAYLOAD, RECORDS_PARTITION, TABLES
from creditlab.lake.store import Lake, remembered_editions

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from creditlab.catalogue.edition import Catalogue
    from creditlab.workspace import Workspace

#: A column of a table's log, how it compares with a value where a file may have such rows, and the value, if any.
_Bound = tuple[str, Callable[[pa.Array, pa.Scalar], pa.Array], Any]


@dataclass(frozen=True)
class Snapshot:
    """The lake's tables as they were known at one committed run."""

    lake: Lake
    backend: Backend
    runs: pa.Table
    run_no: int

    @classmethod
    def take(cls, lake: Lake, backend: Backend, run_no: int | None = None) -> Snapshot:
        """The newest state, or that of a run.

        Raises
        ------
        NoDataError
            If no run has been committed yet.
        LakeError
            If the run named was never committed.
        """
        runs = lake.runs()
        numbers = runs["run_no"].to_pylist()
        if not numbers:
            raise NoDataError("nothing has been ingested yet", do="Run creditlab ingest.")
        if run_no is not None and run_no not in numbers:
            raise LakeError("the run is not in the lake's books", do="See creditlab lake history.")
        newest = numbers[-1] if run_no is None else run_no
        return cls(lake, backend, runs.filter(pa.compute.less_equal(runs["run_no"], newest)), newest)

    @property
    def last(self) -> dict[str, Any]:
        """The run's own row."""
        return newest_of(self.runs)

    def table(self, name: str) -> ir.Table:
        """All rows of a table that committed runs wrote."""
        schema = (TABLES | KEPT)[name]
        return self._read(name, schema).select(schema.names)

    def payload(self, data_format: str, keys: pa.Array | None = None) -> ir.Table:
        """The rows of one data format as delivered, protected; fields that a row's delivery lacked are null.

        Parameters
        ----------
        keys
            Where some keys only are asked for: files that can't have one are not opened, and neither are fields there
            that no other file has.
        """
        name = self.lake.payload_name(data_format)
        if keys is None:
            return self._read(name, PAYLOAD)
        return self._read(name, PAYLOAD, self._files_between(name, np.sort(keys.to_numpy(zero_copy_only=False))))

    def deliveries(self) -> ir.Table:
        """One row per delivery, with the counts that hold at this run."""
        rows = self.table("deliveries")
        newest = rows.group_by("delivery_id").agg(run_no=rows.run_no.max())
        return rows.semi_join(newest, ["delivery_id", "run_no"])

    def subjects(self) -> ir.Table:
        """The subject register that this run knew."""
        rows = self.table("subjects")
        return rows.filter(rows.run_no == self.last["subjects_run"])

    def ledger(self) -> ir.Table:
        """The departments' ledger that this run knew."""
        rows = self.table("ledger")
        return rows.filter(rows.run_no == self.last["ledger_run"])

    def later(self, name: str, after: int) -> ir.Table | None:
        """The rows of a table that runs after one wrote, from the files that can hold them; None where there are none.

        Raises
        ------
        deltalake.exceptions.TableNotFoundError
            If there is no such table.
        """
        files = self._files_with(name, [("max.run_no", pc.greater, after or None)])
        if not files:
            return None
        rows = self._read(name, TABLES[name], files).select(TABLES[name].names)
        return rows.filter(rows.run_no > after)

    def entries(
        self,
        *,
        after: int = 0,
        effective_after: date | None = None,
        months: Collection[date] | None = None,
        subject_id: str | None = None,
    ) -> ir.Table | None:
        """Entries of the book from the files that can hold them; None where there are none.

        Parameters
        ----------
        after
            Only those that runs after this one wrote.
        effective_after
            Only those that took effect after this day.
        months
            Only those of events in these months, each named by its first day.
        subject_id
            Only those about this subject.
        """
        wanted: list[_Bound] = [
            ("max.run_no", pc.greater, after or None),
            ("max.effective_on", pc.greater, effective_after),
            ("min.subject_id", pc.less_equal, subject_id),
            ("max.subject_id", pc.greater_equal, subject_id),
        ]
        files = self._files_with("records", wanted, months)
        if not files:
            return None
        rows = self._read("records", TABLES["records"], files).select(TABLES["records"].names)
        if after:
            rows = rows.filter(rows.run_no > after)
        if effective_after is not None:
            rows = rows.filter(rows.effective_on > effective_after)
        if subject_id is not None:
            rows = rows.filter(rows.subject_id == subject_id)
        return rows

    def _files_with(
        self,
        name: str,
        wanted: Iterable[_Bound],
        months: Collection[date] | None = None,
    ) -> list[str]:
        """Files whose log does not say that they can't have such rows."""
        log = self.lake.log(name)
        may = pa.array([True] * log.num_rows, pa.bool_())
        for column, compare, value in wanted:
            if value is not None and column in log.column_names:
                may = pc.and_(may, pc.fill_null(compare(log[column], pa.scalar(value)), True))
        if months is not None:
            names = pa.array([one.isoformat()[:7] for one in months], pa.string())
            may = pc.and_(may, pc.is_in(log[f"partition.{RECORDS_PARTITION}"], names))
        return self._paths(name, log.filter(may))

    def _files_between(self, name: str, keys: np.ndarray[Any, Any]) -> list[str]:
        """Files of payloads between whose lowest and highest key lies one of some keys, which are in order."""
        log = self.lake.log(name)
        may = np.ones(log.num_rows, bool)
        if "min.key64" in log.column_names:
            low, high = (log[f"{end}.key64"].to_numpy() for end in ("min", "max"))
            may = np.searchsorted(keys, low) < np.searchsorted(keys, high, "right")
        return self._paths(name, log.filter(pa.array(may)))

    def _paths(self, name: str, log: pa.Table) -> list[str]:
        paths = log.sort_by([("size_bytes", "descending")])["path"].to_pylist()
        return [str(self.lake.root / name / unquote(path)) for path in paths]

    def _read(self, name: str, schema: pa.Schema, some: list[str] | None = None) -> ir.Table:
        files = self.lake.files(name) if some is None else some
        if not files:
            import ibis

            return ibis.memtable(schema.empty_table())
        # What a payload file has depends on its day's deliveries. Other tables have the same columns in every file, and
        # opening all of them only to find that out would be most of what a look-up costs.
        rows = self.backend.read_parquet(files, union_by_name=name not in TABLES, hive_partitioning=False)
        numbers = set(self.runs["run_no"].to_pylist())
        # Runs that were never committed are few: naming them is cheaper than naming the others.
        gaps = [number for number in range(1, self.run_no + 1) if number not in numbers]
        visible = rows.filter(rows.run_no <= self.run_no)
        return visible.filter(~visible.run_no.isin(gaps)) if gaps else visible


def run_known_on(runs: pa.Table, day: date, zone: tzinfo) -> int | None:
    """The newest run that was committed by the end of a day; None where the lake's books begin later."""
    by_then = [one["run_no"] for one in runs.to_pylist() if one["committed_at"].astimezone(zone).date() <= day]
    return max(by_then, default=None)


def newest_of(runs: pa.Table) -> dict[str, Any]:
    """The newest run's own row; empty where there is none."""
    rows: list[dict[str, Any]] = runs.slice(max(runs.num_rows - 1, 0)).to_pylist()
    return rows[0] if rows else {}


def check_editions(catalogue: Catalogue, runs: pa.Table) -> None:
    """Refuse a published edition that is not what an earlier run used.

    Raises
    ------
    SealError
        If one was edited after it was first used; Article 11 leaves changes to the next year's edition.
    """
    remembered = remembered_editions(runs)
    for edition in catalogue.editions:
        if remembered.get(edition.year, edition.digest) != edition.digest:
            raise SealError(
                "a published edition was edited after it was used",
                where=f"edition {edition.year}",
                do="Put the published files back; a change belongs in the next year's draft.",
            )


def editions_text(catalogue: Catalogue) -> str:
    """The digests of the published editions, as a run remembers them."""
    return json.dumps({str(one.year): one.digest for one in catalogue.editions}, sort_keys=True)


def read_inputs(workspace: Workspace, backend: Backend, run_no: int | None = None) -> Inputs:
    """What measures are taken from: the lake as known at a run, the published catalogue, the calendar.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet.
    LakeError
        If the run named was never committed.
    SealError
        If a published edition was edited after a run used it.
    """
    return take_inputs(workspace, backend, run_no)[1]


def take_inputs(workspace: Workspace, backend: Backend, run_no: int | None = None) -> tuple[Snapshot, Inputs]:
    """As `read_inputs`, with the snapshot of the lake that the inputs are of."""
    snapshot, catalogue = take_snapshot(workspace, backend, run_no)
    return snapshot, Inputs(
        entries=snapshot.table("records"),
        quarantine=snapshot.table("quarantine"),
        deliveries=snapshot.deliveries(),
        subjects=snapshot.subjects(),
        ledger=snapshot.ledger(),
        catalogue=catalogue,
        calendar=workspace.working_days(),
        run_no=snapshot.run_no,
    )


def take_snapshot(workspace: Workspace, backend: Backend, run_no: int | None = None) -> tuple[Snapshot, Catalogue]:
    """The lake as known at a run, none of whose tables is opened yet, and the published catalogue.

    Raises
    ------
    NoDataError, LakeError, SealError
        As `read_inputs`.
    """
    from creditlab.catalogue import read_sealed

    catalogue = read_sealed(workspace.catalogue)
    snapshot = Snapshot.take(Lake(workspace.lake), backend, run_no)
    check_editions(catalogue, snapshot.runs)
    return snapshot, catalogue
