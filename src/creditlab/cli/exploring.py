"""Look around: JupyterLab on the workspace."""

from __future__ import annotations

import argparse
import sys

from creditlab.cli.answer import Answer, Commands, opened
from creditlab.errors import ExitStatus, ParameterError
from creditlab.terms import Language


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    lab = command("lab", _lab, "open JupyterLab on the workspace, for this machine's user only")
    lab.add_argument("--port", type=int, default=8888, help="the port on this machine (default: 8888)")
    lab.add_argument("--language", choices=[str(one) for one in Language], help="default: the workspace's")
    lab.add_argument("--no-browser", action="store_true", help="say the address instead of opening it")
    lab.add_argument("--allow-root", action="store_true", help="run it as the system's administrator, too")


def _lab(chosen: argparse.Namespace) -> Answer:
    from creditlab.lab.running import run_lab

    workspace = opened(chosen)
    if not 1024 <= chosen.port <= 65535:
        raise ParameterError("the port is out of range", where="--port", do="Choose one from 1024 to 65535.")
    status = run_lab(
        workspace,
        port=chosen.port,
        language=Language(chosen.language) if chosen.language else workspace.language,
        is_browser_opened=not chosen.no_browser,
        is_root_allowed=chosen.allow_root,
        say=sys.stderr.write,
    )
    return Answer({"status": status}, "", ExitStatus.DONE if status == 0 else ExitStatus.INTERNAL)
