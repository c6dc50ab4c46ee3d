"""Take deliveries in: which edition applies to each row, which rows can't become records, and why."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.ahead import Ahead
from creditlab.catalogue.edition import Catalogue, DataFormat, Edition
from creditlab.identifiers import fold_identifier, is_natural_person_code, mask_resident_ids
from creditlab.ingest.days import parse_days
from creditlab.ingest.protect import fill, fold_fields, is_blank, protect, settle_kinds
from creditlab.ingest.resolve import ACTIONS
from creditlab.ingest.staging import Arrival, Staging
from creditlab.sources import Batch, ManifestRow
from creditlab.terms import Action, QuarantineReason, Role

#: Rows, or bytes of them, that are judged together; enough to be fast, few enough to stay small.
BATCH_ROWS = 100_000
BATCH_BYTES = 16 * 2**20
_META = ("arrival", "row_no", "item_code")
_REASONS = [
    QuarantineReason.UNKNOWN_REGION,
    QuarantineReason.UNKNOWN_ACTION,
    QuarantineReason.NO_RECORD_ID,
    QuarantineReason.NO_SUBJECT_ID,
    QuarantineReason.NO_EVENT_DATE,
    QuarantineReason.ITEM_NOT_IN_EDITION,
    QuarantineReason.DEPARTMENT_NOT_PROVIDER,
]

#: The editions that have an item, newest first, each with the item's record schema.
Schemas = tuple[tuple[Edition, DataFormat], ...]


def schemas_of(catalogue: Catalogue, item_code: str) -> Schemas:
    """The editions that have an item, newest first, each with the item's record schema."""
    newest_first = sorted(catalogue.editions, key=lambda one: -one.year)
    return tuple(
        (edition, edition.format_of(edition.item[item_code])) for edition in newest_first if item_code in edition.item
    )


