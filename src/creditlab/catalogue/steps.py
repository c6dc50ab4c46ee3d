"""An edition's way through its year: draft, consultation, approved, then published and sealed (Article 11).

No step is taken while lint finds an error: a comment without an answer, a change without a reason, a contested change
without an assessment that names whose opinions were heard.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

from creditlab.catalogue.reading import (
    EditionText,
    digest_of_lists,
    edition_folders,
    folder_of,
    read_details,
    read_edition,
)
from creditlab.catalogue.requests import Landing, land_requests
from creditlab.catalogue.seal import APPROVED_DIGEST, check_seals, refuse_errors
from creditlab.catalogue.sheets import (
    CHANGE_COLUMNS,
    COMMENT_COLUMNS,
    CONTEST_COLUMNS,
    FIELD_COLUMNS,
    ITEM_COLUMNS,
    Row,
)
from creditlab.catalogue.writing import sheet_text, toml_value, widened, with_details
from creditlab.errors import CatalogueError
from creditlab.terms import EditionState
from creditlab.wholefile import write_whole

_NEXT = {
    EditionState.DRAFT: "creditlab catalogue consult",
    EditionState.CONSULTATION: "creditlab catalogue approve",
    EditionState.APPROVED: "creditlab catalogue publish",
}
_KEPT = ("title_zh", "title_en", "calendar")


def draft(root: Path, year: int, *, on: date) -> tuple[Path, Landing]:
    """Make a year's draft from the newest published edition before it, with the changes asked for since.

    Returns
    -------
    tuple
        The draft's folder, and which requests landed in it.

    Raises
    ------
    CatalogueError
        If the year has an edition, a later one has been published, or an earlier one is on its way.
    SealError
        If a published edition was edited afterwards.
    """
    if not root.is_dir():
        raise CatalogueError("the catalogue's folder is missing", where=root.name, do="Set [paths] catalogue.")
    check_seals(root)
    folder = root / str(year)
    before = _base(root, year)
    if folder.exists():
        raise CatalogueError("the draft's folder is there already", where=folder.name, do="Move it away first.")
    made = root / f".{year}.new"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    try:
        rows = (before.items.rows, before.fields.rows) if before else ((), ())
        _write_sheet(made / "items.csv", widened(before.items.columns if before else (), ITEM_COLUMNS), rows[0])
        _write_sheet(made / "fields.csv", widened(before.fields.columns if before else (), FIELD_COLUMNS), rows[1])
        _write_sheet(made / "changes.csv", (*CHANGE_COLUMNS, *CONTEST_COLUMNS), ())
        _write_sheet(made / "comments.csv", COMMENT_COLUMNS, ())
        write_whole(made / "edition.toml", _details_text(before, year, on))
        made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return folder, land_requests(root, folder)


def consult(root: Path, year: int, *, until: date, on: date) -> Path:
    """Open a draft for public comments, from a day until another one, both included.

    Raises
    ------
    CatalogueError
        If the edition is no draft, lint finds an error, or the consultation would end before it starts.
    """
    text = _at(root, year, EditionState.DRAFT, "opened for comments")
    if until < on:
        do = "Name a later day."
        raise CatalogueError("the consultation would end before it starts", where=str(year), do=do)
    refuse_errors(root, text.folder)
    return _advance(
        text, {"state": EditionState.CONSULTATION.value, "consultation_from": on, "consultation_until": until}
    )


def approve(root: Path, year: int, *, by: str, document: str, approved_on: date, on: date) -> Path:
    """Note that the edition was approved: which body, by which document, on which day.

    Its lists are approved as they are: publishing refuses others.

    Raises
    ------
    CatalogueError
        If the edition was not opened for comments, the consultation is not over on the day of approval, that day is
        still to come, or lint finds an error: a comment without an answer is one.
    """
    text = _at(root, year, EditionState.CONSULTATION, "approved")
    if not by.strip() or not document.strip():
        raise CatalogueError("an approval names its body and its document", where=str(year), do="Name both.")
    if approved_on > on:
        do = "Approve it on that day or later."
        raise CatalogueError("the day of approval is still to come", where=str(year), do=do)
    ends = text.details.get("consultation_until")
    if not isinstance(ends, date) or approved_on <= ends:
        what = "the consultation is not over on the day of approval"
        raise CatalogueError(what, where=f"{text.folder.name}/edition.toml, consultation_until", do="Wait for its end.")
    refuse_errors(root, text.folder)
    changes: dict[str, Any] = {
        "state": EditionState.APPROVED.value,
        "approved_by": by.strip(),
        "approved_document": document.strip(),
        "approved_on": approved_on,
        APPROVED_DIGEST: digest_of_lists(text),
    }
    return _advance(text, changes)


def open_edition(root: Path, year: int, what: str) -> EditionText:
    """A year's edition while its lists may still be changed.

    Raises
    ------
    CatalogueError
        If it is approved or published; `what` says what was to be done with it.
    """
    text = read_edition(folder_of(root, year))
    if text.state not in (EditionState.DRAFT, EditionState.CONSULTATION):
        do = "Ask for the change: creditlab catalogue ask. It lands in the next year's draft."
        raise CatalogueError(
            f"the edition is {text.state or 'in no state'}: it can't be {what}", where=str(year), do=do
        )
    return text


def _base(root: Path, year: int) -> EditionText | None:
    """The newest published edition before a year; None where none was ever published."""
    found = {}
    for folder in edition_folders(root):
        details = read_details(folder)
        found[details["year"]] = (folder, details.get("state"))
    if year in found:
        what = "the year has an edition already"
        raise CatalogueError(what, where=str(year), do="Work on that one, or draft another year.")
    later = [one for one, (_, state) in found.items() if one > year and state == EditionState.PUBLISHED]
    if later:
        what = "a later edition has been published"
        raise CatalogueError(what, where=str(max(later)), do="Draft a year after it.")
    going = [one for one, (_, state) in found.items() if state != EditionState.PUBLISHED]
    if going:
        what = "another edition is still on its way"
        raise CatalogueError(what, where=str(min(going)), do="Publish it first; what is asked for meanwhile waits.")
    published = [(one, folder) for one, (folder, _) in found.items()]
    return read_edition(max(published)[1]) if published else None


def _write_sheet(path: Path, columns: tuple[str, ...], rows: tuple[Row, ...]) -> None:
    write_whole(path, sheet_text(columns, [row.cells for row in rows]))


def _details_text(before: EditionText | None, year: int, on: date) -> str:
    """A draft's edition.toml: the titles for the new year, and what people wrote above the first key."""
    lines, details = [], before.details if before else {}
    if before:
        for line in (before.folder / "edition.toml").read_text("utf-8-sig").splitlines():
            if not line.startswith("#"):
                break
            lines.append(line)
    lines += [f"year = {year}", f'state = "{EditionState.DRAFT}"', f"drafted_on = {on}"]
    for key in _KEPT:
        value = details.get(key)
        if isinstance(value, str):
            lines.append(f"{key} = {toml_value(value.replace(str(before.year), str(year)) if before else value)}")
    return "\n".join(lines) + "\n"


def _at(root: Path, year: int, state: EditionState, what: str) -> EditionText:
    """A year's edition, which must be in a state for a step."""
    check_seals(root)
    text = read_edition(folder_of(root, year))
    if text.state != state:
        known = text.state in set(EditionState)
        follows = _NEXT.get(EditionState(text.state)) if known else None
        do = (
            f"What follows now: {follows} {year}."
            if follows
            else "Its way is draft, consultation, approved, published."
        )
        where = f"{text.folder.name}/edition.toml, state"
        raise CatalogueError(f"only an edition in {state} is {what}", where=where, do=do)
    return text


def _advance(text: EditionText, changes: dict[str, Any]) -> Path:
    write_whole(text.folder / "edition.toml", with_details(text.folder, text.details, changes))
    return text.folder
