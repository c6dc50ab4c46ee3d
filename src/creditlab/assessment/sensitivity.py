"""How far levels hang on the weights and bounds that somebody chose.

An indicator's weight is its points and its cap together, so that a change of it multiplies its capped points. Factors
are in thousandths and bounds in milli-points: every comparison is one of whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from creditlab.assessment.methodology import Methodology
from creditlab.assessment.vectors import Integers, Vectors

#: A weight is changed by so many thousandths, a bound by so many milli-points.
WEIGHT_CHANGE, BOUND_CHANGE = 100, 5_000
DRAWS = 1_000
#: The day on which the Regulations came into force. A fixed seed makes quarters comparable; reports print it.
SEED = 20180101
_WHOLE = 1_000
#: So many draws at once: a block of them fits in memory whatever the province.
_BLOCK = 25


@dataclass(frozen=True)
class Moves:
    """What changes of weights and bounds do, one entry per change.

    Attributes
    ----------
    kept, far
        Organisations that keep their level; that move by two levels or more.
    levels
        Organisations at each level, the highest first: one row per change.
    """

    kept: Integers
    far: Integers
    levels: Integers


@dataclass(frozen=True)
class Change:
    """One change of one weight or bound.

    Attributes
    ----------
    code
        The indicator, or the level whose lower bound is moved.
    is_weight, is_up
        Whether it is a weight; whether it is raised.
    kept, far
        As in `Moves`.
    """

    code: str
    is_weight: bool
    is_up: bool
    kept: int
    far: int


def places(scores: Integers, starts: Integers) -> Integers:
    """The places of scores, the highest level being 0; `starts` are the bounds between levels, the lowest first."""
    return np.asarray(len(starts) - np.searchsorted(starts, scores, side="right"), np.int64)


def bounds(methodology: Methodology) -> Integers:
    """The bounds between levels in milli-points, the lowest first."""
    return np.array([one.start for one in reversed(methodology.levels[:-1])], np.int64)


def one_by_one(vectors: Vectors) -> list[Change]:
    """Each weight 10 % up and down, each bound 5 points up and down, everything else as it is."""
    methodology = vectors.methodology
    width, starts = len(methodology.indicators), bounds(methodology)
    named: list[tuple[str, bool, bool]] = []
    factors, moved = [], []
    for is_up in (True, False):
        sign = 1 if is_up else -1
        for number, one in enumerate(methodology.indicators):
            named.append((one.code, True, is_up))
            factors.append(_WHOLE + sign * WEIGHT_CHANGE * (np.arange(width) == number))
            moved.append(starts)
        for number, level in enumerate(reversed(methodology.levels[:-1])):
            named.append((level.code, False, is_up))
            factors.append(np.full(width, _WHOLE))
            moved.append(starts + sign * BOUND_CHANGE * (np.arange(len(starts)) == number))
    found = _moves(vectors, np.array(factors, np.int64), np.array(moved, np.int64))
    numbers = zip(found.kept.tolist(), found.far.tolist(), strict=True)
    return [Change(*one, kept, far) for one, (kept, far) in zip(named, numbers, strict=True)]


def draw(vectors: Vectors, *, seed: int = SEED, draws: int = DRAWS) -> Moves:
    """All weights and bounds drawn at once, evenly and on their own, within the changes of `one_by_one`."""
    methodology, chance = vectors.methodology, np.random.default_rng(seed)
    width, starts = len(methodology.indicators), bounds(methodology)
    factors = chance.integers(_WHOLE - WEIGHT_CHANGE, _WHOLE + WEIGHT_CHANGE, (draws, width), endpoint=True)
    shifts = chance.integers(-BOUND_CHANGE, BOUND_CHANGE, (draws, len(starts)), endpoint=True)
    return _moves(vectors, factors, starts + shifts)


def near_bounds(vectors: Vectors, distance: int) -> int:
    """Organisations whose level would be another if their score were so many milli-points higher, or lower."""
    starts, score = bounds(vectors.methodology), _scores(vectors)
    low, high = (np.maximum(places(one, starts), vectors.override) for one in (score - distance, score + distance))
    return int(vectors.subjects[low != high].sum())


def nominal_weights(methodology: Methodology) -> dict[str, int]:
    """What each indicator could give or take at most, in milli-points."""
    return {one.code: one.cap for one in methodology.indicators}


def effective_weights(vectors: Vectors) -> dict[str, int]:
    """What each indicator does give or take, over all organisations, in milli-points."""
    sums = np.abs(vectors.points).T @ vectors.subjects
    return {one.code: int(total) for one, total in zip(vectors.methodology.indicators, sums, strict=True)}


def _scores(vectors: Vectors) -> Integers:
    methodology = vectors.methodology
    return np.clip(methodology.base + vectors.points.sum(axis=1), methodology.lowest, methodology.highest)


def _moves(vectors: Vectors, factors: Integers, starts: Integers) -> Moves:
    methodology, weights = vectors.methodology, vectors.subjects
    now = np.maximum(places(_scores(vectors), bounds(methodology)), vectors.override)
    levels = len(methodology.levels)
    kept, far, counts = [], [], []
    for place, score in _scored(vectors, factors):
        # Bounds that passed each other leave an empty level between them.
        drawn = np.maximum(places(score, _WHOLE * np.sort(starts[place])), vectors.override)
        distance = np.abs(drawn - now)
        kept.append(int(weights[distance == 0].sum()))
        far.append(int(weights[distance > 1].sum()))
        # Sums of whole numbers far below 2**53, which floats hold exactly.
        counts.append(np.bincount(drawn, weights, levels).astype(np.int64))
    return Moves(np.array(kept, np.int64), np.array(far, np.int64), np.array(counts, np.int64).reshape(-1, levels))


def _scored(vectors: Vectors, factors: Integers) -> Iterator[tuple[int, Integers]]:
    """The scores under each row of factors, in millionths of a point."""
    methodology = vectors.methodology
    # Products of floats run on the machine's fast paths. Caps are at most 10**9 milli-points and factors 1,100: sums
    # over some hundred indicators stay below 2**53, up to which floats hold every whole number.
    points = vectors.points.astype(np.float64)
    for begin in range(0, len(factors), _BLOCK):
        block = points @ factors[begin : begin + _BLOCK].T.astype(np.float64)
        for number in range(block.shape[1]):
            score = _WHOLE * methodology.base + block[:, number].astype(np.int64)
            yield begin + number, np.clip(score, _WHOLE * methodology.lowest, _WHOLE * methodology.highest)
