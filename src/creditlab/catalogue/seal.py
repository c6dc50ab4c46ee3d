"""Publish an edition once a year and seal it: whoever edits it afterwards is noticed (Article 11).

The seal holds digests of what each file says, not of its bytes: a spreadsheet that saves other line ends changes
nothing, a changed word does. It notices edits; it is no signature, and whoever may write the folder could write a new
seal too. Therefore ingest remembers in the lake which digest it met.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from creditlab.catalogue.edition import Catalogue
from creditlab.catalogue.reading import (
    EditionText,
    digest_of,
    digest_of_lists,
    file_digests,
    folder_of,
    read_catalogue,
    read_edition,
)
from creditlab.catalogue.writing import with_details
from creditlab.errors import CatalogueError, SealError
from creditlab.terms import EditionState
from creditlab.wholefile import write_whole

SEAL = "seal.toml"
#: The key of edition.toml that says which lists were approved; an edition approved by hand has none.
APPROVED_DIGEST = "approved_lists"
_ALGORITHM = "sha256"
_DO = "Put the published files back; a change belongs into the next year's draft."


def read_sealed(root: Path) -> Catalogue:
    """Read the published editions, each of them as it was sealed.

    Raises
    ------
    SealError
        If a sealed edition was edited.
    CatalogueError
        If the catalogue can't be read.
    """
    check_seals(root)
    return read_catalogue(root)


class InterruptedPublication(SealError):
    """An edition whose seal was written and whose state was not."""


def check_seals(root: Path) -> None:
    """Refuse a catalogue in which a sealed edition is not what was published; editions without a seal pass.

    Raises
    ------
    SealError
        If one is not; it names the edition and the files that differ.
    """
    for folder in sorted(path.parent for path in root.glob(f"*/{SEAL}")):
        error = broken_seal(folder)
        if error:
            raise error


def broken_seal(folder: Path) -> SealError | None:
    """The error that says how an edition differs from what was sealed; None where it doesn't, or has no seal."""
    if not (folder / SEAL).exists():
        return None
    try:
        seal = _read_seal(folder)
        text = read_edition(folder)
    except SealError as error:
        return error
    except CatalogueError as error:
        return SealError("a published edition can't be read any more", where=error.where, do=_DO)
    if seal["digest"] == digest_of(text):
        return None
    if text.state == EditionState.APPROVED and digest_of(_as_published(text, seal["published_on"])) == seal["digest"]:
        do = f"Finish it: creditlab catalogue publish {text.year}."
        return InterruptedPublication("the edition's publication was interrupted", where=folder.name, do=do)
    now, then = file_digests(text), seal["files"]
    changed = sorted(name for name in now.keys() | then.keys() if now.get(name) != then.get(name))
    where = ", ".join(f"{folder.name}/{name}" for name in changed or [SEAL])
    return SealError(f"the published edition {folder.name} was edited afterwards", where=where, do=_DO)


