"""A synthetic province straight into a lake, as if its deliveries had been taken in by one run.

Every key's rows lie in one chunk, so each chunk is judged on its own by what ingest judges with; only its files are
never written, and never read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from creditlab import engine
from creditlab.catalogue import Catalogue, read_sealed
from creditlab.errors import WorkspaceError
from creditlab.ingest import Counts, entries, known, register
from creditlab.ingest.booking import delivery_row, quarantine_counts, quarantine_rows, rules_digest, run_row, with_run
from creditlab.ingest.intake import Intake
from creditlab.ingest.protect import Protection
from creditlab.ingest.resolve import OUTCOMES
from creditlab.ingest.spool import Spool
from creditlab.ingest.staging import Staging
from creditlab.lake import Lake
from creditlab.lake.lists import list_rows
from creditlab.lake.schemas import DELIVERIES, SUBJECTS
from creditlab.periods import WorkingDays
from creditlab.scratch import scratch
from creditlab.sources import Batch, ManifestRow
from creditlab.synth.chunks import Chunk, Province, each_chunk
from creditlab.synth.deliveries import Deliveries, FileFormat, Line, in_order, make_deliveries
from creditlab.synth.feeds import Feeds
from creditlab.synth.ledger import write_ledger
from creditlab.synth.parameters import Parameters
from creditlab.synth.workspace import begin
from creditlab.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

#: Subjects that are read together.
_SUBJECTS = 250_000
#: What the engine may hold of one chunk.
_MEMORY = "250MB"
_RUN_NO = 1


@dataclass(frozen=True)
class _Rules:
    catalogue: Catalogue
    protection: Protection
    calendar: WorkingDays


@dataclass(frozen=True)
class _Judged:
    """What a chunk adds to the lake: batches by table, and its deliveries with what became of their rows."""

    tables: list[tuple[str, list[pa.RecordBatch]]]
    deliveries: list[tuple[Line, dict[str, Any]]]
    counts: Counts
    happened: np.ndarray


def write_lake(folder: Path, parameters: Parameters, *, now: datetime, threads: int = 1) -> Counts:
    """Write a synthetic province whose deliveries are in its lake, and nowhere else.

    Parameters
    ----------
    folder, parameters, threads
        As for `write_workspace`; the inbox stays empty.
    now
        The moment of the run, for the lake's books.

    Returns
    -------
    Counts
        The six counts of the lake's one run.

    Raises
    ------
    WorkspaceError
        If the workspace holds data that are not synthetic, or has a lake; nothing is written then.
    """
    if Lake(open_workspace(folder).lake if folder.is_dir() else folder / "lake").exists:
        raise WorkspaceError("the workspace has a lake", where="[paths] lake", do="Choose an empty folder.")
    workspace, province = begin(folder, parameters)
    rules = _Rules(
        read_sealed(workspace.catalogue),
        Protection(workspace.pseudonym_key(), workspace.blanks),
        workspace.working_days(),
    )
    lake = Lake(workspace.lake)
    with lake.lock():
        lake.create()
        happened = np.zeros((len(province.schedule.streams), len(province.schedule.days)), dtype=np.int64)
        deliveries: list[tuple[Line, dict[str, Any]]] = []
        counts = Counts()
        with Feeds(lake) as feeds:
            judged = each_chunk(province, lambda chunk: _judge(workspace, province, chunk, rules, lake), threads)
            for chunk, one in judged:
                for table, batches in one.tables:
                    feeds.add(table, batches)
                deliveries += one.deliveries
                counts += one.counts
                happened[chunk.streams] += one.happened
        lake.append("deliveries", _in_manifest_order(deliveries))
        write_ledger(workspace.ledger, province, happened)
        _commit(workspace, lake, rules, counts, now)
    return counts


def _judge(workspace: Workspace, province: Province, chunk: Chunk, rules: _Rules, lake: Lake) -> _Judged:
    made = make_deliveries(province, chunk, FileFormat.PARQUET)
    with scratch() as spill, engine.connect(folders=[spill], memory=_MEMORY, as_written=True) as backend:
        staging = Staging(lambda: backend, rules.catalogue, rules.protection, Spool(spill))
        intake = Intake(staging)
        taken = {}
        for line, sha256, batches in _announced(made):
            row = _manifest_row(workspace, line)
            delivery_id = row.delivery_id(sha256)
            taken[intake.add(row, delivery_id, batches)] = line, row, delivery_id, sha256
        intake.finish()
        known.judge_nothing(staging)
        moved = entries.settle(staging, None, rules.calendar)
        tables = [("records", list(entries.entries(backend, _RUN_NO)))]
        tables += [
            (lake.payload_name(name), list(rows)) for name, rows in staging.spool.readers(staging.forgotten, _RUN_NO)
        ]
        quarantined = quarantine_counts(backend)
        tables.append(("quarantine", list(quarantine_rows(backend, _RUN_NO))))
        total, deliveries = Counts(), []
        nothing = [0] * len(OUTCOMES)
        for number, (line, row, delivery_id, sha256) in taken.items():
            outcome = dict(zip(OUTCOMES, map(int, moved.get(number, nothing)), strict=True))
            counts = Counts(intake.delivered[number], quarantined=quarantined.get(number, 0), **outcome)
            total += counts
            booked = delivery_row(row, delivery_id, sha256, _RUN_NO, counts)
            deliveries.append((line, booked))
    return _Judged(tables, deliveries, total, made.happened)


def _announced(made: Deliveries) -> Iterator[tuple[Line, str, list[Batch]]]:
    """A chunk's deliveries in the order of arrival, each with a digest for the file that it would have come in."""
    place = {number: (one.rows, *span) for one in made.cells for number, span in one.spans.items()}
    numbers = {line.path: number for number, line in made.lines.items() if line.path}
    numbers |= {line.path: number for number, line in made.copies}
    for line in in_order(made.all_lines):
        if line.is_zero:
            yield line, "", []
            continue
        number = numbers[line.path]
        rows, start, end = place[number]
        digest = hashlib.sha256(f"synthetic {made.lines[number].path}".encode()).hexdigest()
        yield line, digest, [Batch(rows.slice(start, end - start), np.arange(1, end - start + 1))]


