"""Every exception of creditlab, with a stable code.

A message says what is wrong, where, and what to do. It never carries a cell value, an identifier or SQL:
messages end up in logs that more people read than may read the data (Article 4).
"""

from __future__ import annotations

import errno
import re
from enum import IntEnum
from typing import ClassVar, Self


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

    @classmethod
    def again(cls, text: str) -> Self:
        """The error that another process said, as `text`, raised here again."""
        return cls(text.removeprefix(f"{cls.code}: ").rstrip("."))


class InternalError(CreditlabError):
    """A promise of the program itself was broken; always worth a report."""

    code = "internal"


class UserError(CreditlabError):
    """Shown alone, without a traceback, with its exit status."""

    code = "wrong_use"
    exit_status = ExitStatus.WRONG_USE

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows of it: what is wrong and what to do, not the program's inner ways."""
        return [f"{type(self).__name__}: {self}"]


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


class SourceError(UserError):
    """A database that a delivery is to be read from, or its query, can't be used; the delivery was not taken in."""

    code = "source"
    exit_status = ExitStatus.REFUSED


class CalendarError(UserError):
    """A working day is needed beyond the calendar's official end; nothing is guessed."""

    code = "calendar_end"
    exit_status = ExitStatus.REFUSED


class LakeError(UserError):
    """The lake is missing, of another format version, or not what its books say."""

    code = "lake"
    exit_status = ExitStatus.REFUSED


class StorageError(UserError):
    """A disk is full or refuses to be written; what was half written is not visible."""

    code = "storage"
    exit_status = ExitStatus.INTERNAL


class MemoryLimitError(UserError):
    """The engine may not hold as much in memory as the work takes; what was begun is not visible."""

    code = "memory"
    exit_status = ExitStatus.INTERNAL


class NoDataError(UserError):
    """There is nothing yet to measure or publish; nothing was written."""

    code = "no_data"
    exit_status = ExitStatus.NO_DATA


class DisclosureError(UserError):
    """Something asked to leave the gate that may not."""

    code = "not_allowed"
    exit_status = ExitStatus.NOT_ALLOWED


class AccessLogError(UserError):
    """The access log can't be written, or is not what it was: nobody gets an answer about a subject."""

    code = "access_log"
    exit_status = ExitStatus.REFUSED


class RoleError(UserError):
    """Somebody has no role here, or the roles can't be used; which roles there are is not said."""

    code = "role"
    exit_status = ExitStatus.NOT_ALLOWED


class SignError(UserError):
    """A signature that this key, from this account, may not give."""

    code = "sign_off"
    exit_status = ExitStatus.NOT_ALLOWED


class PersonError(UserError):
    """A natural person would be scored, ranked or listed (Article 4)."""

    code = "natural_person"
    exit_status = ExitStatus.NOT_ALLOWED


class RuleError(UserError):
    """What is mended in one file; `code` says which rule of its kind is broken, so that scripts tell them apart.

    Parameters
    ----------
    rule
        What is broken, as `gap`; the code is the kind's with it, as `methodology_gap`.
    """

    code = "rule"
    exit_status = ExitStatus.REFUSED

    def __init__(self, rule: str, what: str, *, where: str = "", do: str = "") -> None:
        self.code = f"{type(self).code}_{rule}"  # type: ignore[misc]
        super().__init__(what, where=where, do=do)

    @classmethod
    def again(cls, text: str) -> Self:
        """As of any error; the rule is what its code names."""
        code, _, what = text.partition(": ")
        return cls(code.removeprefix(f"{cls.code}_"), what.rstrip("."))


class MethodologyError(RuleError):
    """A methodology that can't be used as it stands."""

    code = "methodology"


class ScorecardError(RuleError):
    """A scorecard that can't be fitted, used or released as it stands."""

    code = "scorecard"


class EngineError(RuleError):
    """A scale-out engine that is not there, is of another version, or gave up; nothing half done is visible."""

    code = "engine"
    exit_status = ExitStatus.INTERNAL


class ExtraError(UserError):
    """A part of creditlab was asked for whose libraries are not installed."""

    code = "extra_missing"


class LengthError(UserError):
    """A page is too long for paper: to set it would take hours and all of the machine's memory."""

    code = "too_long"


class ReportError(UserError):
    """A report could not be run or published; nothing became visible."""

    code = "report"
    exit_status = ExitStatus.INTERNAL


class CodeError(UserError):
    """The code is in no commit, so that nobody could compute again what it publishes."""

    code = "code_changed"
    exit_status = ExitStatus.REFUSED


class KernelError(ReportError):
    """A notebook's kernel died or did not answer; trying again may help."""


class VerificationError(UserError):
    """Files differ from what their manifest says."""

    code = "differs"
    exit_status = ExitStatus.REFUSED


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_SHUT = {errno.EROFS}
#: How libraries that are not Python say the same: by the system's number, by its words, or in words of their own.
_NUMBER = re.compile(r"os error (\d+)")
_WORDS = re.compile(r"No space left on device|Disk quota exceeded|File too large|failed to offload data block")


def storage_error(error: Exception, where: str) -> StorageError | None:
    """What an error says about a disk; None where it says something else.

    Parameters
    ----------
    error
        As Python or a library raised it.
    where
        What was being written, in the user's words.
    """
    number = error.errno if isinstance(error, OSError) else None
    text = str(error)
    numbers = {number, *map(int, _NUMBER.findall(text))}
    if numbers & _FULL or _WORDS.search(text):
        return StorageError(
            "the disk is full",
            where=where,
            do="Make room, then run the command again; nothing half done is visible.",
        )
    if numbers & _SHUT:
        return StorageError(
            "the disk can't be written to",
            where=where,
            do="Mount it for writing, then run the command again; nothing half done is visible.",
        )
    return None
