"""One pass over the records of a period for every measure that is a share of records.

Each measure says, in its own module, which records it counts; counting them together reads the entries once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import ibis

from creditlab.measures.grouping import COLUMN, ITEM_CELL_MONTH, Method
from creditlab.measures.scope import Scope

if TYPE_CHECKING:
    import ibis.expr.types as ir

CELL = [COLUMN[group] for group in ITEM_CELL_MONTH]


@dataclass(frozen=True)
class Share:
    """A measure over records: for each record, what it adds to the numerator and to the denominator."""

    method: Method
    numerator: Callable[[ir.Table], ir.Value]
    denominator: Callable[[ir.Table], ir.Value]


def counted(scope: Scope, shares: list[Share]) -> ir.Table:
    """One row per item, department, unit and month with `<measure>_numerator` and `<measure>_denominator`."""
    rows = _with_register(scope)
    sums = {}
    for share in shares:
        for side in ("numerator", "denominator"):
            value = getattr(share, side)(rows).cast("int64").fill_null(0)
            sums[f"{share.method.measure}_{side}"] = (rows.sign.cast("int64") * value).sum()
    return rows.group_by(CELL).agg(**sums)


def counts_of(table: ir.Table, share: Share) -> ir.Table:
    """One measure's counts out of the common pass."""
    return table.select(
        *CELL,
        numerator=table[f"{share.method.measure}_numerator"],
        denominator=table[f"{share.method.measure}_denominator"],
    )


def one(rows: ir.Table) -> ir.Value:
    """Every record counts."""
    return ibis.literal(1)


def _with_register(scope: Scope) -> ir.Table:
    """Records with what the register says of their subject: `is_linked`, `register_name64`."""
    register = scope.inputs.subjects.select("subject_id", register_name64="name64", is_linked=ibis.literal(True))
    rows = scope.records.left_join(register, "subject_id").drop("subject_id_right")
    return rows.mutate(is_linked=rows.is_linked.fill_null(False))
