"""Cases 39, 40 and 41: the served dashboard as it is shipped, under a user's configuration that would open it up."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from creditlab.access import log_of
from creditlab.access.roles import digest_of
from creditlab.serving.readers import cookie_of
from tests.browser.test_dashboard import make_province
from tests.serving import Serving, served_workspace, serving, shelve_dashboard

#: What somebody may have written into his own configuration, for another Voilà or another Jupyter.
OPEN_TO_ALL = {
    "Voila": {"ip": "0.0.0.0", "token": "", "open_browser": True, "tornado_settings": {"allow_origin": "*"}},
    "VoilaConfiguration": {"strip_sources": False, "show_tracebacks": True, "file_allowlist": [".*"]},
    "ServerApp": {"allow_origin": "*", "disable_check_xsrf": True, "terminals_enabled": True},
    "IdentityProvider": {"token": ""},
    "KernelManager": {"autorestart": True},
}
ALL, OTHER, NOTHING, PUBLIC = (letter * 40 for letter in "abcd")


class Client:
    """A reader's program: it keeps cookies and follows no redirection."""

    def __init__(self, server: Serving) -> None:
        self.server, self.jar = server, CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar), _NoRedirect)

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str, Any]:
        """Status, body and head of an answer."""
        request = urllib.request.Request(self.server.address + path, method=method, headers=headers)
        try:
            with self._opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers

    def cookie(self) -> str:
        return "; ".join(f"{one.name}={one.value}" for one in self.jar)

    def channel(self, kernel: str, **settings: Any) -> ClientConnection:
        """A kernel's channel, as Voilà's program opens it."""
        head = {"Cookie": self.cookie()} | settings.pop("additional_headers", {})
        address = f"ws://127.0.0.1:{self.server.port}/api/kernels/{kernel}/channels?session_id={uuid.uuid4().hex}"
        return connect(address, additional_headers=head, max_size=None, **settings)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("served")
    tiny = make_province(folder / "lake")
    workspace = served_workspace(folder / "workspace", tiny.folder / "catalogue")
    shelve_dashboard(tiny.folder, workspace.reports, "2026Q3", "2026-10-20")
    (folder / ".jupyter").mkdir()
    for name in ("voila.json", "jupyter_config.json", "jupyter_server_config.json"):
        (folder / ".jupyter" / name).write_text(json.dumps(OPEN_TO_ALL))
    (workspace.folder / "voila.json").write_text(json.dumps(OPEN_TO_ALL))
    with serving(workspace, "--pool", "1", "--sessions", "4", home=folder) as running:
        yield running


@pytest.fixture(scope="module")
def reader(server: Serving) -> tuple[Client, str, str]:
    """A reader who was let in, his page, and his kernel."""
    client = Client(server)
    status, _, head = client.ask(f"?token={server.token}")
    assert (status, head["Location"]) == (302, "/")
    status, page, _ = client.ask("")
    assert status == 200
    kernel = json.loads(
        page.partition('<script id="jupyter-config-data" type="application/json">')[2].split("</script>")[0]
    )
    return client, page, kernel["kernelId"]


# --- 39: no token, 0.0.0.0, any origin, a shell, files ----------------------------------------------------


def test_nothing_is_answered_without_a_token(server: Serving, reader: tuple[Client, str, str]) -> None:
    assert len(server.token) >= 32
    kernel = reader[2]
    for path in (
        "",
        "state",
        "files/dashboard.js",
        f"api/kernels/{kernel}",
        "voila/labextensions/anywidget/package.json",
        "voila/static/voila.js",
    ):
        for given in ({}, {"Authorization": "token wrong"}, {"Cookie": f"{cookie_of(server.port)}=wrong"}):
            status, body, _ = Client(server).ask(path, **given)
            assert status == 403, (path, given)
            assert "[c]" not in body
            assert "990100" not in body
        assert reader[0].ask(path)[0] in {200, 503}, path
    status, body, _ = Client(server).ask("?token=wrong")
    # Whose token is wrong is told in both languages what to do, and nothing else.
    assert (status, "not shown to you" in body, "您不能查看" in body) == (403, True, True)


