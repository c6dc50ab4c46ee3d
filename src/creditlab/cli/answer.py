"""What every command has: its place in the parser, the workspace it works on, and its answer."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Protocol

from creditlab.errors import ExitStatus, ParameterError
from creditlab.terms import Purpose

if TYPE_CHECKING:
    from creditlab.access import Asking
    from creditlab.workspace import Workspace


@dataclass(frozen=True)
class Answer:
    """What a command has to say: one object for scripts, lines for people, and its exit status."""

    result: dict[str, Any]
    text: str
    status: ExitStatus = ExitStatus.DONE


class Parser(argparse.ArgumentParser):
    """Wrong use ends like every other user's mistake."""

    def error(self, message: str) -> Any:
        """Raise instead of printing usage."""
        raise ParameterError(message.splitlines()[0], do=f"See {self.prog} --help.")


class Commands(Protocol):
    """Adds a command to the parser: its name, what runs it, and its line in the help."""

    def __call__(self, name: str, run: Callable[[argparse.Namespace], Answer], text: str) -> argparse.ArgumentParser:
        """The command's own parser, for its arguments."""
        ...


def steps_of(command: argparse.ArgumentParser) -> Commands:
    """Give a command steps of its own, each with its arguments; returns what adds one."""
    steps = command.add_subparsers(dest="step", required=True, metavar="STEP", parser_class=Parser)
    common = Parser(add_help=False)
    common.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object")

    def step(name: str, run: Callable[[argparse.Namespace], Answer], text: str) -> argparse.ArgumentParser:
        added = steps.add_parser(name, help=text, description=text, parents=[common])
        added.set_defaults(run=run)
        return added

    return step


def opened(chosen: argparse.Namespace) -> Workspace:
    """The workspace that a command works on."""
    from creditlab.workspace import open_workspace

    return open_workspace(chosen.workspace)


def add_purpose(command: argparse.ArgumentParser, *, required: bool = False) -> None:
    """Let a command be told what it looks subjects up for."""
    command.add_argument(
        "--purpose",
        choices=[str(one) for one in Purpose],
        required=required,
        help="what it is looked up for, as the access log has it"
        + ("" if required else " (default: the workspace's, or what the command is for)"),
    )


def purpose_of(chosen: argparse.Namespace, workspace: Workspace, own: Purpose) -> Asking:
    """What a command looks subjects up for; `own` where neither it nor the workspace says."""
    from creditlab.access import ask

    return ask(workspace, chosen.purpose, chosen.command, own)


def now() -> datetime:
    """The moment it is; every other module is told it."""
    return datetime.now(UTC)


def today(workspace: Workspace) -> date:
    """The day it is where the workspace is."""
    return now().astimezone(workspace.time_zone).date()


def progress(what: str) -> Callable[[int, int], None]:
    """A line on standard error that counts, where a person watches."""
    if not sys.stderr.isatty():
        return lambda done, total: None

    def show(done: int, total: int) -> None:
        if done % 50 == 0 or done == total:
            sys.stderr.write(f"\r{done:,} of {total:,} {what}" + ("\n" if done == total else ""))
            sys.stderr.flush()

    return show
