"""From judged rows to entries: keys resolved, and the difference to the entries as they stood.

Entries are kept as in a ledger. A run never changes one; where the entries of a key should be others than they are,
it appends the difference, each cancellation at the cancelled entry's own `effective_on`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab import engine
from creditlab.checks.names import DATE_ORDER, DUPLICATE_KEY, SEPARATOR
from creditlab.ingest.resolve import FIRST_STATE, OUTCOMES, STATES, Resolved, resolve
from creditlab.ingest.shelf import parts_of
from creditlab.ingest.staging import Staging
from creditlab.lake import Snapshot
from creditlab.lake.schemas import RECORDS
from creditlab.periods import WorkingDays
from creditlab.terms import Outcome
from creditlab.textbytes import whole

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

#: Keys with more rows than one; what becomes of a key's only row needs no look at others.
_SEVERAL = "INSERT INTO several SELECT key64 FROM judged WHERE {part} GROUP BY key64 HAVING count(*) > 1"
_ORDERED = """
SELECT j.rid, j.is_new, j.arrival, j.key64, j.action, j.content64, a.received_on
FROM judged j SEMI JOIN several USING (key64) JOIN arrivals a USING (arrival)
WHERE {part}
ORDER BY j.key64, a.delivered_at, a.manifest_row, a.delivery_id, j.row_no
"""
_NEW_ROWS = "SELECT arrival, count(*) AS rows FROM judged WHERE is_new GROUP BY arrival"
_RESOLVED = """
CREATE TABLE resolved (
  rid BIGINT, record_state VARCHAR, first_received_on DATE, superseded_on DATE, revision BIGINT
)
"""
#: Rows whose keys are resolved together.
RESOLVED_ROWS = 250_000
#: Natural keys under which several records came.
_SHARED = """
INSERT INTO shared
SELECT natural_key64 FROM (
  SELECT natural_key64, key64 FROM judged WHERE natural_key64 <> key64
  UNION ALL
  SELECT natural_key64, key64 FROM rivals
)
WHERE {part}
GROUP BY natural_key64 HAVING min(key64) <> max(key64)
"""
#: A natural key belongs to the record under which it first arrived, whatever became of that record since.
_OWNERS = """
INSERT INTO owners
SELECT natural_key64, arg_min(key64, (delivered_at, manifest_row, delivery_id, row_no))
FROM (
  SELECT j.natural_key64, j.key64, a.delivered_at, a.manifest_row, a.delivery_id, j.row_no
  FROM judged j SEMI JOIN shared USING (natural_key64) JOIN arrivals a USING (arrival)
  WHERE j.natural_key64 <> j.key64
  UNION ALL
  SELECT natural_key64, key64, delivered_at, manifest_row, delivery_id, row_no
  FROM rivals SEMI JOIN shared USING (natural_key64)
)
WHERE {part}
GROUP BY natural_key64
"""
#: Received before it happened is never 0 days: a lag below 0 says so, even across a weekend.
_VERSIONS = f"""
CREATE VIEW versions AS
WITH rows AS (
  SELECT j.*, a.department, a.region_code, a.delivery_id, a.received_on,
    coalesce(r.first_received_on, a.received_on) AS first_received_on,
    coalesce(r.record_state, s.record_state) AS record_state, r.superseded_on, coalesce(r.revision, 1) AS revision
  FROM judged j
  JOIN arrivals a USING (arrival)
  JOIN first_states s USING (action)
  LEFT JOIN resolved r USING (rid)
)
SELECT r.key64, r.record_id, r.item_code, r.department, r.region_code, r.subject_id, r.subject_kind, r.event_date,
  r.first_received_on, r.received_on, r.valid_until, r.amount, r.record_state,
  CASE WHEN r.row_faults = '' AND r.first_received_on >= r.event_date AND (o.owner IS NULL OR o.owner = r.key64)
    THEN []::VARCHAR[]
    ELSE list_sort(list_distinct(list_filter(string_split(r.row_faults
      || CASE WHEN r.first_received_on < r.event_date THEN '{DATE_ORDER}{SEPARATOR}' ELSE '' END
      || CASE WHEN o.owner <> r.key64 THEN '{DUPLICATE_KEY}{SEPARATOR}' ELSE '' END,
      '{SEPARATOR}'), LAMBDA code: code <> ''))) END AS faults,
  r.filled_count, r.required_count,
  CASE WHEN NOT r.is_working THEN r.first_received_on - r.event_date
       WHEN r.first_received_on < r.event_date THEN least(c.ordinal - e.ordinal, -1)
       ELSE c.ordinal - e.ordinal END::INTEGER AS lag,
  r.natural_key64, r.name64, r.content64, r.delivery_id, r.row_no, r.revision::INTEGER AS revision, r.superseded_on
