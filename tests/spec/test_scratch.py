"""Temporary folders: whole while they are used, and gone after whoever used them, however that ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from creditlab import engine
from creditlab.cli import main
from creditlab.reports.shelf import shelve_index, staging
from creditlab.scratch import remove_abandoned, scratch
from tests.spec.tiny import Tiny, row

#: Uses a scratch folder in the place that it is given, says its name, and waits to be told to end.
HOLD = """
import sys
from pathlib import Path
from creditlab.scratch import scratch
with scratch(Path(sys.argv[1])) as folder:
    (folder / "rows").mkdir()
    (folder / "rows/1").write_text("synthetic")
    print(folder.name, flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(place: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """Another process that uses a folder, and that folder."""
    command = [sys.executable, "-c", HOLD, str(place)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, place / process.stdout.readline().strip()
        finally:
            process.kill()


def abandoned(place: Path) -> Path:
    """A folder that a process left behind when it was killed."""
    with holder(place) as (process, folder):
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert (folder / "rows/1").exists()
    return folder


def names(place: Path) -> set[str]:
    return {path.name for path in place.iterdir()}


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of the test's own."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def test_a_folder_is_private_and_leaves_nothing(tmp_path: Path) -> None:
    with scratch(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "a").mkdir()
        (folder / "a/b").write_text("b")
    assert names(tmp_path) == set()


def test_a_folder_goes_when_the_block_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), scratch(tmp_path):
        raise ZeroDivisionError
    assert names(tmp_path) == set()


def test_what_a_killed_process_left_goes_with_the_next(tmp_path: Path) -> None:
    folder = abandoned(tmp_path)
    with scratch(tmp_path) as mine:
        assert not folder.exists()
        assert mine.is_dir()
    assert names(tmp_path) == set()


def test_what_a_living_process_uses_stays(tmp_path: Path) -> None:
    with holder(tmp_path) as (process, folder), scratch(tmp_path) as mine:
        remove_abandoned(tmp_path)
        assert (folder / "rows/1").read_text() == "synthetic"
        assert mine.is_dir()
        process.communicate()
        assert process.returncode == 0
    assert names(tmp_path) == set()


def test_several_folders_of_one_process_are_apart(tmp_path: Path) -> None:
    with ExitStack() as stack:
        folders = {stack.enter_context(scratch(tmp_path)) for _ in range(5)}
        assert len(folders) == 5
        assert all(one.is_dir() for one in folders)
    assert names(tmp_path) == set()


def test_folders_of_others_stay(tmp_path: Path) -> None:
    """A name alike is no reason: only a folder with its lock was made here."""
    own = ["creditlab-province", "creditlab-0123456789abcdef", "creditlab-backups0", "other"]
    for name in own:
        (tmp_path / name).mkdir()
    for name in ("creditlab-province.lock", "creditlab-backups0.lock", "other.lock"):
        (tmp_path / name).touch()
    before = names(tmp_path)
    remove_abandoned(tmp_path)
    assert names(tmp_path) == before


def test_folders_of_another_user_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, user = abandoned(tmp_path), os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    remove_abandoned(tmp_path)
    assert (folder / "rows/1").exists()


def test_no_symbolic_link_is_followed(tmp_path: Path) -> None:
    """Neither where a folder should be, nor inside one, nor where a lock should be."""
    target = tmp_path / "target"
    target.mkdir()
    (target / "kept").write_text("kept")
    place = tmp_path / "place"
    place.mkdir()
    with holder(place) as (_, instead):
        inside, linked = abandoned(place), place / "creditlab-0123456789abcdef"
    (inside / "link").symlink_to(target)
    instead.rename(tmp_path / "elsewhere")
    instead.symlink_to(target)
    linked.mkdir()
    linked.with_name(f"{linked.name}.lock").symlink_to(target / "kept")
    remove_abandoned(place)
    assert names(target) == {"kept"}
    assert (target / "kept").read_text() == "kept"
    assert linked.is_dir()
    assert not inside.exists()


def test_a_removal_that_was_broken_off_is_ended_later(tmp_path: Path) -> None:
    folder = abandoned(tmp_path)
    (folder / "rows/1").unlink()
    (folder / "rows").rmdir()
    folder.rmdir()
    remove_abandoned(tmp_path)
    assert names(tmp_path) == set()


def test_an_engine_removes_what_a_killed_one_left(temporary: Path) -> None:
    folder = abandoned(temporary)
    with engine.connect():
        assert not folder.exists()
        assert len(names(temporary)) == 2, "the engine's own folder and its lock"
    assert names(temporary) == set()


def test_a_publication_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    place = tmp_path / "reports/.staging"
    place.mkdir(parents=True)
    folder = abandoned(place)
    with staging(tmp_path / "reports") as mine:
        assert names(place) == {mine.name, f"{mine.name}.lock"}
        assert not folder.exists()
    abandoned(place)
    shelve_index(tmp_path / "reports", "<html>synthetic</html>")
    assert names(place) == set()
    assert (tmp_path / "reports/index.html").read_text("utf-8") == "<html>synthetic</html>"


def test_a_first_key_removes_what_a_killed_process_left(tiny: Tiny) -> None:
    keys = tiny.workspace.key.parent
    keys.mkdir()
    abandoned(keys)
    assert len(tiny.workspace.pseudonym_key()) == 32
    assert names(keys) == {tiny.workspace.key.name}


def test_ingest_leaves_nothing_and_removes_what_was_left(
    tmp_path: Path, temporary: Path, tiny: Tiny, capsys: pytest.CaptureFixture[str]
) -> None:
    abandoned(temporary)
    tiny.deliver([row("1")])
    assert main(["--workspace", str(tiny.folder), "ingest"]) == 0
    assert "accepted                1" in capsys.readouterr().out
    assert names(temporary) == set()
