"""Consistency: a record agrees with the subject register (Article 4, truthfulness)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditlab.measures.grouping import ITEM_CELL_MONTH, Method
from creditlab.measures.records import Share, one
from creditlab.terms import Dimension, Measure, SubjectKind

if TYPE_CHECKING:
    import ibis.expr.types as ir

SUBJECT_METHOD = Method(Measure.CONSISTENCY_SUBJECT, Dimension.CONSISTENCY, ITEM_CELL_MONTH, True, ("4",))
NAME_METHOD = Method(Measure.CONSISTENCY_NAME, Dimension.CONSISTENCY, ITEM_CELL_MONTH, True, ("4",))


def is_linked_with_name(rows: ir.Table) -> ir.BooleanValue:
    """Whether a record's subject is in the register and its name is kept, as every organisation's is.

    An organisation's record without a name is among them, and does not agree with the register.
    """
    return rows.is_linked & (rows.subject_kind.fill_null("") != str(SubjectKind.NATURAL_PERSON))


def has_register_name(rows: ir.Table) -> ir.BooleanValue:
    """Whether a linked record's folded name is the register's."""
    return is_linked_with_name(rows) & (rows.name64 == rows.register_name64).fill_null(False)


CONSISTENCY_SUBJECT = Share(SUBJECT_METHOD, lambda rows: rows.is_linked, one)
CONSISTENCY_NAME = Share(NAME_METHOD, has_register_name, is_linked_with_name)
