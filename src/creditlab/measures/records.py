"""What records add to sums: each measure that is a share of records says, in its own module, which ones it counts.

All of them are added up together (`tally`), so that the entries are read once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from creditlab.measures.grouping import COLUMN, ITEM_CELL_MONTH, Method

if TYPE_CHECKING:
    import ibis.expr.types as ir

CELL = [COLUMN[group] for group in ITEM_CELL_MONTH]


@dataclass(frozen=True)
class Component:
    """One number that each record adds to a sum.

    Attributes
    ----------
    name
        The sum's column.
    value
        What a record adds: a number, or whether it counts.
    needs_register
        Whether it looks at the subject register: then `value` is given `is_organisation`, `name64`, `is_linked` and
        `register_name64`, else the record's own columns.
    """

    name: str
    value: Callable[[ir.Table], ir.Value]
    needs_register: bool = False


@dataclass(frozen=True)
class Share:
    """A measure that is a share of records: which of a cell's sums, over which."""

    method: Method
    numerator: Callable[[ir.Table], ir.Value]
    denominator: Callable[[ir.Table], ir.Value]


RECORDS = Component("records", lambda rows: ibis.literal(True))
