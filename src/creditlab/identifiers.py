"""Identifiers of subjects: unified social credit codes, resident-ID detection, keyed pseudonyms.

All functions work on whole Arrow columns. GB 32100-2015 gives the credit code, GB 11643-1999 the resident ID.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.textbytes import holds_any, may_hold_run, whole

if TYPE_CHECKING:
    from collections.abc import Callable

#: GB 32100-2015: digits and capitals without I, O, S, V, Z; a character's value is its place.
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_USCC_LENGTH = 18
#: Weights 3^i mod 31 of the first 17 places. The check character has weight 1, so that a right code sums to 0 mod 31.
_USCC_WEIGHTS = [3**place % 31 for place in range(17)] + [1]
#: Marks a character outside the alphabet; 18 of them and the largest sum still fit into 16 bits.
_ILLEGAL = 1024
_RESIDENT_WEIGHTS = [2 ** (17 - place) % 11 for place in range(17)]
_RESIDENT_CHECKS = "10X98765432"
#: 6 digits of place, a birth date, 3 digits of sequence and a check character, not inside a longer number.
_RESIDENT_FORM = re.compile(
    r"(?<![0-9])[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[0-9Xx](?![0-9])"
)
#: The same, without look-arounds, for Arrow's regular expressions; it finds candidates that are then examined.
_RESIDENT_HINT = r"[1-9][0-9]{5}(18|19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]"
#: Any digit of any script and width that folding turns into 0 to 9, so that a number can't hide in full width.
_NUMBER_HINT = r"\p{N}{17}[\p{N}\p{L}]"
#: The bytes of UTF-8 that such a number can have: ASCII digits, and the characters that fold to them.
_NUMBER_BYTES = frozenset({*b"0123456789", *range(0x80, 0xC0), 0xC2, 0xE2, 0xE3, 0xEF, 0xF0})
_OPENING, _CLOSING = "[{<〔【〈《「『〖", "]}>〕】〉》」』〗"
#: Bytes of the characters from U+4000 to U+9FFF, nearly all that Chinese names are written in: they have one form.
_CHINESE_BYTES = frozenset({*range(0x80, 0xC0), *range(0xE4, 0xEA)})
#: Bytes of UTF-8 without which folding a name, or an identifier, leaves it as it is.
_FOLDED_IN_NAMES = frozenset(range(256)) - {*b"0123456789abcdefghijklmnopqrstuvwxyz()", *_CHINESE_BYTES}
_FOLDED_IN_IDENTIFIERS = frozenset(range(256)) - {*b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-_/.()[]", *_CHINESE_BYTES}
PSEUDONYM_PREFIX = "P-"
#: The registering authority and type of a sole trader's credit code (GB 32100-2015).
SOLE_TRADER_PREFIX = "92"


def fold_identifier(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Identifiers as they are compared: NFKC, trimmed, upper case; null stays null."""
    texts = whole(values)
    is_other = holds_any(texts, _FOLDED_IN_IDENTIFIERS)
    if not is_other.any():
        return texts
    mask = pa.array(is_other)
    folded = pc.utf8_upper(pc.utf8_trim_whitespace(pc.utf8_normalize(texts.filter(mask), form="NFKC")))
    return pc.replace_with_mask(texts, mask, folded)


def fold_name(values: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Names as they are compared: one width, one case, no space, one form of bracket; null stays null.

    What stands in brackets is kept: it often names the place, and two branches are two subjects.
    """
    texts = whole(values)
    is_other = holds_any(texts, _FOLDED_IN_NAMES)
    if not is_other.any():
        return texts

    def fold(names: pa.Array) -> pa.Array:
        folded = pc.utf8_lower(pc.utf8_normalize(names, form="NFKC"))
        folded = pc.replace_substring_regex(folded, pattern=r"[\s\p{Z}]+", replacement="")
        for form, bracket in ((f"[{re.escape(_OPENING)}]", "("), (f"[{re.escape(_CLOSING)}]", ")")):
            folded = pc.replace_substring_regex(folded, pattern=form, replacement=bracket)
        return folded

    mask = pa.array(is_other)
    return pc.replace_with_mask(texts, mask, _on_distinct(texts.filter(mask), fold))


def has_valid_check_character(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Whether each folded identifier is 18 legal characters with a right check character (GB 32100-2015).

    Returns
    -------
    numpy.ndarray
        One boolean a value; False for null and for any other length.
    """
    array = whole(values).cast(pa.large_string())
    answer = np.zeros(len(array), dtype=bool)
    if not len(array):
        return answer
    right_length = pc.fill_null(pc.equal(pc.binary_length(array), _USCC_LENGTH), False).to_numpy(zero_copy_only=False)
    chosen = array.filter(pa.array(right_length))
    if not len(chosen):
        return answer
    start = np.frombuffer(chosen.buffers()[1], dtype=np.int64)[chosen.offset]
    text = np.frombuffer(chosen.buffers()[2], dtype=np.uint8)[start : start + _USCC_LENGTH * len(chosen)]
    text = text.reshape(len(chosen), _USCC_LENGTH)
    total = np.zeros(len(chosen), dtype=np.int16)
    for place, weight in enumerate(_USCC_WEIGHTS):
        total += _uscc_table(weight)[text[:, place]]
    answer[right_length] = (total < _ILLEGAL) & (total % 31 == 0)
    return answer


def _uscc_table(weight: int) -> np.ndarray:
    table = np.full(256, _ILLEGAL, dtype=np.int16)
    for value, character in enumerate(USCC_ALPHABET):
        table[ord(character)] = value * weight % 31
    return table


def uscc_check_character(first_seventeen: str) -> str:
    """The check character that completes 17 characters of a credit code (GB 32100-2015)."""
    total = sum(USCC_ALPHABET.index(c) * w for c, w in zip(first_seventeen, _USCC_WEIGHTS, strict=False))
    return USCC_ALPHABET[-total % 31]


def is_natural_person_code(values: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Whether each folded identifier is a sole trader's (92...) or a valid resident ID; False for null."""
    sole_trader = pc.fill_null(pc.starts_with(values, SOLE_TRADER_PREFIX), False).to_numpy(zero_copy_only=False)
    hint = pc.fill_null(pc.match_substring_regex(values, f"^{_RESIDENT_HINT}$"), False).to_numpy(zero_copy_only=False)
    if hint.any():
        candidates = pc.filter(values, pa.array(hint)).to_pylist()
        hint[hint] = [_is_resident_id(text) for text in candidates]
    return sole_trader | hint


def _is_resident_id(text: str) -> bool:
    if not _RESIDENT_FORM.fullmatch(text):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _RESIDENT_WEIGHTS, strict=True))
    return _RESIDENT_CHECKS[total % 11] == text[17].upper()


