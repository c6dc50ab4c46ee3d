"""The lake's format version: one small file beside the tables, replaced as a whole.

A file, because it says what the lake is now, and says it before any table is opened; the version that each run was
written with stays in `runs`, as history.
"""

from __future__ import annotations

import json
from pathlib import Path

from creditlab.errors import LakeError
from creditlab.lake.schemas import FORMAT_VERSION
from creditlab.wholefile import write_whole

FORMAT_FILE = "format.json"
#: What a lake without the file has: the file came with this version.
FIRST_VERSION = 1


def read_version(root: Path) -> int | None:
    """The format version that a lake's file names; None where there is no file.

    Raises
    ------
    LakeError
        If the file is not what this program writes.
    """
    try:
        text = (root / FORMAT_FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        version = json.loads(text)["format_version"]
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(root) from error
    if type(version) is not int or version < 0:
        raise _unreadable(root)
    return version


def write_version(root: Path, version: int) -> None:
    """Name a lake's format version; a reader sees the old one or the new one, whenever the power fails."""
    write_whole(root / FORMAT_FILE, json.dumps({"format_version": version}) + "\n")


def lake_version(root: Path) -> int:
    """The format version that a lake has."""
    version = read_version(root)
    return FIRST_VERSION if version is None else version


def check_version(root: Path, known: int = FORMAT_VERSION) -> None:
    """Refuse a lake that this version of the program doesn't know.

    Raises
    ------
    LakeError
        If it is newer, or older and not migrated yet.
    """
    version = lake_version(root)
    if version > known:
        raise LakeError(
            "a newer creditlab wrote the lake",
            where=f"{root.name}, format version {version}; this one knows up to {known}",
            do="Use that version of creditlab, or a newer one.",
        )
    if version < known:
        raise LakeError(
            "the lake has an older format",
            where=f"{root.name}, format version {version}; this one writes {known}",
            do="Back it up, then run creditlab lake migrate.",
        )


def _unreadable(root: Path) -> LakeError:
    return LakeError(
        "the lake's format version can't be read",
        where=f"{root.name}/{FORMAT_FILE}",
        do="Put the file back from the backup.",
    )
