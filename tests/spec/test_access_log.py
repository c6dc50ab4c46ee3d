"""The access log: every look-up is in it before its answer, and nothing can be taken out of it unseen."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import time
from collections.abc import Callable
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from creditlab import engine
from creditlab.access import AccessLog, Anchor, Asking, log_of
from creditlab.access import log as access_log
from creditlab.access.asking import system_user
from creditlab.cli import main
from creditlab.disclosure import ReleaseEntry
from creditlab.dossier.subject import take_dossier
from creditlab.errors import AccessLogError, ParameterError
from creditlab.explore import open_session
from creditlab.identifiers import pseudonyms
from creditlab.messages import Messages
from creditlab.periods import parse_period
from creditlab.reports.output import Stamp
from creditlab.reports.publication import anchor_printed
from creditlab.reports.subject import open_report
from creditlab.rights.looking import verify_log
from creditlab.terms import Audience, Language, Purpose
from tests.spec.conftest import make_tiny
from tests.spec.organisations import BODY, FIRM, TRADER, organisations
from tests.spec.tiny import Tiny

Run = Callable[..., dict[str, Any]]
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
def test_case_34_a_log_that_is_gone_does_not_begin_anew(log: AccessLog, tmp_path: Path, gone: str) -> None:
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


APPENDED = 20


def _append_many(folder: Path, name: str, both: Any) -> None:
    """In a process of its own; a disk that takes its time gives the other one every chance to come between."""
    os.fsync = lambda handle: time.sleep(0.001)  # type: ignore[assignment]
    log = log_in(folder)
    both.wait()
    for number in range(APPENDED):
        log.append({"who": name, "number": number})


def test_case_34_two_processes_at_once_make_one_chain(tmp_path: Path) -> None:
    log_in(tmp_path)
    context = get_context("fork")
    both = context.Barrier(2)
    processes = [context.Process(target=_append_many, args=(tmp_path, name, both)) for name in ("one", "two")]
    for one in processes:
        one.start()
    for one in processes:
        one.join()
    log = log_in(tmp_path)
    assert [one.exitcode for one in processes] == [0, 0]
    assert (log.check().anchor.count, log.check().faults) == (2 * APPENDED, [])
    for name in ("one", "two"):
        assert [one["number"] for one in log.entries() if one["who"] == name] == list(range(APPENDED))


@pytest.mark.parametrize(("text", "is_one"), [("4:0123abcd", True), ("4:", False), ("x:0123abcd", False), ("4", False),
                                              ("4:0123ABCD", False)])  # fmt: skip
def test_an_anchor_is_read_as_it_is_printed(text: str, is_one: bool) -> None:
    assert (Anchor.parse(text) is not None) is is_one


# --- The commands -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def held(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """Organisations, taken in once for this file."""
    folder = tmp_path_factory.mktemp("held")
    make = make_tiny.__wrapped__(folder)  # type: ignore[attr-defined]
    return organisations(make)


@pytest.fixture
def fresh(held: Tiny) -> Tiny:
    """The same, with nobody looked up yet."""
    for path in (held.folder / "access", held.workspace.access_key.with_suffix(".head")):
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return held


def noted(tiny: Tiny) -> list[dict[str, Any]]:
    return list(log_of(tiny.workspace).entries())


def marks(tiny: Tiny, *subjects: str) -> list[str]:
    return pseudonyms(pa.array(subjects), log_of(tiny.workspace).key()).to_pylist()


@pytest.fixture
def codes(tmp_path: Path) -> Path:
    path = tmp_path / "codes.csv"
    path.write_text(f"subject_id\n{FIRM}\n{TRADER}\n{FIRM}\nnothing\n", "utf-8")
    return path


def test_every_command_that_looks_somebody_up_is_in_the_log(fresh: Tiny, run: Run, codes: Path, tmp_path: Path) -> None:
    day = ("--as-of", "2026-10-20")
    run(fresh, "check", codes, *day)
    run(fresh, "profile", *day)
    run(fresh, "profile", *day, "--output", tmp_path / "p.csv", "--purpose", "supervision")
    open_report(str(fresh.folder), BODY, "2026Q3", day[1], "government", "en", 0, "")
    open_session(fresh.folder).measure("validity", "2026Q3").records(limit=3)
    found = noted(fresh)
    assert [(one["command"], one["purpose"]) for one in found] == [
        ("check", "tender"), ("profile", "supervision"), ("subject page", "publication"), ("explore", "analysis"),
    ]  # fmt: skip
    assert {one["run_no"] for one in found} == {1}
    key = fresh.workspace.pseudonym_key()
    trader = pseudonyms(pa.array([TRADER]), key)[0].as_py()
    assert found[0]["subjects"] == marks(fresh, FIRM, trader)
    assert [one["subjects"] for one in found[1:3]] == [["all"], marks(fresh, BODY)]
    assert 0 < len(found[3]["subjects"]) <= 3
    text = fresh.workspace.access_log.read_text("utf-8")
    assert not [one for one in (FIRM, TRADER, BODY, trader) if one in text]
    assert run(fresh, "access", "verify")["count"] == 4


def test_who_asks_for_a_person_is_noted_and_the_person_is_not(fresh: Tiny, run: Run) -> None:
    day = ("--as-of", "2026-10-20")
    said = run(fresh, "assess", *day, "--subject", TRADER, status=5)
    assert said["error"] == "natural_person"
    page = ("--report", "subject_profile", "--subject", TRADER, "--period", "2026Q3", "--audience", "internal")
    assert run(fresh, "publish", *page, *day, status=5)["error"] == "natural_person"
    found = noted(fresh)
    assert [(one["command"], one["purpose"], one["refused"], one["subjects"]) for one in found] == [
        ("assess", "assessment", True, []), ("publish", "publication", True, []),
    ]  # fmt: skip
    assert {one["who"] for one in found} == {system_user()}
    assert TRADER not in fresh.workspace.access_log.read_text("utf-8")
    assert run(fresh, "access", "verify")["count"] == 2


def test_packs_are_noted_before_any_is_written(fresh: Tiny, run: Run, tmp_path: Path) -> None:
    words = ("feedback", "--period", "2026Q3", "--as-of", "2026-10-20", "--output", tmp_path / "packs")
    (fresh.folder / "access").write_text("no folder", "utf-8")
    assert run(fresh, *words, status=3)["error"] == "access_log"
    assert not (tmp_path / "packs").exists()
    (fresh.folder / "access").unlink()
    made = [one["department"] for one in run(fresh, *words, "--purpose", "objection")["packs"]]
    (found,) = noted(fresh)
    assert made
    assert (found["command"], found["purpose"], found["packs"], found["period"], found["run_no"]) == (
        "feedback", "objection", made, "2026Q3", 1,
    )  # fmt: skip
    assert (found["who"], found["subjects"]) == (system_user(), [])


def test_a_page_with_its_standing_is_one_look_up(fresh: Tiny) -> None:
    asking = Asking(Purpose.PUBLICATION, "subject page")
    with engine.connect(folders=[fresh.workspace.lake]) as backend:
        for _ in range(2):
            take_dossier(fresh.workspace, backend, FIRM, date(2026, 10, 20), asking=asking)
    assert len(noted(fresh)) == 1


def test_case_34_without_a_log_there_is_no_answer(fresh: Tiny, run: Run, codes: Path, tmp_path: Path) -> None:
    (fresh.folder / "access").write_text("no folder", "utf-8")
    out = tmp_path / "p.csv"
    for words in (("check", codes), ("check", codes, "--output", out), ("profile", "--output", out)):
        said = run(fresh, *words, "--as-of", "2026-10-20", status=3)
        assert said["error"] == "access_log"
        assert FIRM not in json.dumps(said)
    with pytest.raises(AccessLogError):
        open_session(fresh.folder).measure("validity", "2026Q3").records()
    assert not out.exists()
    (fresh.folder / "access").unlink()


@pytest.mark.parametrize("purpose", ["", "curiosity"])
def test_case_35_a_purpose_that_is_none_is_refused_before_anything_is_read(
    fresh: Tiny, run: Run, codes: Path, purpose: str
) -> None:
    assert run(fresh, "check", codes, "--purpose", purpose, status=2)["error"] == "parameter"
    with pytest.raises(ParameterError, match="purpose"):
        open_session(fresh.folder, purpose=purpose)
    assert noted(fresh) == []


def test_a_workspace_says_what_its_look_ups_are_for(fresh: Tiny, run: Run, codes: Path) -> None:
    settings = (fresh.folder / "creditlab.toml").read_text("utf-8")
    fresh.write("creditlab.toml", settings + '[access]\npurpose = "objection"\n')
    run(fresh, "check", codes, "--as-of", "2026-10-20")
    assert [one["purpose"] for one in noted(fresh)] == ["objection"]
    fresh.write("creditlab.toml", settings + '[access]\npurpose = ""\n')
    assert run(fresh, "check", codes, status=2)["error"] == "workspace"
    fresh.write("creditlab.toml", settings)


def test_publications_print_an_anchor_and_the_log_is_held_against_it(fresh: Tiny, run: Run, codes: Path) -> None:
    assert anchor_printed(fresh.workspace) == {}
    run(fresh, "check", codes, "--as-of", "2026-10-20")
    printed = anchor_printed(fresh.workspace)
    stamp = Stamp("甲", "A", "", False, parse_period("2026Q3"),
                  ReleaseEntry(Audience.PUBLIC, "2026Q3", date(2026, 10, 20), 1, "p", "r"), {}, 1, "", "",
                  access_log=printed)  # fmt: skip
    lines = dict(stamp.lines(Messages(Language.EN)))
    assert lines["Access log"] == f"1 look-ups, the last one {printed['link']}"
    about = {"published_at": "2026-10-20T09:00:00+08:00", "access_log": printed}
    fresh.write("reports/2026Q3/quarterly/en/r1/manifest.json", json.dumps(about))
    assert run(fresh, "access", "verify")["anchors_compared"] == 1
    # The log is begun anew, with a new head: nothing in the workspace but the page knows better.
    shutil.rmtree(fresh.folder / "access")
    fresh.workspace.access_key.with_suffix(".head").unlink()
    run(fresh, "check", codes, "--as-of", "2026-10-20")
    (fault,) = verify_log(fresh.workspace).faults
    assert fault == "2026Q3/quarterly/en/r1: entry 1 is not the one that was printed"
    again = f"{printed['count']}:{printed['link']}"
    assert len(verify_log(fresh.workspace, again).faults) == 2
    assert main(["--workspace", str(fresh.folder), "access", "verify"]) == 3
    assert run(fresh, "access", "verify", "--anchor", "1:", status=2)["error"] == "parameter"
    shutil.rmtree(fresh.folder / "reports")
