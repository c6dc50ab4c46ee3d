"""Two years of deliveries, simulated: how many files a lake has, what compaction rewrites, what a question opens.

python -m benchmarks.years [--parameters benchmarks/years.toml] [--docs docs]

Nothing is written but the numbers: each day's runs add files to the months that their rows are about, and every few
days compaction puts the files of a month together, by the rules of `creditlab.lake.compaction`.
"""

from __future__ import annotations

import argparse
import math
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.registry import ROOT
from creditlab.lake.compaction import FILE_ROWS

BEGIN, END = "<!-- years: begin -->", "<!-- years: end -->"
_MONTH_DAYS = 365.25 / 12


@dataclass
class Part:
    """The files of one month of a table: those of a full size, and those that came since."""

    rows: float = 0
    whole: int = 0
    small: int = 0

    @property
    def files(self) -> int:
        return self.whole + self.small


@dataclass
class Table:
    """A table in parts: records by months of events, payloads by their format."""

    bytes_a_row: float
    parts: dict[int, Part] = field(default_factory=dict)
    left: list[tuple[int, int, float]] = field(default_factory=list)
    rewritten: float = 0

    def append(self, month: int, rows: float, files: int) -> None:
        one = self.parts.setdefault(month, Part())
        one.rows += rows
        one.small += files

    def compact(self, day: int) -> None:
        """Rewrite every month that has got files, as compaction does: all of it, into files of FILE_ROWS."""
        for one in self.parts.values():
            if one.small:
                self.left.append((day, one.files, one.rows * self.bytes_a_row))
                self.rewritten += one.rows * self.bytes_a_row
                one.whole, one.small = max(math.ceil(one.rows / FILE_ROWS), 1), 0

    def discard(self, day: int, keep_days: int) -> None:
        self.left = [one for one in self.left if one[0] + keep_days > day]

    @property
    def files(self) -> int:
        return sum(one.files for one in self.parts.values())

    @property
    def size(self) -> float:
        return sum(one.rows for one in self.parts.values()) * self.bytes_a_row

    @property
    def kept(self) -> float:
        """Bytes of files that left the table and are still on disk."""
        return sum(one[2] for one in self.left)


@dataclass(frozen=True)
class Quarter:
    """The lake at a quarter's end."""

    name: str
    entries: float
    files: int
    most_files: int
    size: float
    on_disk: float
    rewritten: float
    opened: int
    seconds: float


def simulate(chosen: dict[str, Any]) -> Iterator[Quarter]:
    """Go through the days; one result a quarter."""
    province, lake, cluster = chosen["province"], chosen["lake"], chosen["cluster"]
    records = Table(lake["entry_bytes"])
    payloads = Table(lake["payload_bytes"])
    most, rewritten = 0, 0.0
    for day in range(1, province["days"] + 1):
        month = int((day - 1) / _MONTH_DAYS)
        for back, share in enumerate(province["months_back"]):
            rows = province["records_a_day"] * province["entries_a_record"] * share
            # A run writes one file for each month that its rows are about.
            records.append(month - back, rows, lake["ingest_runs_a_day"])
        for number in range(province["data_formats"]):
            rows = province["records_a_day"] * province["payload_rows_a_record"] / province["data_formats"]
            payloads.append(number, rows, lake["ingest_runs_a_day"])
        most = max(most, records.files + payloads.files)
        if day % lake["compact_every_days"] == 0:
            records.compact(day)
            # A format's payload rows lie in one part, which is written again as a whole.
            payloads.compact(day)
        for one in (records, payloads):
            one.discard(day, lake["keep_days"])
        if day % 91 == 0 or day == province["days"]:
            asked = [one for number, one in records.parts.items() if month - 2 <= number <= month]
            rows, opened = sum(one.rows for one in asked), sum(one.files for one in asked)
            cores = cluster["executors"] * cluster["cores_an_executor"]
            seconds = (rows / 1e6 * cluster["cpu_seconds_a_million"] + opened * cluster["open_seconds"]) / cores
            size = records.size + payloads.size
            done = records.rewritten + payloads.rewritten
            yield Quarter(
                f"day {day}", sum(one.rows for one in records.parts.values()), records.files + payloads.files, most,
                size, size + records.kept + payloads.kept, done - rewritten, opened, seconds,
            )  # fmt: skip
            most, rewritten = 0, done


def page(chosen: dict[str, Any]) -> str:
    """The table for the documents."""
    province, lake = chosen["province"], chosen["lake"]
    lines = [
        f"{province['deliveries_a_day']:,} deliveries and {province['records_a_day']:,} records a day, "
        f"{lake['ingest_runs_a_day']} runs a day, compacted every {lake['compact_every_days']} days, as "
        "[benchmarks/years.toml](../benchmarks/years.toml) says. Written by `python -m benchmarks.years`.",
        "",
        "| at | entries | files | most files before | lake, TB | on disk, TB | rewritten in the quarter, TB "
        "| files that a quarter's measures open | their seconds on the cluster |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for one in simulate(chosen):
        lines.append(
            f"| {one.name} | {one.entries / 1e9:.2f} bn | {one.files:,} | {one.most_files:,} | {one.size / 1e12:.2f} "
            f"| {one.on_disk / 1e12:.2f} | {one.rewritten / 1e12:.2f} | {one.opened:,} | {one.seconds:,.0f} |"
        )
    return "\n".join(lines)


def write_between(path: Path, begin: str, end: str, text: str) -> None:
    """Put a text between two marks of a page."""
    whole = path.read_text(encoding="utf-8")
    head, rest = whole.split(begin)
    path.write_text(f"{head}{begin}\n{text}\n{end}{rest.split(end)[1]}", encoding="utf-8")


def main() -> None:
    """Read the parameters, simulate, write."""
    parser = argparse.ArgumentParser(prog="benchmarks.years", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--parameters", type=Path, default=Path(__file__).with_suffix(".toml"))
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where scale.md is")
    given = parser.parse_args()
    text = page(tomllib.loads(given.parameters.read_text(encoding="utf-8")))
    write_between(given.docs / "scale.md", BEGIN, END, text)
    print(text)


if __name__ == "__main__":
    main()
