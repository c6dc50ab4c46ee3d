"""What measures cost in a lake that is there: from scratch, again, one subject, and any look at a released cube.

    python -m benchmarks.measures WORKSPACE [--times 3] [--docs docs]

Make the lake first: `creditlab --workspace WORKSPACE synth --records 10000000 --into lake`.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.measuring import Cost, alternate, machine, nothing, say, table, write_section
from benchmarks.scale import target
from creditlab import engine
from creditlab.disclosure import CUBE_SCHEMA, Cube, Release, ReleaseLedger, read_policy, release, roll_up
from creditlab.disclosure.policy import DEFAULT_POLICY
from creditlab.lake import Lake, Snapshot, read_inputs
from creditlab.lake.subject import records_of
from creditlab.lake.sums import FOLDER
from creditlab.measures import METHODS, measure
from creditlab.periods import parse_period
from creditlab.sums import summed_inputs
from creditlab.terms import Audience, Group, Measure
from creditlab.workspace import open_workspace

#: All that a synthetic province has.
PERIOD, AS_OF = parse_period("2025-01-01/2027-01-01"), date(2026, 12, 31)
FINEST = (Group.ITEM, Group.DEPARTMENT, Group.REGION, Group.MONTH)
#: What the additive measures over entries read.
COLUMNS = (
    "sign", "effective_on", "run_no", "item_code", "department", "region_code", "subject_id", "subject_kind",
    "event_date", "record_state", "faults", "filled_count", "required_count", "lag", "name64",
)  # fmt: skip
ADDITIVE = [
    one
    for one, method in METHODS.items()
    if method.is_additive and one not in {Measure.PUNCTUALITY, Measure.COVERAGE_LEDGER}
]
OPEN, HASH = "opening the lake", "bit_xor(hash(the columns read))"
SCRATCH, ALL, AGAIN = "additive measures, from scratch", "all measures, from scratch", "all measures, again"
LOOKS = 200
SUBJECTS = 20


def _open(workspace: Path) -> None:
    with engine.connect(folders=[workspace / "lake"]) as backend:
        read_inputs(open_workspace(workspace), backend)


def _hash(workspace: Path) -> None:
    with engine.connect(folders=[workspace / "lake"]) as backend:
        read_inputs(open_workspace(workspace), backend)
        files = Lake(workspace / "lake").files("records")
        engine.ask(backend, f"SELECT bit_xor(hash({', '.join(COLUMNS)})) FROM read_parquet({files})")


def _additive(workspace: Path) -> None:
    with engine.connect(folders=[workspace / "lake"]) as backend:
        inputs = read_inputs(open_workspace(workspace), backend)
        say(f"{backend.to_pyarrow(measure(inputs, PERIOD, AS_OF, FINEST, ADDITIVE)).num_rows:,} measurements")


def _all(workspace: Path) -> None:
    with engine.connect(folders=[workspace / "lake"]) as backend:
        inputs = read_inputs(open_workspace(workspace), backend)
        say(f"{backend.to_pyarrow(measure(inputs, PERIOD, AS_OF, FINEST)).num_rows:,} measurements")


def _again(workspace: Path) -> None:
    with engine.connect(folders=[workspace / "lake"]) as backend:
        inputs = summed_inputs(open_workspace(workspace), backend, [PERIOD], AS_OF)
        say(f"{backend.to_pyarrow(measure(inputs, PERIOD, AS_OF, FINEST)).num_rows:,} measurements")


PARTS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "open": (OPEN, _open),
    "hash": (HASH, _hash),
    "additive": (SCRATCH, _additive),
    "all": (ALL, _all),
    "again": (AGAIN, _again),
}


def subjects(workspace: Path) -> list[float]:
    """Seconds for the records of each of some subjects, the lake opened once."""
    with engine.connect(folders=[workspace / "lake"]) as backend:
        snapshot = Snapshot.take(Lake(workspace / "lake"), backend)
        listed = backend.to_pyarrow(snapshot.subjects().order_by("subject_id").select("subject_id"))["subject_id"]
        chosen = np.random.default_rng(1).integers(0, len(listed), SUBJECTS)
        found = []
        for place in chosen:
            started = time.perf_counter()
            backend.to_pyarrow(records_of(snapshot, listed[int(place)].as_py(), AS_OF))
            found.append(time.perf_counter() - started)
        return found


def made_up_release(items: int = 100, departments: int = 2, units: int = 180, months: int = 3) -> Release:
    """A released cube of a province larger than any: every measure by item, department, unit and month, with totals."""
    random = np.random.default_rng(1)
    period = parse_period("2026Q3")
    starts = [one.start for one in period.months()][:months]
    ends = [one.end for one in period.months()][:months]
    cells = list(product(range(items), range(departments), range(units), range(months)))
    parts = []
    for one, method in METHODS.items():
        if not method.is_additive:
            continue
        denominator = random.integers(1, 500, len(cells))
        columns = {
            "table": ["measurements"] * len(cells),
            "measure": [str(one)] * len(cells),
            "dimension": [str(method.dimension)] * len(cells),
            "item_code": [f"I-{cell[0]:03d}" for cell in cells],
            "department": [f"D{cell[0] % 20}-{cell[1]}" for cell in cells],
            "region_code": [f"{130000 + cell[2]}" for cell in cells],
            "detail": [""] * len(cells),
            "period_start": [starts[cell[3]] for cell in cells],
            "period_end": [ends[cell[3]] for cell in cells],
            "as_of": [AS_OF] * len(cells),
            "run_no": [1] * len(cells),
            "numerator": random.integers(0, denominator + 1),
            "denominator": denominator,
            "count": pa.nulls(len(cells), pa.int64()),
            "ratio": pa.nulls(len(cells), pa.float64()),
            "is_provisional": [False] * len(cells),
            # What is protected is protected once, when the cube is released; here only looks are timed.
            "has_natural_persons": [False] * len(cells),
        }
        parts.append(pa.table(columns, schema=CUBE_SCHEMA))
    groups = ("item_code", "department", "region_code")
    every = [some for number in range(4) for some in combinations(groups, number)]
    cube = Cube(roll_up(pa.concat_tables(parts), every), period, AS_OF, 1)
    return release(cube, Audience.INTERNAL, read_policy(DEFAULT_POLICY), ReleaseLedger())


def looks(cube: Release) -> list[float]:
    """Processor seconds for each of some looks at the cube: a measure, in a grouping, with or without a filter.

    The finest grouping is looked at for some items only: nobody reads a hundred thousand lines.
    """
    random = np.random.default_rng(2)
    groups = ("item_code", "department", "region_code")
    values = {name: [one for one in cube.table[name].unique().to_pylist() if one] for name in (*groups, "measure")}
    found = []
    for _ in range(LOOKS):
        by = [name for name in groups if random.random() < 0.5]
        filters = by[:1] if len(by) == len(groups) else [name for name in by if random.random() < 0.5]
        wanted: dict[str, object] = {name: random.choice(values[name], 3).tolist() for name in filters}
        wanted["measure"] = str(random.choice(values["measure"]))
        started = time.process_time()
        cube.select(by=by, **wanted).rows()
        found.append(time.process_time() - started)
    return found


def main() -> None:
    """Run the parts in alternation and write the section; or one part once, in this process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--part", choices=PARTS, help="only this, once, in this process")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    chosen = parser.parse_args()
    if chosen.part:
        PARTS[chosen.part][1](chosen.workspace)
    else:
        compare(chosen.workspace, chosen.times, chosen.docs / "benchmarks.md")


