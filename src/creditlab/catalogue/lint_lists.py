"""What can be wrong with the lists beside the editions: departments, regions and code lists."""

from __future__ import annotations

from collections.abc import Iterator

from creditlab.catalogue.findings import LintCode, LintFinding, Report
from creditlab.catalogue.lint_dated import lint_spans
from creditlab.catalogue.sheets import Sheet
from creditlab.terms import ReportingLevel

#: The columns that together must occur once in a list.
_KEYS: dict[str, tuple[str, ...]] = {
    "departments.csv": ("department",),
    "regions.csv": ("region_code",),
    "code_lists.csv": ("code_list", "code"),
}


def lint_list(sheet: Sheet, report: Report) -> Iterator[LintFinding]:
    """Findings on one of the lists beside the editions."""
    keys = _KEYS[sheet.file]
    first: dict[tuple[str, ...], int] = {}
    for row in sheet.rows:
        for column in (*keys, "name_zh", "name_en"):
            if column in sheet.columns and not row[column]:
                what = f"the row has no {column}"
                yield report(LintCode.CELL_EMPTY, sheet, row, column, what, "Fill it in.", needed=column in keys)
        key = tuple(row[column] for column in keys)
        if sheet.file == "code_lists.csv":
            continue
        if all(key) and first.setdefault(key, row.line) != row.line:
            what = f"the code has a row already, row {first[key]}"
            yield report(LintCode.CODE_TWICE, sheet, row, keys[-1], what, "Keep one row, or correct the code.")
    if sheet.file == "regions.csv":
        yield from _regions(sheet, report)
    if sheet.file == "code_lists.csv":
        # A code may be used, dropped, and used again.
        yield from lint_spans(sheet, keys, keys[-1], report)


def _regions(sheet: Sheet, report: Report) -> Iterator[LintFinding]:
    known = {row["region_code"] for row in sheet.rows}
    for row in sheet.rows:
        if "level" in sheet.columns and row["level"] not in set(ReportingLevel):
            what, do = "level has a word without meaning", f"Write {' or '.join(ReportingLevel)}."
            yield report(LintCode.UNKNOWN_LEVEL, sheet, row, "level", what, do)
        if row["parent"] and (row["parent"] not in known or row["parent"] == row["region_code"]):
            what, do = "the region's parent is no other region of the list", "Add the parent, or correct its code."
            yield report(LintCode.UNKNOWN_PARENT, sheet, row, "parent", what, do)
