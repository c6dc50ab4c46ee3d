"""64-bit hashes of texts: the same on every machine, in every version of the engine.

Half of a text's MD5 (RFC 1321), for the engine's own hash may change between versions, and keys live longer than those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.textbytes import whole

if TYPE_CHECKING:
    from creditlab.engine import Aside

#: The engine's whole MD5 costs it half as much as its functions for either half.
_COLUMN = "(md5_number({name}) >> 64)::UBIGINT AS {name}"


def stable_hashes(aside: Aside, texts: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Hash columns of texts.

    Parameters
    ----------
    aside
        Where the engine reckons them.
    texts
        Columns of one length.

    Returns
    -------
    dict
        For each column one signed integer a text; null stays null.
    """
    if not texts:
        return {}
    length = len(next(iter(texts.values())))
    columns = ", ".join(_COLUMN.format(name=name) for name in texts)
    found = aside.run(f"SELECT place, {columns} FROM rows", pa.table({"place": np.arange(length), **texts}))
    place = found["place"].to_numpy()
    if (place[1:] < place[:-1]).any():
        found = found.take(pc.sort_indices(found["place"]))
    return {name: _signed(whole(found[name])) for name in texts}


def _signed(values: pa.Array) -> pa.Array:
    """Delta Lake has no unsigned integers: the same 64 bits, moved down by half of their range."""
    bits = pc.fill_null(values, 0).to_numpy() ^ np.uint64(2**63)
    return pa.array(bits.view(np.int64), mask=np.asarray(pc.is_null(values)))
