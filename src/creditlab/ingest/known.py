"""Rows that the lake already holds and that a run has to judge again.

A new row calls for its own key and for every key that has a row with its natural key; those keys' rows are judged
again from their payloads, as new ones are. Rules that changed call for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from creditlab.ingest.intake import editions_of, schemas_of
from creditlab.ingest.staging import Arrival, Staging
from creditlab.lake import Snapshot

if TYPE_CHECKING:
    import ibis.expr.types as ir

_OWNER_COLUMNS = ("natural_key64", "key64", "delivered_at", "manifest_row", "delivery_id", "row_no")


def judge_known(staging: Staging, snapshot: Snapshot, *, everything: bool) -> None:
    """Judge the lake's rows again that the staged ones, or changed rules, call for.

    Leaves the tables `judged` (now with those rows too) and `rivals`: rows of keys that are not judged again, but share
    a natural key with one that is.
    """
    _judge_keys(
        staging, snapshot, lambda index: _keys_called(staging, index, everything=everything), everything=everything
    )


def judge_part(staging: Staging, snapshot: Snapshot, part: int, parts: int) -> None:
    """Judge the rows of some of the lake's keys again, chosen by their hash; leaves the tables that `judge_known` does.

    All parts together judge every row once.
    """

    def chosen(index: ir.Table) -> ir.Table:
        return index.filter((index.key64 % parts + parts) % parts == part).select("key64").distinct()

    _judge_keys(staging, snapshot, chosen, everything=parts == 1)


def judge_some(staging: Staging, snapshot: Snapshot, keys: pa.Array, natural_keys: pa.Array) -> None:
    """Judge the rows of some keys again, and of all keys that share some natural keys; as `judge_known`."""
    import ibis

    wanted = ibis.memtable(pa.table({"key64": keys.cast(pa.int64())}))
    shared = ibis.memtable(pa.table({"natural_key64": natural_keys.cast(pa.int64())}))

    def chosen(index: ir.Table) -> ir.Table:
        own = index.semi_join(wanted, "key64").select("key64")
        return own.union(index.semi_join(shared, "natural_key64").select("key64")).distinct()

    _judge_keys(staging, snapshot, chosen, everything=False)


def _judge_keys(
    staging: Staging, snapshot: Snapshot, choose: Callable[[ir.Table], ir.Table], *, everything: bool
) -> None:
    backend = staging.backend
    formats = snapshot.lake.payload_formats()
    deliveries = backend.create_table(
        "known_deliveries",
        snapshot.deliveries().select(
            "delivery_id", "item_code", "department", "region_code", "received_on", "manifest_row"
        ),
    )
    payloads = {name: newest_payload(snapshot, name) for name in formats}
    index = _index(payloads, deliveries)
    if index is None:
        judge_nothing(staging)
        return
    again = backend.create_table("keys_again", choose(index))
    for payload in payloads.values():
        _judge_payload(staging, payload.semi_join(again, "key64"), deliveries)
    if everything:
        rivals = index.filter(False)
    else:
        judged = backend.table("judged")
        named = judged.filter(judged.natural_key64 != judged.key64).select("natural_key64").distinct()
        rivals = index.semi_join(named, "natural_key64").anti_join(again, "key64")
    backend.create_table("rivals", rivals)


def judge_nothing(staging: Staging) -> None:
    """Leave an empty table `rivals`: the lake holds no rows yet."""
    staging.backend.raw_sql(
        "CREATE TABLE rivals (natural_key64 BIGINT, key64 BIGINT, delivered_at TIMESTAMPTZ, manifest_row BIGINT, "
        "delivery_id VARCHAR, row_no BIGINT)"
    )


def newest_payload(snapshot: Snapshot, data_format: str) -> ir.Table:
    """A format's rows; where rules changed, a row may have been written again, and the newest holds."""
    rows = snapshot.payload(data_format)
    if len(set(snapshot.runs["rules_digest"].to_pylist())) < 2:
        return rows
    newest = rows.group_by("delivery_id", "row_no").agg(run_no=rows.run_no.max())
    return rows.semi_join(newest, ["delivery_id", "row_no", "run_no"])


def _index(payloads: dict[str, ir.Table], deliveries: ir.Table) -> ir.Table | None:
    """Every payload row's keys and place in the order of rows."""
    import ibis

    parts = [
        payload.select("natural_key64", "key64", "delivered_at", "delivery_id", "row_no")
        for payload in payloads.values()
    ]
    if not parts:
        return None
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
    return rows.join(deliveries.select("delivery_id", "manifest_row"), "delivery_id").select(*_OWNER_COLUMNS)


def _keys_called(staging: Staging, index: ir.Table, *, everything: bool) -> ir.Table:
    """The keys that staged rows call for: their own, and those that share a natural key with one of them."""
    if everything:
        return index.select("key64").distinct()
    judged = staging.backend.table("judged")
    shared = judged.filter(judged.natural_key64 != judged.key64).select("natural_key64").distinct()
    own = index.semi_join(judged.select("key64").distinct(), "key64").select("key64")
    return own.union(index.semi_join(shared, "natural_key64").select("key64")).distinct()


def _judge_payload(staging: Staging, rows: ir.Table, deliveries: ir.Table) -> None:
    found = staging.backend.to_pyarrow(rows.join(deliveries, "delivery_id"))
    if not found.num_rows:
        return
    arrivals = _arrivals(staging, found)
    found = found.append_column("arrival", pa.array(arrivals)).drop_columns(
        ["run_no", "delivery_id", "department", "region_code", "received_on", "manifest_row", "delivered_at",
         "natural_key64"]
    )  # fmt: skip
    for item_code in found["item_code"].unique().to_pylist():
        of_item = found.filter(pa.compute.equal(found["item_code"], item_code))
        schemas = schemas_of(staging.catalogue, item_code)
        if not schemas:
            continue
        editions = editions_of(staging, of_item, schemas)
        # A record whose item has left the edition of its year keeps the rules of the newest edition that has it.
        editions = np.where(editions < 0, 0, editions)
        for place, (edition, schema) in enumerate(schemas):
            chosen = editions == place
            if chosen.any():
                part = of_item.filter(pa.array(chosen))
                staging.add_known(part, edition, schema)


def _arrivals(staging: Staging, rows: pa.Table) -> np.ndarray:
    """Note the deliveries that rows came in; returns each row's arrival number."""
    columns = ["delivery_id", "item_code", "department", "region_code", "delivered_at", "received_on", "manifest_row"]
    known = {one.delivery_id: number for number, one in enumerate(staging.arrivals)}
    for one in rows.select(columns).group_by(columns).aggregate([]).to_pylist():
        if one["delivery_id"] not in known:
            known[one["delivery_id"]] = staging.arrive(Arrival(**one))
    encoded = rows["delivery_id"].combine_chunks().dictionary_encode()
    numbers = np.array([known[text] for text in encoded.dictionary.to_pylist()], dtype=np.int64)
    return numbers[encoded.indices.to_numpy()]
