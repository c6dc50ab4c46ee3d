"""Files that others see whole or not at all, and files that only their owner may read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


def write_whole(path: Path, content: str, *, is_private: bool = False) -> None:
    """Replace a text file as a whole: a reader sees the old one or the new one, whenever the power fails.

    A private one is nobody else's to read, not for a moment.
    """
    temporary = path.with_name(f".{path.name}.new")
    # What a killed process left may be readable by others.
    temporary.unlink(missing_ok=True)
    with new_private_file(temporary, "w") if is_private else temporary.open("w", encoding="utf-8", newline="") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def new_private_file(path: Path, mode: str) -> IO[Any]:
    """Make and open a file that is nobody else's to read, not for a moment.

    Raises
    ------
    FileExistsError
        If it is there already.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return os.fdopen(handle, mode, encoding=None if "b" in mode else "utf-8")


@contextmanager
def owner_only() -> Iterator[None]:
    """Make every file 0600 and every folder 0700 while the block runs, whichever library makes them.

    It holds for the process, so it belongs around work that makes nothing for others.
    """
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)
