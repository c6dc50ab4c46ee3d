"""A catalogue item's rules compiled to expressions: which faults a row has, and how much of it is filled.

The rules are those of the edition's record schema (fields.csv). A fault never keeps a row out; it stays with the
record. Faults that need other rows (`duplicate_key`) or the time of receipt (`date_order`) are found when keys are
resolved.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add, and_, or_
from typing import TYPE_CHECKING

import ibis

from creditlab.checks.names import (
    CHECK_DIGIT,
    KEPT_FAULTS,
    KIND,
    MASKED,
    OUT_OF_SCOPE,
    PERSONAL_DATA,
    RIGHT_CODE,
    SEPARATOR,
    day_name,
)
from creditlab.terms import FieldType, IdentifierPattern, Role, SubjectKind

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from creditlab.catalogue.edition import Catalogue, Code, DataFormat, Edition, RecordField
    from creditlab.catalogue.span import Span
    from creditlab.catalogue.standards import DatedPattern

_NUMBER = {
    FieldType.DECIMAL: r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$",
    FieldType.INTEGER: r"^[+-]?[0-9]+$",
}
_BOOLEANS = ("true", "false", "1", "0")


def judge(rows: ir.Table, catalogue: Catalogue, edition: Edition, schema: DataFormat) -> ir.Table:
    """Judge rows of one record schema by the rules of one edition.

    Parameters
    ----------
    rows
        One row per delivered row: every field of the schema as trimmed text (null where blank), the days of
        `day_fields` under `day_name`, item_code, and the columns `judged_kind`, `has_right_code`, `is_masked` and
        `kept_faults` (faults of a name that is no longer kept, null where all is there).
    catalogue, edition, schema
        Whose rules hold: the edition that applies to the rows' events.

    Returns
    -------
    ibis Table
        The rows with `row_faults` (codes, each followed by `SEPARATOR`), `name_faults` (those about the name's content,
        which can't be found again once a name is gone), `filled_count`, `required_count`, `event_day`, `end_day`
        (valid_until) and `amount_value`; the last three are null where the text has no such value.
    """
    faults, name_faults = _Faults(), _Faults()
    name_field = schema.name_of(Role.SUBJECT_NAME)
    for one in schema.fields:
        if one.required and not one.one_of_group:
            faults.add(f"missing:{one.name}", rows[one.name].isnull())
        _judge_content(name_faults if one.name == name_field else faults, rows, one, catalogue, schema)
    groups = _groups(schema)
    for group, members in groups.items():
        faults.add(f"missing:{group}", _all_blank(rows, members))
    if schema.identifier_pattern is IdentifierPattern.USCC:
        faults.add(CHECK_DIGIT, ~rows[RIGHT_CODE] & (rows[KIND].fill_null("") != SubjectKind.NATURAL_PERSON))
    faults.add(OUT_OF_SCOPE, _out_of_scope(rows, edition, schema))
    faults.add(PERSONAL_DATA, rows[MASKED])
    filled = [rows[one.name].notnull() for one in schema.fields if one.required and not one.one_of_group]
    filled += [~_all_blank(rows, members) for members in groups.values()]
    return rows.mutate(
        row_faults=faults.as_text(),
        name_faults=ibis.coalesce(rows[KEPT_FAULTS], name_faults.as_text()),
        filled_count=reduce(add, (one.cast("int32") for one in filled), ibis.literal(0)).cast("int32"),
        required_count=ibis.literal(schema.required_count).cast("int32"),
        event_day=_day(rows, schema, Role.EVENT_DATE),
        end_day=_day(rows, schema, Role.VALID_UNTIL),
        amount_value=_amount(rows, schema),
    )


def _groups(schema: DataFormat) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for one in schema.fields:
        if one.one_of_group:
            groups.setdefault(one.one_of_group, []).append(one.name)
    return groups


def _all_blank(rows: ir.Table, names: list[str]) -> ir.BooleanValue:
    return reduce(and_, (rows[name].isnull() for name in names))


class _Faults:
    """Collects conditions, each with the code that it stands for; a condition that is null does not hold."""

    def __init__(self) -> None:
        self._found: list[tuple[str, ir.BooleanValue]] = []

    def add(self, code: str, condition: ir.BooleanValue) -> None:
        self._found.append((code, condition))

    def as_text(self) -> ir.StringValue:
        if not self._found:
            return ibis.literal("")
        # Most rows have none, and are spared putting one together.
        is_any = reduce(or_, (condition for _, condition in self._found))
        texts = (condition.ifelse(code + SEPARATOR, "") for code, condition in self._found)
        return is_any.ifelse(reduce(add, texts), "")


def _judge_content(faults: _Faults, rows: ir.Table, one: RecordField, catalogue: Catalogue, schema: DataFormat) -> None:
    """The rules about what a field holds; a blank field breaks none of them."""
    text = rows[one.name]
    value = _typed(rows, one)
    if value is not None:
        faults.add(f"type:{one.name}", text.notnull() & value.isnull())
    dated = catalogue.dated_patterns(schema.name, one.name)
    if (one.pattern or dated) and one.role is not Role.SUBJECT_ID:
        own = ~text.re_search(f"^(?:{one.pattern})$") if one.pattern else ibis.literal(False)
        faults.add(f"pattern:{one.name}", _of_another_form(rows, text, own, dated, schema) if dated else own)
    if one.code_list:
        codes = catalogue.code_lists.get(one.code_list, ())
        faults.add(f"code_list:{one.name}", _unlisted(rows, text, codes, schema))
    if value is not None and one.minimum is not None:
        faults.add(f"minimum:{one.name}", value < _bound(one.minimum, one.type))
    if value is not None and one.maximum is not None:
        faults.add(f"maximum:{one.name}", value > _bound(one.maximum, one.type))
    if one.max_length is not None:
        faults.add(f"max_length:{one.name}", text.length() > one.max_length)


def _of_another_form(
    rows: ir.Table, text: ir.StringValue, own: ir.BooleanValue, dated: Sequence[DatedPattern], schema: DataFormat
) -> ir.BooleanValue:
    """Whether a text breaks the form that a standard prescribed at the event, or the edition's own where none did."""
    cases = [(_on(rows, schema, one.span), ~text.re_search(f"^(?:{one.pattern})$")) for one in dated]
    return ibis.cases(*cases, else_=own)


def _unlisted(rows: ir.Table, text: ir.StringValue, codes: Sequence[Code], schema: DataFormat) -> ir.BooleanValue:
    """Whether a text is no code of the list as it was in force at the event."""
    always = [one.code for one in codes if one.span.is_always]
    spans = dict.fromkeys(one.span for one in codes if not one.span.is_always)
    if not spans:
        return ~text.isin(always) if always else text.notnull()
    listed = [_on(rows, schema, span) & text.isin([one.code for one in codes if one.span == span]) for span in spans]
    return text.notnull() & ~reduce(or_, listed, text.isin(always) if always else ibis.literal(False))


def _on(rows: ir.Table, schema: DataFormat, span: Span) -> ir.BooleanValue:
    """Whether a span holds on the day of the event."""
    day = _day(rows, schema, Role.EVENT_DATE)
    bounds = [] if span.first is None else [day >= ibis.literal(span.first)]
    bounds += [] if span.last is None else [day <= ibis.literal(span.last)]
    return reduce(and_, bounds, ibis.literal(True))


def _typed(rows: ir.Table, one: RecordField) -> ir.Column | None:
    """The value that a field's text stands for, null where it stands for none; None for plain text."""
    text = rows[one.name]
    match one.type:
        case FieldType.DATE:
            return rows[day_name(one.name)]
        case FieldType.DECIMAL | FieldType.INTEGER:
            return text.re_search(_NUMBER[one.type]).ifelse(text, None).try_cast("float64")
        case FieldType.BOOLEAN:
            return text.lower().isin(_BOOLEANS).ifelse(text.lower(), None)
        case FieldType.STRING:
            return None


def _bound(text: str, kind: FieldType) -> ir.Scalar:
    return ibis.literal(text).cast("date") if kind is FieldType.DATE else ibis.literal(float(text))


def _out_of_scope(rows: ir.Table, edition: Edition, schema: DataFormat) -> ir.BooleanValue:
    scopes = [
        (rows.item_code == item.item_code, ~rows[KIND].isin([str(kind) for kind in item.subject_kinds]))
        for item in edition.items
        if item.subject_kinds and item.data_format == schema.name
    ]
    return ibis.cases(*scopes, else_=False) if scopes else ibis.literal(False)


def _day(rows: ir.Table, schema: DataFormat, role: Role) -> ir.Column:
    field = schema.name_of(role)
    return rows[day_name(field)] if field else ibis.null("date")


def _amount(rows: ir.Table, schema: DataFormat) -> ir.Column:
    field = schema.name_of(Role.AMOUNT)
    if field is None:
        return ibis.null("decimal(38, 6)")
    text = rows[field]
    return text.re_search(_NUMBER[FieldType.DECIMAL]).ifelse(text, None).try_cast("decimal(38, 6)")
