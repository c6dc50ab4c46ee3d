"""The command line: the contract that scripts rely on, and the only code that knows today's date.

Results go to standard output, everything else to standard error; `--json` prints one JSON object there and nothing
else. Heavy libraries are imported by the command that needs them.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditlab.errors import CreditlabError, ExitStatus, NoDataError, ParameterError, storage_error
from creditlab.terms import COUNTS, MEASUREMENT, Audience, Group, Language

if TYPE_CHECKING:
    from creditlab.lake import Lake
    from creditlab.workspace import Workspace

_GROUPS = [str(group) for group in (Group.ITEM, Group.DEPARTMENT, Group.REGION, Group.MONTH)]
_GROUP_COLUMNS = {Group.DEPARTMENT: "department", Group.REGION: "region_code"}


@dataclass(frozen=True)
class Answer:
    """What a command has to say: one object for scripts, lines for people, and its exit status."""

    result: dict[str, Any]
    text: str
    status: ExitStatus = ExitStatus.DONE


class _Parser(argparse.ArgumentParser):
    """Wrong use ends like every other user's mistake."""

    def error(self, message: str) -> Any:
        """Raise instead of printing usage."""
        raise ParameterError(message.splitlines()[0], do=f"See {self.prog} --help.")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in given
    try:
        chosen = _parser().parse_args(given)
        answer: Answer = chosen.run(chosen)
    except CreditlabError as error:
        return _fail(error, as_json=as_json)
    except KeyboardInterrupt:
        sys.stderr.write("creditlab: interrupted; nothing half done is visible\n")
        return ExitStatus.INTERNAL
    except BrokenPipeError:
        return ExitStatus.DONE
    except Exception as error:  # noqa: BLE001 - the last resort: no trace, and so no data, reaches the terminal
        full = storage_error(error, "output")
        return _fail(full, as_json=as_json) if full else _unexpected(error, as_json=as_json)
    sys.stdout.write(json.dumps(answer.result, ensure_ascii=False, default=str) + "\n" if as_json else answer.text)
    return answer.status


def _fail(error: CreditlabError, *, as_json: bool) -> int:
    if as_json:
        said = {"error": error.code, "what": error.what, "where": error.where, "do": error.do}
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    sys.stderr.write(f"creditlab: {error}\n")
    return error.exit_status


def _unexpected(error: Exception, *, as_json: bool) -> int:
    """Say where, not what: an unexpected error's own text may hold data."""
    if os.environ.get("CREDITLAB_TRACEBACK"):
        traceback.print_exc()
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    if as_json:
        sys.stdout.write(json.dumps({"error": "internal", "what": type(error).__name__, "where": where}) + "\n")
    sys.stderr.write(
        f"creditlab: internal: {type(error).__name__} [{where}]. Nothing half done is visible. "
        "Set CREDITLAB_TRACEBACK=1 for the whole trace; it may show data.\n"
    )
    return ExitStatus.INTERNAL


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False)
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object")
    parser = _Parser(prog="creditlab", description="Public-credit analytics workbench", parents=[common])
    parser.add_argument("--workspace", type=Path, default=Path(), help="the workspace's folder (default: this one)")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    def command(name: str, run: Callable[[argparse.Namespace], Answer], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text, parents=[common])
        added.set_defaults(run=run)
        return added

    command("init", _init, "make an empty workspace").add_argument("folder", type=Path)
    catalogue = command("catalogue", _catalogue, "check the catalogue, or publish an edition")
    catalogue.add_argument("step", choices=["lint", "publish"])
    catalogue.add_argument("year", type=int, nargs="?")
    intake = command("ingest", _ingest, "take in the inbox's deliveries and print the six counts")
    intake.add_argument("--watch", action="store_true", help="go on looking for new files until SIGTERM or SIGINT")
    intake.add_argument("--interval", type=float, default=10, help="seconds between two looks")
    measure = command("measure", _measure, "take the measures of a period")
    measure.add_argument("--period", required=True, help="2026Q3, 2026, 2026-08 or 2026-07-01/2026-10-01")
    measure.add_argument("--as-of", required=True, help="the day whose state is looked at, as 2026-10-20")
    measure.add_argument("--by", default="item_code,department,region", help="groups: " + ",".join(_GROUPS))
    measure.add_argument("--output", type=Path, help="an internal working file, .csv or .parquet")
    publish = command("publish", _publish, "publish the reports of a period")
    publish.add_argument("--period", required=True)
    publish.add_argument("--as-of", help="the day whose state is reported (default: today)")
    publish.add_argument("--audience", required=True, choices=[str(one) for one in Audience])
    publish.add_argument("--language", choices=[str(one) for one in Language], help="default: the workspace's")
    publish.add_argument("--report", action="append", help="a report's name; may be repeated (default: all)")
    synth = command("synth", _synth, "fill the workspace with a synthetic province")
    synth.add_argument("--records", type=int)
    synth.add_argument("--seed", type=int)
    quarantine = command("quarantine", _quarantine, "count quarantined rows, and which of them were mended")
    quarantine.add_argument("--by", default="reason", help="groups: reason, item_code, department, delivery, row")
    quarantine.add_argument("--period", help="only rows received in it")
    lake = command("lake", _lake, "look at the lake's books, check them, and keep its files in order")
    lake.add_argument("step", choices=list(_LAKE_STEPS))
    lake.add_argument("--keep-days", type=int, help="compact: how long files stay that left a table (default: 7)")
    return parser


