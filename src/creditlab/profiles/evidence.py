"""Evidence: what is held about organisations on a day, one row per record, with what may be done with it.

Everything that says how a subject stands (profiles, the list of bidders, assessment) begins here, so that a natural
person, a withdrawn record or one whose publication is over is left out in one place (Article 4).
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from creditlab.catalogue.edition import Catalogue
from creditlab.errors import InternalError
from creditlab.identifiers import PSEUDONYM_PREFIX, SOLE_TRADER_PREFIX
from creditlab.profiles.publication import ENDED, PublicationRules
from creditlab.terms import LeftOut, Nature, PublicationClass, PublicationMethod, RecordState, SubjectKind

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: Whom profiles and assessments may be about; natural persons never (Article 4).
ORGANISATIONS = (SubjectKind.LEGAL_PERSON, SubjectKind.UNINCORPORATED_ORGANISATION, SubjectKind.GOVERNMENT_BODY)
#: What evidence takes from a record as it stands.
RECORD = (
    "subject_id", "subject_kind", "item_code", "department", "region_code", "record_id", "key64", "event_date",
    "valid_until", "amount", "record_state", "faults", "first_received_on", "received_on", "lag", "name64",
    "delivery_id", "row_no",
)  # fmt: skip
#: What the rules of publication say of it.
RULED = (
    "outcome", "nature", "publication_class", "repairable_from", "published_until", "is_published", "left_out",
)  # fmt: skip
EVIDENCE = (*RECORD, *RULED)
_NEEDED = ("subject_id", "subject_kind", "item_code", "event_date", "record_state", "faults", "received_on")
#: What finds the payload row that a record stands by.
ROW = ("delivery_id", "row_no")
_OUTCOME = "outcome"


@dataclass(frozen=True)
class Known:
    """What is known besides the entries.

    Attributes
    ----------
    catalogue
        The published editions.
    rules
        The rules of publication.
    kinds
        What the register calls subjects (subject_id, listed_kind), of those at least that some row calls otherwise: its
        word holds.
    outcomes
        One row per payload row: delivery_id, row_no, outcome; None where outcomes are not looked at.
    persons
        Identifiers (column subject_id) that belong to natural persons though rows call them something else; None where
        there are none.
    """

    catalogue: Catalogue
    rules: PublicationRules
    kinds: ir.Table
    outcomes: ir.Table | None = None
    persons: ir.Table | None = None


def standing(entries: ir.Table, as_of: date, columns: Collection[str]) -> ir.Table:
    """The records as they stood on a day: one row per record, the columns named of it.

    Only keys of which something was ever taken back are added up; of all others each entry stands.

    Parameters
    ----------
    entries
        The signed entries of the book, as known at a run.
    as_of
        What took effect after this day is not there yet.
    columns
        Columns of the entries, key64 among them.
    """
    if "key64" not in columns:
        raise InternalError("the state of a record is found by its key")
    rows = entries.filter(entries.effective_on <= as_of)
    changed = rows.filter(rows.sign < 0).select("key64").distinct()
    alone = rows.anti_join(changed, "key64").select(*columns)
    # Of one record one entry stands or none, so what is left of any of its columns is left of the record.
    again = rows.semi_join(changed, "key64")
    left = again.group_by(*columns).agg(held=again.sign.cast("int64").sum())
    return alone.union(left.filter(left.held > 0).select(*columns))


def evidence(entries: ir.Table, as_of: date, known: Known, columns: Collection[str] = EVIDENCE) -> ir.Table:
    """What is held about organisations on a day.

    Parameters
    ----------
    entries
        The signed entries of the book, as known at a run.
    as_of
        The day whose state is looked at; it also decides which rules of publication are in force.
    known
        Catalogue, rules, register, outcomes.
    columns
        Which of EVIDENCE are wanted: what nobody asks for is not read.

    Returns
    -------
    ibis Table
        One row per record of an organisation, withdrawn ones included. `subject_kind` is the register's, and the row's
        for a subject that is not in it; a row without a kind whose subject is not in it is no evidence about anyone.
        `published_until` is the first day on which a record is not published, shared or used any more; null where there
        is no end. `repairable_from` is the first day on which repair may be asked for; null for what is not adverse.
        `is_published` says whether it may be shown to everybody on the day. `left_out` says why it does not count
        (`LeftOut`, the first reason that holds); null where it does.

    Raises
    ------
    ParameterError
        If no rules of publication were in force on the day.

    Notes
    -----
    Natural persons never come out: by the row's kind, by a pseudonym in the identifier's place, by an identifier that
    starts with 92, by the register, by `known.persons` (Article 4).
    """
    wanted = [name for name in EVIDENCE if name in columns]
    needed = dict.fromkeys([*_NEEDED, "key64", *(name for name in wanted if name in RECORD)])
    if known.outcomes is not None:
        needed |= dict.fromkeys(ROW)
    rows = _organisations(standing(entries, as_of, list(needed)), known)
    if known.outcomes is None:
        rows = rows.mutate(outcome=ibis.null("string"))
    else:
        rows = rows.left_join(known.outcomes.select(*ROW, _OUTCOME), list(ROW))
        rows = rows.drop("delivery_id_right", "row_no_right")
    return _ruled(rows, as_of, known).select(*wanted)


def _organisations(rows: ir.Table, known: Known) -> ir.Table:
    """Rows whose subject is an organisation by every sign there is; its kind is the register's, if that has it."""
    kinds = [str(one) for one in ORGANISATIONS]
    person = str(SubjectKind.NATURAL_PERSON)
    rows = rows.filter(
        rows.subject_kind.fill_null("") != person,
        ~rows.subject_id.startswith(SOLE_TRADER_PREFIX),
        ~rows.subject_id.contains(PSEUDONYM_PREFIX),
    )
    if known.persons is not None:
        rows = rows.anti_join(known.persons, "subject_id")
    rows = rows.left_join(known.kinds, "subject_id").drop("subject_id_right")
    rows = rows.mutate(subject_kind=rows.listed_kind.fill_null(rows.subject_kind)).drop("listed_kind")
    return rows.filter(rows.subject_kind.isin(kinds))


