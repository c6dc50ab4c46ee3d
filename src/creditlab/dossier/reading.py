"""Read what evidence is made from: the lake as known at a run, the rules, and who is a natural person after all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.errors import WorkspaceError
from creditlab.identifiers import is_natural_person_code, key_fingerprint, pseudonyms
from creditlab.inputs import Inputs
from creditlab.lake.reading import Snapshot, take_inputs
from creditlab.measures.mergers import after_mergers
from creditlab.profiles import EVIDENCE, Known, PublicationRules, evidence, read_rules
from creditlab.terms import SubjectKind
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend


@dataclass(frozen=True)
class Held:
    """What is held about organisations, as known at a run and looked at on a day.

    Attributes
    ----------
    inputs
        The lake, the catalogue and the calendar; departments that were merged by the day are one.
    """

    workspace: Workspace
    snapshot: Snapshot
    inputs: Inputs
    rules: PublicationRules
    as_of: date
    known: Known

    @property
    def run_no(self) -> int:
        """The run that all this is known at."""
        return int(self.inputs.run_no)

    def evidence(self, columns: Collection[str] = EVIDENCE, entries: ir.Table | None = None) -> ir.Table:
        """One row per record of an organisation, see `profiles.evidence`; of some entries only, if they are given."""
        return evidence(self.inputs.entries if entries is None else entries, self.as_of, self.known, columns)


def hold(
    workspace: Workspace, backend: Backend, as_of: date, run_no: int | None = None, *, with_outcomes: bool = True
) -> Held:
    """Take hold of what the lake knows about organisations.

    Parameters
    ----------
    as_of
        The day whose state is looked at.
    run_no
        The run to read; None for the newest.
    with_outcomes
        Whether what records say beyond their item is looked up: it decides the class of a penalty.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet.
    WorkspaceError
        If the rules of publication can't be used, or the key is missing by which natural persons are recognised.
    """
    rules = read_rules(workspace.publication)
    rules.on(as_of)
    snapshot, inputs = take_inputs(workspace, backend, run_no)
    inputs = after_mergers(inputs, as_of)
    known = Known(
        inputs.catalogue,
        rules,
        inputs.subjects,
        outcomes_of(snapshot, rules) if with_outcomes else None,
        ibis.memtable(persons_among(workspace, snapshot, inputs)),
    )
    return Held(workspace, snapshot, inputs, rules, as_of, known)


def outcomes_of(snapshot: Snapshot, rules: PublicationRules) -> ir.Table:
    """What rows said beyond their item: one row per payload row of the formats that the rules know, if it said any.

    Columns: delivery_id, row_no, outcome.
    """
    parts = []
    for data_format in snapshot.lake.payload_formats():
        outcomes = rules.outcomes.get(data_format)
        if outcomes is not None:
            rows = snapshot.payload(data_format)
            if outcomes.field in rows.columns:
                said = rows.select("delivery_id", "row_no", outcome=rows[outcomes.field])
                parts.append(said.filter(said.outcome.notnull()))
    if not parts:
        empty = {"delivery_id": pa.string(), "row_no": pa.int64(), "outcome": pa.string()}
        return ibis.memtable(pa.schema(list(empty.items())).empty_table())
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def persons_among(workspace: Workspace, snapshot: Snapshot, inputs: Inputs) -> pa.Table:
    """Identifiers that rows give to organisations and that belong to natural persons: one column, subject_id.

    The register lists a person under a pseudonym. So an identifier that is not in it is tried under its own: a row that
    calls a registered person an organisation would else make one of it (Article 4).

    Raises
    ------
    WorkspaceError
        If the key of pseudonyms is not there, or is not the one that the lake was made with.
    """
    person = str(SubjectKind.NATURAL_PERSON)
    rows, listed = inputs.entries, inputs.subjects
    others = rows.filter(rows.subject_kind.fill_null("") != person).select("subject_id").distinct()
    found = snapshot.backend.to_pyarrow(others.anti_join(listed, "subject_id"))["subject_id"]
    barred = pa.array(is_natural_person_code(found))
    registered = snapshot.backend.to_pyarrow(listed.filter(listed.subject_kind == person).select("subject_id"))
    if len(found) and registered.num_rows:
        key = _key_of(workspace, snapshot)
        named = pc.is_in(pseudonyms(found, key), value_set=registered["subject_id"].combine_chunks())
        barred = pc.or_(barred, named)
    return pa.table({"subject_id": found.cast(pa.string())}).filter(barred)


def _key_of(workspace: Workspace, snapshot: Snapshot) -> bytes:
    """The key that the lake's pseudonyms were made with; a new one would recognise nobody."""
    key = workspace.pseudonym_key() if workspace.key.exists() else b""
    if key_fingerprint(key) != snapshot.last["key_fingerprint"]:
        raise WorkspaceError(
            "the pseudonym key is not the one that the lake was made with",
            where="[paths] key",
            do="Put the key back: without it, persons that rows call organisations are not recognised.",
        )
    return key
