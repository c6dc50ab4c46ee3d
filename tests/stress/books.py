"""The lake's books read plainly, and what the reference model says they should be.

Files are read with pyarrow and added up in Python, so that nothing here leans on the queries that the program asks.
A row is visible if its run is in `runs`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from creditlab.identifiers import pseudonyms
from creditlab.lake import Lake
from creditlab.workspace import open_workspace
from tests.reference.identifiers import fold
from tests.reference.rules import OUTCOMES, State, Version
from tests.reference.rules import ingest as count_rows
from tests.reference.workspace import read_list, read_workspace

COUNTS = ("delivered", *OUTCOMES)
#: Of an entry, what says when and by which run it was written; a kill may change the last one only.
RUN = "run_no"
Row = dict[str, Any]
#: What tells deliveries apart wherever they were announced: path, item, department, unit, moment.
Name = tuple[str, str, str, str, str]
#: A delivery and one of its rows, counted from 1.
Place = tuple[Name, int]
QUARANTINED = frozenset({"quarantined"})
#: A row that is kept, but stands for no entry: it repeated what was known, or was superseded on its own day.
UNTRACED = frozenset(OUTCOMES) - QUARANTINED


def rows_of(lake: Lake, name: str) -> list[Row]:
    """The rows of a table that committed runs wrote."""
    committed = set(run_numbers(lake))
    return [one for one in all_rows(lake, name) if one[RUN] in committed]


def all_rows(lake: Lake, name: str) -> list[Row]:
    """The rows of a table, those of runs that never committed too."""
    return [one for file in lake.files(name) for one in pq.ParquetFile(file).read().to_pylist()]


def run_numbers(lake: Lake) -> list[int]:
    """The committed runs as they stand in the book, not made distinct: one that is there twice is a fault."""
    return sorted(one[RUN] for one in all_rows(lake, "runs"))


def frozen(one: Row, without: Iterable[str] = ()) -> tuple[tuple[str, Any], ...]:
    left_out = set(without)
    return tuple(
        (name, tuple(value) if isinstance(value, list) else value)
        for name, value in one.items()
        if name not in left_out
    )


def net_entries(lake: Lake) -> dict[tuple[tuple[str, Any], ...], int]:
    """What is left of the entries of all runs, each by everything but its run and sign: 1 or -1, or something wrong."""
    total: Counter[tuple[tuple[str, Any], ...]] = Counter()
    for one in rows_of(lake, "records"):
        total[frozen(one, (RUN, "sign"))] += one["sign"]
    return {entry: sign for entry, sign in total.items() if sign}


@dataclass(frozen=True)
class Books:
    """Everything that a lake says, but for who said it when: equal for two lakes that hold the same deliveries."""

    deliveries: dict[tuple[int, str], Row]
    entries: dict[tuple[tuple[str, Any], ...], int]
    quarantine: Counter[tuple[tuple[str, Any], ...]]
    payloads: Counter[tuple[tuple[str, Any], ...]]
    subjects: Counter[tuple[tuple[str, Any], ...]]
    ledger: Counter[tuple[tuple[str, Any], ...]]


def newest_deliveries(lake: Lake) -> list[Row]:
    """One row a delivery, the newest; a delivery that one run wrote twice is a fault."""
    newest: dict[str, Row] = {}
    seen: set[tuple[str, int]] = set()
    for one in sorted(rows_of(lake, "deliveries"), key=lambda row: row[RUN]):
        mark = (one["delivery_id"], one[RUN])
        assert mark not in seen, "one run wrote a delivery's counts twice"
        seen.add(mark)
        newest[one["delivery_id"]] = one
    return list(newest.values())


def read_books(folder: Path) -> Books:
    """The books of a workspace's lake; empty where nothing was ever committed."""
    lake = Lake(open_workspace(folder).lake)
    runs = {one[RUN]: one for one in all_rows(lake, "runs")}
    assert len(run_numbers(lake)) == len(runs), "two runs have one number"
    last = runs[max(runs)] if runs else {"subjects_run": None, "ledger_run": None}
    newest_payload: dict[tuple[str, int], tuple[int, tuple[tuple[str, Any], ...]]] = {}
    for name in lake.payload_formats():
        table = lake.payload_name(name)
        for one in sorted(rows_of(lake, table), key=lambda row: row[RUN]):
            newest_payload[one["delivery_id"], one["row_no"]] = (one[RUN], frozen({"table": table} | one, (RUN,)))
    return Books(
        deliveries={(one["manifest_row"], one["delivery_id"]): without_run(one) for one in newest_deliveries(lake)},
        entries=net_entries(lake),
        quarantine=Counter(frozen(one, (RUN,)) for one in rows_of(lake, "quarantine")),
        payloads=Counter(row for _, row in newest_payload.values()),
        subjects=Counter(frozen(one, (RUN,)) for one in rows_of(lake, "subjects") if one[RUN] == last["subjects_run"]),
        ledger=Counter(frozen(one, (RUN,)) for one in rows_of(lake, "ledger") if one[RUN] == last["ledger_run"]),
    )


