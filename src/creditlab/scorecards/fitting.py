"""Fit a card's variables on one part of a sample: bins, weights of evidence, a logistic regression over them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from creditlab.errors import ScorecardError
from creditlab.scorecards.binning import Binned, count_bins, split_feature
from creditlab.scorecards.card import DOUBLE, EVEN, Variable
from creditlab.scorecards.extra import need_extra
from creditlab.scorecards.ranking import alone, by_risk
from creditlab.scorecards.sample import Sample

if TYPE_CHECKING:
    Numbers = np.ndarray[Any, Any]

#: Below this information value a variable tells nothing (the usual bound).
LEAST_INFORMATION = 0.02
#: And so rarely may chance alone give what it tells: bins are drawn where even noise looks best.
MOST_CHANCE = 0.001
#: So many outcomes, and rows without one, are needed to fit anything.
FEWEST = 30
#: A variable that by itself ranks like this is the outcome under another name.
DISGUISED = 98
_STEPS = 1_000
_POINTS_PER_LOGIT = DOUBLE / np.log(2)


class Why(StrEnum):
    """Why a variable is not in a card."""

    CONSTANT = "nothing to split"
    UNINFORMATIVE = "information value below 0.02"
    CHANCE = "no more than chance gives"
    REVERSED = "its weight would point the other way"


@dataclass(frozen=True)
class Fitted:
    """A regression over weights of evidence.

    Attributes
    ----------
    bins, coefficients
        One per variable that was kept.
    left_out
        The others, each with why.
    """

    bins: tuple[Binned, ...]
    coefficients: tuple[float, ...]
    intercept: float
    left_out: dict[str, str]

    def logits(self, sample: Sample) -> Numbers:
        """Log-odds of the outcome."""
        total = np.full(len(sample), self.intercept)
        for one, coefficient in zip(self.bins, self.coefficients, strict=True):
            places = one.split.places(sample.table[one.split.feature.name])
            total += coefficient * np.array(one.weights)[places]
        return total

    def points(self, slope: float = 1.0, intercept: float = 0.0) -> tuple[int, tuple[Variable, ...]]:
        """The points that everybody has, and each variable's, after a calibration of the log-odds."""
        base = round(EVEN - _POINTS_PER_LOGIT * (intercept + slope * self.intercept))
        variables = []
        for one, coefficient in zip(self.bins, self.coefficients, strict=True):
            worth = -_POINTS_PER_LOGIT * slope * coefficient * np.array(one.weights)
            points = tuple(int(each) for each in np.rint(worth))
            variables.append(
                Variable(
                    one.split,
                    one.good,
                    one.bad,
                    one.weights,
                    points,
                    coefficient,
                    one.information,
                    by_risk(np.array(one.bad), np.array(one.good)),
                )
            )
        return base, tuple(variables)


def fit(sample: Sample) -> Fitted:
    """Fit the variables.

    Raises
    ------
    ScorecardError
        If there are too few rows of either kind (`too_few`), a feature is the outcome in disguise (`disguised`), or no
        variable tells anything (`no_variable`).
    ExtraError
        If the libraries are not installed.
    """
    need_extra()
    from sklearn.linear_model import LogisticRegression

    outcomes = sample.outcomes.astype(np.int64)
    refuse_few(outcomes, "train")
    left_out: dict[str, str] = {}
    kept: list[Binned] = []
    for feature in sample.features:
        column = sample.table[feature.name]
        refuse_disguised(feature.name, column, outcomes)
        split = split_feature(feature, column, outcomes)
        binned = None if split is None else count_bins(split, column, outcomes)
        if binned is None:
            left_out[feature.name] = Why.CONSTANT
        elif binned.information < LEAST_INFORMATION:
            left_out[feature.name] = Why.UNINFORMATIVE
        elif chance(binned) > MOST_CHANCE:
            left_out[feature.name] = Why.CHANCE
        else:
            kept.append(binned)
    while kept:
        columns = np.column_stack([_weights(sample, one) for one in kept])
        model = LogisticRegression(max_iter=_STEPS).fit(columns, outcomes)
        coefficients = model.coef_[0]
        if (coefficients > 0).all():
            answer = tuple(float(one) for one in coefficients)
            return Fitted(tuple(kept), answer, float(model.intercept_[0]), left_out)
        # A weight that points the other way says that another variable tells the same: nobody could explain its points.
        left_out |= {one.split.feature.name: Why.REVERSED for one, c in zip(kept, coefficients, strict=True) if c <= 0}
        kept = [one for one, c in zip(kept, coefficients, strict=True) if c > 0]
    do = "Name features that tell something; a card is not made of nothing."
    raise ScorecardError("no_variable", "no usable variable", where=", ".join(sorted(left_out)), do=do)


def refuse_few(outcomes: Numbers, part: str) -> None:
    """Refuse a part with too few rows with or without the outcome.

    Raises
    ------
    ScorecardError
        With the code `scorecard_too_few`.
    """
    bad, whole = int(outcomes.sum()), len(outcomes)
    if min(bad, whole - bad) < FEWEST:
        what = "there are too few rows with the outcome, or without it"
        where = f"{part}: {bad:,} of {whole:,}"
        raise ScorecardError("too_few", what, where=where, do=f"A part needs {FEWEST} of each.")


def refuse_disguised(name: str, values: pa.ChunkedArray, outcomes: Numbers) -> None:
    """Refuse a feature that is the outcome under another name: no reason makes that right.

    Raises
    ------
    ScorecardError
        With the code `scorecard_disguised`.
    """
    part, whole = alone(values, outcomes)
    if 100 * part >= DISGUISED * whole:
        what = "a feature by itself tells nearly all outcomes: it is the outcome in disguise"
        do = "Leave it out, or take it as it was known on the day that is scored."
        raise ScorecardError("disguised", what, where=name, do=do)


def chance(binned: Binned) -> float:
    """How often chance alone gives such an information value, over bins that were drawn beforehand.

    Without any relation, the value times bad x good / all rows follows a chi-square distribution.
    """
    from scipy.stats import chi2

    bad, good = sum(binned.bad), sum(binned.good)
    filled = sum(one + other > 0 for one, other in zip(binned.bad, binned.good, strict=True))
    return float(chi2.sf(binned.information * bad * good / (bad + good), filled - 1))


def _weights(sample: Sample, binned: Binned) -> Numbers:
    places = binned.split.places(sample.table[binned.split.feature.name])
    return np.array(binned.weights)[places]
