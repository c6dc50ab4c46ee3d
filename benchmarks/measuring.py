"""Run commands as whole processes, one after the other in alternation, and read what they cost."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

_LAUNCHER = Path(__file__).parent / "launch.py"


@dataclass(frozen=True)
class Cost:
    """What one process cost: seconds on the clock, seconds of processor, peak memory in MiB."""

    wall: float
    cpu: float
    peak: float

    def and_then(self, other: Cost) -> Cost:
        """What two processes cost, one after the other."""
        return Cost(self.wall + other.wall, self.cpu + other.cpu, max(self.peak, other.peak))


def run(command: list[str]) -> Cost:
    """Run a command to its end.

    Raises
    ------
    RuntimeError
        If it fails: a benchmark of a failure says nothing.
    """
    done = subprocess.run([sys.executable, "-S", str(_LAUNCHER), *command], capture_output=True, check=False)
    if done.returncode:
        said = done.stderr.decode(errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command)[:200]} failed with {done.returncode}: {said}")
    return Cost(*json.loads(done.stdout))


def nothing() -> None:
    """What a command needs that needs no preparation."""


def alternate(
    commands: dict[str, tuple[list[str], Callable[[], None]]], times: int = 3, may_fail: Collection[str] = ()
) -> dict[str, Cost]:
    """Run commands in alternation, each after its own preparation, and take the median of each figure.

    A command that may fail and does is said so, and has no cost.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for round_ in range(1, times + 1):
        for name, (command, prepare) in commands.items():
            if name not in costs:
                continue
            prepare()
            try:
                one = run(command)
            except RuntimeError as error:
                if name not in may_fail:
                    raise
                say(f"{name}: {error}")
                del costs[name]
                continue
            costs[name].append(one)
            say(f"{round_}/{times} {name}: {one.wall:.2f} s, processor {one.cpu:.2f} s, {one.peak:,.0f} MiB")
    return {
        name: Cost(*(statistics.median(getattr(one, figure) for one in found) for figure in ("wall", "cpu", "peak")))
        for name, found in costs.items()
    }


def say(text: str) -> None:
    """Say how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def table(costs: dict[str, Cost], base: str) -> str:
    """A Markdown table with ratios to one of the commands."""
    lines = ["| run | seconds | x | processor seconds | x | peak MiB |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for name, one in costs.items():
        ratios = one.wall / costs[base].wall, one.cpu / costs[base].cpu
        lines.append(
            f"| {name} | {one.wall:.2f} | {ratios[0]:.2f} | {one.cpu:.2f} | {ratios[1]:.2f} | {one.peak:,.0f} |"
        )
    return "\n".join(lines)


def machine() -> str:
    """Where and of what it was measured, in a line."""
    root = Path(__file__).resolve().parents[1]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=root, capture_output=True, text=True, check=False
    ).stdout.strip()
    python = ".".join(str(part) for part in sys.version_info[:3])
    day = time.strftime("%Y-%m-%d")
    return f"Measured on {day} at commit {commit}: {os.cpu_count()} cores, {memory:.0f} GiB of memory, Python {python}."


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
