"""Look around: JupyterLab on the workspace, and the dashboard for those who coordinate."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from creditlab.cli.answer import Answer, Commands, opened
from creditlab.errors import ExitStatus, ParameterError
from creditlab.terms import Audience, Language


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    lab = command("lab", _lab, "open JupyterLab on the workspace, for this machine's user only")
    lab.add_argument("--port", type=int, default=8888, help="the port on this machine (default: 8888)")
    lab.add_argument("--language", choices=[str(one) for one in Language], help="default: the workspace's")
    lab.add_argument("--no-browser", action="store_true", help="say the address instead of opening it")
    lab.add_argument("--allow-root", action="store_true", help="run it as the system's administrator, too")
    dashboard = command("dashboard", _dashboard, "serve the published dashboard, on this machine")
    dashboard.add_argument("--port", type=int, default=8866, help="the port on this machine (default: 8866)")
    dashboard.add_argument(
        "--audience", choices=[str(one) for one in Audience], default=str(Audience.GOVERNMENT),
        help="for whom, where the workspace has no roles (default: government)",
    )  # fmt: skip
    dashboard.add_argument("--language", choices=[str(one) for one in Language], help="default: the workspace's")
    dashboard.add_argument("--sessions", type=int, default=10, help="readers at a time (default: 10)")
    dashboard.add_argument("--pool", type=int, default=2, help="kernels that wait for a reader (default: 2)")
    dashboard.add_argument("--idle", type=int, default=30, help="minutes until an unused session ends (default: 30)")
    dashboard.add_argument("--token-file", type=Path, help="has the token (default: one is drawn at random)")
    dashboard.add_argument("--host-name", action="append", default=[], help="a name under which a proxy asks")
    dashboard.add_argument("--base-url", default="/", help="where a proxy has the page, as /dashboard/")


def _lab(chosen: argparse.Namespace) -> Answer:
    from creditlab.lab.running import run_lab

    workspace = opened(chosen)
    _refuse_port(chosen.port)
    status = run_lab(
        workspace,
        port=chosen.port,
        language=Language(chosen.language) if chosen.language else workspace.language,
        is_browser_opened=not chosen.no_browser,
        is_root_allowed=chosen.allow_root,
        say=sys.stderr.write,
    )
    return Answer({"status": status}, "", ExitStatus.DONE if status == 0 else ExitStatus.INTERNAL)


def _dashboard(chosen: argparse.Namespace) -> Answer:
    from creditlab.serving.running import run_dashboard
    from creditlab.serving.server import Settings

    workspace = opened(chosen)
    _refuse_port(chosen.port)
    for name, most in (("sessions", 500), ("pool", 50), ("idle", 1440)):
        if not 1 <= getattr(chosen, name) <= most:
            raise ParameterError("a number is out of range", where=f"--{name}", do=f"Choose one from 1 to {most}.")
    run_dashboard(
        workspace,
        Settings(
            chosen.port, chosen.pool, chosen.sessions, chosen.idle * 60, tuple(chosen.host_name),
            "/" + chosen.base_url.strip("/") + "/" * bool(chosen.base_url.strip("/")),
        ),
        audience=Audience(chosen.audience),
        language=Language(chosen.language) if chosen.language else workspace.language,
        token_file=chosen.token_file,
        say=sys.stderr.write,
    )  # fmt: skip
    return Answer({"status": 0}, "")


def _refuse_port(port: int) -> None:
    if not 1024 <= port <= 65535:
        raise ParameterError("the port is out of range", where="--port", do="Choose one from 1024 to 65535.")
