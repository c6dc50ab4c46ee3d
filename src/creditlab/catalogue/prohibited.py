"""Words that betray content which must not be collected (Article 4 and comparable provisions), kept as data."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

#: Latin words as people write them in names of fields: blood_type, bloodType, BLOOD-TYPE, DNASample.
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
#: The longest phrase of the list has fewer words than this.
_PHRASE = 5


@dataclass(frozen=True)
class Ban:
    """One kind of content that must not be collected, with the reason why."""

    name: str
    reason: str
    chinese: tuple[str, ...]
    latin: frozenset[str]
    allowed_chinese: tuple[str, ...]
    allowed_latin: frozenset[str]

    def matches(self, text: str) -> bool:
        """Whether a name of a field or an item speaks of the banned content."""
        folded = unicodedata.normalize("NFKC", text)
        together = "".join(folded.split())
        for phrase in self.allowed_chinese:
            together = together.replace(phrase, " ")
        if any(word in together for word in self.chinese):
            return True
        words = _WORD.findall(folded)
        allowed = {place for span in _spans(words, self.allowed_latin) for place in span}
        return any(not allowed.issuperset(span) for span in _spans(words, self.latin))


def _spans(words: list[str], phrases: frozenset[str]) -> list[range]:
    """Where runs of words, written together, make one of the phrases."""
    return [
        range(start, end)
        for start in range(len(words))
        for end in range(start + 1, min(start + _PHRASE, len(words)) + 1)
        if "".join(words[start:end]).lower() in phrases
    ]


def _build(name: str, entry: dict[str, Any]) -> Ban:
    allowed = entry.get("allowed", [])
    return Ban(
        name,
        entry["reason"],
        tuple(entry["zh"]),
        frozenset(phrase.replace(" ", "") for phrase in [*entry["en"], *entry["pinyin"]]),
        tuple(phrase for phrase in allowed if not phrase.isascii()),
        frozenset(phrase.replace(" ", "") for phrase in allowed if phrase.isascii()),
    )


@cache
def _lexicon() -> tuple[Ban, tuple[Ban, ...]]:
    content = files("creditlab.catalogue").joinpath("prohibited.toml").read_text(encoding="utf-8")
    data = tomllib.loads(content)
    return _build("secret", data["secret"]), tuple(_build(one["name"], one) for one in data["prohibited"])


def ban_on(*texts: str) -> Ban | None:
    """The first ban that any of the texts falls under; None where none does."""
    return next((ban for ban in _lexicon()[1] for text in texts if ban.matches(text)), None)


def secrecy_ban(level: str) -> Ban | None:
    """The ban on secret items, where a security level is a word for secret."""
    secret = _lexicon()[0]
    return secret if secret.matches(level) else None
