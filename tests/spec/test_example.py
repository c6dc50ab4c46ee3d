"""The example workspace through the command line: its counts, its figures, and the same in any order of arrival."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from creditlab import engine
from creditlab.lake import Lake, Snapshot
from creditlab.terms import COUNTS

Command = Callable[..., subprocess.CompletedProcess[str]]
Copy = Callable[..., Path]
QUESTION = ("--period", "2026Q3", "--as-of", "2026-10-20")
FINEST = ("--by", "item_code,department,region,month")


def ingest(command: Command, workspace: Path) -> dict[str, Any]:
    done = command("--json", "ingest", workspace=workspace)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measured(command: Command, workspace: Path, *more: str) -> list[dict[str, str]]:
    output = workspace.parent / "measured.csv"
    done = command("measure", *QUESTION, *more, "--output", output, workspace=workspace)
    assert (done.returncode, done.stderr) == (0, "")
    with output.open(encoding="utf-8", newline="") as handle:
        return [{name: cell for name, cell in row.items() if name != "run_no"} for row in csv.DictReader(handle)]


def deliveries(workspace: Path) -> dict[str, tuple[int, ...]]:
    """The counts that hold of each delivery: the newest row of each in the lake's table."""
    with engine.connect(folders=[workspace / "lake"]) as backend:
        rows = backend.to_pyarrow(Snapshot.take(Lake(workspace / "lake"), backend).table("deliveries")).to_pylist()
    newest = {one["delivery_id"]: one for one in sorted(rows, key=lambda one: one["run_no"])}
    return {one["path"] or one["delivery_id"]: tuple(one[name] for name in COUNTS) for one in newest.values()}


def expected_figures(example: Path) -> list[dict[str, str]]:
    with (example / "expected.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_the_example_gives_what_is_expected_of_it(
    shared_dir: Path, workspace_copy: Copy, creditlab_command: Command
) -> None:
    example = shared_dir / "example"
    workspace = workspace_copy(example)
    found = ingest(creditlab_command, workspace)
    expected = json.loads((example / "expected_ingest.json").read_text(encoding="utf-8"))
    assert {name: found[name] for name in COUNTS} == expected
    rows = measured(creditlab_command, workspace, "--by", "item_code")
    wanted = expected_figures(example)
    assert [{name: row[name] for name in wanted[0]} for row in rows] == wanted
    # Whatever grouping adds up to.
    assert tuple(map(sum, zip(*deliveries(workspace).values(), strict=True))) == tuple(expected[c] for c in COUNTS)


# --- Any order ------------------------------------------------------------------------------------------


def shuffled(lines: list[str], seed: int) -> list[str]:
    """Manifest rows in a random order in which rows of one moment keep the order that they have."""
    order = list(range(len(lines)))
    Random(seed).shuffle(order)
    places: dict[str, list[int]] = {}
    for place, number in enumerate(order):
        places.setdefault(lines[number].split(",")[4], []).append(place)
    found = [""] * len(lines)
    for moment, free in places.items():
        same = [line for line in lines if line.split(",")[4] == moment]
        for place, line in zip(free, same, strict=True):
            found[place] = line
    return found


def by_growing_manifest(inbox: Path, seed: int, runs: int) -> Iterator[None]:
    """Rows are added to the end of the manifest, in a shuffled order."""
    manifest = inbox / "manifest.csv"
    head, *lines = manifest.read_text(encoding="utf-8").splitlines()
    lines = shuffled(lines, seed)
    for run in range(1, runs + 1):
        manifest.write_text("\n".join([head, *lines[: len(lines) * run // runs]]) + "\n", encoding="utf-8")
        yield


def by_files_that_come_later(inbox: Path, seed: int, runs: int) -> Iterator[None]:
    """The whole manifest is there from the start, the files come in any order, whatever the time of delivery."""
    files = sorted(path for path in inbox.iterdir() if path.name != "manifest.csv")
    Random(seed).shuffle(files)
    aside = inbox.parent / "not yet there"
    aside.mkdir()
    for path in files:
        path.rename(aside / path.name)
    for run in range(runs):
        for path in files[run::runs]:
            (aside / path.name).rename(path)
        yield


@pytest.fixture(scope="module")
def in_one_run(
    shared_dir: Path, tmp_path_factory: pytest.TempPathFactory, creditlab_here: Command
) -> tuple[list[dict[str, str]], dict[str, tuple[int, ...]]]:
    """The finest measures and the deliveries' counts when all files are there at once."""
    import shutil

    workspace = tmp_path_factory.mktemp("at once") / "workspace"
    shutil.copytree(shared_dir / "example", workspace, copy_function=shutil.copyfile)
    for folder in (workspace, *(path for path in workspace.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    ingest(creditlab_here, workspace)
    return measured(creditlab_here, workspace, *FINEST), deliveries(workspace)


@pytest.mark.parametrize(
    ("arrivals", "seed", "runs"),
    [
        (by_growing_manifest, 1, 3),
        (by_growing_manifest, 2, 2),
        (by_files_that_come_later, 3, 3),
        (by_files_that_come_later, 4, 2),
    ],
)
def test_the_same_files_in_any_order_give_the_same_state(
    shared_dir: Path,
    workspace_copy: Copy,
    creditlab_here: Command,
    in_one_run: tuple[list[dict[str, str]], dict[str, tuple[int, ...]]],
    arrivals: Callable[[Path, int, int], Iterator[None]],
    seed: int,
    runs: int,
) -> None:
    workspace = workspace_copy(shared_dir / "example")
    delivered = 0
    for _ in arrivals(workspace / "inbox", seed, runs):
        found = ingest(creditlab_here, workspace)
        assert found["delivered"] == sum(found[name] for name in COUNTS[1:])
        delivered += found["delivered"]
    figures, counts = in_one_run
    assert delivered == sum(one[0] for one in counts.values())
    assert measured(creditlab_here, workspace, *FINEST) == figures
    assert deliveries(workspace) == counts
