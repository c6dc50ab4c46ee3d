"""Backup and restore by the commands of docs/operations.md, while others are at work."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from creditlab import engine
from creditlab.books import Verification, verify_lake
from creditlab.lake import Lake
from creditlab.workspace import open_workspace
from tests.spec.tiny import Tiny, code, row

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def script(name: str) -> str:
    """The commands of the page that begin with a comment of that name."""
    blocks = re.findall(r"```sh\n(.*?)```", OPERATIONS.read_text(encoding="utf-8"), re.DOTALL)
    (found,) = [block for block in blocks if block.startswith(f"# {name}:")]
    return found


def run_script(name: str, workspace: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    bin_folder = Path(sys.executable).parent
    env = os.environ | {
        "WORKSPACE": str(workspace),
        "BACKUP": str(tmp_path / "backup"),
        "KEYS": str(tmp_path / "elsewhere"),
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
    }
    return subprocess.run(["sh", "-eu", "-c", script(name)], env=env, capture_output=True, text=True, check=False)


def deliver(tiny: Tiny, run: int) -> None:
    person = row(f"{run}-p", subject_id=code("92", run % 3))
    rows = [row(f"{run}-{number}") for number in range(4)] + [row("same", note=f"as of {run}"), row(""), person]
    tiny.deliver(rows, on=f"2026-07-{run + 1:02d}")


def verified(folder: Path) -> Verification:
    with engine.connect(folders=[folder / "lake"]) as backend:
        return verify_lake(open_workspace(folder), backend)


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from creditlab import engine
from creditlab.ingest import ingest
from creditlab.lake import Lake
from creditlab.lake.compaction import compact
from creditlab.workspace import open_workspace
workspace = open_workspace(Path(sys.argv[1]))
manifest = workspace.inbox / "manifest.csv"
head, *lines = manifest.read_text(encoding="utf-8").splitlines()
print("ready", flush=True)
for count in range(2, len(lines) + 1):
    new = manifest.with_name(".new")
    new.write_text("\\n".join([head, *lines[:count]]) + "\\n", encoding="utf-8")
    new.replace(manifest)
    ingest(workspace, now=datetime.now(UTC))
    print(count, flush=True)
    if count % 3 == 0:
        with engine.connect(folders=[workspace.lake]) as backend:
            compact(Lake(workspace.lake), backend)
"""


def test_a_backup_taken_while_deliveries_come_in_can_be_restored(tiny: Tiny, tmp_path: Path) -> None:
    deliver(tiny, 0)
    tiny.ingest()
    for run in range(1, 7):
        deliver(tiny, run)
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tiny.folder)], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    assert writer.stdout.readline() == "2\n"
    done = run_script("backup", tiny.folder, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert writer.wait() == 0
    assert not (tmp_path / "backup" / "keys").exists()
    newest = Lake(tmp_path / "backup" / "lake").runs()["run_no"].to_pylist()[-1]
    assert 2 <= newest <= 7
    # Whatever happens to the workspace now, the backup has it.
    known = tiny.table("deliveries"), tiny.records()
    shutil.copytree(tiny.folder / "inbox", tmp_path / "inbox")
    shutil.rmtree(tiny.folder)
    # What came after the backup is still in the inbox, or is delivered again.
    shutil.rmtree(tmp_path / "backup" / "inbox")
    shutil.move(tmp_path / "inbox", tmp_path / "backup" / "inbox")
    restored = Tiny(tmp_path / "restored")
    done = run_script("restore", restored.folder, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"run {newest}: " in done.stdout
    assert "everything agrees" in done.stdout
    assert verified(restored.folder).is_whole

    def without_runs(found: tuple[list[dict[str, object]], dict[str, dict[str, object]]]) -> tuple[list[str], object]:
        rows = [str({name: value for name, value in one.items() if name != "run_no"}) for one in found[0]]
        return sorted(rows), found[1]

    # Persons are under the same pseudonyms, because the key came back too.
    assert without_runs((restored.table("deliveries"), restored.records())) == without_runs(known)


def copy_table(lake: Path, backup: Path, name: str) -> None:
    shutil.copytree(lake / name, backup / "lake" / name)


@pytest.mark.parametrize("is_runs_first", [True, False])
def test_runs_are_copied_first(tiny: Tiny, tmp_path: Path, is_runs_first: bool) -> None:
    """Without the lock: a run that is committed between two tables' copies is invisible, or it is torn."""
    deliver(tiny, 0)
    tiny.ingest()
    lake = tiny.workspace.lake
    names = sorted(Lake(lake).table_names(), key=lambda name: (name == "runs") is not is_runs_first)
    assert (names[0] == "runs") is is_runs_first
    backup = tmp_path / "backup"
    half = len(names) // 2 if not is_runs_first else 1
    for name in names[:half]:
        copy_table(lake, backup, name)
    deliver(tiny, 1)
    tiny.ingest()
    for name in names[half:]:
        copy_table(lake, backup, name)
    for name in ("creditlab.toml", "catalogue"):
        source = tiny.folder / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, backup / name)
    found = verified(backup)
    assert found.is_whole is is_runs_first
    assert found.run_no == (1 if is_runs_first else 2)
