"""What a model card is made from: everything that the card's file says of it, as whole numbers, for the gate.

A card counts organisations only, so no cell is about a natural person.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

import pyarrow as pa

from creditlab.disclosure import CUBE_SCHEMA, Cube, CubeTable
from creditlab.periods import Period
from creditlab.scorecards import Card
from creditlab.scorecards.measures import MILLION


class Figure(StrEnum):
    """What a cell says beside what was measured; `detail` is the variable and the bin, or the part."""

    POINTS = "card_points"
    BIN = "card_bin"
    PART = "card_part"


LOW, HIGH = "low", "high"


def measured_name(measure: str) -> str:
    """What a cell of something measured is called."""
    return f"card_{measure}"


def detail(of: str = "card", group: str = "", member: str = "", bound: str = "") -> str:
    """Which figure a cell is about."""
    return "|".join([of, group, member, *([bound] if bound else [])])


def card_cube(card: Card, period: Period, as_of: date, run_no: int) -> Cube:
    """Every figure of a model card."""
    cells: list[dict[str, Any]] = []

    def add(measure: str, what: str, numbers: dict[str, Any]) -> None:
        cells.append(
            dict.fromkeys(CUBE_SCHEMA.names)
            | dict.fromkeys(("dimension", "item_code", "department", "region_code"), "")
            | {"table": CubeTable.ASSESSMENTS.value, "measure": measure, "detail": what, "as_of": as_of}
            | {"period_start": period.start, "period_end": period.end, "run_no": run_no}
            | {"is_provisional": False, "has_natural_persons": False}
            | numbers
        )

    def share(measure: str, what: str, part: int, whole: int) -> None:
        add(measure, what, {"numerator": part, "denominator": whole, "ratio": part / whole if whole else None})

    for one in card.measured:
        name = measured_name(one.measure)
        share(name, detail(one.of, one.group, one.member), one.part, one.whole)
        for bound, value in ((LOW, one.low), (HIGH, one.high)):
            if value is not None:
                share(name, detail(one.of, one.group, one.member, bound), value, MILLION)
    for variable in card.variables:
        for place, points in enumerate(variable.points):
            add(Figure.POINTS, f"{variable.name}|{place}", {"count": points})
            bad, good = variable.bad[place], variable.good[place]
            share(Figure.BIN, f"{variable.name}|{place}", bad, bad + good)
    for part in card.parts:
        share(Figure.PART, part.name, part.outcomes, part.rows)
    return Cube(pa.Table.from_pylist(cells, schema=CUBE_SCHEMA), period, as_of, run_no)
