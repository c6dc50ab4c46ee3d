"""Rights of those whom information is about."""

from __future__ import annotations

import argparse

from creditlab.cli.answer import Answer, Commands, opened, steps_of
from creditlab.errors import ExitStatus


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    access = command("access", _verify, "who looked which subject up: the log, and whether it is whole")
    verify = steps_of(access)(
        "verify", _verify, "follow the log's chain, and compare it with what publications printed"
    )
    verify.add_argument("--anchor", metavar="COUNT:LINK", help="one more anchor to compare with, that somebody kept")


def _verify(chosen: argparse.Namespace) -> Answer:
    from creditlab.rights.looking import verify_log

    found = verify_log(opened(chosen), chosen.anchor)
    result = {
        "count": found.anchor.count,
        "link": found.anchor.link,
        "anchors_compared": found.compared,
        "faults": found.faults,
    }
    text = "".join(f"{one}\n" for one in found.faults)
    said = "the log is whole" if not found.faults else "the log is not whole"
    text += f"{found.anchor.count:,} look-ups, {found.compared:,} printed anchors compared: {said}\n"
    if found.anchor.count:
        text += f"anchor {found.anchor.count}:{found.anchor.link}\n"
    return Answer(result, text, ExitStatus.REFUSED if found.faults else ExitStatus.DONE)
