"""Public comments on a draft, and their answers (Article 11)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from creditlab.catalogue.reading import EditionText, folder_of, read_edition
from creditlab.catalogue.sheets import COMMENT_COLUMNS
from creditlab.catalogue.writing import next_number, sheet_text, widened
from creditlab.errors import CatalogueError
from creditlab.identifiers import holds_resident_id
from creditlab.terms import EditionState
from creditlab.wholefile import write_whole


def comment(root: Path, year: int, text: str, *, item_code: str = "", on: date) -> str:
    """Note a public comment on an edition that is open for comments; returns its number.

    Raises
    ------
    CatalogueError
        If the edition is not open for comments on that day, the item is neither in it nor among what it changes, or
        the text is empty or holds a resident ID.
    """
    edition = _in_consultation(root, year)
    ends = edition.details.get("consultation_until")
    if isinstance(ends, date) and on > ends:
        do = "Take it up in the next year's draft."
        raise CatalogueError("the consultation is over", where=f"{edition.folder.name}, consultation_until", do=do)
    known = {row["item_code"] for sheet in (edition.items, edition.changes) for row in sheet.rows}
    if item_code and item_code not in known:
        what, do = "the comment is on an item that does not exist", "Correct the code, or leave it out."
        raise CatalogueError(what, where=f"{edition.folder.name}/comments.csv, column item_code", do=do)
    rows = _rows(edition)
    number = next_number(rows, "comment_id")
    said = {"comment_id": number, "item_code": item_code, "received_on": on.isoformat(), "comment": _checked(text)}
    _write(edition, [*rows, said])
    return number


def answer(root: Path, year: int, comment_id: str, text: str, *, on: date) -> None:
    """Answer a public comment; an answer may be mended while the edition is open for comments.

    Raises
    ------
    CatalogueError
        If the edition is not open for comments, has no such comment, or the text is empty or holds a resident ID.
    """
    edition = _in_consultation(root, year)
    rows = _rows(edition)
    there = [row for row in rows if row["comment_id"] == comment_id]
    if len(there) != 1:
        what, do = "no comment, or more than one, has that number", "See the column comment_id."
        raise CatalogueError(what, where=f"{edition.folder.name}/comments.csv", do=do)
    there[0].update(answer=_checked(text), answered_on=on.isoformat())
    _write(edition, rows)


def _in_consultation(root: Path, year: int) -> EditionText:
    edition = read_edition(folder_of(root, year))
    if edition.state != EditionState.CONSULTATION:
        do = f"Open it: creditlab catalogue consult {year}."
        raise CatalogueError("the edition is not open for comments", where=f"{year}/edition.toml, state", do=do)
    return edition


def _rows(edition: EditionText) -> list[dict[str, str]]:
    return [{**dict.fromkeys(COMMENT_COLUMNS, ""), **row.cells} for row in edition.comments.rows]


def _checked(text: str) -> str:
    if not text.strip():
        raise CatalogueError("the text is empty", where="comments.csv", do="Write it.")
    if holds_resident_id(text):
        do = "Take it out: comments and answers are published (Article 4)."
        raise CatalogueError("the text holds a resident ID", where="comments.csv", do=do)
    return text.strip()


def _write(edition: EditionText, rows: list[dict[str, str]]) -> None:
    columns = widened(edition.comments.columns, COMMENT_COLUMNS)
    write_whole(edition.folder / "comments.csv", sheet_text(columns, rows))