FROM rows r
LEFT JOIN owners o ON o.natural_key64 = r.natural_key64
LEFT JOIN working_days e ON e.day = r.event_date
LEFT JOIN working_days c ON c.day = r.first_received_on
WHERE r.revision > 0
"""
_BODY = ", ".join(name for name in RECORDS.names if name not in {"sign", "effective_on", "run_no"})
_SIGNED = f"""
CREATE VIEW signed AS
SELECT 1::TINYINT AS sign, received_on AS effective_on, {_BODY} FROM versions
UNION ALL
SELECT -1::TINYINT, superseded_on, {_BODY} FROM versions WHERE superseded_on IS NOT NULL
"""
#: Keys that the lake never saw have nothing to differ from.
_ALL_NEW = "CREATE VIEW difference AS SELECT * FROM signed"
_DIFFERENCE = f"""
CREATE TABLE difference AS
SELECT sign, effective_on, {_BODY} FROM signed ANTI JOIN keys_known USING (key64)
UNION ALL
SELECT sum(sign)::TINYINT, effective_on, {_BODY} FROM (
  SELECT sign, effective_on, {_BODY} FROM signed SEMI JOIN keys_known USING (key64)
  UNION ALL
  SELECT -sign, effective_on, {_BODY} FROM stood
) GROUP BY effective_on, {_BODY} HAVING sum(sign) <> 0
"""
_STREAM = f"""
SELECT sign, effective_on, {{run_no}}::BIGINT AS run_no, {_BODY}, strftime(event_date, '%Y-%m') AS event_month
FROM difference
"""


def settle(staging: Staging, snapshot: Snapshot | None, calendar: WorkingDays) -> dict[int, np.ndarray]:
    """Resolve the judged rows' keys and find the entries that a run has to append.

    Leaves `difference`.

    Returns
    -------
    dict
        For each arrival that it concerns, the change of its four outcome counts in the order of `OUTCOMES`: of new
        arrivals the counts themselves, of earlier ones what judging again moved.
    """
    backend = staging.backend
    backend.create_table("arrivals", staging.arrival_table())
    backend.create_table("working_days", _calendar_table(calendar))
    moved = _resolve_all(backend, len(staging.arrivals), staging.rows)
    _find_owners(backend, staging.rows)
    backend.raw_sql(_VERSIONS)
    backend.raw_sql(_SIGNED)
    backend.raw_sql("CREATE TABLE keys_known AS SELECT DISTINCT key64 FROM judged WHERE NOT is_new")
    known = backend.table("keys_known")
    if snapshot is None or not backend.to_pyarrow(known.count()).as_py():
        backend.raw_sql(_ALL_NEW)
    else:
        backend.create_table("stood", snapshot.table("records").semi_join(known, "key64"))
        backend.raw_sql(_DIFFERENCE)
    return {number: change for number, change in enumerate(moved) if change.any()}


def entries(backend: Backend, run_no: int) -> pa.RecordBatchReader:
    """The entries that a run appends, by month; compaction sorts them within it."""
    return engine.stream(backend, _STREAM.format(run_no=int(run_no)))


def has_entries(backend: Backend) -> bool:
    """Whether the run has entries to append."""
    return engine.fetch(backend, "SELECT 1 FROM difference LIMIT 1").num_rows > 0


def _resolve_all(backend: Backend, arrivals: int, judged: int) -> np.ndarray:
    """Resolve all keys, some at a time; returns the moved counts of each arrival.

    Leaves the tables `resolved`, with the rows of keys that have several, and `first_states`, with what becomes of the
    others by their action.
    """
    backend.raw_sql(f"CREATE TABLE several (key64 BIGINT); {_RESOLVED}")
    states = pa.table({"action": np.arange(len(FIRST_STATE), dtype=np.int8), "record_state": _words(FIRST_STATE)})
    backend.create_table("first_states", states)
    moved = np.zeros((arrivals, len(OUTCOMES)), dtype=np.int64)
    accepted = OUTCOMES.index(Outcome.ACCEPTED)
    # A key's first row is accepted, whatever it asks for; what others do is put in place of that below.
    new = engine.fetch(backend, _NEW_ROWS)
    moved[new["arrival"].to_numpy(), accepted] = new["rows"].to_numpy()
    for part in parts_of("key64", judged):
        backend.raw_sql(_SEVERAL.format(part=part))
    for part in parts_of("key64", _count_of(backend, "several")):
        for rows in _whole_keys(engine.stream(backend, _ORDERED.format(part=part), RESOLVED_ROWS)):
            resolved = _resolve(rows)
            with engine.lent(backend, _resolved_table(rows, resolved)) as table:
                backend.insert("resolved", table)
            moved += _count(rows, resolved, moved.shape)
            moved[:, accepted] -= np.bincount(rows.filter(rows["is_new"])["arrival"].to_numpy(), minlength=arrivals)
            known = rows.filter(pc.invert(rows["is_new"]))
            if known.num_rows:
                moved -= _count(known, _resolve(known), moved.shape)
    return moved


def _find_owners(backend: Backend, judged: int) -> None:
    """Leave the table `owners`: of each natural key that several records have, the record that it belongs to."""
    backend.raw_sql(
        "CREATE TABLE shared (natural_key64 BIGINT); CREATE TABLE owners (natural_key64 BIGINT, owner BIGINT)"
    )
    for part in parts_of("natural_key64", judged + _count_of(backend, "rivals")):
        backend.raw_sql(_SHARED.format(part=part))
    for part in parts_of("natural_key64", _count_of(backend, "shared")):
        backend.raw_sql(_OWNERS.format(part=part))


def _count_of(backend: Backend, table: str) -> int:
    return int(engine.fetch(backend, f"SELECT count(*) AS n FROM {table}")["n"][0].as_py())


def _whole_keys(batches: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Sorted rows in pieces that never part a key."""
    kept: list[pa.Table] = []
    for batch in batches:
        rows = pa.Table.from_batches([batch])
        key = rows["key64"].to_numpy()
        first = int(np.searchsorted(key, key[-1])) if len(key) else 0
        if first:
            yield pa.concat_tables([*kept, rows.slice(0, first)]).combine_chunks()
            kept = []
        kept.append(rows.slice(first))
    if kept:
        yield pa.concat_tables(kept).combine_chunks()


