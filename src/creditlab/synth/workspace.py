"""Write a synthetic province as a workspace."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path

import numpy as np

from creditlab.errors import WorkspaceError
from creditlab.profiles.publication import DEFAULT_RULES
from creditlab.synth.chunks import Chunk, Province, each_chunk, make_province
from creditlab.synth.deliveries import FileFormat, Line, make_deliveries
from creditlab.synth.editions import write_catalogue
from creditlab.synth.inbox import make_folders, write_deliveries, write_manifest
from creditlab.synth.ledger import write_ledger
from creditlab.synth.methodology import write_methodology
from creditlab.synth.parameters import Parameters
from creditlab.synth.register import write_register
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
publication = "publication.toml"
lake = "lake"
reports = "reports"

[engine]
url = "duckdb://"

[calendar]
country = "CN"

[report]
language = "en"
"""


def write_workspace(
    folder: Path, parameters: Parameters, *, file_format: FileFormat = FileFormat.CSV, threads: int = 1
) -> None:
    """Write a synthetic province: catalogue, register, ledger and six quarters of deliveries.

    Parameters
    ----------
    folder
        An empty or missing folder, a workspace without data, or a synthetic workspace, whose data are then replaced. An
        existing `creditlab.toml` is kept, but for `synthetic = true`, which it gets.
    parameters
        The province's named numbers; the same ones always give the same bytes. They are written to province.toml.
    file_format
        How the deliveries are written.
    threads
        Chunks of the province that are made at the same time; they change nothing but the time it takes.

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
    workspace, province = begin(folder, parameters)
    make_folders(workspace.inbox, province.schedule.day)

    def write(chunk: Chunk) -> tuple[list[Line], np.ndarray]:
        made = make_deliveries(province, chunk, file_format)
        write_deliveries(workspace.inbox, made, parameters)
        return made.all_lines, made.happened

    happened = np.zeros((len(province.schedule.streams), len(province.schedule.days)), dtype=np.int64)
    lines: list[Line] = []
    for chunk, (written, counts) in each_chunk(province, write, threads):
        lines += written
        happened[chunk.streams] += counts
    write_manifest(workspace.inbox, lines)
    write_ledger(workspace.ledger, province, happened)


def begin(folder: Path, parameters: Parameters) -> tuple[Workspace, Province]:
    """Write what does not come out of the chunks."""
    workspace = _prepare(folder)
    province = make_province(parameters)
    (folder / "province.toml").write_text(parameters.text, encoding="utf-8", newline="\n")
    write_catalogue(workspace.catalogue)
    write_methodology(workspace.methodologies)
    if workspace.publication is not None:
        workspace.publication.write_text(DEFAULT_RULES.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")
    write_register(workspace.subjects, province.register, parameters)
    return workspace, province


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
