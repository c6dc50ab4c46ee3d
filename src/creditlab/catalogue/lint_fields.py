"""What can be wrong with fields.csv: record schemas, their roles and their rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from creditlab.catalogue.findings import LintCode, LintFinding, Report, Shelf
from creditlab.catalogue.lists import is_readable_pattern
from creditlab.catalogue.prohibited import ban_on
from creditlab.catalogue.sheets import Row, Sheet
from creditlab.terms import FieldType, IdentifierPattern, Role

_NEEDED = {"data_format": True, "field": True, "type": True, "name_zh": False, "name_en": False}
_WORDS: dict[str, tuple[LintCode, type[StrEnum]]] = {
    "type": (LintCode.UNKNOWN_TYPE, FieldType),
    "role": (LintCode.UNKNOWN_ROLE, Role),
}
#: Without these no row of a format could become a record.
_REQUIRED_ROLES = (Role.RECORD_ID, Role.SUBJECT_ID, Role.EVENT_DATE)
_NUMBERS = frozenset({FieldType.DECIMAL, FieldType.INTEGER})
_ROLE_TYPES: dict[Role, frozenset[FieldType]] = {
    Role.EVENT_DATE: frozenset({FieldType.DATE}),
    Role.VALID_UNTIL: frozenset({FieldType.DATE}),
    Role.AMOUNT: _NUMBERS,
    Role.RECORD_ID: frozenset({FieldType.STRING}),
    Role.SUBJECT_ID: frozenset({FieldType.STRING}),
    Role.SUBJECT_NAME: frozenset({FieldType.STRING}),
    Role.SUBJECT_KIND: frozenset({FieldType.STRING}),
}


def lint_fields(sheet: Sheet, report: Report, shelf: Shelf) -> Iterator[LintFinding]:
    """Findings on an edition's record schemas."""
    formats: dict[str, list[Row]] = defaultdict(list)
    for row in sheet.rows:
        formats[row["data_format"]].append(row)
        yield from _cells(sheet, row, report, shelf)
        yield from _pattern(sheet, row, report)
        yield from _range(sheet, row, report)
    for name, rows in formats.items():
        if name:
            yield from _format(sheet, name, rows, report)


def _cells(sheet: Sheet, row: Row, report: Report, shelf: Shelf) -> Iterator[LintFinding]:
    for column, needed in _NEEDED.items():
        if column in sheet.columns and not row[column]:
            yield report(
                LintCode.CELL_EMPTY, sheet, row, column, f"the field has no {column}", "Fill it in.", needed=needed
            )
    for column, (code, words) in _WORDS.items():
        if row[column] and row[column] not in set(words):
            what = f"{column} has a word without meaning"
            yield report(code, sheet, row, column, what, f"Write {' or '.join(words)}.")
    if row["required"] not in {"true", "false", ""}:
        what = "required is neither true nor false"
        yield report(LintCode.UNKNOWN_REQUIRED, sheet, row, "required", what, "Write true or false in small letters.")
    if row["max_length"] and not (row["max_length"].isascii() and row["max_length"].isdigit()):
        what = "max_length is no whole number of characters"
        yield report(
            LintCode.NUMBER_UNREADABLE, sheet, row, "max_length", what, "Write digits only, or leave it empty."
        )
    if shelf.code_lists is not None and row["code_list"] and row["code_list"] not in shelf.code_lists:
        what, do = "the code list is not in code_lists.csv", "Add its codes there, or correct its name."
        yield report(LintCode.UNKNOWN_CODE_LIST, sheet, row, "code_list", what, do)
    for column in ("field", "name_zh", "name_en", "code_list"):
        ban = ban_on(row[column])
        if ban:
            what = f"the field is about {ban.name}. {ban.reason}"
            yield report(LintCode.PROHIBITED_CONTENT, sheet, row, column, what, "Take the field out (Article 4).")
            return


def _pattern(sheet: Sheet, row: Row, report: Report) -> Iterator[LintFinding]:
    pattern = row["pattern"]
    if not pattern:
        return
    if row["role"] == Role.SUBJECT_ID:
        if pattern not in set(IdentifierPattern):
            what, do = "a subject's identifier has a pattern of its own", "Write uscc or local, or leave it empty."
            yield report(LintCode.IDENTIFIER_PATTERN, sheet, row, "pattern", what, do)
    elif not is_readable_pattern(pattern):
        what = "the pattern is no regular expression that every engine reads"
        do = "Use RE2's syntax: no look-around, no back-reference; close each bracket."
        yield report(LintCode.PATTERN_UNREADABLE, sheet, row, "pattern", what, do)


def _range(sheet: Sheet, row: Row, report: Report) -> Iterator[LintFinding]:
    bounds = {column: row[column] for column in ("minimum", "maximum") if row[column]}
    kind = row["type"]
    if kind not in {FieldType.DATE, *_NUMBERS}:
        for column in bounds if kind in set(FieldType) else ():
            what, do = f"a {kind} has a {column}", "Leave it empty; texts have max_length and pattern."
            yield report(LintCode.RANGE_ON_TYPE, sheet, row, column, what, do)
        return
    read = {column: _bound(kind, text) for column, text in bounds.items()}
    for column, value in read.items():
        if value is None:
            do = "Write a day as 2026-10-20." if kind == FieldType.DATE else f"Write a {kind} number."
            yield report(LintCode.RANGE_UNREADABLE, sheet, row, column, f"the {column} is no {kind}", do)
    low, high = read.get("minimum"), read.get("maximum")
    if low is not None and high is not None and low > high:  # type: ignore[operator]  # both of the field's one type
        what, do = "the minimum is above the maximum", "Exchange them, or correct one."
        yield report(LintCode.RANGE_REVERSED, sheet, row, "minimum", what, do)


def _bound(kind: str, text: str) -> date | Decimal | None:
    try:
        if kind == FieldType.DATE:
            return date.fromisoformat(text)
        number = Decimal(text)
    except (ValueError, InvalidOperation):
        return None
    is_whole = number.is_finite() and number == number.to_integral_value()
    return number if number.is_finite() and (is_whole or kind != FieldType.INTEGER) else None


def _format(sheet: Sheet, name: str, rows: list[Row], report: Report) -> Iterator[LintFinding]:
    first: dict[str, int] = {}
    roles: dict[str, int] = {}
    for row in rows:
        if row["field"] and first.setdefault(row["field"], row.line) != row.line:
            what = f"the format {name} has the field already, row {first[row['field']]}"
            yield report(LintCode.FIELD_TWICE, sheet, row, "field", what, "Keep one row, or rename the field.")
        role = row["role"]
        if role not in set(Role) or role == Role.KEY:
            continue
        if roles.setdefault(role, row.line) != row.line:
            what = f"the format {name} has a field with the role {role} already, row {roles[role]}"
            yield report(LintCode.ROLE_TWICE, sheet, row, "role", what, "Give the role to one field only.")
        types = _ROLE_TYPES[Role(role)]
        if row["type"] in set(FieldType) and row["type"] not in types:
            what, do = f"the role {role} doesn't go with the field's type", f"Write {' or '.join(sorted(types))}."
            yield report(LintCode.ROLE_TYPE, sheet, row, "type", what, do)
    if "role" not in sheet.columns:
        roles = {}
    for role in _REQUIRED_ROLES:
        if role not in roles:
            what = f"the format {name} has no field with the role {role}, so no row could become a record"
            yield report(LintCode.ROLE_MISSING, sheet, rows[0], "role", what, f"Give one field the role {role}.")
