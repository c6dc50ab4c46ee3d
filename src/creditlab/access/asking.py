"""One act of looking somebody up: who asks, what for, and about whom, noted before anything is read."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from creditlab.access.log import log_of
from creditlab.errors import ParameterError
from creditlab.identifiers import pseudonyms
from creditlab.terms import Purpose

if TYPE_CHECKING:
    from creditlab.access.roles import Viewer
    from creditlab.workspace import Workspace

#: What stands for the subjects where all of them were looked at.
ALL = "all"


@dataclass
class Asking:
    """What somebody looks subjects up for, by which command.

    Attributes
    ----------
    purpose, command
        Out of the list, and the command or page that looks.
    requester
        On whose behalf, where that is somebody else; never a name or a number.
    viewer
        In which role somebody looks; None where there are no roles.
    """

    purpose: Purpose
    command: str
    requester: str = ""
    viewer: Viewer | None = None
    _noted: set[tuple[int, tuple[str, ...]]] = field(default_factory=set, repr=False)

    def note(self, workspace: Workspace, subjects: pa.Array | None, run_no: int) -> None:
        """Note a look-up in the access log; once, however often the same is asked in one act.

        Parameters
        ----------
        subjects
            Identifiers as the lake has them: for natural persons their pseudonyms. None for all organisations. The log
            has them under pseudonyms of its own, so that it says nothing to who has not its key.
        run_no
            The run that is looked at.

        Raises
        ------
        AccessLogError
            If it can't be noted; then nothing may be answered.
        """
        log = log_of(workspace)
        marks = [ALL] if subjects is None else pseudonyms(subjects.unique(), log.key()).to_pylist()
        one = (run_no, tuple(marks))
        if one in self._noted or not marks:
            return
        entry = {**self._looking(run_no), "subjects": marks}
        log.append(entry | ({"requester": self.requester} if self.requester else {}))
        self._noted.add(one)

    def note_refused(self, workspace: Workspace) -> None:
        """Note that somebody was asked about whom nothing is answered: that it was, not about whom.

        Raises
        ------
        AccessLogError
            If it can't be noted.
        """
        log_of(workspace).append(self._asking() | {"refused": True, "subjects": []})

    def note_packs(self, workspace: Workspace, departments: list[str], period: str, run_no: int) -> None:
        """Note that packs of rows to mend are made, for which departments and which period.

        Raises
        ------
        AccessLogError
            If it can't be noted; then none may be written.
        """
        log_of(workspace).append(self._looking(run_no) | {"packs": departments, "period": period, "subjects": []})

    def note_view(self, workspace: Workspace, what: str, period: str, rows: int, run_no: int) -> None:
        """Note that somebody in a role looks at figures; nothing is noted where there are no roles.

        Parameters
        ----------
        what
            The view, in the program's own words and the catalogue's codes: `measure timeliness by department`. No
            query: whoever writes one may put anything into it.
        period
            Its period's label.
        rows
            How many rows or cells are shown.

        Raises
        ------
        AccessLogError
            If it can't be noted; then nothing may be shown.
        """
        if self.viewer is None:
            return
        seen = {"view": what, "period": period, "rows": rows, "subjects": []}
        log_of(workspace).append(self._looking(run_no) | seen)

    def _looking(self, run_no: int) -> dict[str, Any]:
        """When, who, in which role, what for, by which command, at which run."""
        return self._asking() | {"run_no": run_no}

    def _asking(self) -> dict[str, Any]:
        """When, who, in which role, what for, by which command."""
        found: dict[str, Any] = {
            # The moment is the log's own: whoever asks is not to be believed about it.
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "who": system_user(),
            "purpose": str(self.purpose),
            "command": self.command,
        }
        if self.viewer is not None:
            found |= {"role": self.viewer.name} | ({"name": self.viewer.person} if self.viewer.person else {})
        return found


def ask(workspace: Workspace, given: str | None, command: str, own: Purpose) -> Asking:
    """What a command looks subjects up for: the purpose given, else the workspace's, else the command's own.

    Raises
    ------
    ParameterError
        If the purpose given is none of the list.
    """
    if given is None:
        return Asking(workspace.purpose or own, command)
    try:
        return Asking(Purpose(given), command)
    except ValueError as error:
        words = ", ".join(map(str, Purpose))
        raise ParameterError("the purpose is none of the list", where="purpose", do=f"Name one of {words}.") from error


def system_user() -> str:
    """The user that the system authenticated; what the environment says of it anybody can write."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"
