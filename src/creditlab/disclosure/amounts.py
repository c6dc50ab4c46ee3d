"""The rules for amounts: a sum must not say what the one who contributes most to it contributed."""

from __future__ import annotations

import numpy as np

from creditlab.disclosure.policy import AmountRules
from creditlab.disclosure.verdict import Reason


def judge_amounts(group: np.ndarray, amount: np.ndarray, group_count: int, rules: AmountRules) -> list[Reason]:
    """Which sums of amounts may not be shown.

    Parameters
    ----------
    group, amount
        By contributor: the place of the sum that it contributes to, and how much (not negative).
    group_count
        How many sums there are.
    rules
        The policy's numbers.

    Returns
    -------
    list of Reason
        By sum: DOMINANCE where its n largest contributions are more than k per cent of it, P_PERCENT where all others
        than the two largest are less than p per cent of the largest, which the second could then reckon; else NONE.

    Examples
    --------
    >>> judge_amounts(np.array([0, 0, 0]), np.array([90.0, 5.0, 5.0]), 1, AmountRules(n=1, k=85, p=5))
    [<Reason.DOMINANCE: 'dominance'>]
    """
    order = np.lexsort((-amount, group))
    group, amount = group[order], amount[order]
    totals = np.bincount(group, weights=amount, minlength=group_count)
    starts = np.searchsorted(group, np.arange(group_count))
    rank = np.arange(len(group)) - starts[group]
    first = np.bincount(group, weights=np.where(rank == 0, amount, 0), minlength=group_count)
    second = np.bincount(group, weights=np.where(rank == 1, amount, 0), minlength=group_count)
    largest = np.bincount(group, weights=np.where(rank < rules.n, amount, 0), minlength=group_count)
    dominated = (totals > 0) & (100 * largest > rules.k * totals)
    reckoned = (totals > 0) & (100 * (totals - first - second) < rules.p * first)
    names = np.where(dominated, Reason.DOMINANCE, np.where(reckoned, Reason.P_PERCENT, Reason.NONE))
    return [Reason(one) for one in names]
