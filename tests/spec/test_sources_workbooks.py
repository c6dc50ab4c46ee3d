"""XLSX and XLS: what stands in the cells, which sheet is meant, and files made to do harm. All data is synthetic."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pytest
import xlsxwriter
import xlwt

from creditlab.sources import Batch, UnreadableFileError, delivered, look, read_batches, spreadsheet
from tests.spec.tiny import Tiny, row

UTC = ZoneInfo("UTC")
Sheets = dict[str, list[list[Any]]]


def xlsx(sheets: Sheets, hidden: tuple[str, ...] = ()) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for cells in rows:
            sheet.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(sheets: Sheets) -> bytes:
    book = xlwt.Workbook()
    styles = {dt.date: xlwt.easyxf(num_format_str="YYYY-MM-DD"), dt.datetime: xlwt.easyxf(num_format_str="D/M/YY h:mm")}
    for name, rows in sheets.items():
        sheet = book.add_sheet(name)
        for place, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                sheet.write(place, column, cell, styles.get(type(cell), xlwt.Style.default_style))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


Read = Callable[..., list[Batch]]


@pytest.fixture
def found(tmp_path: Path) -> Read:
    def read(data: bytes, name: str = "a.xlsx") -> list[Batch]:
        path = tmp_path / name
        path.write_bytes(data)
        return list(read_batches(look(path), UTC, {}))

    return read


CELLS: list[list[Any]] = [
    ["no", "text", "day", "moment", "number", "yes"],
    [1, "甲公司", dt.date(2026, 7, 1), dt.datetime(2026, 7, 1, 8, 30), 1.5, True],
    [2.0, " 乙 ", dt.date(2026, 12, 31), dt.datetime(2026, 7, 1), 100000000000000, False],
    [None, None, None, None, None, None],
    [3, None, "2026-07-02", None, -0.1, None],
]
TEXTS = {
    "no": ["1", "2", "3"],
    "text": ["甲公司", " 乙 ", ""],
    "day": ["2026-07-01", "2026-12-31", "2026-07-02"],
    "moment": ["2026-07-01 08:30:00", "2026-07-01", ""],
    "number": ["1.5", "100000000000000", "-0.1"],
    "yes": ["true", "false", ""],
}


@pytest.mark.parametrize(("write", "name"), [(xlsx, "a.xlsx"), (xls, "a.xls"), (xlsx, "A.XLSM")])
@pytest.mark.parametrize("held", [delivered.HELD_BYTES, 0])
def test_cells_are_the_text_that_a_department_would_write(
    found: Read, monkeypatch: pytest.MonkeyPatch, write: Callable[[Sheets], bytes], name: str, held: int
) -> None:
    monkeypatch.setattr(delivered, "HELD_BYTES", held)
    (batch,) = found(write({"Sheet1": CELLS}), name)
    assert batch.table.to_pydict() == TEXTS
    assert (batch.row_no.tolist(), batch.unreadable) == ([1, 2, 3], [])


def test_formulas_are_what_they_came_to(found: Read) -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["a", "b"])
        sheet.write_formula(1, 0, "=1+1", value=2)
        sheet.write_formula(1, 1, '=HYPERLINK("https://example.org")', value="甲")
    (batch,) = found(out.getvalue())
    assert batch.table.to_pylist() == [{"a": "2", "b": "甲"}]


def test_a_text_that_looks_like_a_number_stays_text(found: Read) -> None:
    (batch,) = found(xlsx({"s": [["a"], ["001"], ["1e5"], ["=x"[1:]]]}))
    assert batch.table["a"].to_pylist() == ["001", "1e5", "x"]


def test_empty_and_hidden_sheets_are_not_meant(found: Read) -> None:
    data = xlsx({"notes": [], "rows": [["a"], ["1"]], "lists": [["x"], ["y"], ["z"]]}, hidden=("lists",))
    (batch,) = found(data)
    assert batch.table.to_pylist() == [{"a": "1"}]


@pytest.mark.parametrize(
    "sheets",
    [
        {"a": [["a"], ["1"]], "b": [["a"], ["2"]]},
        {"a": []},
        {"a": [["a", "a"], ["1", "2"]]},
        {"a": [["a", " a "], ["1", "2"]]},
    ],
    ids=["two filled", "none filled", "a column twice", "twice but for spaces"],
)
def test_a_workbook_that_can_not_be_understood_is_an_unreadable_file(found: Read, sheets: Sheets) -> None:
    with pytest.raises(UnreadableFileError):
        found(xlsx(sheets))
    with pytest.raises(UnreadableFileError):
        found(xls(sheets), "a.xls")


@pytest.mark.parametrize("name", ["a.xlsx", "a.xls"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_workbook_that_was_cut_off(found: Read, name: str, share: float) -> None:
    data = xlsx({"a": CELLS}) if name == "a.xlsx" else xls({"a": CELLS})
    with pytest.raises(UnreadableFileError):
        found(data[: int(len(data) * share)], name)


def test_one_form_under_the_name_of_the_other_is_read_or_refused(found: Read) -> None:
    with pytest.raises(UnreadableFileError):
        found(b"a,b\n1,2\n", "a.xlsx")
    (batch,) = found(xls({"a": [["a"], ["1"]]}), "a.xlsx")
    assert batch.table.to_pylist() == [{"a": "1"}]


# --- Made to do harm ----------------------------------------------------------------------------------------


def rewritten(data: bytes, part: str, content: bytes) -> bytes:
    """A workbook with one of its parts replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for one in old.infolist():
            new.writestr(one.filename, content if one.filename == part else old.read(one))
    return out.getvalue()


