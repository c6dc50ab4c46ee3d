"""What is in quarantine, and which of its rows a later delivery has mended.

A quarantined row is never touched again; whether it was mended is asked of what came later. "Later" is the order in
which rows count: by the delivery's time, then its manifest row. The rule, in this order:

1. The row's content is kept and names a record number. Then its key is known (item, department, record number), and
   the answer is exact: *mended*, if a row of a later delivery under that key was taken, as a record or as the
   repetition of one; otherwise *open*.
2. The row stands for a file that couldn't be read. *Mended*, if a later delivery of the same item, department and
   unit under the same path, or for the same period, could be read and held rows.
3. Otherwise nothing says which record the row was to become: its content is not kept, because the item covers natural
   persons (Article 4), or it names no number. Then only deliveries can be compared. *Open*, if no later delivery of the
   item by the department had any row taken: nothing can have mended it. *Mended*, if a later delivery of the same
   item, department and unit under the same path, or for the same period, has at least as many rows and none of them in
   quarantine: what was sent has been sent again, and all of it was taken. In all other cases *unknown*: later rows
   came, and nobody can say whether the row was among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.catalogue import Catalogue, read_sealed
from creditlab.identifiers import fold_identifier
from creditlab.lake import Lake, Snapshot
from creditlab.terms import QuarantineReason, Role

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from creditlab.periods import Period
    from creditlab.workspace import Workspace


class QuarantineGroup(StrEnum):
    """What quarantined rows can be counted by."""

    REASON = "reason"
    ITEM = "item_code"
    DEPARTMENT = "department"
    DELIVERY = "delivery"
    ROW = "row"


class Mending(StrEnum):
    """What became of a quarantined row."""

    MENDED = "mended"
    OPEN = "open"
    UNKNOWN = "unknown"


_COLUMNS = {
    QuarantineGroup.REASON: ("reason",),
    QuarantineGroup.ITEM: ("item_code",),
    QuarantineGroup.DEPARTMENT: ("department",),
    QuarantineGroup.DELIVERY: ("item_code", "department", "region_code", "delivered_at", "path"),
    QuarantineGroup.ROW: ("item_code", "department", "region_code", "delivered_at", "path", "row_no"),
}
_SENDER = ("item_code", "department", "region_code")


def count_quarantine(
    workspace: Workspace,
    backend: Backend,
    by: Sequence[QuarantineGroup],
    period: Period | None = None,
) -> pa.Table:
    """Quarantined rows, counted, with what became of them; the largest group first.

    Parameters
    ----------
    workspace
        Whose quarantine.
    backend
        An engine.
    by
        What to count by; all rows together if empty.
    period
        Only rows received in it; all if None. What came later than the period may still have mended them.

    Returns
    -------
    pyarrow.Table
        One row per group: its columns, `rows`, and of these `mended`, `open` and `unknown`. `path` is empty for a
        delivery without a file, `row_no` is 0 where a whole file stands for one row.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet.
    SealError
        If a published edition was edited: its fields can't be trusted to say which one is the record number.
    """
    catalogue = read_sealed(workspace.catalogue)
    snapshot = Snapshot.take(Lake(workspace.lake), backend)
    rows = judged_quarantine(snapshot, catalogue, workspace.blanks)
    if period is not None:
        rows = rows.filter((rows.received_on >= period.start) & (rows.received_on < period.end))
    columns = list(dict.fromkeys(column for group in by for column in _COLUMNS[group]))
    counts = {"rows": rows.count()} | {str(one): (rows.mending == str(one)).sum() for one in Mending}
    counted = rows.group_by(columns).aggregate(**counts) if columns else rows.aggregate(**counts)
    counted = counted.filter(counted.rows > 0)
    return backend.to_pyarrow(counted.order_by([ibis.desc("rows"), *columns]))


def judged_quarantine(snapshot: Snapshot, catalogue: Catalogue, blanks: tuple[str, ...]) -> ir.Table:
    """Every quarantined row without its content, with its delivery and what became of it.

    Returns
    -------
    ibis table
        One row per quarantined row: delivery_id, row_no, item_code, department, region_code, received_on, reason,
        path, period, delivered_at, mending.
    """
    backend = snapshot.backend
    deliveries = snapshot.deliveries()
    taken = deliveries.accepted + deliveries.corrected + deliveries.withdrawn + deliveries.repeated
    order = ibis.window(order_by=["delivered_at", "manifest_row", "delivery_id"])
    deliveries = backend.create_table(
        "quarantine_deliveries",
        deliveries.select(
            "delivery_id", *_SENDER, "delivered_at", "delivered", "quarantined",
            path=deliveries.path.nullif(""), period=deliveries.period.nullif(""), taken=taken,
            place=ibis.row_number().over(order),
        ),
    )  # fmt: skip
    rows = snapshot.table("quarantine")
    numbered = ibis.memtable(_record_numbers(backend.to_pyarrow(_raw_numbers(rows, catalogue)), blanks))
    about = deliveries.select("delivery_id", "path", "period", "delivered_at", "place", "delivered")
    kept = rows.select("delivery_id", "row_no", *_SENDER, "received_on", "reason")
    kept = kept.join(about, "delivery_id").left_join(numbered, ["delivery_id", "row_no"])
    kept = backend.create_table("quarantine_rows", kept.drop("delivery_id_right", "row_no_right"))
    last_taken = _last_taken(snapshot, kept, deliveries)
    sent_again = _sent_again(kept, deliveries, rows)
    senders = deliveries.filter(deliveries.taken > 0)
    senders = senders.group_by("item_code", "department").agg(last_of_sender=senders.place.max())
    found = (
        kept.left_join(last_taken, ["item_code", "department", "number"], rname="r1_{name}")
        .left_join(sent_again, "delivery_id", rname="r2_{name}")
        .left_join(senders, ["item_code", "department"], rname="r3_{name}")
    )
    mended, is_open, unknown = (ibis.literal(str(one)) for one in (Mending.MENDED, Mending.OPEN, Mending.UNKNOWN))
    is_later = (found.last_taken > found.place).fill_null(False)
    is_file = found.reason == str(QuarantineReason.UNREADABLE_FILE)
    mending = ibis.cases(
        (found.number.notnull(), ibis.ifelse(is_later, mended, is_open)),
        (is_file & found.is_read.fill_null(False), mended),
        ((found.last_of_sender <= found.place).fill_null(True), is_open),
        (found.is_replaced.fill_null(False), mended),
        else_=unknown,
    )
    return found.select(
        "delivery_id", "row_no", *_SENDER, "received_on", "reason", "period", "delivered_at",
        path=found.path.fill_null(""), mending=mending,
    )  # fmt: skip


def _raw_numbers(rows: ir.Table, catalogue: Catalogue) -> ir.Table:
    """The record number that a row's kept content names, as it was written."""
    content = rows.content.cast("json")
    named: dict[tuple[str, ...], list[str]] = {}
    for code in sorted({code for edition in catalogue.editions for code in edition.item}):
        named.setdefault(_number_fields(catalogue, code), []).append(code)
    cases = [
        (rows.item_code.isin(codes), ibis.coalesce(*(content[name].str for name in names)))
        for names, codes in named.items()
    ]
    return rows.filter(rows.content.notnull()).select("delivery_id", "row_no", number=ibis.cases(*cases, else_=None))


