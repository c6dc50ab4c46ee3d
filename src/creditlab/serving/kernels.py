"""The kernels of readers: one kind, which keeps itself offline, with nothing of the server's surroundings."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from creditlab.serving.sessions import Sessions, kernel_environment

KERNEL = "creditlab"
#: A page that is open has connected with its kernel by then, in seconds, however slow its line.
_CONNECTED_BY = 60.0


class OneKernel(KernelSpecManager):
    """Knows one kernel, whatever is installed on the machine or for its user."""

    def find_kernel_specs(self) -> dict[str, str]:
        """Its name; it needs no folder."""
        return {KERNEL: ""}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """How it is started."""
        if kernel_name != KERNEL:
            raise NoSuchKernel(kernel_name)
        return KernelSpec(
            argv=[sys.executable, "-m", "creditlab.lab.kernel", "-f", "{connection_file}"],
            display_name="creditlab", language="python", metadata={"debugger": False},
        )  # fmt: skip

    def get_all_specs(self) -> dict[str, Any]:
        """The one there is."""
        return {KERNEL: {"resource_dir": "", "spec": self.get_kernel_spec(KERNEL).to_dict()}}


class ReaderKernels(AsyncMappingKernelManager):
    """Starts kernels without the server's environment, and forgets a session with its kernel."""

    @property
    def sessions(self) -> Sessions:
        """The readers' sessions."""
        server: Any = self.parent
        found: Sessions = server.served.sessions
        return found

    async def start_kernel(self, **kwargs: Any) -> str:  # type: ignore[override]
        """Start a kernel whose environment names neither the workspace nor its user's folders."""
        kwargs["env"] = kernel_environment(Path(self.root_dir), kwargs.get("env") or {})
        return str(await super().start_kernel(**kwargs))

    async def shutdown_kernel(self, kernel_id: str, *args: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """End a kernel, and its session."""
        try:
            await ensure_async(super().shutdown_kernel(kernel_id, *args, **kwargs))
        finally:
            self.sessions.end(kernel_id)

    async def next_waiting(self, notebook: str) -> tuple[Any, list[str], str]:
        """The next kernel that waits for a reader: what makes its page, as much of it as is ready, and its number."""
        pool: Any = self
        while True:
            if not pool.get_pool_size(notebook):
                pool.fill_if_needed(delay=0, notebook_name=notebook)
            task, ready, kernel_id = await pool.get_rendered_notebook(notebook_name=notebook)
            if await ensure_async(self.get_kernel(kernel_id).is_alive()):
                return task, ready, kernel_id
            # One that died while it waited is nobody's.
            task.cancel()
            await self.shutdown_kernel(kernel_id, now=True)

    async def is_living(self, kernel_id: str) -> bool:
        """Whether a session's kernel lives; one that died is taken away with its session."""
        if kernel_id not in self or kernel_id not in self.sessions:
            self.sessions.end(kernel_id)
            return False
        if await ensure_async(self.get_kernel(kernel_id).is_alive()):
            return True
        await self.shutdown_kernel(kernel_id, now=True)
        return False

    async def make_room(self) -> None:
        """Where all places are taken: end sessions whose kernel died, or whose page is closed or has no program."""
        for kernel_id in self.sessions.kernels():
            is_living = await self.is_living(kernel_id)
            if is_living and not self.connections(kernel_id) and self.sessions.age(kernel_id) > _CONNECTED_BY:
                await self.shutdown_kernel(kernel_id, now=True)

    def connections(self, kernel_id: str) -> int:
        """How many pages are connected with a kernel."""
        return int(self._kernel_connections.get(kernel_id, 0))
