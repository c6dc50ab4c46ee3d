"""Say everything that is wrong with a catalogue at once, each thing with its place and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from creditlab.catalogue.difference import Pair
from creditlab.catalogue.findings import LintCode, LintFinding, Report, Severity, Shelf, reporter
from creditlab.catalogue.lint_changes import lint_changes
from creditlab.catalogue.lint_comments import lint_comments
from creditlab.catalogue.lint_dated import lint_history, lint_standards
from creditlab.catalogue.lint_fields import lint_fields
from creditlab.catalogue.lint_items import lint_items
from creditlab.catalogue.lint_lists import lint_list
from creditlab.catalogue.reading import EditionYearError, read_details
from creditlab.catalogue.seal import broken_seal
from creditlab.catalogue.sheets import (
    EDITION_SHEETS,
    FIELD_COLUMNS,
    ITEM_COLUMNS,
    LIST_SHEETS,
    OPTIONAL,
    OPTIONAL_LIST_SHEETS,
    Sheet,
    SheetError,
    SheetProblem,
    inspect_edition_sheet,
    inspect_list,
)
from creditlab.errors import CatalogueError
from creditlab.terms import EditionState

__all__ = ["LintCode", "LintFinding", "Severity", "lint"]

_PROBLEMS = {
    SheetProblem.MISSING: LintCode.FILE_MISSING,
    SheetProblem.UNREADABLE: LintCode.FILE_UNREADABLE,
    SheetProblem.COLUMN_TWICE: LintCode.COLUMN_TWICE,
    SheetProblem.COLUMN_MISSING: LintCode.COLUMN_MISSING,
}


@dataclass(frozen=True)
class _Draft:
    """An edition as far as it can be read."""

    folder: Path
    details: dict[str, Any]
    sheets: dict[str, Sheet]
    problems: tuple[LintFinding, ...]

    @property
    def year(self) -> int | None:
        year = self.details.get("year")
        return year if type(year) is int else None

    @property
    def state(self) -> str:
        return str(self.details.get("state", ""))

    def names(self, file: str, column: str) -> frozenset[str] | None:
        """What a column lists; None where the file or the column can't be read."""
        sheet = self.sheets[file]
        return _names(sheet, column)


def lint(root: Path) -> list[LintFinding]:
    """Say what is wrong with the editions in a catalogue's folder and with the lists beside them.

    Nothing that a person may write there raises. Measuring never depends on lint; publishing does.

    Parameters
    ----------
    root
        The catalogue's folder, with one folder an edition.

    Returns
    -------
    list of LintFinding
        One finding a thing that is wrong: the lists first, then the editions in order of their folders, each in the
        order of its files and rows. Empty where nothing is.

    Notes
    -----
    Article 11 names the twelve fields and asks for reasons; Article 4 and comparable provisions ban content.

    Examples
    --------
    >>> [finding.code.value for finding in lint(Path("no such folder"))]
    ['file_missing']
    """
    if not root.is_dir():
        what, do = "the catalogue's folder is missing", "Make it, or set [paths] catalogue."
        return [LintFinding(LintCode.FILE_MISSING, Severity.ERROR, root.name, 0, "", what, do)]
    lists: dict[str, Sheet] = {}
    found: list[LintFinding] = []
    # What the lists beside the editions say can be mended at any time.
    report = reporter(EditionState.DRAFT)
    for name in (*LIST_SHEETS, *OPTIONAL_LIST_SHEETS):
        lists[name], problems = inspect_list(root, name)
        found += _structure(lists[name], problems, report)
        if name in LIST_SHEETS:
            found += lint_list(lists[name], report)
    shelf = Shelf(
        _names(lists["departments.csv"], "department"),
        _names(lists["regions.csv"], "level"),
        _names(lists["code_lists.csv"], "code_list"),
    )
    drafts = [_read(folder) for folder in _folders(root)]
    found += lint_standards(lists["standards.csv"], report, shelf.code_lists, _fields_of(drafts))
    found += lint_history(lists["department_history.csv"], report, shelf.departments)
    for draft in drafts:
        found += draft.problems
        found += _edition(draft, drafts)
        found += _content(draft, _preceding(draft, drafts), shelf)
    return found


def _folders(root: Path) -> list[Path]:
    """Folders that are, or were meant to be, editions."""
    marks = ("edition.toml", "items.csv", "fields.csv")
    return sorted(path for path in root.iterdir() if path.is_dir() and any((path / mark).exists() for mark in marks))


def _names(sheet: Sheet, column: str) -> frozenset[str] | None:
    if column not in sheet.columns:
        return None
    return frozenset(row[column] for row in sheet.rows if row[column])


def _fields_of(drafts: list[_Draft]) -> frozenset[tuple[str, str]] | None:
    """The formats and fields of all editions; None where one can't be read, so that nothing is said about them."""
    sheets = [draft.sheets["fields.csv"] for draft in drafts]
    if any(not {"data_format", "field"} <= set(sheet.columns) for sheet in sheets):
        return None
    return frozenset((row["data_format"], row["field"]) for sheet in sheets for row in sheet.rows)


