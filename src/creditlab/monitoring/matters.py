"""The register of matters for coordination (Article 5): opened and closed by runs, annotated by people.

Nothing in it is overwritten: a matter that changes gets a new row with its run's number, and the newest row holds. A
run appends rows only where something changed, so the same update twice changes nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from creditlab.errors import NoDataError, ParameterError
from creditlab.identifiers import holds_resident_id
from creditlab.lake import Lake, Snapshot, commit_beside, editions_text, take_inputs
from creditlab.lake.schemas import MATTERS
from creditlab.measures.mergers import after_mergers
from creditlab.monitoring.disputes import disputes_open
from creditlab.monitoring.findings import Finding, Kind
from creditlab.monitoring.rules import Quarter, below_ledger, late, no_provider, silent_departments
from creditlab.monitoring.thresholds import read_thresholds
from creditlab.monitoring.unusual import unusual_volumes
from creditlab.terms import MatterRule, MatterState

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

    from creditlab.inputs import Inputs
    from creditlab.monitoring.thresholds import Thresholds
    from creditlab.periods import Period
    from creditlab.workspace import Workspace

Matter = dict[str, Any]

#: The states in which a matter waits for somebody.
STANDING = (MatterState.OPEN, MatterState.AGREED, MatterState.RETURNED)
#: What people may say; that a matter is there again is found by a run.
SAID_BY_PEOPLE = (MatterState.OPEN, MatterState.AGREED, MatterState.MENDED)
_RUN, _PERSON = "run", "person"
#: A change in these is a change of the matter; the day and the run that it was counted at are not.
_EVIDENCE = ("measure", "numerator", "denominator", "period_start", "period_end")
_OWNER_LENGTH, _NOTE_LENGTH = 60, 500
_SOLE_TRADER = re.compile(r"(?<![0-9A-Z])92[0-9A-HJ-NPQRTUWXY]{16}(?![0-9A-Z])")


@dataclass(frozen=True)
class Updated:
    """What an update did: its run (None where nothing changed), and how many matters it opened, returned, mended, and
    how many got new evidence; `standing` are those that wait for somebody afterwards.
    """

    run_no: int | None
    opened: int
    returned: int
    mended: int
    renewed: int
    standing: int


def find(
    inputs: Inputs, period: Period, as_of: date, thresholds: Thresholds, standing: dict[str, date]
) -> list[Finding]:
    """What the rules say of a quarter.

    Where a whole department is silent, that is the matter: its ledger and its falls are not judged beside it. So with
    a silent unit's falls.
    """
    look = Quarter(after_mergers(inputs, as_of), period, as_of, thresholds)
    silent = list(silent_departments(look))
    quiet = {one.department for one in silent if one.holds and not one.region_code}
    quiet_units = {(one.department, one.region_code) for one in silent if one.holds and one.region_code}
    found = [*silent, *late(look), *no_provider(look), *disputes_open(look)]
    found += [one for one in below_ledger(look) if one.department not in quiet]
    found += [
        one
        for one in unusual_volumes(look, standing)
        if one.kind is not Kind.FALL
        or (one.department not in quiet and (one.department, one.region_code) not in quiet_units)
    ]
    return found


def update_matters(workspace: Workspace, backend: Backend, period: Period, as_of: date, now: datetime) -> Updated:
    """Bring the register to what the rules say of a quarter as it stood on a day.

    Parameters
    ----------
    workspace, backend
        Whose lake is read and written; an engine.
    period
        A quarter that is over.
    as_of
        The day whose state is looked at.
    now
        The moment of the run, for the books.

    Returns
    -------
    Updated
        What changed.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet.
    ParameterError
        If the quarter isn't over, or the register has been brought to a later day or quarter already.
    CalendarError
        If a rule needs working days beyond the calendar's official end.
    """
    thresholds = read_thresholds(workspace.monitoring)
    if as_of < period.end:
        raise ParameterError("the quarter isn't over on that day", where="--as-of", do="Name a later day.")
    snapshot, inputs = take_inputs(workspace, backend)
    found = find(inputs, period, as_of, thresholds, _months_stood_for(_newest(snapshot)))
    lake = Lake(workspace.lake)
    with lake.lock():
        lake.create()
        snapshot = Snapshot.take(lake, backend)
        known = _newest(snapshot)
        _refuse_going_back(known.values(), period, as_of)
        changed = list(_changes(known, found, inputs, as_of, thresholds))
        run_no = _commit(lake, snapshot, changed, "matters update", now, editions_text(inputs.catalogue))
    counts = Counter(word for word, _ in changed)
    after = known | {row["matter_id"]: row for _, row in changed}
    standing = sum(row["state"] in STANDING for row in after.values())
    return Updated(run_no, counts["opened"], counts["returned"], counts["mended"], counts["renewed"], standing)


def annotate_matter(
    workspace: Workspace,
    backend: Backend,
    matter_id: str,
    now: datetime,
    *,
    state: MatterState | None = None,
    owner: str | None = None,
    note: str | None = None,
) -> Matter:
    """Write what people decided about a matter.

    Parameters
    ----------
    matter_id
        As `matters list` shows it.
    now
        The moment, for the books.
    state, owner, note
        What changes. The owner is a role, never a person's name; a note never names whom a record is about.

    Returns
    -------
    dict
        The matter as it stands then.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet.
    ParameterError
        If there is no such matter, nothing is said, or a text is too long or holds a person's number.
    """
    said = {"state": str(state) if state else None, "owner": owner, "note": note}
    said = {name: value.strip() for name, value in said.items() if value is not None}
    if not said:
        raise ParameterError("nothing is said about the matter", do="Give --state, --owner or --note.")
    if state is not None and state not in SAID_BY_PEOPLE:
        known = ", ".join(SAID_BY_PEOPLE)
        raise ParameterError("people don't give that state", where="--state", do=f"Choose among {known}.")
    _check_text(said.get("owner"), "--owner", _OWNER_LENGTH)
    _check_text(said.get("note"), "--note", _NOTE_LENGTH)
    lake = Lake(workspace.lake)
    lake.check_format()
    if not lake.exists:
        raise NoDataError("nothing has been ingested yet", do="Run creditlab ingest.")
    with lake.lock():
        snapshot = Snapshot.take(lake, backend)
        matter = _newest(snapshot).get(matter_id)
        if matter is None:
            raise ParameterError("there is no such matter", where="ID", do="See creditlab matters list.")
        row = matter | said | {"changed_by": _PERSON}
        if any(matter[name] != value for name, value in said.items()):
            _commit(lake, snapshot, [("annotated", row)], "matters annotate", now, snapshot.last["editions"])
    return row


def read_matters(workspace: Workspace, backend: Backend, run_no: int | None = None) -> list[Matter]:
    """The matters as they stand: one row a matter, by level, rule, department, item and unit.

    Parameters
    ----------
    workspace, backend
        Whose register, and an engine.
    run_no
        As the register stood after that run; None for now.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet.
    """
    found = _newest(Snapshot.take(Lake(workspace.lake), backend, run_no)).values()
    order = ("level", "rule", "department", "item_code", "region_code", "kind")
    return sorted(found, key=lambda row: [row[name] for name in order])


def matter_history(workspace: Workspace, backend: Backend, matter_id: str) -> list[Matter]:
    """All rows of one matter, the oldest first: what was found and decided, when, by a run or by people.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet.
    ParameterError
        If there is no such matter.
    """
    rows = [row for row in _rows(Snapshot.take(Lake(workspace.lake), backend)) if row["matter_id"] == matter_id]
    if not rows:
        raise ParameterError("there is no such matter", where="ID", do="See creditlab matters list.")
    return rows


def _rows(snapshot: Snapshot) -> list[Matter]:
    rows = snapshot.table("matters")
    found: list[Matter] = snapshot.backend.to_pyarrow(rows.order_by("run_no", "matter_id")).to_pylist()
    return found


def _newest(snapshot: Snapshot) -> dict[str, Matter]:
    return {row["matter_id"]: row for row in _rows(snapshot)}


def _months_stood_for(known: dict[str, Matter]) -> dict[str, date]:
    return {
        key: row["period_start"]
        for key, row in known.items()
        if row["rule"] == MatterRule.UNUSUAL_VOLUME and row["state"] in STANDING
    }


def _refuse_going_back(known: Iterable[Matter], period: Period, as_of: date) -> None:
    rows = list(known)
    if any(row["as_of"] > as_of or row["period_end"] > period.end for row in rows):
        raise ParameterError(
            "the register has been brought to a later day or quarter already",
            where="--period, --as-of",
            do="Name that day and quarter, or later ones; creditlab matters list shows them.",
        )


def _changes(
    known: dict[str, Matter], found: list[Finding], inputs: Inputs, as_of: date, thresholds: Thresholds
) -> Iterator[tuple[str, Matter]]:
    """What becomes of each matter that a rule could judge; one that none could judge stays as it is."""
    for one in found:
        before = known.get(one.matter_id)
        if before is None:
            if one.holds:
                new = {"first_seen": as_of, "owner": thresholds[one.rule]["owner"], "note": ""}
                yield "opened", _row(one, inputs, as_of, MatterState.OPEN) | new
            continue
        kept = {name: before[name] for name in ("first_seen", "owner", "note")}
        if before["state"] == MatterState.MENDED:
            if one.holds and not _is_settled(before, one):
                yield "returned", _row(one, inputs, as_of, MatterState.RETURNED) | kept
        elif not one.holds:
            yield "mended", _row(one, inputs, as_of, MatterState.MENDED) | kept
        else:
            row = _row(one, inputs, as_of, MatterState(before["state"])) | kept
            if any(row[name] != before[name] for name in _EVIDENCE):
                yield "renewed", row


def _is_settled(before: Matter, one: Finding) -> bool:
    """Whether people closed the matter for that very span: then only a later one brings it back."""
    is_closed_by_people: bool = before["changed_by"] == _PERSON
    return is_closed_by_people and one.evidence.period_end <= before["period_end"]


def _row(one: Finding, inputs: Inputs, as_of: date, state: MatterState) -> Matter:
    return {
        "matter_id": one.matter_id,
        "rule": str(one.rule),
        "kind": str(one.kind),
        "item_code": one.item_code,
        "department": one.department,
        "region_code": one.region_code,
        "level": one.level(inputs.catalogue),
        **asdict(one.evidence),
        "as_of": as_of,
        "evidence_run": inputs.run_no,
        "state": str(state),
        "changed_by": _RUN,
    }


def _commit(
    lake: Lake, snapshot: Snapshot, changed: list[tuple[str, Matter]], command: str, now: datetime, editions: str
) -> int | None:
    """Append rows, then the run that makes them visible; deliveries, register and ledger are as they were."""
    if not changed:
        return None
    rows = [row | {"run_no": lake.next_run_no(), "moment": now} for _, row in changed]
    return commit_beside(
        lake, snapshot, {"matters": pa.Table.from_pylist(rows, schema=MATTERS)}, command, now, editions
    )


def _check_text(text: str | None, where: str, longest: int) -> None:
    """A role and a note are short, of one line, and name nobody by number (Article 4)."""
    if text is None:
        return
    if len(text) > longest or any(not letter.isprintable() for letter in text):
        raise ParameterError("a text is too long or not one line", where=where, do=f"Use up to {longest} letters.")
    if where == "--owner" and not text:
        raise ParameterError("an owner is a role", where=where, do='Write "coordination desk", say.')
    if holds_resident_id(text) or _SOLE_TRADER.search(text.upper()):
        raise ParameterError("a text holds a person's number", where=where, do="Leave it out; say which matter only.")
