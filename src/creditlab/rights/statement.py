"""What is held about one subject, for somebody entitled to it: every record, how it stood and stands, who sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from creditlab.access import Asking, log_of
from creditlab.assessing import explain_subject
from creditlab.catalogue.edition import Catalogue
from creditlab.dossier import hold_some
from creditlab.dossier.reading import rows_said
from creditlab.errors import MethodologyError, NoDataError
from creditlab.identifiers import pseudonyms
from creditlab.lake.reading import Snapshot, take_inputs
from creditlab.rights.entitlement import Entitlement
from creditlab.rights.who import Given, Who, who_is
from creditlab.terms import Role
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from creditlab.assessment import Explanation

_COMMAND = "statement"
#: What of a payload row is in the record already, or is no field of the department's.
_KNOWN_ROLES = {Role.RECORD_ID, Role.SUBJECT_ID, Role.SUBJECT_KIND, Role.EVENT_DATE}
_VERSION = (
    "record_state", "received_on", "first_received_on", "valid_until", "amount", "faults", "delivery_id", "row_no",
    "revision",
)  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """What is held about one subject on a day, as known at a run.

    Attributes
    ----------
    who
        The subject.
    register
        Its rows of the register, without its number.
    records
        One per record, by item, day and number: what it is, `versions` (the newest last, each with `stands_from`,
        `superseded_on` and what its row `said`), `state`, and for organisations `is_published`, `published_until`,
        `repairable_from` and `left_out`.
    quarantined
        Rows in quarantine that name it: item, department, day, reason.
    mentions
        How many of others' rows hold its number, masked, in some text.
    assessment
        Why it is assessed as it is; None where it is not.
    kept
        Assessments that were put on record: run, day, methodology, level.
    lookups
        Who looked it up before: when, what for, by which command.
    """

    who: Who
    entitlement: Entitlement
    register: list[dict[str, Any]]
    records: list[dict[str, Any]]
    quarantined: list[dict[str, Any]]
    mentions: int
    assessment: Explanation | None
    kept: list[dict[str, Any]]
    lookups: list[dict[str, Any]]
    catalogue: Catalogue
    as_of: date
    run_no: int


def take_statement(
    workspace: Workspace,
    backend: Backend,
    given: Given,
    as_of: date,
    entitlement: Entitlement,
    kind: str | None = None,
) -> Statement:
    """Gather what is held about one subject; that it is looked up is in the access log before anything is read.

    About a subject of which nothing is held there is a statement too, that says so.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet, or the register doesn't have the name with the number.
    AccessLogError
        If it can't be noted.
    """
    snapshot, inputs = take_inputs(workspace, backend)
    who = who_is(workspace, snapshot, given, kind)
    asking = Asking(entitlement.purpose, _COMMAND, entitlement.requester)
    lookups = _lookups(workspace, who)
    asking.note(workspace, pa.array([who.held]), snapshot.run_no)
    rows = snapshot.table("records")
    rows = rows.filter(rows.subject_id.isin(who.ids), rows.effective_on <= as_of)
    entries = backend.to_pyarrow(rows)
    records = _records(snapshot, inputs.catalogue, entries)
    explained = None
    if not who.is_person:
        _add_evidence(workspace, backend, who, as_of, records, asking)
        explained = _explained(workspace, backend, who, as_of, asking)
    return Statement(
        who,
        entitlement,
        _register(snapshot, who),
        records,
        _quarantined(snapshot, who),
        _mentions(snapshot, who),
        explained,
        _kept(snapshot, who),
        lookups,
        inputs.catalogue,
        as_of,
        snapshot.run_no,
    )


def _records(snapshot: Snapshot, catalogue: Catalogue, entries: pa.Table) -> list[dict[str, Any]]:
    """Each key's versions: entries that cancel out to nothing on every day never stood."""
    said = {
        (row["delivery_id"], row["row_no"]): row
        for table in rows_said(snapshot, catalogue, entries).values()
        for row in table.to_pylist()
    }
    versions: dict[int, dict[tuple[Any, ...], dict[str, Any]]] = {}
    for row in entries.sort_by([("received_on", "ascending"), ("revision", "ascending")]).to_pylist():
        mark = (row["revision"], row["delivery_id"], row["row_no"], *row["faults"], row["record_state"])
        found = versions.setdefault(row["key64"], {}).setdefault(mark, row | {"stands": 0, "starts": {}, "ends": {}})
        found["stands"] += row["sign"]
        side = found["starts" if row["sign"] > 0 else "ends"]
        side[row["effective_on"]] = side.get(row["effective_on"], 0) + 1
    records = []
    for found_versions in versions.values():
        real = [one for one in found_versions.values() if one["starts"] != one["ends"]]
        if not real:
            continue
        newest = next((one for one in real if one["stands"] > 0), real[-1])
        about = {
            name: newest[name]
            for name in ("item_code", "department", "region_code", "record_id", "event_date", "subject_kind", "key64")
        }
        about |= {"state": newest["record_state"], "versions": [_version(one, said, catalogue) for one in real]}
        records.append(about)
    return sorted(records, key=lambda one: (one["item_code"], str(one["event_date"]), one["record_id"]))


