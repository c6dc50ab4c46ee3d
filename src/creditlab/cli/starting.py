"""Begin a workspace: an empty one, or a synthetic province."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab.cli.answer import Answer, Commands, now
from creditlab.errors import ParameterError

if TYPE_CHECKING:
    from creditlab.synth import FileFormat, Parameters


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    command("init", _init, "make an empty workspace").add_argument("folder", type=Path)
    synth = command("synth", _synth, "fill the workspace with a synthetic province")
    synth.add_argument("--records", type=int, help="records that happen in all")
    synth.add_argument("--seed", type=int, help="the same seed makes the same province")
    synth.add_argument("--preset", help="large: 100,000,000 records unless told otherwise, 2,900,000 enterprises")
    synth.add_argument("--into", default="inbox", help="inbox (the default), or lake: as if ingest had taken it in")
    synth.add_argument("--format", help="how deliveries are written: csv (the default) or parquet")
    synth.add_argument(
        "--next-day", action="store_true", help="add the next day's deliveries (100,000 records) instead"
    )
    synth.add_argument("--threads", type=int, default=0, help="as many as there are processors, unless told otherwise")


def _init(chosen: argparse.Namespace) -> Answer:
    from creditlab.workspace import make_workspace

    folder = make_workspace(chosen.folder)
    return Answer({"workspace": str(folder)}, f"An empty workspace: {folder}\n")


def _synth(chosen: argparse.Namespace) -> Answer:
    from creditlab.synth import load_parameters, write_workspace

    if chosen.next_day:
        return _next_day(chosen)
    if chosen.into not in {"inbox", "lake"}:
        raise ParameterError("a place for deliveries is unknown", where="--into", do="Choose among inbox, lake.")
    parameters = load_parameters(None, records=chosen.records, seed=chosen.seed, preset=chosen.preset)
    if chosen.into == "lake":
        return _synth_lake(chosen, parameters)
    write_workspace(chosen.workspace, parameters, file_format=_file_format(chosen), threads=_threads(chosen))
    return Answer({"workspace": str(chosen.workspace)}, f"A synthetic province: {chosen.workspace}\n")


def _synth_lake(chosen: argparse.Namespace, parameters: Parameters) -> Answer:
    from creditlab.synth import write_lake

    if chosen.format is not None:
        raise ParameterError("what goes into a lake is in no file", where="--format", do="Leave it out.")
    counts = asdict(write_lake(chosen.workspace, parameters, now=now(), threads=_threads(chosen)))
    said = f"A synthetic province, in its lake: {chosen.workspace}, {counts['accepted']:,} records\n"
    return Answer({"workspace": str(chosen.workspace)} | counts, said)


def _next_day(chosen: argparse.Namespace) -> Answer:
    from creditlab.synth import add_day

    for option in ("seed", "preset"):
        if getattr(chosen, option) is not None:
            raise ParameterError("a day is made as its province was", where=f"--{option}", do="Leave it out.")
    count = 100_000 if chosen.records is None else chosen.records
    added = add_day(chosen.workspace, records=count, file_format=_file_format(chosen), threads=_threads(chosen))
    return Answer(
        {"day": added.day.isoformat(), "deliveries": added.deliveries, "rows": added.rows},
        f"{added.day}: {added.deliveries:,} deliveries with {added.rows:,} rows\n",
    )


def _file_format(chosen: argparse.Namespace) -> FileFormat:
    from creditlab.synth import FileFormat

    try:
        return FileFormat(chosen.format or FileFormat.CSV)
    except ValueError as error:
        known = ", ".join(FileFormat)
        raise ParameterError("a file format is unknown", where="--format", do=f"Choose among {known}.") from error


def _threads(chosen: argparse.Namespace) -> int:
    if chosen.threads < 0:
        raise ParameterError("a number of threads is below 0", where="--threads")
    return chosen.threads or len(os.sched_getaffinity(0))
