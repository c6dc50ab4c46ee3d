"""What the server answers: the page, whether there is something newer, the kernel's channel, and its own files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jupyter_client.session import utcnow
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import FileFindHandler, JupyterHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.web import HTTPError, authenticated
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from creditlab.errors import AccessLogError, CreditlabError
from creditlab.serving.notices import Notice, notice_page
from creditlab.serving.readers import TOKEN, Reader, cookie_of, given_token
from creditlab.terms import Language

if TYPE_CHECKING:
    from creditlab.serving.server import Served

#: Voilà's program makes functions of texts (its check of settings), and a widget's is imported from one.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
#: How long a kernel is kept whose page is closed: a reload takes a new one, a slow line comes back.
GRACE = 20.0
#: When somebody who found no free session may try again.
RETRY = 60


class Answer(JupyterHandler):
    """What all answers have in common: who asks, and a page in both languages where nothing can be shown."""

    reader: Reader | None

    @property
    def served(self) -> Served:
        """The dashboard that is served."""
        found: Served = self.settings["served"]
        return found

    @property
    def asking(self) -> Reader:
        """Who asks; the server has let him in."""
        if self.reader is None:
            raise HTTPError(403)
        return self.reader

    @property
    def content_security_policy(self) -> str:
        """What a page may load: from here, nothing else."""
        return POLICY

    def set_default_headers(self) -> None:
        """No answer is kept by anybody, or told to another site."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("X-Content-Type-Options", "nosniff")

    def get_login_url(self) -> str:
        """There is no page to log in at: who has no token is turned away."""
        raise HTTPError(403)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Say that nothing is shown, and what to do; never what was asked for, or what went wrong inside."""
        notice = {403: Notice.NOT_ALLOWED, 404: Notice.NOT_FOUND, 503: Notice.FULL}.get(status_code, Notice.FAILED)
        self.tell(notice, status_code)

    def tell(self, notice: Notice, status: int) -> None:
        """Answer with a page that says why there is no dashboard."""
        self.set_status(status)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(notice_page(notice, self.base_url, self.served.language))


class Page(Answer):
    """The dashboard."""

    @authenticated
    async def get(self) -> None:
        """Begin a session, and send its page as the notebook makes it."""
        if self.get_query_argument(TOKEN, ""):
            return self._let_in()
        served, reader = self.served, self.asking
        try:
            contents = served.shown.contents(reader.viewer)
        except CreditlabError as error:
            self.log.error("%s: %s", error.code, error.what)
            return self.tell(Notice.FAILED, 500)
        if not contents:
            return self.tell(Notice.NOTHING, 404)
        if served.sessions.is_full:
            await served.kernels.make_room()
        if served.sessions.is_full:
            self.set_header("Retry-After", str(RETRY))
            return self.tell(Notice.FULL, 503)
        period = self.get_query_argument("period", "")
        if period and period not in contents:
            return self.tell(Notice.NO_QUARTER, 404)
        period = period or next(iter(contents))
        try:
            served.note(reader, contents)
        except AccessLogError as error:
            # What can't be noted isn't shown.
            self.log.error("%s: %s", error.code, error.what)
            return self.tell(Notice.FAILED, 500)
        await self._send(period, contents)

    def _let_in(self) -> None:
        """Put a cookie in the place of the token, so that no address has it, and no other site learns it."""
        login = self.served.readers.remember(given_token(self))
        cookie = cookie_of(self.served.port)
        self.set_cookie(cookie, login, path=self.base_url, httponly=True, samesite="Lax", secure=self._is_secure)
        rest = {key: self.get_query_argument(key) for key in ("language", "period") if self.get_query_argument(key, "")}
        self.redirect(self.base_url + (f"?{urlencode(rest)}" if rest else ""))

    @property
    def _is_secure(self) -> bool:
        """Whether the cookie goes over an encrypted line only: always, but to this machine itself."""
        return self.request.host_name not in ("127.0.0.1", "localhost", "[::1]", "::1")

    async def _send(self, period: str, contents: dict[str, Any]) -> None:
        served = self.served
        language = self.get_query_argument("language", served.language)
        language = language if language in list(Language) else served.language
        # From here to the session's beginning nobody else gets the place.
        with served.sessions.held():
            task, ready, kernel_id = await served.kernels.next_waiting(served.notebook)
            served.sessions.begin(kernel_id, self.asking.key, language, period, contents)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.write("".join(ready))
        await self.flush()
        made, more = await task
        self.write("".join(made[len(ready) :]))
        async for part, _ in more:
            self.write(part)
        await self.finish()


class State(Answer):
    """Whether a session lives, and which release is the newest of its quarter."""

    @authenticated
    async def get(self) -> None:
        """Answer a page that looks every few seconds."""
        kernel_id, served = self.get_query_argument("kernel", ""), self.served
        if not served.sessions.is_of(kernel_id, self.asking.key):
            return self.finish_json({"is_there": False})
        if self.get_query_argument("closed", ""):
            # The place is free at once: the next request may be the same page's, loaded again.
            served.sessions.end(kernel_id)
            self.finish_json({"is_there": False})
            return await ensure_async(served.kernels.shutdown_kernel(kernel_id, now=True))
        is_there = await served.kernels.is_living(kernel_id)
        if is_there and self.get_query_argument("used", "") == "1":
            # Whoever reads and clicks works with the page, although its kernel has nothing to do.
            served.kernels.get_kernel(kernel_id).last_activity = utcnow()
        shelved = served.shown.shelved(self.asking.viewer.audience)
        ids = {one.period: one.report_id for one in shelved}
        self.finish_json({
            "is_there": is_there,
            "report_id": ids.get(self.get_query_argument("period", ""), ""),
            "newest": next(iter(ids), ""),
        })  # fmt: skip

    def finish_json(self, said: dict[str, Any]) -> None:
        """Answer with an object."""
        self.finish(said)


class OwnFile(Answer):
    """The page's own style and program: a fixed list, no folder."""

    @authenticated
    def get(self, name: str) -> None:
        """Answer with one of them."""
        path: Path | None = self.served.files.get(name)
        if path is None:
            raise HTTPError(404)
        kind = {".css": "text/css", ".js": "text/javascript"}[path.suffix]
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.finish(path.read_bytes())


