"""creditlab beside its peers, and how it grows. Writes its tables and its picture into docs/.

python -m benchmarks [--records 1000000] [--times 3] [--only NAME,NAME]
python -m benchmarks --scale [--smaller 10000000] [--larger 100000000] [--steps start,csv,tiny,smaller,larger]
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from benchmarks.registry import ROOT
from benchmarks.scale import STEPS, Sizes, scale
from benchmarks.side_by_side import Place, side_by_side


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--times", type=int, default=3, help="runs of each side; the median counts")
    parser.add_argument("--folder", type=Path, default=Path.home() / ".cache/creditlab-benchmarks", help="for the data")
    parser.add_argument("--docs", type=Path, default=ROOT / "docs", help="where the page and the picture are written")
    parser.add_argument("--records", type=int, default=1_000_000, help="side by side: how many")
    parser.add_argument("--only", help="side by side: these peers, by their scripts' names, and the base")
    for name in ("items", "departments", "units", "months"):
        parser.add_argument(f"--{name}", type=int, help="side by side: how many, instead of the size's usual number")
    parser.add_argument("--scale", action="store_true", help="the scale runs instead")
    parser.add_argument("--smaller", type=int, default=10_000_000, help="scale: records of the smaller size")
    parser.add_argument("--larger", type=int, default=100_000_000, help="scale: records of the larger size")
    parser.add_argument("--csv", type=int, default=1_000_000, help="scale: records in CSV deliveries")
    parser.add_argument("--tiny", type=int, default=10_000, help="scale: deliveries of ten records")
    parser.add_argument("--steps", help=f"scale: some of {','.join(STEPS)}")
    parser.add_argument("--keep", action="store_true", help="keep the data that was made")
    chosen = parser.parse_args()
    scratch = chosen.folder.resolve() / "scratch"
    for folder in (scratch, chosen.docs):
        folder.mkdir(parents=True, exist_ok=True)
    # What a killed run leaves lies where the disk was looked at, and is cleared away here.
    os.environ["TMPDIR"] = str(scratch)
    place = Place(chosen.folder.resolve(), chosen.docs.resolve())
    if chosen.scale:
        steps = chosen.steps.split(",") if chosen.steps else None
        if steps and set(steps) - set(STEPS):
            parser.error(f"--steps: choose among {','.join(STEPS)}")
        sizes = Sizes(chosen.smaller, chosen.larger, chosen.csv, chosen.tiny, chosen.times, chosen.keep)
        scale(place, sizes, steps)
        return
    given = {name: getattr(chosen, name) for name in ("items", "departments", "units", "months")}
    options = [word for name, value in given.items() if value for word in (f"--{name}", str(value))]
    names = chosen.only.split(",") if chosen.only else None
    side_by_side(place, chosen.records, chosen.times, names, options, is_kept=chosen.keep)


if __name__ == "__main__":
    main()