def _version(row: dict[str, Any], said: dict[tuple[str, int], dict[str, Any]], catalogue: Catalogue) -> dict[str, Any]:
    ends = [day for day, count in row["ends"].items() if row["starts"].get(day, 0) < count]
    found = {name: row[name] for name in _VERSION if name not in ("delivery_id", "row_no")}
    cells = said.get((row["delivery_id"], row["row_no"]), {})
    item = catalogue.newest_item(row["item_code"])
    formats = [one.format[item.data_format] for one in catalogue.editions if item and item.data_format in one.format]
    fields = {one.name: one for schema in formats for one in schema.fields}
    return found | {
        "stands_from": min(row["starts"]),
        "superseded_on": max(ends) if ends and row["stands"] <= 0 else None,
        "said": {
            name: cells[name]
            for name, one in fields.items()
            if one.role not in _KNOWN_ROLES and cells.get(name) is not None
        },
    }


def _add_evidence(
    workspace: Workspace, backend: Backend, who: Who, as_of: date, records: list[dict[str, Any]], asking: Asking
) -> None:
    held = hold_some(workspace, backend, as_of, pa.array([who.held]), asking=asking)
    columns = ("key64", "is_published", "published_until", "repairable_from", "left_out", "publication_class")
    ruled = {row["key64"]: row for row in backend.to_pyarrow(held.evidence(columns)).to_pylist()}
    for one in records:
        row = ruled.get(one["key64"], {})
        one |= {name: row.get(name) for name in columns[1:]}


def _explained(workspace: Workspace, backend: Backend, who: Who, as_of: date, asking: Asking) -> Explanation | None:
    """Why it is assessed as it is; None where no approved methodology in force assesses it."""
    try:
        return explain_subject(workspace, backend, who.held, as_of, asking=asking)
    except NoDataError:
        return None
    except MethodologyError as error:
        if error.code != "methodology_not_in_force":
            raise
        return None


def _register(snapshot: Snapshot, who: Who) -> list[dict[str, Any]]:
    rows = snapshot.subjects()
    rows = rows.filter(rows.subject_id.isin(who.ids)).drop("run_no", "subject_id", "name64")
    found: list[dict[str, Any]] = snapshot.backend.to_pyarrow(rows).to_pylist()
    return found


def _quarantined(snapshot: Snapshot, who: Who) -> list[dict[str, Any]]:
    rows = snapshot.table("quarantine")
    named = rows.filter(_holds(rows.content, who))
    wanted = named.select("item_code", "department", "received_on", "reason").order_by("received_on", "item_code")
    found: list[dict[str, Any]] = snapshot.backend.to_pyarrow(wanted).to_pylist()
    return found


def _mentions(snapshot: Snapshot, who: Who) -> int:
    """Others' rows that hold a person's number, masked: looked for in all texts, which takes a while."""
    if not who.is_person:
        return 0
    count = 0
    for name in snapshot.lake.payload_formats():
        rows = snapshot.payload(name)
        hit = None
        for column, kind in rows.schema().items():
            if kind.is_string() and column not in ("delivery_id", "action", "judged_kind"):
                one = rows[column].contains(who.ids[1]).fill_null(False) & (rows[column] != who.ids[1])
                hit = one if hit is None else hit | one
        if hit is not None:
            count += int(snapshot.backend.to_pyarrow(rows.filter(hit).count()).as_py())
    return count


def _holds(text: ir.StringValue, who: Who) -> ir.BooleanValue:
    found = text.contains(who.marks[0])
    for one in who.marks[1:]:
        found |= text.contains(one)
    return found.fill_null(False)


def _kept(snapshot: Snapshot, who: Who) -> list[dict[str, Any]]:
    rows = snapshot.table("assessments")
    rows = rows.filter(rows.subject_id.isin(who.ids))
    wanted = rows.select("run_no", "as_of", "methodology", "level", "is_provisional").order_by("run_no")
    found: list[dict[str, Any]] = snapshot.backend.to_pyarrow(wanted).to_pylist()
    return found


def _lookups(workspace: Workspace, who: Who) -> list[dict[str, Any]]:
    log = log_of(workspace)
    if not log.is_begun:
        return []
    mark = pseudonyms(pa.array([who.held]), log.key())[0].as_py()
    return [
        {name: one[name] for name in ("at", "purpose", "command")} for one in log.entries() if mark in one["subjects"]
    ]