class Intake:
    """Collects deliveries, and judges their rows in batches of one set of record schemas."""

    def __init__(self, staging: Staging) -> None:
        self.staging = staging
        self.delivered: list[int] = []
        self._schemas: dict[str, Schemas] = {}
        self._waiting: dict[tuple[str, ...], list[pa.Table]] = {}
        self._waiting_size: dict[tuple[str, ...], tuple[int, int]] = {}
        # While the engine judges one batch, the next one is protected, and the one after it is read.
        self._protecting, self._judging = Ahead(), Ahead()

    def add(self, row: ManifestRow, delivery_id: str, batches: Iterable[Batch] | None) -> int:
        """Take one delivery in; returns its arrival number.

        Parameters
        ----------
        batches
            Its rows; None where the file can't be read at all, which counts as one quarantined row.
        """
        arrival = self.staging.arrive(
            Arrival(
                delivery_id,
                row.item_code,
                row.department,
                row.region_code,
                row.delivered_at,
                row.received_on,
                row.manifest_row,
            )
        )
        self.delivered.append(0)
        if batches is None:
            self._refuse(arrival, [0], QuarantineReason.UNREADABLE_FILE)
            return arrival
        for batch in batches:
            if batch.unreadable:
                self._refuse(arrival, batch.unreadable, QuarantineReason.UNREADABLE_ROW)
            if len(batch.row_no):
                self._wait(arrival, row.item_code, batch)
        return arrival

    def _wait(self, arrival: int, item_code: str, batch: Batch) -> None:
        count = len(batch.row_no)
        self.delivered[arrival] += count
        schemas = self._schemas_of(item_code)
        table = _rename(batch.table, schemas)
        table = table.drop_columns([name for name in _META if name in table.column_names])
        table = (
            table.append_column("arrival", pa.array(np.full(count, arrival)))
            .append_column("row_no", pa.array(batch.row_no))
            .append_column("item_code", pa.repeat(item_code, count))
        )
        alike = tuple(f"{edition.year} {schema.name}" for edition, schema in schemas)
        self._waiting.setdefault(alike, []).append(table)
        rows, size = self._waiting_size.get(alike, (0, 0))
        self._waiting_size[alike] = rows + count, size + table.nbytes
        if rows + count >= BATCH_ROWS or size + table.nbytes >= BATCH_BYTES:
            self._judge(alike, schemas)

    def finish(self) -> None:
        """Judge what is still waiting."""
        for alike, tables in list(self._waiting.items()):
            self._judge(alike, self._schemas_of(tables[0]["item_code"][0].as_py()))
        self._protecting.close()
        self._judging.close()

    def _schemas_of(self, item_code: str) -> Schemas:
        if item_code not in self._schemas:
            self._schemas[item_code] = schemas_of(self.staging.catalogue, item_code)
        return self._schemas[item_code]

    def _refuse(self, arrival: int, rows: list[int], reason: QuarantineReason) -> None:
        self.delivered[arrival] += len(rows)
        self.staging.quarantine(np.full(len(rows), arrival), np.asarray(rows), pa.array([str(reason)] * len(rows)))

    def _judge(self, alike: tuple[str, ...], schemas: Schemas) -> None:
        """Judge the waiting rows of items that have the same record schemas in the same editions."""
        self._waiting_size.pop(alike)
        self._protecting.hand_over(self._protect, self._waiting.pop(alike), schemas)

    def _protect(self, tables: list[pa.Table], schemas: Schemas) -> None:
        rows = pa.concat_tables(tables, promote_options="default").combine_chunks()
        if not schemas:
            reason = pa.array([str(QuarantineReason.ITEM_NOT_IN_EDITION)] * rows.num_rows, pa.string())
            self.staging.quarantine(rows["arrival"].to_numpy(), rows["row_no"].to_numpy(), reason)
            return
        action = _actions(rows, self.staging.protection.blanks)
        editions = editions_of(self.staging, rows, schemas)
        reasons = self._reasons(rows, schemas, editions, action)
        self._quarantine(rows, schemas, reasons)
        others = [name for name in rows.column_names if name not in {*_META, "action"}]
        identifying = {name for _, schema in schemas for name in fold_fields(schema)}
        rows = _set(rows, "action", action)
        for place, (edition, schema) in enumerate(schemas):
            chosen = (reasons < 0) & (editions == place)
            if chosen.any():
                fields = {one.name for one in schema.fields}
                part = rows if chosen.all() else rows.filter(pa.array(chosen))
                unknown = [name for name in others if name not in fields]
                protected = protect(part, schema, unknown, identifying, self.staging.protection)
                self._judging.hand_over(self.staging.add_new, protected, edition, schema)

    def _reasons(self, rows: pa.Table, schemas: Schemas, editions: np.ndarray, action: pa.Array) -> np.ndarray:
        """For each row the first reason that keeps it out, as a place in `_REASONS`; -1 for none."""
        blanks, catalogue = self.staging.protection.blanks, self.staging.catalogue
        arrival = rows["arrival"].to_numpy()
        arrivals = self.staging.arrivals
        used = np.unique(arrival)
        unknown_region = np.zeros(len(arrivals), dtype=bool)
        is_provided = np.zeros((len(arrivals), len(schemas) + 1), dtype=bool)
        for number in used:
            one = arrivals[number]
            unknown_region[number] = one.region_code not in catalogue.regions
            for place, (edition, _) in enumerate(schemas):
                item = edition.item[one.item_code]
                is_provided[number, place] = catalogue.is_provider(item, one.department, one.received_on)
        empty = {
            role: np.logical_and.reduce([_is_empty(rows, name, blanks) for name in _names(schemas, role)])
            for role in (Role.RECORD_ID, Role.SUBJECT_ID)
        }
        # `editions` is -1 where no event date gives an edition, and -2 where the edition that applies lacks the item.
        tests = [
            unknown_region[arrival],
            pc.is_null(action).to_numpy(zero_copy_only=False),
            empty[Role.RECORD_ID],
            empty[Role.SUBJECT_ID],
            editions == -1,
            editions == -2,
            ~is_provided[arrival, editions],
        ]
        reasons = np.full(rows.num_rows, -1, dtype=np.int8)
        for place in reversed(range(len(tests))):
            reasons[tests[place]] = place
        return reasons

    def _quarantine(self, rows: pa.Table, schemas: Schemas, reasons: np.ndarray) -> None:
        bad = reasons >= 0
        if not bad.any():
            return
        rows, reasons = rows.filter(pa.array(bad)), reasons[bad]
        words = pa.array([str(reason) for reason in _REASONS], pa.string()).take(pa.array(reasons))
        content = self._content(rows, schemas)
        self.staging.quarantine(rows["arrival"].to_numpy(), rows["row_no"].to_numpy(), words, content)

    def _content(self, rows: pa.Table, schemas: Schemas) -> pa.Array:
        """Quarantined rows as JSON text; null where the item covers natural persons or the row is about one."""
        schema = schemas[0][1]
        covering = {
            code for edition, _ in schemas for code, item in edition.item.items() if item.covers_natural_persons
        }
        raw = {one.name: fill(_column(rows, one.name), rows.num_rows) for one in schema.fields}
        subject = schema.name_of(Role.SUBJECT_ID)
        if subject:
            raw[subject] = fold_identifier(raw[subject])
        _, is_person = settle_kinds(raw, schema, self.staging.protection.blanks)
        is_covered = pc.is_in(rows["item_code"], value_set=pa.array(sorted(covering), pa.string()))
        hidden = is_person | is_covered.to_numpy(zero_copy_only=False)
        delivered = {name: fill(rows[name], rows.num_rows) for name in rows.column_names if name not in _META}
        for values in delivered.values():
            hidden |= _holds_person_code(values)
        # A file without a header has its first row's cells for column names.
        hidden |= _holds_person_code(pa.array(list(delivered), pa.string())).any()
        key = self.staging.protection.key
        names = mask_resident_ids(pa.array(list(delivered), pa.string()), key)[0].to_pylist()
        columns = [mask_resident_ids(values, key)[0] for values in delivered.values()]
        structs = pa.StructArray.from_arrays(columns, names=names)
        given = pa.table({"n": np.arange(rows.num_rows), "row": structs})
        found = self.staging.aside.run("SELECT n, row::JSON::VARCHAR AS text FROM rows ORDER BY n", given)
        return pc.if_else(pa.array(hidden), None, fill(found["text"], rows.num_rows))


