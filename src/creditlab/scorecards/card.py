"""A points card: what it asks, what each answer is worth, what it was made from, how well it does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from creditlab.errors import ScorecardError
from creditlab.scorecards.binning import Split, labels
from creditlab.scorecards.persons import Identifier

#: So many points halve the odds of the outcome; at EVEN points they are even.
DOUBLE, EVEN = 100, 500


class Protocol(StrEnum):
    """How a card was tried. Only one that was tried on a later time may be released."""

    OUT_OF_TIME = "out_of_time"
    CROSS_SECTION = "cross_section"


@dataclass(frozen=True)
class About:
    """What a card is for, in both languages; it is printed, and nothing is computed from it."""

    title_en: str
    title_zh: str
    purpose_en: str
    purpose_zh: str
    population_en: str
    population_zh: str
    data_en: str
    data_zh: str


@dataclass(frozen=True)
class Variable:
    """One question of a card.

    Attributes
    ----------
    split
        Its bins.
    good, bad
        Rows of the training part without and with the outcome, per bin; then of what is missing, and of what was never
        seen.
    weights, points
        Of the same bins. More points mean that the outcome is less likely.
    coefficient
        Of the logistic regression, before points were rounded.
    information
        The information value.
    alone
        The AUC of this variable by itself, as two whole numbers.
    """

    split: Split
    good: tuple[int, ...]
    bad: tuple[int, ...]
    weights: tuple[float, ...]
    points: tuple[int, ...]
    coefficient: float
    information: float
    alone: tuple[int, int]

    @property
    def name(self) -> str:
        """Its column."""
        return self.split.feature.name

    @property
    def labels(self) -> tuple[str, ...]:
        """What its bins are called."""
        return tuple(labels(self.split))


@dataclass(frozen=True)
class Part:
    """One part of the data: what it was for, which days were scored, how many rows and outcomes, and its digest."""

    name: str
    first: date
    last: date
    rows: int
    outcomes: int
    digest: str


@dataclass(frozen=True)
class Measured:
    """One figure about a card; whole numbers, so that a page divides once.

    Attributes
    ----------
    measure
        What was measured, see `measures.Measured`.
    of
        `card`, or what stands beside it.
    group, member
        Among whom; empty for all.
    part, whole
        The value is part over whole.
    low, high
        Its 95 % interval, in millionths; None where there is none.
    """

    measure: str
    of: str
    group: str
    member: str
    part: int
    whole: int
    low: int | None = None
    high: int | None = None

    @property
    def value(self) -> float:
        """The figure; not a number where there is nothing to divide by."""
        return self.part / self.whole if self.whole else float("nan")


@dataclass(frozen=True)
class Card:
    """A points card.

    Attributes
    ----------
    base
        The points that everybody has.
    calibration
        Slope and intercept that were fitted on the latest window before the test; 1 and 0 where there was none.
    left_out
        Variables that were looked at and are not in the card, each with why.
    measured
        How well it does.
    libraries
        The versions that it was fitted with.
    """

    name: str
    about: About
    protocol: Protocol
    identifier: Identifier
    months: int | None
    base: int
    intercept: float
    calibration: tuple[float, float]
    variables: tuple[Variable, ...]
    left_out: Mapping[str, str]
    parts: tuple[Part, ...]
    measured: tuple[Measured, ...]
    libraries: Mapping[str, str]

    def find(self, measure: str, of: str = "card", group: str = "", member: str = "") -> Measured | None:
        """One figure about it."""
        wanted = (measure, of, group, member)
        return next((one for one in self.measured if (one.measure, one.of, one.group, one.member) == wanted), None)

    def refuse_lacking(self, columns: Collection[str]) -> None:
        """Refuse rows without a column for each of the card's variables.

        Raises
        ------
        ScorecardError
            With the code `scorecard_column`.
        """
        lacking = [one.name for one in self.variables if one.name not in columns]
        if lacking:
            raise ScorecardError("column", "a variable of the card is missing", where=", ".join(lacking))

    def range(self) -> tuple[int, int]:
        """The fewest and the most points that anybody can have."""
        return (
            self.base + sum(min(one.points) for one in self.variables),
            self.base + sum(max(one.points) for one in self.variables),
        )
