"""What a card must be before it may be released, and the reasons that are signed for what looks like a leak."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from creditlab.errors import ScorecardError
from creditlab.scorecards.card import Card, Protocol
from creditlab.scorecards.measures import Measure

#: A variable that by itself ranks better than a coin by more than this, in hundredths of AUC, is taken for a leak.
LEAK = 10


class Gate(StrEnum):
    """What is asked of a card."""

    PROTOCOL = "protocol"
    BRIER = "brier"
    LEAK = "leak"


@dataclass(frozen=True)
class Reason:
    """Why a variable that looks like a leak is none: who says so, by which document, on which day."""

    variable: str
    text: str
    by: str
    document: str
    on: date


def suspects(card: Card) -> tuple[str, ...]:
    """Variables that alone add more than 0.10 of AUC: leaks until shown otherwise."""
    return tuple(
        one.name for one in card.variables if 200 * one.alone[0] > (100 + 2 * LEAK) * one.alone[1]
    )  # fmt: skip


def hold(card: Card, explained: Collection[str] = ()) -> dict[Gate, bool]:
    """Whether each gate holds; what can't be told does not.

    Parameters
    ----------
    explained
        Variables for which a reason was signed.
    """
    brier, constant = card.find(Measure.BRIER), card.find(Measure.BRIER_CONSTANT)
    is_better = brier is not None and constant is not None and brier.part < constant.part
    return {
        Gate.PROTOCOL: card.protocol is Protocol.OUT_OF_TIME,
        Gate.BRIER: is_better,
        Gate.LEAK: set(suspects(card)) <= set(explained),
    }


def refuse_broken(card: Card, explained: Collection[str] = ()) -> None:
    """Refuse to release a card that breaks a gate.

    Raises
    ------
    ScorecardError
        With the code `scorecard_protocol`, `scorecard_brier` or `scorecard_leak`.
    """
    held = hold(card, explained)
    if not held[Gate.PROTOCOL]:
        do = "Fit it out of time: on earlier days, tried on later ones."
        what = "a card that was tried on the time it was fitted on is for study only"
        raise ScorecardError(Gate.PROTOCOL, what, where=card.name, do=do)
    if not held[Gate.BRIER]:
        do = "There is nothing to release: whoever says the same of everybody is wrong by no more."
        raise ScorecardError(
            Gate.BRIER, "a card's Brier score is no better than the constant's", where=card.name, do=do
        )
    if not held[Gate.LEAK]:
        left = [one for one in suspects(card) if one not in explained]
        what = "a variable alone adds more than 0.10 to the AUC: a leak until shown otherwise"
        do = "Leave it out, or have a reason signed: --reason VARIABLE=TEXT."
        raise ScorecardError(Gate.LEAK, what, where=", ".join(left), do=do)
