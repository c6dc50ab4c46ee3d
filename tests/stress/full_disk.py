"""python -m tests.stress.full_disk WORKSPACE UNDISTURBED tmpfs|fsize LIMIT...

Ingest into a lake that has too little room, then into the same lake when it has enough; one JSON object a limit says
what happened. `tmpfs` needs a mount namespace of its own (`unshare -m`), and fills a small file system; `fsize` limits
the size of each file.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import subprocess
import sys
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


def try_one(workspace: Path, undisturbed: Path, way: str, limit: int) -> dict[str, Any]:
    """A lake that is too small, what it shows, and the same lake with room."""
    lake = workspace / "lake"
    lake.mkdir(exist_ok=True)
    if way == "tmpfs":
        mount(lake, str(limit))
    else:
        limit_files(limit)
    status, out, err = command("--workspace", workspace, "--json", "ingest")
    if way == "tmpfs":
        mount(lake, ROOMY, "remount")
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
        subprocess.run(["umount", str(lake)], check=True)
    else:
        lake.rename(lake.with_name(f"lake-{limit}"))
    return found


def main() -> None:
    workspace, undisturbed, way, *limits = sys.argv[1:]
    for limit in limits:
        print(json.dumps(try_one(Path(workspace), Path(undisturbed), way, int(limit))), flush=True)


if __name__ == "__main__":
    main()
