"""What the lake hands to measures, profiles and everything after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from creditlab.catalogue.edition import Catalogue
from creditlab.periods import WorkingDays

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Kept:
    """Sums over the lake's entries that were taken before, brought up to the run that is looked at.

    They never say anything else than the entries do; without them everything is added up again.

    Attributes
    ----------
    cells
        One row per item, department, unit, month and day of effect, with every sum of `measures.tally`.
    months
        The first days of the months that `cells` holds, each as a whole.
    covered
        For a period's end and a day looked at: what `coverage_subjects` counts, by item and region.
    """

    cells: ir.Table
    months: frozenset[date]
    covered: Mapping[tuple[date, date], ir.Table]


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
    kept
        Sums that need not be taken again; None where everything is added up from the entries.
    """

    entries: ir.Table
    quarantine: ir.Table
    deliveries: ir.Table
    subjects: ir.Table
    ledger: ir.Table
    catalogue: Catalogue
    calendar: WorkingDays
    run_no: int
    kept: Kept | None = None
