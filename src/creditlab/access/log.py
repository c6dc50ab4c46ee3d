"""The access log: a file that is only ever appended to, each line chained to the one before by a keyed digest.

Beside the key lies the head: how many lines there are, how long they are together, and the last one's link. So a line
that was edited, moved or taken out breaks the chain; an end that was cut off, or a log that is gone, is not what the
head says; and where somebody puts back an older log with its older head, the anchors that publications carry tell.

Several processes append in turn, under a lock on the file. A line is on disk for good before its look-up is answered.
A process that is killed in the middle leaves the end of a line that nobody was answered for: it is cut off by the next.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditlab.errors import AccessLogError, WorkspaceError
from creditlab.wholefile import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from creditlab.workspace import Workspace

#: What the first line is chained to.
_FIRST = "0" * 64
_HEAD_SUFFIX = ".head"
_ASK = "Nothing is answered until the log is put right: see docs/rights.md."


@dataclass(frozen=True)
class Anchor:
    """How long the log was at a moment, and its last line's link; what publications print."""

    count: int = 0
    link: str = ""

    @classmethod
    def parse(cls, text: str) -> Anchor | None:
        """An anchor as `COUNT:LINK`, the link whole or its beginning; None where the text is none."""
        count, _, link = text.partition(":")
        is_one = count.isascii() and count.isdigit() and len(link) >= 8 and not set(link) - set("0123456789abcdef")
        return cls(int(count), link) if is_one else None


@dataclass
class Checked:
    """What checking the chain found: the log's own anchor, the anchors compared with it, and what is wrong."""

    anchor: Anchor
    compared: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Head:
    count: int
    size: int
    link: str


