"""Check the lake's books: what was delivered against what is kept, and every entry against its row.

Two ways lead to each figure. The counts of a delivery are counted again from its payload and quarantine rows, whose
keys are resolved again from the first row to the last; the entries that this asks for are compared with those that are
booked. Besides, the entries are added up on their own: a key stands once, from its first day on, or not at all. Where
all that agrees, every row is judged again, for what no count shows: faults, amounts, days.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa

from creditlab import engine
from creditlab.books.expected import resolve_rows
from creditlab.books.judgement import judged_otherwise
from creditlab.books.kept import kept_otherwise
from creditlab.books.result import Difference, Verification
from creditlab.catalogue import read_sealed
from creditlab.errors import CatalogueError, NoDataError
from creditlab.ingest.resolve import OUTCOMES
from creditlab.lake import Lake, Snapshot
from creditlab.lake.files import check_files
from creditlab.lake.lists import kept_lists
from creditlab.lake.parts import split
from creditlab.lake.store import remembered_editions
from creditlab.scratch import scratch
from creditlab.terms import COUNTS

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from creditlab.workspace import Workspace

#: Rows whose keys are resolved together; keys are taken by their hash, so that none is split.
_BATCH_ROWS = 1_000_000
#: Beyond that, parts become larger, not more: all of them are written to at the same time.
_MOST_PARTS = 96
#: Differences of one kind that are named one by one; the rest is counted.
_NAMED = 20
_PLACE = ["delivery_id", "row_no"]
_AT = ("item_code", "department")
_BY_DELIVERY = ("delivery_id",)
_ENTRY = ("key64", "delivery_id", "row_no", "revision", "record_state", "first_received_on", "content64")


def verify_lake(workspace: Workspace, backend: Backend, run_no: int | None = None) -> Verification:
    """Check files, seals, runs, deliveries, rows, entries and what was kept beside them, as known at a run.

    Parameters
    ----------
    workspace
        Whose lake and catalogue are compared; neither is changed, and no writer waits.
    backend
        An engine.
    run_no
        The run; the newest if None.

    Returns
    -------
    Verification
        Files that are missing or damaged end the check: books that can't be read can't be compared.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet.
    LakeError
        If the lake has a format that this program doesn't know, or the run was never committed.
    WorkspaceError
        If the calendar can't be read, by which rows are judged.
    """
    lake = Lake(workspace.lake)
    if not lake.exists:
        raise NoDataError("nothing has been ingested yet", do="Run creditlab ingest.")
    lake.check_format()
    faults = check_files(lake)
    if faults:
        return Verification(
            None,
            differences=[Difference("files", one.file, one.what, one.expected, one.found) for one in faults],
        )
    found = Verification(None)
    with scratch(engine.own_folder(backend)) as folder:
        books = _Books(Snapshot.take(lake, backend, run_no), found, folder)
        found.run_no = books.snapshot.run_no
        books.check_editions(workspace)
        books.check_lists()
        books.check_runs()
        books.check_rows()
        books.check_sums()
        books.check_entries()
        found.differences += kept_otherwise(books.snapshot)
    if found.is_whole:
        books.check_judgement(workspace)
    return found


_NO_PAYLOAD = pa.schema(
    [
        ("delivery_id", pa.string()),
        ("row_no", pa.int64()),
        ("run_no", pa.int64()),
        ("key64", pa.int64()),
        ("natural_key64", pa.int64()),
        ("content64", pa.int64()),
        ("action", pa.string()),
        ("delivered_at", pa.timestamp("us", tz="UTC")),
    ]
).empty_table()


class _Books:
    def __init__(self, snapshot: Snapshot, found: Verification, folder: Path) -> None:
        self.snapshot, self.backend, self.found = snapshot, snapshot.backend, found
        backend, lake = self.backend, snapshot.lake
        self.deliveries = backend.create_table("books_deliveries", snapshot.table("deliveries"))
        self.quarantine = snapshot.table("quarantine").select("delivery_id", "row_no")
        entries = snapshot.table("records")
        columns = ["delivery_id", "row_no", "run_no", "key64", "natural_key64", "content64", "action", "delivered_at"]
        formats = [snapshot.payload(name).select(columns) for name in lake.payload_formats()]
        written = ibis.union(*formats) if len(formats) > 1 else formats[0] if formats else ibis.memtable(_NO_PAYLOAD)
        most = max(self._count(entries), self._count(written))
        self.parts = parts = min(max(1, -(-most // _BATCH_ROWS)), _MOST_PARTS)
        # What is compared lies together: the rows and entries of a key, and what was written of a row.
        self.entries = split(backend, entries, _part_of(entries, parts), parts, "books_entries", folder)
        self.written = split(backend, written, _part_of(written, parts), parts, "books_written", folder)
        places = written.select(columns[:6])
        self.places = split(backend, places, _place_part(places, parts), parts, "books_places", folder)
        self.found.compared |= {
            "runs": snapshot.runs.num_rows,
            "deliveries": self._count(snapshot.deliveries()),
            "entries": self._count(self.entries.whole),
            "rows": sum(self._count(self.places[part].select(_PLACE).distinct()) for part in range(parts)),
            "quarantined": self._count(self.quarantine),
        }

    def _rows(self, part: int) -> ir.Table:
        """The rows of a part of all keys, as they were written last."""
        written = self.written[part]
        newest = written.group_by(_PLACE).agg(run_no=written.run_no.max())
        return written.semi_join(newest, [*_PLACE, "run_no"])

    def check_editions(self, workspace: Workspace) -> None:
        """Seals, and that the published editions are still those that runs used."""
        runs = self.snapshot.runs
        remembered = remembered_editions(runs)
        for row in runs.select(["run_no", "editions"]).to_pylist():
            if any(remembered[int(year)] != digest for year, digest in json.loads(row["editions"]).items()):
                self._differ(
                    "editions", f"run {row['run_no']}", "a run used an edition that an earlier run knew otherwise"
                )
        try:
            now = {one.year: one.digest for one in read_sealed(workspace.catalogue).editions}
        except CatalogueError as error:
            self._differ("editions", error.where, error.what)
            return
        for year, digest in sorted(remembered.items()):
            if year not in now:
                self._differ("editions", f"edition {year}", "a published edition that a run used is gone")
            elif now[year] != digest:
                self._differ("editions", f"edition {year}", "a published edition was edited after a run used it")

    def check_lists(self) -> None:
        """The lists beside the editions that runs kept say what their digest is over."""
        kept = kept_lists(self.snapshot.lake, self.snapshot.runs)
        self.found.compared["lists"] = len(kept)
        for rules, lists in kept.items():
            if not lists.is_whole:
                self._differ("lists", f"rules {rules[:12]}", "lists that a run kept were changed")

    def check_runs(self) -> None:
        """Each run's own counts against the deliveries that it took in, and the lists that it names."""
        runs = self.snapshot.runs
        numbers = runs["run_no"].to_pylist()
        for number in sorted(number for number, count in Counter(numbers).items() if count > 1):
            self._differ("runs", f"run {number}", "a run is committed twice")
        rows = self.deliveries
        first = rows.group_by("delivery_id").agg(run_no=rows.run_no.min())
        taken = rows.semi_join(first, ["delivery_id", "run_no"])
        counted = self._fetch(taken.group_by("run_no").agg(**{name: taken[name].sum() for name in COUNTS}))
        by_run = {row["run_no"]: row for row in counted.to_pylist()}
        known = set(numbers)
        for run in runs.to_pylist():
            for name in COUNTS:
                found = by_run.get(run["run_no"], {}).get(name, 0)
                if run[name] != found:
                    self._differ("runs", f"run {run['run_no']}, {name}", "a run's deliveries add up to another count",
                                 run[name], found)  # fmt: skip
            for name in ("subjects_run", "ledger_run"):
                if run[name] is not None and (run[name] not in known or run[name] > run["run_no"]):
                    self._differ("runs", f"run {run['run_no']}, {name}", "a run names a list that no run brought")

    def check_rows(self) -> None:
        """No row twice, none without its delivery, and no delivery whose own counts don't add up."""
        twice = self.deliveries.group_by("delivery_id", "run_no").agg(n=ibis._.count()).filter(ibis._.n > 1)
        self._differ_if(twice, "deliveries", "a delivery has two rows of one run")
        sums = reduce(lambda a, b: a + b, (self.deliveries[name] for name in COUNTS[1:]))
        self._differ_if(
            self.deliveries.filter(self.deliveries.delivered != sums), "deliveries",
            "a delivery's outcomes don't add up to what was delivered",
        )  # fmt: skip
        twice = self.quarantine.group_by(_PLACE).agg(n=ibis._.count()).filter(ibis._.n > 1)
        self._differ_if(twice, "rows", "a delivery has a row twice in quarantine")
        again, both = [], []
        for part in range(self.parts):
            rows = self.places[part]
            again.append(self._counted(_written_again(rows), _BY_DELIVERY))
            both.append(self._counted(self.quarantine.semi_join(rows, _PLACE), _BY_DELIVERY))
        self._differ_by(again, "rows", "a delivery has a row twice among its payloads")
        self._differ_by(both, "rows", "a row is in quarantine and among the payloads")
        tables = {"payloads": self.places.whole, "quarantine": self.quarantine, "records": self.entries.whole}
        for name, table in tables.items():
            lost = table.anti_join(self.deliveries, "delivery_id")
            self._differ_if(lost, "rows", f"{name} has rows of a delivery that isn't in the books", by=())

    def check_sums(self) -> None:
        """Signed sums of entries: every key of a row stands once from its first day on, and no other key does."""
        wrong: defaultdict[str, list[pa.Table]] = defaultdict(list)
        found = 0
        for part in range(self.parts):
            rows = self._rows(part)
            for what, keys in self._wrong_sums(part, rows):
                wrong[what].append(self._counted(keys, _AT))
            found += self._count(rows.select("key64").distinct())
        for what, counted in wrong.items():
            self._differ_by(counted, "sums", what, _AT)
        accepted = self._fetch(self.snapshot.deliveries().agg(n=ibis._.accepted.sum()))["n"][0].as_py() or 0
        self.found.compared["keys"] = found
        if accepted != found:
            self._differ("sums", "deliveries, accepted", "as many keys as rows were accepted", accepted, found)

    def _wrong_sums(self, part: int, rows: ir.Table) -> Iterator[tuple[str, ir.Table]]:
        """What may be wrong, and the keys of a part, each once, of which it is."""
        entries = self.entries[part]
        days = entries.group_by("key64", "effective_on").agg(sign=entries.sign.sum())
        past = ibis.window(group_by="key64", order_by="effective_on", preceding=None, following=0)
        days = days.mutate(standing=days.sign.sum().over(past))
        keys = days.group_by("key64").agg(low=days.standing.min(), high=days.standing.max(), final=days.sign.sum())
        keys = self.backend.create_table("books_keys", keys, overwrite=True)

        def of(wrong: ir.Table) -> ir.Table:
            return entries.semi_join(wrong, "key64").select("key64", *_AT).distinct()

        yield ("a record stands more than once, or less than not at all, on some day",
               of(keys.filter((keys.low < 0) | (keys.high > 1))))  # fmt: skip
        standing = keys.filter(keys.final == 1)
        yield "a record's entries don't cancel", of(keys.filter((keys.final != 1) & (keys.final != 0)))
        yield "a record stands that no row brought", of(standing.anti_join(rows, "key64"))
        missing = self._placed(rows.anti_join(standing, "key64"))
        yield "a row was accepted and no entry stands", missing.select("key64", *_AT).distinct()

    def check_entries(self) -> None:
        """Resolve every key again: each delivery's counts, and each entry with its revision and its days."""
        counts: list[pa.Table] = []
        torn, wrong = [], []
        body = [name for name in self.entries.schema.names if name not in {"sign", "run_no"}]
        order = ["key64", "delivered_at", "manifest_row", "delivery_id", "row_no"]
        for part in range(self.parts):
            expected, counted = resolve_rows(self._fetch(self._placed(self._rows(part)).order_by(order)))
            counts.append(counted)
            booked = self.entries[part]
            net = booked.group_by(body).agg(sign=booked.sign.sum().cast("int64")).filter(ibis._.sign != 0)
            net = self.backend.create_table("books_net", net, overwrite=True)
            # What cancels must cancel in every column, whatever the day.
            whole = [name for name in body if name != "effective_on"]
            halves = net.group_by(whole).agg(sign=net.sign.sum()).filter(~ibis._.sign.isin([0, 1]))
            torn.append(self._counted(halves, _BY_DELIVERY))
            net = net.select(*_ENTRY, "effective_on", sign=-net.sign)
            both = ibis.memtable(expected).select(*net.columns).union(net)
            left = both.group_by([*_ENTRY, "effective_on"]).agg(sign=both.sign.sum()).filter(ibis._.sign != 0)
            wrong.append(self._counted(left, _BY_DELIVERY))
        self._differ_by(torn, "entries", "an entry and its reversal are not the same")
        self._differ_by(wrong, "entries", "entries are missing, or others than the delivery's rows ask for")
        self._check_counts(pa.concat_tables(counts))

    def check_judgement(self, workspace: Workspace) -> None:
        """Judge every row again: each entry's faults, amount, lag and whatever else judging says of it."""
        rows = self.found.compared["rows"]
        otherwise = judged_otherwise(workspace, self.snapshot, max(1, -(-rows // _BATCH_ROWS)))
        self.found.compared["judged"] = 0 if otherwise is None else rows
        if otherwise is None or not otherwise.num_rows:
            return
        for row in self._fetch(self._named(ibis.memtable(otherwise))).to_pylist()[:_NAMED]:
            what = f"entries say otherwise than their rows when judged again: {row['fields'] or 'one of two is there'}"
            self._differ("judgement", _name_of(row), what, 0, row["rows"])

    def _check_counts(self, counted: pa.Table) -> None:
        names = [str(one) for one in OUTCOMES]
        found = ibis.memtable(counted)
        found = found.group_by("delivery_id").agg(**{f"n_{name}": found[name].sum() for name in names})
        quarantined = self.quarantine.group_by("delivery_id").agg(n_quarantined=ibis._.count())
        said = self.snapshot.deliveries().select("delivery_id", *COUNTS)
        both = said.left_join(found, "delivery_id").drop("delivery_id_right")
        both = both.left_join(quarantined, "delivery_id").drop("delivery_id_right")
        both = both.mutate(**{f"n_{name}": both[f"n_{name}"].fill_null(0) for name in COUNTS[1:]})
        both = both.mutate(n_delivered=reduce(lambda a, b: a + b, (both[f"n_{name}"] for name in COUNTS[1:])))
        wrong = reduce(lambda a, b: a | b, (both[name] != both[f"n_{name}"] for name in COUNTS))
        rows = self._fetch(self._named(both.filter(wrong)).limit(_NAMED)).to_pylist()
        for row in rows:
            for name in COUNTS:
                if row[name] != row[f"n_{name}"]:
                    self._differ("counts", f"{_name_of(row)}, {name}", "a delivery's rows add up to another count",
                                 row[name], row[f"n_{name}"])  # fmt: skip
        if len(rows) == _NAMED:
            every = self._count(both.filter(wrong))
            self._differ("counts", "all deliveries", "deliveries whose counts differ", 0, every)

    def _placed(self, rows: ir.Table) -> ir.Table:
        """Rows with what their delivery says of them."""
        columns = ["delivery_id", "item_code", "department", "received_on", "manifest_row"]
        newest = self.snapshot.deliveries().select(columns)
        return rows.join(newest, "delivery_id")

    def _named(self, table: ir.Table) -> ir.Table:
        """Rows that have a delivery_id, with what people call the delivery."""
        newest = self.snapshot.deliveries().select("delivery_id", "path", "manifest_row")
        return table.left_join(newest, "delivery_id").drop("delivery_id_right").order_by("manifest_row", "delivery_id")

    def _differ_if(self, rows: ir.Table, check: str, what: str, by: tuple[str, ...] = _BY_DELIVERY) -> None:
        """A difference for each group of rows that shouldn't be there."""
        self._differ_by([self._counted(rows, by)], check, what, by)

    def _counted(self, rows: ir.Table, by: tuple[str, ...]) -> pa.Table:
        """How many rows each group has; no row where there are none."""
        counted = rows.group_by(list(by)).agg(rows=ibis._.count()) if by else rows.agg(rows=ibis._.count())
        return self._fetch(counted.filter(counted.rows > 0))

    def _differ_by(self, parts: list[pa.Table], check: str, what: str, by: tuple[str, ...] = _BY_DELIVERY) -> None:
        """A difference for each group of rows that shouldn't be there, counted in parts."""
        whole = pa.concat_tables(parts)
        if by and whole.num_rows:
            whole = whole.group_by(list(by)).aggregate([("rows", "sum")]).rename_columns([*by, "rows"])
        if by == _BY_DELIVERY and whole.num_rows:
            whole = self._fetch(self._named(ibis.memtable(whole)))
        found = whole.to_pylist()
        for row in found[:_NAMED]:
            where = _name_of(row) if "delivery_id" in by else ", ".join(str(row[name]) for name in by) or "the lake"
            self._differ(check, where, what, 0, row["rows"])
        if len(found) > _NAMED:
            self._differ(check, f"{len(found) - _NAMED} more", what, 0, sum(row["rows"] for row in found[_NAMED:]))

    def _differ(self, check: str, where: str, what: str, expected: int | None = None, found: int | None = None) -> None:
        self.found.differences.append(Difference(check, where, what, expected, found))

    def _fetch(self, table: ir.Table) -> pa.Table:
        return self.backend.to_pyarrow(table)

    def _count(self, table: ir.Table) -> int:
        return int(self.backend.to_pyarrow(table.count()).as_py())


def _written_again(rows: ir.Table) -> ir.Table:
    """Rows that were written more than once, though nothing asked for it."""
    many = rows.group_by(_PLACE).agg(n=rows.count()).filter(ibis._.n > 1)
    again = rows.semi_join(many, _PLACE)
    before = ibis.window(group_by=_PLACE, order_by="run_no")
    # A row is written again only because its natural key became another one.
    again = again.mutate(
        is_same=(again.natural_key64 == again.natural_key64.lag().over(before))
        | (again.run_no == again.run_no.lag().over(before))
        | (again.key64 != again.key64.first().over(before))
        | (again.content64 != again.content64.first().over(before))
    )
    return again.filter(again.is_same)


def _part_of(rows: ir.Table, parts: int) -> ir.IntegerValue:
    """Which part of all keys a row's is in: a remainder that is never negative."""
    return (rows.key64 % parts + parts) % parts


def _place_part(rows: ir.Table, parts: int) -> ir.IntegerValue:
    """Which part of all places a row's is in: a large delivery is in many."""
    return ((rows.delivery_id.hash() % parts + rows.row_no % parts) % parts + parts) % parts


def _name_of(row: dict[str, Any]) -> str:
    """What people call a delivery: its file, or its manifest row."""
    return row["path"] or (f"manifest row {row['manifest_row']}" if row["manifest_row"] else "an unknown delivery")
