"""The words of changes.csv: what happened to an item between two editions, and why it may be contested (Article 11)."""

from __future__ import annotations

from enum import StrEnum


class Change(StrEnum):
    """What happened to an item between two editions."""

    INCLUDED = "included"
    WITHDRAWN = "withdrawn"
    ALTERED = "altered"


class Contest(StrEnum):
    """Why a change needs an assessment: great differences of opinion, or a social impact that may be great."""

    OPINIONS = "opinions"
    IMPACT = "impact"
