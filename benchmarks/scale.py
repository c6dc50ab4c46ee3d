"""How it grows: ten and a hundred million records, one more day, CSV, thousands of tiny deliveries, starting up.

Each step clears away what it made, unless it is kept; data that is there already is not made anew, so that a run that
was stopped goes on. A step's section is written when the step is done.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.comparing import AS_OF
from benchmarks.measuring import Cost, alternate, machine, nothing, run, say, table, write_section
from benchmarks.registry import BASE, peers
from benchmarks.side_by_side import (
    CREDITLAB,
    INGEST,
    MEASURE,
    OWN_TITLE,
    PYTHON,
    Place,
    compete,
    forget,
    make_data,
    measure_command,
)

#: Deliveries, lake, and what a run needs besides while it lasts, found at a million records and rounded up.
BYTES_A_RECORD = 500
_DAY, VERIFY = "one more day", "creditlab lake verify"


@dataclass(frozen=True)
class Sizes:
    """How many records and deliveries, how often, and whether what was made is kept."""

    smaller: int
    larger: int
    csv: int
    tiny: int
    times: int
    is_kept: bool


def starting(place: Place, sizes: Sizes) -> None:
    """What importing and asking for help cost, beside Python itself."""
    commands = {
        "python -c pass": [PYTHON, "-c", "pass"],
        "import creditlab": [PYTHON, "-c", "import creditlab"],
        "creditlab --help": [CREDITLAB, "--help"],
    }
    costs = alternate({name: (command, nothing) for name, command in commands.items()}, max(sizes.times, 5))
    most = max(costs["import creditlab"].cpu, costs["creditlab --help"].cpu)
    text = f"Median of at least five. {target('Processor seconds', most, 0.3)}"
    _write(place, "Start-up", text, table(costs, "python -c pass"))


def from_csv(place: Place, sizes: Sizes) -> None:
    """Ingest of CSV deliveries beside DuckDB's own copy of the same files to Parquet."""
    workspace, copy = place.folder / f"csv-{sizes.csv}", place.folder / "copy.parquet"
    _check_room(place, sizes.csv)
    make_data(workspace, sizes.csv, "--format", "csv")
    base = next(one for one in peers([]) if one.name == BASE)
    base.prepare()
    python = base.python()
    sql = f"COPY (FROM read_csv('{workspace}/inbox/[0-9]*.csv', all_varchar = true)) TO '{copy}'"
    costs = alternate(
        {
            "DuckDB: CSV to Parquet": ([python, "-c", f'import duckdb; duckdb.sql("{sql}")'], nothing),
            INGEST: ([CREDITLAB, "--workspace", str(workspace), "ingest"], lambda: forget(workspace)),
        },
        sizes.times,
    )
    text = f"{sizes.csv:,} records in CSV deliveries; every check, entries and payloads kept; median of {sizes.times}."
    base_title = "DuckDB: CSV to Parquet"
    text += f" {target('Times DuckDB', costs[INGEST].wall / costs[base_title].wall, 3)}"
    _write(place, "Ingest", text, table(costs, base_title))
    copy.unlink()
    _clear(workspace, sizes)


