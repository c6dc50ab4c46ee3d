"""Departments over time: what they were called, who they were merged into, and under which other codes they deliver."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from datetime import date

from creditlab.catalogue.span import Span
from creditlab.terms import ReportingLevel


@dataclass(frozen=True)
class Spell:
    """What holds for a department in a span of days.

    Attributes
    ----------
    name_zh, name_en
        Its names then; empty where they are those of departments.csv.
    aliases
        Other codes or names under which it delivers.
    level
        Whether it is an authority of the province, a prefecture or a county; None where that is not said.
    merged_into
        The department that is responsible from the day after the span; None where the span ends otherwise.
    """

    department: str
    span: Span
    name_zh: str = ""
    name_en: str = ""
    aliases: tuple[str, ...] = ()
    level: ReportingLevel | None = None
    merged_into: str | None = None


@dataclass(frozen=True)
class DepartmentHistory:
    """The rows of department_history.csv, in their order."""

    spells: tuple[Spell, ...] = ()

    def own_code(self, word: str, day: date, known: Container[str]) -> str:
        """The code of the department that a delivery of a day names, mergers aside; the word itself where none has it.

        An alias holds from its first day on, also after its last one: what was sent under an old name is somebody's.
        """
        if word in known:
            return word
        named = [one for one in self.spells if word in one.aliases and (one.span.first or date.min) <= day]
        holding = [one for one in named if one.span.holds(day)]
        newest = max(holding or named, key=lambda one: one.span.first or date.min, default=None)
        return newest.department if newest else word

    def heir(self, code: str, day: date) -> str:
        """The department that is responsible on a day for what a department was responsible for."""
        # A table whose mergers lead round is refused when it is read.
        while True:
            merged = next((one.merged_into for one in self._mergers(code) if _is_over(one, day)), None)
            if merged is None:
                return code
            code = merged

    def on(self, code: str, day: date) -> Spell | None:
        """What the table says of a department's name and level on a day; None where it says nothing."""
        return next((one for one in self.spells if one.department == code and one.span.holds(day)), None)

    def heirs_on(self, day: date) -> dict[str, str]:
        """For each department that is merged by a day, the one that is responsible then."""
        merged = {one.department for one in self.spells if one.merged_into and _is_over(one, day)}
        return {code: self.heir(code, day) for code in sorted(merged)}

    @property
    def into(self) -> dict[str, str]:
        """For each department that is ever merged, the one that it is merged into."""
        return {one.department: one.merged_into for one in self.spells if one.merged_into}

    def circle(self) -> str | None:
        """A department from which mergers lead round for ever; None where none does."""
        into = self.into
        for start in into:
            at, steps = start, 0
            while at in into and steps <= len(into):
                at, steps = into[at], steps + 1
            if at in into:
                return start
        return None

    def _mergers(self, code: str) -> list[Spell]:
        return [one for one in self.spells if one.department == code and one.merged_into]


def _is_over(spell: Spell, day: date) -> bool:
    return spell.span.last is not None and spell.span.last < day
