"""One run of ingest: read what is new, judge it, and commit it by one row in `runs`."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from creditlab import engine
from creditlab.catalogue import Catalogue, read_sealed
from creditlab.errors import CatalogueError, LakeError, NoDataError, UserError
from creditlab.identifiers import key_fingerprint
from creditlab.ingest import entries, known, register
from creditlab.ingest.booking import (
    Counts,
    delivery_row,
    quarantine_counts,
    quarantine_rows,
    rules_digest,
    rules_of,
    run_row,
    with_run,
)
from creditlab.ingest.intake import Intake
from creditlab.ingest.protect import Protection
from creditlab.ingest.resolve import OUTCOMES
from creditlab.ingest.spool import Spool
from creditlab.ingest.staging import MEMORY, Staging
from creditlab.ingest.taking import EVERYTHING, Progress, Selection, Taking
from creditlab.lake import Lake, Snapshot, check_editions, newest_of
from creditlab.lake.lists import kept_lists, list_rows
from creditlab.lake.schemas import DELIVERIES
from creditlab.periods import WorkingDays
from creditlab.scratch import scratch
from creditlab.sources import ManifestRow, read_manifest

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

    from creditlab.workspace import Workspace


#: How often deliveries are read again because the catalogue changed meanwhile.
_TRIES = 3


@dataclass(frozen=True)
class IngestResult:
    """What a run of ingest did.

    Attributes
    ----------
    run_no
        The run's number; None where there was nothing to do and no run was made.
    counts
        The six counts over the deliveries that this run took in.
    deliveries, known, absent
        Deliveries taken in, skipped because they are known, and announced without their file being there yet.
    failures
        What kept deliveries from being taken that only people can mend; a later run takes them.
    """

    run_no: int | None
    counts: Counts
    deliveries: int
    known: int
    absent: int
    failures: tuple[UserError, ...] = ()


def _no_progress(done: int, total: int) -> None:
    """Show nothing."""


def ingest(workspace: Workspace, *, now: datetime, progress: Progress = _no_progress) -> IngestResult:
    """Take in every delivery of the workspace's inbox that is not known yet.

    As `take_in`, but deliveries that could not be taken end it with the first one's error, once all others are
    committed.

    Raises
    ------
    SourceError, ManifestError
        If a delivery's database, or its time, keeps it from being taken.
    """
    done = take_in(workspace, now=now, progress=progress)
    if done.failures:
        first = done.failures[0]
        count = len(done.failures)
        more = f" {count} deliveries in all were not taken in; this is the first." if count > 1 else ""
        rest = f" Taken in by run {done.run_no}: {done.deliveries:,} deliveries." if done.run_no else ""
        raise type(first)(first.what, where=first.where, do=first.do + more + rest)
    return done


def take_in(
    workspace: Workspace, *, now: datetime, progress: Progress = _no_progress, selection: Selection = EVERYTHING
) -> IngestResult:
    """Take in deliveries of the workspace's inbox that are not known yet.

    Parameters
    ----------
    workspace
        Where inbox, catalogue and lake are.
    now
        The moment of the run, for the lake's books.
    progress
        Called with the number of manifest rows dealt with, and of all.
    selection
        Which deliveries to look at; the others count nothing.

    Raises
    ------
    ManifestError, CatalogueError, SealError, WorkspaceError, LakeError
        If a part of the workspace can't be used; the lake is then as it was.
    """
    for _ in range(_TRIES):
        done = _take_in_once(workspace, now, progress, selection)
        if done is not None:
            return done
    raise CatalogueError("the catalogue was changed again and again while deliveries were read", do="Try again later.")


def _take_in_once(workspace: Workspace, now: datetime, progress: Progress, selection: Selection) -> IngestResult | None:
    """Take in deliveries by the catalogue as it stands; None where it changed before the lake was free."""
    catalogue = read_sealed(workspace.catalogue)
    manifest = read_manifest(workspace.inbox, workspace.time_zone)
    calendar = workspace.working_days()
    lake = Lake(workspace.lake)
    runs = lake.runs()
    check_editions(catalogue, runs)
    # Where the clock was set back, deliveries that the lake's own books have seen pass are still on time.
    latest = max([now, *runs["committed_at"].to_pylist()])
    protection = Protection(_key(workspace, runs), workspace.blanks)
    memory = workspace.engine_memory or MEMORY
    with (
        scratch() as spill,
        engine.opening(folders=[workspace.lake, spill], memory=memory, as_written=True) as opened,
        Spool(spill) as spool,
    ):
        run = _Run(workspace, lake, opened, catalogue, calendar, protection, spool)
        return run.carry_out(manifest, runs, now, latest, selection, progress)


def _key(workspace: Workspace, runs: pa.Table) -> bytes:
    """The pseudonym key, which must be the one that the lake was written with: another one names everybody anew."""
    advice = "Put the key file back, or restore it from its backup."
    if runs.num_rows and not workspace.key.exists():
        raise LakeError("the lake's pseudonym key is missing", where="[paths] key", do=advice)
    key = workspace.pseudonym_key()
    known = set(runs["key_fingerprint"].to_pylist()) - {None}
    if known and key_fingerprint(key) not in known:
        raise LakeError("the pseudonym key is not the lake's", where="[paths] key", do=advice)
    return key


class _Run:
    def __init__(
        self,
        workspace: Workspace,
        lake: Lake,
        opened: Callable[[], Backend],
        catalogue: Catalogue,
        calendar: WorkingDays,
        protection: Protection,
        spool: Spool,
    ) -> None:
        self.workspace, self.lake = workspace, lake
        self.catalogue, self.calendar, self.protection = catalogue, calendar, protection
        self.staging = Staging(opened, catalogue, protection, spool)
        self.intake = Intake(self.staging)

    @property
    def backend(self) -> Backend:
        return self.staging.backend

    def carry_out(
        self,
        manifest: list[ManifestRow],
        runs: pa.Table,
        now: datetime,
        latest: datetime,
        selection: Selection,
        progress: Progress,
    ) -> IngestResult | None:
        self.taking = Taking(self.workspace, self.intake, latest, selection)
        if not self.lake.exists:
            # Now, for what must be on disk for good would wait for the run's temporary files too.
            with self.lake.lock():
                self.lake.create()
        with register.Reading(self.workspace, self.catalogue, self.protection, lambda: self.staging.aside) as lists:
            lists.begin(newest_of(runs))
            self.taking.take(manifest, self.lake.delivery_ids(runs), progress)
        with self.lake.lock():
            self.lake.create()
            # Rows judged by rules that another run has replaced meanwhile would take the whole lake back to them.
            if rules_of(read_sealed(self.workspace.catalogue)) != rules_of(self.catalogue):
                return None
            snapshot = self._snapshot()
            if snapshot is not None:
                check_editions(self.catalogue, snapshot.runs)
                self.taking.forget_known(self.lake.delivery_ids(snapshot.runs))
            last = snapshot.last if snapshot else {}
            digests, changed = lists.changed(last)
            rules = rules_digest(self.catalogue, self.calendar, self.workspace.blanks)
            is_rejudged = bool(last) and last["rules_digest"] != rules
            taken = self.taking.taken
            run_no, counts = None, Counts()
            if taken or is_rejudged or changed:
                run_no, counts = self._commit(snapshot, rules, digests, changed, now, is_rejudged=is_rejudged)
            failures = tuple(self.taking.failures)
            return IngestResult(run_no, counts, len(taken), self.taking.known, self.taking.absent, failures)

    def _snapshot(self) -> Snapshot | None:
        """The lake as it is; None while nothing was ever committed."""
        try:
            return Snapshot.take(self.lake, self.backend)
        except NoDataError:
            return None

    def _commit(
        self,
        snapshot: Snapshot | None,
        rules: str,
        digests: dict[str, str],
        lists: dict[str, pa.Table],
        now: datetime,
        *,
        is_rejudged: bool,
    ) -> tuple[int, Counts]:
        if snapshot is not None:
            known.judge_known(self.staging, snapshot, everything=is_rejudged)
        else:
            known.judge_nothing(self.staging)
        run_no = self.lake.next_run_no()
        with ThreadPoolExecutor(max_workers=1) as side:
            # Payloads need nothing of what the keys become, so they are written while keys are resolved.
            written = side.submit(self._append_payloads, run_no)
            moved = entries.settle(self.staging, snapshot, self.calendar)
            if entries.has_entries(self.backend):
                self.lake.append("records", entries.entries(self.backend, run_no))
            written.result()
        if is_rejudged:
            self._append_rekeyed(snapshot, run_no)
        quarantined = self._append_quarantine(run_no)
        counts = self._append_deliveries(snapshot, moved, quarantined, run_no)
        for name, rows in lists.items():
            self.lake.append(name, with_run(rows, run_no))
        self._keep_lists(snapshot, rules, run_no)
        last = snapshot.last if snapshot else {}
        digests = {"rules_digest": rules} | digests
        runs_of = {f"{one}_run": run_no if one in lists else last.get(f"{one}_run") for one in ("subjects", "ledger")}
        row = run_row(run_no, now, "ingest", self.catalogue, self.protection, counts, digests, runs_of)
        self.lake.append("runs", row)
        return run_no, counts

    def _keep_lists(self, snapshot: Snapshot | None, rules: str, run_no: int) -> None:
        """Keep the lists beside the editions, unless a run that judged by the same rules has kept them."""
        if snapshot is None or rules not in kept_lists(self.lake, snapshot.runs):
            rows = list_rows(self.workspace.catalogue, rules, self.catalogue.digest, run_no)
            self.lake.append("lists", rows)

    def _append_payloads(self, run_no: int) -> None:
        for data_format, rows in self.staging.spool.readers(self.staging.forgotten, run_no):
            self.lake.append(self.lake.payload_name(data_format), rows)

    def _append_rekeyed(self, snapshot: Snapshot | None, run_no: int) -> None:
        """Write payload rows again whose natural key is another one under the rules that hold now."""
        if snapshot is None:
            return
        import ibis

        judged, arrivals = self.backend.table("judged"), self.staging.arrival_table()
        now = judged.filter(~judged.is_new).join(arrivals, "arrival")
        now = now.select("delivery_id", "row_no", natural_now="natural_key64")
        for data_format in self.lake.payload_formats():
            rows = known.newest_payload(snapshot, data_format).join(now, ["delivery_id", "row_no"])
            rows = rows.filter(rows.natural_now != rows.natural_key64)
            rows = rows.mutate(natural_key64=rows.natural_now, run_no=ibis.literal(run_no, "int64")).drop("natural_now")
            found = self.backend.to_pyarrow(rows)
            if found.num_rows:
                self.lake.append(self.lake.payload_name(data_format), found)

    def _append_quarantine(self, run_no: int) -> dict[int, int]:
        counted = quarantine_counts(self.backend)
        if counted:
            self.lake.append("quarantine", quarantine_rows(self.backend, run_no))
        return counted

    def _append_deliveries(
        self, snapshot: Snapshot | None, moved: dict[int, Any], quarantined: dict[int, int], run_no: int
    ) -> Counts:
        rows, total = [], Counts()
        for number, one in self.taking.taken.items():
            outcome = dict(zip(OUTCOMES, map(int, moved.get(number, [0] * len(OUTCOMES))), strict=True))
            counts = Counts(delivered=self.intake.delivered[number], quarantined=quarantined.get(number, 0), **outcome)
            total += counts
            rows.append(delivery_row(one.row, one.delivery_id, one.file_sha256, run_no, counts))
        table = pa.Table.from_pylist(rows, schema=DELIVERIES)
        self.lake.append("deliveries", pa.concat_tables([table, self._moved_rows(snapshot, moved, run_no)]))
        return total

    def _moved_rows(self, snapshot: Snapshot | None, moved: dict[int, Any], run_no: int) -> pa.Table:
        """Earlier deliveries whose counts were moved by judging again."""
        earlier = {number: change for number, change in moved.items() if number >= len(self.intake.delivered)}
        if snapshot is None or not earlier:
            return DELIVERIES.empty_table()
        changes = [
            {"delivery_id": self.staging.arrivals[number].delivery_id}
            | {f"{word}_change": int(count) for word, count in zip(OUTCOMES, change, strict=True)}
            for number, change in earlier.items()
        ]
        import ibis

        rows = snapshot.deliveries().join(ibis.memtable(pa.Table.from_pylist(changes)), "delivery_id")
        rows = rows.mutate(
            run_no=ibis.literal(run_no, "int64"), **{word: rows[word] + rows[f"{word}_change"] for word in OUTCOMES}
        )
        return self.backend.to_pyarrow(rows.select(DELIVERIES.names)).cast(DELIVERIES)
