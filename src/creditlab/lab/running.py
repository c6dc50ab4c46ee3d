"""Run JupyterLab on a workspace until its user ends it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable

from creditlab.lab.folder import prepare
from creditlab.lab.settings import FIRST_PAGE, HERE, arguments, write_settings
from creditlab.scratch import scratch
from creditlab.terms import Language
from creditlab.workspace import Workspace


def run_lab(
    workspace: Workspace,
    *,
    port: int,
    language: Language,
    is_browser_opened: bool,
    is_root_allowed: bool,
    say: Callable[[str], object],
) -> int:
    """Start JupyterLab and wait for its end; returns its status.

    Parameters
    ----------
    port
        On this machine; where it is taken, nothing is started.
    language
        The page's language, until its user chooses another.
    is_browser_opened
        Whether the user's browser is opened; else the address is only said.
    is_root_allowed
        Whether the system's administrator may run it.
    say
        Is told the address.
    """
    folder, token = prepare(workspace), secrets.token_urlsafe(32)
    with scratch() as settings:
        given = arguments(folder, port, is_browser_opened=is_browser_opened, is_root_allowed=is_root_allowed)
        environment = {**os.environ, **write_settings(settings, token, language)}
        say(f"http://{HERE}:{port}{FIRST_PAGE}?token={token}\nNotebooks: {folder}\nEnd it with Ctrl+C.\n")
        return subprocess.run([sys.executable, "-m", "jupyterlab", *given], env=environment, check=False).returncode
