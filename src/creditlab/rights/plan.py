"""What an order takes out of the lake, found before anything is touched, so that a killed erasure can be finished.

The plan is a file of the lake's owner beside its tables as long as the erasure lasts. What it says is the same however
often it is carried out: which rows, and which counts deliveries and runs have without them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.books.expected import resolve_rows
from creditlab.catalogue.edition import Catalogue
from creditlab.ingest.resolve import OUTCOMES
from creditlab.lake import Lake, Snapshot
from creditlab.rights.order import Order
from creditlab.rights.who import Who
from creditlab.terms import COUNTS, Role
from creditlab.wholefile import write_whole

if TYPE_CHECKING:
    import ibis.expr.types as ir

_ROW = ("key64", "natural_key64", "content64", "action", "delivered_at", "delivery_id", "row_no", "run_no")
_ORDERED = ("key64", "delivered_at", "manifest_row", "delivery_id", "row_no")
#: How a person's mark in somebody else's text looks when nobody is behind it any more.
NOBODY = "P-" + "0" * 32


@dataclass(frozen=True)
class Record:
    """One record, by what departments know it by."""

    item_code: str
    department: str
    record_id: str


@dataclass(frozen=True)
class Plan:
    """What is taken out.

    Attributes
    ----------
    target
        `subject` or `record`.
    ids, marks, mask
        What stands in the subject's place, texts that name it, and its pseudonym where it is a person's; empty for a
        record.
    record
        The record: item, department, number; empty for a subject.
    keys, places
        Keys of which rows go, and those rows, each by delivery and number.
    subjects
        Whose kept assessments and profiles rested on them: each with the item of the record; the item is empty where
        all of a subject's go.
    natural_keys
        Those that rows had that go: who shares one may own it now.
    deliveries, runs
        Counts without the rows: by delivery and run, and by run.
    first_run
        The first run that had one of the rows; 0 where none had.
    """

    erasure_id: str
    number: str
    dated: str
    authority: str
    reason: str
    target: str
    ids: tuple[str, ...]
    marks: tuple[str, ...]
    mask: str
    record: tuple[str, ...]
    keys: tuple[int, ...]
    places: tuple[tuple[str, int], ...]
    subjects: tuple[tuple[str, str], ...]
    natural_keys: tuple[int, ...]
    deliveries: tuple[tuple[str, int, dict[str, int]], ...]
    runs: tuple[tuple[int, dict[str, int]], ...]
    first_run: int
    publications: tuple[str, ...]

    def write(self, lake: Lake) -> None:
        """Put the plan where every command that writes sees it."""
        write_whole(lake.erasing, json.dumps(asdict(self)), is_private=True)

    @classmethod
    def read(cls, lake: Lake) -> Plan | None:
        """The plan of an erasure that was begun; None where there is none."""
        if not lake.erasing.exists():
            return None
        content: dict[str, Any] = json.loads(lake.erasing.read_text("utf-8"))
        pairs = ("places", "subjects", "deliveries", "runs")
        for name, value in content.items():
            if isinstance(value, list):
                content[name] = tuple(tuple(one) if name in pairs else one for one in value)
        return cls(**content)


def make_plan(
    snapshot: Snapshot, catalogue: Catalogue, order: Order, target: Who | Record, publications: list[dict[str, Any]]
) -> Plan:
    """Find what an order takes out.

    Parameters
    ----------
    publications
        The manifests on the shelf.
    """
    who = target if isinstance(target, Who) else None
    one = target if isinstance(target, Record) else None
    rows = _rows_of(snapshot, catalogue, who, one)
    erased = rows.filter(rows["is_erased"])
    entries = snapshot.table("records").filter(ibis.literal(False))
    if erased.num_rows:
        some = ibis.memtable(erased.select(["key64"]).group_by("key64").aggregate([]))
        entries = snapshot.table("records").semi_join(some, "key64")
    about = snapshot.backend.to_pyarrow(entries.select("subject_id", "item_code", "run_no").distinct())
    first = pc.min(erased["run_no"]).as_py() or 0
    pairs = {(name, "") for name in who.ids} if who else {(r["subject_id"], r["item_code"]) for r in about.to_pylist()}
    deliveries, runs = _counts(snapshot, rows)
    return Plan(
        uuid.uuid4().hex,
        order.number,
        order.dated.isoformat(),
        order.authority,
        order.reason,
        "subject" if who else "record",
        who.ids if who else (),
        who.marks if who else (),
        who.held if who and who.is_person else "",
        (one.item_code, one.department, one.record_id) if one else (),
        tuple(erased["key64"].unique().to_pylist()),
        tuple(zip(erased["delivery_id"].to_pylist(), erased["row_no"].to_pylist(), strict=True)),
        tuple(sorted(pairs)),
        tuple(erased["natural_key64"].unique().to_pylist()),
        deliveries,
        runs,
        first,
        tuple(sorted(m["folder"] for m in publications if first and int(m["run_no"]) >= first)),
    )


def _rows_of(snapshot: Snapshot, catalogue: Catalogue, who: Who | None, record: Record | None) -> pa.Table:
    """All payload rows of the keys of which some row goes, as they count, and whether each goes."""
    backend, parts = snapshot.backend, []
    for name in snapshot.lake.payload_formats():
        rows = snapshot.payload(name)
        if who is not None:
            hit = _is_about(rows, subject_fields(catalogue, name), who.ids)
        else:
            hit = rows.key64.isin(_keys_of(snapshot, record))
        keys = rows.filter(hit).select("key64").distinct()
        parts.append(backend.to_pyarrow(rows.mutate(is_erased=hit).semi_join(keys, "key64").select(*_ROW, "is_erased")))
    if not parts:
        return _empty()
    deliveries = backend.to_pyarrow(snapshot.deliveries().select("delivery_id", "received_on", "manifest_row"))
    return pa.concat_tables(parts).join(deliveries, "delivery_id", join_type="inner")


def _empty() -> pa.Table:
    types = {"action": pa.string(), "delivery_id": pa.string(), "delivered_at": pa.timestamp("us", tz="UTC")}
    columns = {name: pa.array([], types.get(name, pa.int64())) for name in (*_ROW, "manifest_row")}
    return pa.table(columns | {"is_erased": pa.array([], pa.bool_()), "received_on": pa.array([], pa.date32())})


def subject_fields(catalogue: Catalogue, data_format: str) -> set[str]:
    """What editions call the subject's number in a record schema."""
    formats = [edition.format[data_format] for edition in catalogue.editions if data_format in edition.format]
    return {name for one in formats if (name := one.name_of(Role.SUBJECT_ID))}


