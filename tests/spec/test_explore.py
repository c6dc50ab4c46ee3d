"""What analysts call in a notebook: measures, the way down to a cause, and words that are mistyped."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import papermill
import pytest

import creditlab as cl
from creditlab.access import log_of
from creditlab.errors import NoDataError, ParameterError, WorkspaceError
from creditlab.explore import Session
from creditlab.explore.choices import By
from creditlab.explore.widgets import Explorer
from creditlab.lab.folder import prepare
from creditlab.monitoring.months import months_before
from creditlab.reports.listing import notebooks_folder
from tests.conftest import ROOT
from tests.spec.tiny import REGIONS, SETTINGS, Tiny, code, csv_text, row

Make = Callable[..., Tiny]


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """Two departments: D1 is in time but once, D2 is late in one unit and has a fault there."""
    tiny = Tiny(tmp_path_factory.mktemp("explored"))
    tiny.write("creditlab.toml", SETTINGS)
    tiny.write("catalogue/departments.csv", "department,name_zh,name_en\nD1,甲局,Bureau A\nD2,乙局,Bureau B\n")
    tiny.write("catalogue/regions.csv", csv_text(("region_code", "name_zh", "name_en", "level", "parent"), REGIONS))
    tiny.write("catalogue/code_lists.csv", "code_list,code,name_zh,name_en\n")
    tiny.edition(2026)
    tiny.register((code(), "legal_person", "甲公司", "990100", "A", "2015-03-01", ""))
    tiny.ledger()
    tiny.deliver([row("1"), row("2"), row("3")], "2026-07-02", department="D1", region_code="990100")
    tiny.deliver([row("4")], "2026-09-02", department="D1", region_code="990100")
    tiny.deliver([row("5")], "2026-07-02", department="D2", region_code="990100")
    late = row("6", subject_id=code()[:-1] + ("0" if code()[-1] != "0" else "1"))
    tiny.deliver([late, row("7", subject_id=code("92"))], "2026-09-02", department="D2", region_code="990200")
    tiny.ingest()
    return tiny


@pytest.fixture(scope="module")
def ws(province: Tiny) -> Session:
    return cl.open(province.folder, as_of="2026-10-20")


def test_opens_a_workspace_and_says_where_it_stands(ws: Session) -> None:
    assert (ws.run_no, str(ws.as_of)) == (1, "2026-10-20")
    assert len(ws.measures) == 12
    assert set(ws.departments) >= {"D1", "D2"}


def test_a_measure_is_a_table_with_its_total_first_and_the_lowest_share_next(ws: Session) -> None:
    rows = ws.measure("timeliness", "2026Q3", by="department").to_pandas()
    found = list(zip(rows["department"], rows["numerator"], rows["denominator"], strict=True))
    assert found == [("", 4, 7), ("D2", 1, 3), ("D1", 3, 4)]


@pytest.mark.parametrize("measure", ["coverage_items", "completeness", "validity"])
def test_totals_are_those_of_the_command_line(ws: Session, province: Tiny, measure: str) -> None:
    rows = ws.measure(measure, "2026Q3", by=[]).to_pandas()
    found = [(int(n), int(d)) for n, d in zip(rows["numerator"], rows["denominator"], strict=True)]
    assert found == province.figures(measure, as_of="2026-10-20")


def test_down_from_a_late_department_to_its_unit_its_item_and_the_cause(ws: Session) -> None:
    view = ws.measure("timeliness", "2026Q3", by="department").drill("D2")
    assert view.to_pandas()["region_code"].tolist() == ["", "990200", "990100"]
    items = view.drill("990200")
    assert items.to_pandas()["item_code"].tolist() == ["", "A-1"]
    assert items.drill("A-1").question.by == ()
    assert "check_digit:subject_id" in items.faults().to_pandas()["fault"].tolist()


def test_records_are_those_of_organisations_only(ws: Session) -> None:
    found = ws.measure("timeliness", "2026Q3", by="department", department="D2").records()
    assert found["record_id"].tolist() == ["6", "5"]
    assert not found["subject_id"].str.startswith(("92", "P-")).any()


def test_records_of_somebody_whom_the_register_calls_a_person_are_not_shown(make_tiny: Make) -> None:
    tiny = make_tiny()
    tiny.register((code(), "legal_person", "甲公司", "990100", "A", "2015-03-01", ""),
                  (code(number=5), "natural_person", "", "990100", "", "", ""))  # fmt: skip
    tiny.deliver([row("1"), row("2", subject_id=code(number=5))])
    tiny.ingest()
    found = cl.open(tiny.folder, as_of="2026-10-20").measure("timeliness", "2026Q3").records()
    assert found["record_id"].tolist() == ["1"]


def test_the_line_for_a_view_makes_the_same_figures(ws: Session) -> None:
    view = ws.measure("validity", "2026Q3", by=["region", "item"], department="D2")
    again = eval(view.code(), {"ws": ws})  # noqa: S307 - a line of our own
    assert again.to_pandas().equals(view.to_pandas())


def test_a_notebook_shows_a_table_without_a_link_to_a_file(ws: Session) -> None:
    html = ws.measure("timeliness", "2026Q3")._repr_html_()
    assert "<caption>" in html
    assert "tables/timeliness.csv" not in html
    assert "Internal" in html


def test_a_trend_has_a_share_for_each_period_and_gaps_where_nothing_was(ws: Session) -> None:
    trend = ws.trend("timeliness", "2026Q3", by="department", periods=3)
    rows = trend.to_pandas()
    assert rows.columns.tolist()[-3:] == ["2026Q1", "2026Q2", "2026Q3"]
    assert rows["2026Q1"].isna().all()
    assert rows["2026Q3"].tolist() == [4 / 7, 3 / 4, 1 / 3]
    lines = [list(line.y) for line in trend.chart().data]
    assert lines == [[None, None, 75.0], [None, None, pytest.approx(100 / 3)]]


def test_explains_itself(ws: Session) -> None:
    text = ws.measure("timeliness", "2026Q3").explain()
    assert "Article 11" in text
    assert "4 / 7" in text
    assert "SELECT" in ws.measure("timeliness", "2026Q3").sql()


def test_is_compared_with_the_period_named(ws: Session) -> None:
    view = ws.measure("timeliness", "2026-08", by="department", against="2026Q3")
    # Nothing happened in August.
    assert view.to_pandas()["previous_denominator"].tolist() == [7]
    assert ws.measure("timeliness", "2026Q3").to_pandas()["previous_denominator"].isna().all()
    again = eval(view.code(), {"ws": ws})  # noqa: S307 - a line of our own
    assert again.to_pandas().equals(view.to_pandas())


def test_words_are_completed_behind_a_bracket(ws: Session) -> None:
    assert "timeliness" in ws._ipython_key_completions_()
    view = ws["timeliness"]
    assert view._ipython_key_completions_() == ["D2", "D1"]
    assert view["D2"].question == view.drill("D2").question
    assert ws["coverage_items"]._ipython_key_completions_() == []
    assert ws.departments["D1"] == "Bureau A"
    with pytest.raises(ParameterError, match="Did you mean D"):
        ws.departments["D3"]


def test_a_notebook_shows_a_wrong_use_in_one_line(ws: Session) -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell()
    shell.user_ns["ws"] = ws
    with capture_output() as said:
        result = shell.run_cell('ws.measure("timelines", "2026Q3")')
    assert isinstance(result.error_in_exec, ParameterError)
    lines = said.stdout.strip().splitlines()
    assert len(lines) == 1
    assert "Did you mean timeliness" in lines[0]


def test_speaks_chinese(province: Tiny) -> None:
    view = cl.open(province.folder, as_of="2026-10-20", language="zh_CN").measure("timeliness", "2026Q3")
    assert "及时率" in view.table.caption
    assert "内部资料" in view.table.note


@pytest.mark.parametrize(
    ("ask", "advice"),
    [
        (lambda ws: ws.measure("timelines", "2026Q3"), "Did you mean timeliness"),
        (lambda ws: ws.measure("timeliness", "2026Q3", by="departement"), "Did you mean department"),
        (lambda ws: ws.measure("timeliness", "2026Q3", department="Bureau B"), r"Did you mean D2 \(Bureau B\)"),
        (lambda ws: ws.measure("timeliness", "2026Q3").drill("bureau"), r"Did you mean D2 \(Bureau B\) or D1"),
        (lambda ws: ws.measure("timeliness", "2026Q3", department="D9"), "Did you mean D1 or D2|Did you mean D2 or D1"),
        (lambda ws: ws.measure("coverage_subjects", "2026Q3", by="department"), "It is by: item_code"),
        (lambda ws: ws.measure("timeliness", "2026Q3", by=[]).chart(), "Group by something"),
        (lambda ws: ws.measure("timeliness", "2026Q3", by=["item", "department"]).drill("A-1"), "Name one"),
        (lambda ws: ws.measure("timeliness", "2026Q3", against="2026-07"), "begins on another day"),
        (lambda ws: ws.trend("timeliness", "2026Q3", periods=1), "2 to 40"),
    ],
)
def test_wrong_words_are_answered_with_what_there_is(
    ws: Session, ask: Callable[[Session], object], advice: str
) -> None:
    with pytest.raises(ParameterError, match=advice):
        ask(ws)


def test_case_is_nobodys_concern(ws: Session) -> None:
    view = ws.measure("Timeliness", period="2026q3", by=["Department"]).drill("d2")
    assert view.code() == 'ws.measure("timeliness", "2026Q3", by="region", department="D2")'


def test_a_mistyped_name_is_answered_with_the_nearest(ws: Session) -> None:
    with pytest.raises(AttributeError, match="Did you mean measure"):
        ws.measur("timeliness")  # type: ignore[operator]
    with pytest.raises(AttributeError, match="Did you mean trend"):
        ws.measure("timeliness", "2026Q3").trends()  # type: ignore[operator]
    with pytest.raises(AttributeError, match=r"a workspace is opened by creditlab\.open"):
        cl.opn  # noqa: B018
    assert dir(cl) == ["__doc__", "open"]
    assert not hasattr(ws, "_repr_latex_")


def test_a_text_is_shown_line_by_line(ws: Session) -> None:
    from IPython.lib.pretty import pretty

    view = ws.measure("timeliness", "2026Q3")
    for text in (view.explain(), view.sql(), view.code()):
        assert pretty(text) == str(text)
    assert repr(view.trend(2)) == "Trend(Timeliness, 2nd quarter 2026 – 3rd quarter 2026)"


def test_an_empty_lake_and_a_folder_that_is_none(make_tiny: Make, tmp_path: Path) -> None:
    with pytest.raises(NoDataError):
        cl.open(make_tiny([{}]).folder)
    with pytest.raises(WorkspaceError):
        cl.open(tmp_path / "nowhere")


# --- Controls, without a browser -------------------------------------------------------------------------


def click(explorer: Explorer, trace: int, place: int) -> None:
    """What the browser sends when a mark is clicked."""
    one = explorer.figure.data[trace]
    points = {"trace_indexes": [trace], "point_indexes": [place], "xs": [one.x[place]], "ys": [one.y[place]]}
    state = {"alt": False, "ctrl": False, "meta": False, "shift": False, "button": 0, "buttons": 1}
    explorer.figure._js2py_pointsCallback = {
        "event_type": "plotly_click", "points": points, "device_state": state, "selector": None,
    }  # fmt: skip


def again(explorer: Explorer, ws: Session) -> Any:
    """What the line in the code box makes."""
    return eval(explorer.code.value, {"ws": ws})  # noqa: S307 - a line of our own


def test_four_clicks_lead_from_a_late_department_to_its_records(ws: Session) -> None:
    explorer = ws.explorer()
    explorer.choose(measure="timeliness", period="2026Q3", by="department")
    assert list(explorer.figure.data[1].x) == [pytest.approx(100 / 3), 75]
    # The lowest share is the first dot: the department, then its unit, then the item.
    click(explorer, 1, 0)
    assert explorer.view.question.narrowed == {"department": "D2"}
    assert explorer.narrowed[By.DEPARTMENT].value == "D2"
    assert again(explorer, ws).to_pandas().equals(explorer.view.to_pandas())
    click(explorer, 1, 0)
    assert explorer.view.question.narrowed == {"department": "D2", "region_code": "990200"}
    click(explorer, 1, 0)
    # Nothing finer is counted: the faults of its records.
    assert "check digit" in explorer.table.value
    assert again(explorer, ws).to_pandas()["fault"].tolist() == list(explorer.figure.data[0].ids)
    click(explorer, 0, list(explorer.figure.data[0].ids).index("check_digit:subject_id"))
    assert again(explorer, ws)["record_id"].tolist() == ["6"]
    assert "<td>6</td>" in explorer.table.value
    for _ in range(3):
        explorer.back_button.click()
    assert explorer.view.question.narrowed == {}
    assert explorer.back_button.disabled is False


def test_faults_are_shown_for_any_view_and_back_returns_to_it(ws: Session) -> None:
    explorer = ws.explorer()
    explorer.choose(measure="timeliness", period="2026Q3", by="department")
    view = explorer.view
    explorer.faults_button.click()
    assert "check digit" in explorer.table.value
    explorer.back_button.click()
    assert explorer.view is view
    explorer.records_button.click()
    assert again(explorer, ws)["record_id"].tolist() == ["6", "4", "1", "2", "3", "5"]


def with_a_fall(folder: Path, name: str) -> Tiny:
    """A year of two departments' records, 60 a month each; in August D1, which is called so, has 10."""
    tiny = Tiny(folder)
    tiny.write("creditlab.toml", SETTINGS)
    tiny.write("catalogue/departments.csv", f"department,name_zh,name_en\nD1,{name},{name}\nD2,乙局,Bureau B\n")
    tiny.write("catalogue/regions.csv", csv_text(("region_code", "name_zh", "name_en", "level", "parent"), REGIONS))
    tiny.write("catalogue/code_lists.csv", "code_list,code,name_zh,name_en\n")
    tiny.edition(2026)
    tiny.register((code(), "legal_person", "甲公司", "990100", "A", "2015-03-01", ""))
    tiny.ledger()
    for back in range(11, -1, -1):
        month = months_before(date(2026, 9, 1), back)
        for department in ("D1", "D2"):
            count = 10 if (department, month) == ("D1", date(2026, 8, 1)) else 60
            rows = [row(f"{month}-{number}", event_date=f"{month}", note=f"{number}") for number in range(count)]
            tiny.deliver(rows, f"{month.replace(day=5)}", department=department)
    tiny.ingest()
    return tiny


