"""A served dashboard for tests: what is published for it, made without a notebook, and the server beside it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from creditlab.reports.dashboard import open_dashboard
from creditlab.reports.dashboard.page import write_dashboard
from creditlab.reports.page import STYLE, TEMPLATES
from creditlab.reports.publication import checksums
from creditlab.reports.shelf import MANIFEST, Place, shelve
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace, open_workspace

#: A workspace that has what was published and the catalogue's lists; its lake was never there.
CONFIGURATION = """
[workspace]
title_en = "Example Province"
title_zh = "示例省"
synthetic = true

[paths]
reports = "reports"
"""


def served_workspace(folder: Path, catalogue: Path) -> Workspace:
    """A workspace to serve from, without a lake."""
    folder.mkdir()
    (folder / "creditlab.toml").write_text(CONFIGURATION, encoding="utf-8")
    shutil.copytree(catalogue, folder / "catalogue")
    return open_workspace(folder)


def shelve_dashboard(
    lake: Path, reports: Path, period: str, as_of: str, audience: Audience = Audience.GOVERNMENT, revision: int = 1
) -> Path:
    """Put a dashboard on a shelf: its page from the lake, as published, without what a notebook adds."""
    out = reports.parent / "staged" / "out"
    out.mkdir(parents=True)
    write_dashboard(out, open_dashboard(str(lake), period, as_of, audience, "en", 0, ""))
    (out / STYLE).write_text((TEMPLATES / STYLE).read_text("utf-8"), encoding="utf-8")
    place = Place(reports, period, "dashboard", audience, Language.EN)
    about = {
        "report_id": f"{place.folder.relative_to(reports).as_posix()}/r{revision}",
        "published_at": f"2026-10-20T09:{revision:02d}:00+08:00",
        "run_no": 1,
        "files": checksums(out),
    }
    (out / MANIFEST).write_text(json.dumps(about), encoding="utf-8")
    return shelve(out, place, revision)


@dataclass
class Serving:
    """A server that runs: its workspace, its address, its token where it said one, its process."""

    workspace: Workspace
    port: int
    token: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/"

    def with_token(self, token: str | None = None) -> str:
        """The address that lets in."""
        return f"{self.address}?token={self.token if token is None else token}"

    def kernels(self) -> list[int]:
        """The processes of its kernels."""
        return [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if self._is_kernel(path)]

    def _is_kernel(self, path: Path) -> bool:
        try:
            words = path.read_bytes().split(b"\0")
            parent = (path.parent / "stat").read_text().rpartition(")")[2].split()[1]
        except OSError:
            return False
        return b"creditlab.lab.kernel" in words and int(parent) == self.process.pid


@contextmanager
def serving(workspace: Workspace, *options: str, home: Path) -> Iterator[Serving]:
    """Serve a workspace's dashboard until the block ends.

    Parameters
    ----------
    options
        Of the command, after its port.
    home
        The user's folder, with whatever configuration he has there.
    """
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    log = workspace.folder / "server.log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    command = [
        sys.executable,
        "-m",
        "creditlab",
        "--workspace",
        str(workspace.folder),
        "dashboard",
        "--port",
        str(port),
    ]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, *options], stdout=out, stderr=out, env={**kept, "HOME": str(home)}, start_new_session=True
        )
    try:
        for _ in range(600):
            assert process.poll() is None, log.read_text()
            with socket.socket() as one:
                if "Ctrl+C" in log.read_text() and one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        found = re.search(r"[?&]token=([\w-]+)", log.read_text())
        yield Serving(workspace, port, found.group(1) if found else "", process, log)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
