"""Monthly volumes that are unusual: which groups of a view they belong to, and how a notebook shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from creditlab.disclosure import CubeTable, Release
from creditlab.explore.choices import By
from creditlab.explore.shown import Shown
from creditlab.explore.taking import Question, Source
from creditlab.figures import Cell, Figures, Row
from creditlab.messages import N_, Messages
from creditlab.monitoring.findings import Kind
from creditlab.periods import month_of
from creditlab.tables import Column, Table, counts
from creditlab.tables import Kind as Holds

_WORDS: Mapping[str, str] = {
    Kind.FALL: N_("fewer than expected"),
    Kind.FLOOD: N_("more than expected"),
}
_GROUPS = ("item_code", "department", "region_code")


class Unusual(Shown):
    """The unusual monthly volumes behind a view; one row per item, department, unit and month.

    Parameters
    ----------
    source
        The lake as known at one run.
    question
        Whose cells; a volume of a department as a whole belongs to none of its units.
    """

    def __init__(self, source: Source, question: Question) -> None:
        self._source, self.question = source, question

    @property
    def messages(self) -> Messages:
        """The reader's words."""
        return self._source.messages

    @cached_property
    def release(self) -> Release:
        """The counts, for the internal audience."""
        found = self._source.unusual(self.question.period, self.question.as_of)
        return found.select(**{str(column): value for column, value in self.question.narrowed.items()})

    @cached_property
    def _cells(self) -> list[dict[str, Any]]:
        return self.release.select(measure="records").rows()

    @cached_property
    def table(self) -> Table:
        """One row per unusual month: what is there, what was expected, between what and what."""
        words, _ = self.messages, self.messages.gettext
        rows = []
        for cell in self._cells:
            day = cell["period_start"]
            labels = {
                "item_code": cell["item_code"],
                "item_name": words.item(self._source.catalogue, cell["item_code"]),
                "department": words.department(self._source.catalogue, cell["department"], self.question.as_of),
                "region": words.region(self._source.catalogue, cell["region_code"]) if cell["region_code"] else "",
                "month": words.period(month_of(day)),
                "what": _(_WORDS[cell["detail"]]),
            }
            where = {name: cell[name] for name in (*_GROUPS, "detail")}
            rows.append(Row(labels, {"table": CubeTable.VOLUMES, "period_start": day, **where}))
        titles = {
            "item_code": _("Code"), "item_name": _("Item"), "department": _("Department"), "region": _("Region"),
            "month": _("Month"), "what": _("What is unusual"),
        }  # fmt: skip
        numbers = {
            "records": _("Records"), "expected": _("Expected"), "low": _("At least"), "high": _("At most"),
        }  # fmt: skip
        return counts(
            self.release,
            name="unusual_volumes",
            caption=_("Unusual volumes, {period}").format(period=words.period(self.question.period)),
            note=self._source.said_of_readers,
            labels=[Column(name, title) for name, title in titles.items()],
            rows=rows,
            figures=[(Column(name, title, Holds.INTEGER), _count_of(name)) for name, title in numbers.items()],
            messages=words,
        )

    def by_group(self, by: By) -> dict[str, str]:
        """By a group's code why it is marked, in words; groups without an unusual month are not there."""
        found: dict[str, list[str]] = defaultdict(list)
        for row, cell in zip(self.table.rows, self._cells, strict=True):
            if cell[str(by)]:
                found[cell[str(by)]].append(self._in_words(row))
        return {code: "; ".join(lines) for code, lines in found.items()}

    def _in_words(self, row: Sequence[Cell]) -> str:
        text = {column.name: cell.text for column, cell in zip(self.table.columns, row, strict=True)}
        where = ", ".join(text[name] for name in ("item_name", "department", "region", "month") if text[name])
        return self.messages.gettext("{where}: {count} records, {what} ({expected}; {low} to {high})").format(
            where=where, count=text["records"], **text
        )


def _count_of(name: str) -> Any:
    def take(figures: Figures, where: Mapping[str, Any]) -> Cell:
        return figures.count(**{**where, "measure": name})

    return take
