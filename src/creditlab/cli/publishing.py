"""Publish the reports of a period."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditlab.cli.answer import Answer, Commands, now, opened
from creditlab.errors import CodeError, ExitStatus
from creditlab.terms import Audience, Language

if TYPE_CHECKING:
    from datetime import date, datetime

    from creditlab.periods import Period
    from creditlab.reports.series import Outcome
    from creditlab.workspace import Workspace

CHANGED = ".changed"


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    publish = command("publish", _publish, "publish the reports of a period")
    publish.add_argument("--period", required=True)
    publish.add_argument("--as-of", help="the day whose state is reported (default: today)")
    publish.add_argument("--audience", required=True, choices=[str(one) for one in Audience])
    publish.add_argument("--language", choices=[str(one) for one in Language], help="default: the workspace's")
    publish.add_argument("--report", action="append", help="a report's name; may be repeated (default: the usual)")
    publish.add_argument("--department", action="append", help="for reports that each department has one of: whose")
    publish.add_argument("--unit", action="append", help="for reports that each reporting unit has one of: whose")
    publish.add_argument("--subject", action="append", help="for the page about an organisation: its credit code")
    publish.add_argument("--card", action="append", help="for the page about a scorecard: its name (default: released)")
    publish.add_argument("--notebook", type=Path, help="an analyst's own notebook, instead of the listed reports")
    publish.add_argument("--all", action="store_true", help="the whole set of the quarter, in both languages")
    publish.add_argument("--jobs", type=int, help="with --all: how many run at a time (default: one per processor)")
    publish.add_argument("--again", action="store_true", help="with --all: also what stands there unchanged")
    publish.add_argument("--log", type=Path, help="with --all: a file that gets one JSON line a step")


def _publish(chosen: argparse.Namespace) -> Answer:
    from creditlab.errors import ParameterError
    from creditlab.periods import parse_date, parse_period
    from creditlab.reports import publish

    workspace = opened(chosen)
    moment = now().astimezone(workspace.time_zone)
    refuse_changed_code(workspace, Audience(chosen.audience), code_version())
    if chosen.notebook and chosen.report:
        raise ParameterError("a notebook of one's own is on no list", where="--report", do="Leave it out.")
    if chosen.all:
        return _publish_all(chosen, workspace, moment)
    done = publish(
        workspace,
        period=parse_period(chosen.period),
        as_of=parse_date(chosen.as_of) if chosen.as_of else moment.date(),
        audience=Audience(chosen.audience),
        language=Language(chosen.language) if chosen.language else workspace.language,
        reports=chosen.report,
        now=moment,
        code_version=code_version(),
        departments=chosen.department,
        units=chosen.unit,
        subjects=chosen.subject,
        cards=chosen.card,
        own=chosen.notebook,
        note=_progress,
    )
    said = [{"report": one.report, "revision": one.revision, "folder": str(one.folder)} for one in done]
    return Answer(
        {"published": said}, "".join(f"{one['report']} r{one['revision']}: {one['folder']}\n" for one in said)
    )


def _publish_all(chosen: argparse.Namespace, workspace: Workspace, moment: datetime) -> Answer:
    from creditlab.errors import ParameterError
    from creditlab.periods import parse_date, parse_period

    if chosen.department or chosen.unit or chosen.subject or chosen.card or chosen.notebook:
        raise ParameterError("the whole set has all of them", where="--all", do="Name --report instead.")
    as_of = parse_date(chosen.as_of) if chosen.as_of else moment.date()
    outcomes = publish_set(
        chosen, workspace, moment, parse_period(chosen.period), as_of,
        languages=[Language(chosen.language)] if chosen.language else list(Language), reports=chosen.report,
        again=chosen.again,
    )  # fmt: skip
    said = [asdict(one) | {"steps": [name for name, _ in one.steps]} for one in outcomes]
    counted = Counter(one.state for one in outcomes)
    text = ", ".join(f"{count} {state}" for state, count in sorted(counted.items())) + "\n"
    failed = [f"failed: {one.report} {one.language}: {one.error}\n" for one in outcomes if one.state == "failed"]
    absent = [f"not there: {one.report}: {one.error}\n" for one in outcomes if one.state == "not_there"]
    status = ExitStatus.INTERNAL if failed else ExitStatus.DONE
    return Answer({"published": said, "counts": dict(counted)}, "".join([*absent, *failed]) + text, status)


def publish_set(
    chosen: argparse.Namespace,
    workspace: Workspace,
    moment: datetime,
    period: Period,
    as_of: date,
    *,
    languages: Sequence[Language] = tuple(Language),
    reports: list[str] | None = None,
    again: bool = False,
) -> list[Outcome]:
    """Publish a period's set of reports, telling each step to a person and to the log that was chosen."""
    from contextlib import ExitStack

    from creditlab.errors import ParameterError
    from creditlab.reports.making import Note
    from creditlab.reports.series import json_lines, publish_series

    if chosen.jobs is not None and chosen.jobs < 1:
        raise ParameterError("at least one report runs at a time", where="--jobs")
    with ExitStack() as stack:
        notes: list[Note] = [_progress]
        if chosen.log:
            file = stack.enter_context(chosen.log.open("a", encoding="utf-8", buffering=1))
            notes.append(json_lines(file.write, lambda: now().astimezone(workspace.time_zone)))

        def tell(step: str, about: Mapping[str, Any]) -> None:
            for one in notes:
                one(step, about)

        return publish_series(
            workspace, period=period, as_of=as_of, audience=Audience(chosen.audience), languages=languages,
            reports=reports, now=moment, code_version=code_version(), jobs=chosen.jobs, again=again, note=tell,
        )  # fmt: skip


def _progress(step: str, about: Mapping[str, Any]) -> None:
    """A line for a person: what is done, of how many."""
    if "of" in about:
        place = f"{about['done']} of {about['of']}"
        sys.stderr.write(f"{place}  {about['report']} {about['language']}: {step}, {about['seconds']} s\n")
    elif step != "published":
        sys.stderr.write(f"  {about['report']}: {step.replace('_', ' ')}. {about.get('what', '')}\n")


def refuse_changed_code(workspace: Workspace, audience: Audience, version: str) -> None:
    """Refuse to publish with code that is in no commit: nobody could compute the figures again.

    Made-up data are nobody's figures, and what stays in the institution is no publication; both say what they were made
    with.
    """
    if version.endswith(CHANGED) and audience is not Audience.INTERNAL and not workspace.is_synthetic:
        raise CodeError(
            "the code is not that of its commit", where=version, do="Commit or undo the changes, then publish again."
        )


def code_version() -> str:
    """The package's version, with the commit of a checkout and a mark where it was changed."""
    import subprocess
    from importlib.metadata import version

    root = Path(__file__).resolve().parents[3]
    number = version("creditlab")
    if not (root / ".git").exists():
        return number

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(root), *words], capture_output=True, text=True, check=False
        ).stdout.strip()

    commit = git("rev-parse", "--short=12", "HEAD")
    is_changed = bool(git("status", "--porcelain", "--", "src", "notebooks", "uv.lock"))
    return f"{number}+{commit}{CHANGED if is_changed else ''}" if commit else number
