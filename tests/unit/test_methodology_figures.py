"""What is said about a methodology, against figures reckoned by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import chi2_contingency

from creditlab.assessment import Methodology, parse_methodology
from creditlab.assessment.backtest import steepest_fall, trend, wilson, window
from creditlab.assessment.bootstrap import resample
from creditlab.assessment.gates import Gate, Share, Tried, hold, refuse_broken
from creditlab.assessment.regional import Held, decompose, share_by_number
from creditlab.assessment.sensitivity import draw, effective_weights, near_bounds, nominal_weights, one_by_one
from creditlab.assessment.vectors import DepartmentVectors, Vectors
from creditlab.errors import ExitStatus, MethodologyError
from creditlab.lake import run_known_on
from tests.spec.assessable import METHODOLOGY

#: Levels A from 1005, B from 980, C below; penalties -15, broken contracts -30, honours +10; base 1000.
GATES = """
[gates]
near = 2
near_percent = 20
weight_percent = 60
information_percent = 50
stable_percent = 80
monotone_outcomes = true
trend_percent = 5
fall_percent = 5
"""


@pytest.fixture(scope="module")
def methodology() -> Methodology:
    return parse_methodology("made", METHODOLOGY + GATES)


@pytest.fixture
def vectors(methodology: Methodology) -> Vectors:
    """5 with a penalty (985, B), 3 with a broken contract (970, C), 2 with an honour (1010, A), 1 held down to C."""
    points = np.array([[-15_000, 0, 0], [0, -30_000, 0], [0, 0, 10_000], [0, 0, 10_000]], np.int64)
    return Vectors(methodology, points, np.array([-1, -1, -1, 2], np.int64), np.array([5, 3, 2, 1], np.int64))


def test_one_by_one(vectors: Vectors) -> None:
    found = {(one.code, one.is_weight, one.is_up): one for one in one_by_one(vectors)}
    assert len(found) == 2 * 3 + 2 * 2
    # 10 % of 15 points move 985 to 983.5 or 986.5; no bound is near. Of 30 points: 967 or 973. Of 10: 1011 or 1009.
    assert {one.kept for key, one in found.items() if key[1]} == {11}
    # The bound of B raised to 985 keeps 985, closed below; lowered to 975 it keeps 970 in C.
    assert found["B", False, True].kept == 11
    assert found["B", False, False].kept == 11
    # That of A raised to 1010 keeps 1010.
    assert found["A", False, True].kept == 11
    half = replace(vectors, points=vectors.points + np.array([[-4_000, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]))
    found = {(one.code, one.is_weight, one.is_up): one for one in one_by_one(half)}
    # 981 is in B; with 20.9 instead of 19 points it is 979.1, in C; with the bound at 985 too. One level, so not far.
    assert found["penalties", True, True].kept == 6
    assert found["B", False, True].kept == 6
    assert {one.far for one in found.values()} == {0}


def test_joint_draws_stay_within_what_can_happen_and_are_the_same_each_time(vectors: Vectors) -> None:
    found = draw(vectors, seed=1, draws=300)
    again = draw(vectors, seed=1, draws=300)
    assert np.array_equal(found.levels, again.levels)
    assert not np.array_equal(found.kept, draw(vectors, seed=2, draws=300).kept)
    assert (found.levels.sum(axis=1) == 11).all()
    # 970 is at most 973 and 975 the lowest bound of B: those and the one held down stay in C, whatever is drawn.
    assert (found.levels[:, 2] >= 4).all()
    # 985 meets a bound of up to 985 at 983.5 or more: sometimes it falls, not always.
    assert 6 in found.kept.tolist()
    assert 11 in found.kept.tolist()


def test_near_bounds_and_weights(vectors: Vectors, methodology: Methodology) -> None:
    assert near_bounds(vectors, 2_000) == 0
    # 5 points lower, 985 is 980, still B; 5.001 lower it is not. 1010 less 5.001 is not A, but who is held down stays.
    assert near_bounds(vectors, 5_000) == 0
    assert near_bounds(vectors, 5_001) == 5 + 2
    assert nominal_weights(methodology) == {"penalties": 60_000, "broken": 60_000, "honours": 10_000}
    assert effective_weights(vectors) == {"penalties": 75_000, "broken": 90_000, "honours": 30_000}


def test_departments_drawn_anew(methodology: Methodology) -> None:
    # One organisation has two penalties of one department and an honour of another, one has an honour only.
    points = np.array([[-30_000, 10_000], [0, 10_000]], np.int64)
    made = DepartmentVectors(
        methodology,
        ("D1", "D2"),
        indicators=np.array([0, 2]),
        reporters=np.array([0, 1]),
        points=points,
        is_there=points != 0,
        override=np.zeros((2, 0), np.int64),
        override_reporters=np.zeros(0, np.int64),
        subjects=np.array([4, 1]),
    )
    found = resample(made, seed=3, resamples=60)
    seen = {(*levels, total) for levels, total in zip(found.levels.tolist(), found.with_records.tolist(), strict=True)}
    # Each once: 980 is B, 1010 is A. D1 twice: 1000 - 60 is C, the cap is no more; the other has no record. D2 twice:
    # an honour counts once, 1010.
    assert seen == {(1, 4, 0, 5), (0, 0, 4, 4), (5, 0, 0, 5)}


@pytest.mark.parametrize(("part", "whole", "low", "high"), [(81, 263, 0.2553, 0.3662), (1, 29, 0.0061, 0.1718)])
def test_wilson_intervals_are_the_published_ones(part: int, whole: int, low: float, high: float) -> None:
    # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    assert [round(one, 4) for one in wilson(part, whole)] == [low, high]
    assert wilson(0, 0) == (0.0, 1.0)


def test_the_trend_test() -> None:
    found = trend([1, 2, 3], [10, 10, 10])
    # T = 2, its variance 0.2 x 0.8 x (50 - 30 x 30 / 30) = 3.2.
    assert found is not None
    assert math.isclose(found.z, 2 / math.sqrt(3.2))
    assert math.isclose(found.p, 0.1318, abs_tol=5e-5)
    two = trend([30, 12], [90, 70])
    assert two is not None
    assert math.isclose(two.z**2, chi2_contingency([[30, 12], [60, 58]], correction=False).statistic)
    assert two.z < 0
    assert trend([0, 0], [5, 5]) is None
    assert trend([], []) is None


def test_how_often_chance_alone_would_show_a_fall() -> None:
    assert steepest_fall([1, 2, 3], [10, 10, 10]) > 0.5
    assert steepest_fall([5, 5], [10, 10]) == 0.5
    # 4 of 5 against 300 of 500, both together 304 of 505: z = -0.2 / sqrt(0.602 x 0.398 x (1 / 5 + 1 / 500)) = -0.909.
    assert math.isclose(steepest_fall([4, 300], [5, 500]), 0.1816, abs_tol=5e-5)
    assert steepest_fall([400, 300], [500, 500]) < 1e-9
    assert steepest_fall([0, 0, 7], [0, 10, 10]) > 0.99
    assert steepest_fall([3], [5]) == 1


def test_the_window_is_the_longest_that_there_is_enough_before() -> None:
    end = date(2026, 9, 30)
    found = [window(first, end) for first in (date(2025, 6, 30), date(2025, 7, 1), date(2026, 3, 31), date(2026, 4, 1))]
    assert [one and (one.start, one.months) for one in found] == [
        (date(2025, 9, 30), 12), (date(2025, 12, 31), 9), (date(2026, 6, 30), 3), None,
    ]  # fmt: skip


def test_why_regions_differ() -> None:
    more, graver, province = Held(100, 300, 3_000), Held(100, 100, 3_000), Held(200, 400, 6_000)
    one, other = decompose(more, province), decompose(graver, province)
    assert (one.whole, other.whole) == (more.mean - province.mean, graver.mean - province.mean) == (0, 0)
    assert one.by_number == Fraction(25, 2)
    assert share_by_number([more, graver]) is None
    # Same gravity everywhere: all of it comes with the number.
    assert share_by_number([Held(10, 10, 100), Held(10, 30, 300)]) == 1
    assert share_by_number([Held(10, 10, 100), Held(10, 10, 300)]) == 0
    assert decompose(Held(5, 0, 0), province).whole == -30


def tried(**changes: object) -> Tried:
    good = Tried(Share(20, 100), Share(60, 100), Share(50, 100), Share(80, 100), 0.05, 0.05)
    return replace(good, **changes)


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({}, []),
        ({"near": Share(201, 1000)}, [Gate.NEAR]),
        ({"weight": Share(601, 1000)}, [Gate.WEIGHT]),
        ({"information": Share(499, 1000)}, [Gate.INFORMATION]),
        ({"stable": Share(799, 1000)}, [Gate.STABLE]),
        ({"fall_p": 0.049}, [Gate.MONOTONE]),
        ({"fall_p": None, "trend_p": None}, [Gate.MONOTONE]),
        ({"trend_p": 0.051}, [Gate.MONOTONE]),
        ({"near": Share(0, 0), "stable": Share(0, 0)}, [Gate.NEAR, Gate.STABLE]),
    ],
)
def test_gates(methodology: Methodology, changes: dict[str, object], broken: list[Gate]) -> None:
    held = hold(methodology, tried(**changes))
    assert [gate for gate, holds in held.items() if not holds] == broken
    if broken:
        with pytest.raises(MethodologyError) as refused:
            refuse_broken(methodology, broken, "see there.")
        assert (refused.value.code, refused.value.exit_status) == ("methodology_gate", ExitStatus.REFUSED)
        assert all(gate in str(refused.value) for gate in broken)
        # A notebook's kernel says it as text only; the publication raises it again.
        again = MethodologyError.again(str(refused.value))
        assert again.code == "methodology_gate"
    else:
        refuse_broken(methodology, broken, "see there.")


def test_at_half_of_all_cases_no_fall_is_let_pass(methodology: Methodology) -> None:
    assert methodology.gates is not None
    strict = replace(methodology, gates=replace(methodology.gates, fall_least=50))
    assert hold(strict, tried(fall_p=0.5))[Gate.MONOTONE]
    assert not hold(strict, tried(fall_p=0.499))[Gate.MONOTONE]


def test_a_methodology_without_gates_breaks_none() -> None:
    assert hold(parse_methodology("made", METHODOLOGY), tried(fall_p=0.0)) == {}


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("near_percent = 20", "near_percent = 101", "methodology_kind"),
        ("near_percent = 20", "", "methodology_missing"),
        ("monotone_outcomes = true", "", "methodology_missing"),
        ("trend_percent = 5", "", "methodology_missing"),
        ("fall_percent = 5", "fall_percent = 51", "methodology_kind"),
        ("near = 2\n", "near = -1\n", "methodology_kind"),
        ("stable_percent = 80", "stable = 80", "methodology_unknown_key"),
    ],
)
def test_gates_that_have_no_meaning_are_refused(old: str, new: str, error: str) -> None:
    assert old in GATES
    with pytest.raises(MethodologyError) as refused:
        parse_methodology("made", METHODOLOGY + GATES.replace(old, new))
    assert refused.value.code == error


def test_the_run_that_was_there_on_a_day() -> None:
    moments = [datetime(2026, 7, 1, 15, tzinfo=UTC), datetime(2026, 7, 1, 17, tzinfo=UTC)]
    runs = pa.table({"run_no": [1, 2], "committed_at": pa.array(moments, pa.timestamp("us", tz="UTC"))})
    zone = timezone(timedelta(hours=8))
    # 17:00 in Greenwich is the next day here.
    assert [run_known_on(runs, date(2026, month, day), zone) for month, day in ((6, 30), (7, 1), (7, 2))] == [
        None,
        1,
        2,
    ]
