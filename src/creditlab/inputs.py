"""What the lake hands to measures, profiles and everything after them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from creditlab.catalogue.edition import Catalogue
from creditlab.periods import WorkingDays

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Inputs:
    """The lake as known at one run, with the catalogue and calendar that it is measured against.

    Attributes
    ----------
    entries
        One row per entry of the double-entry book (sign, effective_on, ...); visible runs only.
    quarantine
        One row per quarantined row.
    deliveries
        One row per delivery.
    subjects
        One row per subject of the register, natural persons under their pseudonym.
    ledger
        One row per item, department, unit and month: what departments say they produced.
    catalogue, calendar
        The published editions; the working days.
    run_no
        The run that all this was known at.
    """

    entries: ir.Table
    quarantine: ir.Table
    deliveries: ir.Table
    subjects: ir.Table
    ledger: ir.Table
    catalogue: Catalogue
    calendar: WorkingDays
    run_no: int
