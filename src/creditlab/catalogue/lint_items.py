"""What can be wrong with items.csv: Article 11's twelve fields, and what analysis adds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from creditlab.catalogue.edition import TimeLimit
from creditlab.catalogue.findings import LintCode, LintFinding, Report, Shelf
from creditlab.catalogue.prohibited import ban_on, secrecy_ban
from creditlab.catalogue.sheets import Row, Sheet, split_list
from creditlab.terms import (
    CoverageBasis,
    InformationKind,
    Nature,
    PublicationMethod,
    ReportingLevel,
    RightToUse,
    SecurityLevel,
    SubjectKind,
    UpdatePeriod,
)

#: Column -> Article 11's number and name of the field, and whether measuring needs it.
ARTICLE_11: dict[str, tuple[int, str, bool]] = {
    "item_code": (1, "directory code", True),
    "departments": (2, "provider", True),
    "item_name_zh": (3, "project name", False),
    "item_name_en": (3, "project name", False),
    "data_format": (4, "data format", True),
    "right_to_use": (5, "right to use", True),
    "subject_kinds": (6, "collection scope", True),
    "collection_scope": (6, "collection scope", False),
    "collection_procedure": (7, "collection procedure", False),
    "collection_path": (8, "collection path", False),
    "reporting_level": (8, "collection path", True),
    "collection_time_limit": (9, "collection time limit", True),
    "publication_method": (10, "publication method", True),
    "update_period": (11, "update period", True),
    "security_level": (12, "security level", True),
}
#: What analysis adds, and whether measuring needs it.
_ANALYSIS = {"information_kind": True, "category": False, "nature": True, "coverage_basis": True}
_WORDS: dict[str, tuple[LintCode, type[StrEnum]]] = {
    "right_to_use": (LintCode.UNKNOWN_RIGHT, RightToUse),
    "subject_kinds": (LintCode.UNKNOWN_SUBJECT_KIND, SubjectKind),
    "reporting_level": (LintCode.UNKNOWN_LEVEL, ReportingLevel),
    "publication_method": (LintCode.UNKNOWN_PUBLICATION_METHOD, PublicationMethod),
    "update_period": (LintCode.UNKNOWN_UPDATE_PERIOD, UpdatePeriod),
    "security_level": (LintCode.UNKNOWN_SECURITY_LEVEL, SecurityLevel),
    "information_kind": (LintCode.UNKNOWN_INFORMATION_KIND, InformationKind),
    "nature": (LintCode.UNKNOWN_NATURE, Nature),
    "coverage_basis": (LintCode.UNKNOWN_COVERAGE_BASIS, CoverageBasis),
}
_SEVERAL = ("departments", "subject_kinds")
_CODE = re.compile(r"[A-Z0-9-]+")


def lint_items(sheet: Sheet, report: Report, shelf: Shelf, formats: frozenset[str] | None) -> Iterator[LintFinding]:
    """Findings on an edition's items; `formats` are the record schemas of its fields.csv, None where unreadable."""
    first: dict[str, int] = {}
    for row in sheet.rows:
        yield from _blanks(sheet, row, report)
        yield from _code(sheet, row, report, first)
        yield from _references(sheet, row, report, shelf, formats)
        yield from _words(sheet, row, report)
        yield from _numbers(sheet, row, report)
        yield from _content(sheet, row, report)


def _blanks(sheet: Sheet, row: Row, report: Report) -> Iterator[LintFinding]:
    for column, (number, name, needed) in ARTICLE_11.items():
        if column in sheet.columns and not split_list(row[column]):
            what = f"the item has no {column}: Article 11, field {number} ({name})"
            yield report(LintCode.ARTICLE_11_EMPTY, sheet, row, column, what, "Fill it in.", needed=needed)
    for column, needed in _ANALYSIS.items():
        if column in sheet.columns and not row[column]:
            what = f"the item has no {column}, which the analysis groups by"
            yield report(LintCode.CELL_EMPTY, sheet, row, column, what, "Fill it in.", needed=needed)