def _manifest_row(workspace: Workspace, line: Line) -> ManifestRow:
    moment = datetime.fromisoformat(line.delivered_at)
    # No two deliveries of a key come at the same moment, so that the number decides nothing before it is known.
    return ManifestRow(
        0,
        line.path,
        line.item,
        line.department,
        line.region,
        moment,
        moment.astimezone(workspace.time_zone).date(),
        line.period,
        line.is_zero,
    )


def _in_manifest_order(deliveries: list[tuple[Line, dict[str, Any]]]) -> pa.Table:
    booked = {line.path or line: row for line, row in deliveries}
    rows = [booked[line.path or line] for line in in_order([line for line, _ in deliveries])]
    return pa.Table.from_pylist(
        [row | {"manifest_row": number} for number, row in enumerate(rows, start=1)], schema=DELIVERIES
    )


def _commit(workspace: Workspace, lake: Lake, rules: _Rules, counts: Counts, now: datetime) -> None:
    digests = {
        "rules_digest": rules_digest(rules.catalogue, rules.calendar, workspace.blanks),
        "subjects_digest": register.digest(workspace.subjects),
        "ledger_digest": register.digest(workspace.ledger),
    }
    with engine.connect(memory=_MEMORY) as backend, scratch() as folder:
        rows = _subjects(workspace.subjects, folder, rules, backend)
        lake.append("subjects", pa.RecordBatchReader.from_batches(SUBJECTS, rows))
    lake.append("ledger", with_run(register.read_ledger(workspace.ledger), _RUN_NO))
    lake.append("lists", list_rows(workspace.catalogue, digests["rules_digest"], rules.catalogue.digest, _RUN_NO))
    runs_of: dict[str, int | None] = {"subjects_run": _RUN_NO, "ledger_run": _RUN_NO}
    lake.append("runs", run_row(_RUN_NO, now, "synth", rules.catalogue, rules.protection, counts, digests, runs_of))


def _subjects(path: Path, folder: Path, rules: _Rules, backend: Backend) -> Iterator[pa.RecordBatch]:
    """The register as ingest reads it, some rows at a time: a large one as a whole is more than memory should hold."""
    part, aside = folder / path.name, engine.Aside(backend)
    with path.open("rb") as lines:
        header = next(lines)
        while rows := list(islice(lines, _SUBJECTS)):
            part.write_bytes(b"".join([header, *rows]))
            found = register.read_subjects(part, rules.catalogue, rules.protection, aside)
            yield from with_run(found, _RUN_NO).to_batches()
