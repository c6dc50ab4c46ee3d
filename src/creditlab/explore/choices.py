"""Words that an analyst types, and what they mean: a wrong one is answered with the ones that come nearest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from html import escape
from typing import Any

from creditlab.errors import ParameterError
from creditlab.terms import Group, Measure

#: How many choices an error names when none comes near.
_NAMED = 14


class By(StrEnum):
    """What a measure can be grouped by in a notebook; each is a column of a release."""

    ITEM = "item_code"
    DEPARTMENT = "department"
    REGION = "region_code"

    @property
    def group(self) -> Group:
        """The group of `measures`."""
        return {By.ITEM: Group.ITEM, By.DEPARTMENT: Group.DEPARTMENT, By.REGION: Group.REGION}[self]

    @property
    def word(self) -> str:
        """What an analyst calls it; also the keyword of `Session.measure` that narrows by it."""
        return self.removesuffix("_code")


_BY_WORDS: Mapping[str, By] = {
    **{one.word: one for one in By},
    **{str(one): one for one in By},
    "unit": By.REGION,
}


class Names(dict[str, str]):
    """Names by code; a code that there isn't is answered with the nearest ones.

    Parameters
    ----------
    what
        What the codes are of, in an error.
    """

    def __init__(self, what: str, names: Mapping[str, str]) -> None:
        super().__init__(names)
        self._what = what

    def __missing__(self, code: str) -> str:
        return self[choose(code, self, self._what)]

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><td>{escape(code)}</td><td>{escape(name)}</td></tr>" for code, name in self.items())
        return f"<table><tbody>{rows}</tbody></table>"


class Text(str):
    """A text that a notebook shows line by line, as it is printed."""

    __slots__ = ()

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


class Helpful:
    """Something whose names are answered with the nearest ones when they are mistyped."""

    def __getattr__(self, name: str) -> Any:
        """Say which names come nearest; asked for only where there is none."""
        near = get_close_matches(name, [one for one in dir(type(self)) if not one.startswith("_")], n=3, cutoff=0.6)
        do = f" Did you mean {' or '.join(near)}?" if near and not name.startswith("_") else ""
        raise AttributeError(f"{type(self).__name__} has no {name}.{do}", name=name, obj=self)


def choose(word: str, known: Collection[str], what: str) -> str:
    """The word where it is one of those known, whatever its case.

    Parameters
    ----------
    known
        The words; or names by code, of which a code is wanted.

    Raises
    ------
    ParameterError
        If it is none; says which ones come nearest.

    Examples
    --------
    >>> choose("timeliness", ["timeliness", "validity"], "measure")
    'timeliness'
    """
    if word in known:
        return word
    by_case = {one.casefold(): one for one in known}
    if str(word).casefold() in by_case:
        return by_case[str(word).casefold()]
    if isinstance(known, Mapping):
        # Somebody wrote a name where its code is wanted.
        named = [code for code, name in known.items() if str(word).casefold() in str(name).casefold()][:3]
        if named and str(word):
            do = f"Did you mean {' or '.join(f'{code} ({known[code]})' for code in named)}?"
            raise ParameterError(f"there is no such {what}", where=what, do=do)
    near = [by_case[one] for one in get_close_matches(str(word).casefold(), by_case, n=3, cutoff=0.5)]
    if near:
        do = f"Did you mean {' or '.join(near)}?"
    else:
        some = sorted(known)[:_NAMED]
        more = f", and {len(known) - len(some)} more" if len(known) > len(some) else ""
        do = f"There are: {', '.join(some)}{more}."
    raise ParameterError(f"there is no such {what}", where=what, do=do)


def choose_measure(word: str) -> Measure:
    """The measure of a name."""
    return Measure(choose(str(word), [str(one) for one in Measure], "measure"))


def choose_groups(words: str | Sequence[str]) -> tuple[By, ...]:
    """The groups of some words, each once."""
    given = [words] if isinstance(words, str) else list(words)
    return tuple(dict.fromkeys(_BY_WORDS[choose(str(word), _BY_WORDS, "grouping")] for word in given))
