"""Rows on their way into the lake: judged one record schema and edition at a time, kept where the engine reads them.

`judged` holds one row per row that may become an entry, new ones and those already in the lake whose keys are judged
again, in one fixed set of columns. The new rows' payloads wait in the spool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab import engine
from creditlab.catalogue.edition import Catalogue, DataFormat, Edition
from creditlab.checks.names import KEPT_FAULTS, KIND, MASKED, RIGHT_CODE, day_fields, day_name
from creditlab.identifiers import has_valid_check_character, keyed_digest
from creditlab.ingest.days import parse_days
from creditlab.ingest.hashing import stable_hashes
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
)
from creditlab.ingest.resolve import ACTIONS
from creditlab.ingest.shelf import Shelf
from creditlab.ingest.spool import Spool
from creditlab.lake.schemas import PAYLOAD
from creditlab.terms import Role
from creditlab.textbytes import whole

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

#: The columns of judged rows, in the engine's words.
JUDGED = {
    "rid": "BIGINT",
    "is_new": "BOOLEAN",
    "arrival": "BIGINT",
    "row_no": "BIGINT",
    "action": "TINYINT",
    "key64": "BIGINT",
    "natural_key64": "BIGINT",
    "content64": "BIGINT",
    "name64": "BIGINT",
    "record_id": "VARCHAR",
    "item_code": "VARCHAR",
    "subject_id": "VARCHAR",
    "subject_kind": "VARCHAR",
    "event_date": "DATE",
    "valid_until": "DATE",
    "amount": "DECIMAL(38, 6)",
    "row_faults": "VARCHAR",
    "filled_count": "INTEGER",
    "required_count": "INTEGER",
    "is_working": "BOOLEAN",
}
_PAYLOAD_META = ("key64", "natural_key64", "content64", "name64", "row_no", "action", KIND, MASKED)
_QUARANTINED = "CREATE TABLE quarantined (arrival BIGINT, row_no BIGINT, reason VARCHAR, content VARCHAR)"
#: What the engine may hold in memory; what is more goes to its temporary folder.
MEMORY = "500MB"
#: The rows that a compiled query judges, whichever they are.
_TO_JUDGE = "to_judge"
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


@dataclass
class Staging:
    """The tables of one run, in an engine and a temporary folder of its own.

    The engine is asked for when it is first needed: it may still be opening while rows are read and protected.
    """

    opened: Callable[[], Backend]
    catalogue: Catalogue
    protection: Protection
    spool: Spool
    arrivals: list[Arrival] = field(default_factory=list)
    forgotten: set[int] = field(default_factory=set)
    rows: int = 0
    _tools: tuple[Backend, engine.Aside, Shelf] | None = None
    _lock: Lock = field(default_factory=Lock)
    _compiled: dict[tuple[object, ...], tuple[str, str]] = field(default_factory=dict)

    @property
    def backend(self) -> Backend:
        """The engine that has the run's tables."""
        return self._with_tables()[0]

    @property
    def aside(self) -> engine.Aside:
        """A way to the tables beside the engine's own connection: rows are quarantined while others are judged."""
        return self._with_tables()[1]

    @property
    def _judged(self) -> Shelf:
        return self._with_tables()[2]

    def _with_tables(self) -> tuple[Backend, engine.Aside, Shelf]:
        with self._lock:
            if self._tools is None:
                backend = self.opened()
                backend.raw_sql(_QUARANTINED)
                shelf = Shelf(backend, self.spool.folder, "judged", JUDGED)
                self._tools = backend, engine.Aside(backend), shelf
            return self._tools

    def arrive(self, arrival: Arrival) -> int:
        """Note a delivery; returns the number that its rows carry."""
        self.arrivals.append(arrival)
        return len(self.arrivals) - 1

    def add_new(self, rows: pa.Table, edition: Edition, schema: DataFormat) -> None:
        """Judge and keep new rows, as `protect` returns them with `arrival`, `row_no`, `item_code` and `action`."""
        person = rows[IS_PERSON].to_numpy()
        content = fill(rows[CONTENT], rows.num_rows)
        if person.any():
            # A natural person's values could be guessed from a plain hash; the key makes guessing useless.
            mask = pa.array(person)
            content = pc.replace_with_mask(content, mask, keyed_digest(content.filter(mask), self.protection.key))
        texts = {"content64": content, "key64": self._key_text(rows, schema)}
        if rows[NAME].null_count < rows.num_rows:
            texts["name64"] = whole(rows[NAME])
        else:
            rows = rows.append_column("name64", pa.nulls(rows.num_rows, pa.int64()))
        rows = rows.drop_columns([CONTENT, NAME])
        rows = self._hashed(rows, texts).append_column(KEPT_FAULTS, pa.nulls(rows.num_rows, pa.string()))
        name_faults = self._judge(rows, edition, schema, is_new=True)
        self.spool.add(schema.name, self._payload(rows, schema, name_faults))

    def add_known(self, rows: pa.Table, edition: Edition, schema: DataFormat) -> None:
        """Judge rows again that the lake holds, as their payloads have them with the columns of new ones."""
        count, blanks = rows.num_rows, self.protection.blanks
        kept = set(rows.column_names)
        fields = {one.name: fill(rows[one.name] if one.name in kept else None, count) for one in schema.fields}
        right = has_valid_check_character(fields[schema.required_name(Role.SUBJECT_ID)])
        natural = natural_key_text(fields, schema, blanks)
        passed = {name: rows[name] for name in rows.column_names if name not in fields}
        values = {name: nullify(text, blanks) for name, text in fields.items()}
        table = pa.table(passed | values | {RIGHT_CODE: pa.array(right), NATURAL_KEY: natural})
        self._judge(self._hashed(table, {}), edition, schema, is_new=False)

    def _key_text(self, rows: pa.Table, schema: DataFormat) -> pa.Array:
        """What a row's key is hashed over: item, department and record number."""
        return pc.binary_join_element_wise(
            self._prefix(rows), fill(rows[schema.required_name(Role.RECORD_ID)], rows.num_rows), ""
        )

    def _prefix(self, rows: pa.Table) -> pa.Array:
        """Item and department, each with its length, so that no two pairs are joined alike."""
        arrival = whole(rows["arrival"]).dictionary_encode()
        used = [self.arrivals[number] for number in arrival.dictionary.to_pylist()]
        texts = [f"{len(one.item_code)}:{one.item_code}|{len(one.department)}:{one.department}|" for one in used]
        return pa.array(texts, pa.string()).take(arrival.indices)

    def _hashed(self, rows: pa.Table, texts: dict[str, pa.Array]) -> pa.Table:
        """Number rows, read their days' texts, and add hashes of texts; a natural key that is none is the key's own."""
        rows = rows.append_column("rid", pa.array(np.arange(self.rows, self.rows + rows.num_rows)))
        self.rows += rows.num_rows
        natural = whole(pc.binary_join_element_wise(self._prefix(rows), "natural|", whole(rows[NATURAL_KEY]), ""))
        texts = texts | ({"natural_key64": natural} if natural.null_count < len(natural) else {})
        for name, hashes in stable_hashes(self.aside, texts).items():
            rows = rows.append_column(name, hashes)
        if "natural_key64" in texts:
            own = pc.coalesce(rows["natural_key64"], rows["key64"])
            rows = rows.set_column(rows.column_names.index("natural_key64"), "natural_key64", own)
        else:
            rows = rows.append_column("natural_key64", rows["key64"])
        return rows.drop_columns([NATURAL_KEY])

    def _judge(self, rows: pa.Table, edition: Edition, schema: DataFormat, *, is_new: bool) -> pa.Array:
        """Judge rows and keep them; returns what `_name_faults` does."""
        for name in day_fields(schema):
            rows = rows.append_column(day_name(name), parse_days(whole(rows[name])))
        alike = (edition.year, schema.name, is_new, tuple(rows.schema.names), tuple(map(str, rows.schema.types)))
        if alike not in self._compiled:
            self._compiled[alike] = self._compile(rows.schema, edition, schema, is_new=is_new)
        ask_entries, ask_name_faults = self._compiled[alike]
        with engine.named(self.backend, rows, _TO_JUDGE):
            self._judged.add(ask_entries)
        return self._name_faults(ask_name_faults, rows, schema) if is_new else None

    def _compile(self, columns: pa.Schema, edition: Edition, schema: DataFormat, *, is_new: bool) -> tuple[str, str]:
        """What judges rows, and what asks for the faults of their names.

        Compiling takes as long as judging some ten thousand rows.
        """
        import ibis

        from creditlab.checks.rules import judge

        working = [item.item_code for item in edition.items if item.time_limit.is_working]
        table = ibis.table(ibis.Schema.from_pyarrow(columns), name=_TO_JUDGE)
        judged = judge(table, self.catalogue, edition, schema)
        entries = judged.select(
            "rid",
            is_new=ibis.literal(is_new),
            arrival=judged.arrival,
            row_no=judged.row_no,
            action=_place_of(judged.action),
            key64=judged.key64,
            natural_key64=judged.natural_key64,
            content64=judged.content64,
            name64=judged.name64,
            record_id=judged[schema.required_name(Role.RECORD_ID)],
            item_code=judged.item_code,
            subject_id=judged[schema.required_name(Role.SUBJECT_ID)],
            subject_kind=judged[KIND],
            event_date=judged.event_day,
            valid_until=judged.end_day,
            amount=judged.amount_value,
            row_faults=judged.row_faults + judged.name_faults,
            filled_count=judged.filled_count,
            required_count=judged.required_count,
            is_working=judged.item_code.isin(working),
        )
        name_faults = judged.select("rid", "name_faults").order_by("rid")
        return self.backend.compile(entries), self.backend.compile(name_faults)

    def _name_faults(self, query: str, rows: pa.Table, schema: DataFormat) -> pa.Array:
        """Faults about the content of natural persons' names, which are judged now and never again; else null."""
        name = schema.name_of(Role.SUBJECT_NAME)
        nothing = pa.nulls(rows.num_rows, pa.string())
        is_named = whole(pc.and_(rows[IS_PERSON], pc.is_valid(rows[name]))) if name else None
        if is_named is None or not pc.any(is_named).as_py():
            return nothing
        with engine.named(self.backend, rows.filter(is_named), _TO_JUDGE):
            found = whole(engine.ask(self.backend, query)["name_faults"])
        return pc.replace_with_mask(nothing, is_named, found)

    def _payload(self, rows: pa.Table, schema: DataFormat, name_faults: pa.Array) -> pa.Table:
        """What is kept of new rows: their fields, natural persons' names withheld, and what judging again needs."""
        fields = {one.name: rows[one.name] for one in schema.fields}
        name = schema.name_of(Role.SUBJECT_NAME)
        if name:
            is_named = pc.and_(rows[IS_PERSON], pc.is_valid(rows[name]))
            fields[name] = pc.if_else(is_named, WITHHELD, rows[name])
        encoded = whole(rows["arrival"]).dictionary_encode()
        used = [self.arrivals[number] for number in encoded.dictionary.to_pylist()]
        meta = {name: rows[name] for name in _PAYLOAD_META} | {
            "delivery_id": pa.array([one.delivery_id for one in used], pa.string()).take(encoded.indices),
            "delivered_at": pa.array([one.delivered_at for one in used], PAYLOAD.field("delivered_at").type).take(
                encoded.indices
            ),
            KEPT_FAULTS: name_faults,
        }
        return pa.table({"arrival": rows["arrival"]} | meta | fields)

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
        self.aside.execute("INSERT INTO quarantined BY NAME SELECT * FROM rows", pa.table(rows))

    def forget(self, arrivals: set[int]) -> None:
        """Drop deliveries that turned out not to be taken: another run has them, or their file changed meanwhile."""
        if not arrivals:
            return
        self.forgotten |= arrivals
        numbers = ", ".join(str(number) for number in sorted(self.forgotten))
        self._judged.show(f"arrival NOT IN ({numbers})")
        self.backend.raw_sql(f"DELETE FROM quarantined WHERE arrival IN ({numbers})")

    def arrival_table(self, numbers: Sequence[int] | None = None) -> ir.Table:
        """The deliveries that rows refer to by number."""
        import ibis

        chosen: Iterable[int] = range(len(self.arrivals)) if numbers is None else numbers
        rows = [{"arrival": number} | vars(self.arrivals[number]) for number in chosen]
        return ibis.memtable(pa.Table.from_pylist(rows, schema=_ARRIVALS))


def _place_of(action: ir.StringColumn) -> ir.IntegerColumn:
    import ibis

    return ibis.cases(*((action == str(one), place) for place, one in enumerate(ACTIONS)), else_=0).cast("int8")
