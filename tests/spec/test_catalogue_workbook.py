"""The workbook that officials edit: nothing is lost or guessed on its way out and back. All of it is synthetic."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from creditlab.catalogue.reading import digest_of, read_edition
from creditlab.catalogue.sheets import Row, Sheet
from creditlab.catalogue.workbook import LISTS, export_workbook, import_workbook, sheets_of
from creditlab.cli import main
from creditlab.errors import CatalogueError
from tests.spec.tiny import Tiny, csv_text, form_fields

#: What a spreadsheet would run, round, or read as something else.
TRICKY = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "007",
    "1e5",
    "2026-01-01",
    "true",
    "'x",
    "a\nb",
    "甲；乙",
    '"',
    "12.0",
]


@pytest.fixture
def root(make_tiny: Callable[..., Tiny]) -> Path:
    """A catalogue with a draft of 2027 that holds every tricky text."""
    fields = form_fields(
        *[form_fields()[5] | {"field": f"f{number}", "name_zh": text} for number, text in enumerate(TRICKY)]
    )
    tiny = make_tiny(fields=fields)
    tiny.edition(2027, fields=fields)
    tiny.write("catalogue/2027/edition.toml", 'year = 2027\nstate = "draft"\ntitle_en = "=1+1"\n')
    tiny.write("catalogue/2027/changes.csv", "item_code,change,reason,department\n")
    tiny.write("catalogue/2027/comments.csv", "comment_id,item_code,comment,answer\n1,A-1,=cmd(),\n")
    return tiny.folder / "catalogue"


@pytest.fixture
def book(root: Path, tmp_path: Path) -> Path:
    """The draft as a workbook."""
    export_workbook(read_edition(root / "2027"), tmp_path / "edition.xlsx")
    return tmp_path / "edition.xlsx"


def edited(book: Path, change: Callable[[Any], None]) -> Path:
    """The workbook as somebody's spreadsheet program saves it after a change."""
    opened = openpyxl.load_workbook(book)
    change(opened)
    opened.save(book)
    return book


def test_out_and_back_is_the_identity(root: Path, book: Path) -> None:
    before = {path.name: path.read_bytes() for path in (root / "2027").iterdir()}
    assert import_workbook(root, book) == (2027, ())
    assert {path.name: path.read_bytes() for path in (root / "2027").iterdir()} == before
    assert import_workbook(root, edited(book, lambda opened: None)) == (2027, ())