def _structure(sheet: Sheet, problems: Iterable[SheetError], report: Report) -> Iterator[LintFinding]:
    for problem in problems:
        yield report(_PROBLEMS[problem.problem], sheet, None, problem.column, problem.what, problem.do)
    for row in sheet.rows:
        if row.surplus:
            what = f"the row has {row.surplus} filled cells beyond the last column"
            do = "Put a cell that holds a comma in double quotes, or delete what stands there."
            yield report(LintCode.ROW_TOO_LONG, sheet, row, "", what, do)


def _read(folder: Path) -> _Draft:
    problems: list[LintFinding] = []
    details: dict[str, Any] = {}
    place = f"{folder.name}/edition.toml"
    try:
        details = read_details(folder)
    except CatalogueError as error:
        code, column = LintCode.FILE_UNREADABLE, ""
        if isinstance(error, EditionYearError):
            code, column = LintCode.EDITION_YEAR, "year"
        elif not (folder / "edition.toml").exists():
            code = LintCode.FILE_MISSING
        problems.append(LintFinding(code, Severity.ERROR, place, 0, column, error.what, error.do))
    report = reporter(str(details.get("state", "")))
    sheets = {}
    for name in EDITION_SHEETS:
        sheets[name], found = inspect_edition_sheet(folder, name)
        problems += _structure(sheets[name], found, report)
    return _Draft(folder, details, sheets, tuple(problems))


def _preceding(draft: _Draft, drafts: list[_Draft]) -> _Draft | None:
    """The newest earlier edition, a published one where there is any."""
    earlier = [one for one in drafts if one.year is not None and draft.year is not None and one.year < draft.year]
    published = [one for one in earlier if one.state == EditionState.PUBLISHED]
    return max(published or earlier, key=lambda one: one.year or 0, default=None)


def _edition(draft: _Draft, drafts: list[_Draft]) -> Iterator[LintFinding]:
    """Findings on edition.toml and on the seal."""
    report, place = reporter(draft.state), f"{draft.folder.name}/edition.toml"
    if not draft.details:
        return
    if draft.folder.name != str(draft.year):
        what, do = "the edition's year is not its folder's name", "Rename the folder, or correct the year."
        yield report(LintCode.EDITION_YEAR, place, None, "year", what, do)
    elif any(one is not draft and one.year == draft.year for one in drafts):
        what, do = "another folder is for the same year", "Keep one folder a year."
        yield report(LintCode.EDITION_YEAR, place, None, "year", what, do)
    if draft.state not in set(EditionState):
        what, do = "the edition's state has no meaning", f"Write {' or '.join(EditionState)}."
        yield report(LintCode.EDITION_STATE, place, None, "state", what, do)
    for key in missing_approval(draft.details):
        what = f"the edition is {draft.state} and doesn't say {key.replace('_', ' ')} (Article 11)"
        do = f"Write {key} = " + (
            "2025-12-10, a day without quotes." if key.endswith("_on") else '"the approving body".'
        )
        yield report(LintCode.EDITION_APPROVAL, place, None, key, what, do, needed=False)
    seal = broken_seal(draft.folder)
    if seal:
        yield report(LintCode.EDITION_CHANGED, seal.where, None, "", seal.what, seal.do)


def missing_approval(details: dict[str, Any]) -> list[str]:
    """The keys of edition.toml that an edition of its state must have and hasn't."""
    needed = {
        EditionState.APPROVED: ("approved_by", "approved_on"),
        EditionState.PUBLISHED: ("approved_by", "approved_on", "published_on"),
    }
    keys = next((keys for state, keys in needed.items() if details.get("state") == state), ())
    return [key for key in keys if not _is_said(details.get(key), is_day=key.endswith("_on"))]


def _is_said(value: Any, *, is_day: bool) -> bool:
    return type(value) is date if is_day else isinstance(value, str) and bool(value.strip())


def _content(draft: _Draft, preceding: _Draft | None, shelf: Shelf) -> Iterator[LintFinding]:
    report, sheets = reporter(draft.state), draft.sheets
    if sheets["items.csv"].columns and not sheets["items.csv"].rows:
        what, do = "the edition has no item", "Add the items, or delete the folder."
        yield report(LintCode.EDITION_EMPTY, sheets["items.csv"], None, "", what, do)
    yield from lint_items(sheets["items.csv"], report, shelf, draft.names("fields.csv", "data_format"))
    yield from lint_fields(sheets["fields.csv"], report, shelf)
    # A list that can't be read, or an edition of no year, says nothing about which items came or went.
    is_readable = draft.year is not None and "item_code" in sheets["items.csv"].columns
    if is_readable and (preceding is None or preceding.names("items.csv", "item_code") is not None):
        before = preceding.sheets["items.csv"] if preceding else None
        pair = _pair(preceding, draft) if preceding else None
        yield from lint_changes(sheets["changes.csv"], sheets["items.csv"], before, pair, report, shelf)
        known = {row["item_code"] for one in (before, sheets["items.csv"]) if one for row in one.rows}
        yield from lint_comments(sheets["comments.csv"], known, report)


def _pair(before: _Draft, now: _Draft) -> Pair | None:
    """The lists of two editions; None where one of them lacks a column that it must have, or a whole list."""
    sheets = [one.sheets[name] for one in (before, now) for name in ("items.csv", "fields.csv")]
    expected = (set(ITEM_COLUMNS), set(FIELD_COLUMNS)) * 2
    if any(not columns - OPTIONAL <= set(sheet.columns) for sheet, columns in zip(sheets, expected, strict=True)):
        return None
    return Pair(*sheets)
