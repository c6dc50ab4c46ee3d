"""Whether the figures about a methodology keep what it says of itself; one that breaks a gate is not published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from creditlab.assessment.methodology import Methodology
from creditlab.errors import MethodologyError


class Gate(StrEnum):
    """The gates, as a methodology's file names them."""

    NEAR = "near_percent"
    WEIGHT = "weight_percent"
    INFORMATION = "information_percent"
    STABLE = "stable_percent"
    MONOTONE = "monotone_outcomes"


@dataclass(frozen=True)
class Share:
    """A part of a whole, in whole numbers."""

    part: int
    whole: int

    def is_at_most(self, percent: int) -> bool:
        """Whether it is no more than so many per cent; a part of nothing is not."""
        return self.whole > 0 and 100 * self.part <= percent * self.whole

    def is_at_least(self, percent: int) -> bool:
        """Whether it is no less than so many per cent; a part of nothing is not."""
        return self.whole > 0 and 100 * self.part >= percent * self.whole


@dataclass(frozen=True)
class Tried:
    """What was found out about a methodology.

    Attributes
    ----------
    near
        Organisations near a bound, of those with records.
    weight
        The points of the indicator that gives or takes most, of all points.
    information
        Organisations with a score, of all.
    stable
        Levels that stayed, of all that were taken in the joint draws.
    fall_p
        How often chance alone would show the steepest fall of adverse outcomes from a grade to the next lower one; None
        where the lake does not reach far enough back to tell.
    trend_p
        Of the trend test along the levels; None where there was nothing to compare.
    """

    near: Share
    weight: Share
    information: Share
    stable: Share
    fall_p: float | None
    trend_p: float | None


def hold(methodology: Methodology, tried: Tried) -> dict[Gate, bool]:
    """Whether each gate holds; empty for a methodology without gates. What can't be told does not hold."""
    gates = methodology.gates
    if gates is None:
        return {}
    held = {
        Gate.NEAR: tried.near.is_at_most(gates.near_most),
        Gate.WEIGHT: tried.weight.is_at_most(gates.weight_most),
        Gate.INFORMATION: tried.information.is_at_least(gates.information_least),
        Gate.STABLE: tried.stable.is_at_least(gates.stable_least),
    }
    if gates.is_monotone:
        has_trend = tried.trend_p is not None and 100 * tried.trend_p <= gates.trend_most
        falls = tried.fall_p is None or 100 * tried.fall_p < gates.fall_least
        held[Gate.MONOTONE] = has_trend and not falls
    return held


def said(methodology: Methodology, tried: Tried) -> list[dict[str, Any]]:
    """One row per gate: what is held against its bound, as whole numbers or as probabilities, and whether it holds."""
    gates, held = methodology.gates, hold(methodology, tried)
    if gates is None:
        return []
    shares = {
        Gate.NEAR: (tried.near, {"at_most": gates.near_most}),
        Gate.WEIGHT: (tried.weight, {"at_most": gates.weight_most}),
        Gate.INFORMATION: (tried.information, {"at_least": gates.information_least}),
        Gate.STABLE: (tried.stable, {"at_least": gates.stable_least}),
    }
    rows: list[dict[str, Any]] = [
        {"gate": str(gate), "part": share.part, "whole": share.whole, **bound, "holds": held[gate]}
        for gate, (share, bound) in shares.items()
    ]
    if gates.is_monotone:
        figures = {"trend_p": tried.trend_p, "at_most": gates.trend_most}
        figures |= {"fall_p": tried.fall_p, "at_least": gates.fall_least}
        rows.append({"gate": str(Gate.MONOTONE), **figures, "holds": held[Gate.MONOTONE]})
    return rows


def refuse_broken(methodology: Methodology, broken: Sequence[Gate], do: str) -> None:
    """Refuse a methodology that breaks a gate of its own.

    Parameters
    ----------
    do
        Where its figures are.

    Raises
    ------
    MethodologyError
        With the code `methodology_gate`, naming every gate that is broken.
    """
    if broken:
        where = f"{methodology.name}, [gates] {', '.join(broken)}"
        do = f"Mend the methodology, on principle; {do}"
        raise MethodologyError("gate", "the methodology breaks its own gates", where=where, do=do)