class AccessLog:
    """The log of one workspace.

    Parameters
    ----------
    path
        The file; it and its folder are made with the first entry.
    key_path, make_key
        Where the key of the chain lies, and what reads it (and makes it, where there is none yet).
    """

    def __init__(self, path: Path, key_path: Path, make_key: Callable[[], bytes]) -> None:
        self.path, self._key_path, self._make_key = path, key_path, make_key
        self._head_path = key_path.with_suffix(_HEAD_SUFFIX)

    @property
    def is_begun(self) -> bool:
        """Whether there ever was an entry, as far as the files tell."""
        return self.path.exists() or self._head_path.exists()

    def key(self) -> bytes:
        """The key; a new one only for a log that was never begun.

        Raises
        ------
        AccessLogError
            If it is missing, or can't be used.
        """
        if self.is_begun and not self._key_path.exists():
            raise _broken("the access log's key is missing")
        try:
            return self._make_key()
        except WorkspaceError as error:
            raise AccessLogError(error.what, where=error.where, do=_ASK) from error

    def append(self, entry: Mapping[str, Any]) -> Anchor:
        """Append one entry; it is on disk for good when this returns.

        Raises
        ------
        AccessLogError
            If it can't be written, or the log is not what its head says.
        """
        key = self.key()
        with self._locked() as handle:
            head = self._settled(handle, key)
            line, link = _line(entry, head.count + 1, head.link, key)
            try:
                written = 0
                while written < len(line):
                    written += os.write(handle, line[written:])
                os.fsync(handle)
            except OSError:
                os.ftruncate(handle, head.size)
                raise
            self._write_head(_Head(head.count + 1, head.size + len(line), link), key)
            return Anchor(head.count + 1, link)

    def anchor(self) -> Anchor:
        """The anchor of the log as it stands; of none, that of nothing.

        Raises
        ------
        AccessLogError
            If the log is not what its head says: a publication must not vouch for it.
        """
        if not self.is_begun:
            return Anchor()
        key = self.key()
        with self._locked() as handle:
            head = self._settled(handle, key)
        return Anchor(head.count, head.link if head.count else "")

    def entries(self) -> Iterator[dict[str, Any]]:
        """The entries in order, as they were noted; whether they are whole is `check`'s question."""
        if self.path.exists():
            with self.path.open("rb") as file:
                for line in file:
                    yield json.loads(line)

    def check(self, anchors: Iterable[tuple[str, Anchor]] = ()) -> Checked:
        """Follow the chain from its first line to its last, and compare it with the head and with anchors.

        Parameters
        ----------
        anchors
            Each with the name of where it was printed.
        """
        if not self.is_begun:
            found, links = Checked(Anchor()), list[str]()
        else:
            key = self.key()
            with self._locked() as handle:
                found, links = self._followed(handle, key)
        for where, one in anchors:
            found.compared += 1
            if one.count > len(links):
                found.faults.append(f"{where}: the log had {one.count:,} entries and has {len(links):,}")
            elif one.count and not links[one.count - 1].startswith(one.link):
                found.faults.append(f"{where}: entry {one.count:,} is not the one that was printed")
        return found

    def _followed(self, handle: int, key: bytes) -> tuple[Checked, list[str]]:
        lines = os.pread(handle, os.fstat(handle).st_size, 0).splitlines(keepends=True)
        links: list[str] = []
        faults: list[str] = []
        for number, line in enumerate(lines, start=1):
            link = _link_of(line, number, links[-1] if links else _FIRST, key)
            if link is None:
                faults.append(f"entry {number:,}: the chain is broken; the lines from here on can't be trusted")
                break
            links.append(link)
        try:
            head: _Head | None = self._read_head(key)
        except AccessLogError as error:
            head = None
            faults.append(error.what)
        if head is not None and not faults:
            # One line more is that of a process that was killed before it could say so; nobody was answered.
            if len(links) < head.count:
                faults.append(f"the log has {len(links):,} entries, and its head says {head.count:,}")
            elif head.count and links[head.count - 1] != head.link:
                faults.append(f"entry {head.count:,} is not the one that the head names")
        return Checked(Anchor(len(links), links[-1] if links else ""), 0, faults), links

    def _settled(self, handle: int, key: bytes) -> _Head:
        """The head, brought up to what a killed process wrote last."""
        size = os.fstat(handle).st_size
        if not size and not self._head_path.exists():
            self._write_head(_Head(0, 0, _FIRST), key)
        head = self._read_head(key)
        if size < head.size:
            raise _broken("the access log is shorter than its head says")
        rest = os.pread(handle, size - head.size, head.size)
        for line in rest.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                os.ftruncate(handle, head.size)
                break
            link = _link_of(line, head.count + 1, head.link, key)
            if link is None:
                raise _broken("the access log has a line that its chain doesn't know")
            head = _Head(head.count + 1, head.size + len(line), link)
        if rest:
            self._write_head(head, key)
        return head

    def _read_head(self, key: bytes) -> _Head:
        try:
            content = json.loads(self._head_path.read_text("utf-8"))
            head = _Head(int(content["count"]), int(content["size"]), str(content["link"]))
            is_whole = hmac.compare_digest(content["seal"], _seal(head, key))
        except FileNotFoundError as error:
            raise _broken("the access log's head is missing") from error
        except (ValueError, KeyError, TypeError) as error:
            raise _broken("the access log's head can't be read") from error
        if not is_whole:
            raise _broken("the access log's head is not what its key sealed")
        return head

    def _write_head(self, head: _Head, key: bytes) -> None:
        content = {"count": head.count, "size": head.size, "link": head.link, "seal": _seal(head, key)}
        write_whole(self._head_path, json.dumps(content) + "\n", is_private=True)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, which nobody else reads or writes meanwhile."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield handle
            finally:
                os.close(handle)
        except OSError as error:
            raise _broken("the access log can't be written") from error


def log_of(workspace: Workspace) -> AccessLog:
    """A workspace's access log."""
    return AccessLog(workspace.access_log, workspace.access_key, workspace.access_log_key)


def _line(entry: Mapping[str, Any], number: int, previous: str, key: bytes) -> tuple[bytes, str]:
    body = {**entry, "no": number, "previous": previous}
    link = hmac.digest(key, _text(body), hashlib.sha256).hex()
    return _text({**body, "link": link}) + b"\n", link


def _link_of(line: bytes, number: int, previous: str, key: bytes) -> str | None:
    """A line's link; None where the line is not the one that was written there."""
    try:
        body = json.loads(line)
        link = body.pop("link")
        is_here = body["no"] == number and body["previous"] == previous
        again = hmac.digest(key, _text(body), hashlib.sha256).hex()
        is_whole = hmac.compare_digest(link, again) and line == _text({**body, "link": link}) + b"\n"
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return link if is_here and is_whole else None


def _text(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _seal(head: _Head, key: bytes) -> str:
    return hmac.digest(key, f"head {head.count} {head.size} {head.link}".encode(), hashlib.sha256).hex()


def _broken(what: str) -> AccessLogError:
    return AccessLogError(what, where="[paths] access_log", do=_ASK)
