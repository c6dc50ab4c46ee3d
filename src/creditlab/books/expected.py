"""The entries and counts that payload rows ask for, whatever the books say."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.ingest.resolve import ACTIONS, OUTCOMES, STATES, resolve


def resolve_rows(rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Resolve keys from their rows.

    Parameters
    ----------
    rows
        Every row of some keys, sorted by key and by the order in which they count: key64, delivery_id, row_no, action,
        content64, received_on.

    Returns
    -------
    tuple
        The entries and reversals, one row each, with `sign` and what identifies them; and the outcomes, one row per
        delivery, with one column an outcome.
    """
    asked = pa.array([str(one) for one in ACTIONS])
    action = pc.fill_null(pc.index_in(rows["action"], value_set=asked), 0).to_numpy().astype(np.int64)
    done = resolve(rows["key64"].to_numpy(), action, rows["content64"].to_numpy())
    received = pa.array(rows["received_on"].to_numpy())
    states = pa.array([str(one) for one in STATES]).take(pa.array(done.state))
    body = {name: rows[name] for name in ("key64", "delivery_id", "row_no", "content64")} | {
        "revision": pa.array(done.revision.astype(np.int32)),
        "record_state": states,
        "first_received_on": received.take(pa.array(done.first)),
        "effective_on": received,
        "superseded_on": received.take(pa.array(done.successor, mask=done.successor < 0)),
    }
    versions = pa.table(body).filter(pa.array(done.is_entry))
    ended = versions.filter(pc.is_valid(versions["superseded_on"]))
    ended = ended.set_column(ended.column_names.index("effective_on"), "effective_on", ended["superseded_on"])
    signed = pa.concat_tables([_signed(versions, 1), _signed(ended, -1)])
    encoded = rows["delivery_id"].combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.unify_dictionaries().combine_chunks()
    width, ids = len(OUTCOMES), encoded.dictionary
    table = np.bincount(
        encoded.indices.to_numpy().astype(np.int64) * width + done.outcome, minlength=len(ids) * width
    ).reshape(-1, width)
    counted = pa.table({"delivery_id": ids} | {str(one): table[:, place] for place, one in enumerate(OUTCOMES)})
    return signed, counted


def _signed(versions: pa.Table, sign: int) -> pa.Table:
    numbers = pa.array(np.full(versions.num_rows, sign, dtype=np.int64))
    return versions.drop_columns(["superseded_on"]).append_column("sign", numbers)
