"""Punctuality, the four coverages and currentness, counted by hand from their definitions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.spec.tiny import Tiny, code, row

Make = Callable[..., Tiny]
#: Two departments and two prefectures: four cells.
MONTHLY = {"update_period": "month", "delivery_grace_days": "10"}


# --- Punctuality ----------------------------------------------------------------------------------------


def test_punctuality_up_to_the_last_day_of_grace(make_tiny: Make) -> None:
    tiny = make_tiny([MONTHLY])
    tiny.deliver([row("1")], "2026-08-10T23:59:00+08:00", period="2026-07")
    tiny.deliver([row("2")], "2026-08-11T00:00:00+08:00", period="2026-07", region_code="990200")
    tiny.deliver(None, "2026-08-01", period="2026-07", department="D2")
    tiny.ingest()
    # The fourth cell's is an omission. Due on 10 August; nothing is due before it.
    july = {"period": "2026-07", "by": ""}
    assert tiny.figures("punctuality", as_of="2026-08-09", **july) == [(1, 1)]
    assert tiny.figures("punctuality", as_of="2026-08-10", **july) == [(2, 4)]
    assert tiny.figures("punctuality", as_of="2026-08-11", **july) == [(2, 4)]


def test_only_the_first_delivery_for_a_period_counts(make_tiny: Make) -> None:
    tiny = make_tiny([MONTHLY | {"departments": "D1", "reporting_level": "province"}])
    tiny.deliver([row("1")], "2026-08-05", period="2026-07", region_code="990000")
    tiny.deliver([row("2")], "2026-08-20", period="2026-07", region_code="990000")
    tiny.ingest()
    assert tiny.figures("punctuality", period="2026-07") == [(1, 1)]


@pytest.mark.parametrize("period", ["", "2026-08", "2026-W31", "2026Q3", "July", "2026-07-31"])
def test_a_delivery_for_another_period_or_kind_of_period_serves_no_due_one(make_tiny: Make, period: str) -> None:
    tiny = make_tiny([MONTHLY | {"departments": "D1", "reporting_level": "province"}])
    tiny.deliver([row("1")], "2026-08-05", period=period, region_code="990000")
    tiny.ingest()
    assert tiny.figures("punctuality", period="2026-07") == [(0, 1)]


def test_a_delivery_of_quarantined_rows_came_all_the_same(make_tiny: Make) -> None:
    tiny = make_tiny([MONTHLY | {"departments": "D1", "reporting_level": "province"}])
    tiny.deliver([row("")], "2026-08-05", period="2026-07", region_code="990000")
    tiny.deliver(b"", "2026-09-05", period="2026-08", region_code="990000")
    tiny.ingest()
    assert tiny.figures("punctuality", period="2026-07-01/2026-09-01", by="month") == [(1, 1), (1, 1)]
    # It delivered, but it has no record.
    assert tiny.figures("coverage_cells", period="2026-07") == [(0, 1)]


def test_a_delivery_from_a_cell_that_is_not_expected_is_not_due(make_tiny: Make) -> None:
    tiny = make_tiny([MONTHLY | {"departments": "D1", "reporting_level": "province"}])
    tiny.deliver([row("1")], "2026-08-05", period="2026-07", region_code="990100")
    tiny.ingest()
    assert tiny.figures("punctuality", period="2026-07") == [(0, 1)]
    assert tiny.figures("coverage_cells", period="2026-07") == [(0, 1)]
    assert tiny.figures("coverage_items", period="2026-07") == [(1, 1)]


@pytest.mark.parametrize(
    ("update_period", "period", "due"),
    [
        ("event", "2026Q3", None),
        ("day", "2026-09", 30),
        ("week", "2026-08", 5),  # Sundays: 2, 9, 16, 23, 30 August
        ("month", "2026Q3", 3),
        ("quarter", "2026Q3", 1),
        ("quarter", "2026-08", None),
        ("half-year", "2026Q3", None),
        ("half-year", "2026Q2", 1),
        ("year", "2026Q3", None),
        ("year", "2026Q4", 1),
    ],
)
def test_due_periods_are_those_whose_last_day_lies_in_the_period(
    make_tiny: Make, update_period: str, period: str, due: int | None
) -> None:
    tiny = make_tiny([{"update_period": update_period, "departments": "D1", "reporting_level": "province"}])
    tiny.deliver([row("1")], region_code="990000")
    tiny.ingest()
    assert tiny.figures("punctuality", period=period) == ([] if due is None else [(0, due)])


def test_due_cells_follow_the_edition_of_the_year_in_which_the_due_period_ends(make_tiny: Make) -> None:
    tiny = make_tiny([MONTHLY])
    tiny.edition(2025, [MONTHLY | {"departments": "D1", "reporting_level": "province"}])
    tiny.deliver([row("1")])
    tiny.ingest()
    found = tiny.figures("punctuality", period="2025-12-01/2026-02-01", by="month")
    assert found == [(0, 1), (0, 4)]


# --- Coverage -------------------------------------------------------------------------------------------


def test_coverage_of_the_ledger(tiny: Tiny) -> None:
    tiny.ledger(
        ("A-1", "D1", "990100", "2026-07", 3),
        ("A-1", "D1", "990100", "2026-08", 1),
        ("A-1", "D1", "990200", "2026-07", 2),
        ("A-1", "D2", "990200", "2026-07", 0),
        ("A-1", "D1", "990100", "2026-10", 50),
    )
    tiny.deliver([row("1"), row("2", event_date="2026-07-31"), row("3", event_date="2026-08-01")], "2026-08-02")
    tiny.deliver([row("4", event_date="2026-08-01"), row("5", event_date="2026-08-01")], "2026-08-02")
    tiny.deliver([row("6")], "2026-08-02", department="D2")
    tiny.deliver([row("1", action="withdraw")], "2026-09-01")
    tiny.ingest()
    # July, first prefecture: 2 of 3, later 1 of 3; August: 3 for 1 declared; second prefecture: 0 of 2.
    # A declared 0 and a cell without a line add nothing.
    assert tiny.figures("coverage_ledger", as_of="2026-08-31") == [(3, 6)]
    assert tiny.figures("coverage_ledger", as_of="2026-09-01") == [(2, 6)]
    assert tiny.figures("coverage_ledger", by="month") == [(1, 5), (1, 1)]
    assert tiny.figures("coverage_ledger", by="department") == [(2, 6)]
    assert tiny.figures("coverage_ledger", by="region") == [(2, 4), (0, 2)]
    # A month that lies in the period only in part is not the period's.
    assert tiny.figures("coverage_ledger", period="2026-07-15/2026-09-01") == [(1, 1)]


def test_coverage_of_cells_by_record_or_zero_report(make_tiny: Make) -> None:
    tiny = make_tiny([MONTHLY, {"item_code": "B-1"}])
    tiny.deliver([row("1")], "2026-07-02")
    tiny.deliver(None, "2026-08-03", period="2026-07", region_code="990200")
    tiny.deliver(None, "2026-08-03", period="2026-06", department="D2")  # for a period that is not asked for
    tiny.deliver(None, "2026-08-03", item_code="B-1", period="2026-07")  # an item without due periods
    tiny.deliver([row("2")], "2026-08-04", department="D2", region_code="990200")
    tiny.deliver([row("2", action="withdraw")], "2026-09-04", department="D2", region_code="990200")
    tiny.ingest()
    by_item = {"by": "item_code"}
    assert tiny.figures("coverage_cells", as_of="2026-08-02", **by_item) == [(1, 4), (0, 4)]
    assert tiny.figures("coverage_cells", as_of="2026-08-04", **by_item) == [(3, 4), (0, 4)]
    assert tiny.figures("coverage_cells", as_of="2026-09-04", **by_item) == [(2, 4), (0, 4)]
    assert tiny.figures("coverage_cells", by="region") == [(1, 4), (1, 4)]
    # It has no month: asked for one, it answers for the whole period.
    assert tiny.figures("coverage_cells", by="month") == [(2, 8)]


def test_cells_are_those_of_the_edition_of_the_periods_last_day(make_tiny: Make) -> None:
    tiny = make_tiny([{}, {"item_code": "B-1"}])
    tiny.edition(2025, [{"reporting_level": "province"}])
    tiny.deliver([row("1", event_date="2025-12-01")], "2025-12-02", region_code="990000")
    tiny.ingest()
    assert tiny.figures("coverage_cells", period="2025Q4") == [(1, 2)]
    assert tiny.figures("coverage_items", period="2025Q4") == [(1, 1)]
    assert tiny.figures("coverage_cells", period="2025-12-01/2026-01-02") == [(0, 8)]
    assert tiny.figures("coverage_items", period="2025-12-01/2026-01-02") == [(1, 2)]


def test_coverage_of_items_has_no_grouping(make_tiny: Make) -> None:
    tiny = make_tiny([{"item_code": one} | MONTHLY for one in ("A-1", "B-1", "C-1")])
    tiny.deliver([row("1")])
    tiny.deliver(None, "2026-08-03", item_code="B-1", period="2026-07")
    tiny.ingest()
    (found,) = tiny.measure("coverage_items", by="item_code,department,region,month")
    assert (found["numerator"], found["denominator"], found["ratio"]) == (2, 3, 2 / 3)
    assert (found["item_code"], found["department"], found["region_code"]) == (None, None, None)


def test_coverage_of_the_register(make_tiny: Make) -> None:
    tiny = make_tiny([{"coverage_basis": "register", "subject_kinds": "legal_person"}, {"item_code": "B-1"}])
    days = [
        ("2026-09-30", ""),  # registered on the last day
        ("2026-10-01", ""),  # registered later
        ("2015-03-01", "2026-09-30"),  # gone before the period's end
        ("2015-03-01", "2026-10-01"),  # gone on it: still counts
        ("2015-03-01", ""),
        ("2015-03-01", ""),
        ("2015-03-01", ""),
    ]
    subjects = [(code(number=n), "legal_person", f"甲{n}", "990100", "A", *day) for n, day in enumerate(days)]
    subjects[6] = (*subjects[6][:3], "990200", *subjects[6][4:])
    tiny.register(*subjects, (code("11", 9), "government_body", "某局", "990100", "S", "2015-03-01", ""))
    tiny.deliver(
        [
            row("0", subject_id=code(number=0), event_date="2019-01-01"),  # however long ago
            row("1", subject_id=code(number=1)),  # not of the denominator
            row("3", subject_id=code(number=3)),
            row("4", subject_id=code(number=4), event_date="2026-10-01"),  # not before the period's end
            row("5", subject_id=code(number=5)),
            row("9", subject_id=code("11", 9), subject_kind="government_body"),
        ],
        "2026-10-02",
    )
    tiny.deliver([row("5", subject_id=code(number=5), action="withdraw")], "2026-11-02")
    tiny.deliver([row("6", subject_id=code(number=6))], "2026-10-02", item_code="B-1")  # of another item
    tiny.ingest()
    assert tiny.figures("coverage_subjects", as_of="2026-11-01") == [(3, 5)]
    assert tiny.figures("coverage_subjects", as_of="2026-11-02") == [(2, 5)]
    assert tiny.figures("coverage_subjects", by="item_code") == [(2, 5)]
    assert tiny.figures("coverage_subjects", by="region") == [(2, 4), (0, 1)]
    # By the year's end subject 1 counts, with its record, and 3 no longer does; 4 has happened.
    assert tiny.figures("coverage_subjects", period="2026Q4") == [(3, 5)]


# --- Currentness ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("update_period", "grace", "on", "last_day", "next_day"),
    [
        ("day", "0", "2026-07-02", "2026-07-03", "2026-07-04"),
        ("week", "2", "2026-07-02", "2026-07-11", "2026-07-12"),
        ("month", "0", "2026-01-31", "2026-02-28", "2026-03-01"),
        ("month", "10", "2026-07-02", "2026-08-12", "2026-08-13"),
        ("quarter", "15", "2026-07-02", "2026-10-17", "2026-10-18"),
        ("half-year", "", "2026-08-31", "2027-02-28", "2027-03-01"),
        ("year", "", "2026-07-02", "2027-07-02", "2027-07-03"),
    ],
)
def test_currentness_for_one_period_and_grace(
    make_tiny: Make, update_period: str, grace: str, on: str, last_day: str, next_day: str
) -> None:
    tiny = make_tiny(
        [{"update_period": update_period, "delivery_grace_days": grace, "collection_time_limit": "3 days"}]
    )
    tiny.deliver([row("1", event_date="2026-01-05")], on)
    tiny.ingest()
    # Only cells that ever delivered count; the other three don't.
    assert tiny.figures("currentness", as_of=last_day) == [(1, 1)]
    assert tiny.figures("currentness", as_of=next_day) == [(0, 1)]


def test_currentness_looks_at_the_newest_delivery_by_the_day(make_tiny: Make) -> None:
    tiny = make_tiny([MONTHLY, {"item_code": "B-1"}])
    tiny.deliver([row("1")], "2026-07-02")
    tiny.deliver(None, "2026-09-03", period="2026-08")
    tiny.deliver([row("2")], "2026-07-02", department="D2")
    tiny.deliver([row("3")], "2026-07-02", item_code="B-1")
    tiny.ingest()
    assert tiny.figures("currentness", as_of="2026-07-01") == []
    assert tiny.figures("currentness", as_of="2026-08-12") == [(2, 2)]
    assert tiny.figures("currentness", as_of="2026-09-02") == [(0, 2)]
    assert tiny.figures("currentness", as_of="2026-09-03", by="department") == [(1, 1), (0, 1)]
    assert tiny.figures("currentness", as_of="2026-09-03", by="month") == [(1, 2)]
