"""What there is to tell departments, kept in the engine's own tables and read department by department."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import ibis

from creditlab import engine
from creditlab.feedback.faulty import covers_persons, delivered_rows, faulty_records
from creditlab.feedback.mended import mended_by_delivery
from creditlab.inputs import Inputs
from creditlab.lake import Snapshot
from creditlab.measures import due_cells
from creditlab.measures.mergers import after_mergers
from creditlab.periods import Period
from creditlab.quarantine import judged_quarantine

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]
_BATCH_ROWS = 5_000
_ORDER = ("item_code", "region_code", "delivered_at", "delivery_id", "row_no")
_MEND_ORDER = ("item_code", "region_code", "sender", "delivered_at", "delivery_id", "row_no")


@dataclass(frozen=True)
class Findings:
    """The findings of one period and day.

    Attributes
    ----------
    to_mend
        Faulty records with what was delivered for them, by data format.
    listed
        Faulty records whose content may not, or can't, be shown.
    omitted, quarantined, mended
        Due periods not delivered in time; rows received in the period that became no records; deliveries that mended.
    """

    snapshot: Snapshot
    inputs: Inputs
    period: Period
    as_of: date
    to_mend: dict[str, ir.Table]
    listed: ir.Table
    omitted: ir.Table
    quarantined: ir.Table
    mended: ir.Table

    @cached_property
    def _having(self) -> dict[str, set[str]]:
        """The departments that have rows, by table."""
        tables = [*self.to_mend.values(), self.listed, self.omitted, self.quarantined, self.mended]
        names = [one.select("department", table=ibis.literal(one.get_name())).distinct() for one in tables]
        found: dict[str, set[str]] = {}
        for row in self.snapshot.backend.to_pyarrow(ibis.union(*names)).to_pylist():
            found.setdefault(row["table"], set()).add(row["department"])
        return found

    def departments(self) -> set[str]:
        """The departments that there is something to tell."""
        return set().union(*self._having.values())

    def rows_to_mend(self, department: str, data_format: str) -> Iterator[Row]:
        """Faulty records with what was delivered, by item and unit."""
        return self._rows(self.to_mend[data_format], department, _MEND_ORDER)

    def listed_rows(self, department: str) -> Iterator[Row]:
        """Faulty records without what was delivered."""
        return self._rows(self.listed, department, _ORDER)

    def omitted_rows(self, department: str) -> Iterator[Row]:
        """Due periods without a delivery in time."""
        return self._rows(self.omitted, department, ("due_on", "item_code", "region_code"))

    def quarantined_rows(self, department: str) -> Iterator[Row]:
        """Rows that could not become records."""
        return self._rows(self.quarantined, department, _MEND_ORDER)

    def mended_rows(self, department: str) -> Iterator[Row]:
        """Deliveries that mended records."""
        return self._rows(self.mended, department, ("received_on", "item_code", "region_code", "delivery_id"))

    def _rows(self, table: ir.Table, department: str, order: tuple[str, ...]) -> Iterator[Row]:
        if department not in self._having.get(table.get_name(), ()):
            return
        chosen = table.filter(table.department == department).order_by(order)
        backend = self.snapshot.backend
        for batch in engine.stream(backend, backend.compile(chosen), _BATCH_ROWS):
            yield from batch.to_pylist()


def gather(snapshot: Snapshot, inputs: Inputs, period: Period, as_of: date, blanks: tuple[str, ...]) -> Findings:
    """Find everything once, for all departments."""
    backend = snapshot.backend
    sent = inputs.deliveries.select("delivery_id", "path", "delivered_at")

    def keep(name: str, table: ir.Table) -> ir.Table:
        return backend.create_table(f"feedback_{name}", table)

    faulty = keep("faulty", faulty_records(inputs, period, as_of).inner_join(sent, "delivery_id"))
    listed = [faulty.filter(faulty.is_person).drop("is_person")]
    to_mend: dict[str, ir.Table] = {}
    for number, data_format in enumerate(snapshot.lake.payload_formats()):
        rows = delivered_rows(snapshot, faulty.filter(~faulty.is_person), data_format)
        if rows is not None:
            kept = keep("delivered", rows)
            to_mend[data_format] = keep(f"to_mend_{number}", kept.filter(~kept.is_listed))
            listed.append(keep(f"listed_{number}", kept.filter(kept.is_listed).select(listed[0].columns)))
            backend.drop_table("feedback_delivered")
    due = due_cells(inputs, period, as_of)
    return Findings(
        snapshot,
        inputs,
        period,
        as_of,
        to_mend,
        keep("listed", ibis.union(*listed) if len(listed) > 1 else listed[0]),
        keep("omitted", due.filter(due.is_due, ~due.is_on_time)),
        keep("quarantined", _quarantined(snapshot, inputs, period, as_of, blanks)),
        keep("mended", mended_by_delivery(after_mergers(inputs, as_of), period, as_of)),
    )


def _quarantined(snapshot: Snapshot, inputs: Inputs, period: Period, as_of: date, blanks: tuple[str, ...]) -> ir.Table:
    """Rows received in the period and by the day, with their content where it was kept and may be shown."""
    rows = judged_quarantine(snapshot, inputs.catalogue, blanks)
    rows = rows.filter(rows.received_on >= period.start, rows.received_on < period.end, rows.received_on <= as_of)
    content = inputs.quarantine.select("delivery_id", "row_no", "content")
    found = rows.left_join(content, ["delivery_id", "row_no"], rname="{name}_kept").drop(
        "delivery_id_kept", "row_no_kept"
    )
    # An item that covers natural persons since a later edition is one that does.
    return found.mutate(
        sender=found.department,
        department=found.department.substitute(inputs.catalogue.history.heirs_on(as_of)),
        content=ibis.ifelse(covers_persons(inputs, found.item_code), None, found.content),
    )
