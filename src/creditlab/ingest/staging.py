"""Rows on their way into the lake: judged one record schema and edition at a time, kept in the engine's own tables.

`judged` holds one row per row that may become an entry, new ones and those already in the lake whose keys are judged
again, in one fixed set of columns. `staged_<n>` tables hold the new rows' payloads, one a data format.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import reduce
from typing import TYPE_CHECKING

import ibis
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab import checks
from creditlab.catalogue.edition import Catalogue, DataFormat, Edition
from creditlab.identifiers import has_valid_check_character, keyed_digest
from creditlab.ingest.days import parse_days
from creditlab.ingest.protect import (
    CONTENT,
    IS_PERSON,
    NAME,
    NATURAL_KEY,
    WITHHELD,
    Protection,
    fill,
    natural_key_text,
    nullify,
    whole,
)
from creditlab.ingest.resolve import ACTIONS
from creditlab.terms import Role

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

_JUDGED = """
CREATE TABLE judged (
  rid BIGINT, is_new BOOLEAN, arrival BIGINT, row_no BIGINT, action TINYINT,
  key64 BIGINT, natural_key64 BIGINT, content64 BIGINT, name64 BIGINT,
  record_id VARCHAR, item_code VARCHAR, subject_id VARCHAR, subject_kind VARCHAR,
  event_date DATE, valid_until DATE, amount DECIMAL(38, 6), row_faults VARCHAR, filled_count INTEGER,
  required_count INTEGER, is_working BOOLEAN
)
"""
_PAYLOAD_META = (
    "key64", "natural_key64", "content64", "name64", "delivery_id", "row_no", "delivered_at", "action", checks.KIND,
    checks.MASKED,
)  # fmt: skip
_PAYLOAD_COLUMNS = (
    "key64 BIGINT, natural_key64 BIGINT, content64 BIGINT, name64 BIGINT, delivery_id VARCHAR, row_no BIGINT, "
    "delivered_at TIMESTAMPTZ, action VARCHAR, judged_kind VARCHAR, is_masked BOOLEAN, kept_faults VARCHAR"
)
_QUARANTINED = "CREATE TABLE quarantined (arrival BIGINT, row_no BIGINT, reason VARCHAR, content VARCHAR)"
#: DuckDB's own hash may change between versions, and keys live longer than those.
_HASH = """
CREATE MACRO stable_hash64(text) AS (md5_number_lower(text)::HUGEINT - 9223372036854775808)::BIGINT
"""
_ARRIVALS = pa.schema(
    [
        ("arrival", pa.int64()),
        ("delivery_id", pa.string()),
        ("item_code", pa.string()),
        ("department", pa.string()),
        ("region_code", pa.string()),
        ("delivered_at", pa.timestamp("us", tz="UTC")),
        ("received_on", pa.date32()),
        ("manifest_row", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Arrival:
    """A delivery that rows belong to, new or long in the lake."""

    delivery_id: str
    item_code: str
    department: str
    region_code: str
    delivered_at: datetime
    received_on: date
    manifest_row: int


@ibis.udf.scalar.builtin
def stable_hash64(text: str) -> int:  # type: ignore[empty-body]
    """64 bits of a text's MD5 as a signed integer: the same on every machine and in every version; null stays null."""


def joined(*parts: ir.StringValue) -> ir.StringValue:
    """Texts as one, each with its length, so that no two lists of texts are joined alike; null where one is null."""
    pieces = [part.length().cast("string") + ":" + part for part in parts]
    return reduce(lambda a, b: a + "|" + b, pieces)


