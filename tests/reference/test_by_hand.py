"""The plain count itself, on cases small enough to do by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.reference.days import WorkingDays, add_update_period, due_periods, parse_period
from tests.reference.identifiers import fold_name, has_resident_id, is_resident_id, is_uscc, resident_check
from tests.reference.measures import measure
from tests.reference.rules import State, run_rules
from tests.reference.workspace import Delivery, Edition, Item, Workspace

ORGANISATION = "91133100MA0D8N1J7G"
ZONE = ZoneInfo("Asia/Shanghai")
ROLES = ("record_id", "subject_id", "subject_name", "subject_kind", "event_date")


def make_item(**changes: object) -> Item:
    item = {
        "item_code": "A-1",
        "departments": ("D1", "D2"),
        "data_format": "f",
        "subject_kinds": ("legal_person",),
        "reporting_level": "prefecture",
        "limit": 7,
        "limit_in_working_days": True,
        "update_period": "month",
        "grace_days": 5,
        "coverage_basis": "none",
    }
    return Item(**{**item, **changes})


def make_field(name: str, role: str = "", **changes: str) -> dict[str, str]:
    columns = ("pattern", "code_list", "minimum", "maximum", "max_length", "one_of_group")
    kind = "date" if name == "event_date" else "string"
    line = {"field": name, "role": role, "type": kind, "required": "true"}
    return {**dict.fromkeys(columns, ""), **line, **changes}


def make_workspace(deliveries: list[Delivery], **changes: object) -> Workspace:
    fields = [*(make_field(role, role) for role in ROLES), make_field("note", required="false")]
    subject = {"subject_kind": "legal_person", "subject_name": "甲（一）", "region_code": "R1"}
    parts = {
        "editions": {2026: Edition(2026, {"A-1": make_item()}, {"f": fields})},
        "regions": {"R0": "province", "R1": "prefecture", "R2": "prefecture"},
        "code_lists": {},
        "ledger": [],
        "subjects": {ORGANISATION: {**subject, "registered_on": "2015-03-01", "deregistered_on": ""}},
        "deliveries": deliveries,
        "working_days": WorkingDays("CN"),
    }
    return Workspace(**{**parts, **changes})


def make_row(record_id: str = "1", **changes: str) -> dict[str, str]:
    values = (record_id, ORGANISATION, "甲(一)", "legal_person", "2026-07-01")
    return {**dict(zip(ROLES, values, strict=True)), "note": "", "action": "", **changes}


def deliver(rows: list[dict[str, str] | None] | None, day: date = date(2026, 7, 2), **changes: object) -> Delivery:
    moment = datetime(day.year, day.month, day.day, 8, tzinfo=ZONE)
    parts = {"item_code": "A-1", "department": "D1", "region_code": "R1", "period": "", "zero_report": False}
    parts |= {"manifest_row": 0, "delivered_at": moment, "received_on": day, "rows": rows}
    return Delivery(**{**parts, **changes})


def outcomes(*rows: dict[str, str]) -> tuple[list[str], State]:
    state = run_rules(make_workspace([deliver(list(rows))]))
    return [o.outcome for o in state.outcomes], state


@pytest.mark.parametrize(
    ("actions", "wanted", "final"),
    [
        ("add add", "accepted repeated", "normal"),
        ("add add*", "accepted corrected", "normal"),
        ("add correct", "accepted repeated", "normal"),
        ("add correct*", "accepted corrected", "normal"),
        ("add dispute add", "accepted corrected repeated", "disputed"),
        ("add dispute add*", "accepted corrected corrected", "disputed"),
        ("add dispute correct", "accepted corrected corrected", "normal"),
        ("add dispute dispute", "accepted corrected repeated", "disputed"),
        ("add dispute resolve", "accepted corrected corrected", "normal"),
        ("add repair resolve", "accepted corrected corrected", "normal"),
        ("add resolve", "accepted repeated", "normal"),
        ("add withdraw add", "accepted withdrawn repeated", "withdrawn"),
        ("add withdraw add*", "accepted withdrawn corrected", "normal"),
        ("add withdraw correct", "accepted withdrawn corrected", "normal"),
        ("add withdraw dispute*", "accepted withdrawn repeated", "withdrawn"),
        ("add withdraw repair", "accepted withdrawn repeated", "withdrawn"),
        ("add withdraw withdraw", "accepted withdrawn repeated", "withdrawn"),
        ("add withdraw withdraw*", "accepted withdrawn corrected", "withdrawn"),
        ("withdraw add", "accepted repeated", "withdrawn"),
        ("dispute add", "accepted repeated", "disputed"),
        ("repair", "accepted", "repaired"),
        ("resolve", "accepted", "normal"),
        ("correct", "accepted", "normal"),
        ("delete add", "quarantined accepted", "normal"),
    ],
)
def test_actions(actions: str, wanted: str, final: str) -> None:
    """A star: with content that was not there before."""
    rows = [
        make_row(action=action.rstrip("*"), note=f"new {number}" if action.endswith("*") else "")
        for number, action in enumerate(actions.split())
    ]
    found, state = outcomes(*rows)
    assert found == wanted.split()
    assert state.versions["A-1", "D1", "1"][-1].state == final


@pytest.mark.parametrize(
    "row",
    [
        make_row("—"),
        make_row(subject_id=" "),
        make_row(event_date="2026-13-45"),
        make_row(event_date=""),
        make_row(action="delete"),
        None,
    ],
)
def test_rows_that_can_not_become_records(row: dict[str, str] | None) -> None:
    found, state = outcomes(row)
    assert found == ["quarantined"]
    assert state.as_of(date(2026, 12, 1)) == []


@pytest.mark.parametrize("changes", [{"department": "D9"}, {"region_code": "R9"}, {"item_code": "Z-9"}])
def test_deliveries_that_do_not_belong(changes: dict[str, str]) -> None:
    state = run_rules(make_workspace([deliver([make_row("1"), make_row("2")], **changes)]))
    assert state.counts()["quarantined"] == 2


def test_an_unreadable_file_is_one_row_and_an_empty_one_none() -> None:
    assert run_rules(make_workspace([deliver(None)])).counts()["quarantined"] == 1
    assert run_rules(make_workspace([deliver([])])).counts()["delivered"] == 0


def test_first_receipt_counts_in_order_of_delivery_not_of_the_manifest() -> None:
    late = deliver([make_row(note="new")], date(2026, 7, 20), manifest_row=0)
    early = deliver([make_row()], date(2026, 7, 3), manifest_row=1)
    state = run_rules(make_workspace([late, early]))
    assert [o.outcome for o in state.outcomes] == ["accepted", "corrected"]
    version = state.as_of(date(2026, 8, 1))[0]
    assert (version.first_received_on, version.effective_on) == (date(2026, 7, 3), date(2026, 7, 20))
    assert version.timely


def test_working_day_limit_spans_the_national_holiday() -> None:
    # 2026-09-30 is a Wednesday; the seven days from 1 October are a holiday, and 10 October is worked.
    state = run_rules(make_workspace([deliver([make_row(event_date="2026-09-30")], date(2026, 10, 15))]))
    assert state.as_of(date(2026, 10, 15))[0].timely
    assert WorkingDays("CN").count(date(2026, 9, 30), date(2026, 10, 15)) == 7


def test_faults_of_one_row() -> None:
    resident = "11010519491231002"
    row = make_row(subject_id=ORGANISATION[:-1], subject_kind="government_body", event_date="2026-07-09")
    row |= {"note": f"见{resident + resident_check(resident)}号", "subject_name": "--"}
    _, state = outcomes(row)
    wanted = {"check_digit:subject_id", "out_of_scope", "date_order", "personal_data", "missing:subject_name"}
    version = state.versions["A-1", "D1", "1"][0]
    assert version.faults == wanted
    assert (version.filled, version.required, version.timely) == (4, 5, False)


def test_a_sole_trader_is_a_natural_person_before_any_check() -> None:
    _, state = outcomes(make_row(subject_id="９２130100"))
    version = state.versions["A-1", "D1", "1"][0]
    assert version.subject_kind == "natural_person"
    assert version.faults == {"out_of_scope"}


def test_the_first_record_owns_a_natural_key_even_when_withdrawn() -> None:
    fields = [*(make_field(role, role) for role in ROLES), make_field("note", "key", required="false")]
    editions = {2026: Edition(2026, {"A-1": make_item()}, {"f": fields})}
    rows = [make_row("1", note="Case 1"), make_row("1", note="case 1", action="withdraw"), make_row("2", note="CASE 1")]
    rows += [make_row("3", note=""), make_row("4", note="")]
    state = run_rules(make_workspace([deliver(rows)], editions=editions))
    faults = {v.content["record_id"]: v.faults for v in state.as_of(date(2026, 8, 1))}
    assert faults == {"2": {"duplicate_key"}, "3": set(), "4": set()}


def figures(workspace: Workspace, as_of: date, name: str, by: str = "item_code") -> list[tuple[int, int]]:
    rows = measure(run_rules(workspace), date(2026, 7, 1), date(2026, 10, 1), as_of, by.split(","))
    return [(r["numerator"], r["denominator"]) for r in rows if r["measure"] == name]


def test_due_cells_and_late_deliveries() -> None:
    deliveries = [
        deliver([], date(2026, 8, 5), period="2026-07"),  # on the due date
        deliver([], date(2026, 8, 6), period="2026-07", department="D2"),  # a day late
        deliver(None, date(2026, 9, 1), period="2026-08"),  # unreadable, yet delivered
        deliver([], date(2026, 9, 2), period="2026-09", zero_report=True),  # before it is due
        deliver([], date(2026, 9, 2), period="2026Q3", region_code="R2"),  # serves no due period
        deliver([], date(2026, 9, 2), period="2026-08", region_code="R0"),  # no expected cell
    ]
    workspace = make_workspace(deliveries)
    # Eight cells of July and August are due by 5 September, and one of September has come.
    assert figures(workspace, date(2026, 9, 5), "punctuality") == [(3, 9)]
    # Until the due date, the four cells of August are not due, but one has come.
    assert figures(workspace, date(2026, 9, 4), "punctuality") == [(3, 6)]
    assert figures(workspace, date(2026, 9, 5), "coverage_cells") == [(1, 4)]
    assert figures(workspace, date(2026, 9, 5), "coverage_items") == [(1, 1)]
    # Newest: D1 R1 2 September, D2 R1 6 August (good until 11 September), D1 R2 2 September.
    assert figures(workspace, date(2026, 9, 11), "currentness") == [(3, 3)]
    assert figures(workspace, date(2026, 9, 12), "currentness") == [(2, 3)]


def test_coverage_by_ledger_and_register() -> None:
    ledger = [
        {"item_code": "A-1", "department": "D1", "region_code": "R1", "month": "2026-07", "declared_count": "1"},
        {"item_code": "A-1", "department": "D2", "region_code": "R1", "month": "2026-07", "declared_count": "4"},
        {"item_code": "A-1", "department": "D2", "region_code": "R1", "month": "2026-10", "declared_count": "9"},
    ]
    subject = {"subject_kind": "legal_person", "subject_name": "乙", "region_code": "R2", "registered_on": "2026-09-30"}
    subjects = {
        code: {**subject, "subject_id": code, "deregistered_on": gone, "registered_on": born}
        for code, born, gone in [
            (ORGANISATION, "2015-03-01", ""),
            ("S2", "2026-09-30", "2026-10-01"),
            ("S3", "2015-03-01", "2026-09-30"),
            ("S4", "2026-10-01", ""),
        ]
    }
    editions = {2026: Edition(2026, {"A-1": make_item(coverage_basis="register")}, {"f": []})}
    fields = [*(make_field(role, role) for role in ROLES), make_field("note", required="false")]
    editions[2026].fields["f"] = fields
    rows = [make_row("1"), make_row("2"), make_row("3", event_date="2025-07-01")]
    workspace = make_workspace([deliver(rows)], ledger=ledger, subjects=subjects, editions=editions)
    assert figures(workspace, date(2026, 10, 20), "coverage_ledger") == [(1, 5)]
    assert figures(workspace, date(2026, 10, 20), "coverage_subjects") == [(1, 2)]
    assert figures(workspace, date(2026, 10, 20), "consistency_name") == [(0, 2)]


def test_a_name_that_is_not_there_does_not_agree() -> None:
    rows = [make_row("1", subject_name="乙"), make_row("2", subject_name=" 甲【一】"), make_row("3", subject_name="—")]
    workspace = make_workspace([deliver(rows)])
    assert figures(workspace, date(2026, 10, 20), "consistency_name") == [(1, 3)]
    assert figures(workspace, date(2026, 10, 20), "consistency_subject") == [(3, 3)]


def test_validity_counts_quarantined_rows_of_the_period() -> None:
    deliveries = [
        deliver([make_row("1"), make_row("")], date(2026, 7, 2)),
        deliver([make_row("")], date(2026, 6, 30)),
        deliver([make_row("")], date(2026, 9, 30)),
    ]
    assert figures(make_workspace(deliveries), date(2026, 9, 29), "validity") == [(1, 2)]
    assert figures(make_workspace(deliveries), date(2026, 9, 30), "validity") == [(1, 3)]
    assert figures(make_workspace(deliveries), date(2026, 9, 30), "validity", "month") == [(1, 2), (0, 1)]


def test_a_figure_is_provisional_until_its_limit_has_passed() -> None:
    state = run_rules(make_workspace([deliver([make_row()])]))
    # Seven working days after 30 September end on 15 October.
    for as_of, wanted in ((date(2026, 10, 14), True), (date(2026, 10, 15), False)):
        rows = measure(state, date(2026, 7, 1), date(2026, 10, 1), as_of, ["item_code"])
        assert {r["is_provisional"] for r in rows} == {wanted}


def test_update_periods() -> None:
    assert due_periods("week", date(2026, 8, 1), date(2026, 8, 10)) == [
        ("2026-W31", date(2026, 8, 2)),
        ("2026-W32", date(2026, 8, 9)),
    ]
    assert due_periods("half-year", *parse_period("2026")) == [
        ("2026H1", date(2026, 6, 30)),
        ("2026H2", date(2026, 12, 31)),
    ]
    assert due_periods("year", *parse_period("2026Q3")) == []
    assert due_periods("year", *parse_period("2026Q4")) == [("2026", date(2026, 12, 31))]
    assert len(due_periods("day", *parse_period("2026-09"))) == 30
    assert add_update_period(date(2026, 8, 31), "month") == date(2026, 9, 30)
    assert add_update_period(date(2026, 8, 31), "half-year") == date(2027, 2, 28)
    assert add_update_period(date(2026, 8, 31), "week") == date(2026, 8, 31) + timedelta(days=7)


def test_identifiers_and_names() -> None:
    assert is_uscc(ORGANISATION)
    assert not is_uscc(ORGANISATION[:-1] + "H")
    made_up = "11010519491231002"
    number = made_up + resident_check(made_up)
    assert is_resident_id(number)
    assert has_resident_id(f"甲{number}乙")
    assert not has_resident_id(f"1{number}")
    assert fold_name(" ＡＢＣ（北）Co ") == fold_name("abc【北】ＣＯ")
    assert fold_name("甲(北)") != fold_name("甲")
