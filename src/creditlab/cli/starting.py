"""Begin a workspace: an empty one, or a synthetic province."""

from __future__ import annotations

import argparse
from pathlib import Path

from creditlab.cli.answer import Answer, Commands


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    command("init", _init, "make an empty workspace").add_argument("folder", type=Path)
    synth = command("synth", _synth, "fill the workspace with a synthetic province")
    synth.add_argument("--records", type=int)
    synth.add_argument("--seed", type=int)


def _init(chosen: argparse.Namespace) -> Answer:
    from creditlab.workspace import make_workspace

    folder = make_workspace(chosen.folder)
    return Answer({"workspace": str(folder)}, f"An empty workspace: {folder}\n")


def _synth(chosen: argparse.Namespace) -> Answer:
    from creditlab.synth import load_parameters, write_workspace

    write_workspace(chosen.workspace, load_parameters(None, records=chosen.records, seed=chosen.seed))
    return Answer({"workspace": str(chosen.workspace)}, f"A synthetic province: {chosen.workspace}\n")
