"""Departments that are renamed and merged: who may deliver, what is counted for whom. All of it is synthetic."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from creditlab.catalogue import read_catalogue
from creditlab.terms import Measure
from tests.spec.tiny import Tiny, row

HISTORY = "department,valid_from,valid_until,name_zh,name_en,alias,level,merged_into\n"
#: D1 becomes part of D2 on 1 July; D1 was also known by an old code and by its name.
MERGER = HISTORY + "D1,,2026-06-30,旧局,Old bureau,OLD1;旧局,prefecture,D2\n"


@pytest.fixture
def merged(make_tiny: Callable[..., Tiny]) -> Tiny:
    """A monthly item that D1 and D2 provide until D1 is merged into D2."""
    tiny = make_tiny(items=[{"update_period": "month", "delivery_grace_days": "5", "coverage_basis": "ledger"}])
    tiny.write("catalogue/department_history.csv", MERGER)
    return tiny


def standing(tiny: Tiny, as_of: str = "2026-12-31") -> dict[str, str]:
    return {number: one["department"] for number, one in tiny.records(as_of).items()}


def by_department(tiny: Tiny, measure: Measure, **question: str) -> dict[str, tuple[int, int]]:
    rows = tiny.measure(measure, by="department", **question)
    return {one["department"]: (one["numerator"], one["denominator"]) for one in rows}


@pytest.mark.parametrize("name", ["OLD1", "旧局", "D1"])
@pytest.mark.parametrize("on", ["2026-06-10", "2026-07-10"])
def test_an_alias_and_an_old_code_are_the_department_s_own(merged: Tiny, name: str, on: str) -> None:
    merged.deliver([row("1", event_date="2026-06-01")], on=on, department=name)
    assert merged.ingest().counts.accepted == 1
    assert standing(merged) == {"1": "D1"}
    assert merged.table("deliveries")[0]["department"] == "D1"
    # As of a day after the merger it counts for the heir, in whatever period it happened.
    assert by_department(merged, Measure.TIMELINESS, period="2026Q2", as_of="2026-07-31")["D2"][1] == 1


def test_a_record_counts_for_who_is_responsible_on_the_day_looked_at(merged: Tiny) -> None:
    merged.deliver([row("1", event_date="2026-06-01")], on="2026-06-02", department="D1")
    merged.deliver([row("2", event_date="2026-06-01")], on="2026-06-02", department="D2")
    merged.ingest()
    question = {"period": "2026Q2"}
    assert by_department(merged, Measure.TIMELINESS, as_of="2026-06-30", **question) == {"D1": (1, 1), "D2": (1, 1)}
    assert by_department(merged, Measure.TIMELINESS, as_of="2026-07-01", **question) == {"D2": (2, 2)}


def test_the_heir_corrects_what_it_inherited_under_the_old_code(merged: Tiny) -> None:
    merged.deliver([row("1", event_date="2026-06-01", note="wrong")], on="2026-06-02", department="D1")
    merged.deliver([row("1", event_date="2026-06-01", note="of its own")], on="2026-06-02", department="D2")
    merged.deliver(
        [row("1", event_date="2026-06-01", note="right", action="correct")], on="2026-07-02", department="OLD1"
    )
    counts = merged.ingest().counts
    assert (counts.accepted, counts.corrected, counts.quarantined) == (2, 1, 0)


def test_what_is_due_follows_the_merger(merged: Tiny) -> None:
    merged.deliver(None, on="2026-08-01", department="D2", period="2026-07")
    merged.deliver(None, on="2026-08-01", department="D1", period="2026-07", region_code="990200")
    merged.ingest()
    # Two units owe July; before the merger each of the two departments owed June in each of them.
    assert by_department(merged, Measure.PUNCTUALITY, period="2026-07", as_of="2026-08-31") == {"D2": (2, 2)}
    assert by_department(merged, Measure.PUNCTUALITY, period="2026-05", as_of="2026-06-30") == {
        "D1": (0, 2),
        "D2": (0, 2),
    }


def test_the_ledger_of_the_old_department_is_its_heir_s(merged: Tiny) -> None:
    merged.ledger(("A-1", "D1", "990100", "2026-06", "1"), ("A-1", "D2", "990100", "2026-06", "2"))
    merged.deliver([row(str(one), event_date="2026-06-29") for one in range(2)], on="2026-07-02", department="D2")
    merged.ingest()
    question = {"period": "2026Q2"}
    assert by_department(merged, Measure.COVERAGE_LEDGER, as_of="2026-07-31", **question) == {"D2": (2, 3)}
    assert by_department(merged, Measure.COVERAGE_LEDGER, as_of="2026-06-30", **question) == {
        "D1": (0, 1),
        "D2": (0, 2),
    }


def test_an_heir_may_deliver_what_the_edition_gives_to_the_old_department(make_tiny: Callable[..., Tiny]) -> None:
    tiny = make_tiny(items=[{"departments": "D1"}])
    tiny.write("catalogue/department_history.csv", MERGER)
    tiny.deliver([row("1", event_date="2026-06-01")], on="2026-06-30", department="D2")
    tiny.deliver([row("2", event_date="2026-06-01")], on="2026-07-01", department="D2")
    tiny.ingest()
    assert standing(tiny) == {"2": "D2"}
    assert [one["reason"] for one in tiny.table("quarantine")] == ["department_not_provider"]


def test_books_stay_what_they_were_when_the_table_is_written_later(make_tiny: Callable[..., Tiny]) -> None:
    tiny = make_tiny()
    tiny.deliver([row("1")], on="2026-07-02", department="D1")
    tiny.ingest()
    before = tiny.records(run_no=1)
    tiny.write("catalogue/department_history.csv", MERGER)
    assert tiny.ingest().run_no == 2
    assert tiny.records(run_no=1) == before
    assert standing(tiny) == {"1": "D1"}
    assert by_department(tiny, Measure.TIMELINESS, period="2026Q3") == {"D2": (1, 1)}


def test_an_unknown_name_is_nobody_s(merged: Tiny) -> None:
    merged.deliver([row("1", event_date="2026-06-01")], on="2026-06-10", department="OLD2")
    assert merged.ingest().counts.quarantined == 1


def test_chains_of_mergers_end_at_the_last_heir(tiny: Tiny) -> None:
    names = "".join(f"D{number},{number},{number}\n" for number in range(1, 5))
    tiny.write("catalogue/departments.csv", "department,name_zh,name_en\n" + names)
    rows = "D1,,2026-06-30,,,,,D2\nD2,,2026-08-31,,,,,D3\n"
    tiny.write("catalogue/department_history.csv", HISTORY + rows)
    history = read_catalogue(tiny.folder / "catalogue").history
    days = [date(2026, 6, 30), date(2026, 7, 1), date(2026, 8, 31), date(2026, 9, 1)]
    assert [history.heir("D1", day) for day in days] == ["D1", "D2", "D2", "D3"]
    assert history.heirs_on(days[-1]) == {"D1": "D3", "D2": "D3"}
    assert history.heirs_on(days[0]) == {}


def test_without_a_table_nothing_is_mapped(tiny: Tiny) -> None:
    catalogue = read_catalogue(tiny.folder / "catalogue")
    assert catalogue.after_mergers(date(2030, 1, 1)) is catalogue
