"""Which role somebody looks in who opens a workspace: by a token, by his name, or as the workspace's owner."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from creditlab.access.asking import system_user
from creditlab.access.roles import OWNER, ROLES, Viewer, read_roles
from creditlab.errors import RoleError
from creditlab.terms import Audience, NamesFrom

if TYPE_CHECKING:
    from creditlab.workspace import Workspace

#: Where a token is found that no notebook should have in it.
TOKEN = "CREDITLAB_TOKEN"
#: What JupyterHub calls the user whose server this is.
HUB_USER = "JUPYTERHUB_USER"


def viewer_here(workspace: Workspace, *, role: str = "", token: str = "") -> Viewer | None:
    """Who looks, in this process.

    Parameters
    ----------
    role
        The role that is asked for: the owner may take any, everybody else the one that he has.
    token
        A role's token; by default that of the environment, CREDITLAB_TOKEN.

    Returns
    -------
    Viewer | None
        None where the workspace has no roles. Its owner who asks for none sees what analysts see.

    Raises
    ------
    RoleError
        If he has no role, or not the one that is asked for.

    Notes
    -----
    Behind JupyterHub the name alone decides: the workspace says so (`[access] names = "jupyterhub"`), for there
    several people's servers may run under one account, its owner's. Whoever can read the lake's files can read all of
    it: a role is a wall only where the system's permissions, or a server between, keep him from them.
    """
    roles = read_roles(workspace)
    if not len(roles):
        if role or token:
            raise RoleError("the workspace has no roles", where=ROLES, do="Make one: creditlab role add NAME.")
        return None
    if workspace.names is NamesFrom.JUPYTERHUB:
        return _held_to(roles.by_name(os.environ.get(HUB_USER, "")), role)
    token = token or os.environ.get(TOKEN, "")
    if token:
        return _held_to(roles.by_token(token), role)
    is_owner = os.getuid() == (workspace.folder / ROLES).stat().st_uid
    if is_owner:
        return roles.named(role) if role else Viewer(OWNER, Audience.INTERNAL)
    return _held_to(roles.by_name(system_user()), role)


def _held_to(viewer: Viewer, role: str) -> Viewer:
    if role and role != viewer.name:
        raise RoleError("this role is not yours", do="Leave it out, or ask whoever keeps the workspace for it.")
    return viewer
