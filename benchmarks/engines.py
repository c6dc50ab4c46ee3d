"""The embedded engine beside a cluster of two workers, on the same lakes: seconds, processor, bytes, shuffle.

python -m benchmarks.engines WORKSPACE [WORKSPACE ...] --kept FILE [--times 2] [--docs docs]

Each workspace's lake is asked the same questions on both engines, in alternation; where a digit differs the command
fails. What was measured is kept in a file, so that a command that was stopped goes on. The cluster is started on the
loopback address: a master, and two workers with one core and 3 GB of memory each, so that both engines have the same
two cores. Writes its part of docs/scale.md.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.measuring import machine, say
from benchmarks.registry import ROOT
from benchmarks.years import write_between
from creditlab import engine
from creditlab.lake import Lake, read_inputs
from creditlab.measures.tally import GRAIN, OF_REGISTER, entries_tally, of_records
from creditlab.profiles.evidence import standing
from creditlab.workspace import open_workspace
from tests.cluster.spark import spark_cluster

BEGIN, END = "<!-- engines: begin -->", "<!-- engines: end -->"
_DAY = date(2026, 10, 20)
#: As an institution would have it, where the tests' cluster saves what it can: memory, and all of Java's compilers.
_DEFAULTS = """\
spark.driver.host 127.0.0.1
spark.driver.memory 2g
spark.executor.memory 3g
spark.executor.cores 1
spark.sql.shuffle.partitions 8
"""
_WORKER_MEMORY = "3500m"
#: What the embedded engine may hold: as much as the cluster's processes together; the rest it puts on the disk.
_MEMORY = "8GB"


def _sums(inputs: Any) -> Any:
    """All that measures add up, over every entry: one pass, a join with the register, few groups."""
    components = of_records(inputs.catalogue) + OF_REGISTER
    return entries_tally(inputs.entries, components, GRAIN, inputs.subjects)


def _standing(inputs: Any) -> Any:
    """Each subject's records by item, as they stand: as many groups as subjects, so that the cluster shuffles."""
    rows = standing(inputs.entries, _DAY, ("key64", "subject_id", "item_code", "amount", "event_date"))
    found = rows.group_by("subject_id", "item_code").agg(
        records=rows.count(), amount=rows.amount.sum(), last=rows.event_date.max()
    )
    return found.group_by("item_code").agg(
        subjects=found.count(), records=found.records.sum(), amount=found.amount.sum(), last=found.last.max()
    )


QUESTIONS: dict[str, Callable[[Any], Any]] = {"sums of measures": _sums, "what stands, by subject": _standing}


@dataclass(frozen=True)
class Cost:
    """What a question cost: seconds on the clock and of processor, bytes between the cluster's processes."""

    wall: float
    cpu: float
    shuffled: int


@dataclass(frozen=True)
class Answered:
    """What a question cost on one engine: medians, with the machine's load average when it was done."""

    rows: int
    question: str
    engine: str
    wall: float
    cpu: float
    shuffled: float
    load: float
    times: int

    @classmethod
    def of(cls, rows: int, question: str, title: str, some: list[Cost]) -> Answered:
        """The medians of some askings."""
        wall, cpu, shuffled = (
            statistics.median(getattr(one, figure) for one in some) for figure in ("wall", "cpu", "shuffled")
        )
        return cls(rows, question, title, wall, cpu, shuffled, os.getloadavg()[1], len(some))


def _processor(pids: list[int]) -> float:
    """Processor seconds of processes that are not children of this one."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _java() -> list[int]:
    """The application's own process and its executors on this machine."""
    found = []
    for one in Path("/proc").iterdir():
        if one.name.isdigit():
            try:
                words = (one / "cmdline").read_bytes()
            except OSError:
                continue
            if b"SparkSubmit" in words or b"CoarseGrainedExecutorBackend" in words:
                found.append(int(one.name))
    return found


def _shuffled(backend: Any) -> int:
    """Bytes that stages have handed on to others, so far."""
    context = backend._session.sparkContext
    gateway = context._gateway
    none = gateway.new_array(gateway.jvm.double, 0)
    empty = gateway.jvm.java.util.ArrayList()
    stages = context._jsc.sc().statusStore().stageList(empty, False, False, none, empty)
    return sum(stages.apply(number).shuffleWriteBytes() for number in range(stages.size()))


def _ask(workspace: Any, url: str, name: str) -> tuple[Cost, pa.Table]:
    with engine.connect(url, folders=[workspace.lake], memory=_MEMORY) as backend:
        is_cluster = url != engine.EMBEDDED
        inputs = read_inputs(workspace, backend)
        pids = _java() if is_cluster else []
        shuffled = _shuffled(backend) if is_cluster else 0
        before = _processor(pids) + sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        begun = time.perf_counter()
        rows = backend.to_pyarrow(QUESTIONS[name](inputs))
        wall = time.perf_counter() - begun
        cpu = _processor(pids) + sum(resource.getrusage(resource.RUSAGE_SELF)[:2]) - before
        shuffled = _shuffled(backend) - shuffled if is_cluster else 0
    return Cost(wall, cpu, shuffled), rows.sort_by([(one, "ascending") for one in rows.column_names])


def _size(lake: Lake, name: str) -> tuple[int, int, int]:
    """Rows, bytes and files of a table."""
    log = lake.log(name)
    return pc.sum(log["num_records"]).as_py() or 0, pc.sum(log["size_bytes"]).as_py() or 0, log.num_rows