def _open(chosen: argparse.Namespace) -> Workspace:
    from creditlab.workspace import open_workspace

    return open_workspace(chosen.workspace)


def _init(chosen: argparse.Namespace) -> Answer:
    from creditlab.workspace import make_workspace

    folder = make_workspace(chosen.folder)
    return Answer({"workspace": str(folder)}, f"An empty workspace: {folder}\n")


def _catalogue(chosen: argparse.Namespace) -> Answer:
    workspace = _open(chosen)
    if chosen.step == "publish":
        from creditlab.catalogue import publish

        if chosen.year is None:
            raise ParameterError("no year is named", do="Write creditlab catalogue publish YEAR.")
        folder = publish(workspace.catalogue, chosen.year, on=_now().astimezone(workspace.time_zone).date())
        return Answer({"published": chosen.year, "folder": str(folder)}, f"Published and sealed: {folder}\n")
    from creditlab.catalogue.findings import Severity
    from creditlab.catalogue.lint import lint

    found = lint(workspace.catalogue)
    if chosen.year is not None:
        found = [one for one in found if one.file.startswith(f"{chosen.year}/") or "/" not in one.file]
    errors = sum(one.severity is Severity.ERROR for one in found)
    lines = [
        f"{one.severity} {one.code} {one.file}{f', row {one.row}' if one.row else ''}"
        f"{f', column {one.column}' if one.column else ''}: {one.what} {one.do}\n"
        for one in found
    ]
    summary = f"{errors} errors, {len(found) - errors} warnings\n"
    result = {"errors": errors, "warnings": len(found) - errors, "findings": [asdict(one) for one in found]}
    return Answer(result, "".join(lines) + summary, ExitStatus.REFUSED if errors else ExitStatus.DONE)


def _ingest(chosen: argparse.Namespace) -> Answer:
    from creditlab.ingest import ingest

    workspace = _open(chosen)
    if chosen.watch:
        return _watch(workspace, chosen.interval)
    done = ingest(workspace, now=_now(), progress=_progress("deliveries"))
    counts = asdict(done.counts)
    said = counts | {"run_no": done.run_no, "deliveries": done.deliveries, "known": done.known, "absent": done.absent}
    run = f"run {done.run_no}" if done.run_no else "nothing new, no run"
    absent = f", {done.absent:,} announced but not there yet" if done.absent else ""
    notes = f"{run}: {done.deliveries:,} deliveries taken in, {done.known:,} known{absent}\n"
    return Answer(said, _counts_text(counts) + notes)


def _counts_text(counts: dict[str, int]) -> str:
    return "".join(f"{name:<12} {counts[name]:>12,}\n" for name in COUNTS)


def _watch(workspace: Workspace, interval: float) -> Answer:
    from time import monotonic

    from creditlab.ingest import Watch, until_told

    with until_told() as wait:
        totals = Watch(workspace, interval, _now, monotonic, wait, lambda line: sys.stderr.write(line + "\n")).run()
    said = asdict(totals)
    counts = said.pop("counts")
    notes = f"{len(totals.runs):,} runs: {totals.deliveries:,} deliveries taken in, {totals.waiting:,} still waiting\n"
    return Answer(counts | said, _counts_text(counts) + notes)


def _measure(chosen: argparse.Namespace) -> Answer:
    from creditlab import engine
    from creditlab.lake import read_inputs
    from creditlab.measures import measure
    from creditlab.periods import parse_date, parse_period
    from creditlab.workfiles import check_place, csv_bytes, write_workfile

    workspace = _open(chosen)
    period, as_of, by = parse_period(chosen.period), parse_date(chosen.as_of), _groups(chosen.by)
    if chosen.output:
        check_place(chosen.output, workspace.reports)
    with engine.connect(workspace.engine_url) as backend:
        inputs = read_inputs(workspace, backend)
        dropped = [column for group, column in _GROUP_COLUMNS.items() if group not in by]
        columns = [column for column in MEASUREMENT if column not in dropped]
        found = measure(inputs, period, as_of, by).select(*columns)
        order = [
            name for name in ("measure", "item_code", "department", "region_code", "period_start") if name in columns
        ]
        table = backend.to_pyarrow(found.order_by(order))
    if not table.num_rows:
        raise NoDataError("there is nothing to measure in the period", where=period.label)
    about = {"period": period.label, "as_of": as_of.isoformat(), "run_no": str(inputs.run_no)}
    if chosen.output:
        write_workfile(table, chosen.output, about)
        said = about | {"output": str(chosen.output), "rows": table.num_rows}
        return Answer(said, f"{table.num_rows:,} measurements written to {chosen.output} (internal)\n")
    return Answer(about | {"measurements": table.to_pylist()}, csv_bytes(table).decode())


