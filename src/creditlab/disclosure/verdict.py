"""What disclosure control decides about a cell, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from creditlab.terms import Audience


class Verdict(StrEnum):
    """May a cell be shown? What has to be looked at first is not shown before somebody did."""

    PASS = "pass"
    REVIEW = "review"
    FAIL = "fail"


class Reason(StrEnum):
    """The rule that a verdict comes from."""

    NONE = "none"
    THRESHOLD = "threshold"
    ORGANISATIONS = "organisations"
    RATE = "rate"
    ZERO = "zero"
    FULL = "full"
    SMALL_PART = "small_part"
    DOMINANCE = "dominance"
    P_PERCENT = "p_percent"
    RIGHT_TO_USE = "right_to_use"
    EARLIER_RELEASE = "earlier_release"
    COMPLEMENTARY = "complementary"


#: Rules that a recorded exception may set aside. Small groups of natural persons are never shown (Article 4), an item's
#: right to use is the catalogue's to change, and what is hidden for others' sake can't be shown without them.
EXCEPTABLE = frozenset({Reason.ZERO, Reason.FULL, Reason.SMALL_PART, Reason.DOMINANCE, Reason.P_PERCENT})


@dataclass(frozen=True)
class Exemption:
    """A decision of somebody to show what a rule would have looked at first.

    Parameters
    ----------
    rule, audience, measure
        What is shown, to whom; an empty measure means every one.
    by, why
        Who decided, and the reason.
    until
        The last day on whose state it may be used.
    """

    rule: Reason
    audience: Audience
    measure: str
    by: str
    why: str
    until: date

    def covers(self, rule: Reason, audience: Audience, measure: str, as_of: date) -> bool:
        """Whether it is about a cell."""
        is_about = self.rule is rule and self.audience is audience and self.measure in ("", measure)
        return is_about and as_of <= self.until


@dataclass(frozen=True)
class Judgement:
    """What became of a release's cells, for those who made it; readers are told nothing of why a cell is hidden.

    Parameters
    ----------
    cells
        How many cells there are, by verdict and reason.
    counted, counted_hidden
        The sum of what all cells count, and of the hidden ones: what protection costs.
    unprotected
        Hidden cells that earlier releases give away whatever is hidden now.
    """

    cells: Mapping[tuple[Verdict, Reason], int] = field(default_factory=dict)
    counted: int = 0
    counted_hidden: int = 0
    unprotected: int = 0

    @property
    def hidden(self) -> int:
        """How many cells are hidden."""
        return sum(number for (verdict, _), number in self.cells.items() if verdict is not Verdict.PASS)