def without_run(one: Row) -> Row:
    return {name: value for name, value in one.items() if name != RUN}


# --- Against the model --------------------------------------------------------------------------------


@dataclass
class Found:
    """What the lake, or the model, says of each delivered row and each record.

    The model gives each row one outcome; the lake may leave two or three open, because a change of the day on which it
    was changed again leaves no entry. The counts of each delivery are exact in both.
    """

    counts: dict[Name, Row] = field(default_factory=dict)
    outcomes: dict[Place, frozenset[str]] = field(default_factory=dict)
    entries: dict[tuple[Any, ...], int] = field(default_factory=dict)


def name_of(one: Row) -> Name:
    """A delivery's name, from its row of a manifest or of the lake."""
    moment = one["delivered_at"]
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    told = (one["path"], one["item_code"], one["department"], one["region_code"])
    return (*told, moment.astimezone(UTC).isoformat())


def model_of(folder: Path, state: State | None = None) -> Found:
    """What the plain row-by-row count says about everything that has been announced and is there."""
    state = count_rows(folder) if state is None else state
    workspace = open_workspace(folder)
    key = workspace.pseudonym_key()
    manifest = read_list(workspace.inbox / "manifest.csv")
    found = Found()
    for delivery in state.workspace.deliveries:
        found.counts[name_of(manifest[delivery.manifest_row])] = dict.fromkeys(COUNTS, 0)
    for one in state.outcomes:
        number = name_of(manifest[one.delivery.manifest_row])
        found.counts[number]["delivered"] += 1
        found.counts[number][one.outcome] += 1
        found.outcomes[number, 0 if one.delivery.rows is None else one.row_no] = frozenset({one.outcome})
    total: Counter[tuple[Any, ...]] = Counter()
    for (_, _, record_id), versions in state.versions.items():
        for number, version in enumerate(versions):
            body = _model_body(state, record_id, version, number + 1, key)
            total[version.effective_on, *body] += 1
            if number + 1 < len(versions):
                total[versions[number + 1].effective_on, *body] -= 1
    found.entries = {entry: sign for entry, sign in total.items() if sign}
    return found


def _model_body(state: State, record_id: str, version: Version, revision: int, key: bytes) -> tuple[Any, ...]:
    subject = version.subject_id
    if version.subject_kind == "natural_person":
        subject = pseudonyms(pa.array([fold(subject)]), key)[0].as_py()
    return (
        version.item_code,
        record_id,
        version.department,
        version.region_code,
        subject,
        version.subject_kind or None,
        version.event_date,
        version.first_received_on,
        version.effective_on,
        version.state,
        tuple(sorted(version.faults)),
        version.filled,
        version.required,
        version.timely,
        revision,
    )


