"""Look the installation and a workspace over."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from creditlab.cli.answer import Answer, Commands, now
from creditlab.errors import ExitStatus


def register(command: Commands) -> None:
    """Add the command to the parser."""
    command("doctor", _doctor, "check this installation and the workspace, and say what to do")


def _doctor(chosen: argparse.Namespace) -> Answer:
    from creditlab.doctor import Status, examine

    found = list(examine(chosen.workspace, now()))
    failed, warned = (sum(one.status is status for one in found) for status in (Status.FAIL, Status.WARN))
    said = f"{len(found)} checks: {failed} failed, {warned} to look at\n"
    result = {"checks": [asdict(one) for one in found], "failed": failed, "warned": warned}
    text = "".join(f"{one.as_line()}\n" for one in found) + said
    return Answer(result, text, ExitStatus.REFUSED if failed else ExitStatus.DONE)
