"""Fit a card and try it: out of time, which may be released, or on one and the same time, which is for study."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.errors import ScorecardError
from creditlab.scorecards.card import About, Card, Measured, Part, Protocol
from creditlab.scorecards.challenger import challenge
from creditlab.scorecards.drift import drift
from creditlab.scorecards.fairness import fairness
from creditlab.scorecards.fitting import Fitted, fit, refuse_few
from creditlab.scorecards.measures import (
    SEED,
    Cells,
    Measure,
    auc_within,
    measure,
    ranks,
    tenths,
)
from creditlab.scorecards.sample import KNOWN_ON, SUBJECT, Beside, Sample
from creditlab.scorecards.scoring import score

if TYPE_CHECKING:
    Numbers = np.ndarray[Any, Any]

TRAIN, CALIBRATE, TEST, ALL = "train", "calibrate", "test", "all"
FOLDS = 5
_UNKNOWN = "unknown"
_LIBRARIES = ("creditlab", "scikit-learn", "optbinning", "ortools", "fairlearn", "interpret-core", "numpy")


def out_of_time(
    sample: Sample,
    about: About,
    *,
    name: str,
    calibrate_from: date,
    test_from: date,
    months: int | None = None,
    has_challenger: bool = True,
) -> Card:
    """Fit a card on the earlier days, calibrate it on the latest of them, try it on later ones.

    Parameters
    ----------
    sample
        Rows of all the days.
    about
        What the card is for.
    name
        Its name.
    calibrate_from, test_from
        The first day of the calibration window, and of the test.
    months
        How long after its day an outcome was looked for; None where that is not told in months.
    has_challenger
        Whether the challenger is fitted too; it takes longer than the card.

    Raises
    ------
    ScorecardError
        As `fit`; if a part is empty or too small (`too_few`), or an outcome of the earlier parts was not known when the
        test begins (`overlap`), or the card points the other way in the calibration window (`reversed`).
    ExtraError
        If the libraries are not installed.
    """
    train, late = sample.between(None, calibrate_from), sample.between(calibrate_from, test_from)
    test = sample.between(test_from, None)
    for part, called in ((train, TRAIN), (late, CALIBRATE), (test, TEST)):
        refuse_few(part.outcomes, called)
    known = pc.max(pa.chunked_array([*train.table[KNOWN_ON].chunks, *late.table[KNOWN_ON].chunks])).as_py()
    if known > test.span()[0]:
        what = "an outcome that is learnt from was not known when the test begins"
        raise ScorecardError("overlap", what, where=known.isoformat(), do="Test on a later day.")
    fitted = fit(train)
    slope, intercept = _calibrated(fitted, late)
    card = _card(fitted, Protocol.OUT_OF_TIME, sample, about, name, months, (slope, intercept))
    scores = {called: _scores(card, part) for called, part in ((TRAIN, train), (TEST, test))}
    measured = _measured(card, test, scores[TEST])
    measured += drift(card, train, scores[TRAIN], sample, _scores(card, sample))
    measured += [one for each in sample.besides for one in _beside(each, train, test)]
    if has_challenger:
        learnt = sample.between(None, test_from)
        measured += challenge(learnt, test)
    parts = ((TRAIN, train), (CALIBRATE, late), (TEST, test))
    return _told(card, [_part(called, part) for called, part in parts], measured)


def cross_section(
    sample: Sample,
    about: About,
    *,
    name: str,
    folds: int = FOLDS,
    months: int | None = None,
    has_challenger: bool = False,
) -> Card:
    """Fit a card and try it on the same time, each row by a card that has not seen its subject: for study only.

    Parameters
    ----------
    folds
        In how many parts the subjects are put.

    Returns
    -------
    Card
        Fitted on all rows; what is measured is of the cards of the folds.

    Notes
    -----
    Parameters and errors as of `out_of_time`. Such a card is not calibrated: there is no later window to do it on.
    """
    refuse_few(sample.outcomes, ALL)
    place = _folds(sample, folds)
    scores = np.zeros(len(sample), np.int64)
    challenged: list[Measured] = []
    for fold in range(folds):
        fitted = fit(sample.where(place != fold))
        mine = _card(fitted, Protocol.CROSS_SECTION, sample, about, name, months, (1.0, 0.0))
        scores[place == fold] = _scores(mine, sample.where(place == fold))
    card = _card(fit(sample), Protocol.CROSS_SECTION, sample, about, name, months, (1.0, 0.0))
    if has_challenger:
        challenged = challenge(sample.where(place != 0), sample.where(place == 0))
    measured = _measured(card, sample, scores)
    measured += [one for each in sample.besides for one in _beside(each, sample, sample)]
    return _told(card, [_part(ALL, sample)], measured + challenged)


def _calibrated(fitted: Fitted, late: Sample) -> tuple[float, float]:
    """Slope and intercept of the latest outcomes along the log-odds."""
    from sklearn.linear_model import LogisticRegression

    x = fitted.logits(late)
    model = LogisticRegression(C=np.inf, max_iter=1_000).fit(x[:, None], late.outcomes)
    slope, intercept = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope <= 0:
        what = "in the calibration window the card points the other way"
        raise ScorecardError("reversed", what, where=CALIBRATE, do="What it learnt did not last; there is no card.")
    return slope, intercept


def _card(
    fitted: Fitted,
    protocol: Protocol,
    sample: Sample,
    about: About,
    name: str,
    months: int | None,
    line: tuple[float, float],
) -> Card:
    base, variables = fitted.points(*line)
    libraries = {one: version(one) for one in _LIBRARIES}
    return Card(
        name, about, protocol, sample.identifier, months, base, fitted.intercept, line, variables, fitted.left_out, (),
        (), libraries,
    )  # fmt: skip


def _told(card: Card, parts: list[Part], measured: list[Measured]) -> Card:
    alone = [Measured(Measure.ALONE, "card", "variable", one.name, *one.alone) for one in card.variables]
    return replace(card, parts=tuple(parts), measured=(*measured, *alone))


def _part(called: str, sample: Sample) -> Part:
    first, last = sample.span()
    return Part(called, first, last, len(sample), int(sample.outcomes.sum()), sample.digest)


def _scores(card: Card, sample: Sample) -> Numbers:
    scores: Numbers = score(card, sample.table).table["score"].to_numpy()
    return scores


def _measured(card: Card, tested: Sample, scores: Numbers) -> list[Measured]:
    """Everything about the card on the rows it is tried on."""
    outcomes = tested.outcomes.astype(np.int64)
    cells = Cells.of(scores, outcomes)
    found = measure(cells) + tenths(cells)
    for group in tested.groups:
        members = _members(tested, group)
        for one in np.unique(members).tolist():
            mine = members == one
            found += measure(Cells.of(scores[mine], outcomes[mine]), "card", group, one)
        found += fairness(scores, outcomes, group, members)
    seen = score(card, tested.table)
    for variable in card.variables:
        for name, counts in ((Measure.UNSEEN, seen.unseen), (Measure.MISSING, seen.missing)):
            found.append(Measured(name, "card", "variable", variable.name, counts[variable.name], len(tested)))
    return found


def _beside(beside: Beside, trained: Sample, tested: Sample) -> list[Measured]:
    """Another answer on the same rows: as numbers, or as the shares that categories had while the card was trained."""
    outcomes = tested.outcomes.astype(np.int64)
    column = tested.table[beside.column]
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        learnt = trained.table.group_by(beside.column).aggregate([("outcome", "mean")])
        places = pc.index_in(column.cast(pa.string()), value_set=learnt[beside.column].cast(pa.string()))
        riskier = learnt["outcome_mean"].take(places).to_numpy()
        overall = float(trained.outcomes.mean())
        safer = -np.where(np.isnan(riskier), overall, riskier)
    else:
        values = column.cast(pa.float64()).to_numpy()
        middle = np.nanmedian(values) if len(values) else 0.0
        safer = np.where(np.isnan(values), middle, values) * (1 if beside.is_safer else -1)
    safer = ranks(safer)
    found = measure(Cells.of(safer, outcomes), beside.name)
    if beside.within:
        part, whole = auc_within(safer, outcomes, _members(tested, beside.within))
        found.append(Measured(Measure.AUC_WITHIN, beside.name, beside.within, "", part, whole))
    return found


def _members(sample: Sample, column: str) -> Numbers:
    texts = pc.fill_null(sample.table[column].cast(pa.string()), _UNKNOWN)
    members: Numbers = np.array(texts.to_pylist(), dtype=str)
    return members


def _folds(sample: Sample, folds: int) -> Numbers:
    """The fold of each row; all rows of a subject are in one."""
    from sklearn.model_selection import StratifiedGroupKFold

    place = np.zeros(len(sample), int)
    subjects = sample.table[SUBJECT].combine_chunks().dictionary_encode().indices.to_numpy()
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=SEED % 2**31)
    for number, (_, mine) in enumerate(splitter.split(np.zeros(len(sample)), sample.outcomes, subjects)):
        place[mine] = number
    return place