def _ruled(rows: ir.Table, as_of: date, known: Known) -> ir.Table:
    """Rows with what the catalogue and the rules of publication say of them."""
    rules, current = known.rules, known.rules.on(as_of)
    years = sorted(edition.year for edition in known.catalogue.editions)
    cases = [(rows.event_date.year() < year, before) for before, year in itertools.pairwise(years)]
    edition_year = ibis.cases(*cases, else_=years[-1]) if cases else ibis.literal(years[-1])
    rows = rows.mutate(edition_year=edition_year.cast("int32"))
    rows = rows.left_join(_said(known), ["edition_year", "item_code"]).drop("edition_year_right", "item_code_right")
    rows = rows.mutate(publication_class=_class(rows, rules))
    spans = current.spans
    least = ibis.cases(*((rows.publication_class == str(one), spans[one].least) for one in PublicationClass))
    most = ibis.cases(*((rows.publication_class == str(one), spans[one].most) for one in PublicationClass))
    if current.longer_items:
        is_longer = rows.item_code.isin(current.longer_items) & least.notnull()
        least = ibis.ifelse(is_longer & (least < current.longer_least), current.longer_least, least)
    said = rows.publication_months
    most = ibis.ifelse(said.isnull() | (most < said), most.fill_null(said), said)
    rows = rows.mutate(least_months=least.cast("int32"), most_months=most.cast("int32"))
    months = {item.publication_months for edition in known.catalogue.editions for item in edition.items}
    ends = {one.most for one in spans.values()} | {one for one in months if one is not None}
    begins = {one.least for one in spans.values()} | {current.longer_least}
    is_known = rows.event_date <= as_of
    rows = rows.mutate(
        published_until=_until(
            ibis.ifelse(is_known, _later(rows.event_date, rows.most_months, ends), None), rows, rules
        ),
        repairable_from=ibis.ifelse(is_known, _later(rows.event_date, rows.least_months, begins), None),
    )
    rows = rows.mutate(left_out=_left_out(rows, as_of))
    is_shown = rows.publication_method == str(PublicationMethod.WEBSITE)
    return rows.mutate(is_published=is_shown.fill_null(False) & rows.left_out.isnull())


