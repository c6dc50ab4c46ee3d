"""Every word on a page exists in both languages."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import creditlab
from creditlab.catalogue import Catalogue
from creditlab.messages import DOMAIN, LOCALE, Messages
from creditlab.periods import parse_period
from creditlab.reports.quarterly.words import COUNT_TITLES, MEASURES, fault_words
from creditlab.terms import COUNTS, Language, Measure

SOURCE = Path(creditlab.__file__).parent
#: What marks a message, and how many of its arguments are messages.
MARKS = {"_": 1, "N_": 1, "gettext": 1, "ngettext": 2}


def messages_of(language: Language) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def in_code() -> set[str]:
    """Every message in the code, f-strings included, and in the templates."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                arguments = node.args[: MARKS.get(name, 0)]
                found |= {
                    one.value for one in arguments if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    for path in SOURCE.rglob("*.j2"):
        found |= set(re.findall(r'\b_\("([^"]*)"\)', path.read_text("utf-8")))
    return found


def in_catalogue(language: Language) -> set[str]:
    return {one for message in messages_of(language) if message.id for one in _both(message.id)}


def _both(words: str | tuple[str, ...] | list[str]) -> list[str]:
    return [words] if isinstance(words, str) else list(words)


@pytest.mark.parametrize("language", list(Language))
def test_catalogue_has_the_codes_messages_and_no_others(language: Language) -> None:
    assert in_catalogue(language) == in_code()


def test_every_message_is_in_chinese() -> None:
    catalogue = messages_of(Language.ZH_CN)
    lacking = [one.id for one in catalogue if one.id and (not all(_both(one.string)) or one.fuzzy)]
    assert lacking == []
    assert not catalogue.obsolete


def test_translations_keep_their_placeholders() -> None:
    for message in messages_of(Language.ZH_CN):
        for text in _both(message.string):
            wanted = {name for _, name, _, _ in string.Formatter().parse(_both(message.id)[-1]) if name}
            assert {name for _, name, _, _ in string.Formatter().parse(text) if name} == wanted


def test_every_measure_and_count_has_its_words() -> None:
    assert set(MEASURES) == set(Measure)
    assert tuple(COUNT_TITLES) == COUNTS
    assert all("Article" in words.article for words in MEASURES.values())


def test_unknown_fault_is_shown_by_its_code() -> None:
    empty = Catalogue((), {}, {}, {})
    assert fault_words("later_rule:x", empty, Messages(Language.EN)) == ("later_rule:x", "")


@pytest.mark.parametrize(
    ("language", "period", "text"),
    [
        (Language.EN, "2026Q3", "3rd quarter 2026"),
        (Language.ZH_CN, "2026Q3", "2026年第三季度"),
        (Language.EN, "2026-08", "August 2026"),
        (Language.ZH_CN, "2026-08", "2026年8月"),
        (Language.ZH_CN, "2026", "2026年"),
        (Language.EN, "2026-07-01/2026-07-15", "July 1, 2026 to July 14, 2026"),
    ],
)
def test_periods_are_written_out(language: Language, period: str, text: str) -> None:
    assert Messages(language).period(parse_period(period)) == text
