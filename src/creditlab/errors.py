"""Every exception of creditlab, with a stable code.

A message says what is wrong, where, and what to do. It never carries a cell value, an identifier or SQL:
messages end up in logs that more people read than may read the data (Article 4).
"""

from __future__ import annotations

from enum import IntEnum
from typing import ClassVar


class ExitStatus(IntEnum):
    """What a command's exit status means to the script that called it."""

    DONE = 0
    INTERNAL = 1
    WRONG_USE = 2
    REFUSED = 3
    NO_DATA = 4
    NOT_ALLOWED = 5


class CreditlabError(Exception):
    """Base of every error that creditlab raises on purpose.

    Parameters
    ----------
    what
        What is wrong, in one clause.
    where
        File, item, field or row count that it concerns; empty when the command as a whole is meant.
    do
        What the reader can do about it.
    """

    code: ClassVar[str] = "error"
    exit_status: ClassVar[ExitStatus] = ExitStatus.INTERNAL

    def __init__(self, what: str, *, where: str = "", do: str = "") -> None:
        self.what, self.where, self.do = what, where, do
        place = f" [{where}]" if where else ""
        advice = f" {do}" if do else ""
        super().__init__(f"{self.code}: {what}{place}.{advice}")


class InternalError(CreditlabError):
    """A promise of the program itself was broken; always worth a report."""

    code = "internal"


class UserError(CreditlabError):
    """Shown alone, without a traceback, with its exit status."""

    code = "wrong_use"
    exit_status = ExitStatus.WRONG_USE


class WorkspaceError(UserError):
    """The folder is not a workspace, or its configuration can't be used."""

    code = "workspace"


class PeriodError(UserError):
    """A period or date that can't be read."""

    code = "period"


class ParameterError(UserError):
    """A parameter that is missing, unknown or not declared."""

    code = "parameter"


class CatalogueError(UserError):
    """An edition or a list beside it that can't be used as it stands."""

    code = "catalogue"
    exit_status = ExitStatus.REFUSED


class SealError(CatalogueError):
    """A published edition that is not what was published."""

    code = "edition_changed"


class ManifestError(UserError):
    """A manifest that can't be read as a whole."""

    code = "manifest"
    exit_status = ExitStatus.REFUSED


class CalendarError(UserError):
    """A working day is needed beyond the calendar's official end; nothing is guessed."""

    code = "calendar_end"
    exit_status = ExitStatus.REFUSED


class LakeError(UserError):
    """The lake is missing, of another format version, or not what its books say."""

    code = "lake"
    exit_status = ExitStatus.REFUSED


class NoDataError(UserError):
    """There is nothing yet to measure or publish; nothing was written."""

    code = "no_data"
    exit_status = ExitStatus.NO_DATA


class DisclosureError(UserError):
    """Something asked to leave the gate that may not."""

    code = "not_allowed"
    exit_status = ExitStatus.NOT_ALLOWED


class ReportError(UserError):
    """A report could not be run or published; nothing became visible."""

    code = "report"
    exit_status = ExitStatus.INTERNAL


class VerificationError(UserError):
    """Files differ from what their manifest says."""

    code = "differs"
    exit_status = ExitStatus.REFUSED
