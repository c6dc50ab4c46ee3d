"""What somebody sees in a role: his departments' and units' rows, protected for his audience, and noted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import creditlab as cl
from creditlab.access import log_of, read_roles
from creditlab.errors import AccessLogError, DisclosureError, NoDataError, ParameterError, RoleError
from creditlab.explore import Session
from creditlab.reports.quarterly.cube import measured_periods
from tests.spec.conftest import tiny_maker
from tests.spec.tiny import Tiny, row

ROLES = """
[bureau]
audience = "internal"
departments = ["D1"]

[city]
audience = "internal"
level = "prefecture"
regions = ["990200"]

[both]
audience = "internal"
departments = ["D2"]
regions = ["990100"]

[mechanism]
audience = "government"

[office]
audience = "government"
departments = ["D1"]

[cities]
audience = "government"
regions = ["990100", "990200"]
"""
PERIOD = "2026Q3"


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """D1 has 4 records in 990100, one of them late; D2 has 1 in time there, and 2 late ones in 990200.

    Item B-1 covers natural persons: D1 has 30 records of it in 990100, D2 has 3 in 990200.
    """
    tiny = tiny_maker(tmp_path_factory.mktemp("seen"))(
        [{}, {"item_code": "B-1", "subject_kinds": "legal_person;natural_person"}]
    )
    tiny.deliver([row("1"), row("2"), row("3", subject_name="")], "2026-07-02", department="D1")
    tiny.deliver([row("4")], "2026-09-02", department="D1")
    tiny.deliver([row("5")], "2026-07-02", department="D2")
    tiny.deliver([row("6"), row("7")], "2026-09-02", department="D2", region_code="990200")
    tiny.deliver([row(f"b{one}", note=f"{one}") for one in range(30)], "2026-07-02", department="D1", item_code="B-1")
    few = [row(f"c{one}", note=f"{one}") for one in range(3)]
    tiny.deliver(few, "2026-07-02", department="D2", region_code="990200", item_code="B-1")
    tiny.ingest()
    (tiny.folder / "roles.toml").write_text(ROLES)
    return tiny


@pytest.fixture(scope="module")
def look(province: Tiny) -> Callable[[str], Session]:
    """A session in a role, made once."""
    made: dict[str, Session] = {}

    def take(role: str) -> Session:
        if role not in made:
            made[role] = cl.open(province.folder, as_of="2026-10-20", role=role)
            # What is released for an audience is the same for all of its roles, and dear to make.
            made[role]._source._released = made[""]._source._released if role else {}
        return made[role]

    take("")

    return take


Look = Callable[[str], Session]


def counted(ws: Session, by: str, **where: str) -> list[tuple[str, int, int]]:
    """Code, numerator and denominator of each row; -1 where a cell is suppressed."""
    found = ws.measure("timeliness", PERIOD, by=by, **where).to_pandas()
    column = "region_code" if by == "region" else "item_code" if by == "item" else by
    numbers = found[["numerator", "denominator"]].fillna(-1).astype(int).to_numpy().tolist()
    return [(one, *both) for one, both in zip(found[column], numbers, strict=True)]


# --- Of the internal audience: the lake, his own rows ------------------------------------------------------


def test_a_department_sees_its_own_rows_and_their_total(look: Look) -> None:
    ws = look("bureau")
    assert counted(ws, "department") == [("", 33, 34), ("D1", 33, 34)]
    assert counted(ws, "item") == [("", 33, 34), ("A-1", 3, 4), ("B-1", 30, 30)]
    assert set(ws.measure("timeliness", PERIOD, department="D1").records()["department"]) == {"D1"}
    # Of its own by item, the same as everybody sees who may see all.
    assert counted(look(""), "item", department="D1") == counted(ws, "item")


def test_a_prefecture_sees_its_own_units(look: Look) -> None:
    ws = look("city")
    # What is left of B-1 is few.
    assert counted(ws, "region") == [("", -1, -1), ("990200", -1, -1)]
    assert counted(ws, "region", item="A-1") == [("", 0, 2), ("990200", 0, 2)]
    assert set(ws.measure("timeliness", PERIOD).records()["region_code"]) == {"990200"}
    # The one fault is another unit's.
    with pytest.raises(NoDataError, match="no record breaks a rule"):
        ws.measure("timeliness", PERIOD, item="A-1").faults().to_pandas()


def test_a_departments_office_in_a_prefecture_sees_what_is_both(look: Look) -> None:
    ws = look("both")
    assert counted(ws, "department") == [("", 1, 1), ("D2", 1, 1)]
    assert ws.measure("timeliness", PERIOD).records()["record_id"].tolist() == ["5"]


def test_what_is_not_theirs_is_refused_with_what_is(look: Look) -> None:
    with pytest.raises(RoleError, match=r"the department is not yours.*Yours: D1\..*ask whoever keeps"):
        look("bureau").measure("timeliness", PERIOD, department="D2")
    with pytest.raises(RoleError, match=r"the region is not yours.*Yours: 990200\."):
        look("city").measure("timeliness", PERIOD, region="990100")
    with pytest.raises(RoleError, match="coverage_items is not counted by department"):
        look("bureau").measure("coverage_items", PERIOD, by=[])


def test_a_role_is_nobody_elses_in_sql(look: Look) -> None:
    found = look("bureau").sql("SELECT DISTINCT department, region_code FROM measures", period=PERIOD)
    assert found.to_numpy().tolist() == [["D1", ""]]
    units = look("city").sql("SELECT DISTINCT department, region_code FROM measures", period=PERIOD)
    assert units.to_numpy().tolist() == [["", "990200"]]
    assert look("bureau").sql("SELECT * FROM faults", period=PERIOD).empty


# --- Of another audience: chosen among what was protected together ------------------------------------------


def test_another_audience_sees_released_cells_only(look: Look) -> None:
    ws = look("mechanism")
    whole = ws.asked(PERIOD, "").release
    view = ws.measure("timeliness", PERIOD, by="department")
    assert str(view.release.audience) == "government"
    there = {tuple(one.items()) for one in whole.table.to_pylist()}
    assert {tuple(one.items()) for one in view.release.table.to_pylist()} <= there
    assert "Internal" not in view.table.note
    assert "For government" in view.table.note
    # The line for SQL makes the same figures.
    found = ws.sql(view.sql(), period=PERIOD)
    start = view.question.period.start
    shown = view.release.select(by=("department",), period_start=start).rows()
    assert sorted(found["department"]) == [one["department"] for one in shown]
    assert sorted(found["marker"]) == sorted(one["marker"] for one in shown)


def test_a_total_of_ones_own_is_added_up_from_what_is_shown(look: Look) -> None:
    own, all_of_it = look("office"), look("mechanism")
    department = all_of_it.measure("timeliness", PERIOD, by="department").release.select(by=("department",)).rows()
    d1 = next(one for one in department if one["department"] == "D1" and str(one["period_start"]) == "2026-07-01")
    rows = own.measure("timeliness", PERIOD, by="department").release.rows()
    assert {one["department"] for one in rows} == {"", "D1"}
    # Suppressed for all is suppressed for who sees less, and so is the sum over it.
    assert {(one["marker"], one["denominator"]) for one in rows} == {(d1["marker"], d1["denominator"])}


@pytest.mark.parametrize("role", ["bureau", "city", "both", "office", "cities"])
def test_narrowing_shows_no_cell_that_the_whole_release_hides(look: Look, role: str) -> None:
    ws = look(role)
    whole = look("").asked(PERIOD, ws._source.audience).release.table.to_pylist()
    seen = ws.asked(PERIOD, "").release.table.to_pylist()
    # The very cells of the whole, marked as there; none is made anew for fewer.
    assert [one for one in whole if one in seen] == seen
    assert len(seen) < len(whole)
    viewer = next(one for one in read_roles(ws._source.workspace) if one.name == role)
    own = [
        one
        for one in whole
        if viewer.sees(ws._source.catalogue, department=one["department"], region=one["region_code"])
    ]
    assert [one for one in own if one in seen] == own
    assert bool(seen) is (role != "both")


def test_what_other_audiences_do_not_get(look: Look) -> None:
    ws = look("office")
    view = ws.measure("timeliness", PERIOD)
    for refused in (view.records, lambda: view.unusual().table, lambda: ws.tables(period=PERIOD, audience="internal")):
        with pytest.raises(RoleError, match="Ask whoever keeps the workspace for a role of the internal audience"):
            refused()
    for asked in ({"by": "item"}, {"by": ["department", "region"]}, {"by": "region", "department": "D1"}):
        with pytest.raises(ParameterError, match="not grouped so"):
            look("mechanism").measure("timeliness", PERIOD, **asked).to_pandas()
    with pytest.raises(ParameterError, match="those of all records"):
        ws.measure("timeliness", PERIOD, department="D1").faults().to_pandas()
    with pytest.raises(ParameterError, match=r"no such period.*There are: 2026Q3, 2026Q2, 2025Q3"):
        ws.measure("timeliness", PERIOD, against="2024Q3").to_pandas()
    assert "matters" not in ws.tables(period=PERIOD)
    assert view.chart().data
    assert [one.label for one in view.trend(6).question.periods] == ["2026Q3", "2026Q2", "2025Q3"]
    assert len(measured_periods(view.question.period)) == 3


def test_two_releases_are_not_put_together(look: Look) -> None:
    one = look("office").asked(PERIOD, "government").release
    other = look("").asked(PERIOD, "internal").release
    with pytest.raises(DisclosureError):
        one.joined(other)


def test_nothing_of_ones_own_is_said_as_such(look: Look) -> None:
    with pytest.raises(NoDataError):
        look("office").measure("timeliness", PERIOD, by="region").to_pandas()


# --- Noted --------------------------------------------------------------------------------------------------


def test_who_saw_what_is_in_the_access_log(look: Look, province: Tiny) -> None:
    def entries() -> list[dict[str, object]]:
        return list(log_of(province.workspace).entries())

    before = len(entries())
    # A session of its own: one session notes the same subjects once.
    ws = cl.open(province.folder, as_of="2026-10-20", role="bureau")
    ws._source._released = look("")._source._released
    view = ws.measure("validity", PERIOD, by="department", department="D1")
    assert len(entries()) == before
    view.to_pandas()
    view.chart()
    view.faults().to_pandas()
    view.records()
    ws.sql("SELECT 'P-1' AS secret FROM measures LIMIT 2", period=PERIOD)
    noted = entries()[before:]
    assert {one["role"] for one in noted} == {"bureau"}
    assert [one.get("view", "") for one in noted] == [
        "measure validity by department, department D1",
        "unusual volumes",
        "faults of validity by department, department D1",
        "",
        "records of validity by department, department D1",
        "query of internal tables",
    ]
    assert noted[0]["period"] == PERIOD
    assert noted[0]["rows"] == view.release.table.num_rows
    assert noted[3]["subjects"]
    assert noted[5]["rows"] == 2
    # What somebody writes in a query is not the log's to keep.
    assert "secret" not in json.dumps(noted)
    assert log_of(province.workspace).check().faults == []


def test_the_owner_is_noted_too_where_there_are_roles(look: Look, province: Tiny) -> None:
    look("").measure("completeness", PERIOD).to_pandas()
    assert list(log_of(province.workspace).entries())[-1]["role"] == "owner"


def test_figures_are_not_shown_where_they_can_not_be_noted(province: Tiny, tmp_path: Path) -> None:
    ws = cl.open(province.folder, as_of="2026-10-20", role="bureau")
    head = province.workspace.access_key.with_suffix(".head")
    head.rename(tmp_path / "head")
    try:
        with pytest.raises(AccessLogError):
            ws.measure("completeness", PERIOD).to_pandas()
    finally:
        (tmp_path / "head").rename(head)


def test_a_line_of_ones_own_makes_the_same_figures(look: Look) -> None:
    ws = look("bureau")
    view = ws.measure("timeliness", PERIOD, by="department").drill("D1")
    again = eval(view.code(), {"ws": ws})  # noqa: S307 - a line of our own
    assert again.to_pandas().equals(view.to_pandas())
    assert view.question.codes == {"department": "D1"}
