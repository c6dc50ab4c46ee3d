"""A disclosure policy as its file has it: every key is known, or the policy is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, TypeVar

from creditlab.disclosure.policy import AmountRules, Overlap, Policy
from creditlab.disclosure.verdict import EXCEPTABLE, Exemption, Reason, Verdict
from creditlab.errors import WorkspaceError
from creditlab.terms import Audience, RightToUse, SecurityLevel

_AUDIENCES = {str(one) for one in Audience}
_RATE_RULES = (Reason.ZERO, Reason.FULL, Reason.SMALL_PART)
_SECTIONS = {
    "name", "natural_persons", "organisations", "open", "rates", "amounts", "rounding", "catalogue", "exceptions",
    "overlaps",
}  # fmt: skip
Word = TypeVar("Word", bound=StrEnum)


def parse_policy(path: Path) -> Policy:
    """Read a policy's file; see `read_policy`."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkspaceError(
            "the disclosure policy can't be read", where=path.name, do="See [paths] policy."
        ) from error
    return _Parser(path.name).policy(content)


class _Parser:
    def __init__(self, file: str) -> None:
        self._file = file

    def policy(self, content: dict[str, Any]) -> Policy:
        self._only(content, _SECTIONS, "")
        persons = self._only(content.get("natural_persons"), {"threshold", "rates"}, "natural_persons")
        organisations = self._only(content.get("organisations", {}), {"threshold"}, "organisations")
        open_ = self._only(content.get("open", {}), {"count", "part"}, "open")
        amounts = self._only(content.get("amounts", {}), {"n", "k", "p"}, "amounts")
        rounding = self._only(content.get("rounding", {}), {"base"}, "rounding")
        catalogue = self._only(content.get("catalogue", {}), {"in_full", "rights"}, "catalogue")
        threshold = self._numbers(persons.get("threshold"), "natural_persons.threshold")
        usual, rules = Policy("", {}, {}), AmountRules()
        return Policy(
            str(content.get("name", self._file.removesuffix(".toml"))),
            threshold,
            self._words(catalogue, "in_full", SecurityLevel, dict.fromkeys(Audience, (SecurityLevel.PUBLIC,))),
            self._numbers(persons["rates"], "natural_persons.rates") if "rates" in persons else threshold,
            self._number(open_, "count", "open", usual.count_width, 1),
            self._number(open_, "part", "open", usual.part_width, 0),
            self._verdicts(content.get("rates", {})),
            AmountRules(
                self._number(amounts, "n", "amounts", rules.n, 1),
                self._number(amounts, "k", "amounts", int(rules.k), 1),
                self._number(amounts, "p", "amounts", int(rules.p), 1),
            ),
            self._number(rounding, "base", "rounding", 0, 0),
            self._words(catalogue, "rights", RightToUse, usual.rights),
            self._numbers(organisations["threshold"], "organisations.threshold") if organisations else threshold,
            tuple(self._exception(one) for one in self._list(content, "exceptions")),
            tuple(self._overlap(one) for one in self._list(content, "overlaps")),
        )

    def _refuse(self, what: str, where: str, do: str = "See the policy that creditlab brings.") -> NoReturn:
        raise WorkspaceError(what, where=f"{self._file}, {where}", do=do)

    def _only(self, section: Any, known: set[str], where: str) -> dict[str, Any]:
        if not isinstance(section, dict):
            self._refuse("the disclosure policy lacks a section", where or ", ".join(sorted(known)))
        unknown = sorted(set(section) - known)
        if unknown:
            self._refuse("the disclosure policy has an unknown key", unknown[0])
        return section

    def _numbers(self, section: Any, where: str) -> Mapping[Audience, int]:
        numbers = self._only(section, _AUDIENCES, where)
        for audience in Audience:
            number = numbers.get(audience)
            if not isinstance(number, int) or isinstance(number, bool) or number < 1:
                self._refuse(
                    "a threshold is missing or is no whole number above 0",
                    f"[{where}] {audience}",
                    "Give one number for each audience.",
                )
        return MappingProxyType({audience: int(numbers[audience]) for audience in Audience})

    def _number(self, section: dict[str, Any], key: str, where: str, usual: int, least: int) -> int:
        number = section.get(key, usual)
        if not isinstance(number, int) or isinstance(number, bool) or number < least:
            self._refuse(f"a number is no whole number of {least} or more", f"[{where}] {key}")
        return number

    def _words(
        self, section: dict[str, Any], key: str, kind: type[Word], usual: Mapping[Audience, tuple[Word, ...]]
    ) -> Mapping[Audience, tuple[Word, ...]]:
        """A list of words by audience; a policy that is silent shows nobody other than what `usual` says."""
        if key not in section:
            return MappingProxyType(dict(usual))
        where = f"catalogue.{key}"
        words = self._only(section[key], _AUDIENCES, where)
        found = {}
        for audience in Audience:
            given = words.get(audience)
            if not isinstance(given, list) or not {str(word) for word in given} <= set(kind):
                self._refuse(
                    "the levels shown in full are missing or none that there are"
                    if kind is SecurityLevel
                    else "the rights to use are missing or none that there are",
                    f"[{where}] {audience}",
                    f"Give a list for each audience, of {', '.join(kind)}.",
                )
            found[audience] = tuple(kind(word) for word in given)
        return MappingProxyType(found)

    def _verdicts(self, section: Any) -> Mapping[Reason, Verdict]:
        words = self._only(section, set(_RATE_RULES), "rates")
        for rule, word in words.items():
            self._one_of(Verdict, word, f"[rates] {rule}")
        return MappingProxyType({Reason(rule): Verdict(word) for rule, word in words.items()})

    def _one_of(self, kind: type[Word], word: Any, where: str) -> Word:
        if word not in set(kind):
            self._refuse("a word is none that there is", where, f"Choose among {', '.join(kind)}.")
        return kind(word)

    def _list(self, content: dict[str, Any], key: str) -> list[Any]:
        entries = content.get(key, [])
        if not isinstance(entries, list):
            self._refuse("a list of sections is expected", f"[[{key}]]")
        return entries

    def _exception(self, entry: Any) -> Exemption:
        where = "[[exceptions]]"
        self._only(entry, {"rule", "audience", "measure", "by", "why", "until"}, where)
        rule = self._one_of(Reason, entry.get("rule"), f"{where} rule")
        if rule not in EXCEPTABLE:
            do = f"Only these can be set aside: {', '.join(sorted(EXCEPTABLE))}."
            self._refuse("a rule has no exceptions", f"{where} rule", do)
        by, why = (str(entry.get(key, "")).strip() for key in ("by", "why"))
        if not by or not why:
            self._refuse("an exception doesn't say who decided it and why", where, "Write `by` and `why`.")
        audience = self._one_of(Audience, entry.get("audience"), f"{where} audience")
        return Exemption(rule, audience, str(entry.get("measure", "")), by, why, self._day(entry, "until", where))

    def _overlap(self, entry: Any) -> Overlap:
        where = "[[overlaps]]"
        self._only(entry, {"whole", "parts", "before"}, where)
        parts = entry.get("parts")
        if not isinstance(parts, list) or not all(isinstance(one, str) and one for one in parts) or not parts:
            self._refuse("an overlap has no parts", f"{where} parts")
        return Overlap(str(entry.get("whole", "")), tuple(parts), self._day(entry, "before", where))

    def _day(self, entry: dict[str, Any], key: str, where: str) -> date:
        day = entry.get(key)
        if not isinstance(day, date) or isinstance(day, datetime):
            self._refuse("a day is missing", f"{where} {key}", "Write a day such as 2026-12-31.")
        return day
