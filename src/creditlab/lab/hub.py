"""An analyst's own server behind JupyterHub: the settings of `creditlab lab`, with the hub's address and sign-on.

The hub starts it as its user, and says by the environment who that is, where to listen, and whom to let in.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from creditlab.errors import ExtraError, ParameterError, UserError
from creditlab.lab.folder import prepare
from creditlab.lab.settings import arguments, write_settings
from creditlab.scratch import scratch
from creditlab.workspace import open_workspace

#: What is the hub's to say.
_HUBS = ("ServerApp.ip", "ServerApp.port", "ServerApp.open_browser", "ServerApp.allow_remote_access",
         "PasswordIdentityProvider.hashed_password")  # fmt: skip
#: Where an analyst's notebooks are, in his home.
NOTEBOOKS = "creditlab"


def run_single_user(workspace: Path, home: Path) -> int:
    """Run the server until the hub ends it; returns its status.

    Raises
    ------
    ExtraError
        If JupyterHub isn't installed beside creditlab.
    ParameterError
        If no hub starts it.
    """
    if "JUPYTERHUB_API_TOKEN" not in os.environ:
        do = "Name it in jupyterhub_config.py: c.Spawner.cmd; see docs/operations.md."
        raise ParameterError("the server is started by JupyterHub", do=do)
    place = open_workspace(workspace)
    folder = prepare(place, home / NOTEBOOKS)
    given = arguments(folder, 0, is_browser_opened=False, is_root_allowed=os.getuid() == 0)
    kept = [one for one in given if not one.removeprefix("--").startswith(_HUBS)]
    with scratch() as settings:
        environment = {**os.environ, **write_settings(settings, "", place.language)}
        program = [sys.executable, "-m", "jupyterhub.singleuser"]
        if subprocess.run([*program, "--version"], capture_output=True, check=False).returncode:
            raise ExtraError("JupyterHub is not installed here", do="Install jupyterhub beside creditlab.")
        return subprocess.run([*program, *kept], env=environment, check=False).returncode


def main() -> None:
    """Run it; `python -m creditlab.lab.hub WORKSPACE`."""
    if len(sys.argv) != 2:
        sys.exit("python -m creditlab.lab.hub WORKSPACE")
    try:
        status = run_single_user(Path(sys.argv[1]), Path.home())
    except UserError as error:
        sys.stderr.write(f"creditlab: {error}\n")
        status = error.exit_status
    sys.exit(status)


if __name__ == "__main__":
    main()