def test_the_token_stays_in_no_address_and_no_program_reads_it(server: Serving) -> None:
    client = Client(server)
    _, _, head = client.ask(f"?token={server.token}&language=zh_CN")
    assert head["Location"] == "/?language=zh_CN"
    assert "HttpOnly" in head["Set-Cookie"]
    assert "SameSite=Lax" in head["Set-Cookie"]
    assert server.token not in head["Set-Cookie"]
    assert head["Referrer-Policy"] == "no-referrer"


def test_it_listens_on_this_machine_only(server: Serving) -> None:
    listening = [
        line.split()[1].split(":")[0]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and int(line.split()[1].split(":")[1], 16) == server.port
    ]
    assert listening == ["0100007F"]


def test_another_host_and_another_page_are_refused(server: Serving, reader: tuple[Client, str, str]) -> None:
    client, _, kernel = reader
    # A name that points here from elsewhere (DNS rebinding).
    assert client.ask("", Host="elsewhere.example")[0] == 403
    assert Client(server).ask(f"?token={server.token}", Host="elsewhere.example")[0] == 403
    with pytest.raises(InvalidStatus) as refused, client.channel(kernel, origin="https://elsewhere.example"):
        pass
    assert refused.value.response.status_code == 403
    policy = client.ask("state")[2]["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_there_is_no_shell_no_folder_and_no_other_notebook(reader: tuple[Client, str, str]) -> None:
    client, page, kernel = reader
    for path in (
        "api/contents", "api/kernels", "api/kernelspecs", "api/sessions", "api/terminals", "api/config/common",
        "lab", "tree", "voila/tree", "voila/render/dashboard.ipynb", "voila/files/dashboard.ipynb", "dashboard.ipynb",
        "files/given.json", "files/..%2Fcreditlab.toml", "voila/static/..%2F..%2F..%2F..%2F..%2Fetc%2Fpasswd",
        f"voila/query/{kernel}", f"sessions/{kernel}/given.json", f"api/kernels/{kernel}/restart",
        "voila/templates/base/static/voila.js",
        "voila/labextensions/..%2F..%2F..%2Fpyvenv.cfg",
    ):  # fmt: skip
        assert client.ask(path)[0] in {403, 404}, path
    assert client.ask(f"api/kernels/{kernel}", method="DELETE")[0] in {403, 405}
    assert client.ask("api/kernels", method="POST")[0] in {403, 404, 405}
    # Sources are hidden.
    assert "wait_for_reader" not in page
    assert "creditlab.serving" not in page


# --- 40: code of a reader ---------------------------------------------------------------------------------


def message(kind: str, content: dict[str, Any], channel: str) -> str:
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "", "session": uuid.uuid4().hex,
              "date": "2026-10-20T00:00:00Z", "version": "5.3"}  # fmt: skip
    said = {
        "header": header,
        "parent_header": {},
        "metadata": {},
        "content": content,
        "channel": channel,
        "buffers": [],
    }
    return json.dumps(said)


def test_a_reader_runs_no_code(reader: tuple[Client, str, str], tmp_path: Path) -> None:
    client, _, kernel = reader
    mark = tmp_path / "it_ran"
    code = f"open({str(mark)!r}, 'w').close()"
    asked = {
        "execute_request": {"code": code, "silent": False, "store_history": False, "user_expressions": {"a": code},
                            "allow_stdin": False, "stop_on_error": True},
        "complete_request": {"code": code, "cursor_pos": 3},
        "inspect_request": {"code": code, "cursor_pos": 3, "detail_level": 1},
        "history_request": {"output": False, "raw": True, "hist_access_type": "tail", "n": 5},
        "debug_request": {"type": "request", "seq": 1, "command": "evaluate", "arguments": {"expression": code}},
        "create_subshell_request": {},
    }  # fmt: skip
    with client.channel(kernel) as channel:
        for kind, content in asked.items():
            for place in ("shell", "control"):
                channel.send(message(kind, content, place))
        channel.send(
            message("comm_open", {"comm_id": "x", "target_name": "__main__.os.system", "data": {"a": code}}, "shell")
        )
        channel.send(message("kernel_info_request", {}, "shell"))
        answered = set()
        while "kernel_info_reply" not in answered:
            answered.add(json.loads(channel.recv(timeout=20))["msg_type"])
    # The last one was answered, so the others were heard, and passed over.
    assert not answered & {
        "execute_reply",
        "execute_input",
        "complete_reply",
        "inspect_reply",
        "history_reply",
        "debug_reply",
    }
    assert not mark.exists()


