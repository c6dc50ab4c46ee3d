"""Coverage: what was expected and came. The denominator never comes from the records themselves (Article 11).

Four readings: against the departments' ledger, the expected cells, the items in force, and the subject register.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import ibis

from creditlab.catalogue.edition import Item
from creditlab.measures.grouping import ITEM_CELL, ITEM_CELL_MONTH, Method
from creditlab.measures.punctuality import cells_table, expected_due
from creditlab.measures.records import CELL
from creditlab.measures.scope import Scope
from creditlab.measures.tally import Tally
from creditlab.terms import CoverageBasis, Dimension, Group, Measure, RecordState

if TYPE_CHECKING:
    import ibis.expr.types as ir

LEDGER_METHOD = Method(Measure.COVERAGE_LEDGER, Dimension.COVERAGE, ITEM_CELL_MONTH, True, ("6", "11"))
CELLS_METHOD = Method(Measure.COVERAGE_CELLS, Dimension.COVERAGE, ITEM_CELL, False, ("6", "11"))
ITEMS_METHOD = Method(Measure.COVERAGE_ITEMS, Dimension.COVERAGE, (), False, ("6", "11"))
SUBJECTS_METHOD = Method(Measure.COVERAGE_SUBJECTS, Dimension.COVERAGE, (Group.ITEM, Group.REGION), False, ("6", "11"))

_KEYS = [*CELL[:3]]
SUBJECT = ["item_code", "subject_id"]


def coverage_ledger(scope: Scope, tally: Tally) -> ir.Table:
    """One row per ledger cell and month inside the period: the smaller of reported and declared, and declared."""
    reported = tally.sums.select(*CELL, reported=tally.sums.records)
    lines = scope.inputs.ledger
    lines = lines.filter(lines.month >= scope.period.start, _after(lines.month) <= scope.period.end)
    declared = lines.group_by(CELL).agg(declared=lines.declared_count.sum())
    found = declared.left_join(reported, CELL)
    came = found.reported.fill_null(0)
    return found.select(*CELL, numerator=ibis.least(came, found.declared), denominator=found.declared)


def coverage_cells(scope: Scope, tally: Tally) -> ir.Table:
    """One row per expected cell: whether it has a record, or a zero report for a due period of the period."""
    cells = [
        {"item_code": item.item_code, "department": department, "region_code": unit}
        for item, department, unit in scope.inputs.catalogue.expected_cells(scope.edition)
    ]
    expected = cells_table(cells, {})
    found = expected.left_join(_present(scope, tally).mutate(is_there=ibis.literal(1, "int64")), _KEYS)
    return found.select(*_KEYS, numerator=found.is_there.fill_null(0), denominator=ibis.literal(1, "int64"))


def coverage_items(scope: Scope, tally: Tally) -> ir.Table:
    """One row per item in force: whether it has a record or a zero report, from whichever unit."""
    items = cells_table(
        [{"item_code": item.item_code, "department": None, "region_code": None} for item in scope.edition.items], {}
    ).select("item_code")
    there = _present(scope, tally).select("item_code").distinct().mutate(is_there=ibis.literal(1, "int64"))
    found = items.left_join(there, "item_code")
    return found.select("item_code", numerator=found.is_there.fill_null(0), denominator=ibis.literal(1, "int64"))


def coverage_subjects(scope: Scope) -> ir.Table:
    """One row per item and region of the register: its subjects of the item's kinds, and those with a record.

    Only items whose coverage rests on the register; a subject counts while it was registered, and has a record when
    one that is not withdrawn happened before the period's end, however long ago.
    """
    kept = scope.inputs.kept
    found = kept.covered.get((scope.period.end, scope.as_of)) if kept else None
    if found is not None:
        return found
    due = due_subjects(scope)
    held = subject_entries(scope)
    held = held.group_by(SUBJECT).agg(held=held.sign.cast("int64").sum())
    held = held.filter(held.held > 0)
    found = due.left_join(held, SUBJECT)
    return found.group_by("item_code", "region_code").agg(
        numerator=found.held.notnull().cast("int64").sum(), denominator=found.count()
    )


def due_subjects(scope: Scope) -> ir.Table:
    """One row per item whose coverage rests on the register and subject that it should have: with the region."""
    end = scope.period.end
    kinds = [
        {"item_code": item.item_code, "department": None, "region_code": None, "subject_kind": str(kind)}
        for item in _register_items(scope)
        for kind in item.subject_kinds
    ]
    items = cells_table(kinds, {"subject_kind": "string"}).select("item_code", "subject_kind")
    listed = scope.inputs.subjects
    listed = listed.filter(
        listed.registered_on < end, listed.deregistered_on.isnull() | (listed.deregistered_on >= end)
    ).select("subject_id", "subject_kind", "region_code")
    return listed.inner_join(items, "subject_kind").select(*SUBJECT, "region_code")


def subject_entries(scope: Scope) -> ir.Table:
    """Entries, effective by the day, that say something about whether a due subject has a record."""
    rows = scope.entries
    items = [item.item_code for item in _register_items(scope)]
    return rows.filter(
        rows.item_code.isin(items),
        rows.event_date < scope.period.end,
        rows.record_state != str(RecordState.WITHDRAWN),
    )


def covered_since(scope: Scope, counts: ir.Table, touched: ir.Table, run_no: int, as_of: date) -> ir.Table:
    """Bring what `coverage_subjects` counted earlier up to a scope's run and day.

    Parameters
    ----------
    counts
        What it counted, with the same register, edition and end of the period.
    touched
        The subjects, by item, that have got entries since: nobody else's answer can be another.
    run_no, as_of
        The run and the day of the earlier count.
    """
    rows = subject_entries(scope).semi_join(touched, SUBJECT)
    was_there = (rows.run_no <= run_no) & (rows.effective_on <= as_of)
    held = rows.group_by(SUBJECT).agg(
        before=ibis.ifelse(was_there, rows.sign, 0).cast("int64").sum(), now=rows.sign.cast("int64").sum()
    )
    held = held.mutate(change=(held.now > 0).cast("int64") - (held.before > 0).cast("int64"))
    held = held.filter(held.change != 0)
    changes = due_subjects(scope).inner_join(held, SUBJECT)
    changed = changes.group_by("item_code", "region_code").agg(change=changes.change.sum())
    found = counts.left_join(changed, ["item_code", counts.region_code.identical_to(changed.region_code)])
    return found.select(
        "item_code",
        "region_code",
        numerator=(found.numerator + found.change.fill_null(0)).cast("int64"),
        denominator=found.denominator,
    )


def _register_items(scope: Scope) -> list[Item]:
    return [item for item in scope.edition.items if item.coverage_basis is CoverageBasis.REGISTER]


def _present(scope: Scope, tally: Tally) -> ir.Table:
    """The cells with a record of the period, or a zero report for one of its due periods; each once."""
    held = tally.sums.group_by(_KEYS).agg(held=tally.sums.records.sum())
    with_record = held.filter(held.held > 0).select(_KEYS)
    due = cells_table([row for _, row in expected_due(scope)], {"due_period": "string"})
    reports = scope.deliveries.filter(scope.deliveries.is_zero_report).rename(due_period="period")
    with_report = due.semi_join(reports, [*_KEYS, "due_period"]).select(_KEYS)
    return with_record.union(with_report).distinct()


def _after(month: ir.DateValue) -> ir.DateValue:
    return (month + ibis.interval(months=1)).cast("date")
