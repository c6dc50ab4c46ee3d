"""Whom a card would look at first, group by group: shares selected, of those with the outcome and of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from creditlab.scorecards.card import Measured
from creditlab.scorecards.measures import MILLION, Measure, millionths

if TYPE_CHECKING:
    Numbers = np.ndarray[Any, Any]

#: Selected is whoever is among the tenth with the lowest scores; ties at the bound are in.
SHARE = 0.10
#: Groups with fewer rows are shown, and left out of differences.
FEWEST = 30
RATES = (Measure.SELECTED, Measure.SELECTED_BAD, Measure.SELECTED_GOOD)


def fairness(scores: Numbers, outcomes: Numbers, group: str, members: Numbers) -> list[Measured]:
    """Selection by the members of a group.

    Returns
    -------
    list of Measured
        Per member, of all, of those with the outcome and of the others: how many are selected. Per rate, the largest
        difference between members (fairlearn's demographic parity for all, equalized odds for the two others).
    """
    from fairlearn.metrics import MetricFrame, count, selection_rate

    bound = np.quantile(scores, SHARE, method="lower")
    chosen = (scores <= bound).astype(int)
    found = []
    wholes = {
        Measure.SELECTED: np.ones(len(scores), bool),
        Measure.SELECTED_BAD: outcomes == 1,
        Measure.SELECTED_GOOD: outcomes == 0,
    }
    for rate, among in wholes.items():
        if not among.any():
            continue
        frame = MetricFrame(
            metrics={"rate": selection_rate, "count": count}, y_true=outcomes[among], y_pred=chosen[among],
            sensitive_features=members[among],
        )  # fmt: skip
        rows = frame.by_group
        enough = []
        for member in rows.index:
            whole = int(rows.loc[member, "count"])
            part = round(float(rows.loc[member, "rate"]) * whole)
            found.append(Measured(rate, "card", group, str(member), part, whole))
            if whole >= FEWEST:
                enough.append(float(rows.loc[member, "rate"]))
        if len(enough) > 1:
            gap = max(enough) - min(enough)
            found.append(Measured(Measure.DIFFERENCE, "card", group, str(rate), millionths(gap), MILLION))
    return found
