"""What a methodology says: dimensions, indicators, what they count, how it fades, and the levels.

Numbers are integers throughout: points are milli-points, so that a score has the same digits in any order of records.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from creditlab.terms import Counted, MethodologyState, SubjectKind


@dataclass(frozen=True)
class Named:
    """A code with its names in both languages."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True)
class Step:
    """One line of a step table: what holds from `start` on, and no longer than up to `below`.

    Attributes
    ----------
    start, below
        Months, or days, since the event: [start, below).
    value
        Per cent of the points in a decay, milli-points in an indicator of days since.
    """

    start: int
    below: int
    value: int


@dataclass(frozen=True)
class Condition:
    """A field of the record, and the values with which the indicator counts it: data, never an expression."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Indicator:
    """What is counted of some items' records, and how many points that gives.

    Attributes
    ----------
    points
        Milli-points: of each record (count), once (any), of each full `per` of the amount (sum); 0 for days since.
    per
        The amount, in the unit of the item, that gives the points once; 0 unless amounts are summed.
    cap
        The points of all its records together are never further from 0 than this.
    decay
        What is left of the points after so many months; a record older than the last step adds nothing.
    days
        For days since: milli-points by days since the newest record.
    is_in_force_only
        Whether records count up to their `valid_until` only.
    """

    code: str
    name_zh: str
    name_en: str
    dimension: str
    items: tuple[str, ...]
    counted: Counted
    points: int
    per: int
    cap: int
    decay: tuple[Step, ...]
    days: tuple[Step, ...]
    when: Condition | None
    is_in_force_only: bool
    legal_basis_zh: str
    legal_basis_en: str

    @property
    def is_adverse(self) -> bool:
        """Whether it takes points away."""
        return (self.points or self.days[0].value) < 0


@dataclass(frozen=True)
class Override:
    """Records that set the level whatever the score is; both are shown.

    Attributes
    ----------
    level
        The level that a subject with such a record has at most.
    below_months
        Until so many months after the event; 0: for as long as the record may be looked at.
    """

    code: str
    name_zh: str
    name_en: str
    items: tuple[str, ...]
    level: str
    when: Condition | None
    below_months: int
    legal_basis_zh: str
    legal_basis_en: str


@dataclass(frozen=True)
class Level:
    """A level, and the scores that have it: [start, below), in milli-points; the highest has no `below`."""

    code: str
    grade: str
    start: int
    below: int | None


@dataclass(frozen=True)
class Gates:
    """What the figures about a methodology must keep for it to be published, as it says itself.

    Attributes
    ----------
    near
        In milli-points: how near to a bound of levels is near.
    near_most, weight_most
        Per cent at most: of organisations with records near a bound; of all points, those of one indicator.
    information_least, stable_least
        Per cent at least: of organisations that have a score; of levels that stay where weights and bounds are drawn.
    is_monotone
        Whether adverse outcomes must grow more frequent from each grade to the next lower one.
    trend_most
        Per cent: chance alone must not show such a trend along the levels more often.
    fall_least
        Per cent: a fall from a grade to the next lower one is let pass if chance alone shows it that often. At 50 none
        is.
    """

    near: int
    near_most: int
    weight_most: int
    information_least: int
    stable_least: int
    is_monotone: bool
    trend_most: int
    fall_least: int


@dataclass(frozen=True)
class Methodology:
    """How subjects are assessed.

    Attributes
    ----------
    effective_from, effective_until
        The first and the last day whose state may be assessed by it.
    subject_kinds
        The organisations that are assessed (Article 4: never natural persons).
    base, lowest, highest
        The score of a subject whose records cancel out, and the bounds of scores, in milli-points.
    levels
        The highest first.
    gates
        What must hold for it to be published; None where it says nothing.
    digest
        SHA-256 over the canonical form of what the file says, its state and approval aside.
    """

    name: str
    title_zh: str
    title_en: str
    note_zh: str
    note_en: str
    state: MethodologyState
    effective_from: date
    effective_until: date
    approved_by: str
    approved_document: str
    approved_on: date | None
    subject_kinds: tuple[SubjectKind, ...]
    base: int
    lowest: int
    highest: int
    dimensions: tuple[Named, ...]
    indicators: tuple[Indicator, ...]
    overrides: tuple[Override, ...]
    levels: tuple[Level, ...]
    gates: Gates | None
    digest: str

    @property
    def rules(self) -> tuple[Indicator | Override, ...]:
        """Indicators and overrides."""
        return (*self.indicators, *self.overrides)

    @cached_property
    def indicator(self) -> dict[str, Indicator]:
        """Indicators by code."""
        return {one.code: one for one in self.indicators}

    @cached_property
    def override(self) -> dict[str, Override]:
        """Overrides by code."""
        return {one.code: one for one in self.overrides}

    @cached_property
    def fields(self) -> dict[str, str]:
        """The field that is looked at in an item's records, for the items that have one."""
        return {item: one.when.field for one in self.rules if one.when for item in one.items}

    @property
    def item_codes(self) -> tuple[str, ...]:
        """The items that anything is said of, in order."""
        return tuple(sorted({item for one in self.rules for item in one.items}))

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.effective_from <= day <= self.effective_until

    def level_of(self, score: int) -> Level:
        """The level of a score; levels have no gap, so that there is one."""
        return next(one for one in self.levels if score >= one.start)

    def place_of(self, level: str) -> int:
        """A level's place, the highest being 0."""
        return next(place for place, one in enumerate(self.levels) if one.code == level)
