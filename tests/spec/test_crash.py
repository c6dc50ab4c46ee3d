"""Killed at any moment, and on a full disk: nothing half visible, and a re-run gives the undisturbed state.

Twenty kills, by SIGKILL. Most of them are at exact points: `tests.stress.die_at` ends the process before, inside or
after its n-th call that changes what others can see, so that every gap between two appends of a commit can be hit.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest

from creditlab import engine
from creditlab.errors import ExitStatus, StorageError
from creditlab.lake import Lake
from tests.conftest import ROOT
from tests.spec.tiny import Tiny
from tests.stress.books import Books, all_rows, differences, lake_of, model_of, read_books, run_numbers
from tests.stress.workspaces import write_first, write_instalment

SEED = 20261020
INSTALMENTS = (1, 2, 3)
#: Of each instalment: kills at exact points, and one more when its time has come.
KILLS = {1: 5, 2: 4, 3: 3}
MEASURE = ("measure", "--period", "2026Q3", "--as-of", "2026-10-20", "--by", "item_code,department,region,month")
PUBLISH = ("publish", "--period", "2026Q3", "--as-of", "2026-10-20", "--audience", "internal", "--language", "en")
SHELF = Path("reports/2026Q3/quarterly-internal/en")


def command(folder: Path, point: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """One command in a process of its own, that ends at a point."""
    return subprocess.run(
        [sys.executable, "-m", "tests.stress.die_at", point, "--workspace", str(folder), *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def count_steps(folder: Path, *arguments: str | Path) -> list[str]:
    """Run one command to its end; returns the names of its steps."""
    report = folder.parent / "steps"
    report.unlink(missing_ok=True)
    done = command(folder, f"count:{report}", *arguments)
    assert done.returncode == 0, done.stderr
    return report.read_text(encoding="utf-8").splitlines()


def kill(folder: Path, point: str, *arguments: str | Path) -> None:
    done = command(folder, point, *arguments)
    assert done.returncode == -signal.SIGKILL, f"not killed at {point}: {done.stderr}"


def measured(tiny: Tiny) -> list[dict[str, Any]]:
    rows = tiny.measure(as_of="2026-10-20", by="item_code,department,region,month")
    return sorted(({**one, "run_no": None} for one in rows), key=str)


@dataclass
class Undisturbed:
    """A workspace that nobody killed: its steps, books and measures after each instalment."""

    tiny: Tiny
    steps: dict[int, list[str]] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    books: dict[int, Books] = field(default_factory=dict)
    measures: dict[int, list[dict[str, Any]]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    found = Undisturbed(write_first(tmp_path_factory.mktemp("undisturbed") / "workspace"))
    for number in INSTALMENTS:
        write_instalment(found.tiny, number)
        started = time.monotonic()
        found.steps[number] = count_steps(found.tiny.folder, "ingest")
        found.seconds[number] = time.monotonic() - started
        found.books[number] = read_books(found.tiny.folder)
        found.measures[number] = measured(found.tiny)
    assert differences(lake_of(found.tiny.folder), model_of(found.tiny.folder)) == []
    return found


COMMIT = "commit runs#1"


def points_of(steps: list[str], count: int, random: Random) -> list[str]:
    """Some points of a run before its commit, in the order in which it comes to them."""
    assert steps[-1] == COMMIT
    found = [
        f"{name}:{when}"
        for name in steps
        for when in (("before", "inside", "after") if name.startswith("append") else ("before", "after"))
    ]
    found = found[: found.index(f"{COMMIT}:after")]
    # Between two appends is where a commit can be torn, so all but one are there. A later point is always still
    # reached after a kill at an earlier one, and not the other way round: what is made once is not made again.
    torn = [one for one in found if one.startswith(("append", "commit"))]
    chosen = {*random.sample(torn, count - 1), random.choice([one for one in found if one not in torn])}
    return [one for one in found if one in chosen]


class Killed:
    """A workspace whose runs are killed, and the run numbers that were ever seen in its lake."""

    def __init__(self, folder: Path) -> None:
        self.tiny = write_first(folder)
        self.lake = Lake(self.tiny.workspace.lake)
        self.written: set[int] = set()
        self.committed: list[int] = []

    def note(self) -> None:
        """No number is used by two runs, killed or not."""
        numbers = run_numbers(self.lake)
        new = numbers[len(self.committed) :]
        assert numbers[: len(self.committed)] == self.committed
        assert not self.written & set(new), "a run number was used twice"
        self.committed = numbers
        self.written |= {one["run_no"] for name in self.lake.table_names() for one in all_rows(self.lake, name)}


def test_killed_ingest_is_not_there_and_a_second_run_mends_it(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Fifteen kills and three at a random moment: at points of making a lake and of a commit, and right after it."""
    random = Random(SEED)
    killed = Killed(tmp_path / "killed")
    before = read_books(killed.tiny.folder)
    for number in INSTALMENTS:
        write_instalment(killed.tiny, number)
        for point in points_of(undisturbed.steps[number], KILLS[number], random):
            kill(killed.tiny.folder, point, "ingest")
            assert read_books(killed.tiny.folder) == before, f"visible after a kill at {point}"
            killed.note()
        kill_at_a_moment(killed.tiny.folder, undisturbed.seconds[number] * random.random())
        assert read_books(killed.tiny.folder) in (before, undisturbed.books[number])
        if read_books(killed.tiny.folder) == before:
            kill(killed.tiny.folder, f"{COMMIT}:after", "ingest")
            assert read_books(killed.tiny.folder) == undisturbed.books[number], "a committed run is not there"
        killed.note()
        assert COMMIT not in count_steps(killed.tiny.folder, "ingest"), "a run was made after all was committed"
        killed.note()
        before = read_books(killed.tiny.folder)
        assert before == undisturbed.books[number]
        assert measured(killed.tiny) == undisturbed.measures[number]
    assert differences(lake_of(killed.tiny.folder), model_of(killed.tiny.folder)) == []


