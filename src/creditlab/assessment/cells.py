"""Read one table of a methodology file cell by cell, and say where a cell has no meaning.

A number is a number: text in its place is refused, so that no expression is ever looked at, let alone evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from creditlab.errors import MethodologyError

Word = TypeVar("Word", bound=StrEnum)

MILLI = 1000
#: Beyond this a sum over all records of a province might not fit into 64 bits.
_LARGEST = 1_000_000
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9+_-]{0,63}")
#: What tells who reported a record, or where, and nothing about its subject.
REPORTING_WORDS = frozenset(
    {"department", "departments", "provider", "providers", "region", "region_code", "reporting_unit", "unit", "units"}
    | {"inspector", "inspectors", "officer", "delivery", "delivery_id", "row_no", "received_on", "first_received_on"}
    | {"lag", "run_no", "source"}
)


class Cells:
    """One table of the file.

    Parameters
    ----------
    content
        The table as TOML gives it.
    where
        The file and the table's place in it.
    known
        The keys that it may have.
    """

    def __init__(self, content: Any, where: str, known: Collection[str]) -> None:
        if isinstance(content, str):
            do = "Write a table of a field and its values."
            raise MethodologyError("expression", "text stands where a table belongs", where=where, do=do)
        if not isinstance(content, dict):
            raise MethodologyError("kind", "something else stands where a table belongs", where=where)
        for key in content:
            if key not in known:
                self._refuse_key(where, key, known)
        self.content, self.where = content, where

    @staticmethod
    def _refuse_key(where: str, key: str, known: Collection[str]) -> None:
        if key.lower() in REPORTING_WORDS:
            what = "who reports a record, and where, is nothing about its subject"
            raise MethodologyError("reporting_feature", what, where=where, do="Leave it out.")
        do = f"Choose among {', '.join(sorted(known))}."
        raise MethodologyError("unknown_key", "a key is unknown", where=where, do=do)

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self.content

    def text(self, key: str) -> str:
        """A text that says something, on one line."""
        value = self._typed(key, str, "a text")
        if not value.strip() or any(not letter.isprintable() for letter in value):
            raise MethodologyError("kind", "a text is empty or not one line", where=self.at(key))
        return str(value)

    def code(self, key: str = "code") -> str:
        """A short name of letters, digits, _, + and -."""
        value = self.text(key)
        if not _CODE.fullmatch(value):
            raise MethodologyError("kind", "a code can't be used", where=self.at(key), do="Use letters, digits, _, -.")
        return value

    def word(self, key: str, words: type[Word]) -> Word:
        """One of the words that there are."""
        value = self.text(key)
        if value not in set(words):
            do = f"Choose among {', '.join(words)}."
            raise MethodologyError("kind", "a word is none that there is", where=self.at(key), do=do)
        return words(value)

    def day(self, key: str) -> date:
        """A day, without a time."""
        value = self._there(key)
        if not isinstance(value, date) or isinstance(value, datetime):
            raise MethodologyError("kind", "a day is missing", where=self.at(key), do=f"Write {key} = 2026-01-01.")
        return value

    def flag(self, key: str) -> bool:
        """Whether something holds; false where nothing is said."""
        return bool(self._typed(key, bool, "true or false")) if self.has(key) else False

    def whole(self, key: str) -> int:
        """A whole number from 0 on."""
        value = self._number(key)
        if value != int(value) or value < 0:
            raise MethodologyError("kind", "a number is not whole or is below 0", where=self.at(key))
        return int(value)

    def milli(self, key: str) -> int:
        """Points with up to three decimals, as milli-points."""
        value = self._number(key) * MILLI
        if value != int(value):
            raise MethodologyError("decimals", "points have more than three decimals", where=self.at(key))
        return int(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, none twice, at least one."""
        values = self._typed(key, list, "a list of texts")
        if not values or not all(isinstance(one, str) and one.strip() for one in values):
            raise MethodologyError("kind", "a list is empty or holds something else than texts", where=self.at(key))
        if len(set(values)) < len(values):
            raise MethodologyError("twice", "a list holds something twice", where=self.at(key))
        return tuple(values)

    def tables(self, key: str, known: Collection[str]) -> Iterator[Cells]:
        """The tables of a list of tables."""
        values = self._typed(key, list, "a list of tables")
        if not values:
            raise MethodologyError("missing", "a list is empty", where=self.at(key))
        for number, value in enumerate(values, 1):
            name = value.get("code") if isinstance(value, dict) else None
            # A code that can't be one is not repeated: an error shows no text that somebody may have put there.
            shown = name if isinstance(name, str) and _CODE.fullmatch(name) else str(number)
            yield Cells(value, f"{self.at(key)} {shown}", known)

    def at(self, key: str) -> str:
        """Where a key stands."""
        return f"{self.where}, {key}"

    def _there(self, key: str) -> Any:
        if key not in self.content:
            raise MethodologyError("missing", "a key is missing", where=self.at(key), do="Write it.")
        return self.content[key]

    def _typed(self, key: str, kind: type, words: str) -> Any:
        value = self._there(key)
        if type(value) is not kind:
            raise MethodologyError("kind", "a key has a value of another kind", where=self.at(key), do=f"Give {words}.")
        return value

    def _number(self, key: str) -> Decimal:
        value = self._there(key)
        if isinstance(value, str):
            what, do = "text stands where a number belongs", "Write the number; nothing is computed from text."
            raise MethodologyError("expression", what, where=self.at(key), do=do)
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            raise MethodologyError("kind", "a key has a value of another kind", where=self.at(key), do="Give a number.")
        number = Decimal(value)
        if not number.is_finite():
            raise MethodologyError("not_finite", "a number is not finite", where=self.at(key), do="Give a number.")
        if abs(number) > _LARGEST:
            raise MethodologyError("kind", "a number is too large", where=self.at(key), do=f"Stay within {_LARGEST}.")
        return number
