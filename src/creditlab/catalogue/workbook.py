"""The workbook in which officials edit a draft: out, back in, and nothing lost or guessed on the way.

Every cell is text. A text that looks like a formula is written as text and stays text; a cell that is a formula, and
cells that are merged or hidden, are refused when a workbook comes back, because what they say can't be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditlab.catalogue.changes import Change, Contest
from creditlab.catalogue.grid import column_letters, read_grids
from creditlab.catalogue.reading import EditionText, digest_of_lists
from creditlab.catalogue.sheets import (
    CHANGE_COLUMNS,
    COMMENT_COLUMNS,
    CONTEST_COLUMNS,
    FIELD_COLUMNS,
    ITEM_COLUMNS,
    OPTIONAL,
    Row,
    Sheet,
)
from creditlab.catalogue.steps import open_edition
from creditlab.catalogue.writing import sheet_text, with_details
from creditlab.errors import CatalogueError
from creditlab.terms import (
    CoverageBasis,
    FieldType,
    InformationKind,
    Nature,
    PublicationMethod,
    ReportingLevel,
    RightToUse,
    Role,
    SecurityLevel,
    UpdatePeriod,
)
from creditlab.wholefile import write_whole

if TYPE_CHECKING:
    import xlsxwriter

#: The sheet that says which edition it is, and the sheets of its lists with all columns that they may have.
ABOUT = "edition"
LISTS: dict[str, tuple[str, ...]] = {
    "items": ITEM_COLUMNS,
    "fields": FIELD_COLUMNS,
    "changes": (*CHANGE_COLUMNS, *CONTEST_COLUMNS),
    "comments": COMMENT_COLUMNS,
}
_TITLES = ("title_zh", "title_en")
#: Columns whose cells hold one of a few words: a list to choose from stands beside the cell.
_CHOICES: dict[str, dict[str, tuple[str, ...]]] = {
    "items": {
        "right_to_use": tuple(RightToUse),
        "reporting_level": tuple(ReportingLevel),
        "publication_method": tuple(PublicationMethod),
        "update_period": tuple(UpdatePeriod),
        "security_level": tuple(SecurityLevel),
        "information_kind": tuple(InformationKind),
        "nature": tuple(Nature),
        "coverage_basis": tuple(CoverageBasis),
    },
    "fields": {"type": tuple(FieldType), "required": ("true", "false"), "role": tuple(Role)},
    "changes": {"change": tuple(Change), "contested": tuple(Contest)},
}
#: So many rows have the list to choose from.
_ROWS = 2_000
#: What a cell of a workbook can hold.
_LONGEST = 32_767
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}


def export_workbook(text: EditionText, target: Path) -> None:
    """Write an edition as a workbook: a sheet that says which it is, and one a list.

    Raises
    ------
    CatalogueError
        If a cell is longer than a workbook's cells can be.
    """
    import xlsxwriter

    sheets = {"items": text.items, "fields": text.fields, "changes": text.changes, "comments": text.comments}
    for sheet in sheets.values():
        _refuse_long(sheet)
    about = {"year": str(text.year), "state": text.state, "lists": digest_of_lists(text)}
    about |= {key: str(text.details.get(key, "")) for key in _TITLES}
    book = xlsxwriter.Workbook(str(target), _OPTIONS)
    try:
        # The same edition gives the same bytes.
        book.set_properties({"title": f"{text.year}", "author": "creditlab", "created": datetime(text.year, 1, 1)})
        styles = {
            "head": book.add_format({"bold": True}),
            "text": book.add_format({"num_format": "@"}),
            "quoted": book.add_format({"num_format": "@", "quote_prefix": True}),
        }
        _write_list(book, styles, ABOUT, ("key", "value"), [{"key": key, "value": about[key]} for key in about])
        for name, sheet in sheets.items():
            columns = (*sheet.columns, *(one for one in LISTS[name] if one not in sheet.columns))
            _write_list(book, styles, name, columns, [row.cells for row in sheet.rows])
    finally:
        book.close()


def import_workbook(root: Path, file: Path) -> tuple[int, tuple[str, ...]]:
    """Take an edited workbook into its edition.

    Returns
    -------
    tuple
        The edition's year, and the files that say something else now; none where the workbook changes nothing.

    Raises
    ------
    CatalogueError
        If the workbook can't be read, has merged or hidden cells or a formula, is not of the form that was exported,
        or its edition is approved, published, or was changed since the export.
    """
    grids = _grids(file)
    year, about = _about(file, grids)
    edition = open_edition(root, year, "changed")
    sheets = {name: _sheet(file, name, grids[name]) for name in LISTS}
    there = {"items": edition.items, "fields": edition.fields, "changes": edition.changes, "comments": edition.comments}
    changed = [name for name, sheet in sheets.items() if _said(sheet) != _said(there[name])]
    titles = {key: about.get(key, "") for key in _TITLES if about.get(key, "") != str(edition.details.get(key, ""))}
    if (changed or titles) and about.get("lists") != digest_of_lists(edition):
        what = "the edition was changed since the workbook was exported"
        raise CatalogueError(what, where=file.name, do="Export it again, and carry your changes over.")
    for name in changed:
        write_whole(edition.folder / f"{name}.csv", _csv(sheets[name]))
    if titles:
        content = with_details(edition.folder, edition.details, {"state": edition.state, **titles})
        write_whole(edition.folder / "edition.toml", content)
    return year, (*(f"{name}.csv" for name in changed), *(("edition.toml",) if titles else ()))


def sheets_of(file: Path) -> dict[str, Sheet]:
    """A workbook's lists as the edition's own are read.

    Raises
    ------
    CatalogueError
        As `import_workbook` does for what the workbook itself is.
    """
    grids = _grids(file)
    return {name: _sheet(file, name, grids[name]) for name in LISTS}


def _refuse_long(sheet: Sheet) -> None:
    for row in sheet.rows:
        for column, cell in row.cells.items():
            if len(cell) > _LONGEST:
                where = f"{sheet.file}, row {row.line}, column {column}"
                raise CatalogueError("a cell is longer than a workbook's can be", where=where, do="Shorten it.")


def _write_list(
    book: xlsxwriter.Workbook,
    styles: Mapping[str, Any],
    name: str,
    columns: Sequence[str],
    rows: Sequence[Mapping[str, str]],
) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 1)
    sheet.set_column(0, len(columns) - 1, 20, styles["text"])
    for place, column in enumerate(columns):
        sheet.write_string(0, place, column, styles["head"])
        words = _CHOICES.get(name, {}).get(column)
        if words:
            choices = {"validate": "list", "source": [str(word) for word in words]}
            sheet.data_validation(1, place, _ROWS, place, choices)
    for number, cells in enumerate(rows, start=1):
        for place, column in enumerate(columns):
            if cells.get(column):
                # A program that saves the cell again still takes it for text: it carries the mark of a quoted cell.
                sheet.write_string(number, place, cells[column], styles["quoted"])


def _grids(file: Path) -> dict[str, list[list[str]]]:
    grids = read_grids(file)
    for name in (ABOUT, *LISTS):
        if name not in grids:
            do = "Start from creditlab catalogue export."
            raise CatalogueError("the workbook lacks a sheet", where=f"{file.name}, sheet {name}", do=do)
    more = next((name for name in grids if name not in (ABOUT, *LISTS)), None)
    if more is not None:
        what, do = "the workbook has a sheet that is no list of an edition", "Take it out: it would be lost."
        raise CatalogueError(what, where=f"{file.name}, sheet {list(grids).index(more) + 1}", do=do)
    return grids


def _about(file: Path, grids: Mapping[str, list[list[str]]]) -> tuple[int, dict[str, str]]:
    about = {row[0].strip(): row[1].strip() for row in grids[ABOUT] if len(row) > 1}
    year = about.get("year", "")
    if not (year.isascii() and year.isdigit()):
        do = "Start from creditlab catalogue export."
        raise CatalogueError(
            "the workbook doesn't say which year it is for", where=f"{file.name}, sheet {ABOUT}", do=do
        )
    return int(year), about


def _sheet(file: Path, name: str, grid: list[list[str]]) -> Sheet:
    place = f"{file.name}, sheet {name}"
    header = [cell.strip() for cell in grid[0]] if grid else []
    while header and not header[-1]:
        header.pop()
    for column in header:
        if not column or header.count(column) > 1:
            raise CatalogueError("a column has no name, or that of another", where=place, do="Name each once.")
    missing = [column for column in LISTS[name] if column not in header and column not in OPTIONAL]
    if missing and name in ("items", "fields"):
        raise CatalogueError("a column is missing", where=f"{place}, column {missing[0]}", do="Add the column.")
    rows = []
    for line, cells in enumerate(grid[1:], start=2):
        texts = [cell.strip() for cell in cells]
        if any(texts[len(header) :]):
            column = column_letters(next(n for n, cell in enumerate(texts) if n >= len(header) and cell))
            raise CatalogueError("a cell is under no column", where=f"{place}, {column}{line}", do="Name the column.")
        if any(texts):
            texts += [""] * (len(header) - len(texts))
            rows.append(Row(line, dict(zip(header, texts, strict=False))))
    return Sheet(f"{file.name}/{name}", tuple(header), tuple(rows))


def _said(sheet: Sheet) -> list[dict[str, str]]:
    """What a list says, whatever the order of its columns or their empty cells."""
    return [{column: cell for column, cell in row.cells.items() if column and cell} for row in sheet.rows]


def _csv(sheet: Sheet) -> str:
    return sheet_text(sheet.columns, [row.cells for row in sheet.rows])
