"""Read editions and the lists beside them from the folder in which officials keep them.

Reading keeps the rows as text with their place, so that lint can point at a cell; `build_edition` makes the typed
edition and refuses at the first cell that has no meaning.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from creditlab.catalogue.edition import Catalogue, DataFormat, Edition, Item, RecordField, TimeLimit
from creditlab.catalogue.lists import read_lists
from creditlab.catalogue.sheets import (
    CHANGE_COLUMNS,
    EDITION_SHEETS,
    FIELD_COLUMNS,
    ITEM_COLUMNS,
    Row,
    Sheet,
    inspect_edition_sheet,
    split_list,
)
from creditlab.catalogue.usable import check_format
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

__all__ = [
    "CHANGE_COLUMNS",
    "FIELD_COLUMNS",
    "ITEM_COLUMNS",
    "EditionText",
    "EditionYearError",
    "build_edition",
    "digest_of",
    "digest_of_lists",
    "edition_folders",
    "file_digests",
    "folder_of",
    "read_catalogue",
    "read_details",
    "read_edition",
    "split_list",
]

Word = TypeVar("Word", bound=StrEnum)


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


class EditionYearError(CatalogueError):
    """An edition that doesn't say which year it is for."""


def read_details(folder: Path) -> dict[str, Any]:
    """Read what edition.toml says.

    Raises
    ------
    CatalogueError
        If the file is missing, can't be read or names no year.
    """
    where = f"{folder.name}/edition.toml"
    try:
        details = tomllib.loads((folder / "edition.toml").read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise CatalogueError("an edition has no edition.toml", where=where, do="Add it, with its year.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise CatalogueError("edition.toml can't be read", where=where, do="Mend its syntax.") from error
    if type(details.get("year")) is not int:
        raise EditionYearError("edition.toml names no year", where=where, do="Write year = 2026.")
    return details


def read_edition(folder: Path) -> EditionText:
    """Read an edition's folder as text.

    Raises
    ------
    CatalogueError
        If a file is missing or can't be read, or edition.toml names no year.
    """
    details = read_details(folder)
    sheets = []
    for name in EDITION_SHEETS:
        sheet, problems = inspect_edition_sheet(folder, name)
        if problems:
            raise problems[0]
        sheets.append(sheet)
    return EditionText(folder, details, *sheets)


def edition_folders(root: Path) -> list[Path]:
    """The editions' folders under a catalogue folder, in order of year."""
    return sorted(path for path in root.iterdir() if path.is_dir() and (path / "edition.toml").exists())


def folder_of(root: Path, year: int) -> Path:
    """The folder of a year's edition.

    Raises
    ------
    CatalogueError
        If there is none, or more than one.
    """
    if not root.is_dir():
        raise CatalogueError("the catalogue's folder is missing", where=root.name, do="Set [paths] catalogue.")
    found = [folder for folder in edition_folders(root) if read_details(folder)["year"] == year]
    if not found:
        raise CatalogueError("the year has no edition", where=str(year), do="Make one: creditlab catalogue draft.")
    if len(found) > 1:
        raise CatalogueError("two folders are for one year", where=str(year), do="Keep one folder a year.")
    return found[0]


def _canonical(text: EditionText) -> dict[str, Any]:
    """What each of an edition's files says, whatever its line ends, column order or empty cells."""
    sheets = (text.items, text.fields, text.changes, text.comments)
    return {"edition.toml": text.details} | {
        sheet.file.rpartition("/")[2]: [sorted((c, v) for c, v in row.cells.items() if c and v) for row in sheet.rows]
        for sheet in sheets
    }


def _digest(content: Any) -> str:
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def digest_of(text: EditionText) -> str:
    """SHA-256 over an edition's canonical form: what it says, whatever the file's line ends or column widths."""
    return _digest(_canonical(text))


def digest_of_lists(text: EditionText) -> str:
    """SHA-256 over what an edition's lists say, edition.toml aside."""
    return _digest({name: content for name, content in _canonical(text).items() if name != "edition.toml"})


def file_digests(text: EditionText) -> dict[str, str]:
    """SHA-256 over the canonical form of each of an edition's files, by file name."""
    return {name: _digest(content) for name, content in _canonical(text).items()}


def read_catalogue(root: Path) -> Catalogue:
    """Read the published editions and the lists beside them.

    Raises
    ------
    CatalogueError
        If the folder is missing, a file can't be read, or a published edition has a cell without meaning.
    """
    if not root.is_dir():
        raise CatalogueError("the catalogue's folder is missing", where=root.name, do="Set [paths] catalogue.")
    lists = read_lists(root)
    # The state first: a draft that somebody is still writing must not stop the measuring of published ones.
    published = [path for path in edition_folders(root) if read_details(path).get("state") == EditionState.PUBLISHED]
    editions = [build_edition(read_edition(folder)) for folder in published]
    years = [one.year for one in editions]
    if len(set(years)) < len(years):
        raise CatalogueError("two published editions are for one year", do="Keep one folder a year.")
    return Catalogue(
        tuple(sorted(editions, key=lambda one: one.year)),
        lists.departments,
        lists.regions,
        lists.code_lists,
        lists.digest,
        lists.standards,
        lists.history,
    )


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
    schemas = tuple(DataFormat(name, tuple(fields)) for name, fields in formats.items())
    for name in {item.data_format for item in items}:
        check_format(next(one for one in schemas if one.name == name), text.fields.file)
    return Edition(
        text.year,
        EditionState(text.state),
        str(text.details.get("title_zh", "")),
        str(text.details.get("title_en", "")),
        items,
        schemas,
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
