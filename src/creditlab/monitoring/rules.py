"""The rules that look at a quarter's measures: silent, late, below the ledger, without a provider."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis

from creditlab.inputs import Inputs
from creditlab.measures import due_cells, measure
from creditlab.monitoring.findings import Evidence, Finding, Kind
from creditlab.monitoring.months import months_before
from creditlab.periods import Period
from creditlab.terms import Group, MatterRule, Measure, ReportingLevel

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from creditlab.monitoring.thresholds import Thresholds

_CELL = ("item_code", "department", "region_code")
_UNIT = ("department", "region_code")
_WHOLE = (Group.ITEM, Group.DEPARTMENT)


@dataclass(frozen=True)
class Quarter:
    """One look at a quarter: the lake, the quarter, the day, and the thresholds."""

    inputs: Inputs
    period: Period
    as_of: date
    thresholds: Thresholds


def silent_departments(look: Quarter) -> Iterator[Finding]:
    """Departments, and units of departments, that were expected and sent nothing at all, not even a zero report.

    Expected is a cell (item, department, unit) that was due in the quarter, or that had ever delivered before it: an
    item that reports events is silent by right where nothing happens, but not from one quarter to the next altogether.
    A unit is looked at only while its department as a whole is not silent.
    """
    inputs, period = look.inputs, look.period
    rows = inputs.deliveries
    rows = rows.filter(rows.received_on <= look.as_of)
    came = rows.filter(rows.received_on >= period.start, rows.received_on < period.end)
    before = rows.filter(rows.received_on < period.start)
    due = due_cells(inputs, period, look.as_of)
    cells = measure(inputs, period, look.as_of, (Group.ITEM, Group.DEPARTMENT, Group.REGION), [Measure.COVERAGE_CELLS])
    cells = cells.select(*_CELL, is_present=cells.numerator > 0)
    for name, where in (
        ("has_come", came),
        ("has_served", due.filter(due.delivered_on.notnull())),
        ("is_known", before),
        ("is_due", due.filter(due.is_due)),
    ):
        cells = _marked(cells, where, name)
    heard = cells.is_present | cells.has_come | cells.has_served
    cells = cells.mutate(heard=heard, expected=heard | cells.is_due | cells.is_known)
    cells = cells.filter(cells.expected)
    departments, units = (
        cells.group_by(list(keys)).agg(numerator=cells.heard.cast("int64").sum(), denominator=cells.count())
        for keys in (_UNIT[:1], _UNIT)
    )
    quiet = departments.filter(departments.numerator == 0)
    for row in [*_rows(departments), *_below_province(look, units.anti_join(quiet, "department"))]:
        yield _finding(look, MatterRule.SILENT_DEPARTMENT, Measure.COVERAGE_CELLS, row, holds=row["numerator"] == 0)


def late(look: Quarter) -> Iterator[Finding]:
    """Items, and units of departments, of which too much came after the time limit in two quarters running."""
    limits = look.thresholds[MatterRule.LATE]

    def broken(by: tuple[Group, ...]) -> ir.Table:
        now, before = (
            _mature(look, period, Measure.TIMELINESS, by, limits["records"])
            for period in (look.period, look.period.previous())
        )
        keys = _columns(by)
        both = now.inner_join(before.select(*keys, came=before.numerator, of=before.denominator), keys)
        is_late = [
            (whole - part).cast("float64") > limits["share"] * whole.cast("float64")
            for part, whole in ((both.numerator, both.denominator), (both.came, both.of))
        ]
        enough = both.denominator.cast("float64") >= limits["share_of_before"] * both.of.cast("float64")
        found = both.mutate(holds=is_late[0] & is_late[1], enough=enough)
        return found.filter(found.holds | found.enough).select(*keys, "numerator", "denominator", "holds")

    yield from _wholes_and_units(look, MatterRule.LATE, Measure.TIMELINESS, broken)


def below_ledger(look: Quarter) -> Iterator[Finding]:
    """Items, and units of departments, of which far less came than the department says it produced."""
    limits = look.thresholds[MatterRule.BELOW_LEDGER]

    def broken(by: tuple[Group, ...]) -> ir.Table:
        found = _mature(look, look.period, Measure.COVERAGE_LEDGER, by, limits["declared"])
        is_below = found.numerator.cast("float64") < limits["share"] * found.denominator.cast("float64")
        return found.select(*_columns(by), "numerator", "denominator", holds=is_below)

    yield from _wholes_and_units(look, MatterRule.BELOW_LEDGER, Measure.COVERAGE_LEDGER, broken)


def no_provider(look: Quarter) -> Iterator[Finding]:
    """Items in force that none of their departments delivered for so many months, one finding a department.

    Judged are items that were in force at the beginning of that time, or were due in it.
    """
    months = look.thresholds[MatterRule.NO_PROVIDER]["months"]
    start = months_before(look.period.end, months)
    span = Period(start, look.period.end, f"{start}/{look.period.end}")
    inputs = look.inputs
    due = due_cells(inputs, span, look.as_of)
    due = due.filter(due.is_due).select("item_code").distinct()
    codes = set(inputs.catalogue.edition_on(start).item) | set(due.to_pyarrow()["item_code"].to_pylist())
    rows = inputs.deliveries
    rows = rows.filter(rows.received_on >= start, rows.received_on <= look.as_of)
    delivered = set(rows.select("item_code").distinct().to_pyarrow()["item_code"].to_pylist())
    counted = _rows(measure(inputs, span, look.as_of, _WHOLE, [Measure.COVERAGE_CELLS]))
    provided = delivered | {row["item_code"] for row in counted if row["numerator"] > 0}
    for row in counted:
        if row["item_code"] in codes:
            holds = row["item_code"] not in provided
            yield _finding(look, MatterRule.NO_PROVIDER, Measure.COVERAGE_CELLS, row, holds=holds, span=span)


def _wholes_and_units(look: Quarter, rule: MatterRule, what: Measure, broken: Any) -> Iterator[Finding]:
    """A department's items, then its units; a unit only where the department as a whole is in order."""
    departments = broken((Group.DEPARTMENT,))
    units = broken((Group.DEPARTMENT, Group.REGION)).anti_join(departments.filter(departments.holds), "department")
    for row in [*_rows(broken(_WHOLE)), *_below_province(look, units)]:
        yield _finding(look, rule, what, row, holds=row["holds"])


