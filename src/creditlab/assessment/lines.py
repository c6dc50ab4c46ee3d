"""What each record adds: the lines that scores are added up from.

A line is a record with the number of its indicator, its points and why it may be left out, in narrow columns; names and
legal bases are put to it afterwards, where somebody asks for findings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from creditlab.assessment.lookup import Lookup
from creditlab.terms import FINDING, LeftOut

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: What evidence has to have.
NEEDED = (
    "subject_id", "subject_kind", "item_code", "event_date", "valid_until", "amount", "outcome", "published_until",
    "left_out",
)  # fmt: skip
#: What findings show besides.
SHOWN = ("department", "region_code", "record_id", "key64")
#: More units of an amount than this add nothing: caps are reached long before, and sums stay within 64 bits.
_MOST_UNITS = 1_000_000
#: More than any amount of a record, so that it may be turned into a whole number.
_MOST_AMOUNT = 10**12


def lines(evidence: ir.Table, lookup: Lookup, *, is_whole: bool = False) -> ir.Table:
    """Records that a rule looks at, with what they add.

    Parameters
    ----------
    evidence
        One row per record of an organisation, with the columns of NEEDED.
    lookup
        The methodology on the day.
    is_whole
        Whether records that a rule's condition leaves out are there too.

    Returns
    -------
    ibis Table
        One row per record: the evidence's columns, indicator_no, override_no, override_place, points (milli-points; 0
        where it does not count for its indicator), counts (for the indicator), held (disputed, and would count), sets
        (whether the override holds).
    """
    as_of = lookup.bands.as_of
    rows = evidence.filter(evidence.item_code.isin(list(lookup.methodology.item_codes)))
    rows = rows.mutate(value=lookup.value(rows), band=lookup.bands.column(rows.event_date))
    keys = ["item_code", "value", "band"]
    rows = rows.join(lookup.rules, keys, how="left" if is_whole else "inner")
    rows = rows.drop(*(name for name in rows.columns if name in {f"{key}_right" for key in keys}))
    is_over = (rows.published_until <= as_of).fill_null(False)
    is_disputed = (rows.left_out == str(LeftOut.DISPUTED)).fill_null(False) & ~is_over
    is_free = rows.left_out.isnull() & ~is_over
    is_expired = (rows.is_in_force_only & (rows.valid_until < as_of)).fill_null(False)
    is_summed = (rows.per > 0).fill_null(False)
    units = ibis.ifelse(is_summed, _units(rows), 1)
    fits = (rows.indicator_no > 0) & ~rows.is_too_old & ~is_expired & (units > 0)
    is_set = (rows.override_no > 0).fill_null(False)
    fits = fits.fill_null(False)
    return rows.mutate(
        units=units,
        is_expired=is_expired,
        is_over=is_over,
        counts=fits & is_free,
        held=is_disputed & (fits | is_set),
        sets=is_set & is_free,
        points=ibis.ifelse(fits & is_free, rows.points * units, 0).cast("int64"),
    )


def _units(rows: ir.Table) -> ir.IntegerValue:
    """How many full units of its amount a record has; a negative or missing amount has none."""
    amount = ibis.least(ibis.greatest(rows.amount.fill_null(0), 0), _MOST_AMOUNT)
    whole = amount.cast("decimal(20, 6)").floor().cast("int64")
    return ibis.least(whole // ibis.ifelse(rows.per > 0, rows.per, 1), _MOST_UNITS).cast("int64")


def findings(rows: ir.Table, lookup: Lookup, *, is_chinese: bool = False) -> ir.Table:
    """The findings that lines are.

    Parameters
    ----------
    rows
        Whole lines, with the columns of SHOWN.
    is_chinese
        The language of legal bases.

    Returns
    -------
    ibis Table
        FINDING columns: one row per record and indicator that looks at its item, and one per record and override. The
        points of an indicator are the sum over its findings, capped.
    """
    newest = ibis.window(
        group_by=["subject_id", "indicator_no", "counts"],
        order_by=[ibis.desc("event_date"), ibis.asc("key64")],
    )
    rows = rows.mutate(is_older=rows.counts & (ibis.row_number().over(newest) > 0))
    seen = rows.filter((rows.indicator_no != 0).fill_null(True)).mutate(is_other=rows.indicator_no.isnull())
    # A record whose value no indicator counts is shown with the first indicator of its item.
    seen = seen.left_join(_first_indicators(lookup), "item_code").drop("item_code_right")
    seen = seen.mutate(indicator_no=seen.indicator_no.fill_null(seen.first_no))
    seen = seen.inner_join(lookup.indicators(is_chinese), "indicator_no")
    is_once = seen.is_newest_only & seen.is_older
    reason = ibis.cases(
        *_taken_out(seen),
        (seen.is_other, str(LeftOut.OTHER_VALUE)),
        (seen.is_expired, str(LeftOut.EXPIRED)),
        (seen.is_too_old, str(LeftOut.TOO_OLD)),
        (seen.units == 0, str(LeftOut.NO_AMOUNT)),
        (seen.left_out.notnull(), seen.left_out),
        (is_once, str(LeftOut.COUNTED_ONCE)),
    )
    counted = seen.mutate(points=ibis.ifelse(is_once, 0, seen.points).cast("int64"), left_out=reason).select(*FINDING)
    if not lookup.methodology.overrides:
        return counted
    setting = rows.filter(rows.override_no > 0).inner_join(lookup.overrides(is_chinese), "override_no")
    reason = ibis.cases(*_taken_out(setting), (setting.left_out.notnull(), setting.left_out))
    return counted.union(setting.mutate(points=ibis.literal(0, "int64"), left_out=reason).select(*FINDING))


def _taken_out(rows: ir.Table) -> list[tuple[ir.BooleanValue, ir.Value]]:
    """What became of the record itself; a dispute comes last, for it holds only what would count."""
    is_disputed = rows.left_out == str(LeftOut.DISPUTED)
    return [
        (rows.left_out.notnull() & ~is_disputed, rows.left_out),
        (rows.is_over, ibis.literal(str(LeftOut.PUBLICATION_ENDED))),
    ]


def _first_indicators(lookup: Lookup) -> ir.Table:
    """One row per item: the first indicator that looks at it."""
    first: dict[str, int] = {}
    for number, indicator in enumerate(lookup.methodology.indicators, 1):
        for item in indicator.items:
            first.setdefault(item, number)
    rows = [{"item_code": item, "first_no": number} for item, number in first.items()]
    schema = pa.schema([("item_code", pa.string()), ("first_no", pa.int16())])
    return ibis.memtable(pa.Table.from_pylist(rows, schema=schema))
