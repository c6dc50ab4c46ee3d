"""What can be wrong with changes.csv: Article 11 asks for the reason why an item enters or leaves the catalogue."""

from __future__ import annotations

from collections.abc import Iterator

from creditlab.catalogue.changes import Change, Contest
from creditlab.catalogue.difference import Pair
from creditlab.catalogue.findings import LintCode, LintFinding, Report, Shelf
from creditlab.catalogue.sheets import Row, Sheet, split_list


def lint_changes(
    changes: Sheet, items: Sheet, preceding: Sheet | None, pair: Pair | None, report: Report, shelf: Shelf
) -> Iterator[LintFinding]:
    """Findings on an edition's changes against the edition before it; a first edition need not declare its items.

    `pair` holds the lists of both, None where one of them can't be read, so that nothing is said of what was altered.
    """
    now = {row["item_code"]: row for row in items.rows if row["item_code"]}
    before = {row["item_code"] for row in preceding.rows if row["item_code"]} if preceding else set()
    for row in changes.rows:
        yield from _row(changes, row, report, shelf)
        yield from _against(changes, row, report, set(now), before, is_first=preceding is None)
    if preceding is not None:
        yield from _undeclared(changes, items, report, now, before)
    if pair is not None:
        yield from _altered(changes, items, report, now, pair)


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

    yield from _contest(sheet, row, report)


def _contest(sheet: Sheet, row: Row, report: Report) -> Iterator[LintFinding]:
    """Where opinions differ greatly or the impact may be great, an assessment names whose opinions were heard."""
    contest = row["contested"]
    if contest and contest not in set(Contest):
        do = f"Write {' or '.join(Contest)}, or leave it empty."
        yield report(LintCode.UNKNOWN_CONTEST, sheet, row, "contested", "contested has no known word", do, needed=False)
    heard = {
        "assessment": "the assessment's result",
        "experts_heard": "the experts' opinions",
        "representatives_heard": "the opinions of the groups' representatives",
    }
    for column, name in heard.items():
        if contest and not row[column]:
            what = f"a contested change lacks {name} (Article 11)"
            do = "Organise the assessment, and write what was heard."
            yield report(LintCode.ASSESSMENT_MISSING, sheet, row, column, what, do, needed=False)


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


def _altered(changes: Sheet, items: Sheet, report: Report, now: dict[str, Row], pair: Pair) -> Iterator[LintFinding]:
    declared = {row["item_code"] for row in changes.rows}
    for code, columns in pair.altered_columns().items():
        if code not in declared:
            what = f"the item differs from the edition before in {', '.join(columns)}, and no row gives the reason"
            do = "Add a row to changes.csv: altered, with the department's reason (Article 11)."
            yield report(LintCode.CHANGE_UNDECLARED, items, now[code], columns[0], what, do, needed=False)
