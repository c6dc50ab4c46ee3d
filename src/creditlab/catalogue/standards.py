"""The standards register (Article 10): which standard holds from when until when, and what rests on it.

An edition is sealed for its year; a standard is replaced on a day of its own. So the form that a standard prescribes
for a field is kept here, dated, and an event is judged by the form that was in force when it happened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from creditlab.catalogue.span import Span

_TARGET = re.compile(r"(code_list|format|field):(.+)")


class TargetKind(StrEnum):
    """What can rest on a standard."""

    CODE_LIST = "code_list"
    FORMAT = "format"
    FIELD = "field"


@dataclass(frozen=True)
class Target:
    """A code list, a data format, or one field of it (`format.field`) that rests on a standard."""

    kind: TargetKind
    name: str

    @classmethod
    def parse(cls, text: str) -> Target | None:
        """Read `code_list:sorts`, `format:licence` or `field:licence.number`; None where it is none of them."""
        match = _TARGET.fullmatch(text)
        if match is None or (match[1] == TargetKind.FIELD and "." not in match[2]):
            return None
        return cls(TargetKind(match[1]), match[2].strip())

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


@dataclass(frozen=True)
class Standard:
    """One version of a standard, the days in which it is in force, and what rests on it.

    `pattern` is the form that it prescribes for the fields that rest on it; None where it prescribes none.
    """

    standard: str
    version: str
    name_zh: str
    name_en: str
    span: Span
    targets: tuple[Target, ...]
    pattern: str | None = None

    @property
    def label(self) -> str:
        """The standard with its version, as people cite it."""
        return f"{self.standard}-{self.version}" if self.version else self.standard


@dataclass(frozen=True)
class DatedPattern:
    """The form that a field's values have in a span of days."""

    span: Span
    pattern: str


def patterns_of(standards: tuple[Standard, ...], data_format: str, field: str) -> tuple[DatedPattern, ...]:
    """The dated forms of one field; the first that is in force on the event's day holds, else the edition's own."""
    target = Target(TargetKind.FIELD, f"{data_format}.{field}")
    return tuple(
        DatedPattern(one.span, one.pattern) for one in standards if one.pattern is not None and target in one.targets
    )