def _code(sheet: Sheet, row: Row, report: Report, first: dict[str, int]) -> Iterator[LintFinding]:
    code = row["item_code"]
    if not code:
        return
    if not _CODE.fullmatch(code):
        what, do = "a directory code has another form", "Use capital letters A-Z, digits and hyphens only."
        yield report(LintCode.ITEM_CODE_FORM, sheet, row, "item_code", what, do)
    if first.setdefault(code, row.line) != row.line:
        what = f"the item has a row already, row {first[code]}"
        yield report(LintCode.ITEM_TWICE, sheet, row, "item_code", what, "Keep one row, or give it another code.")


def _references(
    sheet: Sheet, row: Row, report: Report, shelf: Shelf, formats: frozenset[str] | None
) -> Iterator[LintFinding]:
    named = split_list(row["departments"])
    if shelf.departments is not None and not shelf.departments.issuperset(named):
        what, do = "a provider is not in departments.csv", "Add the department there, or correct its code."
        yield report(LintCode.UNKNOWN_DEPARTMENT, sheet, row, "departments", what, do)
    for column in _SEVERAL:
        parts = split_list(row[column])
        if len(set(parts)) < len(parts):
            what = f"{column} lists one of its entries twice"
            yield report(LintCode.LISTED_TWICE, sheet, row, column, what, "Name each once: it would count twice.")
    if formats is not None and row["data_format"] and row["data_format"] not in formats:
        what, do = "the data format has no fields in fields.csv", "Describe its fields there, or correct its name."
        yield report(LintCode.UNKNOWN_DATA_FORMAT, sheet, row, "data_format", what, do)
    level = row["reporting_level"]
    if shelf.levels is not None and level in set(ReportingLevel) and level not in shelf.levels:
        what, do = "regions.csv has no region of the item's reporting level", "Add the regions, or change the level."
        yield report(LintCode.LEVEL_WITHOUT_REGION, sheet, row, "reporting_level", what, do)


def _words(sheet: Sheet, row: Row, report: Report) -> Iterator[LintFinding]:
    secrecy = secrecy_ban(row["security_level"])
    if secrecy:
        what, do = f"the item is classed secret. {secrecy.reason}", "Take the item out of the catalogue."
        yield report(LintCode.ITEM_SECRET, sheet, row, "security_level", what, do)
    for column, (code, words) in _WORDS.items():
        parts = split_list(row[column]) if column in _SEVERAL else (row[column],) if row[column] else ()
        if set(parts) <= {word.value for word in words} or (column == "security_level" and secrecy):
            continue
        joint = ", separated by ;" if column in _SEVERAL else ""
        do = f"Write {' or '.join(words)}{joint}."
        yield report(code, sheet, row, column, f"{column} has a word without meaning", do)


def _numbers(sheet: Sheet, row: Row, report: Report) -> Iterator[LintFinding]:
    limit = row["collection_time_limit"]
    if limit and TimeLimit.parse(limit) is None:
        what, do = "the collection time limit can't be read", "Write it as `7 working days` or `20 days`."
        yield report(LintCode.TIME_LIMIT_UNREADABLE, sheet, row, "collection_time_limit", what, do)
    for column, unit in (("publication_months", "months"), ("delivery_grace_days", "days")):
        if row[column] and not (row[column].isascii() and row[column].isdigit()):
            what = f"{column} is no whole number of {unit}, 0 or more"
            yield report(LintCode.NUMBER_UNREADABLE, sheet, row, column, what, "Write digits only, or leave it empty.")


def _content(sheet: Sheet, row: Row, report: Report) -> Iterator[LintFinding]:
    for column in ("item_name_zh", "item_name_en", "collection_scope"):
        ban = ban_on(row[column])
        if ban:
            what = f"the item is about {ban.name}. {ban.reason}"
            yield report(LintCode.PROHIBITED_CONTENT, sheet, row, column, what, "Take the item out (Article 4).")
