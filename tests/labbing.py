"""`creditlab lab` as shipped, on a workspace, for tests: started, asked, ended."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Lab:
    """A server that runs: its port, its token, the folder that it shows, what it says."""

    port: int
    token: str
    folder: Path
    log: Path

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running_lab(workspace: Path, home: Path, **environment: str) -> Iterator[Lab]:
    """Start it for a user whose folder is `home`, and end it with its kernels."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    command = [sys.executable, "-m", "creditlab", "--workspace", str(workspace), "lab", "--no-browser", "--allow-root",
               "--port", str(port)]  # fmt: skip
    log = home / "log.txt"
    with log.open("w") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=out, env={**kept, "HOME": str(home), **environment}, start_new_session=True
        )
    try:
        token = ""
        for _ in range(600):
            if process.poll() is not None:
                raise RuntimeError(log.read_text())
            said = re.search(r"[?&]token=([\w-]+)", log.read_text())
            token = said.group(1) if said else ""
            with socket.socket() as one:
                if token and one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield Lab(port, token, workspace / "notebooks", log)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=30)
