"""Assess what a workspace's lake holds: its methodology, the evidence as known at a run, the register.

`assessment` is pure; here its tables are opened, and methodology files are read, checked and sealed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from creditlab.assessment import (
    Approval,
    Assessment,
    Explanation,
    Methodology,
    Record,
    assess,
    check_suitable,
    existing,
    parse_methodology,
    recovery,
    refuse_person,
    refuse_persons,
    seal_text,
)
from creditlab.catalogue import read_sealed
from creditlab.dossier import hold, hold_some
from creditlab.errors import MethodologyError, NoDataError, ParameterError, PersonError
from creditlab.identifiers import fold_identifier, holds_resident_id
from creditlab.lake.lists import as_at_run
from creditlab.profiles import EVIDENCE
from creditlab.terms import MethodologyState
from creditlab.wholefile import new_private_file
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

    from creditlab.access import Asking
    from creditlab.dossier import Held

_SEAL = ".seal.toml"


@dataclass(frozen=True)
class Assessed:
    """An assessment of what a lake holds, as known at a run.

    Attributes
    ----------
    held
        The lake, the catalogue and the rules of publication.
    assessment
        The organisations of the register on the day.
    """

    held: Held
    assessment: Assessment

    @property
    def about(self) -> dict[str, str]:
        """What a file made from it says of it."""
        methodology = self.assessment.methodology
        return {
            "as_of": self.held.as_of.isoformat(),
            "run_no": str(self.held.run_no),
            "methodology": methodology.name,
            "methodology_state": str(methodology.state),
            "methodology_digest": methodology.digest,
            "publication_rules_digest": self.held.rules.digest,
        }


def take_assessment(
    workspace: Workspace,
    backend: Backend,
    as_of: date,
    *,
    run_no: int | None = None,
    name: str | None = None,
    methodology: Methodology | None = None,
) -> Assessed:
    """Assess the organisations that a lake's register has on a day.

    Parameters
    ----------
    as_of
        The day; what took effect later is not there.
    run_no
        The run to read, so that a day is seen as it was known then; None for the newest.
    name
        The methodology's name; None for the approved one that is in force on the day.
    methodology
        The methodology itself, for one who tries changes of it.

    Raises
    ------
    MethodologyError
        If there is no such methodology, it can't be used, is a draft that was not named, or is not in force.
    NoDataError
        If nothing has been ingested yet.
    ParameterError
        If no rules of publication were in force on the day.
    PersonError
        If the register calls a natural person an organisation (Article 4).
    """
    with as_at_run(workspace, run_no) as then:
        return _taken(then, backend, as_of, run_no, methodology or choose_methodology(workspace, as_of, name))


def _taken(workspace: Workspace, backend: Backend, as_of: date, run_no: int | None, chosen: Methodology) -> Assessed:
    catalogue = read_sealed(workspace.catalogue)
    check_suitable(chosen, catalogue)
    # What no rule looks at is not read.
    formats = {
        item.data_format for edition in catalogue.editions for item in edition.items if item.item_code in chosen.fields
    }
    held = hold(workspace, backend, as_of, run_no, formats, chosen.item_codes)
    check_outcomes(chosen, held)
    subjects = existing(held.inputs.subjects, chosen, as_of)
    return Assessed(held, assess(held.evidence(EVIDENCE), subjects, chosen, as_of, is_searched=True))


def explain_subject(
    workspace: Workspace, backend: Backend, subject_id: str, as_of: date, *, run_no: int | None = None, asking: Asking
) -> Explanation:
    """Why one organisation stands as it does on a day, and its way back, by the approved methodology in force.

    Parameters
    ----------
    subject_id
        Its identifier, as somebody writes it.
    asking
        What it is looked up for, see `hold_some`.

    Raises
    ------
    PersonError
        If it is a natural person's (Article 4).
    NoDataError
        If the register has no such organisation on that day, of a kind that is assessed.

    Notes
    -----
    Only what can be about this subject is read; see `take_assessment` for what else is raised.
    """
    try:
        refuse_person(subject_id, "subject")
    except PersonError:
        asking.note_refused(workspace)
        raise
    methodology = choose_methodology(workspace, as_of)
    identifier = fold_identifier(pa.array([subject_id], pa.string()))
    with as_at_run(workspace, run_no) as then:
        held = hold_some(then, backend, as_of, identifier, run_no, asking=asking)
    return explain_held(methodology, backend, held)


def explain_held(
    methodology: Methodology, backend: Backend, held: Held, evidence: pa.Table | None = None
) -> Explanation:
    """As `explain_subject`, of one that was looked up already.

    Parameters
    ----------
    held
        What is held about this organisation and no other.
    evidence
        What `held.evidence()` says, where it was asked before.
    """
    as_of = held.as_of
    check_suitable(methodology, held.inputs.catalogue)
    check_outcomes(methodology, held)
    refuse_persons(held.inputs.subjects, "subject")
    found = existing(held.inputs.subjects, methodology, as_of)
    if not backend.to_pyarrow(found).num_rows:
        do = "Organisations only, of the kinds that the methodology assesses, while they exist."
        raise NoDataError("the register has no such organisation on that day", where=as_of.isoformat(), do=do)
    rows = backend.to_pyarrow(held.evidence(EVIDENCE)) if evidence is None else evidence
    looked_at = set(methodology.item_codes)
    records = [Record.of(row, methodology) for row in rows.to_pylist() if row["item_code"] in looked_at]
    return Explanation(methodology, held.inputs.catalogue, recovery(methodology, records, as_of))


def check_outcomes(methodology: Methodology, held: Held) -> None:
    """Refuse conditions on other fields than those that tell a record's outcome.

    Raises
    ------
    MethodologyError
        If an item's condition is on another field than the rules of publication name for its data format.
    """
    for item_code, field in methodology.fields.items():
        for edition in held.inputs.catalogue.editions:
            item = edition.item.get(item_code)
            outcomes = held.rules.outcomes.get(item.data_format) if item else None
            if item and (outcomes is None or outcomes.field != field):
                where = f"{methodology.name}, {item_code}, when"
                do = "Name the field that the rules of publication name under [outcomes]."
                raise MethodologyError("unknown_field", "a field is not what tells the outcome", where=where, do=do)


def choose_methodology(workspace: Workspace, as_of: date, name: str | None = None) -> Methodology:
    """The methodology of a name, or else the approved one that is in force on a day.

    Raises
    ------
    MethodologyError
        If there is none, or several are in force.
    """
    if name is not None:
        return read_methodology(workspace, name)
    approved = [read_methodology(workspace, one) for one in methodology_names(workspace) if _seal(workspace, one)]
    found = [one for one in approved if one.holds_on(as_of)]
    if len(found) > 1:
        where = ", ".join(one.name for one in found)
        raise MethodologyError("overlap", "several approved methodologies are in force on the day", where=where)
    if not found:
        do = "Approve one: creditlab methodology approve NAME; or name a draft with --methodology, to try it."
        raise MethodologyError("not_in_force", "no approved methodology is in force on the day", do=do)
    return found[0]


def methodology_names(workspace: Workspace) -> list[str]:
    """The names of a workspace's methodologies, in order."""
    folder = workspace.methodologies
    return sorted(one.stem for one in folder.glob("*.toml") if not one.name.endswith(_SEAL))


