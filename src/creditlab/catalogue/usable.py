"""What a record schema must have before rows can be judged by it."""

from __future__ import annotations

import re
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from creditlab.catalogue.edition import DataFormat, RecordField
from creditlab.errors import CatalogueError
from creditlab.terms import FieldType, Role

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_ONCE = (Role.RECORD_ID, Role.SUBJECT_ID, Role.EVENT_DATE)
_AT_MOST_ONCE = (Role.SUBJECT_NAME, Role.SUBJECT_KIND, Role.VALID_UNTIL, Role.AMOUNT)
#: An expression is read without a text; a text that comes from a list would load pandas.
_NOTHING = pa.nulls(1, pa.string())
#: What every row carries beside its fields; a field of such a name could not be told from it.
RESERVED = frozenset(
    {
        "action", "arrival", "rid", "row_no", "run_no", "item_code", "department", "region_code", "delivery_id",
        "delivered_at", "received_on", "manifest_row", "key64", "natural_key64", "content64", "name64", "judged_kind",
        "is_masked", "is_person", "has_right_code", "kept_faults", "row_faults", "name_faults",
        "content_text", "natural_key_text", "event_day", "end_day", "amount_value", "filled_count", "required_count",
        "action_place",
    }
)  # fmt: skip


def check_format(schema: DataFormat, place: str) -> None:
    """Refuse a record schema that rows can't be judged by.

    Raises
    ------
    CatalogueError
        If the record number, the subject's identifier or the event date has no field or two, a field occurs twice or
        has a reserved name, or a pattern or bound can't be read.
    """

    def refuse(what: str, field: str = "") -> None:
        where = f"{place}, {schema.name}{f', field {field}' if field else ''}"
        raise CatalogueError(what, where=where, do="Run creditlab catalogue lint: it says what to do.")

    if not _NAME.fullmatch(schema.name):
        refuse("a data format's name can't be used")
    for role in (*_ONCE, *_AT_MOST_ONCE):
        count = len(schema.by_role(role))
        if count > 1 or (role in _ONCE and not count):
            refuse(f"a record schema has {count} fields with the role {role}")
    names = [one.name for one in schema.fields]
    for one in schema.fields:
        if names.count(one.name) > 1:
            refuse("a field occurs twice", one.name)
        if one.name in RESERVED or not one.name:
            refuse("a field's name is reserved", one.name)
        if not _has_readable_rules(one):
            refuse("a field's pattern or bound can't be read", one.name)


def _has_readable_rules(one: RecordField) -> bool:
    try:
        if one.pattern and one.role is not Role.SUBJECT_ID:
            pc.match_substring_regex(_NOTHING, f"^(?:{one.pattern})$")
        for bound in (one.minimum, one.maximum):
            if bound is not None:
                _read_bound(bound, one.type)
    except (pa.ArrowInvalid, ValueError):
        return False
    return True


def _read_bound(text: str, kind: FieldType) -> date | float:
    return date.fromisoformat(text) if kind is FieldType.DATE else float(text)
