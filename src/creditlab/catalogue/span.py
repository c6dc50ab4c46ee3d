"""Spans of days in which a code, a standard or a department's name holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Span:
    """The days from `first` to `last`, both included; None is open.

    Examples
    --------
    >>> Span(date(2026, 7, 1)).holds(date(2026, 6, 30))
    False
    """

    first: date | None = None
    last: date | None = None

    @property
    def is_always(self) -> bool:
        """Whether it holds on every day."""
        return self.first is None and self.last is None

    def holds(self, day: date) -> bool:
        """Whether it holds on a day."""
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)

    def overlaps(self, other: Span) -> bool:
        """Whether there is a day on which both hold."""
        return (self.first is None or other.last is None or self.first <= other.last) and (
            other.first is None or self.last is None or other.first <= self.last
        )


#: Every day.
ALWAYS = Span()


def read_span(first: str, last: str) -> Span | None:
    """The span of two cells, each a day such as 2026-07-01 or empty; None where that can't be read or is reversed."""
    try:
        span = Span(
            date.fromisoformat(first) if first else None,
            date.fromisoformat(last) if last else None,
        )
    except ValueError:
        return None
    # A span overlaps itself unless it ends before it starts.
    return span if span.overlaps(span) else None
