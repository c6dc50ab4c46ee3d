"""python -m tests.stress: kills and several writers for a long time, and a table of what was found.

How much is set by the environment: CREDITLAB_STRESS_KILLS (200), CREDITLAB_STRESS_MINUTES (10),
CREDITLAB_STRESS_WRITERS (4), CREDITLAB_STRESS_SEED, and CREDITLAB_STRESS_TABLE, the file that the table goes to
(docs/stress.md). The exit status is 1 if anything was not as it should be.
"""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.conftest import ROOT
from tests.stress import writers
from tests.stress.books import COUNTS
from tests.stress.kills import Kills, Tally

PAGE = """# Stress: kills and several writers

`make stress` writes this page. It kills `ingest`, `measure` and `publish` by SIGKILL at random moments, and at exact
points between the appends of a commit, and looks after each kill at what is visible: nothing of the run, or all of it.
Then several writers, each with an inbox of its own, fill one lake at once, now and then killed, beside a reader. At the
end of both, the lake's books are reconciled to the row with a count of its own (`tests/reference`: the standard
library, one row at a time): each delivered row has one outcome, each delivery its six counts, each record its entries.

How much is run is set by the environment (`tests/stress/__main__.py` says how): `CREDITLAB_STRESS_KILLS=200`,
`CREDITLAB_STRESS_MINUTES=10` and `CREDITLAB_STRESS_WRITERS=4` unless set. The table says what was really run last.

| | |
| --- | --- |
{about}

## Kills

| command | what the kill left | times |
| --- | --- | ---: |
{kills}

"Ended first" are runs that were done before the kill came; they are not counted as kills.

## Books

| | after the kills | after the writers |
| --- | ---: | ---: |
{books}
{faults}"""


def main() -> int:
    kills = int(os.environ.get("CREDITLAB_STRESS_KILLS", "200"))
    minutes = float(os.environ.get("CREDITLAB_STRESS_MINUTES", "10"))
    hands = int(os.environ.get("CREDITLAB_STRESS_WRITERS", "4"))
    seed = int(os.environ.get("CREDITLAB_STRESS_SEED", "20261020"))
    table = ROOT / os.environ.get("CREDITLAB_STRESS_TABLE", "docs/stress.md")
    with tempfile.TemporaryDirectory(prefix="creditlab-stress-") as folder:
        print(f"{kills} kills ...", flush=True)
        killed = Kills(Path(folder) / "kills", seed).run(kills)
        print(f"{hands} writers for {minutes:g} minutes ...", flush=True)
        written, readings = writers.run(Path(folder) / "writers", hands, minutes * 60, seed)
    about = {
        "date": datetime.now(UTC).date().isoformat(),
        "creditlab": version("creditlab"),
        "machine": f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "kills": f"{killed.killed} (and {written.killed} among the writers), in {killed.seconds / 60:.1f} minutes",
        "writers": f"{hands} for {minutes:g} minutes, beside a reader with {readings} readings, each compared",
        "seed": str(seed),
        "size": "whole" if kills >= 200 and minutes >= 10 else "a trial: less than the usual 200 kills and 10 minutes",
    }
    faults = killed.faults + written.faults
    table.write_text(page(about, killed, written, faults), encoding="utf-8")
    print(f"{len(faults)} faults; see {table}")
    return 1 if faults else 0


def page(about: dict[str, str], killed: Tally, written: Tally, faults: list[str]) -> str:
    """The page with its tables."""
    kills = sorted((killed.kills + written.kills).items())
    books = [("runs committed", killed.runs, written.runs), ("deliveries", killed.deliveries, written.deliveries)]
    books += [(f"rows {name}", killed.counts[name], written.counts[name]) for name in COUNTS]
    books += [("rows reconciled", killed.counts["delivered"], written.counts["delivered"])]
    books += [("faults found", len(killed.faults), len(written.faults))]
    return PAGE.format(
        about="\n".join(f"| {name} | {text} |" for name, text in about.items()),
        kills="\n".join(f"| {command} | {how} | {count:,} |" for (command, how), count in kills),
        books="\n".join(f"| {name} | {one:,} | {other:,} |" for name, one, other in books),
        faults="\n## Faults\n\n" + "\n".join(f"- {one}" for one in faults[:50]) + "\n" if faults else "",
    )


if __name__ == "__main__":
    sys.exit(main())