def read_methodology(workspace: Workspace, name: str) -> Methodology:
    """Read one methodology, with its seal if it has one.

    Raises
    ------
    MethodologyError
        If there is none of that name, it can't be used, or it was edited after it was sealed.
    """
    if name not in methodology_names(workspace):
        do = f"There are: {', '.join(methodology_names(workspace)) or 'none'}."
        raise MethodologyError("missing", "there is no such methodology", where="[paths] methodologies", do=do)
    seal = _seal(workspace, name)
    return parse_methodology(name, _read(_path(workspace, name), name), _read(seal, name) if seal else None)


def lint_methodology(workspace: Workspace, name: str) -> Methodology:
    """Read one methodology and hold it against the catalogue.

    Raises
    ------
    MethodologyError
        With the first thing that is wrong.
    """
    found = read_methodology(workspace, name)
    check_suitable(found, read_sealed(workspace.catalogue))
    return found


def approve_methodology(workspace: Workspace, name: str, approval: Approval, today: date) -> Methodology:
    """Note who approved a methodology, and seal it.

    Raises
    ------
    MethodologyError
        If it can't be used, has been approved, overlaps with an approved one, or is approved later than today.
    ParameterError
        If the approval names a person's number.
    """
    found = lint_methodology(workspace, name)
    if found.state is MethodologyState.APPROVED:
        do = "A change makes a new methodology, with a name of its own."
        raise MethodologyError("approval", "the methodology has been approved already", where=name, do=do)
    if approval.on > today:
        raise MethodologyError("approval", "a methodology is approved on a day to come", where="--approved-on")
    if holds_resident_id(f"{approval.by} {approval.document}"):
        raise ParameterError("a text holds a person's number", where="--by, --document", do="Leave it out.")
    for other in methodology_names(workspace):
        if _seal(workspace, other):
            one = read_methodology(workspace, other)
            if one.effective_from <= found.effective_until and found.effective_from <= one.effective_until:
                what, do = "two approved methodologies would be in force at once", "Change effective_from or until."
                raise MethodologyError("overlap", what, where=f"{name}, {other}", do=do)
    path = _path(workspace, name).with_name(f"{name}{_SEAL}")
    with new_private_file(path, "w") as file:
        file.write(seal_text(found.digest, approval))
    path.chmod(0o644)
    return read_methodology(workspace, name)


def _path(workspace: Workspace, name: str) -> Path:
    return workspace.methodologies / f"{name}.toml"


def _seal(workspace: Workspace, name: str) -> Path | None:
    path = workspace.methodologies / f"{name}{_SEAL}"
    return path if path.exists() else None


def _read(path: Path, name: str) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        do = "Write it as UTF-8 where you may read it."
        raise MethodologyError("syntax", "a methodology can't be read", where=name, do=do) from error