def test_a_draft_that_lost_its_lists_is_the_same_again(root: Path, book: Path, tmp_path: Path) -> None:
    original = digest_of(read_edition(root / "2027"))
    sheets = sheets_of(book)
    again = tmp_path / "again" / "2027"
    shutil.copytree(root / "2027", again)
    for name, sheet in sheets.items():
        text = csv_text(sheet.columns, [[row[column] for column in sheet.columns] for row in sheet.rows])
        (again / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
    assert digest_of(read_edition(again)) == original


def test_an_edited_cell_lands_in_its_list_and_nowhere_else(root: Path, book: Path) -> None:
    before = {path.name: path.read_bytes() for path in (root / "2027").iterdir()}

    def change(opened: Any) -> None:
        sheet = opened["items"]
        place = [cell.value for cell in sheet[1]].index("publication_months") + 1
        sheet.cell(2, place).value = 24  # typed as a number
        opened["edition"]["B5"].value = "目录"

    assert import_workbook(root, edited(book, change)) == (2027, ("items.csv", "edition.toml"))
    edition = read_edition(root / "2027")
    assert edition.items.rows[0]["publication_months"] == "24"
    assert (edition.details["title_zh"], edition.state) == ("目录", "draft")
    after = {path.name: path.read_bytes() for path in (root / "2027").iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"items.csv", "edition.toml"}
    # Said once more, it changes nothing; on a draft that somebody else changed meanwhile, it is refused.
    assert import_workbook(root, book) == (2027, ())
    (root / "2027" / "comments.csv").write_text("comment_id,comment,answer\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match="changed since"):
        import_workbook(root, book)


def test_a_workbook_runs_nothing(book: Path) -> None:
    opened = openpyxl.load_workbook(book)
    cells = [cell for sheet in opened for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value is not None} == {"s"}
    (formula,) = (cell for cell in opened["comments"]["D"] + opened["comments"]["C"] if cell.value == "=cmd()")
    assert formula.quotePrefix


def test_words_are_chosen_from_a_list(book: Path) -> None:
    opened = openpyxl.load_workbook(book)
    offered = {
        (sheet.title, sheet.cell(1, next(iter(one.sqref.ranges)).min_col).value): one.formula1
        for sheet in opened
        for one in sheet.data_validations.dataValidation
    }
    assert offered["items", "security_level"] == '"public,internal,restricted"'
    assert offered["changes", "contested"] == '"opinions,impact"'
    # A validation's list can't be longer.
    assert max(map(len, offered.values())) <= 255


def merge(opened: Any) -> None:
    opened["items"].merge_cells("A1:B1")


def hide_row(opened: Any) -> None:
    opened["fields"].row_dimensions[3].hidden = True


def hide_column(opened: Any) -> None:
    opened["items"].column_dimensions["C"].hidden = True


def hide_sheet(opened: Any) -> None:
    opened["comments"].sheet_state = "hidden"


def hide_sheet_deeply(opened: Any) -> None:
    opened["comments"].sheet_state = "veryHidden"


def formula(opened: Any) -> None:
    opened["items"]["C2"].value = "=1+1"


def far_down(opened: Any) -> None:
    opened["comments"]["A1048576"].value = "x"


def far_out(opened: Any) -> None:
    opened["comments"]["XFD2"].value = "x"


def more_sheets(opened: Any) -> None:
    opened.create_sheet("notes")["A1"].value = "x"


def fewer_sheets(opened: Any) -> None:
    del opened["changes"]


def beyond(opened: Any) -> None:
    opened["comments"]["J2"].value = "x"


def no_year(opened: Any) -> None:
    opened["edition"]["B2"].value = "soon"


def column_twice(opened: Any) -> None:
    opened["items"]["B1"].value = "item_code"


def column_gone(opened: Any) -> None:
    opened["items"]["B1"].value = "colour"


BAD = [
    (merge, "merged", "sheet items, A1:B1", "Unmerge"),
    (hide_row, "hidden", "sheet fields, row 3", "Show it"),
    (hide_column, "hidden", "sheet items, column C", "Show it"),
    (hide_sheet, "hidden", "sheet comments", "Show it"),
    (hide_sheet_deeply, "hidden", "sheet comments", "Show it"),
    (formula, "formula", "sheet items, C2", "Paste its value"),
    (far_down, "far outside", "sheet comments, 1048576", "Clear"),
    (far_out, "far outside", "sheet comments, XFD2", "Clear"),
    (more_sheets, "no list of an edition", "sheet 6", "Take it out"),
    (fewer_sheets, "lacks a sheet", "sheet changes", "export"),
    (beyond, "under no column", "sheet comments, J2", "Name the column"),
    (no_year, "which year", "sheet edition", "export"),
    (column_twice, "no name, or that of another", "sheet items", "Name each once"),
    (column_gone, "a column is missing", "sheet items, column departments", "Add the column"),
]


@pytest.mark.parametrize(("change", "what", "where", "do"), BAD, ids=[one[0].__name__ for one in BAD])
def test_what_cannot_be_seen_or_placed_is_refused_with_place_and_advice(
    root: Path, book: Path, change: Callable[[Any], None], what: str, where: str, do: str
) -> None:
    before = digest_of(read_edition(root / "2027"))
    with pytest.raises(CatalogueError, match=what) as caught:
        import_workbook(root, edited(book, change))
    assert caught.value.where == f"edition.xlsx, {where}"
    assert do in caught.value.do
    assert digest_of(read_edition(root / "2027")) == before


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"item_code,departments\n"])
def test_what_is_no_workbook_is_refused(root: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.xlsx").write_bytes(content)
    with pytest.raises(CatalogueError, match="can't be read"):
        import_workbook(root, tmp_path / "x.xlsx")
    with pytest.raises(CatalogueError, match="can't be read"):
        import_workbook(root, tmp_path / "none.xlsx")


def repacked(book: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """The workbook with its parts changed."""
    with zipfile.ZipFile(book) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, change(name, data))
    return book


def test_a_workbook_that_unpacks_without_end_is_refused(root: Path, book: Path) -> None:
    large = repacked(book, lambda name, data: data + b" " * 60 * 2**20 if name.endswith("sheet2.xml") else data)
    assert large.stat().st_size < 2**20
    with pytest.raises(CatalogueError, match="can't be read"):
        import_workbook(root, large)


def test_a_part_that_declares_something_is_refused(root: Path, book: Path) -> None:
    declared = b'<!DOCTYPE x [<!ENTITY a "b">]>'
    harmful = repacked(book, lambda name, data: data.replace(b"?>", b"?>" + declared, 1) if "sheet2" in name else data)
    with pytest.raises(CatalogueError, match="can't be read"):
        import_workbook(root, harmful)


def test_a_published_edition_takes_no_workbook(root: Path, tmp_path: Path) -> None:
    export_workbook(read_edition(root / "2026"), tmp_path / "published.xlsx")
    with pytest.raises(CatalogueError, match="is published: it can't be changed") as caught:
        import_workbook(root, tmp_path / "published.xlsx")
    assert "catalogue ask" in caught.value.do


def test_the_same_edition_gives_the_same_bytes(root: Path, book: Path, tmp_path: Path) -> None:
    export_workbook(read_edition(root / "2027"), tmp_path / "again.xlsx")
    assert (tmp_path / "again.xlsx").read_bytes() == book.read_bytes()


def test_a_cell_too_long_for_a_workbook_is_named(root: Path, tmp_path: Path) -> None:
    (root / "2027" / "comments.csv").write_text(f"comment,answer\n{'x' * 32768},\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match="longer than a workbook's"):
        export_workbook(read_edition(root / "2027"), tmp_path / "long.xlsx")
    assert not (tmp_path / "long.xlsx").exists()


def test_by_commands(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start = ["--workspace", str(root.parent), "catalogue"]
    target = str(tmp_path / "out.xlsx")
    assert main([*start, "export", "2027", target]) == 0
    assert main([*start, "import", target]) == 0
    assert "says all that" in capsys.readouterr().out
    assert main([*start, "export", "2027", target]) == 2
    assert main([*start, "export", "2027", str(tmp_path / "out.pdf")]) == 2
    assert main([*start, "export", "2027", str(tmp_path / "none" / "out.xlsx")]) == 2


TEXTS = st.text(st.characters(blacklist_categories=("Cs", "Cc"), whitelist_characters="\n\t"), max_size=30)


@settings(max_examples=30, deadline=None)
@example([["_x0041_", "=1", "x_x000A_", "", "", "a"]])
@given(st.lists(st.lists(TEXTS.map(str.strip), min_size=6, max_size=6), max_size=4))
def test_any_text_comes_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    folder = tmp_path_factory.mktemp("book")
    edition = folder / "2027"
    edition.mkdir()
    (edition / "edition.toml").write_text("year = 2027\n", encoding="utf-8")
    for name in ("items", "fields"):
        (edition / f"{name}.csv").write_text(",".join(LISTS[name]) + "\n", encoding="utf-8")
    text = read_edition(edition)
    columns = LISTS["comments"]
    lines = [Row(number, dict(zip(columns, cells, strict=True))) for number, cells in enumerate(rows, start=2)]
    comments = Sheet("2027/comments.csv", columns, tuple(lines))
    export_workbook(
        type(text)(text.folder, text.details, text.items, text.fields, text.changes, comments), folder / "b.xlsx"
    )
    found = [list(row.cells.values()) for row in sheets_of(folder / "b.xlsx")["comments"].rows]
    assert found == [cells for cells in rows if any(cells)]
