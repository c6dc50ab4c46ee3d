"""A catalogue item's rules compiled to expressions: which faults a row has, and how much of it is filled.

The rules are those of the edition's record schema (fields.csv). A fault never keeps a row out; it stays with the
record. Faults that need other rows (`duplicate_key`) or the time of receipt (`date_order`) are found when keys are
resolved.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import ibis

from creditlab.terms import FieldType, IdentifierPattern, Role, SubjectKind

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from creditlab.catalogue.edition import Catalogue, DataFormat, Edition, RecordField

#: What the checks need beside the schema's fields, and what they are called there.
KIND, RIGHT_CODE, KEPT_FAULTS, MASKED = "judged_kind", "has_right_code", "kept_faults", "is_masked"

DUPLICATE_KEY = "duplicate_key"
DATE_ORDER = "date_order"
CHECK_DIGIT = "check_digit:subject_id"
OUT_OF_SCOPE = "out_of_scope"
PERSONAL_DATA = "personal_data"

#: Year first, in the forms that departments use; a time of midnight is what spreadsheets add to a day.
_DATE = r"^([1-9][0-9]{3})[-/.年]?([0-9]{1,2})[-/.月]?([0-9]{1,2})日?([ T]00:00(:00(\.0+)?)?)?$"
_DATE_FORMS = (
    r"^[1-9][0-9]{3}([-/.][0-9]{1,2}[-/.][0-9]{1,2}|年[0-9]{1,2}月[0-9]{1,2}日|[0-9]{4})([ T]00:00(:00(\.0+)?)?)?$"
)
_DIGITS_DATE = r"^([1-9][0-9]{3})([0-9]{2})([0-9]{2})"
_NUMBER = {
    FieldType.DECIMAL: r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$",
    FieldType.INTEGER: r"^[+-]?[0-9]+$",
}
_BOOLEANS = ("true", "false", "1", "0")
_SEPARATOR = "\x1f"


def is_blank(column: ir.StringColumn, blanks: Iterable[str]) -> ir.BooleanColumn:
    """Whether a trimmed cell holds nothing: empty, or one of the workspace's marks for nothing."""
    return column.isnull() | column.isin(["", *blanks])


def parse_date(column: ir.StringColumn) -> ir.DateColumn:
    """A day from its text, in any year-first form; null where the text is no day that exists."""
    dashed = column.re_replace(_DIGITS_DATE, r"\1-\2-\3").re_replace(_DATE, r"\1-\2-\3")
    return column.re_search(_DATE_FORMS).ifelse(dashed, None).try_cast("date")


def judge(rows: ir.Table, catalogue: Catalogue, edition: Edition, schema: DataFormat, blanks: tuple[str, ...]) -> ir.Table:
    """Judge rows of one record schema by the rules of one edition.

    Parameters
    ----------
    rows
        One row per delivered row: every field of the schema as trimmed text, item_code, and the columns `judged_kind`,
        `has_right_code`, `is_masked` and `kept_faults` (faults of what is no longer kept, null where all is there).
    catalogue, edition, schema
        Whose rules hold: the edition that applies to the rows' events.
    blanks
        What else than an empty cell is blank.

    Returns
    -------
    ibis Table
        The rows with `row_faults` (list of codes, never null), `name_faults` (those about the name's content, which
        can't be found again once a name is gone), `filled_count`, `required_count`, `event_day`,
        `end_day` (valid_until) and `amount_value`; the last three are null where the text has no such value.
    """
    faults, name_faults = _Faults(), _Faults()
    blank = {one.name: is_blank(rows[one.name], blanks) for one in schema.fields}
    name_field = schema.name_of(Role.SUBJECT_NAME)
    for one in schema.fields:
        if one.required and not one.one_of_group:
            faults.add(f"missing:{one.name}", blank[one.name])
        if one.name == name_field:
            is_there = ~blank[one.name] & rows[KEPT_FAULTS].isnull()
            _judge_content(name_faults, rows, one, is_there, catalogue)
        else:
            _judge_content(faults, rows, one, ~blank[one.name], catalogue)
    groups = _groups(schema)
    for group, members in groups.items():
        faults.add(f"missing:{group}", reduce(lambda a, b: a & b, (blank[name] for name in members)))
    if schema.identifier_pattern is IdentifierPattern.USCC and schema.name_of(Role.SUBJECT_ID):
        faults.add(CHECK_DIGIT, ~rows[RIGHT_CODE] & (rows[KIND].fill_null("") != SubjectKind.NATURAL_PERSON))
    faults.add(OUT_OF_SCOPE, _out_of_scope(rows, edition))
    faults.add(PERSONAL_DATA, rows[MASKED])
    filled = [~blank[one.name] for one in schema.fields if one.required and not one.one_of_group]
    filled += [reduce(or_, (~blank[name] for name in members)) for members in groups.values()]
    about_name = ibis.coalesce(rows[KEPT_FAULTS], name_faults.as_list())
    return rows.mutate(
        row_faults=faults.as_list().concat(about_name),
        name_faults=about_name,
        filled_count=sum((one.cast("int32") for one in filled), start=_literal(0)).cast("int32"),
        required_count=_literal(schema.required_count).cast("int32"),
        event_day=_value(rows, schema, Role.EVENT_DATE, "date"),
        end_day=_value(rows, schema, Role.VALID_UNTIL, "date"),
        amount_value=_value(rows, schema, Role.AMOUNT, "decimal(38, 6)"),
    )


