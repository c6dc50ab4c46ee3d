"""Profiles: one row per subject and item, from the evidence of a day."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import ibis

from creditlab.profiles.evidence import ORGANISATIONS
from creditlab.terms import RecordState

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: The columns of a profile, in order.
PROFILE = (
    "subject_id",
    "subject_kind",
    "region_code",
    "item_code",
    "record_count",
    "normal_count",
    "disputed_count",
    "repaired_count",
    "withdrawn_count",
    "counted_count",
    "published_count",
    "fault_count",
    "first_event_on",
    "last_event_on",
    "newest_received_on",
    "amount",
    "next_end_on",
    "as_of",
    "run_no",
)
#: What of EVIDENCE a profile is made from.
OF_EVIDENCE = (
    "subject_id",
    "subject_kind",
    "item_code",
    "event_date",
    "received_on",
    "amount",
    "record_state",
    "faults",
    "published_until",
    "is_published",
    "left_out",
)
_STATES = (RecordState.NORMAL, RecordState.DISPUTED, RecordState.REPAIRED, RecordState.WITHDRAWN)


def profile(evidence: ir.Table, subjects: ir.Table, as_of: date, run_no: int) -> ir.Table:
    """Sum evidence up by subject and item.

    Parameters
    ----------
    evidence
        One row per record of an organisation, with the columns OF_EVIDENCE at least.
    subjects
        The subject register: where a subject is registered.
    as_of, run_no
        The day and the run that the evidence is of.

    Returns
    -------
    ibis Table
        PROFILE, one row per subject and item with a record. `record_count` counts withdrawn records too, and is the sum
        of the four counts by state. `counted_count` are the records that nothing leaves out, `fault_count` those with a
        fault, of any state. Events, receipts and `amount` (the sum over records that count; null where none has one)
        say nothing of withdrawn records. `next_end_on` is the first day on which one that is published now is not any
        more; null where none ends. `region_code` is where the subject is registered; null for one that is not.
    """
    rows = evidence
    is_held = rows.record_state != str(RecordState.WITHDRAWN)
    is_counted = rows.left_out.isnull()
    # A place in a list is lighter than a text, and there are nearly as many groups as records.
    kinds = [str(one) for one in ORGANISATIONS]
    place = ibis.cases(*((rows.subject_kind == kind, number) for number, kind in enumerate(kinds)))
    found = rows.group_by("subject_id", "item_code").agg(
        # One that is not in the register may be called by several kinds; in the register it has one.
        place=place.min(),
        record_count=rows.count(),
        **{f"{state}_count": rows.count(where=rows.record_state == str(state)) for state in _STATES},
        counted_count=rows.count(where=is_counted),
        published_count=rows.count(where=rows.is_published),
        fault_count=rows.count(where=rows.faults.length() > 0),
        first_event_on=rows.event_date.min(where=is_held),
        last_event_on=rows.event_date.max(where=is_held),
        newest_received_on=rows.received_on.max(where=is_held),
        amount=rows.amount.sum(where=is_counted),
        next_end_on=rows.published_until.min(where=rows.is_published),
    )
    found = found.mutate(subject_kind=ibis.cases(*((found.place == number, kind) for number, kind in enumerate(kinds))))
    registered = subjects.select("subject_id", "region_code")
    found = found.left_join(registered, "subject_id").drop("subject_id_right")
    return found.mutate(as_of=ibis.literal(as_of), run_no=ibis.literal(run_no, "int64")).select(*PROFILE)