def _said(known: Known) -> ir.Table:
    """What each edition says of each item: one row per edition_year and item_code."""
    catalogue, rows = known.catalogue, []
    for edition in catalogue.editions:
        for code in catalogue.item_codes:
            item = catalogue.item_in(edition, code)
            if item is not None:
                rows.append(
                    {
                        "edition_year": edition.year,
                        "item_code": code,
                        "data_format": item.data_format,
                        "nature": str(item.nature),
                        "publication_method": str(item.publication_method),
                        "publication_months": item.publication_months,
                    }
                )
    text = pa.string()
    schema = pa.schema(
        [("edition_year", pa.int32()), ("item_code", text), ("data_format", text), ("nature", text),
         ("publication_method", text), ("publication_months", pa.int32())]
    )  # fmt: skip
    return ibis.memtable(pa.Table.from_pylist(rows, schema=schema))


def _class(rows: ir.Table, rules: PublicationRules) -> ir.StringValue:
    """The class of adverse records; null for what is not adverse."""
    is_adverse = rows.nature.isin([str(Nature.NEGATIVE), str(Nature.SERIOUS)])
    cases = [(~is_adverse | rows.nature.isnull(), ibis.null("string"))]
    for name, outcomes in rules.outcomes.items():
        for one in PublicationClass:
            if values := outcomes.values(one):
                cases.append(((rows.data_format == name) & rows.outcome.isin(values), ibis.literal(str(one))))
    cases += [(rows.nature == str(nature), ibis.literal(str(one))) for nature, one in rules.by_nature.items()]
    return ibis.cases(*cases)


def _until(end: ir.DateValue, rows: ir.Table, rules: PublicationRules) -> ir.DateValue:
    """The end of publication, or the day on which it was received that the subject has left the list."""
    is_ended = ibis.literal(False)
    for name, outcomes in rules.outcomes.items():
        if values := outcomes.values(ENDED):
            is_ended |= (rows.data_format == name) & rows.outcome.isin(values)
    left = is_ended.fill_null(False) & (end.isnull() | (rows.received_on < end))
    return ibis.ifelse(left, rows.received_on, end)


def _later(day: ir.DateValue, months: ir.IntegerValue, possible: Collection[int]) -> ir.DateValue:
    """A day so many months later, the month's last where it has no such day; null where there are none."""
    cases = [(months == one, (day + ibis.interval(months=one)).cast("timestamp").cast("date")) for one in possible]
    return ibis.cases(*cases)


def _left_out(rows: ir.Table, as_of: date) -> ir.StringValue:
    """The first reason why a record does not count: what it is not, then what became of it, then its time."""

    def has(fault: str) -> ir.BooleanValue:
        # Most records have none, and a list is dear to search.
        return (rows.faults.length() > 0) & rows.faults.contains(fault)

    return ibis.cases(
        (rows.record_state == str(RecordState.WITHDRAWN), str(LeftOut.WITHDRAWN)),
        (has("date_order") | (rows.event_date > as_of), str(LeftOut.DATE_ORDER)),
        (has("check_digit:subject_id"), str(LeftOut.CHECK_DIGIT)),
        (has("out_of_scope"), str(LeftOut.OUT_OF_SCOPE)),
        (has("duplicate_key"), str(LeftOut.DUPLICATE_KEY)),
        (rows.record_state == str(RecordState.REPAIRED), str(LeftOut.REPAIRED)),
        (rows.record_state == str(RecordState.DISPUTED), str(LeftOut.DISPUTED)),
        (rows.published_until <= as_of, str(LeftOut.PUBLICATION_ENDED)),
    )
