"""Serve the dashboard of a workspace until it is ended."""

from __future__ import annotations

import json
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

from creditlab.access import Viewer, read_roles
from creditlab.errors import ParameterError
from creditlab.reports.listing import notebooks_folder
from creditlab.scratch import scratch
from creditlab.serving.given import SESSIONS
from creditlab.serving.readers import Readers
from creditlab.serving.server import HERE, NOTEBOOK, Served, Settings, make_server
from creditlab.serving.sessions import Sessions
from creditlab.serving.shown import Shown
from creditlab.terms import Audience, Language, NamesFrom
from creditlab.workspace import Workspace

#: What the bearer of the server's own token is called in the access log.
OWN_ROLE = "dashboard"
#: A token that somebody chose himself has to be as hard to guess as one that is drawn.
SHORTEST_TOKEN = 32


def run_dashboard(
    workspace: Workspace,
    settings: Settings,
    *,
    audience: Audience,
    language: Language,
    token_file: Path | None,
    say: Callable[[str], object],
) -> None:
    """Start the server and wait for its end.

    Parameters
    ----------
    settings
        Its port, its pool, its cap.
    audience
        For whom figures are protected that the bearer of the server's own token sees.
    language
        The page's, until a reader chooses the other.
    token_file
        Has the server's own token; None for one that is drawn at random.
    say
        Is told the address.

    Raises
    ------
    ParameterError
        If the port is taken, or the token can't be used.
    """
    token = _token(token_file)
    roles = read_roles(workspace)
    _refuse_taken(settings.port)
    with scratch() as folder:
        (folder / SESSIONS).mkdir(mode=0o700)
        _copy_notebook(folder / NOTEBOOK)
        served = Served(
            workspace, Shown(workspace), Readers(workspace, token, Viewer(OWN_ROLE, audience)),
            Sessions(folder / SESSIONS, settings.cap), language, settings.port,
        )  # fmt: skip
        server = make_server(folder, settings, served)
        address = f"http://{HERE}:{settings.port}{settings.base_url}"
        is_own = not len(roles) and workspace.names is not NamesFrom.PROXY and token_file is None
        say(f"{address}{f'?token={token}' if is_own else ''}\nEnd it with Ctrl+C.\n")
        server.start()


def _token(path: Path | None) -> str:
    if path is None:
        return secrets.token_urlsafe(32)
    try:
        token = path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise ParameterError("the token's file can't be read", where="--token-file") from error
    if len(token) < SHORTEST_TOKEN or not token.isascii() or path.stat().st_mode & 0o007:
        do = f"At least {SHORTEST_TOKEN} characters, in a file of your own: openssl rand -hex 32; chmod 600."
        raise ParameterError("the token can't be used", where="--token-file", do=do)
    return token


def _refuse_taken(port: int) -> None:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind((HERE, port))
        except OSError as error:
            raise ParameterError("the port is taken", where="--port", do="Choose another one.") from error


def _copy_notebook(path: Path) -> None:
    """The notebook that is served: the project's own, with our one kernel; no other is ever run."""
    notebook = json.loads((notebooks_folder() / NOTEBOOK).read_text("utf-8"))
    notebook["metadata"]["kernelspec"] = {"name": "creditlab", "display_name": "creditlab", "language": "python"}
    path.write_text(json.dumps(notebook), encoding="utf-8")