def _mature(look: Quarter, period: Period, what: Measure, by: tuple[Group, ...], least: int) -> ir.Table:
    """A measure's rows that late arrivals don't change any more, and that have enough to count."""
    found = measure(look.inputs, period, look.as_of, by, [what])
    found = found.filter(~found.is_provisional, found.denominator >= least)
    return found.select(*_columns(by), "numerator", "denominator")


def _columns(by: tuple[Group, ...]) -> list[str]:
    return ["region_code" if group is Group.REGION else str(group) for group in by]


def _marked(cells: ir.Table, where: ir.Table, name: str) -> ir.Table:
    """Cells with a mark: whether they are among others."""
    among = where.select(*_CELL).distinct().mutate(mark=ibis.literal(True))
    found = cells.left_join(among, list(_CELL))
    return found.select(*[found[column] for column in cells.columns], found.mark.fill_null(False).name(name))


def _rows(table: ir.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return found


def _below_province(look: Quarter, units: ir.Table) -> list[dict[str, Any]]:
    regions = look.inputs.catalogue.regions
    return [
        row
        for row in _rows(units)
        if row["region_code"] in regions and regions[row["region_code"]].level != ReportingLevel.PROVINCE
    ]


def _finding(
    look: Quarter, rule: MatterRule, what: Measure, row: dict[str, Any], *, holds: bool, span: Period | None = None
) -> Finding:
    period = span or look.period
    evidence = Evidence(str(what), row["numerator"], row["denominator"], period.start, period.end)
    item, department, region = (row.get(name) or "" for name in _CELL)
    return Finding(rule, Kind.NONE, item, department, region, holds, evidence)
