"""Tables over the figures of a methodology's report: rows and columns by name, cells from the release."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from creditlab.assessment.regional import Held
from creditlab.disclosure import Marker, Release
from creditlab.figures import Cell, Figures, Row
from creditlab.messages import Messages
from creditlab.periods import Period
from creditlab.reports.methodology.cube import Figure, cube_table
from creditlab.tables import Column, Kind, Table, counts

Taken = Callable[[Figures, Mapping[str, str]], Cell]
#: A row's own code, put in the place of `{code}` in a cell's `detail`.
CODE = "code"


class Tabling:
    """Makes tables from one release.

    Parameters
    ----------
    release
        Every figure of the report.
    messages
        The reader's language.
    """

    def __init__(self, release: Release, messages: Messages) -> None:
        self.release, self.messages = release, messages
        self.figures = Figures(release, messages)

    def where(self, figure: Figure, detail: str = "", region: str = "", period: Period | None = None) -> dict[str, Any]:
        """Which cell is meant."""
        start = (period or self.release.period).start
        found = {"table": cube_table(figure), "measure": figure, "detail": detail, "region_code": region}
        return {**found, "period_start": start}

    def numbers(self, figure: Figure, detail: str = "", region: str = "") -> tuple[int, int] | None:
        """A share's two numbers; (0, 0) where nothing was counted, None where they are suppressed."""
        row = self.figures.find(**self.where(figure, detail, region))
        if row and row["marker"]:
            return None
        return (row["numerator"], row["denominator"]) if row else (0, 0)

    def share(self, figure: Figure, detail: str = "", *, period: Period | None = None) -> Taken:
        """A share of each row."""
        return lambda figures, row: figures.share(**self._of(figure, detail, row, period))

    def count(self, figure: Figure, detail: str = "") -> Taken:
        """Each row's count; nothing counted is 0."""
        return lambda figures, row: figures.count(**self._of(figure, detail, row, None))

    def part(self, figure: Figure, detail: str = "", *, column: str = "numerator") -> Taken:
        """The numerator or denominator of each row's share; nothing counted is 0."""

        def take(figures: Figures, row: Mapping[str, str]) -> Cell:
            found = figures.integer(column, **self._of(figure, detail, row, None))
            return found if found.text else Cell(0, self.messages.integer(0))

        return take

    def held(self, region: str = "") -> Held | None:
        """What is held against the organisations of a region, of all where none is named; None where suppressed."""
        counted = (Figure.LEVEL_BY_REGION, Figure.REGION_RECORDS, Figure.REGION_POINTS)
        if not region:
            counted = (Figure.LEVEL, *counted[1:])
        found = [self.figures.find(**self.where(one, "", region)) for one in counted]
        if any(row and row["marker"] for row in found):
            return None
        return Held(*(row["count"] if row else 0 for row in found))

    def suppressed(self) -> Cell:
        """A cell that was reckoned from a suppressed one."""
        return Cell(None, Marker.SUPPRESSED, Marker.SUPPRESSED)

    def number(self, value: Fraction) -> Cell:
        """A number with decimals: exact as long as possible, divided once."""
        return Cell(float(value), self.messages.number(value))

    def proportion(self, value: float) -> Cell:
        """A share that was computed from others, as the bounds of an interval are."""
        whole = 10**9
        return Cell(value, self.messages.percent(round(value * whole), whole))

    def table(
        self,
        name: str,
        caption: str,
        label: str,
        rows: Sequence[tuple[str, str]],
        columns: Sequence[tuple[str, str, Kind, Taken]],
        note: str = "",
        *,
        by_region: bool = False,
    ) -> Table:
        """A table with a row per code: its name, and the columns' cells."""
        labels = [Column(CODE, self.messages.gettext("Code"), in_page=False), Column("name", label)]
        made = [
            Row({CODE: code, "name": text}, {CODE: code, "region": code if by_region else ""}) for code, text in rows
        ]
        figures = [(Column(column, title, kind), take) for column, title, kind, take in columns]
        return counts(
            self.release, name=name, caption=caption, note=note, labels=labels, rows=made, figures=figures,
            messages=self.messages,
        )  # fmt: skip

    def _of(self, figure: Figure, detail: str, row: Mapping[str, str], period: Period | None) -> dict[str, Any]:
        return self.where(figure, detail.replace("{code}", row[CODE]), row["region"], period)
