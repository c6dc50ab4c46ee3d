"""Unusual volumes: what is found of planted falls and floods, and what is left alone. All series are synthetic."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from benchmarks.planted import HELD_OUT, TUNING, plant
from benchmarks.unusual_volumes import LIMITS, assess
from creditlab.monitoring.findings import Kind
from creditlab.monitoring.series import RECORDS, Series
from creditlab.monitoring.unusual import judge
from creditlab.periods import month_of

#: Neither the benchmark's seed nor one of those that the method was tuned with.
SEED = 914_207


def series(past: list[int], observed: int, item: str = "A-1", month: date = date(2026, 9, 1)) -> Series:
    return Series(RECORDS, item, "D1", month_of(month), observed, tuple(past))


def kinds(*those: Series) -> list[Kind]:
    return [kind for _, _, kind in judge(list(those), LIMITS)]


def test_planted_falls_and_floods_are_found_in_worlds_that_nothing_was_tuned_in() -> None:
    # Fewer series are a matter of luck: of some thirty planted ones, each is three points of precision.
    assert not set(HELD_OUT) & set(TUNING)
    judged, everything = assess(plant(HELD_OUT, 1200, SEED), LIMITS["score"])
    assert judged.planted >= 30
    assert judged.precision >= 0.8
    assert judged.recall >= 0.8
    assert everything.precision >= 0.8


def test_a_fall_and_a_flood_of_half_are_seen_after_a_year_and_a_half() -> None:
    counts = [int(200 * (1 + 0.15 * np.cos(2 * np.pi * month / 12))) for month in range(18)]
    now = int(200 * (1 + 0.15 * np.cos(2 * np.pi * 18 / 12)))
    assert kinds(series(counts, now // 2), series(counts, now), series(counts, now * 3 // 2)) == [
        Kind.FALL,
        Kind.NONE,
        Kind.FLOOD,
    ]


def test_the_interval_holds_what_is_expected_and_is_wider_for_a_restless_series() -> None:
    rng = np.random.default_rng(3)
    calm, restless = (series([int(200 * np.exp(x)) for x in rng.normal(0, s, 36)], 200) for s in (0.02, 0.4))
    (_, first, _), (_, second, _) = judge([calm, restless], LIMITS)
    assert first.low < first.mean < first.high
    assert second.high - second.low > 2 * (first.high - first.low)
    assert (first.shows_fall, first.shows_flood) == (True, True)
    assert not second.shows_flood


@pytest.mark.parametrize(
    "past",
    [
        [100] * 11,  # short
        [100, 0, 0] * 12,  # months without any record are what is to be expected
        [0] * 24,
    ],
)
def test_a_series_that_tells_nothing_is_not_judged(past: list[int]) -> None:
    assert kinds(series(past, 0)) == []


def test_a_change_of_half_among_few_records_is_not_raised() -> None:
    assert kinds(series([6, 4, 5, 7, 3, 5] * 4, 2), series([6, 4, 5, 7, 3, 5] * 4, 8)) == [Kind.NONE, Kind.NONE]


def test_a_yearly_burst_is_expected_once_it_has_been_there() -> None:
    burst = [300 if month % 12 == 8 else 100 for month in range(36)]
    # 36 months before September 2026 begin with a September.
    past = burst[8:] + burst[:8]
    assert kinds(series(past, 240)) != [Kind.FALL]
    assert kinds(series([100] * 36, 300)) == [Kind.FLOOD]


def test_months_that_went_wrong_before_hide_nothing() -> None:
    past = [200] * 30
    past[5], past[17], past[26] = 0, 100, 320
    assert kinds(series(past, 100), series(past, 300), series(past, 205)) == [Kind.FALL, Kind.FLOOD, Kind.NONE]


def test_numbers_are_the_same_every_time_and_whatever_the_order() -> None:
    many = [one.series for one in plant(HELD_OUT, 12, SEED)]
    first = {one.item_code: expected for one, expected, _ in judge(many, LIMITS)}
    again = {one.item_code: expected for one, expected, _ in judge(many[::-1], LIMITS)}
    assert first == again
