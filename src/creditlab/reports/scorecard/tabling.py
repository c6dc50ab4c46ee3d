"""Cells of a model card: what was measured with its interval, points, counts; numbers with three decimals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from creditlab.figures import Cell, Figures
from creditlab.reports.methodology.tabling import CODE, Tabling
from creditlab.reports.scorecard.cube import HIGH, LOW, detail, measured_name
from creditlab.scorecards import Measure
from creditlab.tables import Kind

Taken = Callable[[Figures, Mapping[str, str]], Cell]
_PATTERN = "0.000"


class CardTabling(Tabling):
    """Makes tables from a model card's release."""

    def decimal(self, part: int, whole: int) -> Cell:
        """A figure with three decimals."""
        from babel.numbers import format_decimal

        if not whole:
            return Cell(None, "")
        value = part / whole
        return Cell(value, str(format_decimal(round(value, 3), _PATTERN, self.messages.language)))

    def found(self, measure: str, of: str = "card", group: str = "", member: str = "", bound: str = "") -> Cell:
        """One figure that was measured; empty where it was not."""
        row = self.figures.find(**self._measured(measure, detail(of, group, member, bound)))
        return self.decimal(row["numerator"], row["denominator"]) if row else Cell(None, "")

    def percentage(self, measure: str, of: str = "card", group: str = "", member: str = "") -> Cell:
        """The same as a share in per cent."""
        return self.figures.share(**self._measured(measure, detail(of, group, member)))

    def column(
        self, name: str, title: str, measure: Measure, where: Callable[[str], tuple[str, str, str]], bound: str = ""
    ) -> tuple[str, str, Kind, Taken]:
        """A column of figures; `where` says whose it is by a row's code: of, group, member."""

        def take(_figures: Figures, row: Mapping[str, str]) -> Cell:
            return self.found(measure, *where(row[CODE]), bound)

        return (name, title, Kind.NUMBER, take)

    def interval(
        self, name: str, measure: Measure, where: Callable[[str], tuple[str, str, str]]
    ) -> list[tuple[str, str, Kind, Taken]]:
        """The two columns of its 95 % interval."""
        _ = self.messages.gettext
        return [
            self.column(f"{name}_low", _("Interval from"), measure, where, LOW),
            self.column(f"{name}_high", _("Interval to"), measure, where, HIGH),
        ]

    def share_column(
        self, name: str, title: str, measure: Measure, where: Callable[[str], tuple[str, str, str]]
    ) -> tuple[str, str, Kind, Taken]:
        """A column of shares in per cent."""

        def take(figures: Figures, row: Mapping[str, str]) -> Cell:
            return self.percentage(measure, *where(row[CODE]))

        return (name, title, Kind.SHARE, take)

    def count_column(
        self, name: str, title: str, measure: Measure, where: Callable[[str], tuple[str, str, str]], which: str
    ) -> tuple[str, str, Kind, Taken]:
        """A column of numerators or denominators."""

        def take(figures: Figures, row: Mapping[str, str]) -> Cell:
            return figures.integer(which, **self._measured(measure, detail(*where(row[CODE]))))

        return (name, title, Kind.INTEGER, take)

    def _measured(self, measure: str, what: str) -> dict[str, Any]:
        return self.where(measured_name(measure), what)  # type: ignore[arg-type]
