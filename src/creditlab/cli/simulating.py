"""Try a draft of the catalogue on what was delivered."""

from __future__ import annotations

import argparse

from creditlab.cli.answer import Answer, opened, today
from creditlab.cli.measuring import parse_groups


def add_arguments(step: argparse.ArgumentParser) -> None:
    """Add what the step takes to its parser."""
    step.add_argument("year", type=int)
    step.add_argument("--period", help="what it is tried on (default: the year before)")
    step.add_argument("--as-of", help="the day whose state is looked at (default: today)")
    step.add_argument("--by", default="department", help="groups: item_code,department,region,month")


def run(chosen: argparse.Namespace) -> Answer:
    """Measure the period by the published editions and by the draft."""
    from creditlab import engine
    from creditlab.catalogue.reading import build_edition, folder_of, read_edition
    from creditlab.periods import parse_date, parse_period
    from creditlab.simulation import compared, simulate
    from creditlab.workfiles import csv_bytes

    workspace = opened(chosen)
    draft = build_edition(read_edition(folder_of(workspace.catalogue, chosen.year)))
    period = parse_period(chosen.period or str(chosen.year - 1))
    as_of = parse_date(chosen.as_of) if chosen.as_of else today(workspace)
    by = parse_groups(chosen.by)
    # Rows are judged again, as ingest does: the embedded engine's work, whatever the workspace names.
    with engine.connect(folders=[workspace.lake], as_written=True) as backend:
        found = simulate(workspace, backend, draft, period, as_of, by)
    table = compared(found, by)
    about = {"year": chosen.year, "period": period.label, "as_of": as_of.isoformat(), "run_no": found.inputs.run_no}
    return Answer(about | {"measurements": table.to_pylist()}, csv_bytes(table).decode())