def _groups(schema: DataFormat) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for one in schema.fields:
        if one.one_of_group:
            groups.setdefault(one.one_of_group, []).append(one.name)
    return groups


class _Faults:
    """Collects conditions, each with the code that it stands for."""

    def __init__(self) -> None:
        self._found: list[ir.StringValue] = []

    def add(self, code: str, condition: ir.BooleanValue) -> None:
        self._found.append(condition.fill_null(False).ifelse(code + _SEPARATOR, ""))

    def as_list(self) -> ir.ArrayColumn:
        """The codes whose conditions hold; the engines' lambdas differ, splitting a text does not."""
        if not self._found:
            return _no_faults()
        text = reduce(lambda a, b: a.concat(b), self._found)
        codes = text.substr(0, text.length() - 1).split(_SEPARATOR)
        return (text == "").ifelse(_no_faults(), codes)


def _judge_content(
    faults: _Faults, rows: ir.Table, one: RecordField, is_filled: ir.BooleanColumn, catalogue: Catalogue
) -> None:
    text = rows[one.name]
    typed = _typed(text, one.type)
    if typed is not None:
        faults.add(f"type:{one.name}", is_filled & typed.isnull())
    if one.pattern and one.role is not Role.SUBJECT_ID:
        faults.add(f"pattern:{one.name}", is_filled & ~text.re_search(f"^(?:{one.pattern})$"))
    if one.code_list:
        codes = [code.code for code in catalogue.code_lists.get(one.code_list, ())]
        faults.add(f"code_list:{one.name}", is_filled & ~text.isin(codes) if codes else is_filled)
    if typed is not None and one.minimum is not None:
        faults.add(f"minimum:{one.name}", is_filled & (typed < _bound(one.minimum, one.type)))
    if typed is not None and one.maximum is not None:
        faults.add(f"maximum:{one.name}", is_filled & (typed > _bound(one.maximum, one.type)))
    if one.max_length is not None:
        faults.add(f"max_length:{one.name}", is_filled & (text.length() > one.max_length))


def _typed(text: ir.StringColumn, kind: FieldType) -> ir.Column | None:
    """The value that a text stands for, null where it stands for none; None for plain text."""
    match kind:
        case FieldType.DATE:
            return parse_date(text)
        case FieldType.DECIMAL | FieldType.INTEGER:
            return text.re_search(_NUMBER[kind]).ifelse(text, None).try_cast("float64")
        case FieldType.BOOLEAN:
            return text.lower().isin(_BOOLEANS).ifelse(text.lower(), None)
        case FieldType.STRING:
            return None


def _bound(text: str, kind: FieldType) -> ir.Scalar:
    return _literal(text).cast("date") if kind is FieldType.DATE else _literal(float(text))


def _out_of_scope(rows: ir.Table, edition: Edition) -> ir.BooleanColumn:
    scopes = [
        (rows.item_code == item.item_code, ~rows[KIND].isin([str(kind) for kind in item.subject_kinds]))
        for item in edition.items
        if item.subject_kinds
    ]
    return ibis.cases(*scopes, else_=False) if scopes else ibis.literal(False)


def _value(rows: ir.Table, schema: DataFormat, role: Role, kind: str) -> ir.Column:
    field = schema.name_of(role)
    if field is None:
        return _literal(None).cast(kind)
    text = rows[field]
    if kind == "date":
        return parse_date(text)
    return text.re_search(_NUMBER[FieldType.DECIMAL]).ifelse(text, None).try_cast(kind)


def _literal(value: object) -> ir.Scalar:
    return ibis.literal(value)


def _no_faults() -> ir.ArrayScalar:
    return ibis.literal([], type="array<string>")
