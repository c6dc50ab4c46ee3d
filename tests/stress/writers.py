"""Several writers with inboxes of their own and one lake, for some minutes, and a reader beside them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from creditlab.lake import Lake
from tests.spec.tiny import Tiny
from tests.stress.books import all_rows
from tests.stress.kills import QUESTION, Tally, reconcile
from tests.stress.workspaces import share, write_first, write_instalment

#: Instalments from this one on change nothing but the inbox: writers share one catalogue, register and ledger.
FIRST = 10
#: One run in so many of a writer's is killed.
KILLED = 8


class Writer:
    """One process after the other, each over the writer's own inbox."""

    def __init__(self, tiny: Tiny, place: int, writers: int, seed: int) -> None:
        self.tiny, self.place, self.writers = tiny, place, writers
        self.random = Random(seed)
        self.announced = 0
        self.tally = Tally()

    def work(self, until: float) -> None:
        while time.monotonic() < until:
            self.announce()
            self.ingest(is_killed=self.random.randrange(KILLED) == 0)
        self.ingest(is_killed=False)

    def announce(self) -> None:
        """Some deliveries more, each at a moment that no other writer's has."""
        known = len(self.tiny.manifest)
        number = FIRST + self.place + self.writers * self.announced
        write_instalment(self.tiny, number, deliveries=2)
        inbox = self.tiny.folder / "inbox"
        for place, one in enumerate(self.tiny.manifest[known:]):
            path = one["path"]
            if path and not path.startswith("w"):
                # Files of all writers are read by the reference as one inbox.
                one["path"] = f"w{self.place}-{path}"
                if (inbox / path).exists():
                    (inbox / path).rename(inbox / one["path"])
            moment = datetime.fromisoformat(one["delivered_at"])
            one["delivered_at"] = (moment + timedelta(microseconds=1 + number * 100 + place)).isoformat()
        self.tiny.write_manifest()
        self.announced += 1

    def ingest(self, *, is_killed: bool) -> None:
        process = subprocess.Popen(
            [sys.executable, "-m", "creditlab", "--workspace", str(self.tiny.folder), "ingest"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            _, errors = process.communicate(timeout=self.random.uniform(0, 10) if is_killed else None)
        except subprocess.TimeoutExpired:
            process.kill()
            _, errors = process.communicate()
        if process.returncode not in (0, -signal.SIGKILL):
            self.tally.faults.append(f"a writer's run ended with {process.returncode}: {errors.strip()}")
        if process.returncode == -signal.SIGKILL:
            self.tally.kills["ingest beside others", "killed"] += 1


def read_on(tiny: Tiny, until: float, faults: list[str]) -> list[dict[str, Any]]:
    """Measure again and again; returns what was seen."""
    seen = []
    while time.monotonic() < until:
        done = subprocess.run(
            [sys.executable, "-m", "creditlab", "--workspace", str(tiny.folder), "--json", "measure", *QUESTION, "--by",
             "item_code"],
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip
        if done.returncode == 0:
            seen.append(json.loads(done.stdout))
        elif done.returncode != 4:
            faults.append(f"a reader ended with {done.returncode}: {done.stderr.strip()}")
        time.sleep(5)
    return seen


def run(base: Path, writers: int, seconds: float, seed: int) -> tuple[Tally, int]:
    """Let them write; returns the tally, and how many readings were compared."""
    started = time.monotonic()
    whole = write_first(base / "whole")
    whole.write_manifest()
    hands = [Writer(tiny, place, writers, seed + place) for place, tiny in enumerate(share(whole, base, writers))]
    tally = Tally()
    with ThreadPoolExecutor(writers + 1) as pool:
        reading = pool.submit(read_on, hands[0].tiny, started + seconds, tally.faults)
        for done in [pool.submit(one.work, started + seconds) for one in hands]:
            done.result()
        seen = reading.result()
    for one in hands:
        tally.faults += one.tally.faults
        tally.kills += one.tally.kills
    compare_readings(hands[0].tiny, seen, tally)
    gather(whole, hands)
    reconcile(hands[0].tiny.folder, tally, whole.folder)
    lake = Lake(base / "lake")
    book = sum(one["delivered"] for one in all_rows(lake, "runs"))
    if book != tally.counts["delivered"]:
        tally.faults.append(f"the runs' book says {book} rows delivered, the deliveries {tally.counts['delivered']}")
    tally.seconds = time.monotonic() - started
    return tally, len(seen)


def compare_readings(tiny: Tiny, seen: list[dict[str, Any]], tally: Tally) -> None:
    """A reading is that of the run which it names, whole: asked again at that run, the answer is the same."""
    for one in seen:
        rows = tiny.measure(as_of="2026-10-20", by="item_code", run_no=int(one["run_no"]))
        again = json.loads(json.dumps(rows, default=str))
        named = one["measurements"]
        if [{name: row[name] for name in named[0]} for row in again] != named:
            tally.faults.append(f"a reader saw figures that are not those of run {one['run_no']}")


def gather(whole: Tiny, hands: list[Writer]) -> None:
    """One inbox with everything that was announced, for the row-by-row count."""
    for hand in hands:
        for one in hand.tiny.manifest:
            if one["path"]:
                whole.write(f"inbox/{one['path']}", (hand.tiny.folder / "inbox" / one["path"]).read_bytes())
            whole.manifest.append(one)
    whole.write_manifest()
