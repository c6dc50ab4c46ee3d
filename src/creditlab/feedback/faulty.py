"""Records of a period that stand with a fault, and what was delivered for each."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from creditlab.checks.names import SEPARATOR
from creditlab.ingest.known import newest_payload
from creditlab.inputs import Inputs
from creditlab.lake import Snapshot
from creditlab.lake.schemas import PAYLOAD
from creditlab.measures.mergers import after_mergers
from creditlab.measures.scope import Scope
from creditlab.periods import Period
from creditlab.terms import SubjectKind

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: What a cell of a workbook can't hold: longer texts, and two characters that XML has no place for.
CELL_LENGTH = 32_767
_NO_CELL = "[\ufffe\uffff]"
_ABOUT = (
    "item_code", "department", "sender", "region_code", "delivery_id", "row_no", "record_id", "record_state",
    "event_date",
)  # fmt: skip


def covers_persons(inputs: Inputs, code: ir.StringValue) -> ir.BooleanValue:
    """Whether records of an item may be about natural persons: nobody knows of items that no edition has."""
    return ~code.isin(sorted(inputs.catalogue.organisations_items))


def faulty_records(inputs: Inputs, period: Period, as_of: date) -> ir.Table:
    """Records of a period that stand with a fault on a day; those that validity counts as not valid.

    Returns
    -------
    ibis Table
        One row per record: item_code, department (the one that is responsible on the day), sender (the one under whose
        code it was delivered, and has to be corrected), region_code, delivery_id and row_no of the row that it stands
        by, record_id, record_state, event_date, `faults` (codes, joined by `SEPARATOR`), `is_person` (the item covers
        natural persons, or the record is about one).
    """
    senders = replace(inputs, entries=inputs.entries.mutate(sender=inputs.entries.department))
    rows = Scope(after_mergers(senders, as_of), period, as_of, ()).records
    rows = rows.filter(rows.faults.length() > 0).mutate(
        faults=rows.faults.join(SEPARATOR),
        is_person=covers_persons(inputs, rows.item_code)
        | (rows.subject_kind == str(SubjectKind.NATURAL_PERSON)).fill_null(False),
    )
    standing = rows.group_by("key64", *_ABOUT, "faults", "is_person").agg(held=rows.sign.cast("int64").sum())
    return standing.filter(standing.held > 0).drop("held", "key64")


def delivered_rows(snapshot: Snapshot, faulty: ir.Table, data_format: str) -> ir.Table | None:
    """What was delivered in one data format for faulty records, to be mended in place.

    Parameters
    ----------
    faulty
        As `faulty_records` returns them.

    Returns
    -------
    ibis Table or None
        The faulty records of the format, with `is_listed` (true where the content may not, or can't, be shown: natural
        persons, and texts that a workbook's cell can't hold) and, as `value_<field>`, the fields of the schema; null
        where blank. None where the lake has no such row.
    """
    payload = newest_payload(snapshot, data_format)
    fields = [name for name in payload.columns if name not in PAYLOAD.names]
    if not fields:
        return None
    kind = payload.judged_kind.fill_null("") == str(SubjectKind.NATURAL_PERSON)
    misfits = [(payload[name].length() > CELL_LENGTH) | payload[name].re_search(_NO_CELL) for name in fields]
    content = payload.select(
        "delivery_id",
        "row_no",
        is_unfit=reduce(or_, (one.fill_null(False) for one in misfits)),
        is_about_person=kind,
        **{f"value_{name}": payload[name] for name in fields},
    )
    found = faulty.inner_join(content, ["delivery_id", "row_no"])
    return found.mutate(is_listed=found.is_person | found.is_about_person | found.is_unfit).drop(
        "is_unfit", "is_about_person"
    )
