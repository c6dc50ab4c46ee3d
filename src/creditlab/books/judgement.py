"""Rows judged again, as a run of ingest would by the rules of the last one: it should find nothing to book."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from creditlab import engine
from creditlab.catalogue import Catalogue, read_sealed
from creditlab.ingest.booking import rules_digest
from creditlab.ingest.entries import settle
from creditlab.ingest.known import judge_part
from creditlab.ingest.protect import Protection
from creditlab.ingest.spool import Spool
from creditlab.ingest.staging import Staging
from creditlab.lake import Snapshot
from creditlab.lake.schemas import RECORDS
from creditlab.periods import WorkingDays
from creditlab.scratch import scratch

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from creditlab.workspace import Workspace

#: What tells which of a row's entries is meant; the other columns are what judging says of it.
_PLACE = ("key64", "delivery_id", "row_no", "revision", "effective_on")
_SAID = [name for name in RECORDS.names if name not in {*_PLACE, "sign", "run_no"}]
_FOUND = pa.schema([("delivery_id", pa.string()), ("fields", pa.string()), ("rows", pa.int64())])


def judged_otherwise(workspace: Workspace, snapshot: Snapshot, parts: int) -> pa.Table | None:
    """The entries that are booked otherwise than their rows would be judged now.

    Parameters
    ----------
    workspace
        Whose catalogue, calendar and marks for nothing the rows are judged by; nothing in it is changed.
    snapshot
        The lake at a run.
    parts
        In how many parts of its keys, one after the other, because all rows may not fit in memory.

    Returns
    -------
    pyarrow.Table or None
        One row per delivery and set of fields: delivery_id, the fields' names as one text (empty where an entry is
        missing or too many), and the rows that it concerns. None where the rules have changed since the run: the next
        run judges everything again.
    """
    catalogue, calendar = read_sealed(workspace.catalogue), workspace.working_days()
    if rules_digest(catalogue, calendar, workspace.blanks) != snapshot.last["rules_digest"]:
        return None
    found = [_part(workspace, snapshot, catalogue, calendar, part, parts) for part in range(parts)]
    rows = ibis.memtable(pa.concat_tables(found))
    summed = rows.group_by("delivery_id", "fields").agg(rows=rows["rows"].sum())
    return snapshot.backend.to_pyarrow(summed).cast(_FOUND)


def _part(
    workspace: Workspace, snapshot: Snapshot, catalogue: Catalogue, calendar: WorkingDays, part: int, parts: int
) -> pa.Table:
    # What was protected once is not protected again, so nobody needs the key for this.
    protection = Protection(b"", workspace.blanks)
    with scratch() as spill, engine.connect(folders=[snapshot.lake.root, spill], as_written=True) as backend:
        mine = Snapshot.take(snapshot.lake, backend, snapshot.run_no)
        staging = Staging(lambda: backend, catalogue, protection, Spool(spill))
        judge_part(staging, mine, part, parts)
        settle(staging, mine, calendar)
        return backend.to_pyarrow(_by_fields(backend.table("difference"))).cast(_FOUND)


def _by_fields(difference: ir.Table) -> ir.Table:
    """Entries to book and to cancel, put together where they are of one row and day, and what they differ in."""
    said = {
        # Nothing is a value too, and isn't counted as one.
        name: difference[name].nunique() + difference[name].isnull().any().cast("int8")
        for name in _SAID
    }
    sides = difference.group_by(*_PLACE).agg(n=difference.count(), **said)
    parts = [ibis.ifelse((sides.n > 1) & (sides[name] > 1), f"{name}, ", "") for name in _SAID]
    fields = parts[0]
    for one in parts[1:]:
        fields = fields + one
    named = sides.select("delivery_id", fields=fields.re_replace(", $", ""))
    return named.group_by("delivery_id", "fields").agg(rows=named.count())
