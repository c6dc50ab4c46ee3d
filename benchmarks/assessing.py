"""What assessing everybody costs in a lake that is there: beside a bare group-by, and as a command.

    python -m benchmarks.assessing WORKSPACE [--times 3] [--subjects] [--docs docs]

Make the lake first, with its sample methodology:

    creditlab --workspace WORKSPACE synth --preset large --records 30000000 --into lake
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from benchmarks.measuring import Cost, alternate, machine, nothing, say, table, write_section
from benchmarks.scale import target
from creditlab import engine
from creditlab.access import Asking
from creditlab.assessing import explain_subject, take_assessment
from creditlab.assessment.lines import NEEDED, lines
from creditlab.assessment.scoring import indicator_points
from creditlab.assessment.sensitivity import DRAWS, draw
from creditlab.assessment.vectors import take_vectors
from creditlab.dossier.subject import take_dossier
from creditlab.lake import read_inputs
from creditlab.messages import Messages
from creditlab.reports.subject import open_report
from creditlab.terms import Language, Purpose
from creditlab.workspace import Workspace, open_workspace

AS_OF, PERIOD = date(2026, 10, 20), "2026Q3"
CREDITLAB = str(Path(sys.executable).parent / "creditlab")
#: What a machine of 6 GB lets the engine hold.
MEMORY = "4GB"
OPEN, GROUP, SCORES = "opening the lake", "bare group-by", "points and levels from evidence"
EVIDENCE, WHOLE = "evidence, written to a file", "creditlab assess --output"
#: Subjects drawn at random among those with records, and those with the most.
SUBJECTS, LARGEST = 10, 3


def _evidence(workspace: Path, file: Path) -> None:
    with engine.connect(folders=[workspace / "lake", file.parent], memory=MEMORY) as backend:
        taken = take_assessment(open_workspace(workspace), backend, AS_OF)
        backend.to_parquet(taken.assessment.evidence.select(*NEEDED), file)


def _open(workspace: Path, file: Path) -> None:
    with engine.connect(folders=[workspace / "lake", file.parent], memory=MEMORY) as backend:
        take_assessment(open_workspace(workspace), backend, AS_OF)


def _group(workspace: Path, file: Path) -> None:
    """The same columns of the same rows by the same subjects, with the least that can be done with them."""
    with engine.connect(folders=[workspace / "lake", file.parent], memory=MEMORY) as backend:
        take_assessment(open_workspace(workspace), backend, AS_OF)
        rest = [name for name in NEEDED if name != "subject_id"]
        columns = ", ".join(f"max({name})" for name in rest)
        query = f"SELECT subject_id, count(*), {columns} FROM read_parquet('{file}') GROUP BY subject_id"
        say(f"{engine.fetch(backend, query).num_rows:,} subjects")


def _scores(workspace: Path, file: Path) -> None:
    with engine.connect(folders=[workspace / "lake", file.parent], memory=MEMORY) as backend:
        taken = take_assessment(open_workspace(workspace), backend, AS_OF)
        evidence = backend.read_parquet(file)
        # Whom the register has besides, without any record, is no work with the columns.
        subjects = taken.assessment.subjects.semi_join(evidence, "subject_id")
        found = replace(taken.assessment, evidence=evidence, subjects=subjects)
        say(f"{backend.to_pyarrow(found.table()).num_rows:,} subjects with records")


PARTS: dict[str, tuple[str, Callable[[Path, Path], None]]] = {
    "open": (OPEN, _open),
    "group": (GROUP, _group),
    "scores": (SCORES, _scores),
    "evidence": (EVIDENCE, _evidence),
}


def _look_up(place: Workspace, subject: str) -> None:
    with engine.connect(folders=[place.lake]) as backend:
        take_dossier(place, backend, subject, AS_OF, asking=Asking(Purpose.ASSESSMENT, "benchmark"))


def _explain(place: Workspace, subject: str) -> None:
    with engine.connect(folders=[place.lake]) as backend:
        asking = Asking(Purpose.ASSESSMENT, "benchmark")
        explain_subject(place, backend, subject, AS_OF, asking=asking).paragraphs(Messages(Language.EN))


def _page(place: Workspace, subject: str) -> None:
    page = open_report(str(place.folder), subject, PERIOD, str(AS_OF), "internal", "en", 0, "")
    parts = (page.overview, page.standing, page.side_by_side, page.timeline, page.permits, page.adverse, page.promises)
    for part in (*parts, page.role, page.endings, page.caveats):
        part().outputs()


ONCE: dict[str, tuple[Callable[[Workspace, str], None], int]] = {
    "look-up, with its records": (_look_up, 1),
    "level explained": (_explain, 5),
    "page, every section": (_page, 5),
}


def one_by_one(workspace: Path, page: Path) -> None:
    """Measure some subjects, in a process of its own, and the joint draws over everybody; write a section."""
    place = open_workspace(workspace)
    with engine.connect(folders=[place.lake], memory=MEMORY) as backend:
        taken = take_assessment(place, backend, AS_OF)
        held = taken.assessment.evidence.semi_join(taken.assessment.subjects, "subject_id")
        held = backend.to_pyarrow(held.group_by("subject_id").agg(records=held.count())).sort_by("subject_id")
        listed = held["subject_id"].slice(0, 100_000)
        largest = held.sort_by([("records", "descending"), ("subject_id", "ascending")]).slice(0, LARGEST)
        entries = backend.to_pyarrow(taken.held.inputs.entries.count()).as_py()
        found = lines(taken.assessment.evidence, taken.assessment.lookup)
        own = found.semi_join(taken.assessment.subjects, "subject_id")
        started, busy = time.perf_counter(), time.process_time()
        vectors = take_vectors(indicator_points(own, taken.assessment.lookup), taken.assessment.methodology)
        put_together = time.perf_counter() - started
        draw(vectors)
        drawn, busy = time.perf_counter() - started - put_together, time.process_time() - busy
    chosen = [listed[int(one)].as_py() for one in np.random.default_rng(1).integers(0, len(listed), SUBJECTS)]
    chosen += largest["subject_id"].to_pylist()
    command = [sys.executable, "-m", "benchmarks.assessing", str(workspace), "--look", *chosen]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    rows = [_row(name, most, *found[name]) for name, (_, most) in ONCE.items()]
    files = len(list((place.lake / "records").rglob("*.parquet")))
    text = (
        f"{entries:,} entries that the sample methodology may look at, in {files} files; {SUBJECTS} subjects drawn at "
        f"random and the {LARGEST} with the most records, up to {largest['records'][0].as_py()}, each with everything "
        f"opened anew, in one process whose imports are done; nothing was looked up in it before the first. "
        f"{DRAWS:,} joint draws over "
        f"{vectors.total:,} organisations with records, in {len(vectors.subjects):,} combinations of points: "
        f"{put_together:.1f} s to put the points together, {drawn:.1f} s to draw. "
        f"{target('Seconds, both', put_together + drawn, 120)} Processor seconds, both: {busy:.0f}. {machine()}"
    )
    head = "| one subject | median seconds | slowest | median processor seconds | most | seconds, target |\n"
    head += "| --- | ---: | ---: | ---: | ---: | ---: |\n"
    write_section(page, "One subject", f"{text}\n\n{head}" + "\n".join(rows))


def look_up(workspace: Path, subjects: list[str]) -> dict[str, tuple[list[float], list[float]]]:
    """For each kind of look, its seconds and processor seconds, subject by subject."""
    place = open_workspace(workspace)
    # What a process costs to start is no look-up: the engine's libraries are there.
    with engine.connect():
        pass
    return {name: _timed(look, place, subjects) for name, (look, _) in ONCE.items()}


def _timed(
    look: Callable[[Workspace, str], None], place: Workspace, subjects: list[str]
) -> tuple[list[float], list[float]]:
    walls, processors = [], []
    for subject in subjects:
        wall, processor = time.perf_counter(), time.process_time()
        look(place, subject)
        walls.append(time.perf_counter() - wall)
        processors.append(time.process_time() - processor)
    return walls, processors


def _row(name: str, most: int, walls: list[float], processors: list[float]) -> str:
    median, slowest = statistics.median(walls), max(walls)
    busy, busiest = statistics.median(processors), max(processors)
    kept = f"≤ {most}" if slowest <= most else f"≤ {most}, **missed**"
    return f"| {name} | {median:.2f} | {slowest:.2f} | {busy:.2f} | {busiest:.2f} | {kept} |"


def main() -> None:
    """Run the parts in alternation and write the section; or one part once, in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--part", choices=PARTS, help="only this, once, in this process")
    parser.add_argument("--file", type=Path, help="with --part: the file of evidence")
    parser.add_argument("--look", nargs="+", help="only these subjects, in this process; their times as JSON")
    parser.add_argument("--subjects", action="store_true", help="only one subject at a time, and the joint draws")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    chosen = parser.parse_args()
    if chosen.part:
        PARTS[chosen.part][1](chosen.workspace, chosen.file)
        return
    if chosen.look:
        json.dump(look_up(chosen.workspace, chosen.look), sys.stdout)
        return
    if not chosen.subjects:
        with tempfile.TemporaryDirectory() as folder:
            compare(chosen.workspace, Path(folder), chosen.times, chosen.docs / "benchmarks.md")
    one_by_one(chosen.workspace, chosen.docs / "benchmarks.md")


