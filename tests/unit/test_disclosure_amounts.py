"""Sums of amounts that say too much about who contributes most to them."""

from __future__ import annotations

import numpy as np
import pytest

from creditlab.disclosure.amounts import judge_amounts
from creditlab.disclosure.policy import AmountRules
from creditlab.disclosure.verdict import Reason

RULES = AmountRules(n=2, k=85, p=10)


@pytest.mark.parametrize(
    ("amounts", "reason"),
    [
        ([20, 20, 20, 20, 20], Reason.NONE),
        # Two hold 86 of 100, more than 85.
        ([50, 36, 7, 7], Reason.DOMINANCE),
        ([50, 35, 8, 7], Reason.NONE),
        # What is left beside the two largest is less than a tenth of the largest.
        ([45, 38, 4], Reason.DOMINANCE),
        ([100], Reason.DOMINANCE),
        ([0, 0], Reason.NONE),
    ],
)
def test_one_sum(amounts: list[float], reason: Reason) -> None:
    assert judge_amounts(np.zeros(len(amounts), int), np.array(amounts, float), 1, RULES) == [reason]


def test_the_second_largest_could_reckon_the_largest() -> None:
    # Of three, dominance by one contributor is not met, and the third is less than a tenth of the first.
    rules = AmountRules(n=1, k=60, p=10)
    assert judge_amounts(np.zeros(3, int), np.array([50.0, 46.0, 4.0]), 1, rules) == [Reason.P_PERCENT]
    assert judge_amounts(np.zeros(3, int), np.array([50.0, 45.0, 5.0]), 1, rules) == [Reason.NONE]


def test_sums_are_judged_apart_in_any_order() -> None:
    group = np.array([1, 0, 1, 0, 0, 2])
    amount = np.array([95.0, 30.0, 5.0, 40.0, 30.0, 7.0])
    assert judge_amounts(group, amount, 4, AmountRules(n=1, k=85, p=10)) == [
        Reason.NONE, Reason.DOMINANCE, Reason.DOMINANCE, Reason.NONE,
    ]  # fmt: skip
