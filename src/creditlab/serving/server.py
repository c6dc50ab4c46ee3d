"""Voilà, set so that it serves one notebook to the readers of one workspace, and does nothing else."""

from __future__ import annotations

import asyncio
import logging
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from jupyter_core.utils import ensure_async
from jupyter_server.log import log_request
from traitlets.config import Config
from voila.app import Voila

from creditlab.access import Asking
from creditlab.reports.page import STYLE, TEMPLATES
from creditlab.serving.handlers import NotFound, OwnChannel, OwnFile, OwnKernel, Page, Program, State
from creditlab.serving.kernels import OneKernel, ReaderKernels
from creditlab.serving.readers import Reader, ReaderIdentity, Readers
from creditlab.serving.sessions import Sessions
from creditlab.serving.shown import Content, Shown
from creditlab.terms import Language, Purpose

if TYPE_CHECKING:
    from creditlab.workspace import Workspace

HERE = "127.0.0.1"
NOTEBOOK = "dashboard.ipynb"
_OWN_TEMPLATES = Path(__file__).with_name("templates")
_KERNEL_ID = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
#: The extensions of Voilà's program that the page needs: widgets, and those that bring their own program.
_EXTENSIONS = ["@voila-dashboards/widgets-manager8", "@jupyter-widgets/jupyterlab-manager", "anywidget"]
#: A socket's name has 107 bytes; the file's own, below the folder, takes the rest.
_LONGEST = 40
#: What makes a page is given so many seconds to end when the server ends.
_ENDED_BY = 1.0
_SHARE = Path(sys.prefix) / "share" / "jupyter"
_LABEXTENSIONS = [str(_SHARE / "labextensions"), str(_SHARE / "voila" / "labextensions")]


@dataclass(frozen=True)
class Settings:
    """How the server is set.

    Attributes
    ----------
    port
        On this machine.
    pool
        Kernels that are started ahead.
    cap
        Sessions at a time.
    idle
        Seconds after which a session is ended in which nobody did anything.
    hosts
        Names beside this machine's own under which a proxy asks.
    base_url
        Where the page is, below the proxy's address.
    """

    port: int
    pool: int = 2
    cap: int = 10
    idle: int = 1800
    hosts: tuple[str, ...] = ()
    base_url: str = "/"


@dataclass
class Served:
    """What the answers rest on."""

    workspace: Workspace
    shown: Shown
    readers: Readers
    sessions: Sessions
    language: Language
    port: int
    notebook: str = NOTEBOOK
    files: Mapping[str, Path] = field(default_factory=dict)
    kernels: Any = None

    def note(self, reader: Reader, contents: Mapping[str, Content]) -> None:
        """Note in the access log who begins to look, and at what.

        Raises
        ------
        AccessLogError
            If it can't be noted; then nothing may be shown.
        """
        asking = Asking(self.workspace.purpose or Purpose.ANALYSIS, "dashboard", viewer=reader.viewer)
        cells = sum(len(one["cells"]) for one in contents.values())
        run_no = max(one["served"]["run_no"] for one in contents.values())
        asking.note_view(self.workspace, "dashboard", " ".join(contents), cells, run_no)


