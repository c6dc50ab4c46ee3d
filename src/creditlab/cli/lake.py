"""The lake's books: look at them, check them, keep their files in order."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from creditlab.cli.answer import Answer, Commands, opened
from creditlab.errors import ExitStatus, NoDataError, ParameterError

if TYPE_CHECKING:
    from creditlab.lake import Lake
    from creditlab.workspace import Workspace

#: What the engine may hold in memory while the books are verified; what is more goes to temporary files.
_VERIFY_MEMORY = "4GB"


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    lake = command("lake", _lake, "look at the lake's books, check them, and keep its files in order")
    lake.add_argument("step", choices=list(_LAKE_STEPS))
    lake.add_argument("--keep-days", type=int, help="compact: how long files stay that left a table (default: 7)")


def _lake(chosen: argparse.Namespace) -> Answer:
    from creditlab.lake import Lake

    if chosen.keep_days is not None and (chosen.step != "compact" or chosen.keep_days < 0):
        raise ParameterError("--keep-days is a number of days, for compact", do="See creditlab lake --help.")
    workspace = opened(chosen)
    return _LAKE_STEPS[chosen.step](chosen, workspace, Lake(workspace.lake))


def _lake_history(chosen: argparse.Namespace, workspace: Workspace, lake: Lake) -> Answer:
    from creditlab.lake.files import table_sizes

    runs = lake.runs().to_pylist()
    if not runs:
        raise NoDataError("nothing has been ingested yet", do="Run creditlab ingest.")
    sizes = {name: asdict(size) for name, size in table_sizes(lake).items()}
    lines = [
        f"run {row['run_no']:>6}  {row['committed_at']:%Y-%m-%d %H:%M}  {row['command']}: "
        f"{row['delivered']:,} delivered, {row['accepted']:,} accepted, {row['quarantined']:,} quarantined\n"
        for row in runs
    ]
    lines += [
        f"{name:<24} {size['rows']:>14,} rows {size['files']:>8,} files {size['bytes']:>16,} bytes\n"
        for name, size in sizes.items()
    ]
    return Answer({"runs": runs, "tables": sizes}, "".join(lines))


def _lake_compact(chosen: argparse.Namespace, workspace: Workspace, lake: Lake) -> Answer:
    from creditlab import engine
    from creditlab.lake.compaction import KEEP_DAYS, MEMORY, compact

    if not lake.exists:
        raise NoDataError("nothing has been ingested yet", do="Run creditlab ingest.")
    with engine.connect(folders=[workspace.lake], memory=workspace.engine_memory or MEMORY) as backend:
        done = compact(lake, backend, keep_days=KEEP_DAYS if chosen.keep_days is None else chosen.keep_days)
    lines = [
        f"{name:<24} {one.files_before:>8,} files -> {one.files_after:>6,}  {one.rows:>14,} rows  "
        f"{one.dropped:,} dropped, {one.discarded:,} old files deleted\n"
        for name, one in done.items()
    ]
    return Answer({"tables": {name: asdict(one) for name, one in done.items()}}, "".join(lines))


def _lake_verify(chosen: argparse.Namespace, workspace: Workspace, lake: Lake) -> Answer:
    from creditlab import engine
    from creditlab.books import as_lines, as_result, verify_lake

    with engine.connect(folders=[workspace.lake], memory=workspace.engine_memory or _VERIFY_MEMORY) as backend:
        found = verify_lake(workspace, backend)
    status = ExitStatus.DONE if found.is_whole else ExitStatus.REFUSED
    return Answer(as_result(found), "".join(as_lines(found)), status)


def _lake_migrate(chosen: argparse.Namespace, workspace: Workspace, lake: Lake) -> Answer:
    from creditlab.lake.migration import migrate

    done = migrate(lake)
    text = f"format version {done.after}, " + ("nothing to do" if done.before == done.after else f"was {done.before}")
    return Answer(asdict(done), text + "\n")


_LAKE_STEPS: dict[str, Callable[[argparse.Namespace, Workspace, Lake], Answer]] = {
    "history": _lake_history,
    "compact": _lake_compact,
    "verify": _lake_verify,
    "migrate": _lake_migrate,
}
