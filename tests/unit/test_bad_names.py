"""What comes in badly and must still come out: endless names and texts, nothing to list, no browser, no font."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from creditlab.catalogue import Catalogue, DataFormat, RecordField
from creditlab.errors import ExtraError, LengthError
from creditlab.figures import Cell
from creditlab.messages import LONGEST_NAME, Messages
from creditlab.reports import making, printing
from creditlab.reports.listing import notebooks_folder, read_listing
from creditlab.reports.making import make
from creditlab.reports.page import STYLE, TEMPLATES, render_page
from creditlab.reports.printing import PDF
from creditlab.reports.quarterly import Part, Report
from creditlab.reports.quarterly.words import fault_words
from creditlab.reports.section import Section
from creditlab.reports.shelf import EXECUTED
from creditlab.tables import Column, Table, to_csv, to_html
from creditlab.terms import Audience, FieldType, Language
from tests.notebooks.made_up import CATALOGUE, MATTERS, made_up_release
from tests.notebooks.publishing import make_workspace
from tests.security.published import executed_notebook

RELEASE = made_up_release(Audience.GOVERNMENT)
LONG = "<b>" + "W" * 9_990 + "</b>"
ENTRY = read_listing(notebooks_folder())["quarterly"]
GIVEN = {
    "workspace": "/w", "period": "2026Q3", "as_of": "2026-10-20", "audience": "government", "language": "en",
    "run_no": 0,
}  # fmt: skip


def endless() -> Catalogue:
    """A catalogue in which every department, region and item has a name of ten thousand letters."""
    names = {"name_zh": LONG, "name_en": LONG}
    (edition,) = CATALOGUE.editions
    items = tuple(replace(one, item_name_zh=LONG, item_name_en=LONG) for one in edition.items)
    return replace(
        CATALOGUE,
        editions=(replace(edition, items=items),),
        departments={code: replace(one, **names) for code, one in CATALOGUE.departments.items()},
        regions={code: replace(one, **names) for code, one in CATALOGUE.regions.items()},
    )


def sections_of(report: Report | Part) -> list[Section]:
    if isinstance(report, Part):
        return [report.overview(), report.deliveries(), report.omissions()]
    return [report.standing(), report.timeliness(), report.omissions()]


def hand_over(out: Path, report: Report | Part) -> None:
    """As a notebook does: its tables in `out`, and itself executed beside it."""
    sections = sections_of(report)
    report.save()
    (out.parent / EXECUTED).write_text(json.dumps(executed_notebook(sections)), encoding="utf-8")


def made_without_kernel(
    folder: Path, report: Report | Part, monkeypatch: pytest.MonkeyPatch, notes: list[tuple[str, Mapping[str, Any]]]
) -> Path:
    def run(place: Path, *_: Any) -> None:
        (place / "out" / "publication.json").write_text("{}", encoding="utf-8")
        hand_over(place / "out", report)

    monkeypatch.setattr(making, "_run", run)
    (folder / "out").mkdir(parents=True)
    return make(folder, ENTRY, GIVEN, {}, report.messages, lambda *one: notes.append(one)).out


# --- Names and texts without end ------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["", "department"])
def test_an_endless_name_is_cut_and_breaks_no_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    place, out = make_workspace(tmp_path / "w"), tmp_path / "run" / "out"
    started = time.process_time()
    report: Report | Part = (
        Part(place, endless(), RELEASE, part, "SCJG", Language.EN, out, MATTERS)
        if part
        else Report(place, endless(), RELEASE, Language.EN, out, MATTERS)
    )
    made_without_kernel(tmp_path / "run", report, monkeypatch, [])
    page = (out / "index.html").read_text("utf-8")
    assert "W" * LONGEST_NAME not in page
    assert "<b>W" not in page
    assert "W" * 100 in page
    # In a table it has places where it can be broken.
    assert max(map(len, re.findall(r"W+", "".join(re.findall(r"<t[hd] .*?</t[hd]>", page))))) <= 20
    drawn = re.findall(r"<text[^>]*>([^<]*)</text>", "".join(svg_of(page)))
    assert bool(drawn) is not bool(part)
    assert max(map(len, drawn), default=0) < 60
    book = openpyxl.load_workbook(out / "tables.xlsx", read_only=True)
    assert len(book.sheetnames) == 3 + len(list((out / "tables").glob("*.csv")))
    pages = subprocess.run(["pdfinfo", str(out / PDF)], capture_output=True, text=True, check=True).stdout
    assert int(re.findall(r"Pages:\s+(\d+)", pages)[0]) < 40
    assert time.process_time() - started < 60


def svg_of(page: str) -> list[str]:
    from base64 import b64decode

    return [b64decode(one).decode() for one in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', page)]


def test_a_cell_of_a_workbook_holds_no_more_than_it_can_and_the_csv_holds_all(tmp_path: Path) -> None:
    text = "=" + "文" * 40_000
    table = Table("texts", "Texts", (Column("text", "Text"),), ((Cell(text, text),),), "", RELEASE)
    report = Report(make_workspace(tmp_path / "w"), CATALOGUE, RELEASE, Language.EN, tmp_path / "out")
    report._keep("texts", "Texts", [], [table])
    report.save()
    written = openpyxl.load_workbook(tmp_path / "out" / "tables.xlsx")["texts"]["A2"].value
    assert len(written) == 32_767
    assert written.endswith("文…")
    assert text in (tmp_path / "out" / "tables" / "texts.csv").read_text("utf-8")


# --- Nothing to list ------------------------------------------------------------------------------------


def test_a_table_of_no_rows_says_so_in_every_format(tmp_path: Path) -> None:
    place = make_workspace(tmp_path / "w")
    for language, words in {Language.EN: "There is nothing to list here.", Language.ZH_CN: "此处无可列内容。"}.items():
        out = tmp_path / language
        report = Report(place, CATALOGUE, RELEASE, language, out, ())
        table = report.omissions().tables[-1]
        assert table.rows == ()
        html = to_html(table, report.messages)
        assert f'<p class="nothing">{words}</p>' in html
        assert "<tbody></tbody>" in html
        assert to_csv(table).count("\n") == 1
        report.save()
        sheet = openpyxl.load_workbook(out / "tables.xlsx")["matters"]
        assert [cell.value for cell in next(iter(sheet.iter_rows(min_row=3, max_row=3))) if cell.value] == [words]
        assert sheet.tables["table_2_matters"].ref.endswith("2")
        described = json.loads((out / "tables" / "csv-metadata.json").read_text("utf-8"))["tables"]
        assert [words in one["dc:description"] for one in described] == [False, True]


def test_a_chart_without_a_mark_is_words(tmp_path: Path) -> None:
    report = Report(make_workspace(tmp_path / "w"), CATALOGUE, RELEASE.select(department="FAYU"), Language.EN, None)
    notebook = tmp_path / "notebook.ipynb"
    notebook.write_text(json.dumps(executed_notebook([report.timeliness()])), encoding="utf-8")
    about = {"title": "T", "subtitle": "", "banner": "", "stamp": [], "has_pdf": False, "has_dashboard": False}
    for is_print in (False, True):
        page = render_page(notebook, about, report.messages, is_print=is_print)
        assert "No figure can be shown." in page
        assert "<figure>" not in page


# --- No browser, no font --------------------------------------------------------------------------------


def report_in(tmp_path: Path) -> Report:
    return Report(make_workspace(tmp_path / "w"), CATALOGUE, RELEASE, Language.EN, tmp_path / "run" / "out", MATTERS)


def test_nothing_but_the_list_of_fonts_is_started_so_that_no_browser_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All formats, charts in the PDF included, with no program to be found but fc-list."""
    # Its import looks for libraries with programs of the system's.
    importlib.import_module("weasyprint")
    programs = tmp_path / "bin"
    programs.mkdir()
    found = subprocess.run(["which", "fc-list"], capture_output=True, text=True, check=True).stdout.strip()
    (programs / "fc-list").symlink_to(found)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    started: list[str] = []
    popen = subprocess.Popen.__init__

    def record(self: Any, args: Any, *more: Any, **how: Any) -> None:
        started.append(str(args[0]))
        popen(self, args, *more, **how)

    monkeypatch.setattr(subprocess.Popen, "__init__", record)
    printing.has_chinese_font.cache_clear()
    notes: list[tuple[str, Mapping[str, Any]]] = []
    out = made_without_kernel(tmp_path / "run", report_in(tmp_path), monkeypatch, notes)
    assert started == ["fc-list"]
    assert notes == []
    assert {"index.html", PDF, "tables.xlsx", "cells.csv"} <= {one.name for one in out.iterdir()}


