"""Bins of one variable: where optbinning splits it, with counts and weights of evidence that are our own.

Only the splits are the library's. So a missing value has a bin of its own in which its outcomes are counted, weights
are never infinite, and a category that was never seen is told apart from one that says nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.scorecards.sample import Feature, FeatureKind

if TYPE_CHECKING:
    Numbers = np.ndarray[Any, Any]

#: A bin holds so many of the rows at least; categories with fewer are put together.
_LEAST_SHARE = 0.05
_MOST_PARTS = 12
_SECONDS = 5
#: Counts begin at this, so that a bin without a single outcome has a weight too.
_PRIOR = 0.5
#: Splits are written with so many digits: then every engine reads the same number from them.
_DIGITS = 6


@dataclass(frozen=True)
class Split:
    """How one variable's values are put into bins: number bins are [split, next split).

    `splits` are the numbers' bounds, `categories` the bins' categories. Behind the last bin come one for what is
    missing and one for categories that were never seen.
    """

    feature: Feature
    splits: tuple[float, ...] = ()
    categories: tuple[tuple[str, ...], ...] = ()

    @property
    def width(self) -> int:
        """How many bins there are, without the two behind them."""
        return len(self.categories) if self.feature.kind is FeatureKind.CATEGORY else len(self.splits) + 1

    def places(self, values: pa.ChunkedArray) -> Numbers:
        """The bin of each value: `width` for what is missing, `width + 1` for a category never seen."""
        if self.feature.kind is FeatureKind.CATEGORY:
            flat = [(name, place) for place, names in enumerate(self.categories) for name in names]
            found = pc.index_in(values, value_set=pa.array([name for name, _ in flat], pa.string()))
            bins = pa.array([place for _, place in flat], pa.int64())
            places = pc.fill_null(bins.take(found.combine_chunks()), self.width + 1)
            return pc.if_else(pc.is_null(values.combine_chunks()), self.width, places).to_numpy(zero_copy_only=False)
        numbers = values.to_numpy(zero_copy_only=False)
        places = np.searchsorted(np.array(self.splits), numbers, side="right")
        return np.where(np.isnan(numbers), self.width, places)


@dataclass(frozen=True)
class Binned:
    """A variable's bins with what was counted in them.

    Attributes
    ----------
    good, bad
        Rows without and with the outcome, per bin, the two last bins included.
    weights
        Weights of evidence: above 0 where the outcome is likelier than in the whole; 0 where nothing was counted.
    information
        The information value.
    """

    split: Split
    good: tuple[int, ...]
    bad: tuple[int, ...]
    weights: tuple[float, ...]
    information: float


def split_feature(feature: Feature, values: pa.ChunkedArray, outcomes: Numbers) -> Split | None:
    """Find a variable's bins; None where there is nothing to split (all missing, all the same)."""
    from optbinning import OptimalBinning

    is_there = pc.is_valid(values).to_numpy(zero_copy_only=False)
    known = values.filter(pa.array(is_there))
    if len(pc.unique(known)) < 2 or len(set(outcomes[is_there].tolist())) < 2:
        return None
    common = {"name": feature.name, "solver": "cp", "min_bin_size": _LEAST_SHARE, "time_limit": _SECONDS}
    if feature.kind is FeatureKind.CATEGORY:
        binning = OptimalBinning(dtype="categorical", **common)
        # Plain Python texts: what pandas makes of texts differs between its versions.
        binning.fit(np.array(known.to_pylist(), dtype=object), outcomes[is_there])
        groups = tuple(tuple(sorted(str(name) for name in group)) for group in binning.splits)
        return Split(feature, categories=groups) if len(groups) > 1 else None
    # A bin of 5 % of the rows at least; the trend is what the data say, without a turn that only noise would make.
    binning = OptimalBinning(dtype="numerical", monotonic_trend="auto_heuristic", max_n_prebins=_MOST_PARTS, **common)
    numbers = known.to_numpy(zero_copy_only=False)
    # Infinite is a number larger than any: bounds are looked for among the others.
    is_finite = np.isfinite(numbers)
    if len(np.unique(numbers[is_finite])) < 2:
        return None
    binning.fit(numbers[is_finite], outcomes[is_there][is_finite])
    splits = sorted({_short(one) for one in binning.splits})
    return Split(feature, splits=tuple(splits)) if splits else None


def count_bins(split: Split, values: pa.ChunkedArray, outcomes: Numbers) -> Binned:
    """Count outcomes in bins."""
    places = split.places(values)
    length = split.width + 2
    bad = np.bincount(places, outcomes, length).astype(np.int64)
    good = np.bincount(places, minlength=length).astype(np.int64) - bad
    is_seen = (good + bad) > 0
    bad_share = (bad + _PRIOR) / (bad.sum() + _PRIOR * is_seen.sum())
    good_share = (good + _PRIOR) / (good.sum() + _PRIOR * is_seen.sum())
    weights = np.where(is_seen, np.log(bad_share) - np.log(good_share), 0.0)
    information = float(np.sum(np.where(is_seen, (bad_share - good_share) * weights, 0.0)))
    return Binned(split, _whole(good), _whole(bad), tuple(float(one) for one in weights), information)


def _whole(numbers: Numbers) -> tuple[int, ...]:
    return tuple(int(one) for one in numbers)


def _short(number: float) -> float:
    if not number:
        return 0.0
    return round(float(number), _DIGITS - 1 - math.floor(math.log10(abs(number))))


def labels(split: Split) -> Sequence[str]:
    """What each bin is called, the two last ones included."""
    if split.feature.kind is FeatureKind.CATEGORY:
        names = [", ".join(one) for one in split.categories]
    else:
        bounds = ["-inf", *(f"{one:g}" for one in split.splits), "inf"]
        names = [f"[{low}, {high})" for low, high in itertools.pairwise(bounds)]
    return [*names, "missing", "never seen"]
