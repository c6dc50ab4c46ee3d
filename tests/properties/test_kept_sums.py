"""Sums that are kept against sums from scratch: the same digits, whatever happened between two measures.

Deliveries with corrections and withdrawals arrive over several runs in any order; the register changes, files of the
lake are put together, kept sums are lost or spoilt, and days and runs are asked about in any order. CREDITLAB_SEEDS
says how many seeds to run (2 in the ordinary run).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest

from creditlab import engine
from creditlab.ingest import ingest
from creditlab.lake import Lake, read_inputs
from creditlab.lake.compaction import compact
from creditlab.lake.sums import FOLDER
from creditlab.measures import measure
from creditlab.periods import parse_period
from creditlab.sums import summed_inputs
from creditlab.terms import MEASUREMENT, Group, Measure
from creditlab.workspace import open_workspace
from tests.reference.generator import make_workspace

SEEDS = range(int(os.environ.get("CREDITLAB_SEEDS", "2")))
PERIODS = ("2026Q3", "2026-08", "2026Q2", "2025-10-01/2026-10-01", "2026-07-10/2026-09-20")
DAYS = (date(2026, 8, 20), date(2026, 9, 18), date(2026, 10, 8), date(2026, 10, 20), date(2026, 11, 20))
GROUPINGS = (
    (),
    (Group.ITEM,),
    (Group.DEPARTMENT, Group.MONTH),
    (Group.REGION,),
    (Group.ITEM, Group.DEPARTMENT, Group.REGION),
    (Group.ITEM, Group.DEPARTMENT, Group.REGION, Group.MONTH),
)
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def figures(workspace: Path, period: str, as_of: date, by: tuple[Group, ...], run_no: int, *, kept: bool) -> pa.Table:
    """All twelve measures in a grouping, from kept sums or from the entries alone."""
    place, asked = open_workspace(workspace), parse_period(period)
    with engine.connect(folders=[place.lake]) as backend:
        if kept:
            inputs = summed_inputs(place, backend, [asked], as_of, run_no)
        else:
            inputs = read_inputs(place, backend, run_no)
        return backend.to_pyarrow(measure(inputs, asked, as_of, by).order_by(list(MEASUREMENT[:8])))


def runs_of(workspace: Path, random: Random) -> Iterator[int]:
    """Ingest the deliveries in a few runs, mixed, and give each run's number."""
    manifest = workspace / "inbox" / "manifest.csv"
    head, *lines = manifest.read_text(encoding="utf-8").splitlines()
    turn = [random.randrange(3) for _ in lines]
    for number in range(3):
        there = [line for line, when in zip(lines, turn, strict=True) if when <= number]
        manifest.write_text("\n".join([head, *there]) + "\n", encoding="utf-8")
        done = ingest(open_workspace(workspace), now=NOW)
        if done.run_no is not None:
            yield done.run_no


def disturb(workspace: Path, random: Random) -> str:
    """Do something between two runs that must not change how a figure comes out."""
    files = sorted((workspace / "lake" / FOLDER).rglob("*.parquet"))
    what = random.choice(["nothing", "register", "register", "compact", "lose", "spoil"])
    if what == "register":
        path = workspace / "subjects.csv"
        head, *lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([head, *random.sample(lines, len(lines) - 3)]) + "\n", encoding="utf-8")
    elif what == "compact":
        with engine.connect(folders=[workspace / "lake"]) as backend:
            compact(Lake(workspace / "lake"), backend, keep_days=0)
    elif what == "lose":
        for file in random.sample(files, len(files) // 2):
            file.unlink()
    elif what == "spoil":
        for file in random.sample(files, min(3, len(files))):
            file.write_bytes(file.read_bytes()[:-20])
    return what


@pytest.mark.parametrize("seed", SEEDS)
def test_kept_sums_give_the_digits_of_the_entries(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    workspace = make_workspace(tmp_path / "workspace", seed)
    known: list[int] = []
    happened = ["made"]
    seen = set()
    for run_no in runs_of(workspace, random):
        known.append(run_no)
        # The newest run on one day, then any on any: earlier days, earlier runs.
        for asked, by in ((run_no, GROUPINGS[-1]), (random.choice(known), random.choice(GROUPINGS[:-1]))):
            period, as_of = random.choice(PERIODS), random.choice(DAYS)
            wanted = figures(workspace, period, as_of, by, asked, kept=False)
            got = figures(workspace, period, as_of, by, asked, kept=True)
            assert got.to_pylist() == wanted.to_pylist(), (happened, period, as_of, asked)
            seen |= set(wanted["measure"].to_pylist())
        happened.append(disturb(workspace, random))
    assert len(known) == 3
    # A made-up workspace may have no ledger that fits, or nobody who is due.
    assert {str(one) for one in Measure} - seen <= {Measure.COVERAGE_LEDGER, Measure.COVERAGE_SUBJECTS}
    assert list((workspace / "lake" / FOLDER).rglob("*.parquet"))
