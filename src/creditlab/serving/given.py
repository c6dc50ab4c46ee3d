"""What a reader's kernel is given: files in a folder of its own, which the server writes once it knows who looks."""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from creditlab.errors import ParameterError

GIVEN = "given.json"
#: Where the sessions' folders are, in the kernel's working folder.
SESSIONS = "sessions"
#: A kernel that waits looks for its reader so often.
_EVERY = 0.02
_KERNEL = re.compile(r"[0-9a-f-]{36}")
_PERIOD = re.compile(r"\d{4}Q[1-4]")


def content_file(period: str) -> str:
    """The name of the file with a quarter's content."""
    return f"{period}.json"


@dataclass(frozen=True)
class Given:
    """What a kernel has: its reader's language, the quarter that is shown first, and those that can be chosen."""

    folder: Path
    language: str
    period: str
    periods: tuple[str, ...]

    def text(self, period: str) -> str:
        """What the reader sees of a quarter, as JSON for a page; `{}` where it is none of those that he can choose."""
        if period not in self.periods or not _PERIOD.fullmatch(period):
            return "{}"
        return (self.folder / content_file(period)).read_text("utf-8")


def wait_for_given(folder: Path | None = None) -> Given:
    """Wait until the server says who looks; a kernel that was started ahead stands here until its reader comes.

    Raises
    ------
    ParameterError
        If the notebook isn't run by `creditlab dashboard`.
    """
    kernel = os.environ.get("VOILA_KERNEL_ID", "")
    place = (folder or Path.cwd()) / SESSIONS
    if not _KERNEL.fullmatch(kernel) or not place.is_dir():
        raise ParameterError("the notebook is run for readers by the server", do="Start it: creditlab dashboard.")
    while not (place / kernel / GIVEN).exists():
        time.sleep(_EVERY)
    given = json.loads((place / kernel / GIVEN).read_text("utf-8"))
    return Given(place / kernel, given["language"], given["period"], tuple(given["periods"]))
