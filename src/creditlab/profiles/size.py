"""How large an organisation is, where no register says it: by how many records about it count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

_BOUNDS = ((0, "0"), (4, "1-4"), (9, "5-9"))
_MORE = f"{_BOUNDS[-1][0] + 1}+"
#: The sizes, the smallest first.
SIZES = (*(size for _, size in _BOUNDS), _MORE)
#: What of EVIDENCE tells a size.
OF_EVIDENCE = ("subject_id", "left_out")


def size_of(records: ir.IntegerValue) -> ir.StringValue:
    """The size of an organisation about which so many records count; null is none."""
    held = records.fill_null(0)
    return ibis.cases(*((held <= most, size) for most, size in _BOUNDS), else_=_MORE)


def sized(organisations: ir.Table, evidence: ir.Table) -> ir.Table:
    """Organisations with their size.

    Parameters
    ----------
    organisations
        One row per organisation: subject_id.
    evidence
        One row per record, with OF_EVIDENCE.

    Returns
    -------
    ibis Table
        The organisations' rows and columns, and `size`, one of SIZES.
    """
    rows = evidence.filter(evidence.left_out.isnull())
    held = rows.group_by("subject_id").agg(held=rows.count())
    found = organisations.left_join(held, "subject_id").drop("subject_id_right")
    return found.mutate(size=size_of(found.held)).drop("held")
