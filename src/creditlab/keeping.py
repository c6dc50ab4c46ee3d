"""Keep profiles and assessments in the lake, as runs of their own, where somebody wants them to be on record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import ibis
from ibis.expr.schema import Schema

from creditlab import engine
from creditlab.errors import MethodologyError
from creditlab.lake import Lake, Snapshot, commit_beside, editions_text
from creditlab.lake.schemas import KEPT
from creditlab.terms import MethodologyState

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    from ibis.backends.duckdb import Backend

    from creditlab.assessing import Assessed
    from creditlab.dossier import Held
    from creditlab.workspace import Workspace


def keep_assessment(
    workspace: Workspace,
    backend: Backend,
    taken: Assessed,
    standings: pa.Table,
    findings: ir.Table,
    command: str,
    now: datetime,
) -> int:
    """Append assessments with their findings to the lake, in a run of their own.

    Parameters
    ----------
    standings, findings
        Those of the assessment, worked out; the findings as a table of the engine.
    command, now
        What the run is called, and its moment.

    Returns
    -------
    int
        The run's number.

    Raises
    ------
    MethodologyError
        If the methodology is a draft, which decides about nobody.
    """
    methodology = taken.assessment.methodology
    if methodology.state is not MethodologyState.APPROVED:
        do = "Approve it first: creditlab methodology approve."
        raise MethodologyError("draft", "a draft decides about nobody", where=methodology.name, do=do)
    rows = ibis.memtable(standings).mutate(
        evidence_run=ibis.literal(taken.held.run_no),
        as_of=ibis.literal(taken.held.as_of),
        methodology=ibis.literal(methodology.name),
        methodology_digest=ibis.literal(methodology.digest),
    )
    return _keep(workspace, backend, taken.held, {"assessments": rows, "findings": findings}, command, now)


def keep_profiles(
    workspace: Workspace, backend: Backend, held: Held, profiles: ir.Table, command: str, now: datetime
) -> int:
    """Append profiles to the lake, in a run of their own; see `keep_assessment`."""
    return _keep(workspace, backend, held, {"profiles": profiles.rename(evidence_run="run_no")}, command, now)


def _keep(
    workspace: Workspace, backend: Backend, held: Held, tables: Mapping[str, ir.Table], command: str, now: datetime
) -> int:
    lake = Lake(workspace.lake)
    with lake.lock():
        number = ibis.literal(lake.next_run_no())
        rows = {}
        for name, table in tables.items():
            whole = table.mutate(run_no=number).select(*KEPT[name].names)
            # There may be more than memory holds.
            rows[name] = engine.put_aside(backend, whole.cast(dict(Schema.from_pyarrow(KEPT[name]))), f"kept_{name}")
        editions = editions_text(held.inputs.catalogue)
        return commit_beside(lake, Snapshot.take(lake, backend), rows, command, now, editions)
