"""The twelve measures: pure functions from the lake's tables to one result schema.

Nothing here opens a file or an engine; Ibis tables go in and come out, so the same definitions run on any engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from typing import TYPE_CHECKING

import ibis

from creditlab.errors import ParameterError
from creditlab.inputs import Inputs
from creditlab.measures import coverage, currentness, punctuality
from creditlab.measures.completeness import COMPLETENESS
from creditlab.measures.consistency import CONSISTENCY_NAME, CONSISTENCY_SUBJECT
from creditlab.measures.counts import delivery_counts, fault_counts
from creditlab.measures.grouping import Method, measurements
from creditlab.measures.left import left_items
from creditlab.measures.mergers import after_mergers
from creditlab.measures.records import CELL, Component, Share
from creditlab.measures.scope import Scope
from creditlab.measures.tally import OF_REGISTER, Tally, of_records
from creditlab.measures.timeliness import TIMELINESS, UNKNOWN_LAG
from creditlab.measures.uniqueness import UNIQUENESS
from creditlab.measures.validity import VALIDITY
from creditlab.periods import Period
from creditlab.terms import MEASUREMENT, Group, Measure

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = [
    "METHODS",
    "Group",
    "Inputs",
    "Method",
    "delivery_counts",
    "due_cells",
    "fault_counts",
    "left_items",
    "measure",
]

DEFAULT_BY = (Group.ITEM, Group.DEPARTMENT, Group.REGION)

_SHARES: dict[Measure, Share] = {
    share.method.measure: share
    for share in (TIMELINESS, COMPLETENESS, VALIDITY, UNIQUENESS, CONSISTENCY_SUBJECT, CONSISTENCY_NAME)
}
_OTHERS: dict[Measure, tuple[Method, Callable[[Scope, Tally], ir.Table]]] = {
    Measure.PUNCTUALITY: (punctuality.METHOD, lambda scope, tally: punctuality.punctuality(scope)),
    Measure.COVERAGE_LEDGER: (coverage.LEDGER_METHOD, coverage.coverage_ledger),
    Measure.COVERAGE_CELLS: (coverage.CELLS_METHOD, coverage.coverage_cells),
    Measure.COVERAGE_ITEMS: (coverage.ITEMS_METHOD, coverage.coverage_items),
    Measure.COVERAGE_SUBJECTS: (coverage.SUBJECTS_METHOD, lambda scope, tally: coverage.coverage_subjects(scope)),
    Measure.CURRENTNESS: (currentness.METHOD, lambda scope, tally: currentness.currentness(scope)),
}
#: How each measure may be read.
METHODS: dict[Measure, Method] = {one: _SHARES[one].method if one in _SHARES else _OTHERS[one][0] for one in Measure}


def measure(
    inputs: Inputs,
    period: Period,
    as_of: date,
    by: tuple[Group, ...] = DEFAULT_BY,
    measures: Iterable[Measure] | None = None,
) -> ir.Table:
    """Take measures of a period, as the lake stood on a day.

    Parameters
    ----------
    inputs
        The lake as known at a run.
    period
        Events in [start, end).
    as_of
        What came after this day is not there yet.
    by
        The groups; a grouping that a measure does not have is left empty in its rows.
    measures
        Which measures; all twelve by default.

    Returns
    -------
    ibis Table
        MEASUREMENT columns, one row per measure and group with something to count; a group column not asked for is
        null.

    Raises
    ------
    CalendarError
        If a figure would need working days beyond the calendar's official end.
    ParameterError
        If a group is named twice.

    Notes
    -----
    Article 4 (timeliness, truthfulness) and Article 11 (the catalogue's twelve fields) of the Regulations of Hebei
    Province on Social Credit Information.
    """
    if len(set(by)) < len(by):
        raise ParameterError("a grouping is named twice", where="by")
    scope = Scope(after_mergers(inputs, as_of), period, as_of, tuple(by))
    chosen = list(Measure) if measures is None else list(measures)
    tally = Tally(scope, _components(scope, chosen))
    if Measure.TIMELINESS in chosen:
        _refuse_unknown_lags(tally)
    tables = [_taken(one, scope, tally) for one in chosen]
    return (ibis.union(*tables) if len(tables) > 1 else tables[0]).select(*MEASUREMENT)


def due_cells(inputs: Inputs, period: Period, as_of: date) -> ir.Table:
    """One row per cell (item, department, unit, due period) that is due in a period, and what came for it.

    See `punctuality.due_cells` for the columns.
    """
    return punctuality.due_cells(Scope(after_mergers(inputs, as_of), period, as_of, ()))


def _components(scope: Scope, chosen: list[Measure]) -> tuple[Component, ...]:
    """What has to be added up; the register is looked at only where a measure asks for it."""
    is_asked = not {Measure.CONSISTENCY_SUBJECT, Measure.CONSISTENCY_NAME}.isdisjoint(chosen)
    return of_records(scope.inputs.catalogue) + (OF_REGISTER if is_asked else ())


def _taken(one: Measure, scope: Scope, tally: Tally) -> ir.Table:
    if one not in _SHARES:
        method, counts = _OTHERS[one]
        return measurements(scope, method, counts(scope, tally))
    share, sums = _SHARES[one], tally.sums
    counted = sums.select(*CELL, numerator=share.numerator(sums), denominator=share.denominator(sums))
    return measurements(scope, share.method, counted)


def _refuse_unknown_lags(tally: Tally) -> None:
    """Refuse a period with a record whose lag the calendar could not give; nothing is guessed."""
    if not tally.sums[UNKNOWN_LAG.name].sum().fill_null(0).to_pyarrow().as_py():
        return
    records, calendar = tally.scope.records, tally.scope.inputs.calendar
    unknown = records.filter(records.lag.isnull())
    row = unknown.agg(
        first=ibis.least(unknown.event_date.min(), unknown.first_received_on.min()),
        last=ibis.greatest(unknown.event_date.max(), unknown.first_received_on.max()),
    )
    found = row.to_pyarrow().to_pylist()[0]
    raise calendar.beyond(found["last"] if found["last"] > calendar.official_until else found["first"])