def publish(root: Path, year: int, *, on: date) -> Path:
    """Publish the approved edition of a year, and seal it.

    Parameters
    ----------
    root
        The catalogue's folder.
    year
        The edition's year.
    on
        The day of publication.

    Returns
    -------
    pathlib.Path
        The edition's folder.

    Raises
    ------
    SealError
        If an edition published before, of any year, was edited afterwards.
    CatalogueError
        If the year has no edition or has been published, the edition is not approved, or lint finds an error in it
        or in the lists beside it.

    Notes
    -----
    Article 11: after approval by the provincial government the catalogue is published once a year.
    The seal is written before edition.toml: a run that stops between the two leaves an edition that is refused until
    publishing again finishes it, never one that looks published and has no seal.
    """
    folder = folder_of(root, year)
    text = read_edition(folder)
    for sealed in sorted(path.parent for path in root.glob(f"*/{SEAL}")):
        error = broken_seal(sealed)
        if error and not (sealed == folder and isinstance(error, InterruptedPublication)):
            raise error
    if text.state == EditionState.PUBLISHED:
        do = "A change made during the year belongs into the next year's draft (Article 11)."
        raise CatalogueError("the year's edition has been published already", where=str(year), do=do)
    _refuse_unapproved(text, on)
    refuse_errors(root, folder)
    if (folder / SEAL).exists():
        on = _read_seal(folder)["published_on"]
    published = _as_published(text, on)
    content = with_details(folder, text.details, {"state": EditionState.PUBLISHED.value, "published_on": on})
    lines = [
        "# Written when the edition was published. Whoever edits the edition, or this, is noticed.",
        f'algorithm = "{_ALGORITHM}"',
        f"year = {year}",
        f"published_on = {on}",
        f'digest = "{digest_of(published)}"',
        "",
        "[files]",
        *(f'"{name}" = "{value}"' for name, value in sorted(file_digests(published).items())),
    ]
    write_whole(folder / SEAL, "\n".join(lines) + "\n")
    write_whole(folder / "edition.toml", content)
    return folder


def _refuse_unapproved(text: EditionText, on: date) -> None:
    where = f"{text.folder.name}/edition.toml"
    if text.state != EditionState.APPROVED:
        do = "Only an approved edition is published: creditlab catalogue approve."
        raise CatalogueError("the edition is not approved", where=f"{where}, state", do=do)
    by, approved = text.details.get("approved_by"), text.details.get("approved_on")
    if not isinstance(by, str) or not by.strip():
        raise CatalogueError("the edition doesn't say who approved it", where=f"{where}, approved_by", do="Write it.")
    if not isinstance(approved, date) or isinstance(approved, datetime):
        do = "Write approved_on = 2025-12-10, a day without quotes."
        raise CatalogueError("the edition doesn't say when it was approved", where=f"{where}, approved_on", do=do)
    if approved > on:
        do = "Publish it on that day or later."
        raise CatalogueError("the edition is approved later than published", where=f"{where}, approved_on", do=do)
    if text.details.get(APPROVED_DIGEST, digest_of_lists(text)) != digest_of_lists(text):
        do = "Put the approved lists back; what came up since belongs into the next year's draft."
        raise CatalogueError("the edition was edited after it was approved", where=text.folder.name, do=do)


def refuse_errors(root: Path, folder: Path) -> None:
    """Refuse a step while lint finds an error in an edition or in the lists beside it.

    Raises
    ------
    CatalogueError
        With the first error, and how many there are.
    """
    # Here, because lint in its turn asks whether seals are whole.
    from creditlab.catalogue.lint import LintCode, Severity, lint

    errors = [
        one
        for one in lint(root)
        if one.severity is Severity.ERROR
        and (one.file.startswith(f"{folder.name}/") or "/" not in one.file)
        and one.code is not LintCode.EDITION_CHANGED
    ]
    if errors:
        first = errors[0]
        place = f"{first.file}, row {first.row}, column {first.column}" if first.row else first.file
        do = "Run creditlab catalogue lint, and mend what it calls an error."
        raise CatalogueError(f"lint finds errors ({len(errors)}), the first: {first.what}", where=place, do=do)


def _read_seal(folder: Path) -> dict[str, Any]:
    where = f"{folder.name}/{SEAL}"
    try:
        seal = tomllib.loads((folder / SEAL).read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise SealError("an edition's seal can't be read", where=where, do=_DO) from error
    known = {"algorithm": str, "year": int, "published_on": date, "digest": str, "files": dict}
    if any(type(seal.get(key)) is not kind for key, kind in known.items()) or seal["algorithm"] != _ALGORITHM:
        raise SealError("an edition's seal has another form", where=where, do=_DO)
    return seal


def _as_published(text: EditionText, on: date) -> EditionText:
    return replace(text, details={**text.details, "state": EditionState.PUBLISHED.value, "published_on": on})