# --- 41: what a kernel reaches ----------------------------------------------------------------------------


def test_a_kernel_has_no_way_to_the_workspace_and_keeps_itself_offline(server: Serving) -> None:
    kernels = server.kernels()
    assert kernels
    for number in kernels:
        process = Path(f"/proc/{number}")
        environment = (process / "environ").read_bytes()
        words = (process / "cmdline").read_bytes().split(b"\0")
        assert str(server.workspace.folder).encode() not in environment + b"".join(words)
        assert not {name.partition(b"=")[0] for name in environment.split(b"\0")} & {
            b"PYTHONPATH",
            b"CREDITLAB_TOKEN",
            b"USER",
        }
        assert words[1:3] == [b"-m", b"creditlab.lab.kernel"]
        # Its folder is the server's own, which nobody else enters, and holds one notebook.
        folder = (process / "cwd").resolve()
        assert folder.stat().st_mode & 0o077 == 0
        assert [path.name for path in folder.glob("*.ipynb")] == ["dashboard.ipynb"]
        assert not folder.is_relative_to(server.workspace.folder)


def test_who_looked_is_noted_and_no_token_is_logged(server: Serving, reader: tuple[Client, str, str]) -> None:
    seen = [one for one in log_of(server.workspace).entries() if one.get("view") == "dashboard"]
    assert seen
    assert (seen[0]["role"], seen[0]["period"], seen[0]["command"]) == ("dashboard", "2026Q3", "dashboard")
    assert seen[0]["rows"] > 0
    said = server.log.read_text()
    # Once, in the address that its owner is told.
    assert said.count(server.token) == 1


# --- Roles: last, for from now on the server's own token opens nothing ------------------------------------


def test_a_role_sees_its_rows_and_nobody_elses_session(server: Serving, reader: tuple[Client, str, str]) -> None:
    own, _, kernel = reader
    roles = f"""
[province]
audience = "government"
token_sha256 = "{digest_of(ALL)}"

[d1]
audience = "government"
departments = ["D1"]
token_sha256 = "{digest_of(OTHER)}"

[d9]
audience = "government"
departments = ["D9"]
token_sha256 = "{digest_of(NOTHING)}"

[nobody]
token_sha256 = "{digest_of(PUBLIC)}"
"""
    (server.workspace.folder / "roles.toml").write_text(roles)
    assert own.ask("")[0] == 403
    assert Client(server).ask(f"?token={server.token}")[0] == 403
    one = Client(server)
    one.ask(f"?token={OTHER}")
    status, page, _ = one.ask("")
    assert status == 200
    content = json.loads(page.partition('<script type="application/json" id="content">')[2].partition("</script>")[0])
    place = content["columns"].index("department")
    assert {cell[place] for cell in content["cells"]} == {"D1"}
    assert content["departments"] == ["D1"]
    assert {one["department"] for one in content["matters"]} <= {"D1"}
    assert set(content["languages"]["en"]["departments"]) == {"D1"}
    assert content["home"] == {"department": "D1"}
    with pytest.raises(InvalidStatus) as refused, one.channel(kernel):
        pass
    assert refused.value.response.status_code == 404
    assert one.ask(f"api/kernels/{kernel}")[0] == 404
    assert json.loads(one.ask(f"state?kernel={kernel}")[1]) == {"is_there": False}
    roles_seen = [entry["role"] for entry in log_of(server.workspace).entries() if entry.get("view") == "dashboard"]
    assert roles_seen[-1] == "d1"
    # A department without a record, and an audience for which nothing was published, are told so.
    empty, public = Client(server), Client(server)
    empty.ask(f"?token={NOTHING}")
    assert "Nothing of what you may see" in empty.ask("")[1].partition("<main")[2].partition("</main>")[0]
    public.ask(f"?token={PUBLIC}")
    status, page, _ = public.ask("")
    assert (status, "Nothing has been published yet" in page, "尚未发布" in page) == (404, True, True)
