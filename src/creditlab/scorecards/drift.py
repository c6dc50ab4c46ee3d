"""Whether later rows look like those that a card was fitted on: the population stability index, quarter by quarter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from creditlab.scorecards.card import Card, Measured
from creditlab.scorecards.measures import MILLION, Measure, millionths
from creditlab.scorecards.sample import SCORED_ON, Sample

if TYPE_CHECKING:
    Numbers = np.ndarray[Any, Any]

#: What is usually said of it: below the first nothing moved, from the second on the card is for another population.
STEADY, MOVED = 0.10, 0.25
SCORE = "score"
_PRIOR = 0.5
_PARTS = 10


def stability(before: Numbers, after: Numbers) -> float:
    """The population stability index between two rows of counts over the same bins."""
    old = (before + _PRIOR) / (before + _PRIOR).sum()
    new = (after + _PRIOR) / (after + _PRIOR).sum()
    return float(((new - old) * np.log(new / old)).sum())


def drift(card: Card, trained: Sample, scores: Numbers, sample: Sample, later: Numbers) -> list[Measured]:
    """The index of the score and of each variable, for each quarter that is scored.

    Parameters
    ----------
    trained, scores
        What the card was fitted on.
    sample, later
        All rows, by whose days quarters are taken.
    """
    bounds = np.quantile(scores, np.arange(1, _PARTS) / _PARTS)
    before = {SCORE: np.bincount(np.searchsorted(bounds, scores, side="right"), minlength=_PARTS)}
    places = {SCORE: np.searchsorted(bounds, later, side="right")}
    for one in card.variables:
        width = one.split.width + 2
        before[one.name] = np.bincount(one.split.places(trained.table[one.name]), minlength=width)
        places[one.name] = one.split.places(sample.table[one.name])
    days = sample.table[SCORED_ON]
    quarters = np.array(
        [f"{y}Q{q}" for y, q in zip(pc.year(days).to_pylist(), pc.quarter(days).to_pylist(), strict=True)]
    )
    found = []
    for quarter in np.unique(quarters).tolist():
        mine = quarters == quarter
        for name, counts in before.items():
            after = np.bincount(places[name][mine], minlength=len(counts))
            value = stability(counts, after)
            found.append(Measured(Measure.STABILITY, "card", name, quarter, millionths(value), MILLION))
    return found
