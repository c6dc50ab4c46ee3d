"""One organisation's dossier: what is held about it on a day, with what its rows said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from creditlab.catalogue.edition import Catalogue
from creditlab.dossier.reading import Held, hold_some, persons_among
from creditlab.engine import connect
from creditlab.errors import NoDataError, ParameterError, PersonError
from creditlab.identifiers import PSEUDONYM_PREFIX, fold_identifier
from creditlab.lake.lists import as_at_run
from creditlab.lake.reading import Snapshot
from creditlab.lake.store import Lake
from creditlab.profiles import ORGANISATIONS, ROW, PublicationRules
from creditlab.terms import SubjectKind, SubjectRole
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

    from creditlab.access import Asking

_WHAT = "a natural person has no page (Article 4)"
_DO = "About a natural person there is only a statement, for somebody entitled to it."


@dataclass(frozen=True)
class Dossier:
    """What is held about one organisation on a day, as known at a run.

    Attributes
    ----------
    subject
        Its row of the register; of one that is not in it only `subject_id` and `subject_kind`, the others null.
    records
        EVIDENCE, one row per record, by event date, item and number; withdrawn ones included.
    said
        By delivery and row: what the row said beside what the record has, by the field's name.
    roles
        The views of its own that it has.
    held
        What it was all read from.
    """

    subject: dict[str, Any]
    records: pa.Table
    said: dict[tuple[str, int], dict[str, str]]
    roles: tuple[SubjectRole, ...]
    catalogue: Catalogue
    rules: PublicationRules
    as_of: date
    run_no: int
    held: Held


def folded(identifier: str) -> str:
    """An identifier as the lake has it."""
    text: str = fold_identifier(pa.array([identifier], pa.string()))[0].as_py()
    return text


def refuse_persons(workspace: Workspace, identifiers: list[str]) -> None:
    """Refuse folded identifiers of natural persons, before anything is looked up or written down under them.

    Raises
    ------
    PersonError
        If one is: a sole trader's code, a resident ID, a pseudonym, or a number that the register gives a person.
    NoDataError
        If nothing has been ingested yet.
    """
    with connect(workspace.engine_url, folders=[workspace.lake]) as backend:
        snapshot = Snapshot.take(Lake(workspace.lake), backend)
        persons = persons_among(workspace, snapshot, pa.array(identifiers, pa.string()))
    if len(persons) or any(PSEUDONYM_PREFIX in one for one in identifiers):
        raise PersonError(_WHAT, where="subject", do=_DO)


def take_dossier(
    workspace: Workspace, backend: Backend, identifier: str, as_of: date, run_no: int = 0, *, asking: Asking
) -> Dossier:
    """Look one organisation up.

    Parameters
    ----------
    identifier
        Its credit code, or the number that departments know it by.
    as_of
        The day whose state is looked at.
    run_no
        The run to read; 0 for the newest.
    asking
        What it is looked up for, see `hold_some`.

    Raises
    ------
    PersonError
        If it is a natural person's.
    ParameterError
        If there is none.
    NoDataError
        If nothing is held about such an organisation, and the register doesn't have it either.
    """
    code = folded(identifier)
    if not code:
        raise ParameterError("no subject is named", where="subject", do="Name a credit code.")
    with as_at_run(workspace, run_no or None) as then:
        held = hold_some(then, backend, as_of, pa.array([code]), run_no or None, asking=asking)
    if PSEUDONYM_PREFIX in code or len(held.persons):
        raise PersonError(_WHAT, where="subject", do=_DO)
    found = backend.to_pyarrow(held.evidence().order_by("event_date", "item_code", "record_id"))
    listed = backend.to_pyarrow(held.inputs.subjects).to_pylist()
    subject = listed[0] if listed else dict.fromkeys(held.inputs.subjects.columns)
    if not listed and found.num_rows:
        subject |= {"subject_id": code, "subject_kind": min(found["subject_kind"].to_pylist())}
    if subject["subject_kind"] not in {str(one) for one in ORGANISATIONS}:
        do = "See creditlab check for what is known of a code."
        raise NoDataError("nothing is held about such an organisation", where="subject", do=do)
    return Dossier(
        subject,
        found,
        _said(held),
        _roles(held, subject, set(found["item_code"].to_pylist())),
        held.inputs.catalogue,
        held.rules,
        as_of,
        held.run_no,
        held,
    )


def is_government_body(dossier: Dossier) -> bool:
    """Whether Article 7's record of government integrity is about it."""
    return bool(dossier.subject["subject_kind"] == SubjectKind.GOVERNMENT_BODY)


def _roles(held: Held, subject: dict[str, Any], items: set[str]) -> tuple[SubjectRole, ...]:
    found = []
    for name, known in held.rules.roles.items():
        if subject["industry_code"] in known.industries or items.intersection(known.items):
            found.append(SubjectRole(name))
    return tuple(found)


def _said(held: Held) -> dict[tuple[str, int], dict[str, str]]:
    """What rows said that every record does not have: fields without a part of their own, and document numbers."""
    found: dict[tuple[str, int], dict[str, str]] = {}
    for table in held.said.values():
        own = [one for one in table.column_names if one not in ("key64", *ROW)]
        for row in table.to_pylist():
            found[row["delivery_id"], row["row_no"]] = {one: row[one] for one in own if row[one] is not None}
    return found