def tiny(place: Place, sizes: Sizes) -> None:
    """Very many deliveries of ten records each."""
    cells, months = 200, 5
    workspace, times = place.folder / f"tiny-{sizes.tiny}", max(sizes.tiny // (cells * months), 1)
    deliveries = cells * months * times
    shape = ["--units", "10", "--months", str(months), "--deliveries-a-cell", str(times)]
    make_data(workspace, 10 * deliveries, *shape)
    costs = alternate(
        {INGEST: ([CREDITLAB, "--workspace", str(workspace), "ingest"], lambda: forget(workspace))}, sizes.times
    )
    rate = deliveries / costs[INGEST].wall
    text = f"{deliveries:,} deliveries of ten records: {rate:,.0f} deliveries a second; median of {sizes.times}."
    _write(place, "Tiny deliveries", text, table(costs, INGEST))
    _clear(workspace, sizes)


def smaller(place: Place, sizes: Sizes) -> None:
    """Ingest and measure beside SQL written by hand, at the smaller size."""
    workspace, out = place.folder / f"scale-{sizes.smaller}", place.folder / "scale-results"
    _check_room(place, 2 * sizes.smaller)
    make_data(workspace, sizes.smaller)
    chosen = peers([])
    costs = compete(workspace, out, chosen, sizes.times)
    shutil.rmtree(out)
    text = (
        f"{sizes.smaller:,} records from Parquet deliveries, all checks, measured by item × department × unit × month, "
        f"everything kept; median of {sizes.times}; both sides found the same digits. "
        f"{target('Times the SQL', costs[OWN_TITLE].wall / costs[chosen[0].title].wall, 3)} "
        f"{target('GiB', costs[OWN_TITLE].peak / 1024, 2)}"
    )
    _write(place, "Ingest and measure", text, table(costs, chosen[0].title))


def larger(place: Place, sizes: Sizes) -> None:
    """The larger size against the smaller one, and one more day at the larger size."""
    small, large = (place.folder / f"scale-{records}" for records in (sizes.smaller, sizes.larger))
    _check_room(place, sizes.larger + sizes.smaller)
    make_data(small, sizes.smaller)
    make_data(large, sizes.larger)
    costs: dict[str, Cost] = {}
    results = place.folder / "scale-results"
    results.mkdir(exist_ok=True)
    out = results / "measures.csv"
    for workspace, records in ((small, sizes.smaller), (large, sizes.larger)):
        forget(workspace)
        size = _short(records)
        _once(costs, f"{INGEST}, {size}", [CREDITLAB, "--workspace", str(workspace), "ingest"])
        _once(costs, f"{MEASURE} from scratch, {size}", measure_command(workspace, out))
    day = max(sizes.larger // 1000, 1)
    make_data(large, sizes.larger, "--day-more", str(day))
    _once(costs, f"{INGEST}, {_DAY}", [CREDITLAB, "--workspace", str(large), "ingest"])
    _once(costs, f"{MEASURE} again, {_DAY}", measure_command(large, out))
    size = _short(sizes.larger)
    base = f"{MEASURE} from scratch, {size}"
    growth = costs[base].wall / costs[f"{MEASURE} from scratch, {_short(sizes.smaller)}"].wall
    again = costs[f"{MEASURE} again, {_DAY}"].wall / costs[base].wall
    text = (
        f"{sizes.larger:,} records beside {sizes.smaller:,}, each once, as of {AS_OF}, by item × department × unit × "
        f"month; the day has {day:,} records. "
        f"{target('Times the smaller, from scratch', growth, sizes.larger / sizes.smaller)} "
        f"{target('GiB', costs[base].peak / 1024, 3)} {target('Per cent, again after a day', 100 * again, 5)}"
    )
    heading = "From scratch and one more day"
    _write(place, heading, text, table(costs, base))
    # A figure from books that are wrong is worth nothing; the section says that they are right only where it has this.
    _once(costs, f"{VERIFY}, {size}", [CREDITLAB, "--workspace", str(large), "lake", "verify"])
    _write(place, heading, text, table(costs, base))
    for workspace in (small, large):
        _clear(workspace, sizes)
    shutil.rmtree(results)


STEPS: dict[str, Callable[[Place, Sizes], None]] = {
    "start": starting,
    "csv": from_csv,
    "tiny": tiny,
    "smaller": smaller,
    "larger": larger,
}


def scale(place: Place, sizes: Sizes, steps: list[str] | None) -> None:
    """Run the steps, all unless some are named; the smaller data is cleared away with the larger."""
    for name, step in STEPS.items():
        if steps is None or name in steps:
            say(f"step {name}")
            step(place, sizes)
    if steps is not None and "larger" not in steps:
        _clear(place.folder / f"scale-{sizes.smaller}", sizes)


def target(name: str, found: float, most: float) -> str:
    """A figure beside its target, said to be missed where it is."""
    verdict = "" if found <= most else ", **missed**"
    return f"{name}: {found:.3g} (target ≤ {most:.3g}{verdict})."


def _once(costs: dict[str, Cost], name: str, command: list[str]) -> None:
    costs[name] = one = run(command)
    say(f"{name}: {one.wall:.2f} s, processor {one.cpu:.2f} s, {one.peak:,.0f} MiB")


def _check_room(place: Place, records: int) -> None:
    """Refuse to begin what the disk can't hold; what is made already counts as room.

    Raises
    ------
    OSError
        If there is too little.
    """
    there = sum(file.stat().st_size for file in place.folder.rglob("*") if file.is_file())
    room, need = shutil.disk_usage(place.folder).free + there, BYTES_A_RECORD * records
    if room < need:
        raise OSError(f"{need / 2**30:.0f} GiB are needed in {place.folder}, and {room / 2**30:.0f} GiB are free")


def _clear(workspace: Path, sizes: Sizes) -> None:
    if not sizes.is_kept:
        shutil.rmtree(workspace, ignore_errors=True)


def _short(records: int) -> str:
    return f"{records // 1_000_000} M" if records % 1_000_000 == 0 else f"{records:,}"


def _write(place: Place, heading: str, text: str, figures: str) -> None:
    write_section(place.page, heading, f"{text} {machine()}\n\n{figures}")