def test_an_unusual_month_is_ringed_and_the_ring_leads_down_too(tmp_path: Path) -> None:
    tiny = with_a_fall(tmp_path, "<b>Bureau</b>")
    ws = cl.open(tiny.folder, as_of="2026-10-20")
    view = ws.measure("timeliness", "2026Q3", by="department")
    found = view.unusual().to_pandas()
    assert found[["department", "month", "records"]].to_numpy().tolist() == [["<b>Bureau</b>", "August 2026", 10]]
    assert found["low"][0] > 10
    ring = view.chart().data[-1]
    assert (list(ring.ids), ring.name) == (["D1"], "Unusual volume")
    assert "&lt;b&gt;Bureau" in ring.customdata[0]
    assert len(view.chart(unusual=False).data) == 2
    explorer = ws.explorer()
    explorer.choose(measure="timeliness", period="2026Q3", by="department")
    explorer.unusual.value = False
    assert len(explorer.figure.data) == 2
    explorer.unusual.value = True
    click(explorer, 2, 0)
    assert explorer.view.question.narrowed == {"department": "D1"}
    # Another month, another department: nothing to mark.
    assert ws.measure("timeliness", "2026-07", by="department").unusual().to_pandas().empty


def test_what_can_not_be_shown_is_said_and_what_was_shown_stays(ws: Session) -> None:
    explorer = ws.explorer()
    explorer.choose(measure="timeliness", period="2026Q3", by="department")
    before = explorer.view
    explorer.choose(measure="coverage_subjects")
    assert 'role="alert"' in explorer.said.value
    assert explorer.view is before
    explorer.choose(measure="validity")
    assert explorer.said.value == ""


