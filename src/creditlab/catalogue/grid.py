"""Read the sheets of an edited workbook, and refuse what nobody can see in them: merged, hidden and computed cells."""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from creditlab.celltext import text_of
from creditlab.errors import CatalogueError

#: A catalogue's workbook has some hundred rows; what unpacks to more, or reaches further, is none. One cell at the far
#: end of a sheet would make all the empty ones before it.
_MOST_BYTES, _MOST_ROWS, _MOST_COLUMNS = 50 * 2**20, 100_000, 256
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_ID = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)
_PLACE = re.compile(r"([A-Z]{0,3})([0-9]{1,7})")
_UNSEEN = "Show it, or take it out"


def read_grids(file: Path) -> dict[str, list[list[str]]]:
    """The rows of each sheet as text, in the order of the sheets; empty rows keep their place.

    Raises
    ------
    CatalogueError
        If the file is no workbook, unpacks to more than a catalogue can have, or has cells that can't be seen.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        data = file.read_bytes()
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(one.file_size for one in archive.infolist()) > _MOST_BYTES:
                raise _unreadable(file)
            _refuse_unseen(file, archive)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        return {
            name: [
                [text_of(cell) for cell in row]
                for row in workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            ]
            for name in workbook.sheet_names
        }
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, ElementTree.ParseError, CalamineError) as error:
        raise _unreadable(file) from error


def column_letters(place: int) -> str:
    """A column's letters as a spreadsheet shows them, counted from 0.

    Examples
    --------
    >>> column_letters(27)
    'AB'
    """
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _unreadable(file: Path) -> CatalogueError:
    return CatalogueError("the workbook can't be read", where=file.name, do="Save it as an XLSX workbook.")


def _refuse_unseen(file: Path, archive: zipfile.ZipFile) -> None:
    for name, state, path in _parts(archive):
        if state != "visible":
            raise _refusal(file, "a sheet is hidden", name, "", _UNSEEN)
        with archive.open(path) as part:
            _refuse_in_sheet(file, name, part)


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, str, str]]:
    """Name, state and part of each sheet."""
    targets = {}
    for one in ElementTree.fromstring(_plain(archive, "xl/_rels/workbook.xml.rels")):
        # Relative to the folder xl, or from the archive's root.
        path = one.get("Target", "")
        targets[one.get("Id", "")] = path.lstrip("/") if path.startswith("/") else posixpath.normpath(f"xl/{path}")
    for element in ElementTree.fromstring(_plain(archive, "xl/workbook.xml")).iter():
        if element.tag in (f"{_MAIN}sheet", f"{_STRICT}sheet"):
            relation = next(element.get(one, "") for one in _ID if element.get(one))
            yield element.get("name", ""), element.get("state", "visible"), targets[relation]


def _plain(archive: zipfile.ZipFile, name: str) -> bytes:
    """A part that declares nothing of its own: no workbook does, and what is declared may unpack without end."""
    data = archive.read(name)
    if b"<!DOCTYPE" in data:
        raise ValueError(name)
    return data


def _refuse_in_sheet(file: Path, name: str, part: IO[bytes]) -> None:
    data = part.read()
    if b"<!DOCTYPE" in data:
        raise ValueError(name)
    cell = ""
    for event, element in ElementTree.iterparse(io.BytesIO(data), events=("start", "end")):
        tag = element.tag.rpartition("}")[2]
        if event == "end":
            if tag == "row":
                element.clear()
            continue
        match tag:
            case "mergeCell":
                do = "Unmerge them, and write the text into each cell that it is for"
                raise _refusal(file, "cells are merged", name, element.get("ref", ""), do)
            case "sheetFormatPr" if _is_on(element.get("zeroHeight")):
                raise _refusal(file, "rows are hidden", name, "", _UNSEEN)
            case "row" if _is_on(element.get("hidden")):
                place = f"row {element.get('r', '')}"
                raise _refusal(file, "a row is hidden", name, place, f"{_UNSEEN}; clear filters")
            case "col" if _is_on(element.get("hidden")):
                letters = column_letters(int(element.get("min", "1")) - 1)
                raise _refusal(file, "a column is hidden", name, f"column {letters}", _UNSEEN)
            case "row" | "c":
                cell = element.get("r", cell)
                if _is_far(cell):
                    raise _refusal(file, "a cell stands far outside the list", name, cell, "Clear what stands there")
            case "f":
                raise _refusal(file, "a cell is a formula", name, cell, "Paste its value as text")


def _is_far(place: str) -> bool:
    """Whether a row's number, or a cell's place, is further out than any list."""
    found = _PLACE.fullmatch(place)
    if found is None:
        raise ValueError(place)
    letters, number = found.groups()
    column = 0
    for letter in letters:
        column = 26 * column + ord(letter) - ord("A") + 1
    return int(number) > _MOST_ROWS or column > _MOST_COLUMNS


def _is_on(flag: str | None) -> bool:
    return flag in ("1", "true")


def _refusal(file: Path, what: str, sheet: str, place: str, do: str) -> CatalogueError:
    where = f"{file.name}, sheet {sheet}{f', {place}' if place else ''}"
    return CatalogueError(what, where=where, do=f"{do}.")
