"""A release's figures as cells: the exact value, how a reader sees it, and why it may be missing.

Tables, charts and key figures take their cells here, so that no two of them write a figure differently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from creditlab.disclosure import GROUP_COLUMNS, Marker, Release, require_release
from creditlab.messages import Messages

PROVISIONAL = "(p)"

Value = str | int | float | bool | date | None


@dataclass(frozen=True)
class Cell:
    """A value and what stands beside it.

    `value` is exact; None means that there is nothing to say, unless `marker` says why. `text` is how a page writes it.
    """

    value: Value
    text: str
    marker: Marker = Marker.NONE
    is_provisional: bool = False


@dataclass(frozen=True)
class Row:
    """One row to make: its labels by column name, and the cells of a release that its figures come from."""

    labels: Mapping[str, str]
    where: Mapping[str, str]


class Figures:
    """A release's cells by what they are about, as table cells in one language."""

    def __init__(self, release: Release, messages: Messages) -> None:
        self.release = require_release(release)
        self._messages = messages
        self._by_key: dict[tuple[Any, ...], dict[str, Any]] = {}
        for row in release.table.to_pylist():
            self._by_key[_key(row)] = row

    def find(self, **where: Any) -> dict[str, Any] | None:
        """The release's row for a table, measure, period_start and group; None where nothing was counted."""
        return self._by_key.get(_key(where))

    def count(self, **where: Any) -> Cell:
        """A plain count; nothing counted is 0."""
        row = self.find(**where)
        if row is None:
            return self._integer(0)
        return _suppressed() if row["marker"] == Marker.SUPPRESSED else self._integer(row["count"])

    def integer(self, column: str, **where: Any) -> Cell:
        """A ratio's numerator or denominator; empty where nothing was counted."""
        row = self.find(**where)
        if row is None:
            return Cell(None, "")
        return _suppressed() if row["marker"] == Marker.SUPPRESSED else self._integer(row[column])

    def share(self, **where: Any) -> Cell:
        """A ratio in percent; empty where its denominator is 0, `(p)` beside it while late arrivals are to come.

        Of a plain count its part of the count over all details.
        """
        row = self.find(**where)
        if row is None:
            return Cell(None, "")
        provisional = bool(row["is_provisional"])
        if row["marker"] == Marker.SUPPRESSED:
            return _suppressed(provisional)
        if row["count"] is not None:
            return self._of_all(where)
        if row["ratio"] is None:
            return Cell(None, "", is_provisional=provisional)
        text = self._messages.percent(row["numerator"], row["denominator"])
        return Cell(row["ratio"], text, is_provisional=provisional)

    def _of_all(self, where: Mapping[str, Any]) -> Cell:
        part, whole = self.count(**where), self.count(**{**where, "detail": ""})
        if Marker.SUPPRESSED in (part.marker, whole.marker):
            return _suppressed()
        if not isinstance(part.value, int) or not isinstance(whole.value, int) or not whole.value:
            return Cell(None, "")
        return Cell(part.value / whole.value, self._messages.percent(part.value, whole.value))

    def said(self, cell: Cell) -> str:
        """A count's cell as a sentence or a tile writes it."""
        return self._messages.in_words(cell.value) if isinstance(cell.value, int) else cell.text

    def difference(self, now: Mapping[str, Any], before: Mapping[str, Any]) -> Cell:
        """Percentage points between two mature ratios; empty where one is missing or provisional."""
        later, earlier = self.find(**now), self.find(**before)
        if later is None or earlier is None or later["is_provisional"] or earlier["is_provisional"]:
            return Cell(None, "")
        if Marker.SUPPRESSED in (later["marker"], earlier["marker"]):
            return _suppressed()
        if later["ratio"] is None or earlier["ratio"] is None:
            return Cell(None, "")
        points = Fraction(later["numerator"], later["denominator"]) - Fraction(
            earlier["numerator"], earlier["denominator"]
        )
        return Cell(float(100 * points), self._messages.points(points))

    def flag(self, **where: Any) -> Cell:
        """Whether a figure is provisional; empty where nothing was counted."""
        row = self.find(**where)
        return Cell(None, "") if row is None else Cell(bool(row["is_provisional"]), str(bool(row["is_provisional"])))

    def _integer(self, number: int | None) -> Cell:
        return Cell(number, "" if number is None else self._messages.integer(number))


def _suppressed(provisional: bool = False) -> Cell:
    return Cell(None, Marker.SUPPRESSED, Marker.SUPPRESSED, provisional)


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    groups = (row.get(name, "") for name in GROUP_COLUMNS)
    return (str(row["table"]), str(row["measure"]), row["period_start"], *groups)
