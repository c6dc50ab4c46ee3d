"""Temporary folders that a killed process doesn't leave behind for good.

A folder is in use as long as some process holds the lock on the file beside it. The system lets a lock go when its
process ends, however it ends; so whoever makes the next folder in the same place removes those that nobody holds.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LOCK = ".lock"
#: Names that nobody gives a folder of his own: what is removed is what was made here.
_NAME = re.compile(r"creditlab-[0-9a-f]{16}")


@contextmanager
def scratch(place: Path | None = None) -> Iterator[Path]:
    """Make an empty folder that only this user can enter; it is removed when the block ends, whatever is in it.

    Folders that processes of this user left behind in the same place are removed first.

    Parameters
    ----------
    place
        The folder to make it in, which must be there; by default the one for temporary files.
    """
    place = Path(tempfile.gettempdir()) if place is None else place
    remove_abandoned(place)
    lock, handle = _new_lock(place)
    folder = lock.with_suffix("")
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        _remove(folder, lock)
        os.close(handle)


def remove_abandoned(place: Path) -> None:
    """Remove this user's scratch folders in a place whose processes have ended; no symbolic link is followed."""
    with os.scandir(place) as entries:
        locks = [entry.name for entry in entries if entry.name.endswith(_LOCK)]
    for name in locks:
        if _NAME.fullmatch(name.removesuffix(_LOCK)):
            _remove_if_abandoned(place / name)


def _remove_if_abandoned(lock: Path) -> None:
    try:
        handle = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return  # just gone, another user's, or a link that somebody laid there
    try:
        found = os.fstat(handle)
        if found.st_uid != os.geteuid() or not stat.S_ISREG(found.st_mode):
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # in use
        if _is_there(handle):
            _remove(lock.with_suffix(""), lock)
    finally:
        os.close(handle)


def _new_lock(place: Path) -> tuple[Path, int]:
    """A lock file that this process holds, and its handle."""
    while True:
        lock = place / f"creditlab-{secrets.token_hex(8)}{_LOCK}"
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        fcntl.flock(handle, fcntl.LOCK_EX)
        # Until it is locked, it looks abandoned.
        if _is_there(handle):
            return lock, handle
        os.close(handle)


def _is_there(handle: int) -> bool:
    """Whether an open file still has its name."""
    return os.fstat(handle).st_nlink > 0


def _remove(folder: Path, lock: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    # As long as something is left, its lock is too, and the next one tries again.
    if not os.path.lexists(folder):
        lock.unlink(missing_ok=True)
