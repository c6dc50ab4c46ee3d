"""Publish the reports of a period."""

from __future__ import annotations

import argparse
from pathlib import Path

from creditlab.cli.answer import Answer, Commands, now, opened
from creditlab.terms import Audience, Language


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    publish = command("publish", _publish, "publish the reports of a period")
    publish.add_argument("--period", required=True)
    publish.add_argument("--as-of", help="the day whose state is reported (default: today)")
    publish.add_argument("--audience", required=True, choices=[str(one) for one in Audience])
    publish.add_argument("--language", choices=[str(one) for one in Language], help="default: the workspace's")
    publish.add_argument("--report", action="append", help="a report's name; may be repeated (default: the usual)")
    publish.add_argument("--department", action="append", help="for reports that each department has one of: whose")
    publish.add_argument("--subject", action="append", help="for the page about an organisation: its credit code")


def _publish(chosen: argparse.Namespace) -> Answer:
    from creditlab.periods import parse_date, parse_period
    from creditlab.reports import publish

    workspace = opened(chosen)
    moment = now().astimezone(workspace.time_zone)
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
        subjects=chosen.subject,
    )
    said = [{"report": one.report, "revision": one.revision, "folder": str(one.folder)} for one in done]
    return Answer(
        {"published": said}, "".join(f"{one['report']} r{one['revision']}: {one['folder']}\n" for one in said)
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
    return f"{number}+{commit}{'.changed' if is_changed else ''}" if commit else number
