"""The tally: everything that measures add up over records and quarantined rows, in one pass over them.

Its sums add up over months, days and runs, for the book of entries is only ever appended to. So a tally of some runs'
entries can be kept, by the day on which they took effect, and that of later runs added to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import ibis

from creditlab.catalogue.edition import Catalogue
from creditlab.errors import InternalError
from creditlab.measures.completeness import FILLED, REQUIRED
from creditlab.measures.consistency import AGREEING, LINKED, LINKED_NAMED
from creditlab.measures.records import CELL, RECORDS, Component
from creditlab.measures.scope import Scope
from creditlab.measures.timeliness import UNKNOWN_LAG, received_within, time_limits, timely
from creditlab.measures.uniqueness import UNIQUE
from creditlab.measures.validity import FAULTLESS, QUARANTINED
from creditlab.terms import RecordState, SubjectKind

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: The grain of a tally that is kept: one row per cell, month of the event, and day on which entries took effect.
GRAIN = [*CELL, "effective_on"]
#: Raised when a sum comes to mean something else: tallies that were kept before are then no use.
DEFINITION = 1
OF_REGISTER = (LINKED, LINKED_NAMED, AGREEING)


def of_records(catalogue: Catalogue) -> tuple[Component, ...]:
    """What is added up without the subject register."""
    return (
        RECORDS,
        *(received_within(days) for days in time_limits(catalogue)),
        UNKNOWN_LAG,
        FILLED,
        REQUIRED,
        FAULTLESS,
        UNIQUE,
    )


def entries_tally(
    entries: ir.Table, components: Sequence[Component], keys: Sequence[str], subjects: ir.Table | None = None
) -> ir.Table:
    """Add components up over entries of records that are not withdrawn.

    Parameters
    ----------
    entries
        Entries of the book, of whichever days and runs are asked about.
    components
        What to add up.
    keys
        The grain: columns of the entries, or `month` (of the event).
    subjects
        The subject register, where a component needs it.

    Returns
    -------
    ibis Table
        One row per group: the keys, and each component's sum (0 where it cancels out).
    """
    rows = entries.filter(entries.record_state != str(RecordState.WITHDRAWN))
    if "month" in keys:
        rows = rows.mutate(month=rows.event_date.truncate("M"))
    plain = {one.name: _signed(rows, one) for one in components if not one.needs_register}
    looking = [one for one in components if one.needs_register]
    if looking:
        if subjects is None:
            raise InternalError("a sum needs the subject register")
        # Only what is needed afterwards goes through the join, in small numbers instead of texts and lists.
        rows = rows.select(
            *keys,
            "sign",
            "subject_id",
            "name64",
            is_organisation=rows.subject_kind.fill_null("") != str(SubjectKind.NATURAL_PERSON),
            **plain,
        )
        listed = subjects.select("subject_id", register_name64="name64", is_linked=ibis.literal(True))
        rows = rows.left_join(listed, "subject_id").drop("subject_id_right")
        rows = rows.mutate(is_linked=rows.is_linked.fill_null(False))
        plain = {name: rows[name] for name in plain}
    values = plain | {one.name: _signed(rows, one) for one in looking}
    return rows.group_by(*keys).agg(**{name: value.sum().fill_null(0).cast("int64") for name, value in values.items()})


def quarantine_tally(quarantine: ir.Table, keys: Sequence[str]) -> ir.Table:
    """Count quarantined rows: one row per group with `quarantined`; a row's day and month are those of its receipt."""
    rows = quarantine.mutate(month=quarantine.received_on.truncate("M"), effective_on=quarantine.received_on)
    return rows.group_by(*keys).agg(**{QUARANTINED: rows.count().cast("int64")})


def put_together(parts: Sequence[ir.Table], keys: Sequence[str]) -> ir.Table:
    """Add tallies up that have some or all sums; a sum that a part lacks is 0 there."""
    names = list(dict.fromkeys(name for part in parts for name in part.columns if name not in GRAIN))
    filled = [
        part.select(*keys, **{name: part[name] if name in part.columns else ibis.literal(0, "int64") for name in names})
        for part in parts
    ]
    rows = ibis.union(*filled) if len(filled) > 1 else filled[0]
    return rows.group_by(*keys).agg(**{name: rows[name].sum().fill_null(0).cast("int64") for name in names})


@dataclass(frozen=True)
class Tally:
    """The sums that one measurement is made of."""

    scope: Scope
    components: tuple[Component, ...]

    @cached_property
    def sums(self) -> ir.Table:
        """One row per item, department, unit and month of the period with every component's sum, `timely` included.

        Added up once, at once: the entries may be very many, the cells are not.
        """
        inputs = self.scope.inputs
        found = ibis.memtable(self._expression().to_pyarrow())
        return timely(found, self.scope.limits(), time_limits(inputs.catalogue))

    def _expression(self) -> ir.Table:
        scope = self.scope
        inputs, kept = scope.inputs, scope.kept_sums
        if kept is not None:
            return put_together([kept.filter(kept.effective_on <= scope.as_of)], CELL)
        quarantine = inputs.quarantine
        quarantine = quarantine.filter(
            quarantine.received_on >= scope.period.start,
            quarantine.received_on < scope.period.end,
            quarantine.received_on <= scope.as_of,
        )
        counted = entries_tally(scope.happened, self.components, CELL, inputs.subjects)
        return put_together([counted, quarantine_tally(quarantine, CELL)], CELL)


def _signed(rows: ir.Table, one: Component) -> ir.Value:
    """What an entry adds to a sum: its record's part, taken back where it is a reversal."""
    value = one.value(rows)
    if value.type().is_boolean():
        return ibis.ifelse(value, rows.sign, ibis.literal(0, "int8"))
    return rows.sign.cast("int64") * value
