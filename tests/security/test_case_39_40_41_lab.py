"""Cases 39, 40 and 41: JupyterLab as `creditlab lab` sets it, under a user's configuration that would open it up."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from creditlab.lab.folder import COPIED
from creditlab.lab.settings import START
from creditlab.workspace import make_workspace
from tests.labbing import Lab, running_lab

#: What somebody may have written into his own configuration, for another Jupyter.
OPEN_TO_ALL = {
    "ServerApp": {
        "ip": "0.0.0.0",
        "allow_origin": "*",
        "disable_check_xsrf": True,
        "terminals_enabled": True,
        "allow_remote_access": True,
        "allow_unauthenticated_access": True,
    },
    "IdentityProvider": {"token": ""},
    "LabApp": {"extension_manager": "pypi"},
}


class Running(Lab):
    """A server that is asked without a browser."""

    def ask(self, path: str, *, token: str | None = None, method: str = "GET", **headers: str) -> tuple[int, bytes]:
        """Status and body of a request; redirects are not followed."""
        given = {"Authorization": f"token {self.token if token is None else token}"} if token != "" else {}
        request = urllib.request.Request(f"{self.address}{path}", method=method, headers=given | headers)
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def read(self, path: str) -> dict:
        status, body = self.ask(path)
        assert status == 200, (path, status)
        found: dict = json.loads(body)
        return found


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("home")
    (home / ".jupyter").mkdir()
    for name in ("jupyter_server_config.json", "jupyter_lab_config.json", "jupyter_config.json"):
        (home / ".jupyter" / name).write_text(json.dumps(OPEN_TO_ALL))
    folder = make_workspace(home / "workspace")
    with running_lab(folder, home) as started:
        yield Running(started.port, started.token, started.folder, started.log)


# --- 39: no token, 0.0.0.0, any origin, no XSRF check, a shell -------------------------------------------


def test_nothing_is_answered_without_the_token(lab: Running) -> None:
    assert len(lab.token) >= 32
    for path in ("/api/contents", "/api/kernels", "/api/kernelspecs", "/lab", "/lab/api/settings", "/files/START.md"):
        for token in ("", "wrong"):
            assert lab.ask(path, token=token)[0] in {302, 401, 403}, (path, token)
        assert lab.ask(path)[0] == 200, path


def test_it_listens_on_this_machine_only(lab: Running) -> None:
    listening = [
        line.split()[1].split(":")[0]
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and int(line.split()[1].split(":")[1], 16) == lab.port
    ]
    assert listening == ["0100007F"]


def test_another_page_and_another_host_are_refused(lab: Running) -> None:
    with_cookie_only = {"Origin": "https://elsewhere.example"}
    status, _ = lab.ask("/api/contents", token="", **with_cookie_only)
    assert status in {302, 403}
    # A request that carries no token has to carry the page's own secret; another page doesn't have it.
    assert lab.ask("/api/kernels", token="", method="POST", **with_cookie_only)[0] in {403, 404}
    # A name that points here from elsewhere (DNS rebinding).
    assert lab.ask("/api/contents", Host="elsewhere.example")[0] == 403


def test_there_is_no_shell_no_extension_manager_and_no_news(lab: Running) -> None:
    assert lab.ask("/api/terminals", method="POST")[0] == 404
    page = lab.ask("/lab")[1].decode()
    about = json.loads(
        re.search(r'<script id="jupyter-config-data" type="application/json">(.*?)</script>', page, re.S)[1]
    )
    assert about["extensionManager"]["can_install"] is False
    assert about["news"]["disabled"] is True
    for name in ("notification", "extensionmanager"):
        plugin = {"notification": "@jupyterlab/apputils-extension:notification",
                  "extensionmanager": "@jupyterlab/extensionmanager-extension:plugin"}[name]  # fmt: skip
        settings = json.loads(lab.read(f"/lab/api/settings/{plugin}")["raw"] or "{}")
        # What a user set himself would be here; nobody set anything.
        assert settings == {}


def test_nothing_outside_its_folder_is_shown(lab: Running) -> None:
    (lab.folder / ".hidden.txt").write_text("hidden")
    assert lab.ask("/api/contents/..%2Fcreditlab.toml")[0] == 404
    assert lab.ask("/files/..%2Fcreditlab.toml")[0] in {403, 404}
    assert lab.ask("/api/contents/.hidden.txt")[0] == 404


def test_its_page_says_where_to_begin_in_the_workspaces_language(lab: Running) -> None:
    names = {one["name"] for one in lab.read("/api/contents")["content"]}
    assert {START, *COPIED} <= names
    assert "从这里开始" in lab.read(f"/api/contents/{START}")["content"]
    assert f"/lab/tree/{START}?token=" in lab.log.read_text()
    viewers = lab.read("/lab/api/settings/@jupyterlab/docmanager-extension:plugin")["schema"]["properties"]
    assert viewers["defaultViewers"]["default"] == {"markdown": "Markdown Preview"}
    pack = lab.read("/lab/api/translations/zh_CN")["data"]
    assert len(pack["jupyterlab"]) > 1000
    locale = lab.read("/lab/api/settings/@jupyterlab/translation-extension:plugin")
    assert locale["schema"]["properties"]["locale"]["default"] == "zh_CN"


# --- 40: a notebook that comes from elsewhere -------------------------------------------------------------


def test_a_foreign_notebook_is_not_trusted_and_doesnt_run(lab: Running, tmp_path: Path) -> None:
    mark = tmp_path / "it_ran"
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": "<script>alert(1)</script>"}}
    cell = {"cell_type": "code", "id": "a", "execution_count": None, "outputs": [output],
            "metadata": {"trusted": True}, "source": f"open({str(mark)!r}, 'w')"}  # fmt: skip
    foreign = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]}
    (lab.folder / "foreign.ipynb").write_text(json.dumps(foreign))
    opened = lab.read("/api/contents/foreign.ipynb")["content"]
    # Untrusted: the page shows none of its scripts until its user says so.
    assert opened["cells"][0]["metadata"].get("trusted") is not True
    assert lab.read("/api/contents/foreign.ipynb?type=notebook")["content"]["cells"][0]["outputs"] == [output]
    # Nor does a link that runs what it opens, of which another program on the machine may have brought one.
    for path in ("/voila/render/foreign.ipynb", "/voila", "/voila/files/foreign.ipynb"):
        assert lab.ask(path)[0] == 404, path
    assert lab.read("/api/kernels") == []
    assert not mark.exists()


# --- 41: a kernel that reaches the network ----------------------------------------------------------------


def test_the_one_kernel_is_the_one_that_keeps_itself_offline(lab: Running) -> None:
    found = lab.read("/api/kernelspecs")
    assert found["default"] == "creditlab"
    own = found["kernelspecs"]["creditlab"]["spec"]["argv"]
    assert own[1:3] == ["-m", "creditlab.lab.kernel"]
    assert set(found["kernelspecs"]) == {"creditlab"}


@pytest.mark.parametrize(
    "attempt",
    [
        "socket.create_connection(('192.0.2.1', 80), 1)",
        "socket.getaddrinfo('elsewhere.example', 80)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "socket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
        "urllib.request.urlopen('http://192.0.2.1/', timeout=1)",
        "[setattr(kernel, '_refuse', lambda *a: None), setattr(kernel, '_is_here', lambda h: True),"
        " socket.create_connection(('192.0.2.1', 80), 1)]",
    ],
)
def test_a_kernel_opens_no_connection_to_another_machine(attempt: str) -> None:
    program = f"import socket, urllib.request\nfrom creditlab.lab import kernel\nkernel.keep_offline()\n{attempt}\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "a notebook's kernel" in done.stderr


def test_a_kernel_still_talks_to_its_own_machine() -> None:
    program = (
        "import socket\nfrom creditlab.lab.kernel import keep_offline\nkeep_offline()\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "socket.create_connection(server.getsockname()).sendall(b'x')\n"
        "assert server.accept()[0].recv(1) == b'x'\n"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0
