"""A look at the bytes of a column's texts, which is cheap and often spares a costly one at its characters."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import pyarrow as pa

_SPACE, _TWO_BYTES = 0x20, 0xC2
#: First bytes of characters that are white space in UTF-8.
_MAY_BEGIN = np.zeros(256, dtype=bool)
_MAY_BEGIN[[*range(_SPACE + 1), _TWO_BYTES, 0xE1, 0xE2, 0xE3]] = True

#: Bytes looked at together; a multiple of eight.
_PIECE = 2**16


def whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column as one array."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def holds_any(values: pa.Array | pa.ChunkedArray, wanted: Collection[int]) -> np.ndarray:
    """Whether each text holds one of some bytes of UTF-8; False for null.

    Returns
    -------
    numpy.ndarray
        One boolean a value.
    """
    answer = np.zeros(len(values), dtype=bool)
    starts, data = text_bytes(whole(values))
    if not len(data):
        return answer
    places = np.concatenate([start + np.flatnonzero(piece) for start, piece in _holding(data, wanted)])
    answer[np.searchsorted(starts, places, side="right") - 1] = True
    return answer


def may_have_edges(texts: pa.Array) -> bool:
    """Whether any text may begin or end with white space (Unicode's); False only where none does."""
    starts, data = text_bytes(texts)
    lengths = np.diff(starts)
    filled = lengths > 0
    if not filled.any():
        return False
    first, last = starts[:-1][filled], starts[1:][filled] - 1
    # The lead byte of a last character of two or three bytes; in a shorter text, some byte of it, which does no harm.
    leads = data[np.maximum(last - 1, 0)] == _TWO_BYTES, _MAY_BEGIN[data[np.maximum(last - 2, 0)]]
    return bool(
        (_MAY_BEGIN[data[first]] | (data[last] <= _SPACE) | ((data[last] >= 0x80) & (leads[0] | leads[1]))).any()
    )


def may_hold_run(texts: pa.Array, wanted: Collection[int], length: int) -> np.ndarray:
    """Whether each text may hold so many of some bytes in a row; False only where it does not.

    Parameters
    ----------
    length
        At least 15, so that eight bytes in a row that stand at a multiple of eight are among them.
    """
    answer = np.zeros(len(texts), dtype=bool)
    starts, data = text_bytes(texts)
    blocks = _holding(data[: len(data) // 8 * 8], wanted)
    runs = [start + np.flatnonzero(piece.view(np.uint64) == 0x0101010101010101) * 8 for start, piece in blocks]
    places = np.concatenate(runs)
    # A run lies in one text, and so does each block of it.
    answer[np.searchsorted(starts, places, side="right") - 1] = True
    return answer


def text_bytes(texts: pa.Array) -> tuple[np.ndarray, np.ndarray]:
    """Where each text starts, with the end of the last one, and the bytes of all of them together."""
    kind = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    _, offsets, data = texts.buffers()
    if not len(texts) or data is None:
        return np.zeros(len(texts) + 1, dtype=kind), np.zeros(0, dtype=np.uint8)
    starts = np.frombuffer(offsets, dtype=kind)[texts.offset : texts.offset + len(texts) + 1]
    return starts - starts[0], np.frombuffer(data, dtype=np.uint8)[starts[0] : starts[-1]]


def _holding(data: np.ndarray, wanted: Collection[int]) -> Iterator[tuple[int, np.ndarray]]:
    """The pieces of some bytes that hold any of the wanted ones: where each starts, and 1 for each wanted byte, else 0.

    Pieces stay in the processor's cache, and most hold none. Translating is much faster than a table that numpy looks
    up.
    """
    table = bytearray(256)
    for one in wanted:
        table[one] = 1
    yield 0, np.zeros(0, dtype=np.uint8)
    for start in range(0, len(data), _PIECE):
        found = data[start : start + _PIECE].tobytes().translate(table)
        if b"\x01" in found:
            yield start, np.frombuffer(found, dtype=np.uint8)
