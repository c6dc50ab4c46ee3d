"""A points card that is nobody's: written down, not fitted."""

from __future__ import annotations

from creditlab.scorecards.binning import Split
from creditlab.scorecards.card import About, Card, Protocol, Variable
from creditlab.scorecards.features import RECORDS_ON, REGISTER_ON
from creditlab.scorecards.persons import Identifier
from creditlab.scorecards.sample import Feature, FeatureKind


def _variable(split: Split, points: tuple[int, ...]) -> Variable:
    nothing = (0,) * (split.width + 2)
    return Variable(split, nothing, nothing, (0.0,) * (split.width + 2), points, 1.0, 0.0, (1, 2))


def _number(name: str, splits: tuple[float, ...], points: tuple[int, ...]) -> Variable:
    return _variable(Split(Feature(name, FeatureKind.NUMBER, RECORDS_ON), splits=splits), points)


CARD = Card(
    name="synthetic",
    about=About(*["synthetic"] * 8),
    protocol=Protocol.OUT_OF_TIME,
    identifier=Identifier.USCC,
    months=12,
    base=500,
    intercept=0.0,
    calibration=(1.0, 0.0),
    variables=(
        _number("record_count", (0.5, 2.5), (10, 0, -10, -3, 0)),
        _number("adverse_count", (0.5,), (20, -40, 0, 0)),
        _number("days_since_adverse", (90.5, 365.5), (-30, -10, 0, 5, 0)),
        _number("fined", (1000.25, 50_000.5), (0, -7, -19, 0, 0)),
        _variable(
            Split(Feature("industry", FeatureKind.CATEGORY, REGISTER_ON), categories=(("C", "E"), ("F",))),
            (4, -6, -1, 2),
        ),
    ),
    left_out={},
    parts=(),
    measured=(),
    libraries={},
)
