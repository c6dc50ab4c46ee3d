"""Reason codes: for each organisation, what every answer added, adding up to its score."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from creditlab.scorecards.card import Card
from creditlab.scorecards.scoring import column_of, score

if TYPE_CHECKING:
    Numbers = np.ndarray[Any, Any]

#: The columns of a reason, in order.
REASON = ("subject_id", "rank", "variable", "answer", "points", "lost")
#: Stands for the points that everybody has.
BASE = "base"
_SCHEMA = pa.schema(
    [("subject_id", pa.string()), ("rank", pa.int64()), ("variable", pa.string()), ("answer", pa.string()),
     ("points", pa.int64()), ("lost", pa.int64())]
)  # fmt: skip


def reasons(card: Card, rows: pa.Table) -> pa.Table:
    """Why each organisation has the score that it has.

    Parameters
    ----------
    card, rows
        As of `scoring.score`.

    Returns
    -------
    pyarrow.Table
        REASON: one row per row given and variable, and one for the base. `points` of a subject add up to its score.
        `lost` is how many more points the best answer has; `rank` orders the variables by it, the most lost first (0 is
        the base).
    """
    scored = score(card, rows).table
    height = rows.num_rows
    points = np.zeros((height, len(card.variables)), np.int64)
    lost = np.zeros_like(points)
    answers = []
    for place, one in enumerate(card.variables):
        points[:, place] = scored[f"points_{one.name}"].to_numpy()
        lost[:, place] = max(one.points) - points[:, place]
        bins = one.split.places(column_of(one, rows))
        answers.append(pa.array(one.labels, pa.string()).take(pa.array(bins)))
    order = np.argsort(-lost, axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(1, len(card.variables) + 1)[None, :], axis=1)
    subjects = rows["subject_id"].combine_chunks()
    parts = [_part(subjects, np.zeros(height, np.int64), BASE, pa.array([""] * height), np.full(height, card.base),
                   np.zeros(height, np.int64))]  # fmt: skip
    for place, one in enumerate(card.variables):
        parts.append(_part(subjects, rank[:, place], one.name, answers[place], points[:, place], lost[:, place]))
    found = pa.concat_tables(parts).append_column("row", pa.array(np.tile(np.arange(height), len(parts))))
    return found.sort_by([("row", "ascending"), ("rank", "ascending")]).drop_columns("row")


def reasons_in_batches(card: Card, batches: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The same for rows that are too many to be held at once."""

    def made() -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield from reasons(card, pa.Table.from_batches([batch])).combine_chunks().to_batches()

    return pa.RecordBatchReader.from_batches(_SCHEMA, made())


def _part(subjects: pa.Array, rank: Numbers, variable: str, answer: pa.Array, points: Numbers, lost: Numbers
          ) -> pa.Table:  # fmt: skip
    columns = [subjects, pa.array(rank, pa.int64()), pa.array([variable] * len(subjects)), answer.cast(pa.string()),
               pa.array(points, pa.int64()), pa.array(lost, pa.int64())]  # fmt: skip
    return pa.table(columns, names=list(REASON)).cast(_SCHEMA)
