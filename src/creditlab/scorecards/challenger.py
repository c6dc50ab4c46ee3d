"""The challenger: an explainable boosting machine on the same rows, to see what a card of points gives away."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from creditlab.scorecards.measures import SEED, Cells, measure, ranks
from creditlab.scorecards.sample import FeatureKind, Sample

if TYPE_CHECKING:
    from creditlab.scorecards.card import Measured

NAME = "challenger"
_MISSING = "missing"


def challenge(trained: Sample, tested: Sample) -> list[Measured]:
    """Fit the challenger on one part and measure it on another; the model itself is not kept.

    Returns
    -------
    list of Measured
        AUC and Kolmogorov-Smirnov distance of `challenger`.
    """
    from interpret.glassbox import ExplainableBoostingClassifier

    kinds = ["continuous" if one.kind is FeatureKind.NUMBER else "nominal" for one in trained.features]
    names = [one.name for one in trained.features]
    # One process: what is sent between several would be pickled.
    model = ExplainableBoostingClassifier(
        feature_names=names, feature_types=kinds, interactions=0, outer_bags=4, max_rounds=400, n_jobs=1,
        random_state=SEED,
    )  # fmt: skip
    with warnings.catch_warnings():
        # It warns that its pictures leave out what is missing; nobody draws them.
        warnings.filterwarnings("ignore", message="Missing values detected")
        model.fit(_columns(trained), trained.outcomes)
        safer = -model.predict_proba(_columns(tested))[:, 1]
    return measure(Cells.of(ranks(safer), tested.outcomes), NAME)


def _columns(sample: Sample) -> np.ndarray[Any, Any]:
    columns = np.empty((len(sample), len(sample.features)), object)
    for place, one in enumerate(sample.features):
        values = sample.table[one.name]
        if one.kind is FeatureKind.NUMBER:
            columns[:, place] = values.to_numpy(zero_copy_only=False)
        else:
            columns[:, place] = [text or _MISSING for text in values.to_pylist()]
    return columns
