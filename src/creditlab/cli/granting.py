"""Who may look: the roles of a workspace, and a token for each."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from creditlab.cli.answer import Answer, Commands, opened, steps_of
from creditlab.errors import ParameterError
from creditlab.terms import Audience, ReportingLevel

if TYPE_CHECKING:
    from creditlab.access import Viewer
    from creditlab.workspace import Workspace


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    role = command("role", _list, "who sees what: the roles of the workspace")
    step = steps_of(role)
    add = step("add", _add, "make a role")
    add.add_argument("name", metavar="NAME", help="small letters, digits, _ and -")
    add.add_argument(
        "--audience", choices=[str(one) for one in Audience], required=True, help="for whom it is protected"
    )
    add.add_argument("--level", choices=[str(one) for one in ReportingLevel], help="whose coordination it is")
    for what in ("region", "department"):
        text = f"a {what}'s code, again for each (default: all)"
        add.add_argument(f"--{what}", action="append", default=[], metavar="CODE", help=text)
    text = "who has it, as JupyterHub, a proxy or the system calls him; again for each"
    add.add_argument("--person", action="append", default=[], metavar="NAME", help=text)
    step("list", _list, "the roles, and who has them")
    token = step("token", _token, "draw a token for a role, in place of the one that it had; it is printed once")
    token.add_argument("name", metavar="NAME", help="the role")
    token.add_argument("--withdraw", action="store_true", help="let it have none any more")


def _add(chosen: argparse.Namespace) -> Answer:
    from creditlab.access.granting import add_role
    from creditlab.catalogue import read_sealed

    workspace = opened(chosen)
    catalogue = read_sealed(workspace.catalogue)
    for given, known, where in (
        (chosen.region, catalogue.regions, "--region"),
        (chosen.department, catalogue.departments, "--department"),
    ):
        if not set(given) <= set(known):
            raise ParameterError("the catalogue has no such code", where=where, do="Use the codes of its lists.")
    content = {
        "audience": chosen.audience,
        "level": chosen.level or "",
        "regions": chosen.region,
        "departments": chosen.department,
        "names": chosen.person,
    }
    add_role(workspace, chosen.name, content)
    do = f"A token for it: creditlab role token {chosen.name}\n" if not chosen.person else ""
    return Answer({"role": chosen.name}, f"role {chosen.name} made\n{do}")


def _list(chosen: argparse.Namespace) -> Answer:
    from creditlab.access import read_roles

    roles = read_roles(opened(chosen))
    found = [_as_result(one) | {"names": roles.people(one.name), "token": roles.has_token(one.name)} for one in roles]
    lines = [
        f"{one['role']}  {one['audience']}  regions {', '.join(one['regions']) or 'all'}  "
        f"departments {', '.join(one['departments']) or 'all'}  "
        f"{', '.join(one['names']) or 'nobody by name'}{'  token' if one['token'] else ''}\n"
        for one in found
    ]
    return Answer({"roles": found}, "".join(lines) or "no roles: whoever reads the lake sees what analysts see\n")


def _token(chosen: argparse.Namespace) -> Answer:
    from creditlab.access.granting import give_token, withdraw_token

    workspace: Workspace = opened(chosen)
    if chosen.withdraw:
        withdraw_token(workspace, chosen.name)
        return Answer({"role": chosen.name}, f"role {chosen.name} has no token any more\n")
    token = give_token(workspace, chosen.name)
    text = f"{token}\nThe token of {chosen.name}. It is kept nowhere: write it down now, or draw another.\n"
    return Answer({"role": chosen.name, "token": token}, text)


def _as_result(viewer: Viewer) -> dict[str, Any]:
    return {
        "role": viewer.name,
        "audience": str(viewer.audience),
        "level": str(viewer.level) if viewer.level else "",
        "regions": list(viewer.regions),
        "departments": list(viewer.departments),
    }
