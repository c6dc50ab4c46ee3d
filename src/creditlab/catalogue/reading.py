"""Read editions and the lists beside them from the folder in which officials keep them.

Reading keeps the rows as text with their place, so that lint can point at a cell; `build_edition` makes the typed
edition and refuses at the first cell that has no meaning.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from creditlab.catalogue.edition import (
    Catalogue,
    Code,
    DataFormat,
    Department,
    Edition,
    Item,
    RecordField,
    Region,
    TimeLimit,
)
from creditlab.errors import CatalogueError
from creditlab.terms import (
    CoverageBasis,
    EditionState,
    FieldType,
    InformationKind,
    Nature,
    PublicationMethod,
    ReportingLevel,
    RightToUse,
    Role,
    SecurityLevel,
    SubjectKind,
    UpdatePeriod,
)

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
#: Columns that a file may lack: what an empty cell means is defined.
_OPTIONAL = {
    "publication_months", "delivery_grace_days", "one_of_group", "role", "pattern", "code_list", "minimum", "maximum",
    "max_length", "assessment",
}  # fmt: skip

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True)
class Row:
    """One row of a CSV list: its text by column, and the line that a spreadsheet shows it on."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Sheet:
    """A CSV list as read."""

    file: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class EditionText:
    """An edition's folder as read, before any cell is given a meaning."""

    folder: Path
    details: dict[str, Any]
    items: Sheet
    fields: Sheet
    changes: Sheet
    comments: Sheet

    @property
    def year(self) -> int:
        """The year that the edition is for."""
        return int(self.details["year"])

    @property
    def state(self) -> str:
        """Where the edition is in its year, as written."""
        return str(self.details.get("state", ""))


def read_sheet(path: Path, expected: Iterable[str], *, place: str) -> Sheet:
    """Read a CSV list (UTF-8, with or without BOM) as text.

    Raises
    ------
    CatalogueError
        If the file is missing, isn't UTF-8, has a column twice or lacks an expected one.
    """
    try:
        content = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise CatalogueError("a file of the catalogue is missing", where=place) from error
    except UnicodeDecodeError as error:
        raise CatalogueError("a file of the catalogue is not UTF-8", where=place, do="Save it as CSV UTF-8.") from error
    reader = csv.reader(io.StringIO(content, newline=""))
    header = [cell.strip() for cell in next(reader, [])]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise CatalogueError("a column occurs twice", where=f"{place}, column {twice[0]}", do="Keep one of the two.")
    absent = [name for name in expected if name not in header and name not in _OPTIONAL]
    if absent:
        raise CatalogueError("a column is missing", where=f"{place}, column {absent[0]}", do="Add the column.")
    rows = []
    for cells in reader:
        if any(cell.strip() for cell in cells):
            padded = [cell.strip() for cell in cells] + [""] * (len(header) - len(cells))
            rows.append(Row(reader.line_num, dict(zip(header, padded, strict=False))))
    return Sheet(place, tuple(header), tuple(rows))


