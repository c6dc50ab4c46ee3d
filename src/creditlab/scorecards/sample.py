"""A sample: organisations on days, what was known about each of them then, and what happened afterwards.

Everything that could flatter a card is refused here, before anything is fitted: a value from the future, an outcome
that was not known yet, a subject that stands twice, who reported or inspected.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from creditlab.errors import ScorecardError
from creditlab.scorecards.persons import Identifier, refuse_sample_persons

if TYPE_CHECKING:
    import numpy as np

#: Who reports, who inspects and where is reported from says how the platform works, not how an organisation does.
_REPORTER = re.compile(
    r"department|inspector|inspected_by|officer|reporter|reporting|reported|provider|delivery|delivered|authority"
    r"|^region(_code)?$|检查|报送|部门"
)
#: Columns that a sample has beside its features.
SUBJECT, KIND, SCORED_ON, KNOWN_ON, OUTCOME = "subject_id", "subject_kind", "scored_on", "outcome_known_on", "outcome"
_ORDER = [(SCORED_ON, "ascending"), (SUBJECT, "ascending")]


class FeatureKind(StrEnum):
    """What a feature's values are."""

    NUMBER = "number"
    CATEGORY = "category"


@dataclass(frozen=True)
class Feature:
    """Something known about an organisation.

    Attributes
    ----------
    name
        The column of its values; null means that nothing is known.
    kind
        Numbers or categories.
    available_on
        The column that says, row by row, since which day the value was available.
    """

    name: str
    kind: FeatureKind
    available_on: str


@dataclass(frozen=True)
class Beside:
    """Another answer to the same question, shown beside the card's: levels of a methodology, somebody's own score.

    Attributes
    ----------
    name, column
        What it is called, and where its values are. Texts are a category: the answer is then how often the outcome
        happened in that category while the card was trained.
    is_safer
        Whether a higher value means that the outcome is less likely.
    within
        A column that is held fixed: also asked is how well it ranks among rows that agree in it.
    """

    name: str
    column: str
    is_safer: bool = False
    within: str = ""


@dataclass(frozen=True)
class Sample:
    """Rows that a card is fitted and tried on. Make one with `make_sample`.

    Attributes
    ----------
    table
        One row per subject_id and scored_on: outcome (0 or 1), outcome_known_on, the features, the groups.
    features, groups, besides
        Which columns are what.
    identifier
        Whether subjects are named by credit codes or by numbers of somebody's own.
    """

    table: pa.Table
    features: tuple[Feature, ...]
    groups: tuple[str, ...]
    besides: tuple[Beside, ...]
    identifier: Identifier

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def outcomes(self) -> np.ndarray[Any, Any]:
        """1 where the outcome happened, else 0."""
        return self.table[OUTCOME].to_numpy()

    @property
    def digest(self) -> str:
        """SHA-256 over everything that a card can learn from, whatever the order of rows."""
        names = [SCORED_ON, SUBJECT, OUTCOME, *sorted(one.name for one in self.features)]
        text = io.BytesIO()
        from pyarrow import csv

        csv.write_csv(self.table.select(names).sort_by(_ORDER), text)
        return hashlib.sha256(text.getvalue()).hexdigest()

    def where(self, mask: np.ndarray[Any, Any]) -> Sample:
        """Some of its rows."""
        return replace(self, table=self.table.filter(pa.array(mask)))

    def between(self, first: date | None, end: date | None) -> Sample:
        """The rows scored from a day on, and before another one."""
        rows = self.table
        if first is not None:
            rows = rows.filter(pc.greater_equal(rows[SCORED_ON], pa.scalar(first)))
        if end is not None:
            rows = rows.filter(pc.less(rows[SCORED_ON], pa.scalar(end)))
        return replace(self, table=rows)

    def span(self) -> tuple[date, date]:
        """The first and the last day that is scored."""
        return pc.min(self.table[SCORED_ON]).as_py(), pc.max(self.table[SCORED_ON]).as_py()


