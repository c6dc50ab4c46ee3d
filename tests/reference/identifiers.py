"""Identifiers and names, folded and checked one character at a time."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
RESIDENT_CHECKS = "10X98765432"
OPENING = "([{（［｛【〔〖《〈「『<"
CLOSING = ")]}）］｝】〕〗》〉」』>"


def fold(text: str) -> str:
    """NFKC, trimmed, upper case."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def uscc_check(first_17: str) -> str:
    """The eighteenth character of a unified social credit code."""
    total = 0
    weight = 1
    for character in first_17:
        total += USCC_ALPHABET.index(character) * weight
        weight = weight * 3 % 31
    return USCC_ALPHABET[(31 - total % 31) % 31]


def is_uscc(code: str) -> bool:
    if len(code) != 18 or any(c not in USCC_ALPHABET for c in code):
        return False
    return uscc_check(code[:17]) == code[17]


def resident_check(first_17: str) -> str:
    """The eighteenth character of a resident ID (GB 11643)."""
    total = sum(int(c) * w for c, w in zip(first_17, RESIDENT_WEIGHTS, strict=True))
    return RESIDENT_CHECKS[total % 11]


def is_resident_id(text: str) -> bool:
    text = text.upper()
    if re.fullmatch(r"[0-9]{17}[0-9X]", text) is None:
        return False
    return resident_check(text[:17]) == text[17]


def has_resident_id(text: str) -> bool:
    """Whether any 18 characters that stand apart from other digits are a resident ID."""
    for found in re.finditer(r"(?<![0-9])[0-9]{17}[0-9Xx](?![0-9])", text):
        if is_resident_id(found.group(0)):
            return True
    return False


def has_plausible_birth_date(resident_id: str) -> bool:
    try:
        datetime.strptime(resident_id[6:14], "%Y%m%d")
    except ValueError:
        return False
    return True


def fold_name(name: str) -> str:
    """Width, case, space and bracket folding; what stands in the brackets is kept."""
    kept = []
    for character in unicodedata.normalize("NFKC", name).casefold():
        if character.isspace():
            continue
        if character in OPENING:
            character = "("
        if character in CLOSING:
            character = ")"
        kept.append(character)
    return "".join(kept)