def test_the_notebook_runs(province: Tiny, tmp_path: Path) -> None:
    done = tmp_path / "trends.ipynb"
    papermill.execute_notebook(
        notebooks_folder() / "trends.ipynb",
        done,
        parameters={"workspace": str(province.folder), "period": "2026Q3", "as_of": "2026-10-20"},
        cwd=ROOT,
        progress_bar=False,
    )
    outputs = [one for cell in json.loads(done.read_text("utf-8"))["cells"] for one in cell.get("outputs", [])]
    shown = {kind for one in outputs for kind in one.get("data", {})}
    assert {"text/html", "application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json"} <= shown


def test_the_first_hour_runs_in_a_workspaces_own_copy(province: Tiny) -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    folder = prepare(province.workspace)
    copy = folder / "first_hour.ipynb"
    sources = ["".join(one["source"]) for one in json.loads(copy.read_text("utf-8"))["cells"]
               if one["cell_type"] == "code"]  # fmt: skip
    assert 'workspace: str = ".."' in sources[0]
    shell, found = InteractiveShell(), {}
    with contextlib.chdir(folder), capture_output():
        for source in sources:
            done = shell.run_cell(source)
            done.raise_error()
            found[source] = done.result
    assert found["lowest.faults()"].to_pandas()["fault"].tolist()[0]
    assert found["view.code()"].startswith('ws.measure("timeliness"')
    assert isinstance(found["ws.explorer()"], Explorer)
    # Looked at organisations' records: noted before they were shown.
    noted = [one["command"] for one in log_of(province.workspace).entries()]
    assert "explore" in noted
    # A copy is its user's: it is never written over.
    copy.write_text("mine")
    assert prepare(province.workspace) == folder
    assert copy.read_text() == "mine"