def _groups(text: str) -> tuple[Group, ...]:
    try:
        return tuple(Group(word.strip().replace("region_code", "region")) for word in text.split(",") if word.strip())
    except ValueError as error:
        raise ParameterError("a grouping is unknown", where="--by", do=f"Choose among {', '.join(_GROUPS)}.") from error


def _publish(chosen: argparse.Namespace) -> Answer:
    from creditlab.periods import parse_date, parse_period
    from creditlab.reports import publish

    workspace = _open(chosen)
    now = _now().astimezone(workspace.time_zone)
    done = publish(
        workspace,
        period=parse_period(chosen.period),
        as_of=parse_date(chosen.as_of) if chosen.as_of else now.date(),
        audience=Audience(chosen.audience),
        language=Language(chosen.language) if chosen.language else workspace.language,
        reports=chosen.report,
        now=now,
        code_version=code_version(),
    )
    said = [{"report": one.report, "revision": one.revision, "folder": str(one.folder)} for one in done]
    return Answer(
        {"published": said}, "".join(f"{one['report']} r{one['revision']}: {one['folder']}\n" for one in said)
    )


def _synth(chosen: argparse.Namespace) -> Answer:
    from creditlab.synth import load_parameters, write_workspace

    write_workspace(chosen.workspace, load_parameters(None, records=chosen.records, seed=chosen.seed))
    return Answer({"workspace": str(chosen.workspace)}, f"A synthetic province: {chosen.workspace}\n")


def _quarantine(chosen: argparse.Namespace) -> Answer:
    from creditlab import engine
    from creditlab.periods import parse_period
    from creditlab.quarantine import QuarantineGroup, count_quarantine

    workspace = _open(chosen)
    try:
        by = [QuarantineGroup(word.strip()) for word in chosen.by.split(",") if word.strip()]
    except ValueError as error:
        known = ", ".join(QuarantineGroup)
        raise ParameterError("a grouping is unknown", where="--by", do=f"Choose among {known}.") from error
    period = parse_period(chosen.period) if chosen.period else None
    with engine.connect(workspace.engine_url) as backend:
        rows = count_quarantine(workspace, backend, by, period).to_pylist()
    for row in rows:
        if "delivered_at" in row:
            row["delivered_at"] = row["delivered_at"].astimezone(workspace.time_zone).isoformat()
    text = (
        "".join("\t".join(map(str, line)) + "\n" for line in (rows[0], *(row.values() for row in rows))) if rows else ""
    )
    return Answer({"quarantine": rows}, text or "nothing is in quarantine\n")


def _lake(chosen: argparse.Namespace) -> Answer:
    from creditlab.lake import Lake

    if chosen.keep_days is not None and (chosen.step != "compact" or chosen.keep_days < 0):
        raise ParameterError("--keep-days is a number of days, for compact", do="See creditlab lake --help.")
    workspace = _open(chosen)
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
    from creditlab.lake.compaction import KEEP_DAYS, compact

    if not lake.exists:
        raise NoDataError("nothing has been ingested yet", do="Run creditlab ingest.")
    with engine.connect() as backend:
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

    with engine.connect() as backend:
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


def code_version() -> str:
    """The package's version, with the commit of a checkout and a mark where it was changed."""
    import subprocess
    from importlib.metadata import version

    root = Path(__file__).resolve().parents[2]
    number = version("creditlab")
    if not (root / ".git").exists():
        return number

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=False
        ).stdout.strip()

    commit = git("rev-parse", "--short=12", "HEAD")
    is_changed = bool(git("status", "--porcelain", "--", "src", "notebooks", "uv.lock"))
    return f"{number}+{commit}{'.changed' if is_changed else ''}" if commit else number


def _progress(what: str) -> Callable[[int, int], None]:
    """A line on standard error that counts, where a person watches."""
    if not sys.stderr.isatty():
        return lambda done, total: None

    def show(done: int, total: int) -> None:
        if done % 50 == 0 or done == total:
            sys.stderr.write(f"\r{done:,} of {total:,} {what}" + ("\n" if done == total else ""))
            sys.stderr.flush()

    return show


def _now() -> datetime:
    return datetime.now(UTC)
