"""Deliveries that are too large, too bad or too many for memory: what one run of ingest holds.

    python -m benchmarks.bounds [--folder FOLDER] [--gigabytes 5] [--bad 1000000] [--tiny 10000]

Writes its table into docs/benchmarks.md, and clears each workspace away once it was measured.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from tempfile import gettempdir

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from benchmarks.measuring import Cost, run, write_section
from benchmarks.province import Shape, make_workspace
from benchmarks.rows import Delivery, Subjects, make_rows

ROOT = Path(__file__).resolve().parents[1]
CREDITLAB = str(Path(sys.executable).parent / "creditlab")
#: Rows of the large file are made and written in pieces of so many.
PIECE = 200_000
#: With these words more in each row, it is some 540 bytes long.
WORDS = "准予从事" * 30
SUBJECTS = Subjects(200_000)


def make_large(folder: Path, size: int) -> int:
    """A workspace with one CSV delivery of so many bytes; returns its rows."""
    make_workspace(folder, Shape(1000, items=1, departments=1, units=1, months=1, file_format="csv"))
    path, rows = folder / "inbox/000000.csv", 0
    with path.open("wb") as file:
        while file.tell() < size:
            one = Delivery(0, "XK-001", "D011", "130100", date(2026, 1, 1), 31, date(2026, 2, 2), rows, PIECE)
            made = make_rows(one, SUBJECTS, seed=rows)
            words = pc.binary_join_element_wise(made["content"], WORDS, "")
            made = made.set_column(made.column_names.index("content"), "content", words)
            csv.write_csv(made, file, csv.WriteOptions(include_header=rows == 0, quoting_style="none"))
            rows += PIECE
    return rows


def make_bad(folder: Path, count: int) -> int:
    """A workspace with one delivery whose rows have no record number; returns how many."""
    make_workspace(folder, Shape(1000, items=1, departments=1, units=1, months=1, file_format="csv"))
    one = Delivery(0, "XK-001", "D011", "130100", date(2026, 1, 1), 31, date(2026, 2, 2), 0, count)
    made = make_rows(one, SUBJECTS, seed=1)
    nothing = pa.array([""] * count, pa.string())
    made = made.set_column(0, "record_id", nothing)
    csv.write_csv(made, folder / "inbox/000000.csv", csv.WriteOptions(quoting_style="none"))
    return count


def make_tiny(folder: Path, count: int) -> int:
    """A workspace of so many deliveries of ten records; returns the records."""
    shape = Shape(10 * count, items=5, departments=2, units=10, months=10, file_format="csv")
    make_workspace(folder, Shape(**{**vars(shape), "deliveries_a_cell": max(count // 1000, 1)}))
    return 10 * count


def measured(folder: Path, what: str, rows: int) -> Iterator[str]:
    """One run of ingest as a line of the table, and a check that every row is in the books."""
    cost: Cost = run([CREDITLAB, "--workspace", str(folder), "ingest"])
    said = subprocess.run(
        [CREDITLAB, "--workspace", str(folder), "--json", "lake", "history"], capture_output=True, check=True
    )
    counts = json.loads(said.stdout)["runs"][0]
    if counts["delivered"] != rows:
        raise ValueError(f"{what}: {counts['delivered']:,} rows were counted, {rows:,} were delivered")
    yield (f"| {what} | {rows:,} | {counts['quarantined']:,} | {cost.wall:,.0f} | {cost.cpu:,.0f} | {cost.peak:,.0f} |")
    shutil.rmtree(folder)


def main() -> None:
    """Make each workspace, take it in, say what that held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(gettempdir()) / "creditlab-bounds")
    parser.add_argument("--gigabytes", type=float, default=5)
    parser.add_argument("--bad", type=int, default=1_000_000)
    parser.add_argument("--tiny", type=int, default=10_000)
    chosen = parser.parse_args()
    cases = (
        (f"one CSV of {chosen.gigabytes:g} GB", make_large, int(chosen.gigabytes * 10**9)),
        ("a delivery of bad rows", make_bad, chosen.bad),
        (f"{chosen.tiny:,} tiny deliveries", make_tiny, chosen.tiny),
    )
    lines = [
        "| one run of ingest | rows | quarantined | seconds | processor seconds | peak MiB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for what, make, size in cases:
        folder = chosen.folder / make.__name__
        shutil.rmtree(folder, ignore_errors=True)
        rows = make(folder, size)
        lines += measured(folder, what, rows)
    write_section(ROOT / "docs/benchmarks.md", "Bounds", "\n".join(lines))


if __name__ == "__main__":
    main()
