"""A department's rates beside the province's and its own last periods, through the gate like every other figure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from creditlab.disclosure import CUBE_SCHEMA, Cube, Policy, ReleaseLedger, release, roll_up
from creditlab.inputs import Inputs
from creditlab.measures import METHODS, measure
from creditlab.periods import Period
from creditlab.reports.quarterly.cube import Cells
from creditlab.terms import Audience, Group, Measure

#: How many periods before stand beside the pack's own.
PERIODS_BEFORE = 4
#: Those that can be asked of a department, in the order of the sheet.
MEASURES = tuple(one for one in Measure if Group.DEPARTMENT in METHODS[one].groups)

Row = dict[str, Any]
_CELL = ("item_code", "department", "region_code")


@dataclass(frozen=True)
class Rates:
    """Measurements for every department, as the government audience may see them; suppressed ones have no numbers.

    Attributes
    ----------
    periods
        The pack's period, then those before it.
    own
        By department, period (its label) and measure: a row of the release.
    province
        The same by period and measure.
    cells
        By department: rows of the release by item and unit, of the pack's period.
    """

    periods: tuple[Period, ...]
    own: dict[tuple[str, str, str], Row]
    province: dict[tuple[str, str], Row]
    cells: dict[str, list[Row]]


def rated_periods(period: Period, periods_before: int) -> list[Period]:
    """A period, then those before it."""
    periods = [period]
    for _ in range(periods_before):
        periods.append(periods[-1].previous())
    return periods


def take_rates(
    inputs: Inputs,
    period: Period,
    as_of: date,
    policy: Policy,
    ledger: ReleaseLedger,
    periods_before: int = PERIODS_BEFORE,
) -> Rates:
    """Measure a period and those before it, all as of the same day, and protect them for the departments.

    Raises
    ------
    CalendarError
        If a figure would need working days beyond the calendar's official end.
    """
    periods = rated_periods(period, periods_before)
    about = Cells(inputs.catalogue, as_of, int(inputs.run_no))
    now = about.ratios(measure(inputs, period, as_of, (Group.ITEM, Group.DEPARTMENT, Group.REGION), MEASURES), period)
    rows = list(now)
    for one in periods[1:]:
        rows += about.ratios(measure(inputs, one, as_of, (Group.ITEM, Group.DEPARTMENT), MEASURES), one)
    parts = pa.Table.from_pylist(rows, schema=CUBE_SCHEMA)
    cells = pa.Table.from_pylist(now, schema=CUBE_SCHEMA)
    table = pa.concat_tables([roll_up(parts, [(), ("department",)]), roll_up(cells, [_CELL])])
    cube = Cube(table, period, as_of, int(inputs.run_no), is_own=True)
    return _by_reader(release(cube, Audience.GOVERNMENT, policy, ledger).rows(), periods)


def _by_reader(rows: list[Row], periods: list[Period]) -> Rates:
    labels = {one.start: one.label for one in periods}
    found = Rates(tuple(periods), {}, {}, {})
    for row in rows:
        label = labels[row["period_start"]]
        if not row["department"]:
            found.province[label, row["measure"]] = row
        elif not row["item_code"]:
            found.own[row["department"], label, row["measure"]] = row
        else:
            found.cells.setdefault(row["department"], []).append(row)
    for cells in found.cells.values():
        cells.sort(key=lambda row: (row["item_code"], row["region_code"], MEASURES.index(row["measure"])))
    return found
