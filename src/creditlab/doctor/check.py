"""One thing that was looked at, and all that are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from creditlab.errors import WorkspaceError

_DO = "Take it out: what a configuration may say stands in the one that creditlab init writes."


class Status(StrEnum):
    """How a check ended."""

    OK = "ok"
    #: Not used here, or for some of the work only.
    NOTE = "note"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """A check with its stable code, how it ended, what was found and what to do."""

    code: str
    status: Status
    what: str
    do: str = ""

    def as_line(self) -> str:
        """The check for people."""
        return f"{self.status:4}  {self.code:18}  {self.what}{f' {self.do}' if self.do else ''}"


def examine(folder: Path, now: datetime) -> Iterator[Check]:
    """Check the installation, and the workspace in a folder if there is one.

    Parameters
    ----------
    folder
        The workspace.
    now
        The machine's time, with its zone.

    Returns
    -------
    iterator of Check
        In an order of its own: each check once, whatever the others say.
    """
    from creditlab.doctor import installation, place
    from creditlab.workspace import CONFIGURATION, open_workspace

    yield from installation.checks()
    if not (folder / CONFIGURATION).exists():
        yield Check("workspace", Status.NOTE, "There is no workspace here.", "Name one with --workspace.")
        return
    try:
        workspace = open_workspace(folder)
    except WorkspaceError as error:
        where = f" [{error.where}]" if error.where else ""
        yield Check("workspace", Status.FAIL, f"The configuration can't be used: {error.what}{where}.", error.do or _DO)
        return
    yield Check("workspace", Status.OK, "The configuration has no unknown key.")
    yield from installation.checks_for(workspace)
    yield from place.checks(workspace, now)
