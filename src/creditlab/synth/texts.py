"""Columns of text out of numbers, a whole column at a time."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.synth.days import day_texts


def take(words: list[str], numbers: np.ndarray) -> pa.Array:
    """The word that each number stands for."""
    return pa.array(words, type=pa.string()).take(pa.array(numbers))


def padded(numbers: np.ndarray, width: int) -> pa.Array:
    """Numbers with zeros before them, up to a width."""
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width=width, padding="0")


def dates(numbers: np.ndarray) -> pa.Array:
    """Day numbers written as 2026-10-20."""
    if not len(numbers):
        return pa.array([], pa.string())
    first, last = int(numbers.min()), int(numbers.max())
    return take(day_texts(np.arange(first, last + 1)).tolist(), numbers - first)


def text_of(lines: pa.Array) -> bytes:
    """Lines one under the other, each with its line end."""
    return bytes(content_of(pc.binary_join_element_wise(lines, "\n", "")))


def content_of(lines: pa.Array) -> memoryview:
    """The bytes of texts, one after the other."""
    return memoryview(lines.cast(pa.large_string()).buffers()[2] or b"")
