"""Which edition applies across year ends, and what becomes of items that left. All of it is synthetic."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from creditlab.catalogue import read_catalogue
from creditlab.cli import main
from creditlab.terms import Measure
from tests.spec.tiny import Tiny, row

#: The limit of item A-1 in each edition; B-1 is in the first one only.
LIMITS = {2023: "1 day", 2025: "10 days", 2026: "20 days"}
#: An event, and the days within which its record is in time.
EVENTS = [
    ("2022-06-30", 1),  # before the earliest edition: the earliest
    ("2023-12-31", 1),
    ("2024-01-01", 1),  # a year without an edition: the newest earlier one
    ("2024-12-31", 1),
    ("2025-01-01", 10),
    ("2025-12-31", 10),
    ("2026-01-01", 20),
    ("2026-08-31", 20),
]


@pytest.fixture
def years(make_tiny: Callable[..., Tiny]) -> Tiny:
    """Editions of 2023, 2025 and 2026; none of 2024."""
    tiny = make_tiny()
    for year, limit in LIMITS.items():
        items = [{"collection_time_limit": limit, "departments": "D1"}]
        tiny.edition(year, items + ([{"item_code": "B-1", "departments": "D1"}] if year == 2023 else []))
    return tiny


def test_the_limit_is_that_of_the_event_s_edition(years: Tiny) -> None:
    for event, limit in EVENTS:
        for late in (0, 1):
            received = date.fromisoformat(event) + timedelta(days=limit + late)
            years.deliver([row(f"{event} {late}", event_date=event)], on=received.isoformat())
    years.ingest()
    months = years.measure(Measure.TIMELINESS, period="2022-01-01/2027-01-01", by="month")
    assert [one["period_start"] for one in months] == [date.fromisoformat(event).replace(day=1) for event, _ in EVENTS]
    assert {(one["numerator"], one["denominator"]) for one in months} == {(1, 2)}


def test_a_year_after_the_last_edition_follows_it(years: Tiny) -> None:
    catalogue = read_catalogue(years.folder / "catalogue")
    assert [catalogue.edition_for(year).year for year in (2000, 2023, 2024, 2025, 2026, 2027, 2040)] == [
        2023, 2023, 2023, 2025, 2026, 2026, 2026,
    ]  # fmt: skip


def test_a_delivery_over_the_year_s_end_is_judged_row_by_row(years: Tiny) -> None:
    rows = [row("1", event_date="2025-12-31"), row("2", event_date="2026-01-01")]
    years.deliver(rows, on="2026-01-15")
    years.ingest()
    months = years.measure(Measure.TIMELINESS, period="2025-12-01/2026-02-01", by="month", as_of="2026-12-31")
    assert [(one["numerator"], one["denominator"]) for one in months] == [(0, 1), (1, 1)]


@pytest.fixture
def left(years: Tiny) -> Tiny:
    """Records of B-1, which left the catalogue with the edition of 2025."""
    for day in ("2023-12-31", "2024-12-31"):
        years.deliver([row(day, event_date=day)], on="2025-01-02", item_code="B-1")
    years.deliver([row("late", event_date="2025-01-01")], on="2025-01-02", item_code="B-1")
    years.deliver([row("withdrawn", event_date="2023-11-30", action="withdraw")], on="2025-01-02", item_code="B-1")
    years.deliver([row("1", event_date="2025-01-02")], on="2025-01-03")
    years.ingest()
    return years


def test_records_of_an_item_that_left_are_kept_and_it_takes_no_more(left: Tiny) -> None:
    assert {"2023-12-31", "2024-12-31", "WITHDRAWN", "1"} == set(left.records())
    assert [one["reason"] for one in left.table("quarantine")] == ["item_not_in_edition"]
    assert left.figures(Measure.TIMELINESS, period="2024", as_of="2026-12-31") == [(1, 1)]


def test_an_item_that_left_is_not_measured_as_missing(left: Tiny) -> None:
    def expected(period: str) -> tuple[set[str], int]:
        cells = left.measure(Measure.COVERAGE_CELLS, period=period, by="item_code", as_of="2026-12-31")
        ((_, items),) = left.figures(Measure.COVERAGE_ITEMS, period=period, as_of="2026-12-31")
        return {one["item_code"] for one in cells}, items

    assert expected("2025Q1") == ({"A-1"}, 1)
    assert expected("2024") == ({"A-1", "B-1"}, 2)


def test_an_item_that_left_is_named_with_what_is_kept(left: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    def ask(period: str, *more: str) -> str:
        words = ["measure", "--period", period, "--as-of", "2026-12-31", *more]
        assert main(["--workspace", str(left.folder), *words]) == 0
        return capsys.readouterr().out

    assert json.loads(ask("2025Q1", "--json"))["left"] == [{"item_code": "B-1", "last_year": 2023, "record_count": 2}]
    assert json.loads(ask("2024", "--json"))["left"] == []
    said = ask("2025Q1", "--output", str(left.folder / "out.csv"))
    assert said.endswith("Left the catalogue after 2023: B-1, 2 records kept\n")


def test_what_comes_back_is_in_the_catalogue_again(years: Tiny, capsys: pytest.CaptureFixture[str]) -> None:
    years.edition(2026, [{"departments": "D1"}, {"item_code": "B-1", "departments": "D1"}])
    years.deliver([row("1", event_date="2023-12-31")], on="2024-01-02", item_code="B-1")
    years.ingest()
    for period, left in (("2025", ["B-1"]), ("2026", [])):
        words = ["measure", "--period", period, "--as-of", "2026-12-31", "--json"]
        assert main(["--workspace", str(years.folder), *words]) == 0
        assert [one["item_code"] for one in json.loads(capsys.readouterr().out)["left"]] == left
