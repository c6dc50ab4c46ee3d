"""Disputes that stay open too long: counted from the book's entries, by item and department."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import ibis

from creditlab.inputs import Inputs
from creditlab.monitoring.findings import Evidence, Finding, Kind
from creditlab.monitoring.rules import Quarter
from creditlab.terms import MatterRule, RecordState

if TYPE_CHECKING:
    from datetime import date

    import ibis.expr.types as ir

DISPUTED_RECORDS = "disputed_records"


def disputes_open(look: Quarter) -> Iterator[Finding]:
    """Items and departments by their disputes that are older than the threshold, beside all that are open.

    It takes several of them, or a single one that nobody has decided for very long. One finding per item and provider
    of any edition: where nothing is disputed, nothing holds.
    """
    limits = look.thresholds[MatterRule.DISPUTE_OPEN]
    open_now = disputed_since(look.inputs, look.as_of)
    old, very_old = (
        open_now.since < look.as_of - timedelta(days=days)
        for days in (limits["days"], max(limits["days"], limits["longest"]))
    )
    counted = open_now.group_by("item_code", "department").agg(
        numerator=old.cast("int64").sum(), denominator=open_now.count(), very_old=very_old.any()
    )
    counts: dict[tuple[str, str], dict[str, Any]] = {
        (row["item_code"], row["department"]): row for row in counted.to_pyarrow().to_pylist()
    }
    providers = {
        (item.item_code, department)
        for edition in look.inputs.catalogue.editions
        for item in edition.items
        for department in item.departments
    }
    for item_code, department in sorted(providers | set(counts)):
        row = counts.get((item_code, department), {"numerator": 0, "denominator": 0, "very_old": False})
        holds = row["numerator"] >= limits["records"] or row["very_old"]
        period = look.period
        evidence = Evidence(DISPUTED_RECORDS, row["numerator"], row["denominator"], period.start, period.end)
        yield Finding(MatterRule.DISPUTE_OPEN, Kind.NONE, item_code, department, "", holds, evidence)


def disputed_since(inputs: Inputs, as_of: date) -> ir.Table:
    """One row per record that is disputed on a day: item_code, department, since.

    `since` is the first day of the dispute that is open now: a correction during it doesn't begin it anew, a dispute
    that was decided before is another one.
    """
    rows = inputs.entries.filter(inputs.entries.effective_on <= as_of)
    disputed = str(RecordState.DISPUTED)
    sign = rows.sign.cast("int64")
    standing = rows.group_by("key64", "item_code", "department").agg(
        standing=(sign * (rows.record_state == disputed).cast("int64")).sum()
    )
    standing = standing.filter(standing.standing > 0)
    # An entry that was cancelled on its own day never stood.
    own = rows.filter(rows.effective_on == rows.received_on).semi_join(standing, "key64")
    stood = own.group_by("key64", "received_on", "record_state").agg(sum=own.sign.cast("int64").sum())
    stood = stood.filter(stood.sum > 0)
    others = stood.filter(stood.record_state != disputed)
    last_other = others.group_by("key64").agg(until=others.received_on.max())
    found = stood.filter(stood.record_state == disputed).left_join(last_other, "key64")
    found = found.filter(found.until.isnull() | (found.received_on > found.until))
    since = found.group_by("key64").agg(since=found.received_on.min())
    named = standing.inner_join(since, "key64")
    return named.select("item_code", "department", since=ibis.coalesce(named.since, ibis.literal(as_of)))
