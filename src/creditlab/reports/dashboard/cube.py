"""What the dashboard is made from: the quarterly cube, what was due by month and unit, and the matters that stand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from creditlab.disclosure import CUBE_SCHEMA, Cube, CubeTable, roll_up
from creditlab.periods import Period
from creditlab.reports.quarterly.cube import Cells, Omission, measured_cube
from creditlab.reports.quarterly.matters import Matter
from creditlab.terms import Dimension

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from creditlab.inputs import Inputs

#: Due cells by the month in which their due period ends (`detail`), and down to one item of one unit of a department.
#: They count what departments and units owe, whoever the records are about.
DUE_GROUPINGS = (
    ("department", "detail"),
    ("region_code", "detail"),
    ("item_code", "department", "detail"),
    ("department", "region_code"),
    ("item_code", "department", "region_code"),
)


def dashboard_cube(inputs: Inputs, period: Period, as_of: date, matters: Sequence[Matter]) -> Cube:
    """Measure and count everything that the dashboard shows.

    Parameters
    ----------
    inputs
        The lake as one run left it.
    period, as_of
        The period, and the day whose state is shown.
    matters
        The matters that stand; their counts become cells.

    Raises
    ------
    NoDataError
        If nothing was delivered and nothing happened in the period.
    """
    from creditlab import measures

    cube = measured_cube(inputs, period, as_of, matters)
    cells = Cells(inputs.catalogue, as_of, int(inputs.run_no))
    due = _due_by_month(cells, measures.due_cells(inputs, period, as_of), period)
    parts = roll_up(pa.Table.from_pylist(due, schema=CUBE_SCHEMA), DUE_GROUPINGS)
    return Cube(pa.concat_tables([cube.table, parts]), period, as_of, int(inputs.run_no), inputs.catalogue)


def _due_by_month(cells: Cells, due: ir.Table, period: Period) -> list[dict[str, Any]]:
    """Due cells that are due by the day or delivered, by item, department, unit and month."""
    due = due.filter(due.is_due | due.delivered_on.notnull())
    delivered, is_on_time = due.delivered_on.notnull(), due.is_on_time.fill_null(False)
    counted = due.group_by("item_code", "department", "region_code", detail=due.month.strftime("%Y-%m")).aggregate(
        denominator=due.count(),
        on_time=is_on_time.sum().fill_null(0),
        late=(delivered & ~is_on_time).sum().fill_null(0),
        never_delivered=(~delivered).sum().fill_null(0),
    )
    return [
        cells.cell(
            CubeTable.OMISSIONS, what, period, dimension=Dimension.PUNCTUALITY, numerator=row[what],
            **{name: row[name] for name in ("item_code", "department", "region_code", "detail", "denominator")},
        )
        for row in counted.to_pyarrow().to_pylist()
        for what in Omission
    ]  # fmt: skip
