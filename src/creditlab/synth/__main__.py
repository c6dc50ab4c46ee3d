"""`python -m creditlab.synth OUT`: write the synthetic province that ships with the package."""

from __future__ import annotations

import argparse
from pathlib import Path

from creditlab.synth import load_parameters, write_workspace


def main() -> None:
    """Read the folder and, if given, another file of parameters; write the workspace."""
    parser = argparse.ArgumentParser(prog="python -m creditlab.synth", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parameters", type=Path, default=None)
    parser.add_argument("--records", type=int, default=None)
    parser.add_argument("--seed", type=int, default=None)
    chosen = parser.parse_args()
    write_workspace(chosen.folder, load_parameters(chosen.parameters, records=chosen.records, seed=chosen.seed))


if __name__ == "__main__":
    main()
