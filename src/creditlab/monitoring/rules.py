"""The rules that look at a quarter's measures: silent, late, below the ledger, without a provider."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa

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
_FINEST = (*_WHOLE, Group.REGION)
_PRESENT = pa.schema([*((name, pa.string()) for name in _CELL), ("is_present", pa.bool_())])


@dataclass(frozen=True)
class Quarter:
    """One look at a quarter: the lake, the quarter, the day, and the thresholds."""

    inputs: Inputs
    period: Period
    as_of: date
    thresholds: Thresholds

    @cached_property
    def cells(self) -> dict[str, list[dict[str, Any]]]:
        """The quarter's cells by measure, for all rules that look at them: the entries are read once."""
        wanted = (Measure.COVERAGE_CELLS, Measure.TIMELINESS, Measure.COVERAGE_LEDGER)
        found: dict[str, list[dict[str, Any]]] = {str(one): [] for one in wanted}
        for row in _rows(measure(self.inputs, self.period, self.as_of, _FINEST, wanted)):
            found[row["measure"]].append(row)
        return found


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
    present = [
        {name: row[name] for name in _CELL} | {"is_present": row["numerator"] > 0}
        for row in look.cells[Measure.COVERAGE_CELLS]
    ]
    cells = ibis.memtable(pa.Table.from_pylist(present, schema=_PRESENT))
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
    counted = cells.group_by(list(_UNIT)).agg(numerator=cells.heard.cast("int64").sum(), denominator=cells.count())
    units: list[dict[str, Any]] = _rows(counted)
    departments: dict[str, dict[str, Any]] = {}
    for row in units:
        none = {"department": row["department"], "numerator": 0, "denominator": 0}
        whole = departments.setdefault(row["department"], none)
        for name in ("numerator", "denominator"):
            whole[name] += row[name]
    speaking = [row for row in units if departments[row["department"]]["numerator"]]
    below = [row for row in speaking if _is_below_province(look, row["region_code"])]
    for row in [*departments.values(), *below]:
        yield _finding(look, MatterRule.SILENT_DEPARTMENT, Measure.COVERAGE_CELLS, row, holds=row["numerator"] == 0)


def late(look: Quarter) -> Iterator[Finding]:
    """Items, and units of departments, of which too much came after the time limit in two quarters running.

    A quarter with far fewer records than the one before is not in order for that: what is missing is late, if it comes.
    """
    limits = look.thresholds[MatterRule.LATE]
    now = look.cells[Measure.TIMELINESS]
    before = _rows(measure(look.inputs, look.period.previous(), look.as_of, _FINEST, [Measure.TIMELINESS]))

    def broken(keys: tuple[str, ...]) -> dict[tuple[str, ...], tuple[Share, bool]]:
        earlier, found = _summed(before, keys, limits["records"]), {}
        for key, share in _summed(now, keys, limits["records"]).items():
            if key in earlier:
                holds = min(share.missing, earlier[key].missing) > limits["share"]
                if holds or share.denominator >= limits["share_of_before"] * earlier[key].denominator:
                    found[key] = share, holds
        return found

    yield from _wholes_and_units(look, MatterRule.LATE, Measure.TIMELINESS, broken)


def below_ledger(look: Quarter) -> Iterator[Finding]:
    """Items, and units of departments, of which far less came than the department says it produced."""
    limits = look.thresholds[MatterRule.BELOW_LEDGER]
    now = look.cells[Measure.COVERAGE_LEDGER]

    def broken(keys: tuple[str, ...]) -> dict[tuple[str, ...], tuple[Share, bool]]:
        found = _summed(now, keys, limits["declared"])
        return {key: (share, 1 - share.missing < limits["share"]) for key, share in found.items()}

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


def _wholes_and_units(
    look: Quarter,
    rule: MatterRule,
    what: Measure,
    broken: Callable[[tuple[str, ...]], dict[tuple[str, ...], tuple[Share, bool]]],
) -> Iterator[Finding]:
    """A department's items, then its units; a unit only where the department as a whole is in order."""
    departments = {department for (department,), (_, holds) in broken(("department",)).items() if holds}
    wholes = ("item_code", "department")
    rows = [(dict(zip(wholes, key, strict=True)), *found) for key, found in broken(wholes).items()]
    for (department, region), found in broken(_UNIT).items():
        if department not in departments and _is_below_province(look, region):
            rows.append(({"department": department, "region_code": region}, *found))
    for names, share, holds in rows:
        counts = {"numerator": share.numerator, "denominator": share.denominator}
        yield _finding(look, rule, what, names | counts, holds=holds)


@dataclass(frozen=True)
class Share:
    """A measure's counts, and whether late arrivals may still change them."""

    numerator: int
    denominator: int
    is_provisional: bool

    @property
    def missing(self) -> Fraction:
        """What is not in the numerator, of the whole."""
        return 1 - Fraction(self.numerator, self.denominator)


def _summed(cells: list[dict[str, Any]], keys: tuple[str, ...], least: int) -> dict[tuple[str, ...], Share]:
    """Cells added up, where late arrivals don't change them any more and where there is enough to count."""
    sums: dict[tuple[str, ...], Share] = {}
    for row in cells:
        key = tuple(row[name] for name in keys)
        one = sums.get(key, Share(0, 0, False))
        sums[key] = Share(
            one.numerator + row["numerator"],
            one.denominator + row["denominator"],
            one.is_provisional or row["is_provisional"],
        )
    return {key: one for key, one in sorted(sums.items()) if not one.is_provisional and one.denominator >= least}


def _marked(cells: ir.Table, where: ir.Table, name: str) -> ir.Table:
    """Cells with a mark: whether they are among others."""
    among = where.select(*_CELL).distinct().mutate(mark=ibis.literal(True))
    found = cells.left_join(among, list(_CELL))
    return found.select(*[found[column] for column in cells.columns], found.mark.fill_null(False).name(name))


def _rows(table: ir.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return found


def _is_below_province(look: Quarter, region: str) -> bool:
    found = look.inputs.catalogue.regions.get(region)
    return found is not None and found.level != ReportingLevel.PROVINCE


def _finding(
    look: Quarter, rule: MatterRule, what: Measure, row: dict[str, Any], *, holds: bool, span: Period | None = None
) -> Finding:
    period = span or look.period
    evidence = Evidence(str(what), row["numerator"], row["denominator"], period.start, period.end)
    item, department, region = (row.get(name) or "" for name in _CELL)
    return Finding(rule, Kind.NONE, item, department, region, holds, evidence)
