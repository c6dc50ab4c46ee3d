"""The workbooks of a pack, written row by row: nothing is a formula, whatever it starts with.

A workbook that comes back has one visible sheet, so that it can be delivered as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditlab.wholefile import new_private_file

if TYPE_CHECKING:
    import xlsxwriter

#: Rows of one sheet; a workbook has place for a little more.
SHEET_ROWS = 1_000_000
TEXT, INTEGER, SHARE, POINTS, DAYS = "text", "integer", "share", "points", "days"
_FORMS = {TEXT: "@", INTEGER: "#,##0", SHARE: "0.0%", POINTS: "+0.0;-0.0;0.0", DAYS: "0.#"}
_COVER_WIDTH, _LINE_HEIGHT, _MOST_LINES = 110, 15, 20
Value = str | int | float | None


@dataclass(frozen=True)
class Column:
    """A column: its title, what it holds, how wide it is, and a note on it."""

    title: str
    kind: str = TEXT
    width: int = 16
    note: str = ""
    is_helper: bool = False
    is_wrapped: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A row of a sheet: its values, and the places of those that are marked."""

    values: Sequence[Value]
    marked: frozenset[int] = frozenset()


class Book:
    """An open workbook; rows leave memory as they are written."""

    def __init__(self, book: xlsxwriter.Workbook, mark: str) -> None:
        self._book, self._mark = book, mark
        grey = {"bg_color": "#F2F2F2", "font_color": "#595959"}
        wrap = {"text_wrap": True, "valign": "top"}
        self._head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self._help_head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"} | grey)
        self._help = book.add_format({"num_format": "@"} | wrap | grey)
        self._cells = {kind: book.add_format({"num_format": form, "valign": "top"}) for kind, form in _FORMS.items()}
        self._marked = book.add_format(
            {"num_format": "@", "valign": "top", "bg_color": "#FFE699", "border": 1, "border_color": "#C00000"}
        )
        self._title = book.add_format({"bold": True, "font_size": 15})
        self._warning = book.add_format({"bold": True, "font_color": "#C00000"} | wrap)
        self._wrapped = book.add_format({"num_format": "@"} | wrap)
        self._text = book.add_format(wrap)

    def cover(self, name: str, title: str, lines: Iterable[str]) -> None:
        """A sheet of text: a title, the mark, paragraphs."""
        sheet = self._add(name)
        sheet.set_column(0, 0, _COVER_WIDTH)
        sheet.set_row(0, 2 * _LINE_HEIGHT)
        sheet.write_string(0, 0, title, self._title)
        sheet.write_string(1, 0, self._mark, self._warning)
        for place, text in enumerate(lines, start=3):
            sheet.set_row(place, _LINE_HEIGHT * _lines(text, _COVER_WIDTH))
            sheet.write_string(place, 0, text, self._text)

    def sheet(self, name: str, columns: Sequence[Column], rows: Iterable[Line], frozen: int = 0) -> int:
        """A sheet with a header and rows; goes on on further sheets where one is full. Returns the number of rows."""
        sheet, at, done = self._table(name, columns, frozen), 0, 0
        for row in rows:
            if at == SHEET_ROWS:
                done += at
                self._end(sheet, columns, at)
                sheet, at = self._table(f"{name} {done // SHEET_ROWS + 1}", columns, frozen), 0
            at += 1
            self._row(sheet, at, columns, row)
        self._end(sheet, columns, at)
        return done + at

    def _add(self, name: str) -> Any:
        sheet = self._book.add_worksheet(name)
        # On paper, too, it says what it is.
        sheet.set_header(f"&C{self._mark.replace('&', '&&')}"[:255])
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_paper(9)
        sheet.repeat_rows(0)
        return sheet

    def _table(self, name: str, columns: Sequence[Column], frozen: int) -> Any:
        sheet = self._add(name)
        sheet.freeze_panes(1, frozen)
        sheet.set_row(0, _LINE_HEIGHT * max(_lines(one.title, one.width) for one in columns))
        for place, column in enumerate(columns):
            sheet.set_column(place, place, column.width, self._form(column))
            sheet.write_string(0, place, column.title, self._help_head if column.is_helper else self._head)
            if column.note:
                sheet.write_comment(0, place, column.note, {"x_scale": 1.6})
        return sheet

    def _end(self, sheet: Any, columns: Sequence[Column], rows: int) -> None:
        sheet.autofilter(0, 0, max(rows, 1), len(columns) - 1)
        for place, column in enumerate(columns):
            # A list in the cell itself has place for 255 characters, and its choices are parted by commas.
            if rows and column.choices and len(",".join(column.choices)) <= 255 and "," not in "".join(column.choices):
                sheet.data_validation(
                    1, place, rows, place, {"validate": "list", "source": list(column.choices), "error_type": "warning"}
                )

    def _form(self, column: Column) -> Any:
        if column.is_helper:
            return self._help
        return self._wrapped if column.is_wrapped else self._cells[column.kind]

    def _row(self, sheet: Any, at: int, columns: Sequence[Column], row: Line) -> None:
        wrapped = [_lines(str(row.values[n] or ""), one.width) for n, one in enumerate(columns) if one.is_wrapped]
        if wrapped:
            sheet.set_row(at, _LINE_HEIGHT * max(wrapped))
        for place, value in enumerate(row.values):
            column = columns[place]
            form = self._marked if place in row.marked else self._form(column)
            if value is None or value == "":
                if place in row.marked:
                    sheet.write_blank(at, place, None, form)
            elif column.kind == TEXT or isinstance(value, str):
                sheet.write_string(at, place, str(value), form)
            else:
                sheet.write_number(at, place, float(value), form)


def _lines(text: str, width: int) -> int:
    """How many lines a text takes in a column; a Chinese character is about two Latin ones wide."""
    parts = text.split("\n")
    wide = [sum(2 if ord(sign) > 0x2E80 else 1 for sign in part) for part in parts]
    return min(sum(max(1, -(-one // max(width - 1, 1))) for one in wide), _MOST_LINES)


@contextmanager
def open_book(path: Path, title: str, mark: str) -> Iterator[Book]:
    """Write a workbook that only its owner may read; temporary files lie beside it."""
    import xlsxwriter

    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "tmpdir": str(path.parent),
    }
    # Made first, so that it never is anybody else's to read.
    new_private_file(path, "wb").close()
    book = xlsxwriter.Workbook(str(path), options)
    book.set_properties({"title": title, "comments": mark, "author": "creditlab"})
    try:
        yield Book(book, mark)
    finally:
        book.close()
