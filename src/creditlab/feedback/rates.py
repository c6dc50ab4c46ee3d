"""A department's rates beside the province's and its own last periods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from creditlab.inputs import Inputs
from creditlab.measures import METHODS, measure
from creditlab.periods import Period
from creditlab.terms import Group, Measure

#: How many periods before stand beside the pack's own.
PERIODS_BEFORE = 4
#: Those that can be asked of a department, in the order of the sheet.
MEASURES = tuple(one for one in Measure if Group.DEPARTMENT in METHODS[one].groups)

Row = dict[str, Any]
_ORDER = ("department", "item_code", "region_code", "measure")


@dataclass(frozen=True)
class Rates:
    """Measurements for every department.

    Attributes
    ----------
    periods
        The pack's period, then those before it.
    own
        By department, period (its label) and measure: numerator, denominator, ratio, is_provisional.
    province
        The same by period and measure.
    cells
        By department: rows of MEASUREMENT by item and unit, of the pack's period.
    """

    periods: tuple[Period, ...]
    own: dict[tuple[str, str, str], Row]
    province: dict[tuple[str, str], Row]
    cells: dict[str, list[Row]]


def take_rates(inputs: Inputs, period: Period, as_of: date, periods_before: int = PERIODS_BEFORE) -> Rates:
    """Measure a period and those before it, all as of the same day.

    Raises
    ------
    CalendarError
        If a figure would need working days beyond the calendar's official end.
    """
    periods = [period]
    for _ in range(periods_before):
        periods.append(periods[-1].previous())
    own: dict[tuple[str, str, str], Row] = {}
    province: dict[tuple[str, str], Row] = {}
    cells: dict[str, list[Row]] = {}
    for one in periods:
        by = (Group.ITEM, Group.DEPARTMENT, Group.REGION) if one is period else (Group.DEPARTMENT,)
        found = measure(inputs, one, as_of, by, MEASURES).to_pyarrow()
        if one is period:
            for row in found.sort_by([(name, "ascending") for name in _ORDER]).to_pylist():
                cells.setdefault(row["department"], []).append(row)
        for row in _summed(found, ["department", "measure"]):
            own[row["department"], one.label, row["measure"]] = row
        for row in _summed(found, ["measure"]):
            province[one.label, row["measure"]] = row
    return Rates(tuple(periods), own, province, cells)


def _summed(found: pa.Table, by: list[str]) -> list[Row]:
    """Measurements of larger groups; each of these measures adds up over items, departments and units."""
    summed = found.group_by(by).aggregate([("numerator", "sum"), ("denominator", "sum"), ("is_provisional", "any")])
    rows: list[Row] = summed.rename_columns([*by, "numerator", "denominator", "is_provisional"]).to_pylist()
    return [row | {"ratio": row["numerator"] / row["denominator"]} for row in rows]
