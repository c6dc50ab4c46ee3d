"""What a department's report is made from: its own figures, and the province's totals beside them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa

from creditlab import measures
from creditlab.disclosure import CUBE_SCHEMA, Cube, CubeTable, roll_up
from creditlab.feedback.mended import mended_by_delivery
from creditlab.inputs import Inputs
from creditlab.measures.mergers import after_mergers
from creditlab.periods import Period
from creditlab.reports.quarterly.cube import DELIVERY_COUNT, RECORD_COUNT, Cells, refuse_nothing
from creditlab.terms import COUNTS, Group

MENDED, MENDED_SOON, WITHDRAWN = "mended", "mended_soon", "faulty_withdrawn"
_BY = (Group.ITEM, Group.DEPARTMENT)


def department_cube(inputs: Inputs, period: Period, as_of: date) -> Cube:
    """Measure and count what all departments' reports show, totals included: they are protected together.

    Measures are there for the province and by department, everything else by department. No cell is about an item and a
    unit: how much a single cell counts is nobody's business but its deliverer's.

    Raises
    ------
    NoDataError
        If nothing was delivered in the period, by whomever, and no record happened in it.
    """
    about = Cells(inputs.catalogue, as_of, int(inputs.run_no))
    ratios = about.ratios(measures.measure(inputs, period, as_of, by=_BY), period)
    arrived = measures.delivery_counts(inputs, period, as_of, _BY)
    deliveries = about.counts(CubeTable.DELIVERIES, arrived, period, (DELIVERY_COUNT, *COUNTS))
    refuse_nothing(ratios, deliveries, period)
    before = period.previous()
    ratios += about.ratios(measures.measure(inputs, before, as_of, by=_BY), before)
    counted = measures.fault_counts(inputs, period, as_of, _BY)
    faults = about.counts(CubeTable.FAULTS, counted, period, (RECORD_COUNT,), detail="fault")
    omissions = about.omissions(measures.due_cells(inputs, period, as_of), period)
    mended = _mended(about, inputs, period, as_of)

    table = pa.concat_tables(
        [
            roll_up(_table(ratios), [(), ("department",)]),
            roll_up(_table(deliveries), [("department",)]),
            roll_up(_table(omissions), [("department",), ("item_code", "department")]),
            roll_up(_table(faults), [("department", "detail")]),
            roll_up(_table(mended), [("department",)]),
        ]
    )
    return Cube(table, period, as_of, int(inputs.run_no))


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=CUBE_SCHEMA)


def _mended(about: Cells, inputs: Inputs, period: Period, as_of: date) -> list[dict[str, Any]]:
    """Finest cells of what was mended: records mended, those of them mended soon, faulty ones withdrawn."""
    rows = mended_by_delivery(after_mergers(inputs, as_of), period, as_of).to_pyarrow().to_pylist()
    cells = []
    for row in rows:
        groups = {"item_code": row["item_code"], "department": row["department"]}
        cells.append(about.cell(CubeTable.FAULTS, MENDED, period, **groups, count=row["mended"]))
        cells.append(about.cell(CubeTable.FAULTS, WITHDRAWN, period, **groups, count=row["withdrawn"]))
        soon = {"numerator": row["mended_soon"], "denominator": row["mended"]}
        cells.append(about.cell(CubeTable.FAULTS, MENDED_SOON, period, **groups, **soon))
    return cells
