"""Erase what an order says: from every table, every file and every log of the lake, as if it had never come.

The plan lies in the lake's folder until all is done; as long as it does, every other command that writes is refused,
and whoever is told so, or gives the same order again, finishes it. In order: what was added up is forgotten, tables are
rewritten, what others own now is judged again and booked with the order as a run, old files and logs are deleted,
what lies outside the lake is deleted or named.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from creditlab import engine
from creditlab.access import Asking
from creditlab.catalogue import Catalogue, read_sealed
from creditlab.errors import LakeError, NoDataError
from creditlab.ingest import entries
from creditlab.ingest.booking import rules_digest
from creditlab.ingest.known import judge_some
from creditlab.ingest.protect import Protection
from creditlab.ingest.spool import Spool
from creditlab.ingest.staging import Staging
from creditlab.lake import Lake, Snapshot, check_editions, commit_beside, editions_text
from creditlab.lake.purge import forget_past, purge
from creditlab.lake.schemas import ERASURES
from creditlab.lake.sums import forget
from creditlab.reports.shelf import published
from creditlab.rights.changes import changes_of
from creditlab.rights.leftovers import Leftovers, clear_leftovers
from creditlab.rights.order import Order
from creditlab.rights.plan import NOBODY, Plan, Record, kept_of, make_plan
from creditlab.rights.who import Given, who_is
from creditlab.scratch import scratch
from creditlab.terms import Purpose
from creditlab.workspace import Workspace

MEMORY = "1GB"


@dataclass(frozen=True)
class Erased:
    """What an erasure did.

    Attributes
    ----------
    run_no
        The run that booked the order.
    rows
        Delivered rows that went.
    publications
        Those made from runs that had the rows; none of them is changed.
    leftovers
        What was deleted outside the lake, and what is left for people to deal with.
    """

    order: str
    run_no: int
    rows: int
    publications: tuple[str, ...]
    leftovers: Leftovers


def erase(
    workspace: Workspace, order: Order, given: Given, kind: str | None, record: tuple[str, str] | None, now: datetime
) -> Erased:
    """Erase one subject, or one record, by an order.

    Parameters
    ----------
    given
        The subject's number; of a record, the record's.
    record
        Item and department of the record; None where a subject is erased.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet.
    LakeError
        If the catalogue was changed since the last run: what is judged again would be judged by other rules.
    AccessLogError
        If the look-up can't be noted.
    """
    lake = Lake(workspace.lake)
    resume(workspace, now)
    if not lake.exists:
        raise NoDataError("nothing has been ingested yet", do="Run creditlab ingest.")
    with lake.lock():
        catalogue = read_sealed(workspace.catalogue)
        with engine.connect(folders=[lake.root], memory=workspace.engine_memory or MEMORY) as backend:
            snapshot = Snapshot.take(lake, backend)
            _check_rules(workspace, catalogue, snapshot)
            target = who_is(workspace, snapshot, given, kind) if record is None else Record(*record, given.number)
            asking = Asking(Purpose.OBJECTION, "erase", f"order {order.number}")
            noted = f"{record[0]} {record[1]} {given.number}" if record else target.held  # type: ignore[union-attr]
            asking.note(workspace, pa.array([noted]), snapshot.run_no)
            there = published(workspace.reports) if workspace.reports.is_dir() else []
            plan = make_plan(snapshot, catalogue, order, target, there)
        plan.write(lake)
        return _carry_out(workspace, lake, catalogue, plan, now, given.number)


def resume(workspace: Workspace, now: datetime) -> Erased | None:
    """Finish an erasure that was begun; None where there is none."""
    lake = Lake(workspace.lake)
    if not lake.erasing.exists():
        return None
    with lake.lock(finishing=True):
        plan = Plan.read(lake)
        return _carry_out(workspace, lake, read_sealed(workspace.catalogue), plan, now) if plan else None


def _check_rules(workspace: Workspace, catalogue: Catalogue, snapshot: Snapshot) -> None:
    check_editions(catalogue, snapshot.runs)
    if rules_digest(catalogue, workspace.working_days(), workspace.blanks) != snapshot.last["rules_digest"]:
        do = "Run creditlab ingest first: it judges all rows by the rules that hold now."
        raise LakeError("the catalogue or the calendar was changed since the last run", where="the lake", do=do)


def _carry_out(
    workspace: Workspace, lake: Lake, catalogue: Catalogue, plan: Plan, now: datetime, number: str = ""
) -> Erased:
    forget(lake)
    _purge(lake, catalogue, plan)
    run_no = _book(workspace, lake, catalogue, plan, now)
    forget(lake)
    for name in lake.table_names():
        forget_past(lake, name)
    left = clear_leftovers(workspace, plan, number)
    lake.erasing.unlink()
    return Erased(plan.number, run_no, len(plan.places), plan.publications, left)


def _purge(lake: Lake, catalogue: Catalogue, plan: Plan) -> None:
    for name, change in changes_of(plan, lake, catalogue).items():
        purge(lake, name, change)


def _book(workspace: Workspace, lake: Lake, catalogue: Catalogue, plan: Plan, now: datetime) -> int:
    """Judge again what rested on the rows, and commit that with the order; once."""
    with (
        scratch() as spill,
        Spool(spill) as spool,
        engine.connect(folders=[lake.root, spill], memory=workspace.engine_memory or MEMORY) as backend,
    ):
        snapshot = Snapshot.take(lake, backend)
        kept = snapshot.table("erasures")
        mine = kept.erasure_id == plan.erasure_id
        if not plan.places:
            # The same order again, of which nothing is left: it is in the books already.
            dated = date.fromisoformat(plan.dated)
            same = (kept.order_number == plan.number) & (kept.dated_on == dated) & (kept.target == plan.target)
            mine |= same
        done = backend.to_pyarrow(kept.filter(mine).select("run_no").order_by("run_no"))
        if done.num_rows:
            return int(done["run_no"][0].as_py())
        # What was protected once is not protected again, so nobody needs the key for this.
        staging = Staging(lambda: backend, catalogue, Protection(b"", workspace.blanks), spool)
        keys = pa.array([*plan.keys, *_masked_keys(snapshot, plan)], pa.int64())
        judge_some(staging, snapshot, keys, pa.array(plan.natural_keys, pa.int64()))
        _rekey(lake, staging)
        entries.settle(staging, snapshot, workspace.working_days())
        number = lake.next_run_no()
        row = pa.Table.from_pylist([kept_of(plan) | {"run_no": number}], schema=ERASURES)
        rows: dict[str, pa.Table | pa.RecordBatchReader] = {"erasures": row}
        if entries.has_entries(backend):
            rows["records"] = entries.entries(backend, number)
        return commit_beside(lake, snapshot, rows, "erase", now, editions_text(catalogue))


def _masked_keys(snapshot: Snapshot, plan: Plan) -> list[int]:
    """Keys of others' rows that hold a mark without a person: it may be part of their natural key."""
    if not plan.mask:
        return []
    found: set[int] = set()
    for name in snapshot.lake.payload_formats():
        rows = snapshot.payload(name)
        for column, kind in rows.schema().items():
            if kind.is_string():
                hit = rows.filter(rows[column].contains(NOBODY)).select("key64").distinct()
                found |= set(snapshot.backend.to_pyarrow(hit)["key64"].to_pylist())
    return sorted(found)


def _rekey(lake: Lake, staging: Staging) -> None:
    """Give payload rows the natural key that their text makes now."""
    backend = staging.backend
    query = "SELECT a.delivery_id, j.row_no, j.natural_key64 FROM judged j JOIN arrivals_of a USING (arrival)"
    backend.create_table("arrivals_of", staging.arrival_table())
    now = engine.fetch(backend, query)
    if not now.num_rows:
        return
    wanted = {(one["delivery_id"], one["row_no"]): one["natural_key64"] for one in now.to_pylist()}

    def change(rows: pa.Table) -> pa.Table:
        some = pc.is_in(rows["delivery_id"], value_set=now["delivery_id"].combine_chunks().unique())
        if not pc.any(some).as_py():
            return rows
        places = zip(rows["delivery_id"].to_pylist(), rows["row_no"].to_pylist(), strict=True)
        before = rows["natural_key64"].to_pylist()
        after = [wanted.get(place, old) for place, old in zip(places, before, strict=True)]
        if after == before:
            return rows
        return rows.set_column(rows.column_names.index("natural_key64"), "natural_key64", pa.array(after, pa.int64()))

    for data_format in lake.payload_formats():
        purge(lake, lake.payload_name(data_format), change)