def _is_about(rows: ir.Table, fields: set[str], ids: tuple[str, ...]) -> ir.BooleanValue:
    found = ibis.literal(False)
    for name in fields & set(rows.columns):
        found |= rows[name].isin(ids).fill_null(False)
    return found


def _keys_of(snapshot: Snapshot, record: Record | None) -> list[int]:
    if record is None:
        return []
    rows = snapshot.table("records")
    rows = rows.filter(
        rows.item_code == record.item_code, rows.department == record.department, rows.record_id == record.record_id
    )
    keys: list[int] = snapshot.backend.to_pyarrow(rows.select("key64").distinct())["key64"].to_pylist()
    return keys


def _counts(
    snapshot: Snapshot, rows: pa.Table
) -> tuple[tuple[tuple[str, int, dict[str, int]], ...], tuple[tuple[int, dict[str, int]], ...]]:
    """The counts that deliveries, and the runs that took them in, have without the rows."""
    touched = rows["delivery_id"].unique()
    table = snapshot.table("deliveries")
    said = snapshot.backend.to_pyarrow(table.filter(table.delivery_id.isin(touched.to_pylist())))
    deliveries: list[tuple[str, int, dict[str, int]]] = []
    changes: dict[int, dict[str, int]] = {}
    first: dict[str, int] = {}
    for row in said.to_pylist():
        first[row["delivery_id"]] = min(row["run_no"], first.get(row["delivery_id"], row["run_no"]))
    for run_no in sorted(set(said["run_no"].to_pylist())):
        known = rows.filter(pc.less_equal(rows["run_no"], run_no))
        with_all, without = _outcomes(known), _outcomes(known.filter(pc.invert(known["is_erased"])))
        for row in said.filter(pc.equal(said["run_no"], run_no)).to_pylist():
            name = row["delivery_id"]
            change = {
                str(one): without.get(name, {}).get(one, 0) - with_all.get(name, {}).get(one, 0) for one in OUTCOMES
            }
            change["delivered"] = sum(change.values())
            deliveries.append((name, run_no, {one: row[one] + change.get(one, 0) for one in COUNTS}))
            if first[name] == run_no:
                total = changes.setdefault(run_no, dict.fromkeys(COUNTS, 0))
                changes[run_no] = {one: total[one] + change.get(one, 0) for one in COUNTS}
    by_run = {row["run_no"]: row for row in snapshot.runs.to_pylist()}
    runs = [(run_no, {one: by_run[run_no][one] + change[one] for one in COUNTS}) for run_no, change in changes.items()]
    return tuple(deliveries), tuple(runs)


def _outcomes(rows: pa.Table) -> Mapping[str, dict[str, int]]:
    """What becomes of rows, by delivery; a row that was written again is one."""
    if not rows.num_rows:
        return {}
    places = (
        rows.group_by(["delivery_id", "row_no"])
        .aggregate([("run_no", "max")])
        .rename_columns(["delivery_id", "row_no", "run_no"])
    )
    newest = rows.join(places, ["delivery_id", "row_no", "run_no"], join_type="left semi")
    counted = resolve_rows(newest.sort_by([(name, "ascending") for name in _ORDERED]).combine_chunks())[1]
    return {row["delivery_id"]: row for row in counted.to_pylist()}


def kept_of(plan: Plan) -> dict[str, Any]:
    """What the books keep of the order."""
    return {
        "erasure_id": plan.erasure_id,
        "order_number": plan.number,
        "dated_on": date.fromisoformat(plan.dated),
        "authority": plan.authority,
        "reason": plan.reason,
        "target": plan.target,
        "first_run": plan.first_run,
        "row_count": len(plan.places),
        "publications": list(plan.publications),
    }