def compare(workspace: Path, folder: Path, times: int, page: Path) -> None:
    """Measure everything and write the section."""
    file, output = folder / "evidence.parquet", folder / "levels.parquet"
    _evidence(workspace, file)
    command = [sys.executable, "-m", "benchmarks.assessing", str(workspace), "--file", str(file), "--part"]
    whole = [CREDITLAB, "--workspace", str(workspace), "assess", "--as-of", str(AS_OF), "--output", str(output)]
    commands = {title: ([*command, part], nothing) for part, (title, _) in PARTS.items()}
    costs = alternate({**commands, WHOLE: (whole, nothing)}, times)
    with engine.connect(folders=[workspace / "lake", file.parent]) as backend:
        inputs = read_inputs(open_workspace(workspace), backend)
        records, subjects = (backend.to_pyarrow(one.count()).as_py() for one in (inputs.entries, inputs.subjects))
        counted = backend.to_pyarrow(backend.read_parquet(file).count()).as_py()
    text = (
        f"{records:,} entries about {subjects:,} subjects in the lake, {counted:,} of them records that the sample "
        f"methodology looks at; median of {times}. Opening the lake, with its checks for natural persons, costs every "
        f"process the same and is taken off for the ratio. "
        f"{target('Seconds, everybody', costs[WHOLE].wall, 60)} {target('GiB', costs[WHOLE].peak / 1024, 6)} "
        f"{target('Times the bare group-by', _beyond(costs, SCORES) / _beyond(costs, GROUP), 4)} "
        f"{machine()}"
    )
    write_section(page, "Assessment", f"{text}\n\n{table(costs, GROUP)}")


def _beyond(costs: dict[str, Cost], name: str) -> float:
    """Processor seconds of what a process did once the lake was open."""
    return costs[name].cpu - costs[OPEN].cpu


if __name__ == "__main__":
    main()
