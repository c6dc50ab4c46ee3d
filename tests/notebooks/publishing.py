"""Publish the real notebook over the made-up report: one line of it is exchanged, the import."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from creditlab.periods import parse_period
from creditlab.reports import Published, publish
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace, open_workspace

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
REAL_IMPORT = "from creditlab.reports import quarterly"
MADE_UP_IMPORT = "from tests.notebooks import made_up as quarterly"
NOW = datetime(2026, 10, 20, 9, 30, tzinfo=UTC)


def make_workspace(folder: Path) -> Workspace:
    """An empty workspace that says that its data are synthetic."""
    folder.mkdir(parents=True)
    (folder / "creditlab.toml").write_text(
        '[workspace]\ntitle_en = "Example Province"\ntitle_zh = "示例省"\nsynthetic = true\n', encoding="utf-8"
    )
    return open_workspace(folder)


def make_notebooks(folder: Path, cells: dict[str, str] | None = None) -> Path:
    """The project's notebooks and their list, over the made-up report; `cells` exchanges further sources."""
    shutil.copytree(NOTEBOOKS, folder, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    edit_notebook(folder, {REAL_IMPORT: MADE_UP_IMPORT, **(cells or {})})
    return folder


def edit_notebook(folder: Path, cells: dict[str, str]) -> None:
    """Exchange whole lines of the quarterly report's cells."""
    path = folder / "quarterly_report.ipynb"
    notebook = json.loads(path.read_text("utf-8"))
    for before, after in cells.items():
        found = [cell for cell in notebook["cells"] if before in "".join(cell["source"]).split("\n")]
        if len(found) != 1:
            raise LookupError(before)
        found[0]["source"] = "".join(found[0]["source"]).replace(before, after)
    path.write_text(json.dumps(notebook), encoding="utf-8")


@contextmanager
def tests_importable() -> Iterator[None]:
    """Let a kernel import `tests`."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = str(ROOT)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def publish_made_up(workspace: Workspace, notebooks: Path, **changes: Any) -> list[Published]:
    """Publish 2026Q3 for the public in English, unless changed."""
    arguments = {
        "period": parse_period("2026Q3"),
        "as_of": date(2026, 10, 20),
        "audience": Audience.PUBLIC,
        "language": Language.EN,
        "now": NOW,
        "code_version": "0123abc",
        "notebooks": notebooks,
        **changes,
    }
    with tests_importable():
        return publish(workspace, **arguments)
