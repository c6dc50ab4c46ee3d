"""Put a card on rows in memory: points, scores, probabilities, and what the card had never seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.errors import ScorecardError
from creditlab.scorecards.card import DOUBLE, EVEN, Card, Variable
from creditlab.scorecards.persons import refuse_sample_persons
from creditlab.scorecards.sample import FeatureKind

if TYPE_CHECKING:
    Numbers = np.ndarray[Any, Any]

#: Begins the columns of a variable's points.
POINTS = "points_"


@dataclass(frozen=True)
class Scored:
    """Scores of rows.

    Attributes
    ----------
    table
        One row per row given, in the same order: subject_id, score, and a column of points per variable; base and
        points add up to the score.
    unseen
        Per variable, rows whose category the card had never seen.
    missing
        Per variable, rows without a value.
    untold
        Per variable, rows without a value although none was missing when the card was made: they get no points for it,
        and nothing is known about such rows.
    """

    table: pa.Table
    unseen: dict[str, int]
    missing: dict[str, int]
    untold: dict[str, int]


def score(card: Card, rows: pa.Table) -> Scored:
    """Score organisations.

    Parameters
    ----------
    card
        The card.
    rows
        subject_id, subject_kind and the card's variables.

    Raises
    ------
    ScorecardError
        If a variable's column is missing or of another kind.
    PersonError
        If a row is about a natural person (Article 4).
    """
    card.refuse_lacking(rows.column_names)
    if "subject_kind" not in rows.column_names:
        rows = rows.append_column("subject_kind", pa.nulls(rows.num_rows, pa.string()))
    refuse_sample_persons(rows, card.identifier)
    columns: dict[str, Any] = {"subject_id": rows["subject_id"]}
    total = np.full(rows.num_rows, card.base, np.int64)
    unseen, missing, untold = {}, {}, {}
    for variable in card.variables:
        places = variable.split.places(column_of(variable, rows))
        points = np.array(variable.points, np.int64)[places]
        total += points
        columns[f"{POINTS}{variable.name}"] = points
        width = variable.split.width
        missing[variable.name] = int((places == width).sum())
        unseen[variable.name] = int((places == width + 1).sum())
        was_missing = variable.good[width] + variable.bad[width] > 0
        untold[variable.name] = 0 if was_missing else missing[variable.name]
    columns["score"] = total
    order = ["subject_id", "score", *(f"{POINTS}{one.name}" for one in card.variables)]
    return Scored(pa.table({name: columns[name] for name in order}), unseen, missing, untold)


def column_of(variable: Variable, rows: pa.Table) -> pa.ChunkedArray:
    """A variable's values as the card takes them: what is no number is missing.

    Raises
    ------
    ScorecardError
        If the column is of another kind.
    """
    feature = variable.split.feature
    kind = pa.float64() if feature.kind is FeatureKind.NUMBER else pa.string()
    given = rows[feature.name]
    is_text = any(test(given.type) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_dictionary))
    if is_text != (feature.kind is FeatureKind.CATEGORY) and not pa.types.is_null(given.type):
        raise ScorecardError("column", f"a variable of the card is not a {feature.kind}", where=feature.name)
    column = given.cast(kind)
    if feature.kind is FeatureKind.NUMBER:
        column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
    return column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])


def probability(scores: Numbers) -> Numbers:
    """How likely the outcome is at a score."""
    return 1 / (1 + np.exp2((np.asarray(scores, float) - EVEN) / DOUBLE))


def logit(scores: Numbers) -> Numbers:
    """The logarithm of the odds of the outcome at a score."""
    return (EVEN - np.asarray(scores, float)) * (np.log(2) / DOUBLE)
