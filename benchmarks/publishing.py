"""A quarter's whole set of reports from a lake that is there, and what a notebook costs before it does anything.

    .venv/bin/python -m benchmarks.publishing WORKSPACE [--period 2026Q3] [--as-of 2026-10-20] [--jobs 2] [--docs docs]

The set is published to a folder of its own, which is gone afterwards. The workspace needs a lake of the size wanted:
`creditlab --workspace WORKSPACE synth --records 1000000 --into lake`. Writes the section "Reports" of benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.registry import ROOT

HEADING = "## Reports"
_EMPTY = {
    "cells": [
        {"cell_type": "code", "execution_count": None, "id": "parameters", "metadata": {"tags": ["parameters"]},
         "outputs": [], "source": ["out: str = ''"]},
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of processor, children included."""

    wall: float
    processor: float


def measured(words: list[str]) -> tuple[Cost, str]:
    """Run a command; its cost and what it printed."""
    started, before = time.perf_counter(), os.times()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    after = os.times()
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.perf_counter() - started, spent), done.stdout


def publish(workspace: Path, chosen: argparse.Namespace, *words: str) -> tuple[Cost, dict[str, object]]:
    command = [sys.executable, "-m", "creditlab", "--workspace", str(workspace), "publish", "--period", chosen.period,
               "--as-of", chosen.as_of, "--audience", "public", "--json", *words]  # fmt: skip
    cost, said = measured(command)
    return cost, json.loads(said)


def aside(workspace: Path, folder: Path) -> Path:
    """The workspace once more, with nothing on its shelf."""
    for path in workspace.iterdir():
        if path.name not in ("reports", "creditlab.toml"):
            (folder / path.name).symlink_to(path)
    (folder / "creditlab.toml").write_text((workspace / "creditlab.toml").read_text("utf-8"), encoding="utf-8")
    return folder


def empty_notebook(times: int = 5) -> Cost:
    """What a notebook of one empty cell costs, papermill and its kernel, in a process that has both loaded."""
    from creditlab.reports.running import run_notebook

    with tempfile.TemporaryDirectory() as folder:
        notebook = Path(folder) / "empty.ipynb"
        notebook.write_text(json.dumps(_EMPTY), encoding="utf-8")
        run_notebook(notebook, Path(folder) / "first.ipynb", {"out": ""})
        started, before = time.perf_counter(), os.times()
        for number in range(times):
            run_notebook(notebook, Path(folder) / f"{number}.ipynb", {"out": ""})
        after = os.times()
        spent = sum(after[:4]) - sum(before[:4])
        return Cost((time.perf_counter() - started) / times, spent / times)


def written(lines: list[str], page: Path) -> None:
    """Put the section into the page, in the place of the one before."""
    text = page.read_text("utf-8")
    head, found, rest = text.partition(f"{HEADING}\n")
    following = rest.find("\n## ") if found else -1
    tail = rest[following + 1 :] if following >= 0 else ""
    section = f"{HEADING}\n\n" + "\n".join(lines) + "\n"
    page.write_text(f"{head.rstrip()}\n\n{section}" + (f"\n{tail}" if tail else ""), encoding="utf-8")


def main() -> None:
    """Read the command line, publish, and write the section."""
    parser = argparse.ArgumentParser(prog="benchmarks.publishing", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--period", default="2026Q3")
    parser.add_argument("--as-of", default="2026-10-20")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--docs", type=Path, default=ROOT / "docs")
    chosen = parser.parse_args()
    notebook = empty_notebook()
    with tempfile.TemporaryDirectory() as folder:
        workspace = aside(chosen.workspace.resolve(), Path(folder))
        whole, said = publish(workspace, chosen, "--all", "--jobs", str(chosen.jobs))
        counts = Counter(dict(said["counts"]))  # type: ignore[call-overload]
        one = [publish(workspace, chosen, "--language", language)[0] for language in ("en", "zh_CN")]
    history = [sys.executable, "-m", "creditlab", "--workspace", str(chosen.workspace), "lake", "history", "--json"]
    rows = json.loads(measured(history)[1])
    accepted = sum(run["accepted"] for run in rows["runs"])
    made = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
    load = os.getloadavg()[0]
    written(
        [
            f"Written by `python -m benchmarks.publishing` on {datetime.now(UTC).date()}, {os.cpu_count()} processors "
            f"(load at the end {load:.1f}), over a lake of {accepted:,} records, for the public.",
            "",
            "| what | seconds | seconds of processor |",
            "| --- | ---: | ---: |",
            f"| the whole set of {chosen.period}, both languages, all formats ({made}), {chosen.jobs} at a time | "
            f"{whole.wall:,.0f} | {whole.processor:,.0f} |",
            f"| the province's report in both languages, all formats, each alone | {sum(c.wall for c in one):,.0f} | "
            f"{sum(c.processor for c in one):,.0f} |",
            f"| a notebook of one empty cell (papermill and its kernel) | {notebook.wall:.1f} | "
            f"{notebook.processor:.1f} |",
        ],
        chosen.docs / "benchmarks.md",
    )  # fmt: skip


if __name__ == "__main__":
    main()
