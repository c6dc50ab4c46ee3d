"""What creditlab counted, in the form in which the peers write it: read from the lake, after the timed runs.

python -m benchmarks.own WORKSPACE OUTPUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.comparing import AS_OF, PERIOD
from creditlab import engine
from creditlab.lake import read_inputs
from creditlab.measures import delivery_counts, fault_counts
from creditlab.periods import parse_date, parse_period
from creditlab.workspace import open_workspace


def write_totals(workspace: Path, output: Path) -> None:
    """Write how many records have each fault, and the outcomes of the delivered rows."""
    period, as_of = parse_period(PERIOD), parse_date(AS_OF)
    with engine.connect(folders=[workspace / "lake"]) as backend:
        inputs = read_inputs(open_workspace(workspace), backend)
        faults = backend.to_pyarrow(fault_counts(inputs, period, as_of, ())).to_pylist()
        counts = backend.to_pyarrow(delivery_counts(inputs, period, as_of, ())).to_pylist()[0]
    totals = {one["fault"]: one["record_count"] for one in faults}
    totals |= {name: counts[name] for name in ("accepted", "repeated", "quarantined")}
    output.mkdir(parents=True, exist_ok=True)
    (output / "totals.json").write_text(json.dumps(totals), encoding="utf-8")


if __name__ == "__main__":
    write_totals(Path(sys.argv[1]), Path(sys.argv[2]))
