"""A draft edition tried on a past period: its measures as they would have been, beside those that there are.

What ingest does where rules change is done here with the draft in the place of the edition that applied: the lake's
rows are judged again from their payloads, and keys are resolved. What comes of that stays in the engine; measures are
then taken from it as they are from the lake.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa

from creditlab import engine
from creditlab.catalogue import Catalogue, Edition
from creditlab.errors import NoDataError
from creditlab.ingest import entries, known
from creditlab.ingest.protect import Protection
from creditlab.ingest.spool import Spool
from creditlab.ingest.staging import Staging
from creditlab.inputs import Inputs
from creditlab.lake import take_inputs
from creditlab.measures import measure
from creditlab.periods import Period
from creditlab.scratch import scratch
from creditlab.terms import Group, Measure

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from creditlab.workspace import Workspace

#: What a draft can change in what was delivered by other rules.
MEASURES = (Measure.TIMELINESS, Measure.PUNCTUALITY, Measure.COMPLETENESS, Measure.VALIDITY)
_COUNTS = ("numerator", "denominator")
_GROUPS = {Group.ITEM: "item_code", Group.DEPARTMENT: "department", Group.REGION: "region_code", Group.MONTH: "month"}


@dataclass(frozen=True)
class Simulation:
    """What a draft would have made of a period.

    Attributes
    ----------
    inputs
        The lake as it is, with the published editions.
    published, simulated
        Rows of MEASUREMENT: by the published editions, and by the draft.
    """

    inputs: Inputs
    published: pa.Table
    simulated: pa.Table


def simulate(
    workspace: Workspace,
    backend: Backend,
    draft: Edition,
    period: Period,
    as_of: date,
    by: tuple[Group, ...] = (Group.DEPARTMENT,),
    run_no: int | None = None,
) -> Simulation:
    """Measure a period as it was, and as it would have been had a draft applied to the events of its years.

    Parameters
    ----------
    backend
        An engine of which nothing else needs the tables that ingest makes.
    draft
        An edition in any state; its own year does not matter.
    period, as_of, by
        As `measure` has them.
    run_no
        The run of the lake to read; None for the newest.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet, or there is nothing to measure in the period.
    CalendarError
        If a figure would need working days beyond the calendar's official end.

    Notes
    -----
    Rows in quarantine stay there, and the delivered columns that no edition had a field for were not kept: a field that
    is new in the draft is empty in all rows. Article 11.
    """
    snapshot, inputs = take_inputs(workspace, backend, run_no)
    published = _measured(inputs, period, as_of, by)
    if not published.num_rows:
        raise NoDataError("there is nothing to measure in the period", where=period.label)
    tried = in_force(inputs.catalogue, draft, period)
    with scratch(engine.own_folder(backend)) as spill:
        # Nothing new is named, so that no pseudonym key is needed.
        staging = Staging(lambda: backend, tried, Protection(b"", workspace.blanks), Spool(spill))
        known.judge_known(staging, snapshot, everything=True)
        entries.settle(staging, None, inputs.calendar)
        # What the lake keeps ready for measuring is about its own entries.
        judged = replace(inputs, entries=_entries(backend, inputs), catalogue=tried, kept=None)
        return Simulation(inputs, published, _measured(judged, period, as_of, by))


def in_force(catalogue: Catalogue, draft: Edition, period: Period) -> Catalogue:
    """The catalogue as it would be if a draft were the edition of each year that a period touches."""
    years = range(period.start.year, period.last_day.year + 1)
    others = [one for one in catalogue.editions if one.year not in years]
    tried = [replace(draft, year=year) for year in years]
    return replace(catalogue, editions=tuple(sorted([*others, *tried], key=lambda one: one.year)))


def compared(found: Simulation, by: tuple[Group, ...]) -> pa.Table:
    """Both sides of a simulation in one table.

    Returns
    -------
    pyarrow.Table
        One row per measure and group: measure, the group columns, then `published_` and `simulated_` numerator,
        denominator and ratio; null where that side has nothing to count.
    """
    keys = ["measure", *(("period_start" if group is Group.MONTH else _GROUPS[group]) for group in by)]
    columns = [*keys, *_COUNTS, "ratio"]
    sides = []
    for name, table in (("published", found.published), ("simulated", found.simulated)):
        side = table.select(columns)
        sides.append(side.rename_columns([*keys, *(f"{name}_{one}" for one in (*_COUNTS, "ratio"))]))
    joined = sides[0].join(sides[1], keys, join_type="full outer")
    return joined.sort_by([(name, "ascending") for name in keys])


def _measured(inputs: Inputs, period: Period, as_of: date, by: tuple[Group, ...]) -> pa.Table:
    return measure(inputs, period, as_of, by, MEASURES).to_pyarrow()


def _entries(backend: Backend, inputs: Inputs) -> ir.Table:
    """The entries as they would stand, in the columns that the lake has them in."""
    rows = backend.table("difference").mutate(run_no=ibis.literal(inputs.run_no, "int64"))
    return backend.create_table("simulated_entries", rows.select(*inputs.entries.columns))