class Program(Answer, FileFindHandler):
    """Voilà's own programs and those of its extensions, from where they were installed."""

    @authenticated
    async def get(self, path: str, include_body: bool = True) -> Any:  # type: ignore[override]
        """Answer with one of them, to readers alone; a browser keeps it, and asks whether it is still the same."""
        return await super().get(path, include_body)

    def set_extra_headers(self, path: str) -> None:
        """What is not for anybody's eyes only may be kept."""
        self.set_header("Cache-Control", "private, no-cache")


class NotFound(Answer):
    """Everything else."""

    def prepare(self) -> Awaitable[None] | None:  # type: ignore[override]
        """There is nothing here, whoever asks."""
        self.reader = None
        raise HTTPError(404)


class OwnKernel(Answer, KernelHandler):
    """A kernel's state, for its reader; it is ended by the server alone."""

    @authenticated
    async def get(self, kernel_id: str) -> None:
        """Answer Voilà's program, which asks before it connects."""
        if not self.served.sessions.is_of(kernel_id, self.asking.key):
            raise HTTPError(404)
        await ensure_async(super().get(kernel_id))

    async def delete(self, kernel_id: str) -> None:
        """Nobody ends a kernel by asking."""
        raise HTTPError(405)


class OwnChannel(VoilaKernelWebsocketHandler):
    """A kernel's channel, for its reader; what may pass is the kernel manager's to say: widgets' messages alone."""

    reader: Reader | None

    async def pre_get(self) -> None:
        """Refuse whoever has another session."""
        served: Served = self.settings["served"]
        if self.reader is None or not served.sessions.is_of(self.kernel_id, self.reader.key):
            raise HTTPError(404)
        await super().pre_get()

    def on_close(self) -> None:
        """A page was closed: its kernel goes, unless somebody connects again."""
        kernels, kernel_id = self.settings["served"].kernels, self.kernel_id
        super().on_close()

        async def end() -> None:
            await asyncio.sleep(GRACE)
            if kernel_id in kernels and not kernels.connections(kernel_id):
                await ensure_async(kernels.shutdown_kernel(kernel_id))

        task = asyncio.ensure_future(end())
        _ENDING.add(task)
        task.add_done_callback(_ENDING.discard)


#: Tasks are kept by whoever started them.
_ENDING: set[asyncio.Future[None]] = set()
