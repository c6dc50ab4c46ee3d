"""A methodology on a day as a small table: what a record of an item, with an outcome, of an age, adds.

Joining it gives every record its indicator and points at once; no rule is asked about row by row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow as pa

from creditlab.assessment.bands import Bands
from creditlab.assessment.methodology import Indicator, Methodology, Override
from creditlab.terms import Counted

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: The value that items without a condition are looked up by.
ANY_VALUE = ""
_RULES = pa.schema(
    [
        ("item_code", pa.string()),
        ("value", pa.string()),
        ("band", pa.int8()),
        ("indicator_no", pa.int16()),
        ("points", pa.int64()),
        ("per", pa.int64()),
        ("is_too_old", pa.bool_()),
        ("is_in_force_only", pa.bool_()),
        ("override_no", pa.int16()),
        ("override_place", pa.int16()),
    ]
)
_INDICATORS = pa.schema(
    [
        ("indicator_no", pa.int16()),
        ("indicator", pa.string()),
        ("dimension", pa.string()),
        ("legal_basis", pa.string()),
        ("is_newest_only", pa.bool_()),
        ("cap", pa.int64()),
    ]
)
_OVERRIDES = pa.schema(
    [("override_no", pa.int16()), ("indicator", pa.string()), ("dimension", pa.string()), ("legal_basis", pa.string())]
)


@dataclass(frozen=True)
class Lookup:
    """A methodology's tables for one day.

    Attributes
    ----------
    bands
        How old is how old on that day.
    rules
        One row per item, value and band that a rule looks at: indicator_no and override_no (0 where there is none), the
        points of one record, or of one full `per` of its amount (0 where amounts don't matter).
    """

    methodology: Methodology
    bands: Bands
    rules: ir.Table

    @classmethod
    def of(cls, methodology: Methodology, as_of: date) -> Lookup:
        """The tables for a day."""
        bands = Bands.of(methodology, as_of)
        found: dict[tuple[str, str, int], dict[str, Any]] = {}
        for number, indicator in enumerate(methodology.indicators, 1):
            for key, band in _keys(indicator, bands):
                found.setdefault((*key, band), _empty(*key, band)).update(
                    _points(number, indicator, bands.values(indicator)[band])
                )
        for number, override in enumerate(methodology.overrides, 1):
            holds, place = bands.holds(override.below_months), methodology.place_of(override.level)
            for key, band in _keys(override, bands):
                if holds[band]:
                    line = found.setdefault((*key, band), _empty(*key, band))
                    line.update(override_no=number, override_place=place)
        rows = [found[key] for key in sorted(found)]
        return cls(methodology, bands, ibis.memtable(pa.Table.from_pylist(rows, schema=_RULES)))

    def indicators(self, is_chinese: bool = False) -> ir.Table:
        """One row per indicator, in the methodology's order: its number, code, dimension, legal basis and cap."""
        rows = [
            {
                "indicator_no": number,
                "indicator": one.code,
                "dimension": one.dimension,
                "legal_basis": one.legal_basis_zh if is_chinese else one.legal_basis_en,
                "is_newest_only": is_newest_only(one),
                "cap": one.cap,
            }
            for number, one in enumerate(self.methodology.indicators, 1)
        ]
        return ibis.memtable(pa.Table.from_pylist(rows, schema=_INDICATORS))

    def overrides(self, is_chinese: bool = False) -> ir.Table:
        """One row per override: its number, its code as `indicator`, no dimension, its legal basis."""
        rows = [
            {
                "override_no": number,
                "indicator": one.code,
                "dimension": None,
                "legal_basis": one.legal_basis_zh if is_chinese else one.legal_basis_en,
            }
            for number, one in enumerate(self.methodology.overrides, 1)
        ]
        return ibis.memtable(pa.Table.from_pylist(rows, schema=_OVERRIDES))

    def value(self, rows: ir.Table) -> ir.StringValue:
        """What a record is looked up by besides its item: its outcome, where a rule looks at that."""
        fielded = list(self.methodology.fields)
        if not fielded:
            return ibis.literal(ANY_VALUE)
        return ibis.ifelse(rows.item_code.isin(fielded), rows.outcome.fill_null(ANY_VALUE), ANY_VALUE)


def is_newest_only(indicator: Indicator) -> bool:
    """Whether only the newest of its records adds points, however many there are."""
    return indicator.counted in {Counted.ANY, Counted.DAYS_SINCE}


def _keys(rule: Indicator | Override, bands: Bands) -> Iterator[tuple[tuple[str, str], int]]:
    values = rule.when.values if rule.when else (ANY_VALUE,)
    for item in rule.items:
        for value in values:
            for band in range(len(bands.days) + 1):
                yield (item, value), band


def _empty(item: str, value: str, band: int) -> dict[str, Any]:
    nothing = {"indicator_no": 0, "points": 0, "per": 0, "is_too_old": False, "is_in_force_only": False}
    return {"item_code": item, "value": value, "band": band, "override_no": 0, "override_place": -1} | nothing


def points_of(indicator: Indicator, step: int | None) -> int:
    """The milli-points of a record of an indicator, by what its step table says; None: it is older than the table."""
    if step is None:
        return 0
    if indicator.days:
        return step
    # Towards 0: a fraction of a milli-point is nobody's.
    return abs(indicator.points) * step // 100 * (1 if indicator.points > 0 else -1)


def _points(number: int, indicator: Indicator, step: int | None) -> dict[str, Any]:
    return {
        "indicator_no": number,
        "points": points_of(indicator, step),
        "per": indicator.per,
        "is_too_old": step is None,
        "is_in_force_only": indicator.is_in_force_only,
    }
