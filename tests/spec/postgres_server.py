"""A PostgreSQL server of the tests' own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

#: The password of the role `locked`.
WORD = "only-a-test"


@dataclass(frozen=True)
class Server:
    """A PostgreSQL server of the tests' own, reached by a socket in its folder."""

    programs: Path
    folder: Path
    user: str | None

    def run(self, program: str, *arguments: str) -> str:
        """Run one of PostgreSQL's programs as the server's user."""
        done = subprocess.run(
            [self.programs / program, *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            check=False,
            stdin=subprocess.DEVNULL,
            # What pg_ctl starts keeps its output open.
            **({"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}),  # type: ignore[arg-type]
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def sql(self, text: str, database: str = "postgres") -> str:
        """Run SQL as the owner; returns what it printed."""
        return self.run("psql", "-X", "-qAt", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder), "-U", "tester", "-c",
                        text, database)  # fmt: skip

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        settings = f"-c listen_addresses='' -c unix_socket_directories='{self.folder}' -c fsync=off"
        self.run("pg_ctl", "-D", "data", "-w", "-s", "-l", str(self.folder / "log"), "-o", settings, "start")

    def stop(self) -> None:
        """Stop it as a power cut would."""
        self.run("pg_ctl", "-D", "data", "-w", "-s", "-m", "immediate", "stop")

    def address(self, user: str = "tester", database: str = "postgres") -> str:
        """Where it is, as creditlab.toml says it."""
        return f"postgresql://{user}@/{database}?host={self.folder}"


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda one: int(one.parts[-3]))
    named = shutil.which("initdb")
    if not found and named is None:
        pytest.skip("PostgreSQL's server is missing: no initdb; install Debian's package postgresql")
    return found[-1].parent if found else Path(str(named)).parent


@contextmanager
def running_server() -> Iterator[Server]:
    """A server for as long as the block runs."""
    programs = _programs()
    user = None
    if os.getuid() == 0:
        # PostgreSQL refuses to run as root.
        names = {one.pw_name for one in pwd.getpwall()}
        user = "postgres" if "postgres" in names else "nobody"
    # Sockets' paths are short, and pytest's own folders are closed to other users.
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user)
        made = Server(programs, folder, user)
        made.run("initdb", "-D", "data", "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        hba = folder / "data" / "pg_hba.conf"
        hba.write_text("local all locked scram-sha-256\nlocal all all trust\n")
        made.start()
        try:
            made.sql(f"CREATE ROLE locked LOGIN PASSWORD '{WORD}'")
            yield made
        finally:
            made.stop()
