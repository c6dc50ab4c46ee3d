"""Cheap looks at bytes never miss what the costly look at characters would find."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from creditlab.textbytes import holds_any, may_have_edges, may_hold_run

SPACES = [chr(code) for code in range(0x3001) if chr(code).isspace() and code not in range(0x1C, 0x20)]
TEXTS = st.lists(
    st.none() | st.text(st.sampled_from(["a", "A", "9", "（", "河", "é", "𝟗", "９", *SPACES]), max_size=40), max_size=12
)


@given(TEXTS, st.integers(0, 3))
def test_bytes_are_found_where_they_are(texts: list[str | None], skipped: int) -> None:
    values = pa.array(texts, pa.string()).slice(skipped)
    lead = "河".encode()[0]
    found = holds_any(values, {ord("A"), lead}).tolist()
    assert found == [text is not None and ("A" in text or "河" in text) for text in texts[skipped:]]


@given(TEXTS, st.integers(0, 3))
def test_no_white_space_around_a_text_is_missed(texts: list[str | None], skipped: int) -> None:
    values = pa.array(texts, pa.string()).slice(skipped)
    has_edges = any(text is not None and text != text.strip("".join(SPACES)) for text in texts[skipped:])
    assert may_have_edges(values) or not has_edges


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("text", ["{}河北", "河北{}", "{}", "x{}", "河{}"])
def test_each_white_space_is_seen_at_either_end(space: str, text: str) -> None:
    assert may_have_edges(pa.array(["河北", text.format(space)]))


def test_what_has_no_white_space_around_it_is_left_alone() -> None:
    assert not may_have_edges(pa.array(["河北 样例", "", None, "a", "XK-001", "北é"]))
    assert not may_have_edges(pa.array([], pa.string()))


DIGITS = {*b"0123456789", *range(0x80, 0xC0), 0xC2, 0xE2, 0xE3, 0xEF, 0xF0}


@given(st.lists(st.none() | st.text(st.sampled_from("0９𝟗河aé-"), max_size=60), max_size=12), st.integers(0, 3))
def test_no_run_of_digits_is_missed(texts: list[str | None], skipped: int) -> None:
    values = pa.array(texts, pa.string()).slice(skipped)
    found = may_hold_run(values, DIGITS, 17)
    for text, may in zip(texts[skipped:], found, strict=True):
        assert may or text is None or not re.search("[0９𝟗]{17}", text)


def test_short_numbers_among_words_are_no_runs() -> None:
    assert not may_hold_run(pa.array(["XK-123", "2026-07-01", "河北省石家庄市"] * 50), DIGITS, 17).any()
