"""Give departments back what they are to mend."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from creditlab.cli.answer import Answer, Commands, add_purpose, opened, purpose_of, today
from creditlab.terms import Language, Purpose


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    feedback = command("feedback", _feedback, "write a pack for each department: its rates, and the rows to mend")
    feedback.add_argument("--period", required=True, help="2026Q3, 2026, 2026-08 or 2026-07-01/2026-10-01")
    feedback.add_argument("--as-of", help="the day whose state is looked at (default: today)")
    feedback.add_argument("--output", type=Path, help="the packs' folder (default: feedback in the workspace)")
    feedback.add_argument("--department", action="append", help="whose pack; may be repeated (default: all)")
    feedback.add_argument("--language", choices=[str(one) for one in Language], help="default: the workspace's")
    add_purpose(feedback)


def _feedback(chosen: argparse.Namespace) -> Answer:
    from creditlab.feedback import write_packs
    from creditlab.periods import parse_date, parse_period

    workspace = opened(chosen)
    packs = write_packs(
        workspace,
        period=parse_period(chosen.period),
        as_of=parse_date(chosen.as_of) if chosen.as_of else today(workspace),
        output=chosen.output or workspace.folder / "feedback",
        language=Language(chosen.language) if chosen.language else workspace.language,
        departments=chosen.department,
        asking=purpose_of(chosen, workspace, Purpose.SUPERVISION),
    )
    lines = [
        f"{one.department}: {one.to_mend:,} rows to mend, {one.by_number:,} by number, {one.omitted:,} periods late or "
        f"omitted, {one.quarantined:,} rows in quarantine, {one.mended:,} records mended; {one.folder} (internal)\n"
        for one in packs
    ]
    said = [asdict(one) | {"folder": str(one.folder)} for one in packs]
    return Answer({"packs": said}, "".join(lines))
