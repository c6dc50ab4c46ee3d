"""What can be wrong with changes.csv: Article 11 asks for the reason why an item enters or leaves the catalogue."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from creditlab.catalogue.findings import LintCode, LintFinding, Report, Shelf
from creditlab.catalogue.sheets import Row, Sheet, split_list


class Change(StrEnum):
    """What happened to an item between two editions."""

    INCLUDED = "included"
    WITHDRAWN = "withdrawn"
    ALTERED = "altered"


def lint_changes(
    changes: Sheet, items: Sheet, preceding: Sheet | None, report: Report, shelf: Shelf
) -> Iterator[LintFinding]:
    """Findings on an edition's changes against the edition before it; a first edition need not declare its items."""
    now = {row["item_code"]: row for row in items.rows if row["item_code"]}
    before = {row["item_code"] for row in preceding.rows if row["item_code"]} if preceding else set()
    for row in changes.rows:
        yield from _row(changes, row, report, shelf)
        yield from _against(changes, row, report, set(now), before, is_first=preceding is None)
    if preceding is not None:
        yield from _undeclared(changes, items, report, now, before)


def _row(sheet: Sheet, row: Row, report: Report, shelf: Shelf) -> Iterator[LintFinding]:
    if "change" in sheet.columns and row["change"] not in set(Change):
        do = f"Write {' or '.join(Change)}."
        yield report(LintCode.UNKNOWN_CHANGE, sheet, row, "change", "change has no known word", do, needed=False)
    if "reason" in sheet.columns and not row["reason"]:
        what, do = "a change has no reason (Article 11)", "Let the department explain it."
        yield report(LintCode.REASON_MISSING, sheet, row, "reason", what, do, needed=False)
    for column in ("item_code", "department"):
        if column in sheet.columns and not row[column]:
            what = f"the change has no {column}"
            yield report(LintCode.CELL_EMPTY, sheet, row, column, what, "Fill it in.", needed=False)
    if shelf.departments is not None and not shelf.departments.issuperset(split_list(row["department"])):
        what, do = "the department is not in departments.csv", "Add the department there, or correct its code."
        yield report(LintCode.UNKNOWN_DEPARTMENT, sheet, row, "department", what, do, needed=False)


def _against(
    sheet: Sheet, row: Row, report: Report, now: set[str], before: set[str], *, is_first: bool
) -> Iterator[LintFinding]:
    code, change = row["item_code"], row["change"]
    if not code:
        return
    if code not in now | before:
        what = "the change is of an item that neither this edition nor the one before it has"
        do = "Correct the code, or take the row out."
        yield report(LintCode.UNKNOWN_ITEM, sheet, row, "item_code", what, do, needed=False)
        return
    problem = ""
    if change == Change.INCLUDED and (code not in now or code in before):
        problem = "an item is called included that " + ("was there before" if code in before else "is not in items.csv")
    elif change == Change.WITHDRAWN and code in now:
        problem = "an item is called withdrawn that is still in items.csv"
    elif change == Change.ALTERED and (code not in now or (code not in before and not is_first)):
        problem = "an item is called altered that is not in both editions"
    if problem:
        do = "Correct the change, or items.csv."
        yield report(LintCode.CHANGE_CONTRADICTS, sheet, row, "change", problem, do, needed=False)


def _undeclared(
    changes: Sheet, items: Sheet, report: Report, now: dict[str, Row], before: set[str]
) -> Iterator[LintFinding]:
    declared = {row["item_code"] for row in changes.rows}
    for code, row in now.items():
        if code not in before | declared:
            what = "the item is new against the edition before, and changes.csv gives no reason (Article 11)"
            do = "Add a row to changes.csv: included, with the department's reason."
            yield report(LintCode.CHANGE_UNDECLARED, items, row, "item_code", what, do, needed=False)
    for code in sorted(before - set(now) - declared):
        what = f"the item {code} has left the catalogue, and no row gives the reason (Article 11)"
        do = "Add a row to changes.csv: withdrawn, with the department's reason."
        yield report(LintCode.CHANGE_UNDECLARED, changes, None, "item_code", what, do, needed=False)
