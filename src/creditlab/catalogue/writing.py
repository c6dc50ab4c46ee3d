"""Write a catalogue's files: each is replaced as a whole, and what people wrote beside what changes stays."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from creditlab.errors import CatalogueError


@contextmanager
def editing(root: Path) -> Iterator[None]:
    """Let one command at a time change a catalogue's folder: what two officials note at once is both kept.

    Raises
    ------
    CatalogueError
        If the folder is missing.
    """
    try:
        handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        what, do = "the catalogue's folder is missing", "Make it, or set [paths] catalogue."
        raise CatalogueError(what, where=root.name, do=do) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def sheet_text(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    """A list as CSV text, its rows in their order."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([row.get(column, "") for column in columns] for row in rows)
    return out.getvalue()


def widened(there: Sequence[str], wanted: Sequence[str]) -> tuple[str, ...]:
    """A list's columns as they are, and after them those that it lacks."""
    return (*there, *(name for name in wanted if name not in there))


def next_number(rows: Iterable[Mapping[str, str]], column: str) -> str:
    """One above the largest number in a column; words in it are passed over."""
    numbers = [int(row[column]) for row in rows if row[column].isdigit()]
    return str(max(numbers, default=0) + 1)


def with_details(folder: Path, details: Mapping[str, Any], changes: Mapping[str, str | date]) -> str:
    """The text of edition.toml with some keys written into it; people's comments and order stay.

    Parameters
    ----------
    folder
        The edition's folder.
    details
        What its edition.toml says now.
    changes
        Keys, `state` the first of them, and what they shall say; keys that are new follow the state's line.

    Raises
    ------
    CatalogueError
        If that can't be done safely: the result is read again, and must say exactly this.
    """
    content = (folder / "edition.toml").read_bytes().decode("utf-8-sig")
    others = [key for key in changes if key != "state"]
    for key in others:
        content = re.sub(rf"(?m)^[ \t]*{key}[ \t]*=[^\r\n]*(\r?\n|\Z)", "", content, count=1)
    lines = "".join(f"{key} = {toml_value(changes[key])}<end>" for key in ("state", *others))

    def put(match: re.Match[str]) -> str:
        return lines.replace("<end>", match["end"])

    content = re.sub(r"(?m)^[ \t]*state[ \t]*=[^\r\n]*(?P<end>\r?\n|\Z)", put, _ended(content), count=1)
    try:
        is_right = tomllib.loads(content) == {**details, **changes}
    except tomllib.TOMLDecodeError:
        is_right = False
    if not is_right:
        do = f"Write {' and '.join(changes)} on lines of their own, above all tables."
        raise CatalogueError("the state can't be written safely", where=f"{folder.name}/edition.toml", do=do)
    return content


def toml_value(value: str | date | int) -> str:
    """A value as TOML writes it."""
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for a sign that JSON leaves as it is.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)


def _ended(content: str) -> str:
    return content if content.endswith("\n") else content + "\n"
