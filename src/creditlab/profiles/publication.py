"""The rules of publication: for how long adverse information may be published; dated, and kept in a file."""

from __future__ import annotations

import hashlib
import itertools
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from creditlab.errors import ParameterError, WorkspaceError
from creditlab.terms import Nature, PublicationClass, SubjectRole

DEFAULT_RULES = Path(__file__).with_name("publication.toml")
#: What an outcome may say of a promise or a listing, beside the class of an adverse record.
KEPT, BROKEN, ENDED = "kept", "broken", "ended"
_MEANINGS = (*(str(one) for one in PublicationClass), KEPT, BROKEN, ENDED)
_ADVERSE = (Nature.NEGATIVE, Nature.SERIOUS)
#: Nobody's information is published for longer than a long life.
_LONGEST = 1200


@dataclass(frozen=True)
class Span:
    """Months after the event: from `least` on repair may be asked for, from `most` on publication is over."""

    least: int
    most: int


@dataclass(frozen=True)
class RuleSet:
    """One set of rules, in force from a day until the next set's.

    Attributes
    ----------
    start
        The first day on which it is in force.
    spans
        The months of each class.
    longer_least, longer_items
        Items whose repair may be asked for no earlier than after so many months, whatever their class.
    """

    name_zh: str
    name_en: str
    start: date
    spans: Mapping[PublicationClass, Span]
    longer_least: int = 0
    longer_items: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcomes:
    """What the values of one field of a record schema mean."""

    field: str
    meaning: Mapping[str, tuple[str, ...]]

    @property
    def decides(self) -> bool:
        """Whether for how long a record is published hangs on them."""
        return any(self.values(name) for name in (*PublicationClass, ENDED))

    def values(self, meaning: str) -> tuple[str, ...]:
        """The values that mean something."""
        return self.meaning.get(meaning, ())


@dataclass(frozen=True)
class Recognised:
    """By what bodies of a role are recognised: industry codes of the register, or items that register them."""

    industries: tuple[str, ...]
    items: tuple[str, ...]


@dataclass(frozen=True)
class PublicationRules:
    """All sets of rules, the class of adverse items, and what outcomes mean.

    Attributes
    ----------
    sets
        In the order in which they came into force.
    by_nature
        The class of an adverse record whose outcome says none.
    outcomes
        By record schema.
    roles
        By the name of the role; none where nobody has a view of its own.
    digest
        SHA-256 over the canonical form: two files that say the same have the same digest.
    """

    sets: tuple[RuleSet, ...]
    by_nature: Mapping[Nature, PublicationClass]
    outcomes: Mapping[str, Outcomes]
    roles: Mapping[str, Recognised] = field(default_factory=dict)
    digest: str = field(default="", compare=False)

    def on(self, day: date) -> RuleSet:
        """The set that is in force on a day.

        Raises
        ------
        ParameterError
            If none was in force yet: nothing is guessed about such a day.
        """
        begun = [one for one in self.sets if one.start <= day]
        if not begun:
            first = self.sets[0].start.isoformat()
            raise ParameterError(
                "no rules of publication were in force on that day", where="as_of", do=f"Name a day from {first} on."
            )
        return begun[-1]


def read_rules(path: Path | None = None) -> PublicationRules:
    """Read the rules; without a path, those that creditlab brings.

    Raises
    ------
    WorkspaceError
        If the file is missing or can't be read, has an unknown key, lacks one, says a thing twice, has sets out of
        order, or months that are none: rules that are half understood decide nothing about anyone.

    Examples
    --------
    >>> from datetime import date
    >>> read_rules().on(date(2026, 10, 20)).spans[PublicationClass.GENERAL]
    Span(least=3, most=12)
    """
    path = path or DEFAULT_RULES
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkspaceError(
            "the rules of publication can't be read", where=path.name, do="See [paths] publication."
        ) from error
    checked = _Checked(path.name)
    checked.keys(content, {"rules", "nature", "outcomes"}, "", frozenset({"roles"}))
    sets = tuple(checked.rule_set(one, number) for number, one in enumerate(checked.several(content["rules"]), 1))
    for number, (before, after) in enumerate(itertools.pairwise(sets), 2):
        if after.start <= before.start:
            raise checked.error("sets of rules overlap", f"[[rules]] {number} from", "Put them in order, a day each.")
    nature = checked.keys(content["nature"], {str(one) for one in _ADVERSE}, "[nature]")
    outcomes = content["outcomes"]
    if not isinstance(outcomes, dict):
        raise checked.error("a section is no section", "[outcomes]", "Give one section for each record schema.")
    roles = checked.keys(content.get("roles", {}), set(), "[roles]", frozenset(SubjectRole))
    canonical = json.dumps(content, sort_keys=True, ensure_ascii=False, default=date.isoformat)
    return PublicationRules(
        sets,
        {one: checked.publication_class(nature[one], f"[nature] {one}") for one in _ADVERSE},
        {name: checked.outcomes(one, f"[outcomes.{name}]") for name, one in outcomes.items()},
        {name: checked.recognised(roles[name], f"[roles.{name}]") for name in roles},
        hashlib.sha256(canonical.encode()).hexdigest(),
    )


