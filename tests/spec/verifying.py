"""Asking `lake verify`, of a workspace that is filled once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from creditlab import engine
from creditlab.books import Verification, verify_lake
from tests.spec.tiny import Tiny


def verified(tiny: Tiny, run_no: int | None = None) -> Verification:
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        return verify_lake(tiny.workspace, backend, run_no)


def fill_once(tiny: Tiny, shelf: Path, fill: Callable[[Tiny], None]) -> Tiny:
    """The workspace as `fill` leaves it, which only the first test of a module waits for."""
    if not shelf.exists():
        fill(tiny)
        shutil.copytree(tiny.folder, shelf)
    shutil.rmtree(tiny.folder)
    shutil.copytree(shelf, tiny.folder)
    return tiny
