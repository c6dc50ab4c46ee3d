"""What `creditlab doctor` finds, and that it says nothing that is anybody's business."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from creditlab.cli import examining
from creditlab.doctor import examine, installation
from creditlab.lake.format import FORMAT_FILE
from tests.spec.tiny import Tiny, code, row

Run = Callable[..., dict[str, Any]]
NOW = datetime(2026, 10, 20, 12, tzinfo=UTC)
PERSON = code("92", 7)


@pytest.fixture(scope="module", autouse=True)
def looked_at_once() -> Any:
    """The machine is the same for all tests here, and looking for its fonts takes time."""
    with pytest.MonkeyPatch.context() as patch:
        machine = list(installation.checks())
        patch.setattr(installation, "checks", lambda: iter(machine))
        yield machine


@pytest.fixture
def made(tiny: Tiny) -> Tiny:
    tiny.deliver([row("1"), row("2", subject_id=PERSON)])
    tiny.ingest()
    return tiny


def found(folder: Path, now: datetime = NOW) -> dict[str, str]:
    """How each check ended, by its code."""
    checks = list(examine(folder, now))
    said = {one.code: str(one.status) for one in checks}
    assert len(said) == len(checks), "a code stands for two checks"
    text = " ".join(one.as_line() for one in checks)
    assert PERSON not in text
    assert "P-" not in text
    assert all(one.do for one in checks if one.status in ("warn", "fail"))
    return said


def test_a_sound_workspace_has_nothing_that_fails(made: Tiny) -> None:
    said = found(made.folder)
    assert "fail" not in said.values()
    assert {said[one] for one in ("workspace", "key.pseudonyms", "modes", "lake", "clock", "policy", "calendar")} == {
        "ok"
    }
    # Nobody sealed the tiny edition.
    assert said["catalogue"] == "warn"


def test_without_a_workspace_the_installation_is_looked_at(tmp_path: Path, looked_at_once: Any) -> None:
    assert found(tmp_path) == {one.code: str(one.status) for one in looked_at_once} | {"workspace": "note"}
    assert found(tmp_path)["python"] == "ok"


def key_readable(tiny: Tiny) -> None:
    tiny.workspace.key.chmod(0o640)


def key_folder_open(tiny: Tiny) -> None:
    tiny.workspace.key.parent.chmod(0o755)


def key_lost(tiny: Tiny) -> None:
    tiny.workspace.key.unlink()


def key_short(tiny: Tiny) -> None:
    tiny.workspace.key.write_bytes(b"x" * 31)


def key_among_data(tiny: Tiny) -> None:
    shutil.copytree(tiny.workspace.key.parent, tiny.workspace.lake / "keys")
    (tiny.workspace.lake / "keys").chmod(0o700)
    with (tiny.folder / "creditlab.toml").open("a", encoding="utf-8") as file:
        file.write('\n[paths]\nkey = "lake/keys/pseudonym.key"\naccess_key = "keys/access.key"\n')


def lake_open(tiny: Tiny) -> None:
    for path in [tiny.workspace.lake, *tiny.workspace.lake.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)


def failed_notebook_open(tiny: Tiny) -> None:
    folder = tiny.workspace.reports / "_failed" / "x"
    folder.mkdir(parents=True)
    (folder / "notebook.ipynb").write_text("{}", encoding="utf-8")
    for path in (folder.parent, folder, folder / "notebook.ipynb"):
        path.chmod(0o755)


def key_unknown(tiny: Tiny) -> None:
    with (tiny.folder / "creditlab.toml").open("a", encoding="utf-8") as file:
        file.write("\n[engine]\nspeed = 9\n")


def policy_broken(tiny: Tiny) -> None:
    tiny.write("policy.toml", "[natural_persons.threshold]\npublic = 1\n")
    with (tiny.folder / "creditlab.toml").open("a", encoding="utf-8") as file:
        file.write('\n[paths]\npolicy = "policy.toml"\n')


def lake_of_later(tiny: Tiny) -> None:
    (tiny.workspace.lake / FORMAT_FILE).write_text('{"format_version": 99}', encoding="utf-8")


def spark_without_java(tiny: Tiny) -> None:
    os.environ["PATH"] = ""
    os.environ.pop("JAVA_HOME", None)
    with (tiny.folder / "creditlab.toml").open("a", encoding="utf-8") as file:
        file.write('\n[engine]\nurl = "spark-local"\n')


@pytest.mark.parametrize(
    ("spoil", "check"),
    [
        (key_readable, "key.pseudonyms"),
        (key_folder_open, "key.pseudonyms"),
        (key_lost, "key.pseudonyms"),
        (key_short, "key.pseudonyms"),
        (key_among_data, "key.pseudonyms"),
        (lake_open, "modes"),
        (failed_notebook_open, "modes"),
        (key_unknown, "workspace"),
        (policy_broken, "policy"),
        (lake_of_later, "lake"),
        (spark_without_java, "java"),
    ],
)
def test_what_is_wrong_is_named(made: Tiny, monkeypatch: pytest.MonkeyPatch, spoil: Any, check: str) -> None:
    for name in ("PATH", "JAVA_HOME"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    spoil(made)
    assert found(made.folder)[check] == "fail"


def test_a_group_that_was_let_in_is_named_and_may_share_the_logs_key(made: Tiny) -> None:
    made.workspace.access_log_key()
    made.workspace.access_key.chmod(0o640)
    made.workspace.key.parent.chmod(0o710)
    assert found(made.folder)["key.access_log"] == found(made.folder)["key.pseudonyms"] == "ok"
    for path in [made.workspace.lake, *made.workspace.lake.rglob("*")]:
        path.chmod(0o750 if path.is_dir() else 0o640)
    assert found(made.folder)["modes"] == "warn"


def test_a_clock_that_was_set_back_is_noticed(made: Tiny) -> None:
    assert found(made.folder, NOW.replace(year=2020))["clock"] == "fail"
    assert found(made.folder, datetime(2026, 10, 19, tzinfo=UTC))["clock"] == "fail"


def test_a_calendar_that_has_ended_is_noticed(made: Tiny) -> None:
    assert found(made.folder, NOW.replace(year=2030))["calendar"] == "warn"


def test_a_full_disk_and_a_foreign_folder_are_noticed(made: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(made.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=2**20))
    assert found(made.folder)["disk.lake"] == "fail"
    monkeypatch.undo()
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert found(made.folder)["disk.reports"] == "fail"


def test_packages_are_held_against_the_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "_installed", lambda name: None if name == "duckdb" else "0")
    assert str(installation._packages().status) == "fail"
    assert "duckdb" in installation._packages().what
    monkeypatch.setattr(installation, "_installed", lambda name: "0.0.0")
    assert str(installation._packages().status) == "warn"


def test_the_command_says_it_and_ends_with_its_status(
    made: Tiny, run: Run, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from creditlab.cli import main

    monkeypatch.setattr(examining, "now", lambda: NOW)
    said = run(made, "doctor")
    assert said["failed"] == 0
    assert {"code", "status", "what", "do"} == set(said["checks"][0])
    made.workspace.key.chmod(0o644)
    for words in ([], ["--json"]):
        assert main([*words, "--workspace", str(made.folder), "doctor"]) == 3
        text = capfd.readouterr().out
        assert "key.pseudonyms" in text
    assert json.loads(text)["failed"] == 1
