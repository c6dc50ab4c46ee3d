"""What differs between two editions, field by field, with the reason that changes.csv gives for it (Article 11)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from creditlab.catalogue.changes import Change
from creditlab.catalogue.reading import edition_folders, folder_of, read_details, read_edition
from creditlab.catalogue.sheets import Row, Sheet, split_list
from creditlab.errors import CatalogueError
from creditlab.terms import EditionState


@dataclass(frozen=True)
class Difference:
    """One thing that differs.

    Attributes
    ----------
    item_codes
        The items that it concerns: one, or all that use a data format whose fields differ.
    data_format, field
        The field of a record schema that differs; empty where an item's own cell does.
    column, before, after
        The column and its two texts; empty where an item or a field came or went as a whole.
    reasons, departments
        What changes.csv says of the items; empty where it says nothing.
    """

    change: Change
    item_codes: tuple[str, ...]
    data_format: str
    field: str
    column: str
    before: str
    after: str
    reasons: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()

    def as_row(self) -> dict[str, str]:
        """The difference as texts, several in one cell separated by `;`."""
        return {
            "change": str(self.change),
            "item_code": ";".join(self.item_codes),
            "data_format": self.data_format,
            "field": self.field,
            "column": self.column,
            "before": self.before,
            "after": self.after,
            "reason": "; ".join(self.reasons),
            "department": ";".join(self.departments),
        }


@dataclass(frozen=True)
class Pair:
    """The lists of two editions, the earlier one's first."""

    items_before: Sheet
    fields_before: Sheet
    items: Sheet
    fields: Sheet

    def altered_columns(self) -> dict[str, list[str]]:
        """For each item of both editions that differs, the columns that do; `data_format` where its fields do."""
        before, now = _by_item(self.items_before), _by_item(self.items)
        altered = {one.data_format for one in self._fields()}
        found = {}
        for code in now:
            if code in before:
                columns = _columns(before[code], now[code])
                if now[code]["data_format"] in altered and "data_format" not in columns:
                    columns.append("data_format")
                if columns:
                    found[code] = columns
        return found

    def differences(self, changes: Sheet) -> list[Difference]:
        """Everything that differs: items in the order of the lists, those that left last, then record schemas."""
        said: dict[str, list[Row]] = {}
        for row in changes.rows:
            said.setdefault(row["item_code"], []).append(row)
        return [_explained(one, said) for one in (*self._items(), *self._fields())]

    def _items(self) -> Iterator[Difference]:
        before, now = _by_item(self.items_before), _by_item(self.items)
        for code, row in now.items():
            if code not in before:
                yield Difference(Change.INCLUDED, (code,), "", "", "", "", "")
                continue
            for column in _columns(before[code], row):
                yield Difference(Change.ALTERED, (code,), "", "", column, before[code][column], row[column])
        for code in (code for code in before if code not in now):
            yield Difference(Change.WITHDRAWN, (code,), "", "", "", "", "")

    def _fields(self) -> Iterator[Difference]:
        before, now = _by_field(self.fields_before), _by_field(self.fields)
        users: dict[str, list[str]] = {}
        known = _by_item(self.items_before)
        for code, item in _by_item(self.items).items():
            if code in known:
                users.setdefault(item["data_format"], []).append(code)
        for key in dict.fromkeys([*now, *before]):
            items = tuple(users.get(key[0], ()))
            if key not in before:
                yield Difference(Change.INCLUDED, items, *key, "", "", "")
            elif key not in now:
                yield Difference(Change.WITHDRAWN, items, *key, "", "", "")
            else:
                for column in _columns(before[key], now[key]):
                    yield Difference(Change.ALTERED, items, *key, column, before[key][column], now[key][column])


def _explained(one: Difference, said: dict[str, list[Row]]) -> Difference:
    rows = [row for code in one.item_codes for row in said.get(code, ())]
    departments = dict.fromkeys(code for row in rows for code in split_list(row["department"]))
    reasons = tuple(dict.fromkeys(row["reason"] for row in rows if row["reason"]))
    place = (one.change, one.item_codes, one.data_format, one.field, one.column, one.before, one.after)
    return Difference(*place, reasons, tuple(departments))


def _by_item(sheet: Sheet) -> dict[str, Row]:
    return {row["item_code"]: row for row in sheet.rows if row["item_code"]}


def _by_field(sheet: Sheet) -> dict[tuple[str, str], Row]:
    return {(row["data_format"], row["field"]): row for row in sheet.rows}


def _columns(before: Row, now: Row) -> list[str]:
    return [name for name in dict.fromkeys([*now.cells, *before.cells]) if before[name] != now[name]]


def compare(root: Path, year: int, against: int | None = None) -> tuple[int, list[Difference]]:
    """What differs between a year's edition and another one.

    Parameters
    ----------
    root
        The catalogue's folder.
    year
        The edition, in whatever state.
    against
        The other edition's year; None for the newest published one before it.

    Returns
    -------
    tuple
        The other edition's year, and the differences with the reasons of this one's changes.csv.

    Raises
    ------
    CatalogueError
        If there is no such edition, or a list can't be read.
    """
    now = read_edition(folder_of(root, year))
    if against is None:
        years = {details["year"]: details.get("state") for details in map(read_details, edition_folders(root))}
        earlier = [one for one, state in years.items() if one < year and state == EditionState.PUBLISHED]
        if not earlier:
            what = "no edition before it has been published"
            raise CatalogueError(what, where=str(year), do="Name another one with --against.")
        against = max(earlier)
    before = read_edition(folder_of(root, against))
    pair = Pair(before.items, before.fields, now.items, now.fields)
    return against, pair.differences(now.changes)
