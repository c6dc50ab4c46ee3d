"""How JupyterLab is set: on the command line, where no configuration file of the machine or the user goes before it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from jupyter_core.paths import jupyter_config_dir

from creditlab.terms import Language
from creditlab.wholefile import new_private_file

KERNEL = "creditlab"
HERE = "127.0.0.1"
#: What is opened first.
START = "START.md"
FIRST_PAGE = f"/lab/tree/{START}"
#: A shell; programs that look at code as it is written, which answer without asking who it is; and Voilà, which runs a
#: notebook whose address is opened, and a link that somebody sent would be enough.
_LEFT_OUT = {"jupyter_server_terminals": False, "jupyter_lsp": False, "voila.server_extension": False}
_PARTS_LEFT_OUT = (
    "@voila-dashboards/jupyterlab-preview",
    "@jupyterlab/lsp-extension",
    "@jupyterlab/fileeditor-extension:language-server",
    "@jupyterlab/notebook-extension:language-server",
)


def arguments(folder: Path, port: int, *, is_browser_opened: bool, is_root_allowed: bool) -> list[str]:
    """What JupyterLab is started with; the token is in its own settings, where nobody else on the machine reads it.

    Parameters
    ----------
    folder
        The folder that it shows; nothing outside of it.
    port
        On this machine only.
    is_browser_opened
        Whether the user's browser is opened.
    is_root_allowed
        Whether the system's administrator may run it.
    """
    given = {
        # Who reaches it: this machine, with the token, from its own page.
        "ServerApp.ip": HERE,
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "PasswordIdentityProvider.hashed_password": "",
        "ServerApp.allow_unauthenticated_access": False,
        "ServerApp.allow_remote_access": False,
        "ServerApp.allow_origin": "",
        "ServerApp.allow_origin_pat": "",
        "ServerApp.allow_credentials": False,
        "ServerApp.disable_check_xsrf": False,
        # What can be done with it: notebooks with our kernel; no shell.
        "ServerApp.terminals_enabled": False,
        "ServerApp.root_dir": str(folder),
        "KernelSpecManager.ensure_native_kernel": False,
        "MultiKernelManager.default_kernel_name": KERNEL,
        "ContentsManager.allow_hidden": False,
        # It asks nobody for news, updates or extensions.
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "LabApp.news_url": "None",
        "LabApp.extension_manager": "readonly",
        "LabApp.default_url": FIRST_PAGE,
        "ServerApp.open_browser": is_browser_opened,
        "ServerApp.allow_root": is_root_allowed,
        # What the user has arranged on the page stays where it always is.
        "LabApp.user_settings_dir": str(Path(jupyter_config_dir()) / "lab" / "user-settings"),
        "LabApp.workspaces_dir": str(Path(jupyter_config_dir()) / "lab" / "workspaces"),
    }
    return [f"--{name}={value}" for name, value in given.items()]


def overrides(language: Language) -> dict[str, dict[str, object]]:
    """What the page itself is set to, until its user sets it otherwise."""
    return {
        "@jupyterlab/translation-extension:plugin": {"locale": "zh_CN" if language is Language.ZH_CN else "en"},
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
        "@jupyterlab/extensionmanager-extension:plugin": {"enabled": False},
        # Light or dark, as the user's system is.
        "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
        # A page that is read opens as it is read.
        "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    }


def write_settings(folder: Path, token: str, language: Language) -> dict[str, str]:
    """Write the kernel, the token and the page's settings into a private folder; returns the environment that names it.

    Without a token who is let in is somebody else's to say: JupyterHub's.

    It stands in the place of the user's own configuration, which could undo the rest. The one kernel there is keeps
    itself offline (`creditlab.lab.kernel`).
    """
    kernel, config = folder / "share" / "kernels" / KERNEL, folder / "config"
    kernel.mkdir(parents=True)
    about = {
        "argv": [sys.executable, "-m", "creditlab.lab.kernel", "-f", "{connection_file}"],
        "display_name": "creditlab",
        "language": "python",
        "metadata": {"debugger": False},
    }
    (kernel / "kernel.json").write_text(json.dumps(about), encoding="utf-8")
    (config / "labconfig").mkdir(parents=True)
    (config / "labconfig" / "default_setting_overrides.json").write_text(
        json.dumps(overrides(language)), encoding="utf-8"
    )
    (config / "labconfig" / "page_config.json").write_text(
        json.dumps({"disabledExtensions": dict.fromkeys(_PARTS_LEFT_OUT, True)}), encoding="utf-8"
    )
    own: dict[str, dict[str, object]] = {
        **({"IdentityProvider": {"token": token}} if token else {}),
        "ServerApp": {"jpserver_extensions": _LEFT_OUT},
        "KernelSpecManager": {"allowed_kernelspecs": [KERNEL]},
    }
    for name in ("jupyter_server_config.json", "jupyter_lab_config.json"):
        with new_private_file(config / name, "w") as file:
            json.dump(own, file)
    return {"JUPYTER_PATH": str(folder / "share"), "JUPYTER_CONFIG_DIR": str(config)}
