"""The six measures over records, counted by hand from their definitions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from creditlab.errors import CalendarError
from tests.spec.tiny import Tiny, code, form_field, form_fields, row

Make = Callable[..., Tiny]
RECORD_MEASURES = (
    "completeness",
    "consistency_name",
    "consistency_subject",
    "timeliness",
    "uniqueness",
    "validity",
)


# --- Timeliness -----------------------------------------------------------------------------------------
# 1 July 2026 is a Wednesday; its seven working days end on Friday, 10 July.


def test_timeliness_counts_working_days_after_the_event_up_to_the_first_receipt(tiny: Tiny) -> None:
    tiny.deliver([row("in time")], "2026-07-10")
    tiny.deliver([row("at the weekend")], "2026-07-12")
    tiny.deliver([row("too late")], "2026-07-13")
    tiny.deliver([row("same day", event_date="2026-07-12")], "2026-07-12")
    tiny.deliver([row("before it happened", event_date="2026-07-12")], "2026-07-11")
    tiny.ingest()
    assert tiny.figures("timeliness") == [(3, 5)]
    assert {n: one["lag"] for n, one in tiny.records().items()} == {
        "IN TIME": 7,
        "AT THE WEEKEND": 7,
        "TOO LATE": 8,
        "SAME DAY": 0,
        "BEFORE IT HAPPENED": -1,
    }


def test_timeliness_knows_make_up_days(tiny: Tiny) -> None:
    # After 30 September come seven days of holiday; Saturday, 10 October is worked: 8, 9, 10, 12, 13, 14, 15 October.
    tiny.deliver([row("1", event_date="2026-09-30")], "2026-10-15")
    tiny.deliver([row("2", event_date="2026-09-30")], "2026-10-16")
    tiny.ingest()
    assert tiny.figures("timeliness") == [(1, 2)]


def test_timeliness_in_calendar_days(make_tiny: Make) -> None:
    tiny = make_tiny([{"collection_time_limit": "20 days"}])
    tiny.deliver([row("1")], "2026-07-21")
    tiny.deliver([row("2")], "2026-07-22")
    tiny.deliver([row("3", event_date="2026-07-23")], "2026-07-22")
    tiny.ingest()
    assert tiny.figures("timeliness") == [(1, 3)]


def test_a_day_is_the_date_in_the_workspaces_time_zone(tiny: Tiny) -> None:
    # 16:30 UTC on the 10th is the 11th in Shanghai, and that is a Saturday: 7 working days still.
    tiny.deliver([row("1", event_date="2026-07-02")], "2026-07-13T15:59:00+00:00")
    tiny.deliver([row("2", event_date="2026-07-02")], "2026-07-13T16:00:00+00:00")
    tiny.ingest()
    assert [one["received_on"] for one in tiny.table("deliveries")] == [date(2026, 7, 13), date(2026, 7, 14)]
    assert tiny.figures("timeliness") == [(1, 2)]


def test_the_clock_stops_at_the_first_receipt_whatever_comes_later(tiny: Tiny) -> None:
    tiny.deliver([row()], "2026-07-03")
    tiny.deliver([row(action="correct", note="new")], "2026-08-20")
    tiny.ingest()
    assert tiny.figures("timeliness") == [(1, 1)]


def test_each_record_is_held_to_the_limit_of_its_own_year(make_tiny: Make) -> None:
    tiny = make_tiny()
    tiny.edition(2025, [{"collection_time_limit": "2 working days"}])
    tiny.deliver([row("1", event_date="2025-12-31")], "2026-01-07")
    tiny.deliver([row("2", event_date="2026-01-05")], "2026-01-09")
    tiny.ingest()
    # 2025-12-31: 4 to 7 January are working days (1 to 3 a holiday, the 4th made up), so 4 of 2 allowed.
    assert tiny.figures("timeliness", period="2025-12-01/2026-02-01") == [(1, 2)]


def test_a_lag_the_calendar_can_not_give_is_refused_and_not_guessed(tiny: Tiny) -> None:
    tiny.deliver([row("1", event_date="2026-12-30")], "2027-01-05")
    tiny.deliver([row("2", event_date="2026-09-01")], "2026-09-02")
    tiny.ingest()
    with pytest.raises(CalendarError, match="2027-01-01"):
        tiny.figures("timeliness", period="2026Q4", as_of="2027-02-01")
    # On a day on which the record was not there, nothing is missing; nor in a quarter that does not have it.
    assert tiny.figures("timeliness", period="2026Q3") == [(1, 1)]
    assert tiny.figures("timeliness", period="2026Q4", as_of="2026-12-31") == []


# --- Completeness ---------------------------------------------------------------------------------------


def test_completeness_counts_required_values_and_a_one_of_group_once(make_tiny: Make) -> None:
    more = [form_field("one", one_of_group="g"), form_field("other", one_of_group="g", required="true")]
    tiny = make_tiny(fields=form_fields(*more))
    rows = [
        row("1", one="x", other="x"),  # 6 of 6
        row("2", one="", other="x"),  # 6 of 6
        row("3", one=" ", other="—"),  # 5 of 6
        row("4", one="x", other="", subject_name="NULL", subject_kind="--"),  # 4 of 6
        row("5", one="x", other="", note="anything"),  # 6 of 6
    ]
    tiny.deliver(rows)
    tiny.ingest()
    assert tiny.figures("completeness") == [(27, 30)]


def test_what_else_is_blank_is_the_workspaces_to_say(make_tiny: Make) -> None:
    tiny = make_tiny(settings='[ingest]\nblanks = ["none"]\n')
    tiny.deliver([row("1", subject_name="—"), row("2", subject_name="none"), row("3", subject_name=" ")])
    tiny.ingest()
    assert tiny.figures("completeness") == [(13, 15)]


# --- Validity -------------------------------------------------------------------------------------------


def test_validity_counts_quarantined_rows_received_in_the_period(tiny: Tiny) -> None:
    tiny.deliver([row("1"), row("2", subject_kind="nonsense"), row("")], "2026-07-02")
    tiny.deliver([row("")], "2026-06-30")
    tiny.deliver([row("")], "2026-09-30")
    tiny.deliver([row("")], "2026-10-01")
    tiny.ingest()
    assert tiny.figures("validity", as_of="2026-09-29") == [(1, 3)]
    assert tiny.figures("validity", as_of="2026-09-30") == [(1, 4)]
    assert tiny.figures("validity", as_of="2026-09-30", by="month") == [(1, 3), (0, 1)]


def test_a_record_with_two_faults_counts_once(tiny: Tiny) -> None:
    tiny.deliver([row("1", subject_kind="nonsense", subject_name=""), row("2")])
    tiny.ingest()
    assert tiny.figures("validity") == [(1, 2)]


def test_quarantined_rows_of_an_item_nobody_knows_are_not_lost(tiny: Tiny) -> None:
    tiny.deliver([row("1")], item_code="Z-9")
    tiny.deliver([row("2")])
    tiny.ingest()
    found = tiny.measure("validity", by="item_code")
    assert [(one["item_code"], one["numerator"], one["denominator"]) for one in found] == [("A-1", 1, 1), ("Z-9", 0, 1)]


# --- Uniqueness -----------------------------------------------------------------------------------------


def test_uniqueness_is_about_natural_keys_only(make_tiny: Make) -> None:
    tiny = make_tiny(fields=form_fields(form_field("case", role="key")))
    tiny.deliver([row("1", case="K1"), row("2", case="K1"), row("3", case="K2", subject_kind="nonsense")])
    tiny.ingest()
    assert tiny.figures("uniqueness") == [(2, 3)]


# --- Consistency ----------------------------------------------------------------------------------------


def test_consistency_with_the_register(make_tiny: Make) -> None:
    tiny = make_tiny()
    tiny.register(
        (code(number=1), "legal_person", "甲（北京）公司 Ltd", "990100", "A", "2015-03-01", ""),
        (code(number=2), "legal_person", "乙公司", "990100", "A", "2015-03-01", "2016-01-01"),
        (code(number=3), "legal_person", "丙公司", "990100", "A", "2015-03-01", ""),
    )
    rows = [
        row("1", subject_id=code(number=1), subject_name="甲(北京)公司ＬＴＤ"),  # the same after folding
        row("2", subject_id=code(number=2), subject_name="甲公司"),  # listed though deregistered; another name
        row("3", subject_id=code(number=1), subject_name="甲公司 Ltd"),  # what stands in brackets is kept
        row("4", subject_id=code(number=3), subject_name=""),  # listed; no name agrees with none
        row("5", subject_id=code(number=9)),  # not listed
    ]
    tiny.deliver(rows)
    tiny.ingest()
    assert tiny.figures("consistency_subject") == [(4, 5)]
    assert tiny.figures("consistency_name") == [(1, 4)]


def test_consistency_is_with_the_register_of_that_run(tiny: Tiny) -> None:
    tiny.deliver([row("1", subject_id=code(number=5), subject_name="戊公司")])
    first = tiny.ingest()
    tiny.register((code(number=5), "legal_person", "戊公司", "990100", "A", "2015-03-01", ""))
    second = tiny.ingest()
    assert (second.deliveries, second.run_no) == (0, 2)
    assert tiny.figures("consistency_subject") == [(1, 1)]
    assert tiny.figures("consistency_subject", run_no=first.run_no) == [(0, 1)]


# --- What R is ------------------------------------------------------------------------------------------


def test_r_is_what_happened_in_the_period_and_stands_on_the_day(tiny: Tiny) -> None:
    tiny.deliver([row("before", event_date="2026-06-30"), row("first", event_date="2026-07-01")], "2026-07-02")
    tiny.deliver([row("last", event_date="2026-09-30"), row("after", event_date="2026-10-01")], "2026-10-01")
    tiny.deliver([row("first", event_date="2026-07-01", action="withdraw")], "2026-10-05")
    tiny.ingest()
    assert tiny.figures("uniqueness", as_of="2026-09-30") == [(1, 1)]
    assert tiny.figures("uniqueness", as_of="2026-10-04") == [(2, 2)]
    assert tiny.figures("uniqueness", as_of="2026-10-05") == [(1, 1)]


def test_a_correction_moves_a_record_between_groups_and_periods(tiny: Tiny) -> None:
    tiny.deliver([row("1", event_date="2026-06-30")], "2026-07-02")
    tiny.deliver([row("1", event_date="2026-08-01")], "2026-08-02", region_code="990200")
    tiny.ingest()
    found = tiny.measure("uniqueness", by="region,month")
    assert [(one["region_code"], one["period_start"]) for one in found] == [("990200", date(2026, 8, 1))]
    assert tiny.figures("uniqueness", period="2026Q2") == []
    assert tiny.figures("uniqueness", period="2026Q2", as_of="2026-08-01") == [(1, 1)]


def test_disputed_and_repaired_records_are_still_records(tiny: Tiny) -> None:
    tiny.deliver([row("1", action="dispute"), row("2", action="repair"), row("3", action="withdraw")])
    tiny.ingest()
    assert {name: tiny.figures(name) for name in RECORD_MEASURES} == {
        "completeness": [(10, 10)],
        "consistency_name": [(2, 2)],
        "consistency_subject": [(2, 2)],
        "timeliness": [(2, 2)],
        "uniqueness": [(2, 2)],
        "validity": [(2, 2)],
    }


def test_months_and_cells_add_up(make_tiny: Make) -> None:
    tiny = make_tiny([{}, {"item_code": "B-1"}])
    for n, (item, department, region) in enumerate(
        (item, department, region)
        for item in ("A-1", "B-1")
        for department in ("D1", "D2")
        for region in ("990100", "990200")
    ):
        rows = [
            row(f"{region}-{month}-{k}", event_date=f"2026-{month}-01")
            for month in ("07", "08", "09")
            for k in range(n + 1)
        ]
        tiny.deliver(rows, "2026-08-06", item_code=item, department=department, region_code=region)
    tiny.ingest()
    for measure in RECORD_MEASURES:
        (whole,) = tiny.figures(measure)
        parts = tiny.measure(measure, by="item_code,department,region,month")
        assert len(parts) == 24
        assert (sum(one["numerator"] for one in parts), sum(one["denominator"] for one in parts)) == whole
        assert {(one["period_start"].month, one["period_end"].month) for one in parts} == {(7, 8), (8, 9), (9, 10)}
    assert tiny.figures("timeliness", by="month") == [(0, 36), (36, 36), (0, 36)]
    assert tiny.figures("timeliness", by="department") == [(14, 42), (22, 66)]