class _Checked:
    """Parts of the file, each looked at before it is believed."""

    def __init__(self, file: str) -> None:
        self._file = file

    def error(self, what: str, where: str, do: str) -> WorkspaceError:
        return WorkspaceError(what, where=f"{self._file}{', ' if where else ''}{where}", do=do)

    def keys(
        self, section: Any, needed: set[str], where: str, optional: frozenset[str] = frozenset()
    ) -> dict[str, Any]:
        """A section that has the keys that it needs, and none that nobody knows."""
        if not isinstance(section, dict):
            raise self.error("a section is no section", where, f"It has: {', '.join(sorted(needed))}.")
        for names, what in ((set(section) - needed - optional, "unknown"), (needed - set(section), "missing")):
            if names:
                do = f"It has: {', '.join(sorted(needed | optional))}."
                raise self.error(f"a key is {what}", f"{where} {sorted(names)[0]}".strip(), do)
        return section

    def several(self, value: Any) -> list[Any]:
        if not isinstance(value, list) or not value:
            raise self.error("there is no set of rules", "[[rules]]", "Give one at least.")
        return value

    def rule_set(self, value: Any, number: int) -> RuleSet:
        where = f"[[rules]] {number}"
        classes = {str(one) for one in PublicationClass}
        section = self.keys(value, {"name_zh", "name_en", "from", *classes}, where, frozenset({"longer"}))
        if not all(isinstance(section[one], str) and section[one].strip() for one in ("name_zh", "name_en")):
            raise self.error("a set of rules has no name", where, "Name it in both languages.")
        if type(section["from"]) is not date:
            raise self.error("a set of rules has no first day", f"{where} from", "Write a day, as 2026-04-01.")
        spans = {one: self.span(section[one], f"{where} {one}") for one in PublicationClass}
        longer = self.keys(section.get("longer", {"least": 0, "items": []}), {"least", "items"}, f"{where} longer")
        return RuleSet(
            str(section["name_zh"]),
            str(section["name_en"]),
            section["from"],
            spans,
            self.months(longer["least"], f"{where} longer"),
            self.texts(longer["items"], f"{where} longer"),
        )

    def span(self, value: Any, where: str) -> Span:
        section = self.keys(value, {"least", "most"}, where)
        span = Span(self.months(section["least"], where), self.months(section["most"], where))
        if span.most < max(span.least, 1):
            raise self.error("publication ends before it may be repaired", where, "Let most be no less than least.")
        return span

    def months(self, value: Any, where: str) -> int:
        # The very type: to Python, True is a number.
        if type(value) is not int or not 0 <= value <= _LONGEST:
            raise self.error("a number of months is none", where, f"Write a whole number from 0 to {_LONGEST}.")
        return value

    def texts(self, value: Any, where: str) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(one, str) and one.strip() for one in value):
            raise self.error("a list is no list of texts", where, 'Write a list such as ["A", "B"].')
        return tuple(value)

    def publication_class(self, value: Any, where: str) -> PublicationClass:
        if value not in {str(one) for one in PublicationClass}:
            raise self.error("a class is unknown", where, f"Choose among {', '.join(PublicationClass)}.")
        return PublicationClass(value)

    def recognised(self, value: Any, where: str) -> Recognised:
        section = self.keys(value, {"industries", "items"}, where)
        return Recognised(*(self.texts(section[name], f"{where} {name}") for name in ("industries", "items")))

    def outcomes(self, value: Any, where: str) -> Outcomes:
        section = self.keys(value, {"field"}, where, frozenset(_MEANINGS))
        if not isinstance(section["field"], str) or not section["field"].strip():
            raise self.error("an outcome has no field", where, "Name a field of the record schema.")
        meaning = {name: self.texts(section[name], f"{where} {name}") for name in _MEANINGS if name in section}
        for kinds in (tuple(PublicationClass), (KEPT, BROKEN), (ENDED,)):
            values = [one for kind in kinds for one in meaning.get(str(kind), ())]
            if len(set(values)) < len(values):
                raise self.error("a value means two things", where, "Let it stand in one list.")
        return Outcomes(section["field"], meaning)
