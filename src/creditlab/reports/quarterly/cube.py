"""What the quarterly report is made from: one cube of measures, deliveries, omissions and faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from creditlab.disclosure import CUBE_SCHEMA, DUTIES, Cube, CubeTable, roll_up
from creditlab.errors import NoDataError
from creditlab.periods import Period
from creditlab.reports.quarterly.matters import Matter, matter_cells
from creditlab.terms import COUNTS, Dimension, Group, Measure

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from creditlab.catalogue import Catalogue
    from creditlab.measures import Inputs


class Omission(StrEnum):
    """What became of a due cell, of those that are due by the day or delivered."""

    ON_TIME = "on_time"
    LATE = "late"
    NEVER = "never_delivered"


DELIVERY_COUNT = "delivery_count"
RECORD_COUNT = "record_count"
_GROUPS = ("item_code", "department", "region_code")


def measured_cube(inputs: Inputs, period: Period, as_of: date, matters: Sequence[Matter] = ()) -> Cube:
    """Measure and count everything that the quarterly report shows, totals included.

    Parameters
    ----------
    inputs
        The lake as one run left it.
    period
        The period of the report. The measures of the period before, and of the same one a year before, are taken too,
        as of the same day.
    as_of
        The day whose state is reported.
    matters
        The matters for coordination that stand (`standing_matters`); their counts become cells.

    Raises
    ------
    NoDataError
        If nothing was delivered in the period and no record happened in it.
    """
    from creditlab import measures

    about = Cells(inputs.catalogue, as_of, int(inputs.run_no))
    by = (Group.ITEM, Group.DEPARTMENT, Group.REGION)
    ratios = about.ratios(measures.measure(inputs, period, as_of, by=by), period)
    deliveries = about.counts(
        CubeTable.DELIVERIES,
        measures.delivery_counts(inputs, period, as_of, by),
        period,
        (DELIVERY_COUNT, *COUNTS),
    )
    refuse_nothing(ratios, deliveries, period)
    before = []
    for one in measured_periods(period)[1:]:
        before += about.ratios(measures.measure(inputs, one, as_of, by=by), one)
    faults = about.counts(
        CubeTable.FAULTS,
        measures.fault_counts(inputs, period, as_of, (Group.ITEM,)),
        period,
        (RECORD_COUNT,),
        detail="fault",
    )
    omissions = about.omissions(measures.due_cells(inputs, period, as_of), period)
    return assemble(
        period, as_of, int(inputs.run_no), ratios=[*ratios, *before], deliveries=deliveries, omissions=omissions,
        faults=faults, matters=matter_cells(about, period, matters), catalogue=inputs.catalogue,
    )  # fmt: skip


def measured_periods(period: Period) -> tuple[Period, ...]:
    """A period, and those that it is compared with."""
    return tuple(dict.fromkeys((period, period.previous(), period.year_before())))


def assemble(
    period: Period,
    as_of: date,
    run_no: int,
    *,
    ratios: Iterable[Mapping[str, Any]],
    deliveries: Iterable[Mapping[str, Any]],
    omissions: Iterable[Mapping[str, Any]],
    faults: Iterable[Mapping[str, Any]],
    matters: Iterable[Mapping[str, Any]] = (),
    catalogue: Catalogue | None = None,
) -> Cube:
    """Roll finest cells (rows of CUBE_SCHEMA) up to the groupings that the report shows; matters stand as they are."""
    parts = {name: pa.Table.from_pylist(list(rows), schema=CUBE_SCHEMA) for name, rows in (
        ("ratios", ratios), ("deliveries", deliveries), ("omissions", omissions), ("faults", faults),
        ("matters", matters))}  # fmt: skip
    table = pa.concat_tables(
        [
            roll_up(parts["ratios"], [(), ("department",), ("region_code",)]),
            roll_up(parts["deliveries"], [(), ("department",), ("region_code",)]),
            roll_up(parts["omissions"], OMISSION_GROUPINGS),
            roll_up(parts["faults"], [("detail",)]),
            parts["matters"],
        ]
    )
    return Cube(table, period, as_of, run_no, catalogue)


def refuse_nothing(
    ratios: Iterable[Mapping[str, Any]], deliveries: Iterable[Mapping[str, Any]], period: Period
) -> None:
    """Raise NoDataError for a period in which nothing was delivered and nothing happened."""
    happened = sum(row["denominator"] for row in ratios if row["measure"] == Measure.TIMELINESS)
    arrived = sum(row["count"] for row in deliveries if row["measure"] == DELIVERY_COUNT)
    if not happened and not arrived:
        raise NoDataError(
            f"there is nothing to report for {period.label}",
            do="Ingest its deliveries first, or name another period; nothing was published.",
        )


#: Of the province, of departments, of units; and what each of them left out, item by item.
OMISSION_GROUPINGS = [(), ("department",), ("region_code",), ("item_code", "department"), ("item_code", "region_code")]


class Cells:
    """What all cells of one cube have in common."""

    def __init__(self, catalogue: Catalogue, as_of: date, run_no: int) -> None:
        self._as_of, self._run_no = as_of, run_no
        organisations = catalogue.organisations_items

        def is_natural(code: str) -> bool:
            # A measure without items counts over all of them. Of an item that no edition has nobody knows whom it is
            # about, so it is treated as about persons.
            return code not in organisations if code else len(organisations) < len(catalogue.item_codes)

        self._is_natural: Callable[[str], bool] = is_natural

    def cell(self, table: CubeTable, measure: str, period: Period, **values: Any) -> dict[str, Any]:
        """One finest cell."""
        groups = {name: values.get(name) or "" for name in (*_GROUPS, "detail")}
        return {
            "table": table,
            "measure": measure,
            "dimension": values.get("dimension", ""),
            **groups,
            "period_start": period.start,
            "period_end": period.end,
            "as_of": self._as_of,
            "run_no": self._run_no,
            "numerator": values.get("numerator"),
            "denominator": values.get("denominator"),
            "count": values.get("count"),
            "ratio": None,
            "is_provisional": bool(values.get("is_provisional", False)),
            "has_natural_persons": measure not in DUTIES and self._is_natural(groups["item_code"]),
        }

    def ratios(self, measured: ir.Table, period: Period) -> list[dict[str, Any]]:
        """The finest cells of MEASUREMENT."""
        rows = measured.to_pyarrow().to_pylist()
        wanted = ("dimension", *_GROUPS, "numerator", "denominator", "is_provisional")
        return [
            self.cell(CubeTable.MEASUREMENTS, row["measure"], period, **{name: row[name] for name in wanted})
            for row in rows
        ]

    def counts(
        self, table: CubeTable, counted: ir.Table, period: Period, names: Iterable[str], detail: str = ""
    ) -> list[dict[str, Any]]:
        """The finest cells of a counted table: one per row and count."""
        made = []
        for row in counted.to_pyarrow().to_pylist():
            groups = {name: row.get(name) for name in _GROUPS}
            for name in names:
                made.append(self.cell(table, name, period, **groups, detail=row.get(detail), count=row[name]))
        return made

    def omissions(self, due: ir.Table, period: Period) -> list[dict[str, Any]]:
        """Due cells that are due by the day or delivered: how many on time, late, never, of how many."""
        due = due.filter(due.is_due | due.delivered_on.notnull())
        delivered = due.delivered_on.notnull()
        grouped = due.group_by(*_GROUPS).aggregate(
            denominator=due.count(),
            on_time=due.is_on_time.fill_null(False).sum().fill_null(0),
            late=(delivered & ~due.is_on_time.fill_null(False)).sum().fill_null(0),
            never_delivered=(~delivered).sum().fill_null(0),
        )
        return [
            self.cell(
                CubeTable.OMISSIONS,
                what,
                period,
                dimension=Dimension.PUNCTUALITY,
                **{name: row[name] for name in _GROUPS},
                numerator=row[what],
                denominator=row["denominator"],
            )
            for row in grouped.to_pyarrow().to_pylist()
            for what in Omission
        ]