def mask_resident_ids(values: pa.Array | pa.ChunkedArray, key: bytes) -> tuple[pa.Array | pa.ChunkedArray, np.ndarray]:
    """Replace every valid resident ID inside text by a keyed mark.

    Two texts that differed only by the person named still differ, but the number itself is gone.

    Returns
    -------
    tuple
        The masked column, and one boolean a value: whether it held a resident ID.
    """
    if (pc.max(pc.binary_length(values)).as_py() or 0) < _USCC_LENGTH:
        return values, np.zeros(len(values), dtype=bool)
    texts = whole(values)
    hint = may_hold_run(texts, _NUMBER_BYTES, _USCC_LENGTH - 1)
    if hint.any():
        some = texts.filter(pa.array(hint))
        hint[hint] = pc.fill_null(pc.match_substring_regex(some, _NUMBER_HINT), False).to_numpy(zero_copy_only=False)
    if not hint.any():
        return values, hint

    def mark(match: re.Match[str]) -> str:
        text = match.group()
        return f"[{_pseudonym(text.upper(), key)}]" if _is_resident_id(text) else text

    chosen = pc.utf8_normalize(pc.filter(values, pa.array(hint)), form="NFKC")
    masked = _by_distinct(chosen, lambda text: _RESIDENT_FORM.sub(mark, text))
    found = pc.not_equal(masked, chosen).to_numpy(zero_copy_only=False)
    hint[hint] = found
    kept = whole(pc.filter(masked, pa.array(found)))
    return pc.replace_with_mask(texts, pa.array(hint), kept.cast(texts.type)), hint


def holds_resident_id(text: str) -> bool:
    """Whether a valid resident ID stands anywhere in a text."""
    # The key only makes the mask, which nobody sees: what counts is whether there is anything to mask.
    return bool(mask_resident_ids(pa.array([text], pa.string()), b"")[1].any())


def pseudonyms(values: pa.Array | pa.ChunkedArray, key: bytes) -> pa.Array | pa.ChunkedArray:
    """Keyed pseudonyms of folded identifiers (HMAC-SHA-256): stable in one workspace, useless without its key."""
    return _by_distinct(values, lambda text: _pseudonym(text, key))


def key_fingerprint(key: bytes) -> str:
    """What tells one key from another and helps nobody to find it."""
    return hmac.digest(key, b"fingerprint of a pseudonym key", hashlib.sha256).hex()[:32]


def keyed_digest(values: pa.Array | pa.ChunkedArray, key: bytes) -> pa.Array | pa.ChunkedArray:
    """Keyed digests of texts that are not kept, for comparing one delivery's value with the next; null stays null."""
    return _by_distinct(values, lambda text: hmac.digest(key, b"value\x00" + text.encode(), hashlib.sha256).hex())


def _pseudonym(text: str, key: bytes) -> str:
    return PSEUDONYM_PREFIX + hmac.digest(key, text.encode(), hashlib.sha256).hex()[:32].upper()


def _by_distinct(values: pa.Array | pa.ChunkedArray, change: Callable[[str], str]) -> pa.Array | pa.ChunkedArray:
    """Apply a function once to each distinct text; null stays null."""

    def each(texts: pa.Array) -> pa.Array:
        return pa.array([None if text is None else change(text) for text in texts.to_pylist()], pa.string())

    return _on_distinct(values, each)


def _on_distinct(
    values: pa.Array | pa.ChunkedArray, change: Callable[[pa.Array], pa.Array]
) -> pa.Array | pa.ChunkedArray:
    """Change a column through its distinct texts only: names and subjects come back again and again."""
    encoded = whole(values).dictionary_encode()
    return change(encoded.dictionary).take(encoded.indices)
