"""The peers: one script each in `peers/`, whose head says what it needs, what it is called and what it does.

The head is inline script metadata, so that uv makes each peer's own environment, outside the repository, from the
lock file beside it. `[tool.benchmark]` in it holds `title`, `does` (words of `WORK`) and `environment`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PEERS = Path(__file__).parent / "peers"
#: The side to which all others are compared.
BASE = "duckdb"
_HEAD = re.compile(r"(?m)^# /// script$\n(?P<lines>(?:^#(?:| .*)$\n)+?)^# ///$")

#: What there is to do, and how a table calls it.
WORK = {
    "checks": "required, types, patterns, code lists, ranges, lengths, order of dates",
    "check digit": "check digit of the credit code",
    "repeated rows": "rows delivered again count once",
    "duplicate keys": "natural key under two numbers: the later one is at fault",
    "rows of duplicates": "natural key under two numbers: the rows counted",
    "register": "subject and name as in the register",
    "working days": "lag in working days against the item's limit",
    "calendar days": "lag in calendar days against one limit",
    "groups": "results by item × department × unit × month",
    "entries and payloads": "every record kept, typed, with its faults",
    "quarantine": "every row that is no record kept with its reason",
    "failing rows": "failing rows kept, all",
    "some failing rows": "failing rows kept, some",
    "HTML report": "a page of the results, in the time measured",
    "persons": "keyed pseudonyms, names not kept, resident IDs in text masked",
    "corrections": "corrections, withdrawals, disputes, in any order of files",
    "history": "any past day, as known at any run",
    "re-runs": "known deliveries skipped, only what is new is read",
    "whole": "all twelve measures: coverage, punctuality, currentness too",
}
OWN = ("checks", "check digit", "repeated rows", "duplicate keys", "register", "working days", "groups",
       "entries and payloads", "quarantine", "failing rows", "persons", "corrections", "history", "re-runs",
       "whole")  # fmt: skip


@dataclass(frozen=True)
class Peer:
    """One peer: its script, its name on the page, what it does, and its environment variables."""

    script: Path
    title: str
    does: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """Its short name, the script's."""
        return self.script.stem

    @property
    def is_whole(self) -> bool:
        """Whether it finds the same figures by the same groups."""
        return "groups" in self.does

    def prepare(self) -> None:
        """Make its environment as its lock file says.

        Raises
        ------
        subprocess.CalledProcessError
            If the lock file does not fit the script, or a package can't be had.
        """
        subprocess.run([uv(), "sync", "--quiet", "--locked", "--script", str(self.script)], check=True)

    def python(self) -> str:
        """Its environment's Python, once that is made."""
        command = [uv(), "python", "find", "--script", str(self.script)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def command(self, workspace: Path, output: Path) -> list[str]:
        """Its command line."""
        variables = [f"{name}={value}" for name, value in self.environment]
        # -P: the script's own folder must not stand in for the packages that scripts are named after.
        return ["env", *variables, self.python(), "-P", str(self.script), str(workspace), str(output)]


def peers(names: list[str] | None = None) -> list[Peer]:
    """The peers in the order of the page: those that do the whole work first, the base before all.

    Raises
    ------
    ValueError
        If a name is no peer's, or a script's head says something that has no meaning.
    """
    found = [read_peer(script) for script in sorted(PEERS.glob("*.py"))]
    known = {one.name for one in found}
    unknown = set(names or ()) - known
    if unknown:
        raise ValueError(f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    chosen = [one for one in found if names is None or one.name in {*names, BASE}]
    return sorted(chosen, key=lambda one: (one.name != BASE, not one.is_whole, one.name))


def read_peer(script: Path) -> Peer:
    """Read a peer's head."""
    head = _HEAD.search(script.read_text(encoding="utf-8"))
    if head is None:
        raise ValueError(f"{script.name} has no head that says what it needs")
    text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in head["lines"].splitlines())
    about = tomllib.loads(text)["tool"]["benchmark"]
    unknown = set(about["does"]) - set(WORK)
    if unknown:
        raise ValueError(f"{script.name} does what the table has no line for: {', '.join(sorted(unknown))}")
    return Peer(script, about["title"], tuple(about["does"]), tuple(about.get("environment", {}).items()))


def uv() -> str:
    """The uv that runs: on the path, or where the set-up puts it.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    for place in (shutil.which("uv"), ROOT / ".tools/bin/uv", ROOT / ".venv/bin/uv"):
        if place and os.access(place, os.X_OK):
            return str(place)
    raise FileNotFoundError("uv is not there; run scripts/setup.sh")


def work_table(chosen: list[Peer]) -> str:
    """What each side does and leaves out, as a Markdown table."""
    sides = {"creditlab": OWN} | {one.title: one.does for one in chosen}
    lines = ["| | " + " | ".join(sides) + " |", "| --- |" + " :-: |" * len(sides)]
    lines += [
        f"| {text} | " + " | ".join("yes" if work in does else "–" for does in sides.values()) + " |"
        for work, text in WORK.items()
    ]
    return "\n".join(lines)
