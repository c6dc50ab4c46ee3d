"""Run commands as whole processes, one after the other in alternation, and read what they cost."""

from __future__ import annotations

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What one process cost: seconds on the clock, seconds of processor, peak memory in MiB."""

    wall: float
    cpu: float
    peak: float


def run(command: list[str]) -> Cost:
    """Run a command to its end.

    Raises
    ------
    RuntimeError
        If it fails: a benchmark of a failure says nothing.
    """
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors: list[bytes] = []
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read() if process.stderr else b""))
    reader.start()
    _, status, usage = os.wait4(process.pid, 0)
    reader.join()
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"{command[0]} failed: {errors[0].decode(errors='replace')[-2000:]}")
    return Cost(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def alternate(commands: dict[str, tuple[list[str], Callable[[], None]]], times: int = 3) -> dict[str, Cost]:
    """Run commands in alternation, each after its own preparation, and take the median of each figure."""
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(times):
        for name, (command, prepare) in commands.items():
            prepare()
            costs[name].append(run(command))
    return {
        name: Cost(*(statistics.median(getattr(one, figure) for one in found) for figure in ("wall", "cpu", "peak")))
        for name, found in costs.items()
    }


def table(costs: dict[str, Cost], base: str) -> str:
    """A Markdown table with ratios to one of the commands."""
    lines = ["| run | seconds | x | processor seconds | x | peak MiB |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for name, one in costs.items():
        ratios = one.wall / costs[base].wall, one.cpu / costs[base].cpu
        lines.append(
            f"| {name} | {one.wall:.2f} | {ratios[0]:.2f} | {one.cpu:.2f} | {ratios[1]:.2f} | {one.peak:.0f} |"
        )
    return "\n".join(lines)


def write_section(path: Path, heading: str, text: str) -> None:
    """Replace one section of a page of results, or add it."""
    start, end = f"<!-- {heading} -->\n", f"<!-- end of {heading} -->\n"
    section = f"{start}## {heading}\n\n{text}\n\n{end}"
    old = path.read_text(encoding="utf-8") if path.exists() else "# What was measured\n\n"
    if start in old:
        before, _, rest = old.partition(start)
        old = before + section + rest.partition(end)[2]
    else:
        old += section
    path.write_text(old, encoding="utf-8")
