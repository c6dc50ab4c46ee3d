"""Write a synthetic province as a workspace."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import numpy as np

from creditlab.errors import WorkspaceError
from creditlab.periods import month_of
from creditlab.synth.days import day_of, official_calendar
from creditlab.synth.definitions import ItemPlan, plans
from creditlab.synth.editions import write_catalogue, write_lines
from creditlab.synth.events import Records, make_records, make_rows
from creditlab.synth.inbox import write_inbox
from creditlab.synth.parameters import Parameters
from creditlab.synth.register import make_register, write_register
from creditlab.synth.schedule import Schedule, make_schedule
from creditlab.terms import CoverageBasis
from creditlab.workspace import CONFIGURATION, Workspace, open_workspace

_CONFIGURATION_TEXT = """# SYNTHETIC DATA: made by `creditlab synth` from province.toml. It describes nobody.
[workspace]
title_en = "Hebei, synthetic sample"
title_zh = "河北省（合成样例）"
synthetic = true

[paths]
catalogue = "catalogue"
inbox = "inbox"
ledger = "ledger.csv"
subjects = "subjects.csv"
lake = "lake"
reports = "reports"

[engine]
url = "duckdb://"

[calendar]
country = "CN"

[report]
language = "en"
"""


def write_workspace(folder: Path, parameters: Parameters) -> None:
    """Write a synthetic province: catalogue, register, ledger and six quarters of deliveries.

    Parameters
    ----------
    folder
        An empty or missing folder, a workspace without data, or a synthetic workspace, whose data are then replaced. An
        existing `creditlab.toml` is kept, but for `synthetic = true`, which it gets.
    parameters
        The province's named numbers; the same ones always give the same bytes. They are written to province.toml.

    Raises
    ------
    WorkspaceError
        If the workspace holds data that are not marked synthetic; nothing is written then.

    Notes
    -----
    All names say that they are samples, and no credit code can be a real subject's. Natural persons (Article 4) are
    sole traders only, by synthetic credit codes; no resident number is ever made.

    Examples
    --------
    >>> import tempfile
    >>> from creditlab.synth import load_parameters
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_workspace(Path(folder), load_parameters(records=500))
    ...     (Path(folder) / "inbox" / "manifest.csv").exists()
    True
    """
    workspace = _prepare(folder)
    rng = np.random.default_rng(parameters.volume.seed)
    calendar = official_calendar()
    items = plans()
    register = make_register(parameters, rng)
    schedule = make_schedule(items, parameters, calendar, rng)
    records = make_records(items, schedule, register, parameters, calendar, rng)
    rows = make_rows(records, schedule, rng)
    (folder / "province.toml").write_text(parameters.text, encoding="utf-8", newline="\n")
    write_catalogue(workspace.catalogue)
    write_register(workspace.subjects, register, parameters)
    _write_ledger(workspace.ledger, items, schedule, records)
    write_inbox(workspace.inbox, items, schedule, rows, records, register, parameters, rng)


def _prepare(folder: Path) -> Workspace:
    """Make sure that the folder may be written to, and mark it synthetic."""
    path = folder / CONFIGURATION
    if not path.exists():
        if folder.is_dir() and any(one for one in folder.iterdir() if not one.name.startswith(".")):
            raise WorkspaceError("the folder is not empty and is no workspace", do="Choose an empty folder.")
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(_CONFIGURATION_TEXT, encoding="utf-8", newline="\n")
        return open_workspace(folder)
    workspace = open_workspace(folder)
    if workspace.is_synthetic:
        shutil.rmtree(workspace.inbox, ignore_errors=True)
        return workspace
    _refuse_real(workspace)
    text = path.read_text(encoding="utf-8-sig")
    if "workspace" in tomllib.loads(text):
        lines = [line for line in text.splitlines() if not line.strip().startswith("synthetic")]
        at = next(number for number, line in enumerate(lines) if line.strip().startswith("[workspace]"))
        text = "\n".join([*lines[: at + 1], "synthetic = true", *lines[at + 1 :]]) + "\n"
    else:
        text = _CONFIGURATION_TEXT[: _CONFIGURATION_TEXT.index("[paths]")] + text
    path.write_text(text, encoding="utf-8", newline="\n")
    return open_workspace(folder)


def _refuse_real(workspace: Workspace) -> None:
    for path in (workspace.inbox / "manifest.csv", workspace.subjects, workspace.ledger):
        if path.exists() and len(path.read_bytes().splitlines()) > 1:
            raise WorkspaceError(
                "the workspace holds data that are not synthetic", where=path.name, do="Choose an empty folder."
            )
    if workspace.lake.is_dir() and any(workspace.lake.iterdir()):
        raise WorkspaceError("the workspace has a lake that is not synthetic", do="Choose an empty folder.")


def _write_ledger(path: Path, items: list[ItemPlan], schedule: Schedule, records: Records) -> None:
    """What departments say that they produced: everything that happened, sent or not."""
    months = [month_of(day_of(int(day))).label for day in schedule.days]
    labels = sorted(set(months))
    of_day = np.zeros(int(schedule.days.max()) + 1, dtype=np.int64)
    of_day[schedule.days] = [labels.index(label) for label in months]
    cell = records.stream * len(labels) + of_day[records.day]
    counts = np.bincount(cell, minlength=len(schedule.streams) * len(labels)).reshape(-1, len(labels))
    rows = []
    for stream, numbers in zip(schedule.streams, counts.tolist(), strict=True):
        plan = items[stream.item]
        if plan.basis is CoverageBasis.LEDGER:
            rows += [
                [plan.code, stream.department, stream.region, label, str(number)]
                for label, number in zip(labels, numbers, strict=True)
                if number
            ]
    write_lines(path, ("item_code", "department", "region_code", "month", "declared_count"), rows)
