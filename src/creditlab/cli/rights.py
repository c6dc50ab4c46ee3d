"""Rights of those whom information is about."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from creditlab.cli.answer import Answer, Commands, add_purpose, opened, steps_of, today
from creditlab.errors import ExitStatus
from creditlab.terms import Purpose

#: As `rights.who` has them; its room is opened when it is needed.
PERSON, ORGANISATION = "natural_person", "organisation"
#: What the embedded engine may hold in memory; what is more goes to temporary files.
_MEMORY = "3GB"


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    access = command("access", _verify, "who looked which subject up: the log, and whether it is whole")
    verify = steps_of(access)(
        "verify", _verify, "follow the log's chain, and compare it with what publications printed"
    )
    verify.add_argument("--anchor", metavar="COUNT:LINK", help="one more anchor to compare with, that somebody kept")
    statement = command("statement", _statement, "what is held about one subject, for somebody entitled to it")
    add_purpose(statement, required=True)
    add_number(statement)
    statement.add_argument("--authorisation", default="", help="the document that entitles somebody else")
    statement.add_argument("--authorised-until", help="its last day, as 2026-12-31")
    statement.add_argument("--as-of", help="the day whose state is looked at (default: today)")
    statement.add_argument("--output", type=Path, help="a new file, readable by its owner only (default: print it)")


def add_number(command: argparse.ArgumentParser) -> None:
    """Let a command be told a subject, but not where others on the machine could read it."""
    command.add_argument("--number", type=Path, metavar="FILE", help="the subject's number (default: standard input)")
    command.add_argument("--kind", choices=[PERSON, ORGANISATION], help="whose it is, where its form doesn't tell")


def _statement(chosen: argparse.Namespace) -> Answer:
    from creditlab import engine
    from creditlab.periods import parse_date
    from creditlab.rights.entitlement import check_entitlement
    from creditlab.rights.statement import take_statement
    from creditlab.rights.telling import as_result, as_text
    from creditlab.rights.who import read_given
    from creditlab.rights.writing import check_new, write_private

    workspace = opened(chosen)
    day = today(workspace)
    until = parse_date(chosen.authorised_until) if chosen.authorised_until else None
    entitlement = check_entitlement(Purpose(chosen.purpose), chosen.authorisation, until, day)
    if chosen.output:
        check_new(chosen.output, workspace.reports)
    given = read_given(chosen.number, sys.stdin)
    as_of = parse_date(chosen.as_of) if chosen.as_of else day
    with engine.connect(
        workspace.engine_url, folders=[workspace.lake], memory=workspace.engine_memory or _MEMORY
    ) as backend:
        found = take_statement(workspace, backend, given, as_of, entitlement, chosen.kind)
    text = as_text(found, given.number)
    if chosen.output:
        write_private(chosen.output, text, found, workspace)
        said = {"output": str(chosen.output), "records": len(found.records)}
        return Answer(said, f"{len(found.records):,} records, written to {chosen.output} (private)\n")
    return Answer(as_result(found), text)


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
