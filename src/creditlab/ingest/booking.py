"""What a run writes in the lake's books beside entries and payloads: deliveries, quarantined rows, and itself."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from creditlab import engine
from creditlab.catalogue import Catalogue
from creditlab.identifiers import key_fingerprint
from creditlab.ingest.protect import Protection
from creditlab.lake import editions_text
from creditlab.lake.schemas import FORMAT_VERSION, RUNS
from creditlab.periods import WorkingDays

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

    from creditlab.sources import ManifestRow


@dataclass(frozen=True)
class Counts:
    """The six counts: delivered is the sum of the other five, always."""

    delivered: int = 0
    accepted: int = 0
    corrected: int = 0
    withdrawn: int = 0
    repeated: int = 0
    quarantined: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Counts)))


def rules_of(catalogue: Catalogue) -> list[str]:
    """What judging rests on in a catalogue: its published editions and the lists beside them."""
    return [editions_text(catalogue), catalogue.digest]


def rules_digest(catalogue: Catalogue, calendar: WorkingDays, blanks: tuple[str, ...]) -> str:
    """What judgement rests on: editions, the lists beside them, the calendar and the marks for nothing."""
    ordinals = hashlib.sha256(calendar.ordinals.tobytes()).hexdigest()
    days = [calendar.first.isoformat(), calendar.official_until.isoformat(), ordinals]
    words = [*rules_of(catalogue), days, list(blanks)]
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()


def quarantine_counts(backend: Backend) -> dict[int, int]:
    """How many staged rows are quarantined, by arrival."""
    counted = engine.fetch(backend, "SELECT arrival, count(*) AS n FROM quarantined GROUP BY arrival")
    return dict(zip(counted["arrival"].to_pylist(), counted["n"].to_pylist(), strict=True))


def quarantine_rows(backend: Backend, run_no: int) -> pa.RecordBatchReader:
    """The quarantined rows as the lake keeps them."""
    return engine.stream(
        backend,
        f"SELECT {int(run_no)}::BIGINT AS run_no, delivery_id, row_no, item_code, department, region_code, "
        "received_on, reason, content FROM quarantined JOIN arrivals USING (arrival)",
    )


def delivery_row(row: ManifestRow, delivery_id: str, file_sha256: str, run_no: int, counts: Counts) -> dict[str, Any]:
    """A delivery as the lake keeps it."""
    return {
        "run_no": run_no,
        "delivery_id": delivery_id,
        "path": row.path,
        "file_sha256": file_sha256,
        "item_code": row.item_code,
        "department": row.department,
        "region_code": row.region_code,
        "delivered_at": row.delivered_at,
        "received_on": row.received_on,
        "manifest_row": row.manifest_row,
        "period": row.period,
        "is_zero_report": row.is_zero_report,
    } | asdict(counts)


def run_row(
    run_no: int,
    now: datetime,
    command: str,
    catalogue: Catalogue,
    protection: Protection,
    counts: Counts,
    digests: dict[str, str],
    runs_of: dict[str, int | None],
) -> pa.Table:
    """The row that commits a run.

    Parameters
    ----------
    digests
        rules_digest, subjects_digest and ledger_digest.
    runs_of
        subjects_run and ledger_run: which runs wrote the register and the ledger that hold.
    """
    from importlib.metadata import version

    row = {
        "run_no": run_no,
        "committed_at": now,
        "command": command,
        "creditlab_version": version("creditlab"),
        "format_version": FORMAT_VERSION,
        "editions": editions_text(catalogue),
        "key_fingerprint": key_fingerprint(protection.key),
        **digests,
        **runs_of,
        **asdict(counts),
    }
    return pa.Table.from_pylist([row], schema=RUNS)


def with_run(rows: pa.Table, run_no: int) -> pa.Table:
    """Rows of a list, with the number of the run that writes them."""
    place = rows.column_names.index("run_no")
    return rows.set_column(place, "run_no", pa.array([run_no] * rows.num_rows, pa.int64()))