def make_sample(
    table: pa.Table,
    features: Sequence[Feature],
    *,
    groups: Sequence[str] = (),
    besides: Sequence[Beside] = (),
    identifier: Identifier = Identifier.USCC,
) -> Sample:
    """Make a sample of rows, and refuse what would make a card look better than it is.

    Parameters
    ----------
    table
        One row per subject and day: subject_id, subject_kind, scored_on, outcome (0 or 1), outcome_known_on, and the
        columns that are named besides. Null in a feature means that nothing is known.
    features
        What may be learnt from.
    groups
        Columns by which performance is shown.
    besides
        Other answers, shown beside the card's.
    identifier
        Credit codes (the default), or somebody's own numbers: then kinds alone tell who is a natural person.

    Raises
    ------
    ScorecardError
        If a column is missing; a feature says who reported or inspected, or is the outcome itself (`feature`); a value
        was not available on the day (`future`); an outcome was known before the day (`past`); a subject stands twice on
        a day (`twice`); the outcome is neither 0 nor 1 (`outcome`); a day is missing (`day`).
    PersonError
        If a row is about a natural person (Article 4).
    """
    names = [one.name for one in features]
    _refuse_features(names)
    wanted = [SUBJECT, KIND, SCORED_ON, KNOWN_ON, OUTCOME, *names, *(one.available_on for one in features), *groups]
    for one in besides:
        wanted += [one.column, *([one.within] if one.within else [])]
    if lacking := sorted(set(wanted) - set(table.column_names)):
        raise ScorecardError("column", "a sample lacks a column", where=", ".join(lacking))
    rows = table.select(list(dict.fromkeys(wanted)))
    rows = _cast(rows, {SUBJECT: pa.string(), KIND: pa.string(), SCORED_ON: pa.date32(), KNOWN_ON: pa.date32()})
    refuse_sample_persons(rows, identifier)
    rows = _cast(rows, {one.name: pa.float64() if one.kind is FeatureKind.NUMBER else pa.string() for one in features})
    rows = _cast(rows, dict.fromkeys(dict.fromkeys(one.available_on for one in features), pa.date32()))
    rows = _cast(rows, dict.fromkeys(groups, pa.string()))
    if rows[SCORED_ON].null_count or rows[KNOWN_ON].null_count:
        raise ScorecardError("day", "a row doesn't say when it is scored, or when its outcome was known")
    _refuse_twice(rows)
    _refuse_future(rows, features)
    given = rows[OUTCOME]
    if given.null_count or not set(pc.unique(given.cast(pa.float64())).to_pylist()) <= {0.0, 1.0}:
        raise ScorecardError("outcome", "an outcome is neither 0 nor 1", where=OUTCOME)
    rows = _cast(rows, {OUTCOME: pa.int8()})
    return Sample(rows.sort_by(_ORDER), tuple(features), tuple(groups), tuple(besides), identifier)


def distinct_rows(table: pa.Table) -> tuple[pa.Table, int]:
    """A table without the rows that say the same as an earlier one in every column, and how many those were."""
    numbered = table.append_column("row", pa.array(range(table.num_rows), pa.int64()))
    first = numbered.group_by(table.column_names).aggregate([("row", "min")]).sort_by("row_min")["row_min"]
    return table.take(first), table.num_rows - len(first)


def _refuse_features(names: Sequence[str]) -> None:
    if not names:
        raise ScorecardError("feature", "no feature is named")
    if len(set(names)) != len(names):
        raise ScorecardError("feature", "a feature is named twice")
    do = "Show performance by it as a group instead, or leave it out."
    for name in names:
        if _REPORTER.search(name.lower()):
            what = "a feature says who reported or inspected, or where"
            raise ScorecardError("feature", what, where=name, do=do)
        if name in {SUBJECT, KIND, SCORED_ON, KNOWN_ON, OUTCOME}:
            raise ScorecardError("feature", "a feature is no property of an organisation", where=name, do=do)


def _refuse_twice(rows: pa.Table) -> None:
    if rows.group_by([SUBJECT, SCORED_ON]).aggregate([]).num_rows != rows.num_rows:
        do = "Give each subject one row a day: distinct_rows drops those that say the same."
        raise ScorecardError("twice", "a subject stands twice on a day", where=SUBJECT, do=do)


def _refuse_future(rows: pa.Table, features: Sequence[Feature]) -> None:
    """A value counts as available on no day where the day is missing but the value is there."""
    for one in features:
        is_late = pc.fill_null(pc.greater(rows[one.available_on], rows[SCORED_ON]), True)
        found = pc.sum(pc.and_(is_late, pc.is_valid(rows[one.name]))).as_py() or 0
        if found:
            what = "a feature was not available yet on the day that is scored"
            do = "Take it as it was known then."
            raise ScorecardError("future", what, where=f"{one.name}, {found:,} rows", do=do)
    early = pc.sum(pc.less(rows[KNOWN_ON], rows[SCORED_ON])).as_py() or 0
    if early:
        raise ScorecardError("past", "an outcome was known before the day that is scored", where=f"{early:,} rows")


def _cast(rows: pa.Table, kinds: dict[str, pa.DataType]) -> pa.Table:
    for name, kind in kinds.items():
        place = rows.schema.get_field_index(name)
        try:
            column = rows[name].cast(kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            # The library's own words quote the value.
            raise ScorecardError("column", f"a column holds something else than {kind}", where=name) from error
        if pa.types.is_floating(kind):
            column = pc.if_else(pc.is_nan(column), pa.scalar(None, kind), column)
        rows = rows.set_column(place, name, column)
    return rows
