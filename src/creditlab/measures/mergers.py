"""Departments that were merged are measured together, so that quarters before and after can be compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from creditlab.inputs import Inputs

if TYPE_CHECKING:
    import ibis.expr.types as ir


def after_mergers(inputs: Inputs, as_of: date) -> Inputs:
    """The lake and the catalogue with each department as the one that is responsible for it on the day looked at.

    Parameters
    ----------
    inputs
        The lake as known at a run, its departments under the codes that they delivered under.
    as_of
        The day whose state is looked at: a merger that is over by then holds for all periods, earlier ones too.

    Returns
    -------
    Inputs
        The same where no department is merged by that day.
    """
    heirs = inputs.catalogue.history.heirs_on(as_of)
    if not heirs:
        return inputs

    def follow(rows: ir.Table) -> ir.Table:
        return rows.mutate(department=rows.department.substitute(heirs))

    return replace(
        inputs,
        entries=follow(inputs.entries),
        quarantine=follow(inputs.quarantine),
        deliveries=follow(inputs.deliveries),
        ledger=follow(inputs.ledger),
        catalogue=inputs.catalogue.after_mergers(as_of),
        kept=inputs.kept and replace(inputs.kept, cells=follow(inputs.kept.cells)),
    )
