"""Readers' sessions: a kernel each, a folder that holds what its reader may see, and a cap on how many there are."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from creditlab.reports.page import safe_json
from creditlab.serving.given import GIVEN, content_file
from creditlab.wholefile import new_private_file, write_whole

#: What a kernel's environment keeps of the server's: where programs and texts are found, nothing of the workspace.
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "VIRTUAL_ENV", "SYSTEMROOT")


@dataclass
class Session:
    """One reader at one page: whose it is, since when."""

    reader: str
    began: float = field(default_factory=time.monotonic)


class Sessions:
    """The sessions there are.

    Parameters
    ----------
    folder
        A private folder: each session gets one below it, named like its kernel.
    cap
        How many there may be at a time.
    """

    def __init__(self, folder: Path, cap: int) -> None:
        self.folder, self.cap = folder, cap
        self._sessions: dict[str, Session] = {}
        self._held = 0

    def __len__(self) -> int:
        return len(self._sessions)

    def __contains__(self, kernel_id: str) -> bool:
        return kernel_id in self._sessions

    @property
    def is_full(self) -> bool:
        """Whether no further reader gets a session now."""
        return len(self._sessions) + self._held >= self.cap

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep a place while a session begins: many may come at once."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    def age(self, kernel_id: str) -> float:
        """How many seconds ago a session began; 0 where there is none."""
        one = self._sessions.get(kernel_id)
        return time.monotonic() - one.began if one else 0.0

    def kernels(self) -> list[str]:
        """The kernels of the sessions."""
        return list(self._sessions)

    def begin(self, kernel_id: str, reader: str, language: str, period: str, contents: Mapping[str, Any]) -> None:
        """Hand a kernel what its reader may see; it has waited for that."""
        place = self.folder / kernel_id
        place.mkdir(mode=0o700)
        for label, content in contents.items():
            with new_private_file(place / content_file(label), "w") as file:
                file.write(safe_json({**content, "language": language}))
        given = {"language": language, "period": period, "periods": list(contents), "kernel": kernel_id}
        write_whole(place / GIVEN, json.dumps(given), is_private=True)
        self._sessions[kernel_id] = Session(reader)

    def is_of(self, kernel_id: str, reader: str) -> bool:
        """Whether a session is this reader's."""
        one = self._sessions.get(kernel_id)
        return one is not None and one.reader == reader

    def end(self, kernel_id: str) -> None:
        """Forget a session, and remove what it was given."""
        self._sessions.pop(kernel_id, None)
        shutil.rmtree(self.folder / kernel_id, ignore_errors=True)


def kernel_environment(home: Path, given: Mapping[str, str]) -> dict[str, str]:
    """The environment of a kernel: what it needs to run, and what Voilà tells it.

    Parameters
    ----------
    home
        The private folder of the server; a kernel's own files go there, not into its user's.
    given
        What Voilà would start it with: all of the server's environment, and what it adds.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    added = {name: value for name, value in given.items() if name == "VOILA_PREHEAT"}
    own = {"HOME": str(home), "IPYTHONDIR": str(home / "ipython"), "JUPYTER_CONFIG_DIR": str(home / "config")}
    return {**kept, **added, **own, "PYTHONNOUSERSITE": "1", "PYTHONSAFEPATH": "1", "PYTHONUTF8": "1"}
