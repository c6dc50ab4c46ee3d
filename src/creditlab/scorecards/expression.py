"""A card as an Ibis expression: it scores any number of organisations inside the engine, to the same points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from creditlab.errors import ScorecardError
from creditlab.scorecards.card import Card, Variable
from creditlab.scorecards.persons import refuse_scored_persons
from creditlab.scorecards.sample import FeatureKind
from creditlab.scorecards.scoring import POINTS

if TYPE_CHECKING:
    import ibis.expr.types as ir


def score_expression(card: Card, rows: ir.Table) -> ir.Table:
    """Score organisations where they are.

    Parameters
    ----------
    card
        The card.
    rows
        subject_id, subject_kind and the card's variables.

    Returns
    -------
    ibis Table
        One row per row given: subject_id, score, a column of points per variable, unseen_count (variables whose
        category the card had never seen) and missing_count (variables without a value).

    Raises
    ------
    ScorecardError
        If a variable's column is missing or of another kind.
    PersonError
        If a row is about a natural person (Article 4): kinds and identifiers are looked through first.
    """
    card.refuse_lacking(rows.columns)
    refuse_scored_persons(rows, card.identifier, "rows to be scored")
    columns: dict[str, ir.Value] = {}
    total: ir.IntegerValue = ibis.literal(card.base, "int64")
    unseen: ir.IntegerValue = ibis.literal(0, "int64")
    missing: ir.IntegerValue = ibis.literal(0, "int64")
    for variable in card.variables:
        value, is_missing = _value(variable, rows)
        points, is_unseen = _points(variable, value, is_missing)
        columns[f"{POINTS}{variable.name}"] = points
        total += points
        unseen += is_unseen.cast("int64")
        missing += is_missing.cast("int64")
    scored = {"score": total, **columns, "unseen_count": unseen, "missing_count": missing}
    return rows.select("subject_id", **scored)


def _value(variable: Variable, rows: ir.Table) -> tuple[ir.Value, ir.BooleanValue]:
    feature = variable.split.feature
    given = rows[feature.name]
    if given.type().is_string() != (feature.kind is FeatureKind.CATEGORY):
        raise ScorecardError("column", f"a variable of the card is not a {feature.kind}", where=feature.name)
    if feature.kind is FeatureKind.CATEGORY:
        return given, given.isnull()
    number = given.cast("float64")
    return number, number.isnull() | number.isnan().fill_null(False)


def _points(variable: Variable, value: ir.Value, is_missing: ir.BooleanValue) -> tuple[ir.Value, ir.BooleanValue]:
    split, points = variable.split, variable.points
    cases = [(is_missing, points[split.width])]
    if split.feature.kind is FeatureKind.CATEGORY:
        is_unseen = ~is_missing
        for place, names in enumerate(split.categories):
            is_one = value.isin(list(names))
            cases.append((is_one, points[place]))
            is_unseen &= ~is_one.fill_null(False)
        return ibis.cases(*cases, else_=points[split.width + 1]).cast("int64"), is_unseen
    cases += [(value < bound, points[place]) for place, bound in enumerate(split.splits)]
    return ibis.cases(*cases, else_=points[split.width - 1]).cast("int64"), ibis.literal(False)
