"""Rights of those whom information is about."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab.cli.answer import Answer, Commands, add_purpose, now, opened, steps_of, today
from creditlab.errors import ExitStatus, ParameterError
from creditlab.terms import Purpose

if TYPE_CHECKING:
    from creditlab.rights.erase import Erased

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
    erase = command("erase", _erase, "take a subject, or a record, out of the lake for good, by an order")
    erase.add_argument("order", type=Path, nargs="?", metavar="ORDER.toml", help="number, dated, authority, reason")
    add_number(erase)
    erase.add_argument("--item", help="with --department: erase one record of the item, whose number is given")
    erase.add_argument("--department", help="with --item: whose record it is")
    erase.add_argument("--resume", action="store_true", help="finish an erasure that was begun")
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
    with engine.over(workspace, _MEMORY) as backend:
        found = take_statement(workspace, backend, given, as_of, entitlement, chosen.kind)
    text = as_text(found, given.number)
    if chosen.output:
        write_private(chosen.output, text, found, workspace)
        said = {"output": str(chosen.output), "records": len(found.records)}
        return Answer(said, f"{len(found.records):,} records, written to {chosen.output} (private)\n")
    return Answer(as_result(found), text)


def _erase(chosen: argparse.Namespace) -> Answer:
    from creditlab.rights.erase import erase, resume
    from creditlab.rights.order import read_order
    from creditlab.rights.who import read_given

    workspace = opened(chosen)
    if chosen.resume:
        found = resume(workspace, now())
        return _erased(found) if found else Answer({"resumed": False}, "no erasure was begun\n")
    if chosen.order is None or (chosen.item is None) != (chosen.department is None):
        do = "Name an order's file; and for one record both --item and --department."
        raise ParameterError("an order is wanted, and whom or what it is about", where="ORDER", do=do)
    order = read_order(chosen.order, today(workspace))
    given = read_given(chosen.number, sys.stdin)
    record = (chosen.item, chosen.department) if chosen.item is not None else None
    return _erased(erase(workspace, order, given, chosen.kind, record, now()))


def _erased(found: Erased) -> Answer:
    left = found.leftovers
    text = f"order {found.order}: {found.rows:,} delivered rows erased, run {found.run_no}\n"
    text += "".join(f"deleted  {one}\n" for one in left.deleted)
    text += "".join(f"made from it, and not changed  {one}\n" for one in found.publications)
    text += "".join(f"still names it, for you to deal with  {one}\n" for one in left.named)
    result = {
        "order": found.order,
        "run_no": found.run_no,
        "rows": found.rows,
        "publications": list(found.publications),
        "deleted": list(left.deleted),
        "still_named_in": list(left.named),
    }
    return Answer(result, text)


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
