"""Changes asked for during the year: `requests.csv` beside the editions; they land in the next draft (Article 11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from creditlab.catalogue.changes import Change, Contest
from creditlab.catalogue.reading import edition_folders, read_details, read_edition
from creditlab.catalogue.sheets import (
    CHANGE_COLUMNS,
    CONTEST_COLUMNS,
    FIELD_COLUMNS,
    ITEM_COLUMNS,
    Sheet,
    read_sheet,
    split_list,
)
from creditlab.catalogue.writing import next_number, sheet_text, widened
from creditlab.errors import CatalogueError, ParameterError
from creditlab.terms import EditionState
from creditlab.wholefile import write_whole

REQUESTS = "requests.csv"
_WHY = ("reason", "department", "assessment", *CONTEST_COLUMNS)
REQUEST_COLUMNS = (
    "request_id",
    "asked_on",
    "item_code",
    "data_format",
    "field",
    "change",
    "column",
    "value",
    *_WHY,
    "landed_in",
)


@dataclass(frozen=True)
class Request:
    """A change that a department asks for: of an item, or of one field of a record schema.

    Attributes
    ----------
    target
        A directory code, or `data_format.field`.
    cells
        Columns of items.csv, or of fields.csv, with what they shall say; empty for a withdrawal.
    why
        What changes.csv will say of it: reason, department, and for a contested change its assessment.
    """

    target: str
    change: Change
    cells: Mapping[str, str]
    why: Mapping[str, str]

    @property
    def place(self) -> dict[str, str]:
        """The target as columns of requests.csv."""
        if "." not in self.target:
            return {"item_code": self.target}
        data_format, name = self.target.split(".", 1)
        return {"data_format": data_format, "field": name}


@dataclass(frozen=True)
class Landing:
    """Which requests landed in a draft, and which could not: what they are about is not there, or is there already."""

    landed: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()


@dataclass
class _Lists:
    """A draft's lists while requests are written into them."""

    items: list[dict[str, str]]
    fields: list[dict[str, str]]
    changes: list[dict[str, str]]


def ask(root: Path, request: Request, *, on: date) -> tuple[str, Landing]:
    """Note a change that a department asks for; it lands at once where next year's draft is open, else when it is made.

    Returns
    -------
    tuple
        The request's number, and what landed.

    Raises
    ------
    ParameterError
        If it names a column that there is not, or sets nothing.
    CatalogueError
        If it gives no reason, names a department that is not in departments.csv, or is contested in a word unknown.
    """
    _check(root, request)
    path = root / REQUESTS
    rows = _read(root)
    number = next_number(rows, "request_id")
    common = {
        "request_id": number,
        "asked_on": on.isoformat(),
        "change": str(request.change),
        **request.place,
        **request.why,
    }
    cells = request.cells or {"": ""}
    rows += [common | {"column": column, "value": value} for column, value in cells.items()]
    write_whole(path, sheet_text(REQUEST_COLUMNS, rows))
    drafts = [folder for folder in edition_folders(root) if read_details(folder).get("state") == EditionState.DRAFT]
    return number, land_requests(root, drafts[0]) if drafts else Landing()


def land_requests(root: Path, folder: Path) -> Landing:
    """Write the requests that wait into a draft's lists, each with its reason into changes.csv.

    What was written once and could not be noted is written again without harm.
    """
    rows = _read(root)
    waiting: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        if not row["landed_in"]:
            waiting.setdefault(row["request_id"], []).append(row)
    if not waiting:
        return Landing()
    text = read_edition(folder)
    items, fields, changes = (
        [dict(row.cells) for row in sheet.rows] for sheet in (text.items, text.fields, text.changes)
    )
    lists = _Lists(items, fields, changes)
    landed = [number for number, lines in waiting.items() if _land(lists, lines)]
    if landed:
        _save(folder / "items.csv", text.items, ITEM_COLUMNS, lists.items)
        _save(folder / "fields.csv", text.fields, FIELD_COLUMNS, lists.fields)
        _save(folder / "changes.csv", text.changes, (*CHANGE_COLUMNS, *CONTEST_COLUMNS), lists.changes)
        for row in rows:
            if row["request_id"] in landed:
                row["landed_in"] = str(text.year)
        write_whole(root / REQUESTS, sheet_text(REQUEST_COLUMNS, rows))
    return Landing(tuple(landed), tuple(number for number in waiting if number not in landed))


