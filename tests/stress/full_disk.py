"""python -m tests.stress.full_disk WORKSPACE UNDISTURBED lake|temporary tmpfs|fsize LIMIT...

Ingest with too little room for the lake, or for temporary files, then with enough; one JSON object a limit says what
happened. `tmpfs` needs a mount namespace of its own (`unshare -m`), and fills a small file system; `fsize` limits
the size of each file.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from creditlab.cli import main as creditlab
from creditlab.lake import Lake
from tests.stress.books import read_books, run_numbers

ROOMY = "256m"


def command(*arguments: str | Path) -> tuple[int, str, str]:
    """One command in this process: its exit status and what it wrote."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = creditlab([*map(str, arguments)])
    return int(status), out.getvalue(), err.getvalue()


def mount(folder: Path, size: str, *more: str) -> None:
    options = ",".join(["size=" + size, *more])
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)


def limit_files(size: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def try_one(workspace: Path, undisturbed: Path, place: Path, way: str, limit: int) -> dict[str, Any]:
    """A place that is too small, what the lake shows, and the same place with room."""
    lake = workspace / "lake"
    place.mkdir(exist_ok=True)
    if way == "tmpfs":
        mount(place, str(limit))
    else:
        limit_files(limit)
    status, out, err = command("--workspace", workspace, "--json", "ingest")
    if way == "tmpfs":
        mount(place, ROOMY, "remount")
    else:
        limit_files(resource.RLIM_INFINITY)
    shown = run_numbers(Lake(lake))
    again = command("--workspace", workspace, "--json", "ingest")
    found = {
        "limit": limit,
        "status": status,
        "error": json.loads(out),
        "stderr": err,
        "runs_shown": shown,
        "again": again[0],
        "is_undisturbed": read_books(workspace) == read_books(undisturbed),
    }
    if way == "tmpfs":
        subprocess.run(["umount", str(place)], check=True)
    if lake.exists() and any(lake.iterdir()):
        lake.rename(lake.with_name(f"lake-{limit}"))
    return found


def main() -> None:
    workspace, undisturbed, room, way, *limits = sys.argv[1:]
    place = Path(workspace) / room
    if room == "temporary":
        tempfile.tempdir = str(place)
    for limit in limits:
        print(json.dumps(try_one(Path(workspace), Path(undisturbed), place, way, int(limit))), flush=True)


if __name__ == "__main__":
    main()