class DashboardServer(Voila):
    """Voilà with our own way in, our own page and kernels, and none of its routes that we don't need."""

    served: Served
    #: No configuration file of the machine, the user or the working folder goes before what is set here.
    config_file_paths: ClassVar[list[str]] = []

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """Nothing is read."""

    def setup_template_dirs(self) -> None:
        """One template, which asks no other site for anything."""
        base = Path(self.data_dir) / "templates" / "base"
        self.template_paths = [str(_OWN_TEMPLATES / "voila" / "creditlab")]
        self.static_paths = [str(base / "static")]

    def init_settings(self) -> dict[str, Any]:
        """Voilà's settings, narrowed to this machine, our readers and the same origin."""
        settings: dict[str, Any] = super().init_settings()
        self.served.kernels = self.kernel_manager
        return settings | {
            "served": self.served,
            "allow_remote_access": False,
            "local_hostnames": ["localhost", *self.served_hosts],
            "allow_origin": "",
            "allow_origin_pat": "",
            "allow_credentials": False,
            "allow_unauthenticated_access": False,
            "disable_check_xsrf": False,
            "default_handler_class": NotFound,
            "websocket_compression_options": None,
            # It leaves tokens out of the log.
            "log_function": partial(log_request, record_prometheus_metrics=False),
        }

    served_hosts: tuple[str, ...] = ()

    def init_handlers(self) -> list[Any]:
        """The page, its files, its kernel's channel; nothing that shows a folder, a file or another notebook."""
        base = self.server_url or self.base_url
        return [
            (base, Page),
            (f"{base}state", State),
            (f"{base}files/([a-z]+\\.(?:css|js))", OwnFile),
            (f"{base}api/kernels/{_KERNEL_ID}", OwnKernel),
            (f"{base}api/kernels/{_KERNEL_ID}/channels", OwnChannel),
            # Public programs, the same for everybody: Voilà's own, and its extensions'.
            (f"{base}voila/static/(.*)", Program, {"path": self.static_paths}),
            (f"{base}voila/labextensions/(.*)", Program, {"path": _LABEXTENSIONS}),
        ]

    def stop(self) -> None:
        """End what still makes pages, and all kernels, before their sockets go."""

        async def end() -> None:
            making = asyncio.all_tasks() - {asyncio.current_task()}
            for task in making:
                task.cancel()
            if making:
                await asyncio.wait(making, timeout=_ENDED_BY)
            await ensure_async(self.kernel_manager.shutdown_all(now=True))

        asyncio.get_event_loop().run_until_complete(end())
        shutil.rmtree(self.connection_dir, ignore_errors=True)


def make_server(folder: Path, settings: Settings, served: Served) -> DashboardServer:
    """The server, ready to be started; `folder` is private, and holds the notebook."""
    config = Config()
    config.Voila.update(
        ip=HERE, port=settings.port, port_retries=0, open_browser=False, base_url=settings.base_url,
        notebook_path=str(folder / NOTEBOOK), root_dir=str(folder), connection_dir_root=str(folder),
        identity_provider_class=ReaderIdentity, log_level=logging.WARNING,
    )  # fmt: skip
    config.VoilaConfiguration.update(
        template="creditlab", allow_template_override="NO", allow_theme_override="NO", strip_sources=True,
        show_tracebacks=False, preheat_kernel=True, default_pool_size=settings.pool, file_allowlist=[],
        multi_kernel_manager_class=ReaderKernels, kernel_spec_manager_class=OneKernel, http_header_envs=[],
        extension_allowlist=_EXTENSIONS, extension_denylist=[], attempt_fix_notebook=True,
    )  # fmt: skip
    config.merge(kernels_config(settings))
    # Sockets in our own folder, which nobody else enters, where their names have room for it.
    config.KernelManager.transport = "ipc" if len(str(folder)) <= _LONGEST else "tcp"
    config.VoilaKernelManager.fill_delay = 0
    config.NotebookNotary.db_file = ":memory:"
    server = DashboardServer(config=config)
    server.served, server.served_hosts = served, settings.hosts
    served.files = _own_files()
    ReaderIdentity.readers = served.readers
    server.initialize([])
    # Whose notebook it is, and that it stays the same, is our own doing; nothing is signed into the user's files.
    server.log.addFilter(lambda record: "is not trusted" not in record.getMessage())
    return server


def kernels_config(settings: Settings) -> Config:
    """How long sessions live: an unused one ends, although its page is open; a kernel that dies stays dead."""
    config = Config()
    config.ReaderKernels.update(
        cull_idle_timeout=settings.idle, cull_interval=min(60, settings.idle), cull_connected=True, cull_busy=False,
    )  # fmt: skip
    config.KernelManager.autorestart = False
    return config


def _own_files() -> dict[str, Path]:
    report = {name: TEMPLATES / name for name in (STYLE, "dashboard.css", "dashboard.js")}
    return report | {name: _OWN_TEMPLATES / name for name in ("served.css", "served.js")}