def _resolve(rows: pa.Table) -> Resolved:
    return resolve(*(rows[name].to_numpy() for name in ("key64", "action", "content64")))


def _resolved_table(rows: pa.Table, resolved: Resolved) -> pa.Table:
    received = whole(rows["received_on"])
    successor = pa.array(resolved.successor, mask=resolved.successor < 0)
    return pa.table(
        {
            "rid": rows["rid"],
            "record_state": _words(resolved.state),
            "first_received_on": received.take(pa.array(resolved.first)),
            "superseded_on": received.take(successor),
            "revision": pa.array(resolved.revision),
        }
    )


def _words(states: np.ndarray) -> pa.Array:
    return pa.array([str(one) for one in STATES]).take(pa.array(states))


def _count(rows: pa.Table, resolved: Resolved, shape: tuple[int, int]) -> np.ndarray:
    place = rows["arrival"].to_numpy() * shape[1] + resolved.outcome
    return np.bincount(place, minlength=shape[0] * shape[1]).reshape(shape)


def _calendar_table(calendar: WorkingDays) -> ir.Table:
    import ibis

    days = np.datetime64(calendar.first) + np.arange(len(calendar.ordinals))
    return ibis.memtable(pa.table({"day": pa.array(days.astype("datetime64[D]")), "ordinal": calendar.ordinals}))
