"""Credit codes, resident IDs inside text, pseudonyms: whole Arrow columns, however they are cut.

Every resident ID here is made by code, of places and sequences that nobody has.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from creditlab.identifiers import (
    PSEUDONYM_PREFIX,
    USCC_ALPHABET,
    fold_identifier,
    fold_name,
    has_valid_check_character,
    is_natural_person_code,
    keyed_digest,
    mask_resident_ids,
    pseudonyms,
    uscc_check_character,
)

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
codes = st.text(USCC_ALPHABET, min_size=17, max_size=17).map(lambda text: text + uscc_check_character(text))
organisations = codes.filter(lambda code: not code.startswith("92"))
texts = st.none() | st.text(max_size=20) | codes | st.text(USCC_ALPHABET, min_size=18, max_size=18)


def resident_id(place: str = "990101", born: str = "19700101", sequence: str = "001") -> str:
    """A number with a right check character (GB 11643: ISO 7064, MOD 11-2), computed from the left."""
    remainder = 0
    for digit in place + born + sequence:
        remainder = (remainder + int(digit)) % 11 * 2 % 11
    value = (1 - remainder) % 11
    return place + born + sequence + "0123456789X"[value]


def valid(*values: str | None) -> list[bool]:
    return has_valid_check_character(pa.array(values, pa.string())).tolist()


def cuts(values: list[str | None]) -> list[pa.Array | pa.ChunkedArray]:
    """The same column as sliced arrays, in chunks, with empty chunks, as large strings."""
    padded = pa.array(["x", "91" * 9, None, *values, "y", None], pa.string())
    half = len(values) // 2
    first, second = pa.array(values[:half], pa.string()), pa.array(values[half:], pa.string())
    empty = pa.array([], pa.string())
    return [
        pa.array(values, pa.string()),
        padded.slice(3, len(values)),
        pa.chunked_array([first, second], pa.string()),
        pa.chunked_array([empty, first, empty, second], pa.string()),
        pa.chunked_array([padded], pa.string()).slice(3, len(values)),
        pa.array(values, pa.large_string()),
    ]


# --- Unified social credit codes ----------------------------------------------------------------------


def test_printed_samples(shared_dir: Path) -> None:
    with (shared_dir / "data" / "uscc_samples_orgs.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert valid(*(row["uscc"] for row in rows)) == [row["check_digit_valid"] == "True" for row in rows]
    assert {row["check_digit_valid"] for row in rows} == {"True", "False"}


@given(st.lists(st.text(USCC_ALPHABET, min_size=10, max_size=10), min_size=1, max_size=20), st.integers(0, 10**8 - 1))
def test_agrees_with_stdnum_where_it_reads_the_code(tails: list[str], first_eight: int) -> None:
    """python-stdnum wants eight leading digits; among those it knows, both judge alike."""
    values = [f"{first_eight:08d}{tail}" for tail in tails]
    values += [value[:17] + uscc_check_character(value[:17]) for value in values]
    assert valid(*values) == [value[17] == uscc.calc_check_digit(value[:17]) for value in values]
    assert [uscc.is_valid(value) for value in values] == valid(*values)


@pytest.mark.parametrize("kind", [*(f"N{n}" for n in range(1, 10)), "A1", "A9", "Y1", "11", "34", "35", "93"])
def test_kinds_that_other_validators_reject(kind: str) -> None:
    code = kind + "990101" + "MA0ABCDE1"
    code += uscc_check_character(code)
    wrong = code[:17] + USCC_ALPHABET[(USCC_ALPHABET.index(code[17]) + 1) % 31]
    assert valid(code, wrong) == [True, False]


@given(codes, st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_one_wrong_character_is_noticed(code: str, place: int, character: str) -> None:
    changed = code[:place] + character + code[place + 1 :]
    assert valid(changed) == [character == code[place]]


@given(codes, st.integers(0, 16))
def test_swapped_neighbours_are_noticed(code: str, place: int) -> None:
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert valid(swapped) == [swapped == code]


@pytest.mark.parametrize("letter", [*"IOSVZ", "a", "-", " ", "*", "\x00"])
@pytest.mark.parametrize("count", [1, 2, 16, 18])
def test_illegal_characters_never_add_up(letter: str, count: int) -> None:
    assert valid(*(letter * count + "0" * (18 - count), "0" * (18 - count) + letter * count)) == [False, False]


def test_illegal_bytes_never_add_up() -> None:
    """Six Chinese characters are 18 bytes; 16 illegal ones must not overflow into a right sum."""
    generator = random.Random(7)
    values = ["".join(generator.choices("IOSVZ", k=16)) + "00" for _ in range(2000)]
    assert valid("统一社会信用", *values) == [False] * 2001


def test_blank_short_long_and_none() -> None:
    code = "91990101MA0ABCDE1"
    code += uscc_check_character(code)
    assert valid("", None, code[:17], code + "0", f" {code}", code.lower(), code) == [False] * 6 + [True]
    assert valid() == []
    assert valid(None, None) == [False, False]


@given(st.lists(texts, max_size=12))
def test_however_a_column_is_cut_the_answers_are_the_same(values: list[str | None]) -> None:
    expected_codes = [
        value is not None and len(value) == 18 and set(value) <= set(USCC_ALPHABET)
        and value[17] == uscc_check_character(value[:17])
        for value in values
    ]  # fmt: skip
    expected_persons = [value is not None and value.startswith("92") for value in values]
    for cut in cuts(values):
        assert has_valid_check_character(cut).tolist() == expected_codes
        assert is_natural_person_code(cut).tolist() == expected_persons


# --- Folding ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "folded"),
    [("９１ｍａ０", "91MA0"), ("\u3000 91ma\t", "91MA"), ("〔2026〕1号", "〔2026〕1号"), ("", ""), (None, None)],
)
def test_identifiers_fold_width_case_and_margins(written: str | None, folded: str | None) -> None:
    for cut in cuts([written]):
        assert fold_identifier(cut).to_pylist() == [folded]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("甲市（东）公司", "甲市(东)公司"), ("甲市【东】公司", "甲市(东)公司"), ("甲 市\u3000公司", "甲市公司"),
        ("ＡＢＣ公司", "abc公司"), ("《甲》", "(甲)"), ("Ａ\u00a0Ｂ", "ab"),
    ],
)  # fmt: skip
def test_names_fold_width_case_space_and_brackets(one: str, other: str) -> None:
    for cut in cuts([one, other, None]):
        folded = fold_name(cut).to_pylist()
        assert folded == [folded[1], folded[1], None]


def test_what_stands_in_brackets_is_kept() -> None:
    east, west = fold_name(pa.array(["甲公司（东）", "甲公司（西）"])).to_pylist()
    assert east != west


# --- Natural persons ----------------------------------------------------------------------------------


@given(st.integers(0, 999), st.dates(), st.integers(100000, 999999))
def test_made_ids_are_what_stdnum_computes(sequence: int, born: object, place: int) -> None:
    made = resident_id(str(place), str(born).replace("-", "").zfill(8), f"{sequence:03d}")
    assert ric.calc_check_digit(made) == made[17]


def test_sole_traders_and_resident_ids_are_natural_persons() -> None:
    person, with_x = resident_id(), next(one for one in map(_numbered, range(1000)) if one.endswith("X"))
    wrong = person[:17] + str((int(person[17]) + 1) % 10) if person[17].isdigit() else person[:17] + "0"
    values = [
        "92",
        "92990101MA0ABCDE1",
        person,
        with_x,
        wrong,
        f"a{person}",
        f"{person}1",
        "91990101MA0ABCDE1",
        "",
        None,
    ]
    expected = [True, True, True, True, False, False, False, False, False, False]
    for cut in cuts(values):
        assert is_natural_person_code(cut).tolist() == expected


def _numbered(number: int) -> str:
    return resident_id(sequence=f"{number:03d}")


def masked(*values: str | None, key: bytes = KEY) -> tuple[list[str | None], list[bool]]:
    column, found = mask_resident_ids(pa.array(values, pa.string()), key)
    return column.to_pylist(), found.tolist()


@pytest.mark.parametrize("frame", ["{}", "身份证号{}。", "（{}）", "id:{},", "张某{}住甲市", "{}\n", "X{}X", "a{}b"])
def test_an_id_inside_text_is_masked(frame: str) -> None:
    person = resident_id()
    (text,), found = masked(frame.format(person))
    assert found == [True]
    assert person not in text
    assert text.startswith(frame.format("[" + PSEUDONYM_PREFIX).split(PSEUDONYM_PREFIX)[0].replace("（", "("))
    assert len(text) == len(frame.format("")) + len("[P-]") + 32


def test_wide_digits_and_a_small_x_are_masked_to_the_same_mark() -> None:
    person = next(one for one in map(_numbered, range(1000)) if one.endswith("X"))
    wide = person.translate({ord("0") + n: ord("０") + n for n in range(10)})
    marks, found = masked(person, person.lower(), wide)
    assert found == [True] * 3
    assert len(set(marks)) == 1


def test_two_in_one_text() -> None:
    one, two = resident_id(), resident_id(sequence="002")
    (text,), found = masked(f"{one}与{two}，又{one}")
    assert found == [True]
    assert one not in text
    assert two not in text
    first, second, third = (part.rpartition("[")[2] for part in text.split("]")[:3])
    assert first == third != second


@pytest.mark.parametrize("frame", ["1{}", "{}1", "00{}00", "2026{}"])
def test_digits_beside_it_make_it_another_number(frame: str) -> None:
    text = frame.format(resident_id())
    assert masked(text) == ([text], [False])


def test_an_id_beside_a_longer_number_is_still_found() -> None:
    person = resident_id()
    (text,), found = masked(f"1{person} {person}")
    assert found == [True]
    assert text.startswith(f"1{person} [P-")


@pytest.mark.parametrize("step", range(1, 10))
def test_a_wrong_check_digit_leaves_the_text_untouched(step: int) -> None:
    person = resident_id()
    wrong = person[:17] + "0123456789X"[("0123456789X".index(person[17]) + step) % 11]
    text = f"编号{wrong}（Ａ）"
    assert masked(text) == ([text], [False])


@pytest.mark.parametrize("text", ["", None, "no number", "99010119701301001X", "金额１２３元（大写）"])
def test_texts_without_an_id_are_untouched(text: str | None) -> None:
    assert masked(text, resident_id())[0][0] == text
    assert masked(text) == ([text], [False])


def test_masking_however_a_column_is_cut() -> None:
    person = resident_id()
    values = [None, f"甲{person}", "", "（乙）", f"{person}丙", None, person[:17]]
    expected, found = masked(*values)
    assert found == [False, True, False, False, True, False, False]
    for cut in cuts(values):
        column, flags = mask_resident_ids(cut, KEY)
        assert column.to_pylist() == expected
        assert flags.tolist() == found
        assert column.type == cut.type


@given(st.lists(st.none() | st.text(max_size=30), max_size=5))
def test_masking_never_leaves_an_id(around: list[str | None]) -> None:
    person = resident_id()
    values = [None if text is None else f"{text} {person} {text}" for text in around]
    column, found = mask_resident_ids(pa.array(values, pa.string()), KEY)
    assert found.tolist() == [value is not None for value in values]
    assert [value for value in column.to_pylist() if value and f" {person} " in value] == []


@pytest.mark.parametrize("make", [pseudonyms, keyed_digest])
def test_keyed_values_are_stable_and_of_no_use_without_the_key(make: Callable[..., pa.Array]) -> None:
    values = ["92990101MA0ABCDE1", resident_id(), None, "", resident_id()]
    expected = make(pa.array(values, pa.string()), KEY).to_pylist()
    assert expected[2] is None
    assert expected[1] == expected[4]
    assert len(set(expected)) == 4
    for cut in cuts(values):
        assert make(cut, KEY).to_pylist() == expected
        other = make(cut, OTHER_KEY).to_pylist()
        assert all(a is None or a != b for a, b in zip(expected, other, strict=True))


def test_pseudonyms_have_their_form_and_differ_from_digests() -> None:
    column = pa.array([resident_id()])
    (pseudonym,), (digest,) = pseudonyms(column, KEY).to_pylist(), keyed_digest(column, KEY).to_pylist()
    assert pseudonym[:2] == PSEUDONYM_PREFIX
    assert len(pseudonym) == 34
    assert pseudonym[2:].lower() not in digest
    assert not has_valid_check_character(pa.array([pseudonym]))[0]


@pytest.mark.parametrize(
    "column", [pa.array([], pa.string()), pa.chunked_array([], pa.string()), pa.nulls(3, pa.string())]
)
def test_columns_without_a_value(column: pa.Array | pa.ChunkedArray) -> None:
    nothing = [None] * len(column)
    assert has_valid_check_character(column).tolist() == [False] * len(column)
    assert is_natural_person_code(column).tolist() == [False] * len(column)
    for changed in (
        pseudonyms(column, KEY),
        fold_name(column),
        fold_identifier(column),
        mask_resident_ids(column, KEY)[0],
    ):
        assert changed.to_pylist() == nothing
