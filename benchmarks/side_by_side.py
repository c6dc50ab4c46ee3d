"""creditlab and its peers on the same deliveries, in alternation; results that should be equal must be."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.chart import Bar, bars
from benchmarks.comparing import AS_OF, PERIOD, differences
from benchmarks.measuring import Cost, alternate, machine, say, table, write_section
from benchmarks.registry import BASE, Peer, peers, work_table

PYTHON = sys.executable
CREDITLAB = str(Path(PYTHON).parent / "creditlab")
INGEST, MEASURE, OWN_TITLE = "creditlab ingest", "creditlab measure", "creditlab"
_LEGEND = {"own": "creditlab", "whole": "the same figures, by hand", "part": "a part of the checks, no groups"}


@dataclass(frozen=True)
class Place:
    """Where a benchmark keeps what it makes, and where it writes its page."""

    folder: Path
    docs: Path

    @property
    def page(self) -> Path:
        """The page of results."""
        return self.docs / "benchmarks.md"


def make_data(folder: Path, records: int, *options: str) -> None:
    """Make a workspace in a process of its own."""
    say(f"making {records:,} records in {folder}")
    subprocess.run([PYTHON, "-m", "benchmarks.province", str(folder), "--records", str(records), *options], check=True)


def forget(workspace: Path) -> None:
    """Remove a workspace's lake."""
    shutil.rmtree(workspace / "lake", ignore_errors=True)


def measure_command(workspace: Path, output: Path) -> list[str]:
    """Take all measures by item, department, unit and month."""
    groups = "item_code,department,region,month"
    asked = ["--period", PERIOD, "--as-of", AS_OF, "--by", groups, "--output", str(output)]
    return [CREDITLAB, "--workspace", str(workspace), "measure", *asked]


def compete(workspace: Path, out: Path, chosen: list[Peer], times: int) -> dict[str, Cost]:
    """Run creditlab's two commands and the peers, and compare their results.

    Raises
    ------
    RuntimeError
        If creditlab or the base fails, or a side counted other digits than the base.
    """
    measures = out / "creditlab/measures.csv"

    def afresh(name: str) -> None:
        shutil.rmtree(out / name, ignore_errors=True)

    def own_afresh() -> None:
        afresh("creditlab")
        measures.parent.mkdir(parents=True)

    commands = {
        INGEST: ([CREDITLAB, "--workspace", str(workspace), "ingest"], lambda: forget(workspace)),
        MEASURE: (measure_command(workspace, measures), own_afresh),
    }
    for peer in chosen:
        peer.prepare()
        commands[peer.title] = (
            peer.command(workspace, out / peer.name),
            lambda name=peer.name: afresh(name),  # type: ignore[misc]
        )
    optional = [peer.title for peer in chosen if peer.name != BASE]
    costs = alternate(commands, times, optional)
    subprocess.run([PYTHON, "-m", "benchmarks.own", str(workspace), str(measures.parent)], check=True)
    ran = ["creditlab", *(peer.name for peer in chosen if peer.title in costs and peer.name != BASE)]
    for name in ran:
        found = differences(out / BASE, out / name)
        if found:
            raise RuntimeError(f"{name} and {BASE} counted otherwise, {len(found)} times: {'; '.join(found[:5])}")
    say(f"the results of {len(ran) + 1} sides agree")
    whole = {OWN_TITLE: costs[INGEST].and_then(costs[MEASURE])}
    return whole | costs


def side_by_side(
    place: Place, records: int, times: int, names: list[str] | None, options: list[str], *, is_kept: bool
) -> None:
    """Make the data, run all sides, write the page and the picture."""
    chosen = peers(names)
    workspace, out = place.folder / f"province-{records}", place.folder / f"results-{records}"
    make_data(workspace, records, *options)
    costs = compete(workspace, out, chosen, times)
    shutil.rmtree(out)
    if not is_kept:
        shutil.rmtree(workspace)
    base = next(peer.title for peer in chosen if peer.name == BASE)
    picture = place.docs / "benchmarks.svg"
    picture.write_text(_picture(costs, chosen, records), encoding="utf-8")
    failed = [peer.title for peer in chosen if peer.title not in costs]
    text = (
        f"{records:,} synthetic records in Parquet deliveries; whole processes from start to end; median of {times}, "
        f"run in alternation. {machine()}\n\n![Seconds of each side](benchmarks.svg)\n\n{table(costs, base)}\n\n"
        f"creditlab's two commands are the first line together and the next two apart. The sides that do the same work "
        f"found the same digits in every figure and group; the others found the same counts where they look for the "
        f"same fault."
    )
    if failed:
        text += f"\n\nDid not come to an end: {', '.join(failed)}."
    write_section(place.page, "Side by side", text)
    note = (
        "Times mean little without what was done in them. DuckDB's, Polars' and pandas' scripts were written by hand "
        "for this one record schema; creditlab read its rules from the catalogue."
    )
    write_section(place.page, "What each side does", f"{note}\n\n{work_table(chosen)}")


def _picture(costs: dict[str, Cost], chosen: list[Peer], records: int) -> str:
    kinds = {OWN_TITLE: "own"} | {peer.title: "whole" if peer.is_whole else "part" for peer in chosen}
    rows = [
        Bar(name, costs[name].wall, f"{costs[name].wall:.1f} s, {costs[name].peak / 1024:.1f} GiB", kind)
        for name, kind in kinds.items()
        if name in costs
    ]
    subtitle = f"Seconds on the clock and peak memory, {records:,} synthetic records, whole processes, median"
    return bars("Check, keep and measure a delivery", subtitle, rows, _LEGEND)
