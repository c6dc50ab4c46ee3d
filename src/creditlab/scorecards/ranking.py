"""How well one thing ranks outcomes: the area under the curve, as two whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    Numbers = np.ndarray[Any, Any]

#: So many parts of about the same size are tried, to see a feature that tells the outcome by its middle values.
_PARTS = 20


def ranked(bad: Numbers, good: Numbers, keys: Numbers) -> tuple[int, int]:
    """The AUC of cells in rising order of risk: twice the pairs in right order plus ties, over twice all pairs.

    Parameters
    ----------
    bad, good
        Rows with and without the outcome, per cell.
    keys
        Cells that are next to each other and have the same key are tied.
    """
    if not len(bad):
        return 0, 0
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    bad = np.add.reduceat(bad.astype(np.int64), starts)
    good = np.add.reduceat(good.astype(np.int64), starts)
    below = np.cumsum(good) - good
    return int((bad * (2 * below + good)).sum()), 2 * int(bad.sum()) * int(good.sum())


def by_risk(bad: Numbers, good: Numbers) -> tuple[int, int]:
    """The AUC of bins that are put in order of how often the outcome happened in them."""
    share = bad / np.maximum(bad + good, 1)
    order = np.argsort(share, kind="stable")
    return ranked(bad[order], good[order], share[order])


def alone(values: pa.ChunkedArray, outcomes: Numbers) -> tuple[int, int]:
    """The AUC of a feature by itself, however it is looked at; better than any card could use it.

    Numbers are ranked by themselves, up and down, what is missing before or behind them, and in parts of about the same
    size; categories by their shares. Bins that a library draws would not do: it merges the pure ones, and so hides just
    what is looked for.
    """
    if not pa.types.is_floating(values.type):
        codes = pc.fill_null(values, "").combine_chunks().dictionary_encode().indices.to_numpy()
        return by_risk(*_counts(codes, outcomes))
    numbers = values.to_numpy(zero_copy_only=False)
    is_known = ~np.isnan(numbers)
    places = np.zeros(len(numbers), np.int64)
    places[is_known] = np.unique(numbers[is_known], return_inverse=True)[1] + 1
    bad, good = _counts(places, outcomes)
    found = []
    for first in (True, False):
        # The first cell holds what is missing.
        order = np.arange(len(bad)) if first else np.roll(np.arange(len(bad)), -1)
        part, whole = ranked(bad[order], good[order], order)
        found += [(part, whole), (whole - part, whole)]
    finite = numbers[np.isfinite(numbers)]
    if len(finite):
        bounds = np.unique(np.quantile(finite, np.arange(1, _PARTS) / _PARTS))
        found.append(by_risk(*_counts(np.where(is_known, np.searchsorted(bounds, numbers) + 1, 0), outcomes)))
    return max(found)


def _counts(places: Numbers, outcomes: Numbers) -> tuple[Numbers, Numbers]:
    bad = np.bincount(places, outcomes).astype(np.int64)
    return bad, np.bincount(places).astype(np.int64) - bad