def editions_of(staging: Staging, rows: pa.Table, schemas: Schemas) -> np.ndarray:
    """For each row the place in `schemas` of the edition that applies to its event.

    Returns
    -------
    numpy.ndarray
        -1 where the row has no event date, -2 where the edition that applies does not have the item.
    """
    names = [name for name in _names(schemas, Role.EVENT_DATE) if name in rows.column_names]
    if not names:
        return np.full(rows.num_rows, -1)
    days = [parse_days(pc.utf8_trim_whitespace(fill(rows[name], rows.num_rows))) for name in names]
    years = pc.fill_null(pc.year(pc.coalesce(*days)), 0).to_numpy(zero_copy_only=False)
    place = {edition.year: number for number, (edition, _) in enumerate(schemas)}
    answer = np.full(rows.num_rows, -1)
    for year in np.unique(years[years > 0]):
        applies = staging.catalogue.edition_for(int(year)).year
        answer[years == year] = place.get(applies, -2)
    return answer


def _names(schemas: Schemas, role: Role) -> list[str]:
    """The fields that have a role in any of the schemas, each once."""
    return list(dict.fromkeys(name for _, schema in schemas if (name := schema.name_of(role))))


def _column(rows: pa.Table, name: str) -> pa.ChunkedArray | None:
    return rows[name] if name in rows.column_names else None


def _set(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    if name in rows.column_names:
        return rows.set_column(rows.column_names.index(name), name, values)
    return rows.append_column(name, values)


def _holds_person_code(values: pa.Array) -> np.ndarray:
    """Whether each cell is, as a whole, a natural person's code of full length, under whichever column it stands."""
    folded = fold_identifier(values)
    is_whole = pc.equal(pc.utf8_length(folded), 18).to_numpy(zero_copy_only=False)
    return is_natural_person_code(folded) & is_whole


def _is_empty(rows: pa.Table, name: str, blanks: tuple[str, ...]) -> np.ndarray:
    text = fill(_column(rows, name), rows.num_rows)
    return is_blank(fold_identifier(text), blanks) | is_blank(pc.utf8_trim_whitespace(text), blanks)


def _actions(rows: pa.Table, blanks: tuple[str, ...]) -> pa.Array:
    """What each row asks for; null where that is unknown."""
    text = pc.utf8_lower(pc.utf8_trim_whitespace(fill(_column(rows, "action"), rows.num_rows)))
    asked = pc.if_else(pa.array(is_blank(text, blanks)), str(Action.ADD), text)
    known = pc.is_in(asked, value_set=pa.array([str(one) for one in ACTIONS]))
    return pc.if_else(known, asked, None)


def _rename(table: pa.Table, schemas: Schemas) -> pa.Table:
    """Give columns that carry a field's Chinese or English name the field's own name, where that is free."""
    taken = set(table.column_names)
    names = []
    aliases = {
        alias: one.name
        for _, schema in reversed(schemas)
        for one in schema.fields
        for alias in (one.name_zh, one.name_en)
    }
    for name in table.column_names:
        target = aliases.get(name, name)
        if target != name and target not in taken:
            taken.add(target)
            names.append(target)
        else:
            names.append(name)
    return table.rename_columns(names)