def read_edition(folder: Path) -> EditionText:
    """Read an edition's folder as text.

    Raises
    ------
    CatalogueError
        If a file is missing or can't be read, or edition.toml names no year.
    """
    name = folder.name
    try:
        details = tomllib.loads((folder / "edition.toml").read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise CatalogueError("an edition has no edition.toml", where=name) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogueError("edition.toml can't be read", where=name, do="Mend its syntax.") from error
    if not isinstance(details.get("year"), int):
        raise CatalogueError("edition.toml names no year", where=name, do="Write year = 2026.")
    optional = {key: Sheet(f"{name}/{key}", (), ()) for key in ("changes.csv", "comments.csv")}
    for key in optional:
        if (folder / key).exists():
            columns = CHANGE_COLUMNS if key == "changes.csv" else ()
            optional[key] = read_sheet(folder / key, columns, place=f"{name}/{key}")
    return EditionText(
        folder,
        details,
        read_sheet(folder / "items.csv", ITEM_COLUMNS, place=f"{name}/items.csv"),
        read_sheet(folder / "fields.csv", FIELD_COLUMNS, place=f"{name}/fields.csv"),
        optional["changes.csv"],
        optional["comments.csv"],
    )


def edition_folders(root: Path) -> list[Path]:
    """The editions' folders under a catalogue folder, in order of year."""
    return sorted(path for path in root.iterdir() if path.is_dir() and (path / "edition.toml").exists())


def digest_of(text: EditionText) -> str:
    """SHA-256 over an edition's canonical form: what it says, whatever the file's line ends or column widths."""
    sheets = {
        sheet.file.rpartition("/")[2]: [sorted((c, v) for c, v in row.cells.items() if c and v) for row in sheet.rows]
        for sheet in (text.items, text.fields, text.changes, text.comments)
    }
    canonical = json.dumps([text.details, sheets], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def read_catalogue(root: Path) -> Catalogue:
    """Read the published editions and the lists beside them.

    Raises
    ------
    CatalogueError
        If the folder is missing, a file can't be read, or a published edition has a cell without meaning.
    """
    if not root.is_dir():
        raise CatalogueError("the catalogue's folder is missing", where=root.name, do="Set [paths] catalogue.")
    departments = read_sheet(root / "departments.csv", ("department", "name_zh", "name_en"), place="departments.csv")
    regions = read_sheet(
        root / "regions.csv", ("region_code", "name_zh", "name_en", "level", "parent"), place="regions.csv"
    )
    codes = read_sheet(root / "code_lists.csv", ("code_list", "code", "name_zh", "name_en"), place="code_lists.csv")
    lists: dict[str, tuple[Code, ...]] = {}
    for row in codes.rows:
        lists[row["code_list"]] = (*lists.get(row["code_list"], ()), Code(row["code"], row["name_zh"], row["name_en"]))
    editions = [build_edition(text) for text in map(read_edition, edition_folders(root)) if is_published(text)]
    years = [one.year for one in editions]
    if len(set(years)) < len(years):
        raise CatalogueError("two published editions are for one year", do="Keep one folder a year.")
    beside = json.dumps([[row.cells for row in sheet.rows] for sheet in (departments, regions, codes)], sort_keys=True)
    return Catalogue(
        tuple(sorted(editions, key=lambda one: one.year)),
        {row["department"]: Department(row["department"], row["name_zh"], row["name_en"]) for row in departments.rows},
        {
            row["region_code"]: Region(
                row["region_code"], row["name_zh"], row["name_en"], row["level"], row["parent"]
            )
            for row in regions.rows
        },
        lists,
        hashlib.sha256(beside.encode()).hexdigest(),
    )


def is_published(text: EditionText) -> bool:
    """Whether an edition is published; only those are measured against."""
    return text.state == EditionState.PUBLISHED


def build_edition(text: EditionText) -> Edition:
    """Give an edition's text its meaning.

    Raises
    ------
    CatalogueError
        At the first cell that has none; `creditlab catalogue lint` lists them all.
    """
    formats: dict[str, list[RecordField]] = {}
    for row in text.fields.rows:
        formats.setdefault(row["data_format"], []).append(_build_field(text.fields, row))
    items = tuple(_build_item(text.items, row, formats) for row in text.items.rows)
    if len({item.item_code for item in items}) < len(items):
        raise CatalogueError("an item occurs twice", where=text.items.file, do="Give each item one row.")
    return Edition(
        text.year,
        EditionState(text.state),
        str(text.details.get("title_zh", "")),
        str(text.details.get("title_en", "")),
        items,
        tuple(DataFormat(name, tuple(fields)) for name, fields in formats.items()),
        text.details,
        digest_of(text),
    )


def _meaningless(sheet: Sheet, row: Row, column: str) -> CatalogueError:
    return CatalogueError(
        "a cell has no meaning",
        where=f"{sheet.file}, row {row.line}, column {column}",
        do="Run creditlab catalogue lint: it says what each cell may hold.",
    )


def _word(kind: type[Word], sheet: Sheet, row: Row, column: str) -> Word:
    try:
        return kind(row[column])
    except ValueError as error:
        raise _meaningless(sheet, row, column) from error


def _whole(sheet: Sheet, row: Row, column: str) -> int | None:
    if not row[column]:
        return None
    if not row[column].isascii() or not row[column].isdigit():
        raise _meaningless(sheet, row, column)
    return int(row[column])


def split_list(text: str) -> tuple[str, ...]:
    """The parts of a `;`-separated cell, trimmed, empty ones dropped."""
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _build_field(sheet: Sheet, row: Row) -> RecordField:
    if row["required"] not in {"true", "false", ""}:
        raise _meaningless(sheet, row, "required")
    return RecordField(
        row["field"],
        row["name_zh"],
        row["name_en"],
        _word(FieldType, sheet, row, "type"),
        row["required"] == "true",
        row["one_of_group"] or None,
        _word(Role, sheet, row, "role") if row["role"] else None,
        row["pattern"] or None,
        row["code_list"] or None,
        row["minimum"] or None,
        row["maximum"] or None,
        _whole(sheet, row, "max_length"),
    )


def _build_item(sheet: Sheet, row: Row, formats: dict[str, list[RecordField]]) -> Item:
    def word(kind: type[Word], column: str) -> Word:
        return _word(kind, sheet, row, column)

    limit = TimeLimit.parse(row["collection_time_limit"])
    if limit is None:
        raise _meaningless(sheet, row, "collection_time_limit")
    if row["data_format"] not in formats:
        raise _meaningless(sheet, row, "data_format")
    kinds = _each(split_list(row["subject_kinds"]), SubjectKind, lambda: _meaningless(sheet, row, "subject_kinds"))
    return Item(
        row["item_code"],
        split_list(row["departments"]),
        row["item_name_zh"],
        row["item_name_en"],
        row["data_format"],
        word(RightToUse, "right_to_use"),
        kinds,
        row["collection_scope"],
        row["collection_procedure"],
        row["collection_path"],
        word(ReportingLevel, "reporting_level"),
        limit,
        word(PublicationMethod, "publication_method"),
        _whole(sheet, row, "publication_months"),
        word(UpdatePeriod, "update_period"),
        _whole(sheet, row, "delivery_grace_days") or 0,
        word(SecurityLevel, "security_level"),
        word(InformationKind, "information_kind"),
        row["category"],
        word(Nature, "nature"),
        word(CoverageBasis, "coverage_basis"),
    )


def _each(parts: tuple[str, ...], kind: type[Word], problem: Callable[[], CatalogueError]) -> tuple[Word, ...]:
    try:
        return tuple(kind(part) for part in parts)
    except ValueError as error:
        raise problem() from error
