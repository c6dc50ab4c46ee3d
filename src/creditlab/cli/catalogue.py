"""The catalogue's commands: an edition's year from draft to publication, its workbook, and its exports."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab.cli import simulating
from creditlab.cli.answer import Answer, Commands, opened, steps_of, today
from creditlab.errors import ExitStatus, ParameterError
from creditlab.terms import Audience

if TYPE_CHECKING:
    from creditlab.catalogue.requests import Landing

_CHANGES = ["included", "withdrawn", "altered"]
_CONTESTS = ["opinions", "impact"]


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    catalogue = command("catalogue", _lint, "draft, discuss, approve and publish the catalogue's editions")
    step = steps_of(catalogue)
    lint = step("lint", _lint, "say what is wrong with the catalogue, or with one year's edition")
    lint.add_argument("year", type=int, nargs="?")
    step("draft", _draft, "make a year's draft from the edition before").add_argument("year", type=int)
    _register_ask(step("ask", _ask, "ask for a change: it lands in the next draft"))
    consult = step("consult", _consult, "open a draft for public comments")
    consult.add_argument("year", type=int)
    consult.add_argument("--until", required=True, help="the last day for comments, as 2026-11-30")
    comment = step("comment", _comment, "note a public comment")
    comment.add_argument("year", type=int)
    comment.add_argument("text")
    comment.add_argument("--item", default="", help="the item that it is on (default: the whole)")
    answer = step("answer", _answer, "answer a public comment")
    answer.add_argument("year", type=int)
    answer.add_argument("comment_id")
    answer.add_argument("text")
    approve = step("approve", _approve, "note who approved the edition")
    approve.add_argument("year", type=int)
    approve.add_argument("--by", required=True, help="the approving body")
    approve.add_argument("--document", required=True, help="the document's number")
    approve.add_argument("--approved-on", help="default: today")
    step("publish", _publish, "publish an approved edition, and seal it").add_argument("year", type=int)
    diff = step("diff", _diff, "say what differs from the edition before, field by field")
    diff.add_argument("year", type=int)
    diff.add_argument("--against", type=int, help="another year (default: the edition before)")
    export = step("export", _export, "write an edition as a workbook to edit, as DCAT-AP or as a Data Package")
    export.add_argument("year", type=int)
    export.add_argument("target", type=Path, help="a file .xlsx or .jsonld, or a folder for a Data Package")
    audiences = [str(one) for one in Audience]
    export.add_argument("--audience", choices=audiences, default="public", help="for whom; a workbook is for editors")
    export.add_argument("--base", default="urn:creditlab", help="what DCAT-AP names an edition's parts by: an address")
    simulating.add_arguments(step("simulate", simulating.run, "measure a past period as a draft would have it"))
    step("import", _import, "take an edited workbook into its draft").add_argument("file", type=Path)


def _register_ask(ask: argparse.ArgumentParser) -> None:
    ask.add_argument("target", help="an item's code, or DATA_FORMAT.FIELD")
    ask.add_argument("--change", required=True, choices=_CHANGES)
    ask.add_argument("--set", action="append", default=[], metavar="COLUMN=VALUE", help="may be repeated")
    ask.add_argument("--reason", required=True)
    ask.add_argument("--department", required=True, help="the department that asks")
    ask.add_argument(
        "--contested", choices=_CONTESTS, default="", help="great differences of opinion, or social impact"
    )
    ask.add_argument("--assessment", default="", help="the assessment's result, for a contested change")
    ask.add_argument("--experts-heard", default="", help="which experts' opinions were heard")
    ask.add_argument("--representatives-heard", default="", help="which groups' representatives were heard")


def _lint(chosen: argparse.Namespace) -> Answer:
    from creditlab.catalogue.findings import Severity
    from creditlab.catalogue.lint import lint

    found = lint(opened(chosen).catalogue)
    if chosen.year is not None:
        found = [one for one in found if one.file.startswith(f"{chosen.year}/") or "/" not in one.file]
    errors = sum(one.severity is Severity.ERROR for one in found)
    lines = [
        f"{one.severity} {one.code} {one.file}{f', row {one.row}' if one.row else ''}"
        f"{f', column {one.column}' if one.column else ''}: {one.what} {one.do}\n"
        for one in found
    ]
    summary = f"{errors} errors, {len(found) - errors} warnings\n"
    result = {"errors": errors, "warnings": len(found) - errors, "findings": [asdict(one) for one in found]}
    return Answer(result, "".join(lines) + summary, ExitStatus.REFUSED if errors else ExitStatus.DONE)


def _draft(chosen: argparse.Namespace) -> Answer:
    from creditlab.catalogue.steps import draft
    from creditlab.catalogue.writing import editing

    workspace = opened(chosen)
    with editing(workspace.catalogue):
        folder, landing = draft(workspace.catalogue, chosen.year, on=today(workspace))
    said = {"draft": chosen.year, "folder": str(folder), **asdict(landing)}
    return Answer(said, f"Drafted: {folder}\n{_landed(landing)}")


def _landed(landing: Landing) -> str:
    text = f"Requests that landed: {', '.join(landing.landed)}\n" if landing.landed else ""
    if landing.waiting:
        why = "what they change is not there, or what they include is there already"
        text += f"Requests that could not: {', '.join(landing.waiting)} ({why})\n"
    return text


def _ask(chosen: argparse.Namespace) -> Answer:
    from creditlab.catalogue.changes import Change
    from creditlab.catalogue.requests import Request, ask
    from creditlab.catalogue.writing import editing

    cells = {}
    for text in chosen.set:
        column, sign, value = text.partition("=")
        if not sign:
            raise ParameterError("a cell to set has no value", where="--set", do="Write --set COLUMN=VALUE.")
        cells[column.strip()] = value.strip()
    columns = ("reason", "department", "contested", "assessment", "experts_heard", "representatives_heard")
    request = Request(chosen.target, Change(chosen.change), cells, {name: getattr(chosen, name) for name in columns})
    workspace = opened(chosen)
    with editing(workspace.catalogue):
        number, landing = ask(workspace.catalogue, request, on=today(workspace))
    text = _landed(landing) or "It lands in the next draft.\n"
    return Answer({"request": number, **asdict(landing)}, f"Request {number} noted. {text}")


def _consult(chosen: argparse.Namespace) -> Answer:
    from creditlab.catalogue.steps import consult
    from creditlab.catalogue.writing import editing
    from creditlab.periods import parse_date

    workspace = opened(chosen)
    until = parse_date(chosen.until)
    with editing(workspace.catalogue):
        folder = consult(workspace.catalogue, chosen.year, until=until, on=today(workspace))
    said = {"consultation": chosen.year, "until": until.isoformat(), "folder": str(folder)}
    return Answer(said, f"Open for comments until {until}: {folder}\n")


def _comment(chosen: argparse.Namespace) -> Answer:
    from creditlab.catalogue.comments import comment
    from creditlab.catalogue.writing import editing

    workspace = opened(chosen)
    on = today(workspace)
    with editing(workspace.catalogue):
        number = comment(workspace.catalogue, chosen.year, chosen.text, item_code=chosen.item, on=on)
    return Answer({"comment": number, "year": chosen.year}, f"Comment {number} noted.\n")


def _answer(chosen: argparse.Namespace) -> Answer:
    from creditlab.catalogue.comments import answer
    from creditlab.catalogue.writing import editing

    workspace = opened(chosen)
    with editing(workspace.catalogue):
        answer(workspace.catalogue, chosen.year, chosen.comment_id, chosen.text, on=today(workspace))
    return Answer({"answered": chosen.comment_id, "year": chosen.year}, f"Comment {chosen.comment_id} answered.\n")


def _approve(chosen: argparse.Namespace) -> Answer:
    from creditlab.catalogue.steps import approve
    from creditlab.catalogue.writing import editing
    from creditlab.periods import parse_date

    workspace = opened(chosen)
    this_day = today(workspace)
    day = parse_date(chosen.approved_on) if chosen.approved_on else this_day
    with editing(workspace.catalogue):
        folder = approve(
            workspace.catalogue, chosen.year, by=chosen.by, document=chosen.document, approved_on=day, on=this_day
        )
    return Answer(
        {"approved": chosen.year, "approved_on": day.isoformat(), "folder": str(folder)}, f"Approved: {folder}\n"
    )


def _publish(chosen: argparse.Namespace) -> Answer:
    from creditlab.catalogue import publish
    from creditlab.catalogue.writing import editing

    workspace = opened(chosen)
    with editing(workspace.catalogue):
        folder = publish(workspace.catalogue, chosen.year, on=today(workspace))
    return Answer({"published": chosen.year, "folder": str(folder)}, f"Published and sealed: {folder}\n")


def _diff(chosen: argparse.Namespace) -> Answer:
    from creditlab.catalogue.difference import compare

    against, found = compare(opened(chosen).catalogue, chosen.year, chosen.against)
    rows = [one.as_row() for one in found]
    lines = [_difference_line(row) for row in rows]
    summary = f"Differences between {against} and {chosen.year}: {len(rows)}\n"
    return Answer({"year": chosen.year, "against": against, "differences": rows}, "".join(lines) + summary)


def _difference_line(row: dict[str, str]) -> str:
    place = f"{row['data_format']}.{row['field']}" if row["field"] else row["item_code"]
    cells = f" {row['column']}: {row['before'] or '(empty)'} -> {row['after'] or '(empty)'}" if row["column"] else ""
    items = f" (of {row['item_code']})" if row["field"] and row["item_code"] else ""
    why = f" [{row['department'] or 'no department'}: {row['reason'] or 'no reason'}]"
    return f"{row['change']} {place}{cells}{items}{why}\n"


def _export(chosen: argparse.Namespace) -> Answer:
    from creditlab.catalogue.exports import Publisher, export
    from creditlab.disclosure import read_policy

    workspace = opened(chosen)
    levels = read_policy(workspace.policy).in_full[Audience(chosen.audience)]
    publisher = Publisher(workspace.title_zh, workspace.title_en, chosen.base)
    written = export(workspace.catalogue, chosen.year, chosen.target, levels=levels, publisher=publisher)
    return Answer({"year": chosen.year, "written": [str(path) for path in written]}, f"Written: {chosen.target}\n")


def _import(chosen: argparse.Namespace) -> Answer:
    from creditlab.catalogue.workbook import import_workbook
    from creditlab.catalogue.writing import editing

    root = opened(chosen).catalogue
    with editing(root):
        year, changed = import_workbook(root, chosen.file)
    text = (
        f"Taken into the draft of {year}: {', '.join(changed)}\n"
        if changed
        else f"The draft of {year} says all that.\n"
    )
    return Answer({"year": year, "changed": list(changed)}, text)
