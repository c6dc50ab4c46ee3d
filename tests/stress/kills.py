"""Random kills over ingest, measure and publish: what is visible after each, and the books at the end."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from random import Random

from creditlab.lake import Lake
from tests.conftest import ROOT
from tests.stress.books import COUNTS, Books, all_rows, differences, lake_of, model_of, read_books, run_numbers
from tests.stress.workspaces import write_first, write_instalment

QUESTION = ("--period", "2026Q3", "--as-of", "2026-10-20")
COMMANDS = ("ingest", "measure", "publish")
#: Of a hundred kills.
WEIGHTS = (70, 15, 15)
#: Half of the kills of ingest are at one of these, the others at a random moment.
TABLES = ("payloads/form", "payloads/other", "records", "quarantine", "deliveries", "runs")
#: After how many kills of ingest one run is left in peace.
PEACE = 6


@dataclass
class Tally:
    """What was done and found; a fault is a line that says what was not as it should be."""

    kills: Counter[tuple[str, str]] = field(default_factory=Counter)
    runs: int = 0
    deliveries: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def killed(self) -> int:
        return sum(count for (_, how), count in self.kills.items() if how != "ended first")


def reconcile(folder: Path, tally: Tally, whole: Path | None = None) -> None:
    """Books against the row-by-row count of everything announced, and the counts of both in the tally."""
    found = lake_of(folder)
    tally.faults += differences(found, model_of(whole or folder))
    tally.runs = len(run_numbers(Lake(folder / "lake" if whole is None else folder.parent / "lake")))
    tally.deliveries = len(found.counts)
    tally.counts = {name: sum(one[name] for one in found.counts.values()) for name in COUNTS}
    if len(found.outcomes) != tally.counts["delivered"]:
        tally.faults.append("rows with an outcome are not as many as rows delivered")


class Kills:
    """One workspace under fire."""

    def __init__(self, base: Path, seed: int) -> None:
        self.random = Random(seed)
        self.base = base
        self.tiny = write_first(base / "workspace")
        self.folder = self.tiny.folder
        self.lake = Lake(self.folder / "lake")
        self.output = base / "measured.csv"
        self.tally = Tally()
        self.instalments, self.since_peace, self.is_pending = 0, 0, False
        self.books: Books | None = None
        self.numbers: list[int] = []
        self.written: set[int] = set()
        self.revisions: dict[str, str] = {}
        self.seen_revisions: set[str] = set()
        self.measured: set[bytes] = set()
        self.usual = {command: self._peaceful(command) for command in COMMANDS}

    def run(self, kills: int) -> Tally:
        started = time.monotonic()
        while self.tally.killed < kills:
            command = self.random.choices(COMMANDS, WEIGHTS)[0]
            if command == "ingest" and (not self.is_pending or self.since_peace >= PEACE):
                self._peaceful("ingest")
                self._announce()
            self._kill(command)
        for command in COMMANDS:
            self._peaceful(command)
        reconcile(self.folder, self.tally)
        self.tally.seconds = time.monotonic() - started
        return self.tally

    def _announce(self) -> None:
        self.instalments += 1
        write_instalment(self.tiny, self.instalments, deliveries=self.random.randint(1, 6))
        self.is_pending = True

    def _arguments(self, command: str) -> list[str]:
        more = {
            "ingest": [],
            "measure": [*QUESTION, "--output", str(self.output)],
            "publish": [*QUESTION, "--audience", "internal"],
        }
        return ["--workspace", str(self.folder), command, *more[command]]

    def _peaceful(self, command: str) -> float:
        """One run that nobody kills; returns how long it took."""
        if not self.instalments:
            self._announce()
        started = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "creditlab", *self._arguments(command)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            self.tally.faults.append(f"{command} without a kill ended with {done.returncode}: {done.stderr.strip()}")
        if command == "ingest":
            self.is_pending, self.since_peace = False, 0
            self._note_numbers()
            self.books = read_books(self.folder)
        elif command == "measure":
            self.measured = {self.output.read_bytes()}
        self._check_shelf()
        return time.monotonic() - started

    def _kill(self, command: str) -> None:
        program, point = ["-m", "creditlab"], ""
        if command == "ingest" and self.random.random() < 0.5:
            when = self.random.choice(("append:before", "append:inside", "commit:before", "commit:after"))
            step, _, place = when.partition(":")
            point = f"{step} {self.random.choice(TABLES)}#1:{place}"
            program = ["-m", "tests.stress.die_at", point]
        process = subprocess.Popen(
            [sys.executable, *program, *self._arguments(command)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(None if point else self.usual[command] * self.random.uniform(0.05, 1.1))
        except subprocess.TimeoutExpired:
            process.kill()
        status = process.wait()
        if status not in (0, -signal.SIGKILL):
            self.tally.faults.append(f"{command} ended with {status}")
        is_killed = status == -signal.SIGKILL
        effect = getattr(self, f"_check_{command}")()
        self.tally.kills[command, effect if is_killed else "ended first"] += 1
        self._check_shelf()

    def _check_ingest(self) -> str:
        self.since_peace += 1
        before = self.numbers
        self._note_numbers()
        now = read_books(self.folder)
        if self.numbers == before:
            if now != self.books:
                self.tally.faults.append("a killed run is visible")
            return "nothing visible"
        found = differences(lake_of(self.folder), model_of(self.folder))
        self.tally.faults += found
        self.books, self.is_pending = now, False
        return "all visible"

    def _check_measure(self) -> str:
        """A working file is whole: one of before, or what the same question gives now."""
        there = self.output.read_bytes()
        if there in self.measured:
            return "nothing visible"
        self._peaceful("measure")
        if there not in self.measured:
            self.tally.faults.append("a working file is neither the old nor the new one")
        return "all visible"

    def _check_publish(self) -> str:
        return "all visible" if self._check_shelf() else "nothing visible"

    def _check_shelf(self) -> bool:
        """Every revision is whole, and what it was; returns whether there is a new one."""
        is_new = False
        for folder in sorted((self.folder / "reports").glob("2026Q3/*/*/r*")):
            name = folder.relative_to(self.folder).as_posix()
            text = (folder / "manifest.json").read_text(encoding="utf-8")
            if self.revisions.setdefault(name, text) != text:
                self.tally.faults.append("a revision was written over")
            files = json.loads(text)["files"]
            there = {
                path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
                for path in folder.rglob("*")
                if path.is_file() and path.name != "manifest.json"
            }
            if there != files:
                self.tally.faults.append("a revision is not what its manifest says")
            is_new |= name not in self.seen_revisions
        self.seen_revisions = set(self.revisions)
        return is_new

    def _note_numbers(self) -> None:
        """No run number is used twice, by runs that committed or by killed ones."""
        numbers = run_numbers(self.lake)
        new = numbers[len(self.numbers) :]
        if numbers[: len(self.numbers)] != self.numbers or self.written & set(new):
            self.tally.faults.append("a run number was used twice")
        self.numbers = numbers
        self.written |= {one["run_no"] for name in self.lake.table_names() for one in all_rows(self.lake, name)}