def ask(folders: list[Path], times: int, known: list[Answered]) -> Iterator[list[Answered]]:
    """Ask each lake each question on both engines; what is known already is not asked again.

    Raises
    ------
    SystemExit
        If the engines' digits differ.
    """
    from creditlab.spark.application import end

    with (
        tempfile.TemporaryDirectory() as place,
        spark_cluster(Path(place), defaults=_DEFAULTS, worker_memory=_WORKER_MEMORY) as cluster,
    ):
        os.environ |= {one: cluster.environment[one] for one in ("SPARK_CONF_DIR", "SPARK_LOCAL_IP")}
        urls = {"DuckDB": engine.EMBEDDED, "Spark": cluster.url}
        for folder in folders:
            workspace = open_workspace(folder)
            rows, _, _ = _size(Lake(workspace.lake), "records")
            for name in QUESTIONS:
                if any((one.rows, one.question) == (rows, name) for one in known):
                    continue
                found: dict[str, list[Cost]] = {title: [] for title in urls}
                answers: dict[str, pa.Table] = {}
                for _ in range(times):
                    for title, url in urls.items():
                        one, answers[title] = _ask(workspace, url, name)
                        found[title].append(one)
                        say(f"{rows:,} {name}, {title}: {one.wall:.1f} s, processor {one.cpu:.1f} s")
                if not answers["DuckDB"].equals(answers["Spark"]):
                    raise SystemExit(f"{name}: the engines' digits differ")
                yield [Answered.of(rows, name, title, some) for title, some in found.items()]
        end()


def page(folders: list[Path], answered: list[Answered]) -> str:
    """The tables for the documents."""
    sizes = []
    for lake in (Lake(open_workspace(one).lake) for one in folders):
        rows, size, files = _size(lake, "records")
        kept = [_size(lake, lake.payload_name(one)) for one in lake.payload_formats()]
        payload = sum(one[1] for one in kept) / max(sum(one[0] for one in kept), 1)
        sizes.append(f"| {rows:,} | {files:,} | {size / rows:.1f} | {payload:.1f} |")
    answered = sorted(answered, key=lambda one: (one.rows, list(QUESTIONS).index(one.question)))
    costs = [
        f"| {one.rows:,} | {one.question} | {one.engine} | {one.wall:.1f} | {one.wall / one.rows * 1e6:.2f} "
        f"| {one.cpu / one.rows * 1e6:.2f} | {f'{one.shuffled / one.rows:.2f}' if one.engine == 'Spark' else ''} "
        f"| {one.load:.1f} |"
        for one in answered
    ]
    seconds: dict[tuple[str, str], list[tuple[int, float]]] = {}
    processor: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for one in answered:
        seconds.setdefault((one.question, one.engine), []).append((one.rows, one.wall))
        processor.setdefault((one.question, one.engine), []).append((one.rows, one.cpu))
    lines = [
        f"{machine()}; {os.cpu_count()} cores for either engine, {_MEMORY} of memory for the embedded one, 3 GB "
        f"for each worker. Median of {min(one.times for one in answered)}, equal digits. Written by "
        "`python -m benchmarks.engines`.",
        "",
        "| entries | files | bytes an entry | bytes a payload row |",
        "| ---: | ---: | ---: | ---: |",
        *sizes,
        "",
        "| entries | question | engine | seconds | seconds a million | processor seconds a million "
        "| bytes shuffled an entry | load average |",
        "| ---: | --- | --- | ---: | ---: | ---: | ---: | ---: |",
        *costs,
        "",
        *model(processor),
        *[
            crossover(name, seconds[name, "DuckDB"], seconds[name, "Spark"])
            for name in QUESTIONS
            if (name, "Spark") in seconds
        ],
    ]
    return "\n".join(lines)


def model(processor: dict[tuple[str, str], list[tuple[int, float]]]) -> list[str]:
    """What a question costs before it reads a row, and for each million: a line through the smallest and the largest.

    Nothing where only one size was asked.
    """
    lines = []
    for (name, title), ((few, little), *_, (many, much)) in (
        (key, found) for key, found in processor.items() if found[1:]
    ):
        slope = (much - little) / (many - few) * 1e6
        lines.append(f"| {name} | {title} | {little - slope * few / 1e6:.1f} | {slope:.2f} |")
    if not lines:
        return []
    head = "| question | engine | processor seconds before the first row | and for each million entries |"
    return [head, "| --- | --- | ---: | ---: |", *lines, ""]


def crossover(name: str, embedded: list[tuple[int, float]], cluster: list[tuple[int, float]]) -> str:
    """Where the cluster is first quicker, as measured."""
    quicker = [rows for (rows, one), (_, other) in zip(embedded, cluster, strict=True) if other < one]
    if quicker:
        return f"- {name}: the cluster is first quicker at {min(quicker):,} entries."
    ratio = cluster[-1][1] / embedded[-1][1]
    at = f"at {embedded[-1][0]:,} entries it takes {ratio:.1f} times as long"
    return f"- {name}: the cluster is quicker at none of these sizes; {at}."


def main() -> None:
    """Read the command line, ask, write."""
    parser = argparse.ArgumentParser(prog="benchmarks.engines", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("workspaces", type=Path, nargs="+", help="with a lake each, the smallest first")
    parser.add_argument("--times", type=int, default=2)
    parser.add_argument("--kept", type=Path, required=True, help="a file for what was measured, to go on from")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where scale.md is")
    given = parser.parse_args()
    answered = [Answered(**one) for one in json.loads(given.kept.read_text())] if given.kept.exists() else []
    for found in ask(given.workspaces, given.times, answered):
        answered += found
        given.kept.write_text(json.dumps([asdict(one) for one in answered]), encoding="utf-8")
        # What was measured stands there, if the machine ends the rest.
        write_between(given.docs / "scale.md", BEGIN, END, page(given.workspaces, answered))
    print(page(given.workspaces, answered))


if __name__ == "__main__":
    main()
