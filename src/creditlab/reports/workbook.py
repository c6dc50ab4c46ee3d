"""A publication's tables as one XLSX workbook: cover, contents, notes, and one named table a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditlab.celltext import visible
from creditlab.disclosure import Marker
from creditlab.figures import Cell
from creditlab.messages import Messages
from creditlab.tables import Column, Kind, Table, nothing_listed

if TYPE_CHECKING:
    import xlsxwriter

_FORMATS = {Kind.INTEGER: "#,##0", Kind.SHARE: "0.0%", Kind.POINTS: "+0.0;-0.0;0.0", Kind.NUMBER: "#,##0.00"}
#: Texts are never taken for formulas, links or numbers, whatever they start with.
_OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False, "in_memory": True}
_WIDEST = 60
#: A cell holds no more; a longer text is cut, and its CSV has the whole of it.
_LONGEST = 32_767


def write_workbook(
    path: Path,
    *,
    title: str,
    subtitle: str,
    banner: str,
    stamp: Sequence[tuple[str, str]],
    tables: Sequence[Table],
    created: datetime,
    messages: Messages,
) -> None:
    """Write the workbook. The same content and `created` give the same bytes."""
    import xlsxwriter

    _ = messages.gettext
    book = xlsxwriter.Workbook(str(path), _OPTIONS)
    try:
        book.set_properties({"title": title, "subject": subtitle, "created": created, "author": "creditlab"})
        styles = _Styles(book)
        _cover(book, styles, _("Cover"), title, subtitle, banner, stamp)
        _contents(book, styles, _("Contents"), _("Table"), _("Sheet"), tables)
        _notes(book, styles, _("Notes"), tables)
        for number, table in enumerate(tables, start=1):
            _sheet(book, styles, number, table, messages)
    finally:
        book.close()


class _Styles:
    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self.title = book.add_format({"bold": True, "font_size": 16})
        self.bold = book.add_format({"bold": True})
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})
        self.by_kind = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        self.right = book.add_format({"align": "right"})


def _cover(
    book: Any, styles: _Styles, name: str, title: str, subtitle: str, banner: str, stamp: Sequence[tuple[str, str]]
) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_column(0, 0, 28)
    sheet.set_column(1, 1, _WIDEST)
    sheet.write_string(0, 0, title, styles.title)
    sheet.write_string(1, 0, subtitle)
    row = 2
    if banner:
        sheet.write_string(row, 0, banner, styles.bold)
        row += 1
    for key, value in stamp:
        row += 1
        sheet.write_string(row, 0, key, styles.bold)
        sheet.write_string(row, 1, value)


def _contents(book: Any, styles: _Styles, name: str, caption: str, link: str, tables: Sequence[Table]) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_column(0, 0, _WIDEST + 20)
    sheet.set_column(1, 1, 32)
    sheet.write_string(0, 0, caption, styles.bold)
    sheet.write_string(0, 1, link, styles.bold)
    for row, table in enumerate(tables, start=1):
        sheet.write_string(row, 0, table.caption)
        sheet.write_url(row, 1, f"internal:'{_sheet_name(table)}'!A1", string=_sheet_name(table))


def _notes(book: Any, styles: _Styles, name: str, tables: Sequence[Table]) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_column(0, 0, 2 * _WIDEST)
    notes = dict.fromkeys(one.note for one in tables if one.note)
    for row, note in enumerate(notes):
        sheet.write_string(row, 0, note, styles.wrap)


def _sheet(book: Any, styles: _Styles, number: int, table: Table, messages: Messages) -> None:
    sheet = book.add_worksheet(_sheet_name(table))
    last = max(len(table.rows), 1)
    headers = [{"header": title} for title in _headers(table.columns)]
    options = {"name": f"table_{number}_{table.name}", "columns": headers, "style": "Table Style Light 1"}
    sheet.add_table(0, 0, last, len(table.columns) - 1, options)
    sheet.freeze_panes(1, 0)
    if not table.rows:
        # Below the one empty row that a named table must have.
        sheet.write_string(last + 1, 0, nothing_listed(messages))
    for place, column in enumerate(table.columns):
        texts = [headers[place]["header"], *(row[place].text for row in table.rows)]
        # A Chinese character is about two Latin ones wide.
        width = max(sum(2 if ord(sign) > 0x2E80 else 1 for sign in text) for text in texts)
        sheet.set_column(place, place, min(width + 3, _WIDEST))
        for row, cells in enumerate(table.rows, start=1):
            _write(sheet, styles, row, place, column, cells[place])


def _write(sheet: Any, styles: _Styles, row: int, place: int, column: Column, cell: Cell) -> None:
    if cell.marker is Marker.SUPPRESSED:
        sheet.write_string(row, place, str(cell.marker), styles.right)
    elif cell.value is None:
        return
    elif isinstance(cell.value, bool):
        sheet.write_boolean(row, place, cell.value)
    elif column.kind is Kind.TEXT:
        sheet.write_string(row, place, _fitting(visible(str(cell.value))))
    else:
        sheet.write_number(row, place, cell.value, styles.by_kind.get(column.kind))


def _fitting(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _headers(columns: Sequence[Column]) -> list[str]:
    """Titles as a named table needs them: no two alike."""
    titles = [one.title for one in columns]
    return [f"{one.title} ({one.name})" if titles.count(one.title) > 1 else one.title for one in columns]


def _sheet_name(table: Table) -> str:
    return table.name[:31]
