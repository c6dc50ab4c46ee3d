"""The catalogue's CSV lists as text with its place: which there are, their columns, and how they are read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from creditlab.errors import CatalogueError

ITEM_COLUMNS = (
    "item_code", "departments", "item_name_zh", "item_name_en", "data_format", "right_to_use", "subject_kinds",
    "collection_scope", "collection_procedure", "collection_path", "reporting_level", "collection_time_limit",
    "publication_method", "publication_months", "update_period", "delivery_grace_days", "security_level",
    "information_kind", "category", "nature", "coverage_basis",
)  # fmt: skip
FIELD_COLUMNS = (
    "data_format", "field", "name_zh", "name_en", "type", "required", "one_of_group", "role", "pattern", "code_list",
    "minimum", "maximum", "max_length",
)  # fmt: skip
CHANGE_COLUMNS = ("item_code", "change", "reason", "department", "assessment")
#: What changes.csv has beside them where opinions differ greatly, or a change may have great social impact.
CONTEST_COLUMNS = ("contested", "experts_heard", "representatives_heard")
COMMENT_COLUMNS = ("comment_id", "item_code", "received_on", "comment", "answer", "answered_on")
#: Columns that a file may lack: what an empty cell means is defined.
OPTIONAL = {
    "publication_months", "delivery_grace_days", "one_of_group", "role", "pattern", "code_list", "minimum", "maximum",
    "max_length", "assessment",
}  # fmt: skip

#: An edition's lists, with the columns that each must have; the last two may be absent.
EDITION_SHEETS: dict[str, tuple[str, ...]] = {
    "items.csv": ITEM_COLUMNS,
    "fields.csv": FIELD_COLUMNS,
    "changes.csv": CHANGE_COLUMNS,
    "comments.csv": (),
}
_MAY_BE_ABSENT = {"changes.csv", "comments.csv"}
#: The lists beside the editions, with their columns.
LIST_SHEETS: dict[str, tuple[str, ...]] = {
    "departments.csv": ("department", "name_zh", "name_en"),
    "regions.csv": ("region_code", "name_zh", "name_en", "level", "parent"),
    "code_lists.csv": ("code_list", "code", "name_zh", "name_en"),
}
#: Lists beside the editions that a catalogue may lack. departments.csv, regions.csv and code_lists.csv it must have.
OPTIONAL_LIST_SHEETS: dict[str, tuple[str, ...]] = {
    "standards.csv": ("standard", "version", "valid_from", "valid_until", "rests_on"),
    "department_history.csv": ("department", "valid_from", "valid_until"),
}
STANDARD_COLUMNS = (
    "standard", "version", "name_zh", "name_en", "valid_from", "valid_until", "rests_on", "pattern",
)  # fmt: skip
HISTORY_COLUMNS = (
    "department", "valid_from", "valid_until", "name_zh", "name_en", "alias", "level", "merged_into",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One row of a CSV list: its text by column, its number in a spreadsheet, and cells beyond the header."""

    line: int
    cells: dict[str, str]
    surplus: int = 0

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Sheet:
    """A CSV list as read."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


class SheetProblem(StrEnum):
    """Why a list can't be read as it stands."""

    MISSING = "missing"
    UNREADABLE = "unreadable"
    COLUMN_TWICE = "column_twice"
    COLUMN_MISSING = "column_missing"


class SheetError(CatalogueError):
    """One problem of a list's structure, kept with its place so that lint can point at it."""

    def __init__(self, problem: SheetProblem, what: str, *, file: str, column: str = "", do: str) -> None:
        self.problem, self.file, self.column = problem, file, column
        super().__init__(what, where=f"{file}, column {column}" if column else file, do=do)


def inspect_sheet(path: Path, expected: Iterable[str], *, place: str) -> tuple[Sheet, list[SheetError]]:
    """Read a CSV list (UTF-8, with or without BOM) as text, as far as that goes, and say what is wrong with it."""
    try:
        records = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    except FileNotFoundError:
        return _no_sheet(place, SheetProblem.MISSING, "a file of the catalogue is missing", f"Add {path.name}.")
    except UnicodeDecodeError:
        what = "a file of the catalogue is not UTF-8"
        return _no_sheet(place, SheetProblem.UNREADABLE, what, "Save it as CSV UTF-8.")
    except (OSError, csv.Error):
        what = "a file of the catalogue can't be read as CSV"
        return _no_sheet(place, SheetProblem.UNREADABLE, what, "Save it as CSV UTF-8.")
    header = [cell.strip() for cell in records[0]] if records else []
    problems = [
        SheetError(SheetProblem.COLUMN_TWICE, "a column occurs twice", file=place, column=name, do="Keep one.")
        for name in sorted({name for name in header if name and header.count(name) > 1})
    ]
    problems += [
        SheetError(SheetProblem.COLUMN_MISSING, "a column is missing", file=place, column=name, do="Add the column.")
        for name in expected
        if name not in header and name not in OPTIONAL
    ]
    rows = []
    # Records, not lines: a cell may hold a line end, and a spreadsheet counts rows.
    for number, record in enumerate(records[1:], start=2):
        if any(cell.strip() for cell in record):
            cells = [cell.strip() for cell in record] + [""] * (len(header) - len(record))
            surplus = sum(bool(cell) for cell in cells[len(header) :])
            rows.append(Row(number, dict(zip(header, cells, strict=False)), surplus))
    return Sheet(place, tuple(header), tuple(rows)), problems


def _no_sheet(place: str, problem: SheetProblem, what: str, do: str) -> tuple[Sheet, list[SheetError]]:
    return Sheet(place, (), ()), [SheetError(problem, what, file=place, do=do)]


def read_sheet(path: Path, expected: Iterable[str], *, place: str) -> Sheet:
    """Read a CSV list (UTF-8, with or without BOM) as text.

    Raises
    ------
    SheetError
        If the file is missing, isn't UTF-8, has a column twice or lacks an expected one.
    """
    sheet, problems = inspect_sheet(path, expected, place=place)
    if problems:
        raise problems[0]
    return sheet


def inspect_edition_sheet(folder: Path, name: str) -> tuple[Sheet, list[SheetError]]:
    """Read one of an edition's lists as far as that goes; one that may be absent is then empty."""
    place = f"{folder.name}/{name}"
    if name in _MAY_BE_ABSENT and not (folder / name).exists():
        return Sheet(place, (), ()), []
    return inspect_sheet(folder / name, EDITION_SHEETS[name], place=place)


def inspect_list(root: Path, name: str) -> tuple[Sheet, list[SheetError]]:
    """Read one of the lists beside the editions as far as that goes; one that may be absent is then empty."""
    if name in OPTIONAL_LIST_SHEETS and not (root / name).exists():
        return Sheet(name, (), ()), []
    return inspect_sheet(root / name, (LIST_SHEETS | OPTIONAL_LIST_SHEETS)[name], place=name)


def split_list(text: str) -> tuple[str, ...]:
    """The parts of a `;`-separated cell, trimmed, empty ones dropped."""
    return tuple(part.strip() for part in text.split(";") if part.strip())
