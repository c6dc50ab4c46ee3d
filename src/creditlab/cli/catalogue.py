"""The catalogue's commands."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from creditlab.cli.answer import Answer, Commands, now, opened
from creditlab.errors import ExitStatus, ParameterError


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    catalogue = command("catalogue", _catalogue, "check the catalogue, or publish an edition")
    catalogue.add_argument("step", choices=["lint", "publish"])
    catalogue.add_argument("year", type=int, nargs="?")


def _catalogue(chosen: argparse.Namespace) -> Answer:
    workspace = opened(chosen)
    if chosen.step == "publish":
        from creditlab.catalogue import publish

        if chosen.year is None:
            raise ParameterError("no year is named", do="Write creditlab catalogue publish YEAR.")
        folder = publish(workspace.catalogue, chosen.year, on=now().astimezone(workspace.time_zone).date())
        return Answer({"published": chosen.year, "folder": str(folder)}, f"Published and sealed: {folder}\n")
    from creditlab.catalogue.findings import Severity
    from creditlab.catalogue.lint import lint

    found = lint(workspace.catalogue)
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
