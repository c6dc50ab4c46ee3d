"""python -m tests.reference WORKSPACE --period 2026Q3 --as-of 2026-10-20 --by item_code"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from datetime import date
from pathlib import Path

from tests.reference.days import parse_period
from tests.reference.measures import measure
from tests.reference.rules import ingest


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.reference")
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--period", required=True)
    parser.add_argument("--as-of", required=True, type=date.fromisoformat)
    parser.add_argument("--by", default="item_code,department,region_code")
    options = parser.parse_args()
    state = ingest(options.workspace)
    sys.stdout.write(json.dumps(state.counts(), indent=1) + "\n")
    start, end = parse_period(options.period)
    rows = measure(state, start, end, options.as_of, options.by.split(","))
    writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]) if rows else ["measure"])
    writer.writeheader()
    writer.writerows(rows)


if __name__ == "__main__":
    main()
