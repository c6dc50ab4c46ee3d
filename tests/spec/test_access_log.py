"""The access log: every look-up is in it before its answer, and nothing can be taken out of it unseen."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import pytest

from creditlab.access import AccessLog, Anchor
from creditlab.access import log as access_log
from creditlab.errors import AccessLogError

KEY = b"k" * 32


def log_in(folder: Path, key: bytes = KEY) -> AccessLog:
    """A log in a folder of its own, its key in another."""
    path = folder / "keys" / "access.key"
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        path.write_bytes(key)
    return AccessLog(folder / "access" / "log.jsonl", path, path.read_bytes)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with four entries, waited for on disk once."""
    folder = tmp_path_factory.mktemp("template")
    log = log_in(folder)
    for number in range(4):
        log.append({"who": "somebody", "subjects": [f"S-{number}"]})
    return folder


@pytest.fixture
def log(template: Path, tmp_path: Path) -> AccessLog:
    """A copy of it, to be damaged."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return log_in(tmp_path)


def lines_of(log: AccessLog) -> list[bytes]:
    return log.path.read_bytes().splitlines(keepends=True)


def test_a_log_that_nobody_touched_is_whole_and_private(log: AccessLog, tmp_path: Path) -> None:
    found = log.check([("a page", log.anchor()), ("another", Anchor(2, json.loads(lines_of(log)[1])["link"][:12]))])
    assert (found.anchor.count, found.compared, found.faults) == (4, 2, [])
    assert [one["subjects"] for one in log.entries()] == [[f"S-{number}"] for number in range(4)]
    for path in (log.path, tmp_path / "keys" / "access.head"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.path.parent.stat().st_mode) == 0o700


def _edited(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b"S-1", b"S-9"), *lines[2:]]


def _as_other_text(lines: list[bytes]) -> list[bytes]:
    return [lines[0], lines[1].replace(b'"who":', b'"who": '), *lines[2:]]


DAMAGE: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "edited": _edited,
    "written otherwise": _as_other_text,
    "re-ordered": lambda lines: [lines[0], lines[2], lines[1], lines[3]],
    "one taken out": lambda lines: [lines[0], *lines[2:]],
    "one played again": lambda lines: [*lines[:2], lines[1], *lines[2:]],
    "the end cut off": lambda lines: lines[:3],
    "cut in a line": lambda lines: [*lines[:3], lines[3][:20]],
    "emptied": lambda lines: [],
    "one added": lambda lines: [*lines, b'{"who":"nobody"}\n'],
}


@pytest.mark.parametrize("how", DAMAGE)
def test_case_34_damage_is_found(log: AccessLog, tmp_path: Path, how: str) -> None:
    log.path.write_bytes(b"".join(DAMAGE[how](lines_of(log))))
    assert log.check().faults


def test_case_34_nothing_is_answered_after_the_end_was_cut_off(log: AccessLog, tmp_path: Path) -> None:
    log.path.write_bytes(b"".join(lines_of(log)[:3]))
    with pytest.raises(AccessLogError, match="shorter"):
        log.append({})
    with pytest.raises(AccessLogError, match="shorter"):
        log.anchor()


@pytest.mark.parametrize("gone", ["access/log.jsonl", "keys/access.head", "keys/access.key"])
def test_case_34_a_log_that_is_gone_does_not_begin_anew(
    log: AccessLog, tmp_path: Path, gone: str
) -> None:
    (tmp_path / gone).unlink()
    with pytest.raises(AccessLogError):
        log.append({})
    if gone != "keys/access.key":
        assert log.check().faults


def test_case_34_a_head_that_nobody_sealed_is_none(log: AccessLog, tmp_path: Path) -> None:
    head = tmp_path / "keys" / "access.head"
    head.write_text(head.read_text("utf-8").replace('"count": 4', '"count": 3'), "utf-8")
    assert log.check().faults == ["the access log's head is not what its key sealed"]
    with pytest.raises(AccessLogError, match="sealed"):
        log.append({})


def test_case_34_an_older_log_with_its_head_is_given_away_by_what_was_printed(log: AccessLog, tmp_path: Path) -> None:
    head = tmp_path / "keys" / "access.head"
    older = log.path.read_bytes(), head.read_bytes()
    log.append({"subjects": ["S-7"]})
    printed = log.anchor()
    log.path.write_bytes(older[0])
    head.write_bytes(older[1])
    assert log.check().faults == []
    assert log.check([("report r1", printed)]).faults == ["report r1: the log had 5 entries and has 4"]
    log.append({"subjects": ["S-8"]})
    assert log.check([("report r1", printed)]).faults == ["report r1: entry 5 is not the one that was printed"]


def test_case_34_another_key_knows_no_line(log: AccessLog, tmp_path: Path) -> None:
    (tmp_path / "keys" / "access.key").write_bytes(b"x" * 32)
    assert log.check().faults
    with pytest.raises(AccessLogError):
        log.append({})


def test_case_34_a_full_disk_leaves_no_half_line(
    log: AccessLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = log.path.read_bytes()
    write = os.write

    def full(handle: int, data: bytes) -> int:
        if len(data) < 10:
            raise OSError(errno.ENOSPC, "full")
        return write(handle, data[: len(data) - 5])

    monkeypatch.setattr(access_log.os, "write", full)
    with pytest.raises(AccessLogError, match="can't be written"):
        log.append({"subjects": ["S-9"]})
    monkeypatch.undo()
    assert log.path.read_bytes() == before
    assert log.append({"subjects": ["S-10"]}).count == 5
    assert log.check().faults == []


def test_a_process_killed_between_line_and_head_leaves_a_log_that_goes_on(log: AccessLog, tmp_path: Path) -> None:
    head = tmp_path / "keys" / "access.head"
    before = head.read_bytes()
    log.append({"subjects": ["S-4"]})
    head.write_bytes(before)
    assert log.append({"subjects": ["S-5"]}).count == 6
    # And one that was killed in the middle of its line: nobody was answered for it.
    with log.path.open("ab") as file:
        file.write(b'{"at":"2026-')
    assert log.append({"subjects": ["S-6"]}).count == 7
    assert log.check().faults == []
    assert [one["subjects"][0] for one in log.entries()] == [f"S-{number}" for number in range(7)]


def _append_many(folder: Path, name: str) -> None:
    log = log_in(folder)
    for number in range(5):
        log.append({"who": name, "number": number})


def test_case_34_two_processes_at_once_make_one_chain(tmp_path: Path) -> None:
    log_in(tmp_path)
    context = get_context("fork")
    processes = [context.Process(target=_append_many, args=(tmp_path, name)) for name in ("one", "two")]
    for one in processes:
        one.start()
    for one in processes:
        one.join()
    log = log_in(tmp_path)
    assert [one.exitcode for one in processes] == [0, 0]
    assert (log.check().anchor.count, log.check().faults) == (10, [])
    for name in ("one", "two"):
        assert [one["number"] for one in log.entries() if one["who"] == name] == list(range(5))


@pytest.mark.parametrize(("text", "is_one"), [("4:0123abcd", True), ("4:", False), ("x:0123abcd", False), ("4", False),
                                              ("4:0123ABCD", False)])  # fmt: skip
def test_an_anchor_is_read_as_it_is_printed(text: str, is_one: bool) -> None:
    assert (Anchor.parse(text) is not None) is is_one
