"""Who sees what: the roles of a workspace, by audience, region and department, and who has which.

A role only ever narrows. What its audience may see passes disclosure control for that audience as before; of that, a
role shows the rows of its own departments and units. Nobody is told which roles, names or tokens there are.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from creditlab.errors import RoleError
from creditlab.terms import Audience, ReportingLevel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from creditlab.catalogue import Catalogue
    from creditlab.workspace import Workspace

ROLES = "roles.toml"
#: What the access log calls the workspace's owner, who needs no role.
OWNER = "owner"
ROLE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PERSON = re.compile(r"[^\s\"'\\\x00-\x1f\x7f]{1,128}")
_KEYS: Mapping[str, type] = {
    "audience": str,
    "level": str,
    "regions": list,
    "departments": list,
    "names": list,
    "token_sha256": str,
}
_ASK = "Ask whoever keeps the workspace for a role, or for a new token of yours."


@dataclass(frozen=True)
class Viewer:
    """Somebody who looks, in the role that he has.

    Attributes
    ----------
    name
        The role's name.
    audience
        For whom the figures are protected that he sees.
    departments, regions
        Codes; empty for all. A region stands for itself and all regions below it.
    level
        Whose coordination it is, of the province, a prefecture or a county; None where that is not said.
    person
        The name that decided it; empty where a token did.
    """

    name: str
    audience: Audience
    departments: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    level: ReportingLevel | None = None
    person: str = ""

    @property
    def is_limited(self) -> bool:
        """Whether he sees some departments' or units' rows only."""
        return bool(self.departments or self.regions)

    def units(self, catalogue: Catalogue) -> frozenset[str] | None:
        """The region codes that are his: those of the role and all below them; None for all.

        What lies below what is what the catalogue's regions say. A county that answers to the province directly is not
        its neighbour's, whatever digits its code begins with.
        """
        return frozenset(_below(self.regions, catalogue)) if self.regions else None

    def sees(self, catalogue: Catalogue, *, department: str = "", region: str = "") -> bool:
        """Whether a row is his: one of a department, one of a unit; an empty code is the total over all of them."""
        units = self.units(catalogue)
        return (not self.departments or department in self.departments) and (units is None or region in units)


class Roles:
    """The roles of a workspace; made by `read_roles`."""

    def __init__(self, viewers: Mapping[str, Viewer], tokens: Mapping[str, str], names: Mapping[str, str]) -> None:
        self._viewers, self._tokens, self._names = dict(viewers), dict(tokens), dict(names)

    def __iter__(self) -> Iterator[Viewer]:
        return iter(self._viewers.values())

    def __len__(self) -> int:
        return len(self._viewers)

    def has_token(self, role: str) -> bool:
        """Whether there is a token for a role."""
        return role in self._tokens.values()

    def people(self, role: str) -> list[str]:
        """The names that have a role."""
        return [name for name, one in self._names.items() if one == role]

    def by_token(self, token: str) -> Viewer:
        """The viewer whose role's token this is; takes as long whichever it is, and whether there is one.

        Raises
        ------
        RoleError
            If it is no role's.
        """
        given, found = digest_of(token), ""
        for kept, role in self._tokens.items():
            if hmac.compare_digest(kept, given):
                found = role
        if not found:
            raise _refused()
        return self._viewers[found]

    def by_name(self, name: str) -> Viewer:
        """The viewer of a name that JupyterHub or an authenticating proxy vouches for.

        Raises
        ------
        RoleError
            If the name has no role.
        """
        role = self._names.get(name)
        if role is None:
            raise _refused()
        one = self._viewers[role]
        return Viewer(one.name, one.audience, one.departments, one.regions, one.level, name)

    def named(self, role: str) -> Viewer:
        """The viewer in a role of this name, for one who may take any: the workspace's owner.

        Raises
        ------
        RoleError
            If there is no such role.
        """
        if role not in self._viewers:
            raise _refused()
        return self._viewers[role]


def read_roles(workspace: Workspace) -> Roles:
    """Read a workspace's `roles.toml`; without one there are no roles.

    Raises
    ------
    RoleError
        If it can't be read, says something that has no meaning, gives one name two roles, or may be written by others.
    """
    path = workspace.folder / ROLES
    try:
        if path.stat().st_mode & stat.S_IWOTH:
            raise RoleError("everybody may write the roles", where=ROLES, do=f"chmod o-w {ROLES}.")
        text = tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        return Roles({}, {}, {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RoleError("the roles can't be read", where=ROLES, do="Mend its syntax.") from error
    except OSError as error:
        raise RoleError("the roles can't be read", where=ROLES, do=_ASK) from error
    return parse_roles(text)


def parse_roles(text: Mapping[str, Any]) -> Roles:
    """The roles that a file says; see `read_roles`."""
    viewers: dict[str, Viewer] = {}
    tokens: dict[str, str] = {}
    names: dict[str, str] = {}
    for role, content in text.items():
        where = f"{ROLES}, [{role}]"
        if not ROLE_NAME.fullmatch(role) or role == OWNER or not isinstance(content, dict):
            do = "Use small letters, digits, _ and -, beginning with a letter; one section a role."
            raise RoleError("a role's name can't be used", where=ROLES, do=do)
        viewers[role] = _viewer(role, content, where)
        digest = content.get("token_sha256", "")
        if digest and (not _DIGEST.fullmatch(digest) or digest in tokens):
            raise RoleError("a token's digest can't be used", where=where, do=f"creditlab role token {role}")
        if digest:
            tokens[digest] = role
        for name in content.get("names", []):
            if not _PERSON.fullmatch(name) or name in names:
                raise RoleError("a name can't be used, or has two roles", where=where, do="Leave it at one of them.")
            names[name] = role
    return Roles(viewers, tokens, names)


def digest_of(token: str) -> str:
    """What is kept of a token: it is long and drawn at random, so a plain digest is not guessed back."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _viewer(role: str, content: Mapping[str, Any], where: str) -> Viewer:
    for key, value in content.items():
        kind = _KEYS.get(key)
        if kind is None:
            raise RoleError("a key is unknown", where=f"{where} {key}", do=f"There are: {', '.join(_KEYS)}.")
        texts = value if isinstance(value, list) else []
        if type(value) is not kind or not all(isinstance(one, str) for one in texts):
            raise RoleError("a key has a value of another kind", where=f"{where} {key}")
    for key in ("departments", "regions"):
        if not all(_CODE.fullmatch(one) for one in content.get(key, [])):
            raise RoleError("a code can't be used", where=f"{where} {key}", do="Use the catalogue's codes.")
    try:
        # Who is not said to be more is the public.
        audience = Audience(content.get("audience", Audience.PUBLIC))
        level = ReportingLevel(content["level"]) if content.get("level") else None
    except ValueError as error:
        do = f"audience: {', '.join(map(str, Audience))}; level: {', '.join(map(str, ReportingLevel))}."
        raise RoleError("an audience or a level is none of the list", where=where, do=do) from error
    if level not in (None, ReportingLevel.PROVINCE) and not content.get("regions"):
        raise RoleError("a prefecture's or county's role names no region", where=where, do='Write regions = ["CODE"].')
    return Viewer(role, audience, tuple(content.get("departments", [])), tuple(content.get("regions", [])), level)


def _below(codes: tuple[str, ...], catalogue: Catalogue) -> set[str]:
    found, wanted = set(codes), set(codes)
    while wanted:
        wanted = {code for code, one in catalogue.regions.items() if one.parent in wanted} - found
        found |= wanted
    return found


def _refused() -> RoleError:
    return RoleError("nothing is shown without a role", do=_ASK)