def sheet_xml(rows: bytes) -> bytes:
    start = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return start + rows + b"</sheetData></worksheet>"


SHEET = "xl/worksheets/sheet1.xml"


def far_cell() -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"] = "a"
    book.active["XFD1048576"] = "b"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repeated_text() -> bytes:
    """One long text that very many cells refer to."""
    cells = b"".join(b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (n, n) for n in range(1, 200_001))
    data = rewritten(xlsx({"a": [["x"], ["y"]]}), SHEET, sheet_xml(cells))
    shared = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>'
    return rewritten(data, "xl/sharedStrings.xml", shared + b"x" * 200_000 + b"</t></si></sst>")


def ratio_bomb() -> bytes:
    """A sheet that unpacks to four gigabytes of cells."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx({"a": [["x"]]}))) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for one in old.infolist():
            if one.filename != SHEET:
                new.writestr(one.filename, old.read(one))
        with new.open(SHEET, "w", force_zip64=True) as part:
            start, end = sheet_xml(b"|").split(b"|")
            part.write(start)
            row_ = b"<row>" + b'<c t="str"><v>' + b"x" * 30_000 + b"</v></c></row>"
            for _ in range(140):
                part.write(row_ * 1_000)
            part.write(end)
    return out.getvalue()


def not_a_workbook() -> bytes:
    """An archive of zeros, packed a thousandfold."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("zeros", b"\0" * 50_000_000)
    return out.getvalue()


@pytest.mark.parametrize("make", [far_cell, repeated_text, ratio_bomb, not_a_workbook])
def test_a_bomb_is_an_unreadable_file(found: Read, make: Callable[[], bytes]) -> None:
    data = make()
    assert len(data) < 16 * 2**20
    with pytest.raises(UnreadableFileError):
        found(data)


def test_what_needs_more_memory_than_a_workbook_may_is_refused(found: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    data = xlsx({"a": [["a"], *([n] for n in range(20_000))]})
    assert sum(len(batch.row_no) for batch in found(data)) == 20_000
    monkeypatch.setattr(spreadsheet, "_MEMORY_BYTES", 2**23)
    with pytest.raises(UnreadableFileError):
        found(data)


def test_rows_come_in_batches_with_their_numbers(found: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "_BATCH_ROWS", 3)
    batches = found(xlsx({"a": [["a"], *([n] for n in range(1, 9))]}))
    assert [batch.row_no.tolist() for batch in batches] == [[1, 2, 3], [4, 5, 6], [7, 8]]
    assert [cell for batch in batches for cell in batch.table["a"].to_pylist()] == [str(n) for n in range(1, 9)]


def test_workbooks_through_ingest(tiny: Tiny) -> None:
    columns = list(row())
    cells = [columns, *([*row(str(n)).values()] for n in range(3))]
    tiny.deliver(xlsx({"a": cells}), path="a.xlsx")
    tiny.deliver(xls({"a": cells}), path="b.xls")
    tiny.deliver(far_cell(), path="c.xlsx")
    counts = tiny.ingest().counts
    assert (counts.delivered, counts.accepted, counts.repeated, counts.quarantined) == (7, 3, 3, 1)