def lake_of(folder: Path) -> Found:
    """What the lake's books say, row by row, in the model's words."""
    workspace = open_workspace(folder)
    lake = Lake(workspace.lake)
    limits = _limits(folder)
    found = Found()
    number_of = {}
    for one in newest_deliveries(lake):
        number = name_of(one)
        assert number not in found.counts, "a delivery was taken in twice"
        number_of[one["delivery_id"]] = number
        found.counts[number] = {name: one[name] for name in COUNTS}
    total: Counter[tuple[Any, ...]] = Counter()
    chains: dict[int, dict[int, tuple[Place, str]]] = defaultdict(dict)
    for entry, sign in net_entries(lake).items():
        assert sign in (1, -1), "an entry stands more than once"
        one = dict(entry)
        total[one["effective_on"], *_lake_body(one, limits)] += sign
        if sign > 0:
            assert one["revision"] not in chains[one["key64"]], "a revision stands twice"
            place = (number_of[one["delivery_id"]], one["row_no"])
            chains[one["key64"]][one["revision"]] = (place, one["record_state"])
    found.entries = {entry: sign for entry, sign in total.items() if sign}
    for chain in chains.values():
        for revision, (place, state) in chain.items():
            # An entry that was superseded on its own day leaves nothing behind, so the one before may be missing.
            before = chain[revision - 1][1] if revision - 1 in chain else None
            _settle(found, place, _outcome(revision, before, state))
    for one in rows_of(lake, "quarantine"):
        _settle(found, (number_of[one["delivery_id"]], one["row_no"]), QUARANTINED)
    written: set[Place] = set()
    for name in lake.payload_formats():
        # A row whose natural key changed with the rules is written again; a place counts once.
        written |= {(number_of[one["delivery_id"]], one["row_no"]) for one in rows_of(lake, lake.payload_name(name))}
    for place in written:
        assert found.outcomes.get(place) != QUARANTINED, "a row is in quarantine and among the records"
        found.outcomes.setdefault(place, UNTRACED)
    assert all(place in written for place, what in found.outcomes.items() if what != QUARANTINED)
    return found


def _outcome(revision: int, before: str | None, state: str) -> frozenset[str]:
    if revision == 1:
        return frozenset({"accepted"})
    if state != "withdrawn" or before == "withdrawn":
        return frozenset({"corrected"})
    return frozenset({"withdrawn"}) if before else frozenset({"corrected", "withdrawn"})


def _settle(found: Found, place: Place, outcome: frozenset[str]) -> None:
    assert place not in found.outcomes, "a row has two outcomes"
    found.outcomes[place] = outcome


def _lake_body(one: Row, limits: dict[tuple[str, int], int]) -> tuple[Any, ...]:
    limit = limits[one["item_code"], one["event_date"].year]
    return (
        one["item_code"],
        one["record_id"],
        one["department"],
        one["region_code"],
        one["subject_id"],
        one["subject_kind"],
        one["event_date"],
        one["first_received_on"],
        one["received_on"],
        one["record_state"],
        tuple(one["faults"]),
        one["filled_count"],
        one["required_count"],
        one["lag"] is not None and 0 <= one["lag"] <= limit,
        one["revision"],
    )


def _limits(folder: Path) -> dict[tuple[str, int], int]:
    """The time limit of each item for each year of an event, by the reference reading of the catalogue."""
    workspace = read_workspace(folder)
    years = range(1990, 2100)
    return {(code, year): item.limit for year in years for code, item in workspace.edition_for(year).items.items()}


def differences(lake: Found, model: Found) -> list[str]:
    """One line for each thing that the lake and the model say differently."""
    found = []
    for what, got, wanted in (("counts", lake.counts, model.counts), ("entry", lake.entries, model.entries)):
        for key in sorted(got.keys() | wanted.keys(), key=str):
            if got.get(key) != wanted.get(key):
                found.append(f"{what} {key}: lake {got.get(key)}, model {wanted.get(key)}")
    for place in sorted(lake.outcomes.keys() | model.outcomes.keys()):
        possible, outcome = lake.outcomes.get(place, frozenset()), model.outcomes.get(place, frozenset())
        if not outcome or not outcome <= possible:
            found.append(f"row {place}: lake {sorted(possible)}, model {sorted(outcome)}")
    return found
