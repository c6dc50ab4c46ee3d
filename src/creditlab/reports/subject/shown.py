"""How one organisation's facts are written as tables: columns, cells, and the words for codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date

from creditlab.assessment.words import REASONS
from creditlab.disclosure import Release
from creditlab.dossier.subject import Dossier
from creditlab.figures import Cell
from creditlab.messages import Messages, shortened
from creditlab.reports.subject.facts import Fact, in_words, outcome_name
from creditlab.reports.subject.words import CATEGORIES, INFORMATION, STATES
from creditlab.tables import Column, Kind, Table

#: Codes stand in the files; a page shows their names.
_HIDDEN = ("item_code", "department")
#: Further columns of a table: their titles, and what takes a fact's cell.
Further = Mapping[str, tuple[str, Callable[[Fact], Cell]]]


def plain(text: str) -> Cell:
    """A cell that a page writes as it is."""
    return Cell(text, text)


class Shown:
    """Facts and figures of one page, in its reader's words."""

    def __init__(self, dossier: Dossier, release: Release, messages: Messages) -> None:
        self._dossier, self._release, self._messages = dossier, release, messages

    def chosen(self, name: str, caption: str, facts: Sequence[Fact], further: Further | None = None) -> Table:
        """A table of some facts, one row each, with further columns of its own."""
        more = further or {}
        titles = self._titles() | {key: title for key, (title, _take) in more.items()}
        rows = [[*self._cells(one), *(take(one) for _title, take in more.values())] for one in facts]
        return self.table(name, caption, titles, rows, hide=_HIDDEN)

    def table(
        self,
        name: str,
        caption: str,
        titles: Mapping[str, str],
        rows: Iterable[Sequence[Cell]],
        numbers: Sequence[str] = (),
        hide: Sequence[str] = (),
    ) -> Table:
        """A table of the page: `numbers` are columns of whole numbers, `hide` those that stand in the file only."""
        columns = tuple(
            Column(key, title, Kind.INTEGER if key in numbers else Kind.TEXT, in_page=key not in hide)
            for key, title in titles.items()
        )
        return Table(name, caption, columns, tuple(tuple(one) for one in rows), "", self._release)

    def category(self, category: str) -> str:
        """What a category of the catalogue is called."""
        return self._messages.gettext(CATEGORIES[category]) if category in CATEGORIES else category

    def number(self, number: int) -> Cell:
        """A whole number."""
        return Cell(number, self._messages.integer(number))

    def day(self, day: date | None) -> Cell:
        """A day, as files have it."""
        return Cell(None, "") if day is None else plain(day.isoformat())

    def _titles(self) -> dict[str, str]:
        _ = self._messages.gettext
        return {
            "event_date": _("Date"),
            "item_code": _("Item code"),
            "item_name": _("Item"),
            "information_kind": _("Information"),
            "department": _("Code"),
            "department_name": _("Department"),
            "outcome": _("Outcome"),
            "details": _("Details"),
            "amount": _("Amount"),
            "valid_until": _("Valid until"),
            "record_state": _("State"),
            "published_until": _("Published until"),
            "left_out": _("Does not count because"),
        }

    def _cells(self, fact: Fact) -> list[Cell]:
        """In the order of the titles."""
        messages, row = self._messages, fact.row
        _ = messages.gettext
        amount, reason = fact.amount, fact.left_out
        return [
            self.day(row["event_date"]),
            plain(row["item_code"]),
            plain(shortened(messages.named(fact.item.item_name_zh, fact.item.item_name_en))),
            Cell(str(fact.item.information_kind), _(INFORMATION[fact.item.information_kind])),
            plain(row["department"]),
            plain(messages.department(self._dossier.catalogue, row["department"], self._release.as_of)),
            Cell(row["outcome"], outcome_name(fact, self._dossier, messages)),
            plain(in_words(fact, self._dossier, messages)),
            Cell(None, "") if amount is None else plain(f"{amount:f}"),
            self.day(row["valid_until"]),
            Cell(row["record_state"], _(STATES[row["record_state"]])),
            self.day(row["published_until"] if row["is_published"] else None),
            Cell(row["left_out"], _(REASONS[reason]) if reason else ""),
        ]
