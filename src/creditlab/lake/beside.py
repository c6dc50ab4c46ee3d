"""Runs that bring no delivery: what they append rests on the lake as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import pyarrow as pa

from creditlab.lake.reading import Snapshot
from creditlab.lake.schemas import RUNS
from creditlab.lake.store import Lake
from creditlab.terms import COUNTS


def commit_beside(
    lake: Lake,
    snapshot: Snapshot,
    rows: Mapping[str, pa.Table | pa.RecordBatchReader | Sequence[Path]],
    command: str,
    now: datetime,
    editions: str,
) -> int:
    """Append rows, then the run that makes them visible; deliveries, register and ledger are as they were.

    Parameters
    ----------
    lake, snapshot
        The lake, whose lock the caller holds, and its newest state, taken under it.
    rows
        By table, as for `Lake.append`; each row has the number of the lake's next run already.
    command
        What the run was, for the history.
    now
        The moment of the run, for the books.
    editions
        The digests of the published editions.

    Returns
    -------
    int
        The run's number.
    """
    run_no = lake.next_run_no()
    for name, table in rows.items():
        lake.append(name, table)
    run = snapshot.last | dict.fromkeys(COUNTS, 0)
    run |= {"run_no": run_no, "committed_at": now, "command": command, "editions": editions}
    lake.append("runs", pa.Table.from_pylist([run | {"creditlab_version": version("creditlab")}], schema=RUNS))
    return run_no
