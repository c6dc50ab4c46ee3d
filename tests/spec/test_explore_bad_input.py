"""A notebook over a lake that is empty, has gaps, has names that are markup, or changes while it is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

import creditlab as cl
from creditlab.errors import NoDataError, ParameterError
from creditlab.explore import Session, widgets
from creditlab.explore.widgets import Explorer
from tests.spec.conftest import tiny_maker
from tests.spec.tiny import Tiny, row

EVIL = '<script>document.title="run"</script>'
PERIOD = "2026Q3"


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """D1, whose name is markup, has three records, one of them late and one with a fault; D2 never sent any."""
    tiny = tiny_maker(tmp_path_factory.mktemp("gaps"))()
    tiny.write("catalogue/departments.csv", f"department,name_zh,name_en\nD1,{EVIL},{EVIL}\nD2,乙局,Bureau B\n")
    tiny.deliver([row("1"), row("2", subject_name=""), row("<b>3</b>", event_date="2026-03-02")], "2026-07-02")
    tiny.ingest()
    return tiny


@pytest.fixture(scope="module")
def ws(province: Tiny) -> Session:
    return cl.open(province.folder, as_of="2026-10-20")


@pytest.fixture
def explorer(ws: Session) -> Explorer:
    found = ws.explorer()
    found.choose(measure="timeliness", period=PERIOD, by="department")
    return found


def test_an_empty_lake_says_what_to_do(make_tiny: Callable[..., Tiny]) -> None:
    with pytest.raises(NoDataError, match=r"nothing has been ingested yet.*Ingest first"):
        cl.open(make_tiny().folder)


def test_a_lake_without_a_single_record(make_tiny: Callable[..., Tiny]) -> None:
    tiny = make_tiny()
    tiny.deliver([row("")], "2026-07-02")
    tiny.ingest()
    ws = cl.open(tiny.folder, as_of="2026-10-20")
    with pytest.raises(NoDataError, match="nothing to show for 2026Q3"):
        ws.measure("timeliness", PERIOD).to_pandas()
    # Controls are there all the same; they say why there is nothing to see.
    empty = ws.explorer()
    assert "nothing to show" in empty.said.value
    assert empty.table.value == ""
    # What was quarantined is counted by validity.
    empty.choose(measure="validity")
    assert empty.said.value == ""
    assert "validity" in empty.code.value


@pytest.mark.parametrize("period", ["2024Q1", "2030Q1"])
def test_a_quarter_with_no_data(ws: Session, explorer: Explorer, period: str) -> None:
    view = ws.measure("timeliness", period)
    for ask in (view.to_pandas, view.chart, view._repr_html_, view.explain):
        with pytest.raises(NoDataError, match=f"nothing to show for {period}.*Choose another period"):
            ask()
    assert view.records().empty
    with pytest.raises(NoDataError, match="no record breaks a rule"):
        view.faults().to_pandas()
    with pytest.raises(NoDataError):
        ws.sql("SELECT 1", period=period)
    before = explorer.table.value
    explorer.choose(period="2025Q1")
    assert "nothing to show for 2025Q1" in explorer.said.value
    assert explorer.table.value == before
    assert "2026Q3" in explorer.code.value
    # The controls stay as they were set: the next choice may be the one that makes it possible.
    explorer.choose(period=PERIOD)
    assert explorer.said.value == ""


def test_a_department_without_records(ws: Session, explorer: Explorer) -> None:
    with pytest.raises(NoDataError, match="nothing to show"):
        ws.measure("timeliness", PERIOD, department="D2").to_pandas()
    assert ws.measure("timeliness", PERIOD, department="D2").records().empty
    with pytest.raises(ParameterError, match=r"Did you mean|There are: D1"):
        ws.measure("timeliness", PERIOD).drill("D2")
    explorer.choose(department="D2")
    assert "nothing to show" in explorer.said.value
    assert explorer.view.question.narrowed == {}


def test_a_name_is_never_markup(ws: Session, explorer: Explorer) -> None:
    view = ws.measure("timeliness", PERIOD)
    for html in (view._repr_html_(), view.trend(2)._repr_html_(), ws.departments._repr_html_(), explorer.table.value):
        assert "<script" not in html
        assert "&lt;script&gt;" in html
    # On a chart, text between angle brackets is markup to plotly.
    assert "<script" not in view.chart().to_json()
    explorer.drill("D1")
    assert "<script" not in explorer.title.value
    assert "&lt;script&gt;" in explorer.title.value
    explorer.choose(period="2026Q1")
    explorer.show_records()
    assert "&lt;B&gt;3&lt;/B&gt;" in explorer.table.value
    # An empty list says why it may be empty.
    explorer.show_records("missing:amount")
    assert "no record is listed" in explorer.table.value
    assert "<table" not in explorer.table.value


# --- Another language ---------------------------------------------------------------------------------------


def test_everything_is_shown_in_another_language_where_it_stands(explorer: Explorer) -> None:
    explorer.drill("D1")
    line = explorer.code.value
    explorer.language.value = "zh_CN"
    assert "及时率" in explorer.title.value
    assert (explorer.measure.description, explorer.back_button.description) == ("指标", "返回")
    assert explorer.measure.label == "及时率"
    assert explorer.code.value == line
    explorer.back()
    assert explorer.view.question.narrowed == {}
    explorer.language.value = "en"
    assert "Timeliness" in explorer.title.value


def test_another_language_by_a_line(ws: Session) -> None:
    assert "及时率" in ws.speaking("zh_CN").measure("timeliness", PERIOD).table.caption
    with pytest.raises(ParameterError, match="Did you mean zh_CN"):
        ws.speaking("zh-cn")


# --- A lake that changes ------------------------------------------------------------------------------------


@pytest.fixture
def changing(tmp_path: Path) -> Tiny:
    tiny = tiny_maker(tmp_path)()
    tiny.deliver([row("1"), row("2", subject_name="")], "2026-07-02")
    tiny.ingest()
    return tiny


def test_a_lake_that_changes_is_said_and_reloaded(changing: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    ws = cl.open(changing.folder, as_of="2026-10-20")
    explorer = ws.explorer()
    explorer.choose(period=PERIOD)
    view = ws.measure("timeliness", PERIOD)
    assert (explorer.changed.value, explorer.reload_button.layout.display) == ("", "none")
    assert "has changed" not in view._repr_html_()
    changing.deliver([row("3")], "2026-09-02", department="D2")
    changing.ingest()

    # All that is asked of a session stays at its run; that there is a newer one is said.
    said = "this is run 1, and run 2 is there"
    assert said in view._repr_html_()
    assert "ws = ws.reload()" in view._repr_html_()
    assert view.to_pandas()["denominator"].tolist() == [2, 2]

    # As long as a kernel waits for its user, it is looked again now and then.
    monkeypatch.setattr(widgets, "_LOOKED_AFTER", 0.001)

    async def wait() -> None:
        explorer.look_for_changes()
        explorer.changed.value = ""
        await asyncio.sleep(0.1)

    asyncio.run(wait())
    assert said in explorer.changed.value
    assert explorer.reload_button.layout.display is None
    assert "D2" not in explorer.table.value

    explorer.reload_button.click()
    assert explorer.changed.value == ""
    assert explorer.reload_button.layout.display == "none"
    assert "D2" in explorer.table.value
    scope = {"ws": ws}
    reload, line = explorer.code.value.splitlines()
    exec(reload, scope)  # noqa: S102 - a line of our own
    again = eval(line, scope)  # noqa: S307 - a line of our own
    assert again.to_pandas().equals(explorer.view.to_pandas())
    assert scope["ws"].run_no == 2
    assert str(scope["ws"].as_of) == "2026-10-20"


def test_who_asked_for_a_run_is_not_told_of_newer_ones(changing: Tiny) -> None:
    ws = cl.open(changing.folder, run_no=1, as_of="2026-10-20")
    changing.deliver([row("3")], "2026-09-02", department="D2")
    changing.write("catalogue/departments.csv", "department,name_zh,name_en\nD1,新局,New\nD2,乙局,Bureau B\n")
    changing.ingest()
    assert ws.changed == ""
    # Nor are the lists beside the editions others than that run judged by.
    then = cl.open(changing.folder, run_no=1, as_of="2026-10-20")
    names = [one.departments["D1"] for one in (then, then.speaking("zh_CN"), then.reload())]
    assert names == ["Bureau A", "甲局", "New"]


def test_a_lake_that_goes_away_is_said(changing: Tiny) -> None:
    ws = cl.open(changing.folder, as_of="2026-10-20")
    explorer = ws.explorer()
    before = explorer.table.value
    (changing.folder / "lake").rename(changing.folder / "away")
    explorer.reload()
    assert "nothing has been ingested yet" in explorer.said.value
    assert explorer.table.value == before
