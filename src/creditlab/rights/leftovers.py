"""What names an erased subject outside the lake: what the program made for the day is deleted, the rest is named."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa

from creditlab.access import log_of
from creditlab.identifiers import pseudonyms
from creditlab.reports.shelf import FAILED, STAGING
from creditlab.rights.plan import Plan
from creditlab.rights.writing import MARK_SUFFIX
from creditlab.workspace import Workspace

#: Packs for departments, where nobody says another place; they can be made again.
_FEEDBACK = "feedback"
#: A text that is shorter may stand anywhere by chance.
_TELLING = 8
_PIECE = 1 << 20


@dataclass(frozen=True)
class Leftovers:
    """Paths below the workspace.

    Attributes
    ----------
    deleted
        Statements about the subject, packs and notebooks of failed runs that name it.
    named
        Files that name it and are somebody's: what was delivered, the register, publications, working files.
    """

    deleted: tuple[str, ...]
    named: tuple[str, ...]


def clear_leftovers(workspace: Workspace, plan: Plan, number: str) -> Leftovers:
    """Look through the workspace's files for what an order took out of the lake.

    Parameters
    ----------
    number
        As it was given; the plan has no person's. Empty where an erasure is finished that somebody else began: what was
        delivered is then not found by it.
    """
    needles = _needles(plan, number)
    deleted, named = [], []
    for path in _files(workspace):
        place = path.relative_to(workspace.folder).as_posix()
        if _is_statement(path, workspace, plan):
            for one in (path, path.with_name(path.name.removesuffix(MARK_SUFFIX))):
                one.unlink(missing_ok=True)
            deleted.append(place.removesuffix(MARK_SUFFIX))
        elif path.exists() and needles and _names(path, needles):
            if _is_ours(path, workspace):
                path.unlink()
                deleted.append(place)
            else:
                named.append(place)
    return Leftovers(tuple(sorted(deleted)), tuple(sorted(named)))


def _needles(plan: Plan, number: str) -> list[bytes]:
    texts = [number, *plan.ids, *plan.marks, *plan.record[2:]]
    return [one.encode() for one in dict.fromkeys(texts) if len(one) >= _TELLING]


def _files(workspace: Workspace) -> Iterator[Path]:
    apart = {workspace.lake.resolve(), workspace.key.parent.resolve(), workspace.access_log.parent.resolve()}
    for place, folders, files in os.walk(workspace.folder):
        folder = Path(place)
        folders[:] = [one for one in folders if (folder / one).resolve() not in apart and one != ".git"]
        # Statements first, for their marks tell whose they are.
        for name in sorted(files, key=lambda one: not one.endswith(MARK_SUFFIX)):
            path = folder / name
            if path.is_file() and not path.is_symlink():
                yield path


def _is_statement(path: Path, workspace: Workspace, plan: Plan) -> bool:
    """Whether a file is the mark of a statement about the subject."""
    log = log_of(workspace)
    if not path.name.endswith(MARK_SUFFIX) or not plan.ids or not log.is_begun:
        return False
    try:
        subject = json.loads(path.read_text("utf-8")).get("subject")
    except (OSError, ValueError):
        return False
    return bool(subject == pseudonyms(pa.array([plan.ids[0]]), log.key())[0].as_py())


def _is_ours(path: Path, workspace: Workspace) -> bool:
    places = (workspace.folder / _FEEDBACK, workspace.reports / FAILED, workspace.reports / STAGING)
    return any(path.is_relative_to(one) for one in places)


def _names(path: Path, needles: list[bytes]) -> bool:
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            return _holds(file, needles)
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as part:
                    if _holds(part, needles):
                        return True
    except (OSError, zipfile.BadZipFile):
        pass
    return False


def _holds(file: IO[bytes], needles: list[bytes]) -> bool:
    """Whether one of some texts is in a file: read piece by piece, for a packed one may be of any size unpacked."""
    overlap = max(map(len, needles)) - 1
    before = b""
    while piece := file.read(_PIECE):
        if any(one in before + piece for one in needles):
            return True
        before = piece[-overlap:]
    return False
