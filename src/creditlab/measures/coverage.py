"""Coverage: what was expected and came. The denominator never comes from the records themselves (Article 11).

Four readings: against the departments' ledger, the expected cells, the items in force, and the subject register.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from creditlab.measures.grouping import ITEM_CELL, ITEM_CELL_MONTH, Method
from creditlab.measures.punctuality import cells_table, expected_due
from creditlab.measures.records import CELL
from creditlab.measures.scope import Scope
from creditlab.terms import CoverageBasis, Dimension, Group, Measure, RecordState

if TYPE_CHECKING:
    import ibis.expr.types as ir

LEDGER_METHOD = Method(Measure.COVERAGE_LEDGER, Dimension.COVERAGE, ITEM_CELL_MONTH, True, ("6", "11"))
CELLS_METHOD = Method(Measure.COVERAGE_CELLS, Dimension.COVERAGE, ITEM_CELL, False, ("6", "11"))
ITEMS_METHOD = Method(Measure.COVERAGE_ITEMS, Dimension.COVERAGE, (), False, ("6", "11"))
SUBJECTS_METHOD = Method(Measure.COVERAGE_SUBJECTS, Dimension.COVERAGE, (Group.ITEM, Group.REGION), False, ("6", "11"))

_KEYS = [*CELL[:3]]


def coverage_ledger(scope: Scope) -> ir.Table:
    """One row per ledger cell and month inside the period: the smaller of reported and declared, and declared."""
    records = scope.records
    reported = records.group_by(CELL).agg(reported=records.sign.cast("int64").sum())
    lines = scope.inputs.ledger
    lines = lines.filter(lines.month >= scope.period.start, _after(lines.month) <= scope.period.end)
    declared = lines.group_by(CELL).agg(declared=lines.declared_count.sum())
    found = declared.left_join(reported, CELL)
    came = found.reported.fill_null(0)
    return found.select(*CELL, numerator=ibis.least(came, found.declared), denominator=found.declared)


def coverage_cells(scope: Scope) -> ir.Table:
    """One row per expected cell: whether it has a record, or a zero report for a due period of the period."""
    cells = [
        {"item_code": item.item_code, "department": department, "region_code": unit}
        for item, department, unit in scope.inputs.catalogue.expected_cells(scope.edition)
    ]
    expected = cells_table(cells, {})
    found = expected.left_join(_present(scope).mutate(is_there=ibis.literal(1, "int64")), _KEYS)
    return found.select(*_KEYS, numerator=found.is_there.fill_null(0), denominator=ibis.literal(1, "int64"))


def coverage_items(scope: Scope) -> ir.Table:
    """One row per item in force: whether it has a record or a zero report, from whichever unit."""
    items = cells_table(
        [{"item_code": item.item_code, "department": None, "region_code": None} for item in scope.edition.items], {}
    ).select("item_code")
    there = _present(scope).select("item_code").distinct().mutate(is_there=ibis.literal(1, "int64"))
    found = items.left_join(there, "item_code")
    return found.select("item_code", numerator=found.is_there.fill_null(0), denominator=ibis.literal(1, "int64"))


def coverage_subjects(scope: Scope) -> ir.Table:
    """One row per item and region of the register: its subjects of the item's kinds, and those with a record.

    Only items whose coverage rests on the register; a subject counts while it was registered, and has a record when
    one that is not withdrawn happened before the period's end, however long ago.
    """
    end = scope.period.end
    kinds = [
        {"item_code": item.item_code, "department": None, "region_code": None, "subject_kind": str(kind)}
        for item in scope.edition.items
        if item.coverage_basis is CoverageBasis.REGISTER
        for kind in item.subject_kinds
    ]
    items = cells_table(kinds, {"subject_kind": "string"}).select("item_code", "subject_kind")
    listed = scope.inputs.subjects
    listed = listed.filter(
        listed.registered_on < end, listed.deregistered_on.isnull() | (listed.deregistered_on >= end)
    ).select("subject_id", "subject_kind", "region_code")
    entries = scope.entries
    entries = entries.filter(entries.event_date < end, entries.record_state != str(RecordState.WITHDRAWN))
    entries = entries.semi_join(items, "item_code")
    held = entries.group_by("item_code", "subject_id").agg(held=entries.sign.cast("int64").sum())
    held = held.filter(held.held > 0)
    due = listed.inner_join(items, "subject_kind")
    found = due.left_join(held, ["item_code", "subject_id"])
    return found.group_by("item_code", "region_code").agg(
        numerator=found.held.notnull().cast("int64").sum(), denominator=found.count()
    )


def _present(scope: Scope) -> ir.Table:
    """The cells with a record of the period, or a zero report for one of its due periods; each once."""
    records = scope.records
    held = records.group_by(_KEYS).agg(held=records.sign.cast("int64").sum())
    with_record = held.filter(held.held > 0).select(_KEYS)
    due = cells_table([row for _, row in expected_due(scope)], {"due_period": "string"})
    reports = scope.deliveries.filter(scope.deliveries.is_zero_report).rename(due_period="period")
    with_report = due.semi_join(reports, [*_KEYS, "due_period"]).select(_KEYS)
    return with_record.union(with_report).distinct()


def _after(month: ir.DateValue) -> ir.DateValue:
    return (month + ibis.interval(months=1)).cast("date")
