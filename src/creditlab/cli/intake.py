"""Take deliveries in, and look at what could not become a record."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from creditlab.cli.answer import Answer, Commands, now, opened, progress
from creditlab.errors import ParameterError
from creditlab.terms import COUNTS

if TYPE_CHECKING:
    from creditlab.workspace import Workspace


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    intake = command("ingest", _ingest, "take in the inbox's deliveries and print the six counts")
    intake.add_argument("--watch", action="store_true", help="go on looking for new files until SIGTERM or SIGINT")
    intake.add_argument("--interval", type=float, default=10, help="seconds between two looks")
    quarantine = command("quarantine", _quarantine, "count quarantined rows, and which of them were mended")
    quarantine.add_argument("--by", default="reason", help="groups: reason, item_code, department, delivery, row")
    quarantine.add_argument("--period", help="only rows received in it")


def _ingest(chosen: argparse.Namespace) -> Answer:
    from creditlab.ingest import ingest

    workspace = opened(chosen)
    if chosen.watch:
        return _watch(workspace, chosen.interval)
    done = ingest(workspace, now=now(), progress=progress("deliveries"))
    counts = asdict(done.counts)
    said = counts | {"run_no": done.run_no, "deliveries": done.deliveries, "known": done.known, "absent": done.absent}
    run = f"run {done.run_no}" if done.run_no else "nothing new, no run"
    absent = f", {done.absent:,} announced but not there yet" if done.absent else ""
    notes = f"{run}: {done.deliveries:,} deliveries taken in, {done.known:,} known{absent}\n"
    return Answer(said, _counts_text(counts) + notes)


def _counts_text(counts: dict[str, int]) -> str:
    return "".join(f"{name:<12} {counts[name]:>12,}\n" for name in COUNTS)


def _watch(workspace: Workspace, interval: float) -> Answer:
    from time import monotonic

    from creditlab.ingest import Watch, until_told

    with until_told() as wait:
        totals = Watch(workspace, interval, now, monotonic, wait, lambda line: sys.stderr.write(line + "\n")).run()
    said = asdict(totals)
    counts = said.pop("counts")
    notes = f"{len(totals.runs):,} runs: {totals.deliveries:,} deliveries taken in, {totals.waiting:,} still waiting\n"
    return Answer(counts | said, _counts_text(counts) + notes)


def _quarantine(chosen: argparse.Namespace) -> Answer:
    from creditlab import engine
    from creditlab.periods import parse_period
    from creditlab.quarantine import QuarantineGroup, count_quarantine

    workspace = opened(chosen)
    try:
        by = [QuarantineGroup(word.strip()) for word in chosen.by.split(",") if word.strip()]
    except ValueError as error:
        known = ", ".join(QuarantineGroup)
        raise ParameterError("a grouping is unknown", where="--by", do=f"Choose among {known}.") from error
    period = parse_period(chosen.period) if chosen.period else None
    with engine.connect(workspace.engine_url, folders=[workspace.lake]) as backend:
        rows = count_quarantine(workspace, backend, by, period).to_pylist()
    for row in rows:
        if "delivered_at" in row:
            row["delivered_at"] = row["delivered_at"].astimezone(workspace.time_zone).isoformat()
    text = (
        "".join("\t".join(map(str, line)) + "\n" for line in (rows[0], *(row.values() for row in rows))) if rows else ""
    )
    return Answer({"quarantine": rows}, text or "nothing is in quarantine\n")
