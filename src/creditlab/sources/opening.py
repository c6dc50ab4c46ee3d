"""Open a file where it was found, not where somebody has meanwhile laid a symbolic link to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


def open_found(path: Path) -> BinaryIO:
    """Open a file by a path that was resolved: since then, no part of it may have become a symbolic link.

    Whoever may write in the inbox could otherwise have any file read that this process may read. What is no regular
    file, a pipe above all, is opened without waiting for it.

    Raises
    ------
    OSError
        If it is not there, or a part of its path is a symbolic link.
    """
    folder = os.open(path.anchor, os.O_PATH | os.O_DIRECTORY)
    try:
        for part in path.parts[1:-1]:
            inner = os.open(part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        handle = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        return os.fdopen(handle, "rb")
    except OSError:
        os.close(handle)  # a folder
        raise
