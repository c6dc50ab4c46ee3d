"""Write an edition out: as the workbook that officials edit, as DCAT-AP, or as a Data Package."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from creditlab.catalogue.edition import Catalogue, Edition
from creditlab.catalogue.lists import read_lists
from creditlab.catalogue.reading import EditionText, build_edition, folder_of, read_edition
from creditlab.catalogue.seal import broken_seal
from creditlab.errors import ParameterError
from creditlab.terms import SecurityLevel


@dataclass(frozen=True)
class Publisher:
    """Who publishes the catalogue, and the address under which its parts are named."""

    name_zh: str
    name_en: str
    base: str


def export(
    root: Path, year: int, target: Path, *, levels: Collection[SecurityLevel], publisher: Publisher
) -> list[Path]:
    """Write a year's edition, in whatever state.

    Parameters
    ----------
    root
        The catalogue's folder.
    year
        The edition.
    target
        Where to: `.xlsx` is the workbook for editing, `.jsonld` DCAT-AP, a folder a Data Package with a Table Schema
        and a template per data format. Nothing that is there is overwritten.
    levels
        The security levels that are shown in full; of other items only what names them. A workbook has everything.
    publisher
        Who publishes it.

    Returns
    -------
    list of pathlib.Path
        What was written.

    Raises
    ------
    ParameterError
        If the target has another suffix, or is there already.
    CatalogueError
        If there is no such edition, or a cell has no meaning.
    SealError
        If the edition was edited after it was published.
    """
    if target.suffix not in (".xlsx", ".jsonld", ""):
        do = "Name a file .xlsx or .jsonld, or a folder."
        raise ParameterError("the target is none of the kinds that can be written", where=target.name, do=do)
    if not target.absolute().parent.is_dir():
        raise ParameterError("the target's folder is missing", where=target.name, do="Make it first.")
    if target.exists():
        raise ParameterError("the target is there already", where=target.name, do="Name another one, or move it away.")
    text = read_edition(folder_of(root, year))
    error = broken_seal(text.folder)
    if error:
        raise error
    if target.suffix == ".xlsx":
        from creditlab.catalogue.workbook import export_workbook

        export_workbook(text, target)
        return [target]
    edition, beside = build_edition(text), _beside(root)
    if target.suffix == ".jsonld":
        from creditlab.catalogue.dcat import dcat_of

        content = dcat_of(edition, text, beside, levels, publisher)
        target.write_text(_json(content), encoding="utf-8")
        return [target]
    return _write_package(target, edition, text, beside, levels)


def _beside(root: Path) -> Catalogue:
    """The lists beside the editions, as a catalogue without editions."""
    lists = read_lists(root)
    return Catalogue(
        (), lists.departments, lists.regions, lists.code_lists, lists.digest, lists.standards, lists.history
    )


def _write_package(
    target: Path, edition: Edition, text: EditionText, beside: Catalogue, levels: Collection[SecurityLevel]
) -> list[Path]:
    from creditlab.catalogue.package import package_files

    written = []
    for name, content in package_files(edition, text, beside, levels).items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else _json(content), encoding="utf-8", newline="")
        written.append(path)
    return written


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
