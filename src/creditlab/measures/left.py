"""Items that left the catalogue: their records are kept and named; nothing more is expected of them (Article 11)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from creditlab.inputs import Inputs
from creditlab.periods import Period
from creditlab.terms import RecordState

if TYPE_CHECKING:
    import ibis.expr.types as ir

_SCHEMA = pa.schema([("item_code", pa.string()), ("last_year", pa.int32())])


def left_items(inputs: Inputs, period: Period, as_of: date) -> ir.Table:
    """Items that an earlier edition has and the one in force at the period's end has not, with what is kept of them.

    Returns
    -------
    ibis Table
        One row per such item: item_code, last_year (of the newest earlier edition that has it), record_count (its
        records on the day, of whatever period, that are not withdrawn; 0 where none is).
    """
    catalogue = inputs.catalogue
    in_force = catalogue.edition_on(period.last_day)
    last: dict[str, int] = {}
    for edition in sorted(catalogue.editions, key=lambda one: one.year):
        if edition.year < in_force.year:
            last |= {code: edition.year for code in edition.item if code not in in_force.item}
    rows = [{"item_code": code, "last_year": year} for code, year in sorted(last.items())]
    left = ibis.memtable(pa.Table.from_pylist(rows, schema=_SCHEMA))
    entries = inputs.entries.filter(
        inputs.entries.effective_on <= as_of, inputs.entries.record_state != str(RecordState.WITHDRAWN)
    )
    kept = entries.semi_join(left, "item_code")
    counted = kept.group_by("item_code").agg(record_count=kept.sign.cast("int64").sum())
    found = left.left_join(counted, "item_code")
    return found.select("item_code", "last_year", record_count=found.record_count.fill_null(0))
