"""What can be wrong with comments.csv: each public comment has an answer, and names an item that there is."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from creditlab.catalogue.findings import LintCode, LintFinding, Report
from creditlab.catalogue.sheets import Sheet
from creditlab.identifiers import holds_resident_id


def lint_comments(sheet: Sheet, items: Collection[str], report: Report) -> Iterator[LintFinding]:
    """Findings on an edition's comments; `items` are those of this edition and of the one before it."""
    for row in sheet.rows:
        if row["item_code"] and row["item_code"] not in items:
            what = "the comment is on an item that neither this edition nor the one before it has"
            do = "Correct the code, or leave it empty where the comment is on the whole."
            yield report(LintCode.UNKNOWN_ITEM, sheet, row, "item_code", what, do, needed=False)
        for column in ("comment", "answer"):
            if column in sheet.columns and not row[column]:
                code = LintCode.COMMENT_UNANSWERED if column == "answer" else LintCode.CELL_EMPTY
                what = "a public comment has no answer (Article 11)" if column == "answer" else "the comment is empty"
                do = "Answer it." if column == "answer" else "Write it, or take the row out."
                yield report(code, sheet, row, column, what, do, needed=False)
            if holds_resident_id(row[column]):
                what, do = "the text holds a resident ID", "Take it out: comments are published (Article 4)."
                yield report(LintCode.PERSONAL_DATA, sheet, row, column, what, do)