def _check(root: Path, request: Request) -> None:
    columns = FIELD_COLUMNS if "." in request.target else ITEM_COLUMNS
    fixed = ("data_format", "field") if "." in request.target else ("item_code",)
    for column in request.cells:
        if column not in columns or column in fixed:
            free = ", ".join(one for one in columns if one not in fixed)
            raise ParameterError("a column can't be set", where="--set", do=f"Choose from: {free}.")
    if bool(request.cells) == (request.change is Change.WITHDRAWN):
        raise ParameterError("a withdrawal sets nothing, and every other change does", where="--set")
    if not request.why.get("reason", "").strip():
        what, do = "a change is asked for without a reason (Article 11)", "Let the department explain it."
        raise CatalogueError(what, where="reason", do=do)
    departments = read_sheet(root / "departments.csv", ("department",), place="departments.csv")
    named = split_list(request.why.get("department", ""))
    if not named or not {row["department"] for row in departments.rows}.issuperset(named):
        what, do = "the department that asks is not in departments.csv", "Add it there, or correct its code."
        raise CatalogueError(what, where="department", do=do)
    if request.why.get("contested", "") not in {"", *Contest}:
        raise CatalogueError("contested has no known word", where="contested", do=f"Write {' or '.join(Contest)}.")


def _read(root: Path) -> list[dict[str, str]]:
    if not (root / REQUESTS).exists():
        return []
    sheet = read_sheet(root / REQUESTS, ("request_id", "change", "column", "value", "landed_in"), place=REQUESTS)
    return [{column: row[column] for column in REQUEST_COLUMNS} for row in sheet.rows]


def _land(lists: _Lists, lines: list[dict[str, str]]) -> bool:
    """Write one request into the lists; False where what it is about is not there, or is there already."""
    first, cells = lines[0], {line["column"]: line["value"] for line in lines if line["column"]}
    keys = ("item_code",) if first["item_code"] else ("data_format", "field")
    rows = lists.items if first["item_code"] else lists.fields
    wanted = {key: first[key] for key in keys}
    there = next((row for row in rows if all(row.get(key) == value for key, value in wanted.items())), None)
    change = Change(first["change"])
    if (there is None) != (change is Change.INCLUDED):
        return False
    if there is None:
        rows.append(wanted | cells)
    elif change is Change.WITHDRAWN:
        rows.remove(there)
    else:
        there.update(cells)
    why = {column: first[column] for column in _WHY}
    if first["item_code"]:
        _explain(lists, first["item_code"], change, why)
        return True
    for item in lists.items:
        if item.get("data_format") == first["data_format"]:
            _explain(lists, item["item_code"], Change.ALTERED, why)
    return True


def _explain(lists: _Lists, item_code: str, change: Change, why: Mapping[str, str]) -> None:
    """Say in changes.csv why; an item that is new in this draft is included, whatever is asked for it later."""
    there = [row for row in lists.changes if row["item_code"] == item_code]
    included = next((row for row in there if row["change"] == Change.INCLUDED), None)
    if included is not None and change is Change.WITHDRAWN:
        lists.changes.remove(included)
    elif included is not None and change is Change.ALTERED:
        if why["reason"] not in included["reason"]:
            included["reason"] += f"; {why['reason']}"
    else:
        if change is Change.WITHDRAWN:
            # What was to be altered in it is of no more account.
            lists.changes = [row for row in lists.changes if row not in there]
        row = {"item_code": item_code, "change": str(change), **why}
        if row not in [{key: one.get(key, "") for key in row} for one in there]:
            lists.changes.append(row)


def _save(path: Path, sheet: Sheet, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    write_whole(path, sheet_text(widened(sheet.columns, columns), rows))
