"""What a look at all profiles says without showing any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir


def summary(profiles: ir.Table) -> ir.Table:
    """Sum profiles up by item: one row per item, nobody's identifier in it.

    Parameters
    ----------
    profiles
        PROFILE columns.

    Returns
    -------
    ibis Table
        item_code, how many subjects have a record of the item, and the sums of their counts; the newest event, and the
        next day on which something stops being published.
    """
    counts = ("record_count", "counted_count", "published_count", "disputed_count", "fault_count")
    return profiles.group_by("item_code").agg(
        subject_count=profiles.count().cast("int64"),
        **{name: profiles[name].sum().cast("int64") for name in counts},
        last_event_on=profiles.last_event_on.max(),
        next_end_on=profiles.next_end_on.min(),
    )
