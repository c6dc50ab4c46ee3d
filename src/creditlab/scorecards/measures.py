"""How well scores tell who will have an outcome: from counts by score, with intervals from drawing the rows anew.

Scores are whole numbers, so a sample is two columns of counts, one row per score. Every measure is made of these, and a
draw with replacement is one draw of counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from creditlab.scorecards.card import Measured
from creditlab.scorecards.ranking import ranked
from creditlab.scorecards.scoring import logit, probability

if TYPE_CHECKING:
    Numbers = np.ndarray[Any, Any]

SEED, DRAWS = 20260930, 200
MILLION = 1_000_000
#: Below so many outcomes, or rows without one, ranking says nothing.
FEWEST = 10
_STEPS = 25


class Measure(StrEnum):
    """What is measured about a card."""

    OUTCOMES = "outcomes"
    AUC = "auc"
    AUC_WITHIN = "auc_within"
    KS = "ks"
    BRIER = "brier"
    BRIER_CONSTANT = "brier_constant"
    SLOPE = "calibration_slope"
    EXPECTED = "expected"
    OBSERVED = "observed"
    STABILITY = "psi"
    SELECTED = "selected"
    SELECTED_BAD = "selected_of_outcomes"
    SELECTED_GOOD = "selected_of_others"
    DIFFERENCE = "difference"
    UNSEEN = "unseen"
    MISSING = "missing"
    ALONE = "auc_alone"


@dataclass(frozen=True)
class Cells:
    """Counts by score, the highest (safest) score first: rows with and without the outcome."""

    scores: Numbers
    bad: Numbers
    good: Numbers

    @classmethod
    def of(cls, scores: Numbers, outcomes: Numbers) -> Cells:
        """Count."""
        distinct, places = np.unique(-np.asarray(scores), return_inverse=True)
        bad = np.bincount(places, outcomes, len(distinct)).astype(np.int64)
        return cls(-distinct, bad, np.bincount(places, minlength=len(distinct)).astype(np.int64) - bad)

    @property
    def rows(self) -> int:
        """All rows."""
        return int(self.bad.sum() + self.good.sum())

    @property
    def can_rank(self) -> bool:
        """Whether there are enough of both to say anything."""
        return min(int(self.bad.sum()), int(self.good.sum())) >= FEWEST

    def drawn(self, draws: int = DRAWS, seed: int = SEED) -> list[Cells]:
        """The rows drawn anew with replacement, so many times."""
        counts = np.concatenate([self.bad, self.good])
        found = np.random.default_rng(seed).multinomial(self.rows, counts / counts.sum(), draws)
        width = len(self.scores)
        return [Cells(self.scores, one[:width], one[width:]) for one in found]


def auc(cells: Cells) -> tuple[int, int]:
    """The chance that of two rows the one with the outcome has the lower score, as two whole numbers; ties are half."""
    return ranked(cells.bad, cells.good, cells.scores)


def ks(cells: Cells) -> tuple[int, int]:
    """The largest distance between the two distributions of scores, as two whole numbers (Kolmogorov-Smirnov)."""
    bad, good = int(cells.bad.sum()), int(cells.good.sum())
    gap = np.abs(np.cumsum(cells.bad) * good - np.cumsum(cells.good) * bad)
    return int(gap.max(initial=0)), bad * good


def brier(cells: Cells) -> float:
    """The mean square of what the card was wrong by."""
    chance = probability(cells.scores)
    return float(((1 - chance) ** 2 @ cells.bad + chance**2 @ cells.good) / cells.rows)


def brier_constant(cells: Cells) -> float:
    """The same for one who says the same share of everybody: the very share of these rows, the best there is."""
    share = cells.bad.sum() / cells.rows
    return float(share * (1 - share))


def calibration(cells: Cells) -> tuple[float, float]:
    """Slope and intercept of outcomes along the card's log-odds: 1 and 0 where probabilities are right.

    Below 1 the card is surer than it may be. Newton's steps on counts; not a number where there is no answer.
    """
    x = logit(cells.scores)
    whole = cells.bad + cells.good
    slope, intercept = 1.0, 0.0
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(intercept + slope * x, -30, 30)))
        weight = whole * chance * (1 - chance)
        left = cells.bad - whole * chance
        a, b, c = weight.sum(), weight @ x, weight @ (x * x)
        ground = a * c - b * b
        if ground <= 1e-12:
            return float("nan"), float("nan")
        up, along = left.sum(), left @ x
        step = (c * up - b * along) / ground, (a * along - b * up) / ground
        intercept, slope = intercept + step[0], slope + step[1]
        if abs(step[0]) + abs(step[1]) < 1e-9:
            break
    return float(slope), float(intercept)


def measure(cells: Cells, of: str = "card", group: str = "", member: str = "") -> list[Measured]:
    """Every figure about some rows: how many, and, where there are enough, how well they are ranked and foretold."""
    found = [Measured(Measure.OUTCOMES, of, group, member, int(cells.bad.sum()), cells.rows)]
    if not cells.can_rank:
        return found
    draws = [one for one in cells.drawn() if one.bad.sum() and one.good.sum()]
    for name, exact in ((Measure.AUC, auc), (Measure.KS, ks)):
        part, whole = exact(cells)
        found.append(Measured(name, of, group, member, part, whole, *_bounds([p / w for p, w in map(exact, draws)])))
    if of != "card":
        return found
    for name, take in (
        (Measure.BRIER, brier),
        (Measure.BRIER_CONSTANT, brier_constant),
        (Measure.SLOPE, lambda one: calibration(one)[0]),
    ):
        value = take(cells)
        if np.isfinite(value):
            found.append(Measured(name, of, group, member, millionths(value), MILLION, *_bounds(map(take, draws))))
    return found


def tenths(cells: Cells) -> list[Measured]:
    """The calibration plot: ten groups of rows by score, what the card expects of each and what happened."""
    order = np.argsort(-cells.scores, kind="stable")
    scores, bad, whole = cells.scores[order], cells.bad[order], (cells.bad + cells.good)[order]
    middle = np.cumsum(whole) - whole / 2
    place = np.minimum((10 * middle / max(cells.rows, 1)).astype(int), 9)
    found = []
    for number in range(10):
        mine = place == number
        rows = int(whole[mine].sum())
        if rows:
            expected = float(probability(scores[mine]) @ whole[mine])
            member = f"{number + 1:02d}"
            parts = (millionths(expected), rows * MILLION)
            found.append(Measured(Measure.EXPECTED, "card", "tenth", member, *parts))
            found.append(Measured(Measure.OBSERVED, "card", "tenth", member, int(bad[mine].sum()), rows))
    return found


def auc_within(scores: Numbers, outcomes: Numbers, groups: Numbers) -> tuple[int, int]:
    """The AUC over pairs of rows that agree in a group only: what is left of it when the group is held fixed."""
    part, whole = 0, 0
    for one in np.unique(groups):
        mine = groups == one
        right, pairs = auc(Cells.of(scores[mine], outcomes[mine]))
        part, whole = part + right, whole + pairs
    return part, whole


def ranks(values: Numbers) -> Numbers:
    """Any numbers as whole ones in the same order."""
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def millionths(value: float) -> int:
    """A figure as a whole number."""
    return round(value * MILLION)


def _bounds(values: Any) -> tuple[int, int] | tuple[None, None]:
    known = [one for one in values if np.isfinite(one)]
    if not known:
        return None, None
    low, high = np.quantile(known, (0.025, 0.975))
    return millionths(float(low)), millionths(float(high))
