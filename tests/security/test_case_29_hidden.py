"""Case 29: what a reader gets holds nothing that it doesn't show."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import date
from pathlib import Path

import openpyxl

from creditlab.disclosure import Marker
from creditlab.messages import Messages
from creditlab.reports.output import PUBLICATION, REPORT
from creditlab.reports.page import render_page
from creditlab.reports.printing import write_pdf
from creditlab.terms import Language
from tests.security.published import Publication, executed_notebook, figures_in, parsed

#: The courts' figures are all of few, and hidden.
FEW = "Courts"


def test_case_29_the_folder_holds_what_a_publication_has_and_nothing_else(publication: Publication) -> None:
    names = {path.relative_to(publication.out).as_posix() for path in publication.out.rglob("*") if path.is_file()}
    tables = {f"tables/{table.name}.csv" for section in publication.sections for table in section.tables}
    fixed = {"index.html", "style.css", "page.js", "tables.xlsx", "cells.csv"}
    described = {name for name in names if name.startswith("tables/") and name.endswith(".json")}
    assert names == tables | fixed | described
    assert not {PUBLICATION, REPORT} & names
    assert not [name for name in names if "checkpoint" in name or name.endswith(".ipynb")]


def test_case_29_what_a_widget_or_a_failed_cell_left_behind_is_not_on_the_page(
    publication: Publication, tmp_path: Path
) -> None:
    notebook = executed_notebook(publication.sections, widgets={"application/vnd.jupyter.widget-state+json": "HID"})
    notebook["cells"][0]["outputs"].append({"output_type": "stream", "name": "stderr", "text": "Traceback HID"})
    notebook["cells"][0]["attachments"] = {"HID": {}}
    notebook["cells"][0]["metadata"] = {"papermill": {"parameters": "HID"}}
    path = tmp_path / "notebook.ipynb"
    path.write_text(json.dumps(notebook), encoding="utf-8")
    page = render_page(path, publication.report, Messages(Language.EN))
    assert page == publication.page
    assert "HID" in path.read_text(encoding="utf-8")


def test_case_29_a_page_holds_no_comment_and_nothing_of_where_it_was_made(publication: Publication) -> None:
    found = parsed(publication.page)
    assert found.comments == []
    assert str(publication.out.parent) not in publication.page
    for path in publication.out.rglob("*"):
        if path.is_file():
            assert str(publication.out.parent).encode() not in path.read_bytes()


def test_case_29_charts_hold_the_dots_that_are_drawn_and_no_hidden_one(publication: Publication) -> None:
    for figure in figures_in(publication.page):
        assert set(figure) == {"data", "layout"}
        for trace in figure["data"]:
            # Each dot has a place and a reading; whatever else a trace carried would be somebody's.
            assert len(trace["x"]) == len(trace["y"])
            assert not {"ids", "meta", "customdatasrc", "selectedpoints", "hovertext"} & set(trace)
            assert FEW not in trace["y"]
    hidden = [table for section in publication.sections for table in section.tables
              for line in table.rows for cell in line if cell.marker is Marker.SUPPRESSED]  # fmt: skip
    assert hidden, "nothing is suppressed, so nothing was looked for"


def test_case_29_a_suppressed_cell_has_no_value_to_find(publication: Publication) -> None:
    for section in publication.sections:
        for table in section.tables:
            for line in table.rows:
                assert {cell.value for cell in line if cell.marker is Marker.SUPPRESSED} <= {None}
    for line in publication.sections[0].parts[0].release.table.to_pylist():
        if line["marker"] == Marker.SUPPRESSED:
            assert {line[name] for name in ("numerator", "denominator", "count", "ratio")} == {None}


def test_case_29_a_workbook_hides_no_sheet_row_column_comment_or_name(publication: Publication) -> None:
    book = openpyxl.load_workbook(publication.out / "tables.xlsx")
    for sheet in book:
        assert sheet.sheet_state == "visible"
        assert not [one for one in sheet.row_dimensions.values() if one.hidden]
        assert not [one for one in sheet.column_dimensions.values() if one.hidden]
        assert not [cell for line in sheet.iter_rows() for cell in line if cell.comment]
    assert not list(book.defined_names)
    said = book.properties
    assert (said.creator, said.lastModifiedBy) in (("creditlab", "creditlab"), ("creditlab", None))
    assert (said.description, said.keywords, said.category) == (None, None, None)
    with zipfile.ZipFile(publication.out / "tables.xlsx") as content:
        kept = {name.split("/")[1] for name in content.namelist() if name.startswith("xl/") and "/" in name[3:]}
        kept = {name for name in kept if "." not in name}
    assert kept <= {"worksheets", "theme", "_rels", "tables"}, "media, macros, comments or links"


def test_case_29_paper_carries_its_title_and_its_day_only(publication: Publication, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    write_pdf(publication.printed, publication.out, path, date(2026, 10, 20))
    data = path.read_bytes()
    assert not re.search(rb"/(EmbeddedFile|JavaScript|JS|Launch|OpenAction|RichMedia)\b", data)
    assert str(publication.out.parent).encode() not in data