@dataclass
class Staging:
    """The tables of one run, in an engine of its own."""

    backend: Backend
    catalogue: Catalogue
    protection: Protection
    arrivals: list[Arrival] = field(default_factory=list)
    payload_tables: dict[str, str] = field(default_factory=dict)
    rows: int = 0

    def __post_init__(self) -> None:
        self.backend.raw_sql(";".join((_JUDGED, _QUARANTINED, _HASH)))

    def arrive(self, arrival: Arrival) -> int:
        """Note a delivery; returns the number that its rows carry."""
        self.arrivals.append(arrival)
        return len(self.arrivals) - 1

    def add_new(self, rows: pa.Table, edition: Edition, schema: DataFormat) -> None:
        """Judge and keep new rows, as `protect` returns them with `arrival`, `row_no` and `action`."""
        person = rows[IS_PERSON].to_numpy()
        content = fill(rows[CONTENT], rows.num_rows)
        if person.any():
            # A natural person's values could be guessed from a plain hash; the key makes guessing useless.
            mask = pa.array(person)
            content = pc.replace_with_mask(content, mask, keyed_digest(content.filter(mask), self.protection.key))
        rows = rows.set_column(rows.column_names.index(CONTENT), CONTENT, content)
        rows = rows.append_column(checks.KEPT_FAULTS, pa.nulls(rows.num_rows, pa.string()))
        table = self._with_arrivals(rows, schema)
        table = table.mutate(
            content64=stable_hash64(table[CONTENT]),
            name64=stable_hash64(table[NAME]),
            key64=stable_hash64(joined(table.item_code, table.department, table[schema.name_of(Role.RECORD_ID)])),
        )
        self._judge(table, edition, schema, is_new=True)

    def add_known(self, rows: pa.Table, edition: Edition, schema: DataFormat) -> None:
        """Judge rows again that the lake holds, as their payloads have them with `arrival`, `row_no` and `action`."""
        count, blanks = rows.num_rows, self.protection.blanks
        fields = {
            one.name: fill(rows[one.name] if one.name in rows.column_names else None, count) for one in schema.fields
        }
        right = has_valid_check_character(fields[schema.required_name(Role.SUBJECT_ID)])
        natural = natural_key_text(fields, schema, blanks)
        passed = {name: rows[name] for name in rows.column_names if name not in fields}
        values = {name: nullify(text, blanks) for name, text in fields.items()}
        table = pa.table(passed | values | {checks.RIGHT_CODE: pa.array(right), NATURAL_KEY: natural})
        self._judge(self._with_arrivals(table, schema), edition, schema, is_new=False)

    def quarantine(
        self, arrival: np.ndarray, row_no: np.ndarray, reason: pa.Array, content: pa.Array | None = None
    ) -> None:
        """Keep rows that could not become records; `content` is null where it must not be kept."""
        rows = {
            "arrival": pa.array(arrival, pa.int64()),
            "row_no": pa.array(row_no, pa.int64()),
            "reason": reason.cast(pa.string()),
            "content": pa.nulls(len(arrival), pa.string()) if content is None else content,
        }
        self.backend.insert("quarantined", ibis.memtable(pa.table(rows)))

    def forget(self, arrivals: set[int]) -> None:
        """Drop deliveries that turned out not to be taken: another run has them, or their file changed meanwhile."""
        if not arrivals:
            return
        numbers = ", ".join(str(number) for number in sorted(arrivals))
        names = ", ".join(f"'{self.arrivals[number].delivery_id}'" for number in sorted(arrivals))
        for table in ("judged", "quarantined"):
            self.backend.raw_sql(f"DELETE FROM {table} WHERE arrival IN ({numbers})")
        for table in self.payload_tables.values():
            self.backend.raw_sql(f"DELETE FROM {table} WHERE delivery_id IN ({names})")

    def _with_arrivals(self, rows: pa.Table, schema: DataFormat) -> ir.Table:
        """Rows in the engine, numbered, with the item, department and time of their delivery."""
        for name in checks.day_fields(schema):
            rows = rows.append_column(checks.day_name(name), parse_days(whole(rows[name])))
        numbers = pa.array(np.arange(self.rows, self.rows + rows.num_rows))
        self.rows += rows.num_rows
        rows = rows.append_column("rid", numbers)
        used = pa.table({"arrival": rows["arrival"].unique()})
        return ibis.memtable(rows).join(self.arrival_table(used["arrival"].to_pylist()), "arrival")

    def arrival_table(self, numbers: Sequence[int] | None = None) -> ir.Table:
        """The deliveries that rows refer to by number."""
        chosen: Iterable[int] = range(len(self.arrivals)) if numbers is None else numbers
        rows = [{"arrival": number} | vars(self.arrivals[number]) for number in chosen]
        return ibis.memtable(pa.Table.from_pylist(rows, schema=_ARRIVALS))

    def _judge(self, table: ir.Table, edition: Edition, schema: DataFormat, *, is_new: bool) -> None:
        natural = joined(table.item_code, table.department, ibis.literal("natural"), table[NATURAL_KEY])
        table = table.mutate(
            natural_key64=ibis.coalesce(stable_hash64(natural), table.key64), action_place=_place_of(table.action)
        )
        working = [item.item_code for item in edition.items if item.time_limit.is_working]
        judged = checks.judge(table, self.catalogue, edition, schema)
        judged = judged.mutate(is_working=judged.item_code.isin(working))
        done = {CONTENT, NAME, NATURAL_KEY, *(checks.day_name(one) for one in checks.day_fields(schema))}
        self._make(f"judged_{self.rows}", judged.drop(*(name for name in judged.columns if name in done)))
        number, subject = (quoted(schema.required_name(role)) for role in (Role.RECORD_ID, Role.SUBJECT_ID))
        self.backend.raw_sql(
            f"INSERT INTO judged SELECT rid, {is_new}, arrival, row_no, action_place, key64, natural_key64, content64, "
            f"name64, {number}, item_code, {subject}, {checks.KIND}, event_day, end_day, amount_value, "
            f"row_faults || name_faults, filled_count, required_count, is_working FROM judged_{self.rows}"
        )
        if is_new:
            self._keep_payload(f"judged_{self.rows}", schema)
        self.backend.raw_sql(f"DROP TABLE judged_{self.rows}")

    def _make(self, name: str, table: ir.Table) -> ir.Table:
        return self.backend.create_table(name, table)

    def _keep_payload(self, made: str, schema: DataFormat) -> None:
        name = schema.name_of(Role.SUBJECT_NAME)
        columns = {quoted(one.name): quoted(one.name) for one in schema.fields}
        kept = "NULL"
        if name:
            is_named = f"{IS_PERSON} AND {quoted(name)} IS NOT NULL"
            columns[quoted(name)] = f"CASE WHEN {is_named} THEN '{WITHHELD}' ELSE {quoted(name)} END"
            kept = f"CASE WHEN {is_named} THEN name_faults END"
        columns |= {column: column for column in _PAYLOAD_META} | {checks.KEPT_FAULTS: kept}
        table = self.payload_tables.get(schema.name)
        if table is None:
            table = self.payload_tables[schema.name] = f"staged_{len(self.payload_tables)}"
            self.backend.raw_sql(f"CREATE TABLE {table} ({_PAYLOAD_COLUMNS})")
        known = {quoted(column) for column in self.backend.table(table).columns}
        for column in columns:
            if column not in known and column.strip('"') not in known:
                self.backend.raw_sql(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {column} VARCHAR")
        chosen = ", ".join(f"{value} AS {column}" for column, value in columns.items())
        self.backend.raw_sql(f"INSERT INTO {table} BY NAME SELECT {chosen} FROM {made}")


def quoted(name: str) -> str:
    """A column's name as SQL: fields are named by officials, not by us."""
    return '"' + name.replace('"', '""') + '"'


def _place_of(action: ir.StringColumn) -> ir.IntegerColumn:
    return ibis.cases(*((action == str(one), place) for place, one in enumerate(ACTIONS)), else_=0).cast("int8")
