"""How far the distribution of levels hangs on which departments report: departments drawn anew, with replacement.

A department that is drawn twice has its records counted twice, one that is not drawn has none: so it would look if
other departments reported like those there are. Records of one department come and go together, because how it
reports is what is uncertain, not each single record.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from creditlab.assessment.lookup import is_newest_only
from creditlab.assessment.sensitivity import SEED, bounds, places
from creditlab.assessment.vectors import NO_PLACE, DepartmentVectors, Integers

RESAMPLES = 200


@dataclass(frozen=True)
class Resampled:
    """Levels in each draw of departments.

    Attributes
    ----------
    levels
        Organisations at each level, the highest first: one row per draw.
    with_records
        Organisations that have a record that counts, one per draw.
    """

    levels: Integers
    with_records: Integers


def resample(vectors: DepartmentVectors, *, seed: int = SEED, resamples: int = RESAMPLES) -> Resampled:
    """Draw as many departments as there are, so many times, and take the levels of each draw."""
    size = len(vectors.departments)
    chance = np.random.default_rng(seed)
    drawn = chance.multinomial(size, np.full(size, 1 / size), resamples) if size else np.zeros((resamples, 0), np.int64)
    counted = [_levels(vectors, one.astype(np.int64)) for one in drawn]
    return Resampled(
        np.array([levels for levels, _ in counted], np.int64), np.array([total for _, total in counted], np.int64)
    )


def _levels(vectors: DepartmentVectors, times: Integers) -> tuple[Integers, int]:
    """The number of organisations at each level, and with a record, when each department counts so many times."""
    methodology, starts = vectors.methodology, bounds(vectors.methodology)
    height = len(vectors.subjects)
    by_column = times[vectors.reporters]
    total = np.full(height, methodology.base, np.int64)
    for number, one in enumerate(methodology.indicators):
        mine = np.flatnonzero((vectors.indicators == number) & (by_column > 0))
        if not len(mine):
            continue
        points = vectors.points[:, mine]
        if is_newest_only(one):
            added = points.min(axis=1) if one.is_adverse else points.max(axis=1)
        else:
            added = points @ by_column[mine]
        total += np.clip(added, -one.cap, one.cap)
    setting = times[vectors.override_reporters] > 0
    override = np.max(vectors.override[:, setting], axis=1, initial=NO_PLACE)
    has_records = vectors.is_there[:, by_column > 0].any(axis=1) | (override > NO_PLACE)
    score = np.clip(total, methodology.lowest, methodology.highest)
    place = np.maximum(places(score, starts), override)
    counts = np.bincount(place[has_records], vectors.subjects[has_records], len(methodology.levels))
    return counts.astype(np.int64), int(vectors.subjects[has_records].sum())
