"""Who looks: by a token, or by the name that a proxy vouches for; nobody else gets an answer."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.identity import IdentityProvider, User

from creditlab.access import Viewer, read_roles
from creditlab.errors import RoleError
from creditlab.terms import NamesFrom

if TYPE_CHECKING:
    from creditlab.workspace import Workspace

TOKEN = "token"
#: The name that a proxy found out; it counts with the proxy's own token only.
NAME_HEADER = "X-Forwarded-User"
_BEARER = ("token ", "bearer ")
#: Cookies that are remembered; the oldest go first.
_LOGINS = 10_000


@dataclass(frozen=True)
class Reader:
    """Somebody who looks, in his role; `key` tells readers apart."""

    viewer: Viewer
    key: str


class Readers:
    """The readers of a workspace.

    Parameters
    ----------
    workspace
        Its roles; where it says that a proxy vouches for names, a name decides, and the token is the proxy's.
    token
        The server's own. Where there are roles and no proxy, theirs open the page and this one is not used.
    own
        Who the bearer of the server's own token is.
    """

    def __init__(self, workspace: Workspace, token: str, own: Viewer) -> None:
        self._workspace, self._token, self._own = workspace, token, own
        self._logins: dict[str, str] = {}

    def by_token(self, token: str, name: str = "") -> Reader:
        """The reader whose token this is.

        Parameters
        ----------
        token
            As given.
        name
            The name beside it, which a proxy vouches for.

        Raises
        ------
        RoleError
            If it is nobody's, or the name has no role; it isn't said which.
        """
        roles = read_roles(self._workspace)
        is_own = hmac.compare_digest(self._token.encode(), token.encode("utf-8", "surrogatepass"))
        if self._workspace.names is NamesFrom.PROXY:
            if not is_own:
                raise _refused()
            return Reader(roles.by_name(name), f"name {name}")
        if not len(roles):
            if not is_own:
                raise _refused()
            return Reader(self._own, "own")
        viewer = roles.by_token(token)
        return Reader(viewer, f"role {viewer.name}")

    def remember(self, token: str) -> str:
        """What a cookie holds instead of the token."""
        while len(self._logins) >= _LOGINS:
            del self._logins[next(iter(self._logins))]
        login = secrets.token_urlsafe(32)
        self._logins[login] = token
        return login

    def token_of(self, login: str) -> str:
        """The token behind a cookie; empty where there is none."""
        return self._logins.get(login, "")


class ReaderIdentity(IdentityProvider):
    """Says to the server who asks; it has no page to log in at, and nobody is let in without a token."""

    readers: Readers

    def get_user(self, handler: Any) -> User | None:
        """The reader who asks, put beside the request as `reader`; None where it is nobody."""
        handler.reader = None
        # One that is turned away has to be told from one that is somebody.
        asked = given_token(handler)
        token = asked or self.readers.token_of(handler.get_cookie(cookie_of(handler.settings["served"].port), "") or "")
        try:
            handler.reader = self.readers.by_token(token, handler.request.headers.get(NAME_HEADER, ""))
        except RoleError:
            return None
        return User(username=handler.reader.key)

    def get_handlers(self) -> list[tuple[str, object]]:
        """No page to log in or out at."""
        return []

    @property
    def auth_enabled(self) -> bool:
        """There is no way around it."""
        return True


def cookie_of(port: int) -> str:
    """The cookie's name: a browser sends one machine's cookies to all of its ports."""
    return f"creditlab-dashboard-{port}"


def given_token(handler: Any) -> str:
    """The token in a request's address or head; empty without one."""
    head = str(handler.request.headers.get("Authorization", ""))
    for word in _BEARER:
        if head.lower().startswith(word):
            return head[len(word) :].strip()
    return str(handler.get_query_argument(TOKEN, ""))


def _refused() -> RoleError:
    return RoleError("nothing is shown without a role", do="Ask whoever keeps the workspace for a token.")