def compare(workspace: Path, times: int, page: Path) -> None:
    """Measure everything and write the section."""
    shutil.rmtree(workspace / "lake" / FOLDER, ignore_errors=True)
    _again(workspace)
    command = [sys.executable, "-m", "benchmarks.measures", str(workspace), "--part"]
    costs = alternate({title: ([*command, part], nothing) for part, (title, _) in PARTS.items()}, times)
    once, cube = subjects(workspace), looks(made_up_release())
    with engine.connect(folders=[workspace / "lake"]) as backend:
        records = backend.to_pyarrow(read_inputs(open_workspace(workspace), backend).entries.count()).as_py()
    text = (
        f"{records:,} entries in the lake, by item × department × unit × month over all months; median of {times}. "
        f"Opening the lake costs every process the same and is taken off. "
        f"{target('Times the hash, additive', _beyond(costs, SCRATCH) / _beyond(costs, HASH), 3)} "
        f"{target('Per cent, again', 100 * _beyond(costs, AGAIN) / _beyond(costs, ALL), 5)} "
        f"{target('Seconds for one subject, slowest', max(once), 1)} "
        f"{target('Processor milliseconds for a look at the cube, slowest', 1000 * max(cube), 200)} "
        f"The median subject took {statistics.median(once):.2f} s, the median look "
        f"{1000 * statistics.median(cube):.0f} ms. {machine()}"
    )
    write_section(page, "Measures", f"{text}\n\n{table(costs, HASH)}")


def _beyond(costs: dict[str, Cost], name: str) -> float:
    """Processor seconds of what a process did once the lake was open."""
    return costs[name].cpu - costs[OPEN].cpu


if __name__ == "__main__":
    main()
