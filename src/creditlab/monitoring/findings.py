"""What a rule found: whether it holds for a department, an item or a unit, and the counts that say so."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from creditlab.catalogue.edition import Catalogue
from creditlab.terms import MatterRule, ReportingLevel


class Kind(StrEnum):
    """What sort of unusual volume; the other rules have none."""

    NONE = ""
    FALL = "fall"
    FLOOD = "flood"
    DOUBLE = "double_delivery"


@dataclass(frozen=True)
class Evidence:
    """Counts only; never a record, never a subject.

    Attributes
    ----------
    measure
        One of the twelve measures, or what else was counted: `disputed_records`, `records`, `delivered_rows`.
    numerator, denominator
        As the measure counts them; of a volume, what is there and what was expected.
    period_start, period_end
        The span that was counted, the end excluded.
    low, high
        Of a volume, the interval around what was expected.
    delivery_count, delivered, repeated
        Of a volume: deliveries of the month, their rows, and those that were sent before.
    """

    measure: str
    numerator: int
    denominator: int
    period_start: date
    period_end: date
    low: int | None = None
    high: int | None = None
    delivery_count: int | None = None
    delivered: int | None = None
    repeated: int | None = None


@dataclass(frozen=True)
class Finding:
    """One rule's answer for one department, and item or unit; what a rule can't judge has no finding."""

    rule: MatterRule
    kind: Kind
    item_code: str
    department: str
    region_code: str
    holds: bool
    evidence: Evidence

    @property
    def matter_id(self) -> str:
        """The same for the same problem, whenever and by whichever run it is found."""
        words = (str(self.rule), str(self.kind), self.item_code, self.department, self.region_code)
        return "M-" + hashlib.sha256("\x1f".join(words).encode()).hexdigest()[:12]

    def level(self, catalogue: Catalogue) -> str:
        """Whose coordination it is for (Article 5): the unit's level, the province where no unit is named."""
        region = catalogue.regions.get(self.region_code)
        return region.level if region else str(ReportingLevel.PROVINCE)
