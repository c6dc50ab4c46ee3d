"""Measures of a card against figures reckoned by hand or by another library."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score

from creditlab.scorecards.card import DOUBLE, EVEN
from creditlab.scorecards.drift import stability
from creditlab.scorecards.fairness import fairness
from creditlab.scorecards.measures import (
    MILLION,
    Cells,
    Measure,
    auc,
    auc_within,
    brier,
    brier_constant,
    calibration,
    ks,
    measure,
    ranks,
    tenths,
)
from creditlab.scorecards.scoring import probability

CHANCE = np.random.default_rng(5)
SCORES = CHANCE.integers(450, 750, 500)
OUTCOMES = (CHANCE.random(500) < probability(SCORES - 40)).astype(int)
CELLS = Cells.of(SCORES, OUTCOMES)


def test_auc_by_hand_with_a_tie_and_a_wrong_pair() -> None:
    # Outcomes at 400, 500, 600; others at 500, 700: pairs right, tie, right, right, wrong, right.
    cells = Cells.of(np.array([400, 500, 600, 500, 700]), np.array([1, 1, 1, 0, 0]))
    assert auc(cells) == (2 * 4 + 1, 12)


def test_ks_by_hand() -> None:
    cells = Cells.of(np.array([400, 500, 600, 500, 700]), np.array([1, 1, 1, 0, 0]))
    # Up to 400: 1/3 of outcomes, none of the others; up to 600: 3/3 and 1/2.
    part, whole = ks(cells)
    assert part / whole == pytest.approx(0.5)


def test_probability_halves_its_odds_with_the_points() -> None:
    chance = probability(np.array([EVEN, EVEN + DOUBLE, EVEN - DOUBLE]))
    assert chance == pytest.approx([1 / 2, 1 / 3, 2 / 3])


def test_measures_agree_with_another_library() -> None:
    part, whole = auc(CELLS)
    assert part / whole == pytest.approx(roc_auc_score(OUTCOMES, -SCORES), abs=1e-12)
    assert brier(CELLS) == pytest.approx(brier_score_loss(OUTCOMES, probability(SCORES)), abs=1e-12)
    share = OUTCOMES.mean()
    assert brier_constant(CELLS) == pytest.approx(brier_score_loss(OUTCOMES, np.full(500, share)), abs=1e-12)
    x = (EVEN - SCORES) * math.log(2) / DOUBLE
    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x[:, None], OUTCOMES)
    assert calibration(CELLS) == pytest.approx((model.coef_[0, 0], model.intercept_[0]), abs=1e-4)


def test_an_interval_holds_the_figure_and_narrows_with_rows() -> None:
    widths = []
    for times in (1, 16):
        cells = Cells(CELLS.scores, CELLS.bad * times, CELLS.good * times)
        found = {one.measure: one for one in measure(cells)}
        for one in found.values():
            if one.low is not None and one.high is not None:
                assert one.low <= one.value * MILLION <= one.high
        widths.append(found[Measure.AUC].high - found[Measure.AUC].low)
    # Sixteen times the rows: a quarter of the width.
    assert widths[1] == pytest.approx(widths[0] / 4, rel=0.25)


def test_the_same_counts_have_the_same_interval() -> None:
    order = np.random.default_rng(2).permutation(500)
    assert measure(Cells.of(SCORES[order], OUTCOMES[order])) == measure(CELLS)


def test_of_too_few_only_their_number_is_said() -> None:
    cells = Cells.of(np.arange(20), np.array([1] * 9 + [0] * 11))
    assert [one.measure for one in measure(cells)] == [Measure.OUTCOMES]


def test_tenths_hold_everybody_once() -> None:
    found = tenths(CELLS)
    observed = [one for one in found if one.measure == Measure.OBSERVED]
    expected = [one for one in found if one.measure == Measure.EXPECTED]
    assert [one.member for one in observed] == [f"{number:02d}" for number in range(1, 11)]
    assert (sum(one.whole for one in observed), sum(one.part for one in observed)) == (500, int(OUTCOMES.sum()))
    assert [one.value for one in expected] == sorted(one.value for one in expected)
    assert sum(one.part for one in expected) / MILLION == pytest.approx(probability(SCORES).sum(), abs=1e-4)


def test_stability_by_hand() -> None:
    same = np.array([50, 50])
    assert stability(same, same * 3) == pytest.approx(0, abs=1e-4)
    # 50/50 against 80/20: 0.3 ln(1.6) - 0.3 ln(0.4), with half a row more in each bin.
    old, new = 50.5 / 101, 80.5 / 101
    assert stability(same, np.array([80, 20])) == pytest.approx(
        (new - old) * math.log(new / old) + (1 - new - old) * math.log((1 - new) / old)
    )


def test_what_is_left_when_a_group_is_held_fixed() -> None:
    groups = np.array(["a", "a", "b", "b"])
    outcomes = np.array([1, 0, 1, 0])
    # Between groups everything is told, within them nothing: the score is the group.
    assert auc_within(np.array([1, 1, 2, 2]), outcomes, groups) == (2, 4)
    assert auc_within(np.array([1, 2, 5, 6]), outcomes, groups) == (4, 4)


def test_ranks_keep_order_and_ties() -> None:
    assert ranks(np.array([0.5, -1.0, 0.5, 7.0])).tolist() == [1, 0, 1, 2]


def test_whom_a_card_selects_by_hand() -> None:
    scores = np.arange(100)
    outcomes = np.array([1, 0] * 50)
    groups = np.array(["low"] * 50 + ["high"] * 50)
    found = {(one.measure, one.member): one for one in fairness(scores, outcomes, "town", groups)}
    # The bound is the tenth lowest score: 0 to 9, all of them of one group.
    assert (found[Measure.SELECTED, "low"].part, found[Measure.SELECTED, "low"].whole) == (10, 50)
    assert (found[Measure.SELECTED_BAD, "low"].part, found[Measure.SELECTED_BAD, "low"].whole) == (5, 25)
    assert found[Measure.SELECTED, "high"].part == 0
    assert found[Measure.DIFFERENCE, str(Measure.SELECTED)].value == pytest.approx(0.2)
    assert (Measure.DIFFERENCE, str(Measure.SELECTED_BAD)) not in found
