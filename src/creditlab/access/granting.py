"""Write a workspace's roles: a new one, and a token for one, of which only a digest is kept."""

from __future__ import annotations

import json
import re
import secrets
import stat
import tomllib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from creditlab.access.roles import OWNER, ROLE_NAME, ROLES, digest_of, parse_roles, read_roles
from creditlab.errors import RoleError
from creditlab.wholefile import write_whole

if TYPE_CHECKING:
    from creditlab.workspace import Workspace

_HEAD = "# Who sees what. A role narrows what its audience may see to rows of its departments and units; empty: all.\n"
_MAY_READ = stat.S_IRGRP | stat.S_IROTH
_LINE = re.compile(r"^token_sha256\s*=.*\n?", re.MULTILINE)
_HEADER = re.compile(r"^\s*\[\s*[\"']?([A-Za-z0-9_-]+)[\"']?\s*\]\s*(?:#.*)?$", re.MULTILINE)


def add_role(workspace: Workspace, name: str, content: Mapping[str, str | Sequence[str]]) -> None:
    """Append a role to the file, which is made where there is none; what it says already stays as it is.

    Parameters
    ----------
    content
        Its keys and values as `roles.toml` has them; empty ones are left out.

    Raises
    ------
    RoleError
        If there is a role of that name, or it says something that has no meaning.
    """
    if name == OWNER or not ROLE_NAME.fullmatch(name):
        do = "Use small letters, digits, _ and -, beginning with a letter."
        raise RoleError("a role's name can't be used", where="NAME", do=do)
    if name in {one.name for one in read_roles(workspace)}:
        raise RoleError(
            "there is a role of that name", where=ROLES, do="Change it in the file, or choose another name."
        )
    lines = [f"{key} = {_value(value)}\n" for key, value in content.items() if value]
    _write(workspace, f"{_text(workspace) or _HEAD}\n[{name}]\n{''.join(lines)}")


def give_token(workspace: Workspace, name: str) -> str:
    """Draw a new token for a role, in place of the one that it had; it is said this once.

    Raises
    ------
    RoleError
        If there is no such role.
    """
    token = secrets.token_urlsafe(32)
    _set_digest(workspace, name, f'token_sha256 = "{digest_of(token)}"\n')
    return token


def withdraw_token(workspace: Workspace, name: str) -> None:
    """Let a role have no token any more."""
    _set_digest(workspace, name, "")


def _set_digest(workspace: Workspace, name: str, line: str) -> None:
    if name not in {one.name for one in read_roles(workspace)}:
        raise RoleError("there is no such role", where=ROLES, do="See creditlab role list.")
    text = _text(workspace)
    headers = list(_HEADER.finditer(text))
    begins = next((one.end() for one in headers if one[1] == name), None)
    if begins is None:
        raise RoleError("the role is not written as a section", where=ROLES, do=f"Write it as [{name}].")
    ends = next((one.start() for one in headers if one.start() >= begins), len(text))
    section = text[begins:ends]
    if _LINE.search(section):
        section = _LINE.sub(line, section, count=1)
    elif line:
        section = f"\n{line}{section.removeprefix(chr(10))}"
    _write(workspace, text[:begins] + section + text[ends:])


def _write(workspace: Workspace, text: str) -> None:
    # What can't be read again is not written.
    parse_roles(tomllib.loads(text))
    path = workspace.folder / ROLES
    mode = stat.S_IMODE(path.stat().st_mode) & _MAY_READ if path.exists() else 0
    write_whole(path, text, is_private=True)
    if mode:
        # Those of a group may have been let read it.
        path.chmod(stat.S_IMODE(path.stat().st_mode) | mode)


def _text(workspace: Workspace) -> str:
    path = workspace.folder / ROLES
    return path.read_text("utf-8-sig") if path.exists() else ""


def _value(value: str | Sequence[str]) -> str:
    # A text in JSON is one in TOML, too.
    return json.dumps(value if isinstance(value, str) else list(value), ensure_ascii=False)
