"""A department's rates beside the province's and its own last periods."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from creditlab.inputs import Inputs
from creditlab.measures import METHODS, measure
from creditlab.periods import Period
from creditlab.terms import Group, Measure

#: How many periods before stand beside the pack's own.
PERIODS_BEFORE = 4
#: Those that can be asked of a department, in the order of the sheet.
MEASURES = tuple(one for one in Measure if Group.DEPARTMENT in METHODS[one].groups)

Row = dict[str, Any]


@dataclass(frozen=True)
class Rates:
    """Measurements for every department.

    Attributes
    ----------
    periods
        The pack's period, then those before it.
    own
        By department, period (its label) and measure: a row of MEASUREMENT.
    province
        By period and measure.
    cells
        By department: rows of MEASUREMENT by item and unit, of the pack's period.
    """

    periods: tuple[Period, ...]
    own: dict[tuple[str, str, str], Row]
    province: dict[tuple[str, str], Row]
    cells: dict[str, list[Row]]


def take_rates(inputs: Inputs, period: Period, as_of: date) -> Rates:
    """Measure a period and those before it, all as of the same day.

    Raises
    ------
    CalendarError
        If a figure would need working days beyond the calendar's official end.
    """
    periods = [period]
    for _ in range(PERIODS_BEFORE):
        periods.append(periods[-1].previous())
    own: dict[tuple[str, str, str], Row] = {}
    province: dict[tuple[str, str], Row] = {}
    for one in periods:
        for row in _rows(inputs, one, as_of, (Group.DEPARTMENT,)):
            own[row["department"], one.label, row["measure"]] = row
        for row in _rows(inputs, one, as_of, ()):
            province[one.label, row["measure"]] = row
    cells: dict[str, list[Row]] = {}
    for row in _rows(inputs, period, as_of, (Group.ITEM, Group.DEPARTMENT, Group.REGION)):
        cells.setdefault(row["department"], []).append(row)
    return Rates(tuple(periods), own, province, cells)


def _rows(inputs: Inputs, period: Period, as_of: date, by: tuple[Group, ...]) -> list[Row]:
    order = ["department", "item_code", "region_code", "measure"]
    rows: list[Row] = measure(inputs, period, as_of, by, MEASURES).order_by(order).to_pyarrow().to_pylist()
    return rows
