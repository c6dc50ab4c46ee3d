"""Matters for coordination (Article 5): find them, list them, write what people decided."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from creditlab.cli.answer import Answer, Commands, now, opened
from creditlab.errors import ParameterError
from creditlab.terms import MatterState, ReportingLevel, UpdatePeriod

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

    from creditlab.workspace import Workspace

_COLUMNS = ("matter_id", "state", "level", "rule", "kind", "department", "item_code", "region_code", "measure")


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    matters = command("matters", _matters, "the register of problems for coordination, found by rule")
    matters.add_argument("step", choices=list(_STEPS))
    matters.add_argument("matter", nargs="?", metavar="ID", help="annotate, history: which matter")
    matters.add_argument("--period", help="update: a quarter that is over, as 2026Q3")
    matters.add_argument("--as-of", help="update: the day whose state is looked at, as 2026-10-20")
    matters.add_argument("--state", choices=list(MatterState), help="list: only these; annotate: what was decided")
    matters.add_argument("--level", choices=list(ReportingLevel), help="list: only those of a level")
    matters.add_argument("--owner", help="annotate: the role that has taken it on; no person's name")
    matters.add_argument("--note", help="annotate: what was agreed; nothing about a record or a subject")


def _matters(chosen: argparse.Namespace) -> Answer:
    from creditlab import engine

    workspace = opened(chosen)
    with engine.connect(workspace.engine_url, folders=[workspace.lake]) as backend:
        return _STEPS[chosen.step](chosen, workspace, backend)


def _update(chosen: argparse.Namespace, workspace: Workspace, backend: Backend) -> Answer:
    from creditlab.monitoring import update_matters
    from creditlab.periods import parse_date, parse_label

    period = parse_label(UpdatePeriod.QUARTER, chosen.period or "")
    if period is None or not chosen.as_of:
        raise ParameterError(
            "a quarter or a day is missing", where="--period, --as-of", do="Write --period 2026Q3 --as-of 2026-10-20."
        )
    done = update_matters(workspace, backend, period, parse_date(chosen.as_of), now())
    run = f"run {done.run_no}" if done.run_no else "nothing changed, no run"
    text = (
        f"{run}: {done.opened:,} opened, {done.returned:,} returned, {done.mended:,} mended, "
        f"{done.renewed:,} with new evidence; {done.standing:,} wait for somebody\n"
    )
    return Answer(asdict(done), text)


def _list(chosen: argparse.Namespace, workspace: Workspace, backend: Backend) -> Answer:
    from creditlab.monitoring import read_matters

    found = read_matters(workspace, backend)
    states = (chosen.state,) if chosen.state else tuple(state for state in MatterState if state != MatterState.MENDED)
    found = [row for row in found if row["state"] in states and chosen.level in (None, row["level"])]
    return Answer({"matters": found}, "".join(_lines(found)) or "no matter stands\n")


def _annotate(chosen: argparse.Namespace, workspace: Workspace, backend: Backend) -> Answer:
    from creditlab.monitoring import annotate_matter

    state = MatterState(chosen.state) if chosen.state else None
    row = annotate_matter(workspace, backend, _named(chosen), now(), state=state, owner=chosen.owner, note=chosen.note)
    return Answer({"matter": row}, f"{row['matter_id']}: {row['state']}, {row['owner']}\n")


def _history(chosen: argparse.Namespace, workspace: Workspace, backend: Backend) -> Answer:
    from creditlab.monitoring import matter_history

    rows = matter_history(workspace, backend, _named(chosen))
    lines = [
        f"run {row['run_no']:>6}  {row['moment'].astimezone(workspace.time_zone):%Y-%m-%d %H:%M}  "
        f"by {row['changed_by']}: {row['state']}, {row['owner']}; {_evidence(row)}"
        f"{'; ' + row['note'] if row['note'] else ''}\n"
        for row in rows
    ]
    return Answer({"history": rows}, "".join(lines))


def _named(chosen: argparse.Namespace) -> str:
    if not chosen.matter:
        raise ParameterError("no matter is named", where="ID", do="See creditlab matters list.")
    return str(chosen.matter)


def _lines(rows: list[dict[str, Any]]) -> list[str]:
    if not rows:
        return []
    lines = [[*_COLUMNS, "evidence", "first_seen", "owner", "note"]]
    for row in rows:
        about = [_evidence(row), str(row["first_seen"]), row["owner"], row["note"]]
        lines.append([*(row[name] for name in _COLUMNS), *about])
    return ["\t".join(line) + "\n" for line in lines]


def _evidence(row: dict[str, Any]) -> str:
    """The counts in one line: of a measure its two, of a volume what is there, what was expected and what came."""
    span = f"{row['period_start']} to {row['period_end']} as of {row['as_of']}, run {row['evidence_run']}"
    if row["low"] is None:
        return f"{row['numerator']:,} of {row['denominator']:,}, {span}"
    return (
        f"{row['numerator']:,} where {row['denominator']:,} ({row['low']:,} to {row['high']:,}) were expected, "
        f"{row['delivery_count']:,} deliveries with {row['delivered']:,} rows, {row['repeated']:,} repeated, {span}"
    )


_STEPS: dict[str, Callable[[argparse.Namespace, Workspace, Backend], Answer]] = {
    "list": _list,
    "update": _update,
    "annotate": _annotate,
    "history": _history,
}
