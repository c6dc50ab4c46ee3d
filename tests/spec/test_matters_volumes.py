"""Unusual volumes from deliveries to the register: withheld and double deliveries, compared at equal age."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from creditlab import engine
from creditlab.monitoring import read_matters, update_matters
from creditlab.monitoring.months import months_before
from creditlab.periods import parse_date, parse_period
from tests.spec.tiny import NOW, Tiny, row

ITEM = {"departments": "D1", "reporting_level": "province", "collection_time_limit": "20 days"}
PLACE = {"region_code": "990000"}
AUGUST = date(2026, 8, 1)
MONTHS = [months_before(date(2026, 9, 1), back) for back in range(17, -1, -1)]
COUNT = 100


def rows(month: date, count: int, start: int = 0) -> list[dict[str, str]]:
    day = str(month.replace(day=10))
    return [row(f"{month}-{number}", event_date=day, note=f"{number}") for number in range(start, start + count)]


def on(month: date, days: int) -> str:
    return str(month + timedelta(days=days))


@pytest.fixture
def province(make_tiny: Callable[..., Tiny]) -> Tiny:
    """A year and a half of four items.

    A-1: half of August is withheld. B-1: one half of each month comes in time, the other two months later.
    C-1: August is delivered twice. D-1: nothing is wrong.
    """
    tiny = make_tiny([ITEM | {"item_code": f"{letter}-1"} for letter in "ABCD"])
    for month in MONTHS:
        for letter in "ABCD":
            here = PLACE | {"item_code": f"{letter}-1"}
            half = letter == "B" or (letter == "A" and month == AUGUST)
            tiny.deliver(rows(month, COUNT // 2 if half else COUNT), on(month, 25), **here)
            if letter == "B" and on(month, 85) <= "2026-10-25":
                tiny.deliver(rows(month, COUNT // 2, COUNT // 2), on(month, 85), **here)
            if letter == "C" and month == AUGUST:
                tiny.deliver(rows(month, COUNT), on(month, 27), **here)
    tiny.ingest()
    return tiny


def standing(tiny: Tiny, period: str, as_of: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The unusual volumes that wait after an update, by item and kind."""
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        update_matters(tiny.workspace, backend, parse_period(period), parse_date(as_of), NOW)
        found = read_matters(tiny.workspace, backend)
    return {
        (one["item_code"], one["kind"]): one
        for one in found
        if one["rule"] == "unusual_volume" and one["state"] != "mended"
    }


def test_withheld_and_doubled_months_are_raised_with_their_evidence_and_mended(province: Tiny) -> None:
    found = standing(province, "2026Q3", "2026-10-25")
    # B-1 at its full age would look like a fall.
    assert set(found) == {("A-1", "fall"), ("C-1", "double_delivery")}
    fall, double = found["A-1", "fall"], found["C-1", "double_delivery"]
    assert (fall["period_start"], fall["measure"], fall["numerator"]) == (AUGUST, "records", COUNT // 2)
    assert fall["numerator"] < fall["low"] < fall["denominator"] < fall["high"]
    assert abs(fall["denominator"] - COUNT) <= 5
    assert (double["measure"], double["numerator"], double["repeated"]) == ("delivered_rows", 2 * COUNT, COUNT)
    assert (double["delivery_count"], double["delivered"]) == (2, 2 * COUNT)
    # A month that can't be told from chance any more is neither found again nor in order.
    settings = province.folder / "creditlab.toml"
    before = settings.read_text(encoding="utf-8")
    settings.write_text(before + "[monitoring.unusual_volume]\nshows = 1.0\nsure = 99.0\n", encoding="utf-8")
    assert ("A-1", "fall") in standing(province, "2026Q3", "2026-10-30")
    settings.write_text(before, encoding="utf-8")
    # What was missing comes; the matter stands for August, so the quiet last quarter says nothing of it.
    province.deliver(rows(AUGUST, COUNT // 2, COUNT // 2), "2026-11-05", **PLACE)
    province.ingest()
    assert ("A-1", "fall") not in standing(province, "2026Q3", "2026-11-10")


def test_a_month_that_is_provisional_is_not_judged(province: Tiny) -> None:
    # Records may be 20 days late: on 10 October August is mature, September is not; C-1's is held back.
    province.manifest = [
        one for one in province.manifest if (one["item_code"], one["delivered_at"][:7]) != ("D-1", "2026-09")
    ]
    province.write_manifest()
    fresh = Tiny(province.folder, province.manifest)
    (fresh.folder / "lake").rename(fresh.folder / "other")
    fresh.ingest()
    assert ("D-1", "fall") not in standing(fresh, "2026Q3", "2026-10-10")
    assert ("D-1", "fall") in standing(fresh, "2026Q3", "2026-10-25")
