"""Unusual volumes: what is found of planted falls and floods, and what is left alone. All series are synthetic."""

from __future__ import annotations

from dataclasses import astuple, replace
from datetime import date
from math import factorial

import numpy as np
import pytest

from benchmarks.detectable import least_mean, power
from benchmarks.planted import TUNING_SERIES, provinces
from benchmarks.unseen import HELD_OUT
from benchmarks.unusual_volumes import LIMITS, assess
from creditlab.monitoring.findings import Kind
from creditlab.monitoring.series import RECORDS, Series
from creditlab.monitoring.unusual import judge, outside
from creditlab.periods import month_of

#: Not a seed that the method was tuned with.
SEED = 914_207


def series(past: list[int], observed: int, region: str = "") -> Series:
    return Series(RECORDS, "A-1", "D1", month_of(date(2026, 9, 1)), observed, tuple(past), region)


def kinds(*those: Series) -> list[Kind]:
    return [kind for _, _, kind in judge(list(those), LIMITS)]


def test_planted_falls_and_floods_of_kinds_and_places_held_out_are_found() -> None:
    # The first of the provinces that the page has its curve from.
    world, seed, count, _ = HELD_OUT["held out, departments"]
    (wholes,) = assess(provinces(world, count // 8, seed), [LIMITS["score"]], units=False)
    assert wholes.everything.precision >= 0.8
    assert wholes.judged.recall >= 0.8
    # Much is judged: of what somebody who knows means and restlessness could tell from chance, more than half is found.
    assert wholes.judged.planted >= 15
    assert wholes.detectable.recall >= 0.5
    assert wholes.false_alarms <= 0.036


def test_who_knows_all_but_the_draw_sets_the_bound() -> None:
    # Of a mean of 20, nine and fewer come in one case of two hundred, ten and fewer in more than one of a hundred.
    in_order = [sum(poisson(20, count) for count in range(most + 1)) for most in (9, 10, 11)]
    limit = 8 + sum(share <= 0.01 for share in in_order)
    assert 8 < limit < 11
    assert power(20.0, 1e-3, -1) == pytest.approx(sum(poisson(10, count) for count in range(limit + 1)), abs=1e-3)
    # Rarer false alarms, a flood, and restlessness are each harder.
    sure = power(50.0, 0.05, -1)
    assert sure > max(power(50.0, 0.05, -1, 0.001), power(50.0, 0.05, 1), power(50.0, 0.2, -1))
    assert least_mean(0.3, 1) is None


def poisson(mean: float, count: int) -> float:
    return float(np.exp(-mean) * mean**count / factorial(count))


def test_a_unit_of_many_is_raised_by_chance_no_more_often_than_its_department() -> None:
    rng = np.random.default_rng(8)
    units = [series(rng.poisson(100, 30).tolist(), 62, region=f"U{number}") for number in range(12)]
    alone = series([100] * 30, 62)
    (_, one, _), *_ = judge([alone], LIMITS)
    judged = list(judge(units, LIMITS))
    assert one.width_below < min(expected.width_below for _, expected, _ in judged)
    rest = [replace(unit, observed=100) for unit in units[1:]]
    assert kinds(replace(units[0], observed=35), *rest) == [Kind.FALL, *[Kind.NONE] * 11]


def test_a_year_that_others_of_the_item_know_is_expected_of_a_series_too_short_to_know_it() -> None:
    def counts(months: int) -> list[int]:
        # 48 months before September end with August; September is a quarter of the others.
        course = [400 if (48 - back) % 12 else 100 for back in range(1, 49)]
        return course[::-1][-months:]

    short = series(counts(10), 100)
    assert kinds(short) == [Kind.FALL]
    others = [replace(series(counts(48), 100), department=f"D{number}") for number in range(2, 12)]
    assert kinds(short, *others)[0] is Kind.NONE


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
    assert min(first.finds_fall, first.finds_flood) > 0.9
    assert second.finds_flood < LIMITS["shows"]


@pytest.mark.parametrize(
    "past",
    [
        [100] * 5,  # short
        [100, 0, 0] * 12,  # months without any record are what is to be expected
        [0] * 24,
    ],
)
def test_a_series_that_tells_nothing_is_not_judged(past: list[int]) -> None:
    assert kinds(series(past, 0)) == []


def test_a_change_of_half_among_few_records_is_not_raised() -> None:
    assert kinds(series([6, 4, 5, 7, 3, 5] * 4, 2), series([6, 4, 5, 7, 3, 5] * 4, 8)) == [Kind.NONE, Kind.NONE]


def test_a_small_series_is_not_judged_for_a_half_but_raised_when_it_stops() -> None:
    past = np.random.default_rng(5).poisson(14, 36).tolist()
    [(_, expected, kind)] = judge([series(past, 4)], LIMITS)
    assert (expected.finds_fall < LIMITS["shows"], kind) == (True, Kind.NONE)
    assert outside(series(past, 4), expected, LIMITS) is Kind.FALL
    assert kinds(series(past, 0)) == [Kind.FALL]


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


def test_a_month_that_went_wrong_hides_neither_the_one_after_it_nor_the_third() -> None:
    rng = np.random.default_rng(11)
    past = [int(200 * np.exp(x)) for x in rng.normal(0, 0.04, 30)]
    for wrong in (100, 300):
        kind = Kind.FALL if wrong < 200 else Kind.FLOOD
        assert kinds(series([*past, wrong], wrong), series([*past, wrong, wrong], wrong)) == [kind, kind]
        # When it is over, nothing is raised.
        assert kinds(series([*past, wrong], 200), series([*past, wrong, wrong], 200)) == [Kind.NONE, Kind.NONE]


def test_a_level_that_has_been_another_for_long_is_what_is_expected() -> None:
    assert kinds(series([200] * 20 + [110] * 8, 110)) == [Kind.NONE]


def test_numbers_are_the_same_every_time_and_whatever_the_order() -> None:
    [province] = provinces(TUNING_SERIES, 1, SEED)
    many = [one.series for one in province if not one.series.region_code][:40]
    first = {(one.item_code, one.department): expected for one, expected, _ in judge(many, LIMITS)}
    again = {(one.item_code, one.department): expected for one, expected, _ in judge(many[::-1], LIMITS)}
    assert first.keys() == again.keys()
    for key, expected in first.items():
        assert astuple(expected) == pytest.approx(astuple(again[key]))