def _number_fields(catalogue: Catalogue, item_code: str) -> tuple[str, ...]:
    """What editions call an item's record number, the newest first."""
    newest_first = sorted(catalogue.editions, key=lambda one: -one.year)
    formats = [one.format_of(one.item[item_code]) for one in newest_first if item_code in one.item]
    return tuple(dict.fromkeys(name for one in formats if (name := one.name_of(Role.RECORD_ID))))


def _record_numbers(rows: pa.Table, blanks: tuple[str, ...]) -> pa.Table:
    """Record numbers as records have them; null where there is none."""
    folded = fold_identifier(rows["number"].cast(pa.string()))
    is_none = pc.is_in(folded, value_set=pa.array(["", *blanks]))
    numbers = pc.if_else(is_none, pa.scalar(None, pa.string()), folded)
    return rows.set_column(rows.column_names.index("number"), "number", numbers)


def _last_taken(snapshot: Snapshot, kept: ir.Table, deliveries: ir.Table) -> ir.Table:
    """The last delivery, by its place in the order, that had a row of a quarantined row's key taken."""
    key = ["item_code", "department"]
    records = snapshot.table("records")
    numbers = kept.filter(kept.number.notnull()).select(*key, "number").distinct()
    keys = records.select(*key, "key64", number="record_id").distinct().semi_join(numbers, [*key, "number"])
    keys = snapshot.backend.create_table("quarantine_keys", keys)
    parts = [
        snapshot.payload(name).select("key64", "delivery_id").semi_join(keys, "key64").distinct()
        for name in snapshot.lake.payload_formats()
    ]
    if not parts:
        return keys.select(*key, "number", last_taken=ibis.null("int64"))
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
    rows = rows.join(keys, "key64").join(deliveries.select("delivery_id", "place"), "delivery_id")
    return rows.group_by(*key, "number").agg(last_taken=rows.place.max())


def _sent_again(kept: ir.Table, deliveries: ir.Table, rows: ir.Table) -> ir.Table:
    """For each delivery with quarantined rows: whether it was sent again, to be read at all, or to be taken whole."""
    old = kept.select("delivery_id", *_SENDER, "path", "period", "place", "delivered").distinct()
    unread = rows.filter(rows.reason == str(QuarantineReason.UNREADABLE_FILE)).select("delivery_id").distinct()
    is_read = deliveries.anti_join(unread, "delivery_id")
    later = is_read.filter(is_read.delivered > 0).select(
        *_SENDER, new_path="path", new_period="period", new_place="place", new_delivered="delivered",
        left_out="quarantined",
    )  # fmt: skip
    both = old.join(later, list(_SENDER))
    both = both.filter(
        (both.new_place > both.place)
        & ((both.new_path == both.path).fill_null(False) | (both.new_period == both.period).fill_null(False))
    )
    return both.group_by("delivery_id").agg(
        is_read=both.new_place.notnull().any(),
        is_replaced=((both.left_out == 0) & (both.new_delivered >= both.delivered)).any(),
    )
