"""Read what evidence is made from: the lake as known at a run, the rules, and who is a natural person after all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.catalogue.edition import Catalogue
from creditlab.errors import WorkspaceError
from creditlab.identifiers import is_natural_person_code, key_fingerprint, pseudonyms
from creditlab.inputs import Inputs
from creditlab.lake.reading import Snapshot, take_inputs, take_snapshot
from creditlab.lake.schemas import TABLES
from creditlab.measures.mergers import after_mergers
from creditlab.profiles import EVIDENCE, ROW, Known, PublicationRules, evidence, read_rules
from creditlab.profiles.evidence import RECORD
from creditlab.terms import Role, SubjectKind
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from creditlab.access import Asking

_PERSON = str(SubjectKind.NATURAL_PERSON)
#: What of an entry is read where it is looked up: what evidence is made from.
_OF_ENTRIES = ("sign", "effective_on", *RECORD)
#: What of a row is in the record already, or names its subject.
_OF_EVERY_RECORD = (
    Role.RECORD_ID, Role.SUBJECT_ID, Role.SUBJECT_NAME, Role.SUBJECT_KIND, Role.EVENT_DATE, Role.VALID_UNTIL,
    Role.AMOUNT,
)  # fmt: skip
#: So many values stand in a question itself, where the files' statistics help to answer it.
_FEW = 500
_OUTCOME = pa.schema([("delivery_id", pa.string()), ("row_no", pa.int64()), ("outcome", pa.string())])
_SAID = pa.schema([("delivery_id", pa.string()), ("row_no", pa.int64()), ("text", pa.string())])


@dataclass(frozen=True)
class Held:
    """What is held about organisations, as known at a run and looked at on a day.

    Attributes
    ----------
    snapshot, inputs
        The lake, the catalogue and the calendar; departments that were merged by the day are one. Where some subjects
        were asked for, entries and register are theirs, entries with what evidence is made from, and the other tables
        are empty: they are not opened.
    rules
        The rules of publication.
    known
        What evidence is made with.
    persons
        Identifiers that were asked about, or that rows call organisations, and that belong to natural persons.
    said
        What the rows said that the records stand by, see `rows_said`, beside what every record has; of some subjects
        only.
    """

    snapshot: Snapshot
    inputs: Inputs
    rules: PublicationRules
    as_of: date
    known: Known
    persons: pa.Array
    said: Mapping[str, pa.Table] = field(default_factory=dict)

    @property
    def run_no(self) -> int:
        """The run that all this is known at."""
        return int(self.inputs.run_no)

    def evidence(self, columns: Collection[str] = EVIDENCE) -> ir.Table:
        """One row per record of an organisation, see `profiles.evidence`."""
        return evidence(self.inputs.entries, self.as_of, self.known, columns)


def hold(
    workspace: Workspace,
    backend: Backend,
    as_of: date,
    run_no: int | None = None,
    formats: Collection[str] | None = None,
    items: Collection[str] | None = None,
) -> Held:
    """Take hold of what the lake knows about all organisations.

    Parameters
    ----------
    as_of
        The day whose state is looked at; what has not come by then is not there.
    run_no
        The run to read; None for the newest.
    formats
        The record schemas whose outcomes are wanted; None for all that the rules know. Those on which publication
        hangs are looked at in any case.
    items
        The items whose entries are wanted; None for all. Of the others nothing is read.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet.
    ParameterError
        If no rules of publication were in force on the day.
    WorkspaceError
        If the rules of publication can't be used, or the key is missing by which natural persons are recognised.
    """
    rules = read_rules(workspace.publication)
    rules.on(as_of)
    snapshot, inputs = take_inputs(workspace, backend, run_no)
    if items is not None:
        rows = inputs.entries
        inputs = replace(inputs, entries=rows.filter(rows.item_code.isin(list(items))))
    rows = inputs.entries
    called = rows.filter(rows.subject_kind.fill_null("") != _PERSON).select("subject_id", "subject_kind").distinct()
    listed = inputs.subjects.select("subject_id", listed_kind="subject_kind", is_listed=True)
    joined = called.left_join(listed, "subject_id").drop("subject_id_right")
    # Nearly all rows call their subject as the register does, so what differs is little.
    differing = backend.to_pyarrow(joined.filter(~joined.subject_kind.identical_to(joined.listed_kind)))
    unlisted = differing.filter(pc.is_null(differing["is_listed"]))["subject_id"].unique()
    renamed = differing.filter(pc.is_valid(differing["is_listed"])).select(["subject_id", "listed_kind"])
    persons = persons_among(workspace, snapshot, unlisted)
    inputs = after_mergers(inputs, as_of)
    known = Known(
        inputs.catalogue,
        rules,
        ibis.memtable(renamed.group_by(["subject_id", "listed_kind"]).aggregate([])),
        outcomes_of(snapshot, rules, formats=formats),
        _column(persons),
    )
    return Held(snapshot, inputs, rules, as_of, known, persons)


def hold_some(
    workspace: Workspace,
    backend: Backend,
    as_of: date,
    subjects: pa.Array,
    run_no: int | None = None,
    *,
    asking: Asking,
) -> Held:
    """As `hold`, of some subjects only: what can't be about them is not read.

    Parameters
    ----------
    subjects
        Their identifiers, folded; those of natural persons are looked at as if there were nothing.
    asking
        What they are looked up for: noted in the access log before anything about them is read.

    Raises
    ------
    AccessLogError
        If it can't be noted.
    """
    rules = read_rules(workspace.publication)
    rules.on(as_of)
    snapshot, catalogue = take_snapshot(workspace, backend, run_no)
    persons = persons_among(workspace, snapshot, subjects)
    asking.note(workspace, as_held(workspace, snapshot, subjects, persons), snapshot.run_no)
    some = subjects.filter(pc.invert(pc.is_in(subjects, value_set=persons)))
    # Few rows are asked several things, and they find what was said in them.
    taken, registered = TABLES["records"].empty_table().select(_OF_ENTRIES), TABLES["subjects"].empty_table()
    rows = snapshot.entries(subject_id=some[0].as_py()) if len(some) == 1 else snapshot.table("records")
    if rows is not None and len(some):
        taken = backend.to_pyarrow(_among(rows, "subject_id", some).select(_OF_ENTRIES))
    if len(some):
        registered = backend.to_pyarrow(_among(snapshot.subjects(), "subject_id", some))
    quarantine, deliveries, ledger = (
        ibis.memtable(TABLES[name].empty_table()) for name in ("quarantine", "deliveries", "ledger")
    )
    calendar = workspace.working_days()
    whole = Inputs(
        ibis.memtable(taken), quarantine, deliveries, ibis.memtable(registered), ledger, catalogue, calendar,
        snapshot.run_no,
    )  # fmt: skip
    inputs = after_mergers(whole, as_of)
    decisive = {one.field for one in rules.outcomes.values()}
    said = rows_said(snapshot, inputs.catalogue, taken, without=_OF_EVERY_RECORD, but=decisive)
    kinds = inputs.subjects.select("subject_id", listed_kind="subject_kind")
    known = Known(inputs.catalogue, rules, kinds, ibis.memtable(_outcomes_in(said, rules)))
    return Held(snapshot, inputs, rules, as_of, known, persons, said)


def rows_said(
    snapshot: Snapshot,
    catalogue: Catalogue,
    entries: pa.Table,
    *,
    without: Collection[Role] = (),
    but: Collection[str] = (),
) -> dict[str, pa.Table]:
    """What the payload rows said that some entries stand by, by record schema.

    Parameters
    ----------
    without
        Fields of these parts are not read: numbers and names, each its own, are most of what reading costs.
    but
        Fields that are read in any case.

    Returns
    -------
    dict of pyarrow.Table
        delivery_id, row_no and the fields of the schema, as far as the rows' deliveries had them; one row per payload
        row.
    """
    found = {}
    for name, items in _formats_of(catalogue, entries["item_code"].unique().to_pylist()).items():
        places = entries.filter(pc.is_in(entries["item_code"], pa.array(items))).select(["key64", *ROW])
        keys = places["key64"].unique()
        rows = snapshot.payload(name, keys)
        fields = [one for one in _field_names(catalogue, name, without, but) if one in rows.columns]
        some = _among(rows.select("key64", *ROW, *fields), "key64", keys)
        # A record's other rows are few; those that it no longer stands by say nothing.
        found[name] = snapshot.backend.to_pyarrow(some).join(places, ["key64", *ROW], join_type="left semi")
    return found


def _formats_of(catalogue: Catalogue, items: list[str]) -> dict[str, list[str]]:
    """The record schemas that some items have, or had in an earlier edition, each with its items."""
    found: dict[str, list[str]] = {}
    for edition in catalogue.editions:
        for item in items:
            if item in edition.item:
                found.setdefault(edition.item[item].data_format, []).append(item)
    return found


def _field_names(catalogue: Catalogue, data_format: str, without: Collection[Role], but: Collection[str]) -> list[str]:
    found = [edition.format[data_format].fields for edition in catalogue.editions if data_format in edition.format]
    fields = [one for fields in reversed(found) for one in fields if one.role not in without or one.name in but]
    return list(dict.fromkeys(one.name for one in fields))


def _outcomes_in(said: Mapping[str, pa.Table], rules: PublicationRules) -> pa.Table:
    parts = [_OUTCOME.empty_table()]
    for name, table in said.items():
        decisive = rules.outcomes[name].field if name in rules.outcomes else ""
        if decisive in table.column_names:
            parts.append(pa.table([table[one] for one in (*ROW, decisive)], names=_OUTCOME.names).cast(_OUTCOME))
    return pa.concat_tables(parts)


def outcomes_of(snapshot: Snapshot, rules: PublicationRules, formats: Collection[str] | None = None) -> ir.Table:
    """What rows said beyond their item: one row per payload row of the formats that the rules know, if it said any.

    Parameters
    ----------
    formats
        The record schemas that are wanted beside those on which publication hangs; None for all.

    Returns
    -------
    ibis Table
        delivery_id, row_no, outcome.
    """
    fields = {
        data_format: outcomes.field
        for data_format, outcomes in rules.outcomes.items()
        if formats is None or data_format in formats or outcomes.decides
    }
    return field_said(snapshot, fields).rename(outcome="text")


def field_said(snapshot: Snapshot, fields: Mapping[str, str]) -> ir.Table:
    """What rows said in one field: one row per payload row of some record schemas, if it said any.

    Parameters
    ----------
    fields
        The field of each record schema.

    Returns
    -------
    ibis Table
        delivery_id, row_no, text.
    """
    parts = [ibis.memtable(_SAID.empty_table())]
    for data_format in snapshot.lake.payload_formats():
        rows = snapshot.payload(data_format)
        field = fields.get(data_format)
        if field is not None and field in rows.columns:
            said = rows.filter(rows[field].notnull())
            parts.append(said.select(*ROW, text=said[field]))
    return ibis.union(*parts) if len(parts) > 1 else parts[0]


def persons_among(workspace: Workspace, snapshot: Snapshot, identifiers: pa.Array) -> pa.Array:
    """Those of some folded identifiers that belong to natural persons, whatever rows call them (Article 4).

    The register lists a person under a pseudonym, so an identifier is tried under its own: a row that calls a
    registered person an organisation would else make one of it.

    Raises
    ------
    WorkspaceError
        If the key of pseudonyms is not there, or is not the one that the lake was made with.
    """
    is_person = is_natural_person_code(identifiers)
    if len(identifiers):
        named, listed = pseudonyms(identifiers, _key_of(workspace, snapshot)), snapshot.subjects()
        registered = _among(listed.filter(listed.subject_kind == _PERSON), "subject_id", named)
        there = snapshot.backend.to_pyarrow(registered.select("subject_id"))["subject_id"]
        is_person |= pc.is_in(named, value_set=there.combine_chunks()).to_numpy(zero_copy_only=False)
    return identifiers.filter(pa.array(is_person))


def as_held(workspace: Workspace, snapshot: Snapshot, identifiers: pa.Array, persons: pa.Array) -> pa.Array:
    """Some folded identifiers as the lake has them: those of persons under their pseudonyms."""
    if not len(persons):
        return identifiers
    named = pseudonyms(identifiers, _key_of(workspace, snapshot))
    return pc.if_else(pc.is_in(identifiers, value_set=persons), named, identifiers)


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


def _among(rows: ir.Table, column: str, values: pa.Array) -> ir.Table:
    """Rows with one of some values: a few are looked for in the files, many are joined."""
    if len(values) <= _FEW:
        return rows.filter(rows[column].isin(values.to_pylist())) if len(values) else rows.filter(ibis.literal(False))
    return rows.semi_join(ibis.memtable(pa.table({column: values})), column)


def _column(identifiers: pa.Array) -> ir.Table:
    return ibis.memtable(pa.table({"subject_id": identifiers.cast(pa.string())}))
