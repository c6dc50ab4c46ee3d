"""Tables as HTML, CSV and workbook: exact values, nothing that runs, nothing that was hidden."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest

from creditlab.disclosure import CubeTable
from creditlab.messages import Messages
from creditlab.reports import page
from creditlab.reports.output import Stamp
from creditlab.reports.page import safe_json
from creditlab.reports.quarterly import Report
from creditlab.reports.section import PLOTLY
from creditlab.reports.workbook import write_workbook
from creditlab.tables import Column, Kind, Table, neutral, to_csv, to_html
from creditlab.terms import Audience, Language
from tests.notebooks.made_up import CATALOGUE, FORMULA_NAME, SCRIPT_NAME, made_up_release
from tests.notebooks.publishing import make_workspace


@pytest.fixture(params=list(Language))
def report(tmp_path: Path, request: pytest.FixtureRequest) -> Report:
    return Report(make_workspace(tmp_path / "w"), CATALOGUE, made_up_release(), request.param, None)


def tables_of(report: Report) -> dict[str, Table]:
    sections = [
        report.overview(), report.deliveries(), report.timeliness(), report.coverage(), report.validity(),
        report.omissions(), report.faults(), report.methods(),
    ]  # fmt: skip
    return {table.name: table for section in sections for table in section.tables}


def read(table: Table) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(to_csv(table), newline="")))


def test_csv_has_the_figures_of_the_release(report: Report) -> None:
    figures = {
        (row["department"], row["period_start"]): row
        for row in report.release.select(table=CubeTable.MEASUREMENTS, measure="timeliness", by=("department",)).rows()
    }
    rows = [row for row in read(tables_of(report)["timeliness_by_department"]) if row["department"]]
    assert len(rows) == 6
    hidden = {row["department"] for row in rows if row["numerator"] == "[c]"}
    # The courts' are few; one more is hidden, or the total less the others would be theirs.
    assert len(hidden) == 2
    assert "FAYU" in hidden
    for row in rows:
        now = figures[row["department"], report.period.start]
        before = figures[row["department"], report.previous.start]
        if row["department"] in hidden:
            assert {row[name] for name in ("numerator", "denominator", "ratio", "difference_points")} == {"[c]"}
            continue
        assert (int(row["numerator"]), int(row["denominator"])) == (now["numerator"], now["denominator"])
        assert float(row["ratio"]) == now["numerator"] / now["denominator"]
        if row["department"] == "MZHT":
            assert (row["is_provisional"], row["difference_points"]) == ("true", "")
        elif before["marker"]:
            assert row["difference_points"] == "[c]"
        else:
            later, earlier = (Fraction(one["numerator"], one["denominator"]) for one in (now, before))
            assert float(row["difference_points"]) == float(100 * (later - earlier))
            assert row["difference_points"].startswith("-")


def test_deliveries_count_every_row_once(report: Report) -> None:
    rows = read(tables_of(report)["deliveries_by_department"])
    assert rows[0]["department"] == ""
    shown = [row for row in rows if "[c]" not in row.values()]
    # The courts', and those hidden for their sake.
    assert 0 < len(shown) < len(rows)
    assert "FAYU" not in {row["department"] for row in shown}
    for row in shown:
        parts = ("accepted", "corrected", "withdrawn", "repeated", "quarantined")
        assert int(row["delivered"]) == sum(int(row[part]) for part in parts)


def test_omissions_list_what_came_late_or_never_the_most_first(report: Report) -> None:
    rows = read(tables_of(report)["omissions_by_item"])
    assert [(row["department"], row["late"], row["never_delivered"]) for row in rows] == [
        ("", "5", "14"), ("FAYU", "0", "12"), ("MZHT", "4", "2"), ("EVIL", "1", "0"),
    ]  # fmt: skip


def test_faults_name_their_field_and_the_small_count_is_hidden(report: Report) -> None:
    rows = read(tables_of(report)["faults"])
    assert [(row["fault"], row["record_count"]) for row in rows] == [
        ("missing:valid_until", "1234"), ("check_digit:subject_id", "77"), ("personal_data", "[c]"),
    ]  # fmt: skip
    field = {Language.EN: "Valid until", Language.ZH_CN: "有效期至"}[report.messages.language]
    assert field in rows[0]["fault_name"]
    assert all(row["what_to_do"] for row in rows)


def test_names_neither_run_nor_calculate(report: Report) -> None:
    table = tables_of(report)["timeliness_by_department"]
    html = to_html(table, report.messages)
    assert SCRIPT_NAME not in html
    assert "&lt;script&gt;" in html
    names = [row["department_name"] for row in read(table)]
    assert f"'{FORMULA_NAME}" in names
    assert SCRIPT_NAME in names
    for bundle, _ in report.timeliness().outputs():
        if PLOTLY in bundle:
            assert "<script>" not in safe_json(bundle[PLOTLY]["layout"]["yaxis"]["categoryarray"])


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x", " =1", "\n=1"])
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text: str) -> None:
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "市场监督管理局", "[c]"])
def test_other_text_stays(text: str) -> None:
    assert neutral(text) == text


def test_header_cells_have_scope_and_caption(report: Report) -> None:
    html = to_html(tables_of(report)["overview"], report.messages)
    assert html.count("<caption>") == 1
    assert html.count("<th ") == html.count("<th scope=")
    assert "(p)" in html


def workbook(path: Path, report: Report, banner: str = "") -> bytes:
    write_workbook(
        path, title="T", subtitle="S", banner=banner, stamp=[("=a", "=b")], tables=list(tables_of(report).values()),
        created=datetime(2026, 10, 20), messages=report.messages,
    )  # fmt: skip
    return path.read_bytes()


def test_workbook_has_one_named_table_a_sheet_with_numbers_as_numbers(tmp_path: Path, report: Report) -> None:
    data = workbook(tmp_path / "a.xlsx", report)
    assert hashlib.sha256(data).digest() == hashlib.sha256(workbook(tmp_path / "b.xlsx", report)).digest()
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames[3:] == list(tables_of(report))
    for name, table in tables_of(report).items():
        sheet = book[name]
        (named,) = sheet.tables.values()
        assert named.ref.startswith("A1:")
        assert sheet.max_row == len(table.rows) + 1
        for cells, row in zip(sheet.iter_rows(min_row=2), table.rows, strict=True):
            for found, cell in zip(cells, row, strict=True):
                expected = "[c]" if cell.marker else cell.value
                assert found.value == (None if expected == "" else expected) or found.value == pytest.approx(expected)
                assert found.data_type != "f"
    assert book.worksheets[0]["A4"].data_type == "s"


# --- Words and numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [(1, 2000, "0.1%"), (1, 2001, "0.0%"), (2, 3, "66.7%"), (1, 1, "100.0%"), (999, 1000, "99.9%"),
     (247, 2000, "12.4%"),
     (12341, 12345, "100.0%")],
)  # fmt: skip
def test_shares_are_rounded_half_up(numerator: int, denominator: int, text: str) -> None:
    assert Messages(Language.EN).percent(numerator, denominator) == text


def test_differences_carry_their_sign() -> None:
    messages = Messages(Language.EN)
    points = [messages.points(Fraction(n, 10000)) for n in (-126, -124, -4, 0, 4, 5, 123456)]
    assert points == ["-1.3", "-1.2", "0.0", "0.0", "0.0", "+0.1", "+1,234.6"]


def test_audience_and_revision_stand_in_the_stamp(report: Report) -> None:
    stamp: Stamp = report.stamp
    lines = dict(stamp.lines(Messages(Language.EN)))
    assert lines["Audience"] == "public"
    assert lines["Revision"] == "not published"
    internal = Report(report.workspace, CATALOGUE, made_up_release(Audience.INTERNAL), Language.EN, None)
    assert dict(internal.stamp.lines(Messages(Language.EN)))["Audience"] == "internal: not to leave the institution"


@pytest.mark.parametrize(("count", "is_wide"), [(8, False), (9, True)])
def test_a_table_of_many_columns_says_so_and_no_style_counts_them(count: int, is_wide: bool) -> None:
    """Printing a page whose style looks into every table from each of its cells took minutes for long lists."""
    columns = tuple(Column(f"column_{number}", str(number), Kind.INTEGER) for number in range(count))
    html = to_html(Table("many", "Many", columns, (), "", made_up_release()), Messages(Language.EN))
    assert ('class="wide"' in html) is is_wide
    style = (Path(page.__file__).parent / "templates" / "style.css").read_text("utf-8")
    assert "table.wide" in style
    assert ":has(" not in style
