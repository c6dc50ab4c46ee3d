"""What holds for all measures: provisional figures, any past day, any earlier run, and the form of the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from creditlab.errors import CalendarError
from creditlab.terms import MEASUREMENT, Measure
from tests.spec.tiny import Tiny, code, form_field, form_fields, row

Make = Callable[..., Tiny]


def flags(tiny: Tiny, as_of: str, by: str = "", period: str = "2026Q3") -> list[bool]:
    return [one["is_provisional"] for one in tiny.measure("uniqueness", period=period, as_of=as_of, by=by)]


def deliver_all_items(tiny: Tiny, *items: str) -> None:
    for item in items:
        tiny.deliver([row("1"), row("2", event_date="2026-08-03")], "2026-08-04", item_code=item)
    tiny.ingest()


@pytest.mark.parametrize(
    ("limit", "last_provisional_day", "first_mature_day"),
    [
        # The seven working days after 30 September: 8, 9, 10 (made up), 12, 13, 14, 15 October.
        ("7 working days", "2026-10-14", "2026-10-15"),
        ("1 working days", "2026-10-07", "2026-10-08"),
        ("20 days", "2026-10-19", "2026-10-20"),
        ("0 days", "2026-09-29", "2026-09-30"),
    ],
)
def test_a_figure_is_provisional_until_the_limit_of_its_last_day_has_passed(
    make_tiny: Make, limit: str, last_provisional_day: str, first_mature_day: str
) -> None:
    tiny = make_tiny([{"collection_time_limit": limit}])
    deliver_all_items(tiny, "A-1")
    assert flags(tiny, last_provisional_day) == [True]
    assert flags(tiny, first_mature_day) == [False]


def test_it_is_provisional_if_so_for_any_item_counted(make_tiny: Make) -> None:
    tiny = make_tiny([{}, {"item_code": "B-1", "collection_time_limit": "60 days"}, {"item_code": "C-1"}])
    deliver_all_items(tiny, "A-1", "B-1")
    assert flags(tiny, "2026-10-20", by="item_code") == [False, True]
    assert flags(tiny, "2026-10-20") == [True]
    assert flags(tiny, "2026-11-29") == [False]


def test_months_ripen_one_by_one(tiny: Tiny) -> None:
    deliver_all_items(tiny, "A-1")
    # Seven working days after 31 July end on 11 August.
    assert flags(tiny, "2026-08-10", by="month") == [True, True]
    assert flags(tiny, "2026-08-11", by="month") == [False, True]


def test_a_limit_beyond_the_calendar_is_refused_where_it_matters(tiny: Tiny) -> None:
    tiny.deliver([row("1", event_date="2026-12-21")], "2026-12-22")
    tiny.ingest()
    assert flags(tiny, "2027-01-05", period="2026Q4") == [True]
    with pytest.raises(CalendarError, match="2027-01-01"):
        flags(tiny, "2027-01-12", period="2026Q4")


# --- Past days and earlier runs --------------------------------------------------------------------------

DAYS = ["2026-07-02", "2026-07-10", "2026-08-12", "2026-09-01", "2026-10-09", "2026-10-20"]


def make_history(make_tiny: Make, name: str, until: str) -> Tiny:
    """Deliveries of all kinds up to a day; the register and the ledger are the same on every day."""
    tiny = make_tiny(
        [{"update_period": "month", "delivery_grace_days": "5", "coverage_basis": "register"}],
        form_fields(form_field("case", role="key")),
        name=name,
    )
    tiny.ledger(("A-1", "D1", "990100", "2026-07", 4), ("A-1", "D2", "990200", "2026-08", 2))
    other = code(number=1)
    tiny.register(
        (code(), "legal_person", "甲公司", "990100", "A", "2015-03-01", ""),
        (other, "legal_person", "乙公司", "990200", "A", "2015-03-01", ""),
    )
    deliveries: list[tuple[list[dict[str, str]] | None, str, dict[str, str]]] = [
        ([row("1", case="K1"), row("2", case="K2"), row("")], "2026-07-02", {"period": "2026-07"}),
        ([row("3", case="K1", subject_id=other, subject_name="乙公司")], "2026-07-10", {}),
        ([row("1", case="K1", action="withdraw"), row("2", case="K3", action="correct")], "2026-08-12", {}),
        ([row("4", case="K4", event_date="2026-08-20", subject_name="")], "2026-09-01", {"department": "D2"}),
        (None, "2026-09-02", {"department": "D2", "region_code": "990200", "period": "2026-08"}),
        ([row("1", case="K9", event_date="2026-09-09"), row("5", action="dispute")], "2026-10-09", {}),
        ([row("2", case="K3", action="dispute"), row("9", event_date="never")], "2026-10-20", {}),
    ]
    for rows, on, changes in deliveries:
        if on <= until:
            tiny.deliver(rows, on, **changes)
    return tiny


def without_run(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in one.items() if name != "run_no"} for one in rows]


@pytest.mark.parametrize("day", DAYS)
def test_a_past_day_is_what_an_ingest_of_the_deliveries_until_then_gives(make_tiny: Make, day: str) -> None:
    whole, part = make_history(make_tiny, "whole", "2026-12-31"), make_history(make_tiny, "part", day)
    whole.ingest()
    part.ingest()
    by = "item_code,department,region,month"
    found = whole.measure(as_of=day, by=by)
    assert {one["measure"] for one in found} >= {"timeliness", "validity", "coverage_cells", "coverage_subjects"}
    assert without_run(found) == without_run(part.measure(as_of=day, by=by))


def test_what_was_known_at_an_earlier_run_is_still_said_of_it(make_tiny: Make) -> None:
    """The newest deliveries come first here, so that every later run changes what is known of the past."""
    tiny = make_history(make_tiny, "history", "2026-12-31")
    deliveries, known, measured = tiny.manifest, {}, {}
    for count in range(1, len(deliveries) + 1):
        # Manifest rows keep their place: the later files are announced, and not there yet.
        hidden = [one["path"] for one in deliveries[: len(deliveries) - count] if one["path"]]
        for path in hidden:
            (tiny.folder / "inbox" / path).rename(tiny.folder / path)
        run_no = tiny.ingest().run_no
        for path in hidden:
            (tiny.folder / path).rename(tiny.folder / "inbox" / path)
        if run_no is not None:
            known[run_no] = {day: tiny.records(as_of=day) for day in DAYS}
            # Measures look at nothing but what was known: one day of each run will do.
            day = DAYS[count % len(DAYS)]
            measured[run_no] = day, tiny.measure(as_of=day, by="item_code,month")
    assert len(known) >= 5
    assert len({day for day, _ in measured.values()}) >= 5
    for run_no, found in known.items():
        assert {day: tiny.records(as_of=day, run_no=run_no) for day in DAYS} == found
        day, rows = measured[run_no]
        assert tiny.measure(as_of=day, by="item_code,month", run_no=run_no) == rows
    once = make_history(make_tiny, "once", "2026-12-31")
    once.ingest()
    for day in DAYS:
        assert tiny.records(as_of=day) == once.records(as_of=day)
    for day in DAYS[::3]:
        assert without_run(tiny.measure(as_of=day)) == without_run(once.measure(as_of=day))


def test_two_runs_over_a_growing_manifest_are_one_run(make_tiny: Make) -> None:
    grown = make_history(make_tiny, "grown", "2026-08-12")
    assert grown.ingest().counts.delivered == 6
    rest = make_history(make_tiny, "grown", "2026-12-31")
    assert rest.ingest().counts.delivered == 5
    once = make_history(make_tiny, "once", "2026-12-31")
    assert once.ingest().counts.delivered == 11
    assert without_run(rest.measure(as_of="2026-12-31")) == without_run(once.measure(as_of="2026-12-31"))


# --- The form of the result -----------------------------------------------------------------------------


def test_one_schema_for_all_and_no_row_for_nothing(make_tiny: Make) -> None:
    tiny = make_history(make_tiny, "history", "2026-12-31")
    tiny.ingest()
    rows = tiny.measure(as_of="2026-10-20", by="item_code,department,region,month")
    assert {tuple(one) for one in rows} == {MEASUREMENT}
    assert {one["measure"] for one in rows} == {str(one) for one in Measure}
    for one in rows:
        assert one["denominator"] > 0
        assert 0 <= one["numerator"] <= one["denominator"]
        assert one["ratio"] == one["numerator"] / one["denominator"]
    assert tiny.measure(period="2031Q1", as_of="2031-02-01", by="item_code") != []
    assert {one["measure"] for one in tiny.measure(period="2031Q1", as_of="2026-10-20")} <= {
        "coverage_cells",
        "coverage_items",
        "coverage_subjects",
        "currentness",
    }


def test_an_item_whose_records_have_no_part_in_a_measure_makes_nothing_provisional(make_tiny: Make) -> None:
    tiny = make_tiny([{}, {"item_code": "B-1", "collection_time_limit": "60 days"}])
    tiny.register((code(), "legal_person", "甲公司", "990100", "A", "2015-03-01", ""))
    tiny.deliver([row("1")], "2026-08-04")
    # Its subject is in no register, so that it is not among the linked ones.
    tiny.deliver([row("2", subject_id=code(number=7))], "2026-08-04", item_code="B-1")
    tiny.ingest()
    (name,) = tiny.measure("consistency_name", as_of="2026-10-20", by="")
    assert (name["numerator"], name["denominator"], name["is_provisional"]) == (1, 1, False)
    (link,) = tiny.measure("consistency_subject", as_of="2026-10-20", by="")
    assert (link["numerator"], link["denominator"], link["is_provisional"]) == (1, 2, True)
    tiny.deliver([row("2", subject_id=code(number=7), action="withdraw")], "2026-08-05", item_code="B-1")
    tiny.ingest()
    (link,) = tiny.measure("consistency_subject", as_of="2026-10-20", by="")
    assert (link["numerator"], link["denominator"], link["is_provisional"]) == (1, 1, False)