def kill_at_a_moment(folder: Path, seconds: float) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "creditlab", "--workspace", str(folder), "ingest"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    assert process.wait() in (0, -signal.SIGKILL)


def test_killed_first_use_leaves_no_half_key(tmp_path: Path) -> None:
    """The key of pseudonyms is there whole or not at all, so that no kill locks the workspace."""
    tiny = write_first(tmp_path / "workspace")
    (tiny.folder / "keys/pseudonym.key").unlink()
    write_instalment(tiny, 1, deliveries=1)
    kill(tiny.folder, "key#1:before", "ingest")
    done = command(tiny.folder, "count:/dev/null", "ingest")
    assert (done.returncode, done.stderr) == (0, "")
    assert len((tiny.folder / "keys/pseudonym.key").read_bytes()) == 32
    assert differences(lake_of(tiny.folder), model_of(tiny.folder)) == []


def test_killed_measure_leaves_the_file_as_it_was(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """A working file is the one of before or the new one, never a part; here both are made by the same question."""
    folder, output = undisturbed.tiny.folder, tmp_path / "measured.csv"
    # The first time, sums are kept as well, each file of them put in its place whole; the second time they are there.
    assert set(count_steps(folder, *MEASURE, "--output", output)) <= {f"replace#{number}" for number in range(1, 9)}
    assert count_steps(folder, *MEASURE, "--output", output) == ["replace#1"]
    wanted = output.read_bytes()
    with output.open(encoding="utf-8", newline="") as handle:
        assert len(list(csv.DictReader(handle))) == len(undisturbed.measures[3])
    output.write_bytes(b"as it was")
    kill(folder, "replace#1:before", *MEASURE, "--output", output)
    assert output.read_bytes() == b"as it was"
    assert read_books(folder) == undisturbed.books[3]
    kill(folder, "replace#1:after", *MEASURE, "--output", output)
    assert output.read_bytes() == wanted
    count_steps(folder, *MEASURE, "--output", output)
    assert output.read_bytes() == wanted


def test_killed_publication_is_not_there_and_the_next_one_is_whole(undisturbed: Undisturbed, tmp_path: Path) -> None:
    """Killed before the rename nothing is on the shelf; after it the whole revision is, and the index follows."""
    folder = tmp_path / "workspace"
    shutil.copytree(undisturbed.tiny.folder, folder)
    shelf, index = folder / SHELF, folder / "reports/index.html"
    kill(folder, "rename#1:before", *PUBLISH)
    assert not (shelf.exists() and list(shelf.iterdir()))
    assert not index.exists()
    kill(folder, "rename#1:after", *PUBLISH)
    assert [path.name for path in shelf.iterdir()] == ["r1"]
    assert not index.exists()
    check_revision(shelf / "r1")
    # The folder, then the link to the latest one, then the feed and the index.
    assert count_steps(folder, *PUBLISH) == ["rename#1", "replace#1", "replace#2", "replace#3"]
    assert sorted(path.name for path in shelf.iterdir()) == ["latest", "r1", "r2"]
    assert (shelf / "latest").readlink() == Path("r2")
    check_revision(shelf / "r2")
    assert list((folder / "reports/.staging").iterdir()) == [], "what the killed ones left is still there"
    page = index.read_text(encoding="utf-8")
    assert all(f"{SHELF.relative_to('reports')}/r{number}/index.html" in page for number in (1, 2))
    assert tables_of(shelf / "r1") == tables_of(shelf / "r2")


def check_revision(folder: Path) -> None:
    """Every file that the manifest names is there as it says, and no other."""
    files = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["files"]
    there = {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert there == files


def tables_of(folder: Path) -> dict[str, bytes]:
    found = {path.name: path.read_bytes() for path in folder.rglob("*.csv")}
    assert found
    return found


# --- A full disk --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_disk() -> tuple[list[str], str]:
    """How a command is given a disk with too little room: its prefix, and what is limited."""
    try:
        own = subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return [], "fsize"
    if os.geteuid() == 0 and own.returncode == 0:
        mounted = [
            "unshare",
            "-m",
            "sh",
            "-c",
            'd=$(mktemp -d); mount -t tmpfs tmpfs "$d" && umount "$d"; s=$?; rmdir "$d"; exit $s',
        ]
        if subprocess.run(mounted, capture_output=True, check=False).returncode == 0:
            return ["unshare", "-m", "--propagation", "private"], "tmpfs"
    return [], "fsize"


def check_full_disk(disk: tuple[list[str], str], base: Path, room: str, limits: list[int]) -> list[dict[str, Any]]:
    """Ingest with too little room, and again with enough; what was shown and said must be right each time."""
    prefix, way = disk
    folders = (base / "workspace", base / "undisturbed")
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "tests.stress.full_disk", *folders, room, way, *map(str, limits)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["limit"] for one in found] == limits
    for one in found:
        assert (one["status"], one["error"].get("error")) == (ExitStatus.INTERNAL, "storage"), one
        assert one["error"]["what"] == "the disk is full"
        assert one["stderr"].startswith("creditlab: storage: the disk is full [")
        assert "Traceback" not in one["stderr"]
        assert one["runs_shown"] == []
        assert (one["again"], one["is_undisturbed"]) == (0, True)
    return found


def write_pair(base: Path) -> Tiny:
    """A workspace, and the same one ingested undisturbed."""
    undisturbed = write_first(base / "undisturbed")
    for number in INSTALMENTS:
        write_instalment(undisturbed, number)
    shutil.copytree(undisturbed.folder, base / "workspace")
    undisturbed.ingest()
    return undisturbed


def test_full_disk_is_said_and_nothing_half_is_visible(tmp_path: Path, small_disk: tuple[list[str], str]) -> None:
    """Lakes that are full when they are made, in the midst of the commit, and right before its end."""
    undisturbed = write_pair(tmp_path)
    sizes = [path.stat().st_size for path in (undisturbed.folder / "lake").rglob("*") if path.is_file()]
    # A file system of memory gives out whole pages; a limit on files is below the largest of them.
    pages = sum(-(-size // 4096) * 4096 for size in sizes)
    limits = [pages * part // 10 // 4096 * 4096 for part in (1, 4, 6, 8)]
    if small_disk[1] == "fsize":
        limits = [max(sizes) * part // 10 for part in (5, 9)]
    found = check_full_disk(small_disk, tmp_path, "lake", limits)
    assert {one["error"]["where"] for one in found} <= {"the lake", "the folder for temporary files"}
    if small_disk[1] == "tmpfs":
        assert found[-1]["error"]["where"] == "the lake"


def test_full_folder_for_waiting_rows_is_said(tmp_path: Path, small_disk: tuple[list[str], str]) -> None:
    """Rows wait in temporary files until their run commits."""
    write_pair(tmp_path)
    found = check_full_disk(small_disk, tmp_path, "temporary", [4096])
    assert [one["error"]["where"] for one in found] == ["the folder for temporary files"]


def test_full_folder_for_temporary_files_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the engine can't keep in memory has to go somewhere."""
    little = "SET max_temp_directory_size = '1MB'"
    monkeypatch.setattr(engine, "_lock", lambda backend, folders: backend.con.execute(little))
    with pytest.raises(StorageError, match=r"the disk is full \[the folder for temporary files\]"):
        sort_much()


def sort_much() -> None:
    with engine.connect(memory="60MB") as backend:
        backend.raw_sql("CREATE TABLE much AS SELECT md5(i::VARCHAR) AS a FROM range(5000000) t(i) ORDER BY a")


def test_other_errors_of_the_engine_stay_what_they_are() -> None:
    with pytest.raises(OSError, match="No such file"), engine.connect():
        Path("/nowhere/at/all").read_bytes()