@pytest.mark.parametrize("missing", ["font", "library", "rows"])
def test_without_a_font_or_pango_or_with_too_many_rows_all_but_the_pdf_is_made_and_the_log_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    if missing == "rows":
        monkeypatch.setattr(printing, "MOST_ROWS", 3)
    elif missing == "font":
        monkeypatch.setattr(printing, "has_chinese_font", lambda: False)
    else:
        monkeypatch.setattr(printing, "has_chinese_font", lambda: True)
        monkeypatch.setitem(sys.modules, "weasyprint", None)
    notes: list[tuple[str, Mapping[str, Any]]] = []
    out = made_without_kernel(tmp_path / "run", report_in(tmp_path), monkeypatch, notes)
    assert {one.name for one in out.iterdir()} >= {"index.html", "tables.xlsx", "cells.csv"}
    assert not (out / PDF).exists()
    assert PDF not in (out / "index.html").read_text("utf-8")
    ((step, about),) = notes
    assert step == "without_pdf"
    assert missing in about["what"]
    with pytest.raises((ExtraError, LengthError)):
        printing.write_pdf("<tr>" * 4, tmp_path, tmp_path / PDF, date(2026, 10, 20))


# --- Names where a code stood, columns where there are many -------------------------------------------------


def test_a_value_of_which_one_of_several_fields_is_enough_is_called_by_all_of_them() -> None:
    (edition,) = CATALOGUE.editions
    fields = tuple(
        RecordField(f"no_{one}", f"编号{one}", f"Number {one}", FieldType.STRING, False, one_of_group="contract_ref")
        for one in "AB"
    )
    catalogue = replace(CATALOGUE, editions=(replace(edition, formats=(DataFormat("contract", fields),)),))
    said = [fault_words("missing:contract_ref", catalogue, Messages(one))[0] for one in Language]
    assert said == ["Required value is missing: Number A or Number B", "必填项为空：编号A或编号B"]


@pytest.mark.parametrize(("count", "is_vast"), [(12, False), (13, True)])
def test_a_table_of_very_many_columns_lies_across_its_sheet(count: int, is_vast: bool) -> None:
    columns = tuple(Column(f"c{place}", "列") for place in range(count))
    html = to_html(Table("many", "Many", columns, (), "", RELEASE), Messages(Language.ZH_CN))
    assert ("vast" in html.partition("<table")[0]) is is_vast
    assert ".table.vast { page: vast; }" in (TEMPLATES / STYLE).read_text("utf-8")
