"""The configurations in docs/operations.md, tried with the programs that they are for, where those are installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import tomllib
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from traitlets.config import Config

from creditlab.terms import NamesFrom
from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "operations.md").read_text("utf-8")
PROGRAM = "/opt/creditlab/.venv/bin/creditlab"


def samples(kind: str) -> list[str]:
    """The blocks of a kind in the text, in order."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def program(name: str) -> str:
    found = os.environ.get(name.upper()) or shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed here")
    return found


# --- systemd ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", samples("ini"), ids=lambda text: text.splitlines()[0].rpartition("/")[2])
def test_units_are_what_systemd_takes(text: str, tmp_path: Path) -> None:
    verify = program("systemd-analyze")
    first, body = text.split("\n", 1)
    unit = tmp_path / first.rpartition("/")[2]
    assert unit.suffix in {".service", ".timer"}
    # The program is not at its place on this machine.
    unit.write_text(body.replace(PROGRAM, sys.executable))
    for service in samples("ini"):
        # A timer is looked at together with what it starts.
        beside = tmp_path / service.split("\n", 1)[0].rpartition("/")[2]
        beside.write_text(service.replace(PROGRAM, sys.executable))
    done = subprocess.run([verify, "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False)
    said = [one for one in done.stderr.splitlines() if unit.name in one]
    assert said == []
    if unit.suffix == ".timer":
        return
    # Not with everybody's rights, not with anybody's network.
    for line in ("UMask=0077", "NoNewPrivileges=true", "ProtectSystem=strict", "IPAddressDeny=any"):
        assert line in body.splitlines(), line


# --- JupyterHub ---------------------------------------------------------------------------------------------


def test_the_hubs_configuration_starts_our_server() -> None:
    (text,) = [one for one in samples("python") if "jupyterhub_config.py" in one]
    config = _loaded(text)
    assert config.Spawner.cmd[1:3] == ["-m", "creditlab.lab.hub"]
    assert config.Spawner.cmd[0].startswith("/opt/creditlab/")
    assert config.SystemdSpawner.unit_extra_properties["IPAddressDeny"] == "any"
    # Nobody is let in who isn't named.
    assert config.Authenticator.allowed_users
    assert not config.Authenticator.get("allow_all", False)
    names = tomllib.loads(next(one for one in samples("toml") if "jupyterhub" in one))["access"]["names"]
    assert NamesFrom(names) is NamesFrom.JUPYTERHUB


def test_the_hubs_configuration_is_what_jupyterhub_takes() -> None:
    app = pytest.importorskip("jupyterhub.app", reason="jupyterhub is not installed here")
    (text,) = [one for one in samples("python") if "jupyterhub_config.py" in one]
    # The spawner is another package's.
    hub = app.JupyterHub(config=_loaded(text.replace('spawner_class = "systemd"', 'spawner_class = "localprocess"')))
    assert hub.bind_url.endswith("/lab/")


def _loaded(text: str) -> Config:
    config = Config()
    exec(compile(text, "jupyterhub_config.py", "exec"), {"c": config})  # noqa: S102 - our own text
    return config


def test_a_single_user_server_is_started_by_a_hub_only(capsys: pytest.CaptureFixture[str]) -> None:
    from creditlab.lab import hub

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("JUPYTERHUB_API_TOKEN", raising=False)
        patch.setattr(sys, "argv", ["hub", "anywhere"])
        with pytest.raises(SystemExit) as ended:
            hub.main()
    assert ended.value.code == 2
    assert "started by JupyterHub" in capsys.readouterr().err


# --- nginx --------------------------------------------------------------------------------------------------


class _Answers(BaseHTTPRequestHandler):
    """The sign-on and the dashboard behind nginx: the first knows one cookie, the other says what it was sent."""

    def do_GET(self) -> None:
        if self.path == "/who":
            is_known = self.headers.get("Cookie") == "session=wang"
            self.send_response(204 if is_known else 401)
            if is_known:
                self.send_header("X-Person", "wang")
            self.end_headers()
            return
        body = json.dumps({name.lower(): self.headers.get_all(name) for name in self.headers}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The sample as it stands but for the places of its files, its ports and its certificate; its address."""
    command, openssl = program("nginx"), program("openssl")
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    behind = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=behind.serve_forever, daemon=True).start()
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=credit.example", "-days", "1",
         "-keyout", str(folder / "key"), "-out", str(folder / "pem")],
        capture_output=True, check=True,
    )  # fmt: skip
    for name, text in (("2026Q3/index.html", "open"), ("2026Q3/x-internal/index.html", "internal"), (".draft/x", "no")):
        (folder / "reports" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "reports" / name).write_text(text)
    (folder / "proxy").write_text('proxy_set_header Authorization "token of-the-server";\n')
    there = f"127.0.0.1:{behind.server_address[1]}"
    changed = {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl", "/etc/ssl/credit.example.pem": str(folder / "pem"),
        "/etc/ssl/private/credit.example.key": str(folder / "key"), "/srv/creditlab/reports": str(folder / "reports"),
        "127.0.0.1:9000": there, "127.0.0.1:8866": there, "/etc/creditlab/dashboard.location": str(folder / "location"),
        "/etc/creditlab/dashboard.proxy": str(folder / "proxy"),
    }  # fmt: skip
    blocks = samples("nginx")
    for before, after in changed.items():
        assert any(before in one for one in blocks), before
        blocks = [one.replace(before, after) for one in blocks]
    location, server = blocks
    (folder / "location").write_text(location)
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log;\n{'user root;' if os.getuid() == 0 else ''}\n"
        f"events {{}}\nhttp {{ access_log off;\n{temporary}{server}}}\n"
    )
    given = [command, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    checked = subprocess.run([*given, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(given, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with socket.socket() as one:
                if one.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)
        behind.shutdown()


def ask(address: str, **headers: str) -> tuple[int, str]:
    import ssl

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    request = urllib.request.Request(address, headers={name.replace("_", "-"): text for name, text in headers.items()})
    try:
        with urllib.request.urlopen(request, context=context, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_nobody_reads_what_is_published_without_signing_on(nginx: str) -> None:
    assert ask(f"{nginx}/2026Q3/index.html")[0] == 401
    assert ask(f"{nginx}/2026Q3/index.html", Cookie="session=wang") == (200, "open")
    for path in ("/.draft/x", "/2026Q3/x-internal/index.html"):
        # Not from this machine's own address, which is not in the institution's network.
        assert ask(f"{nginx}{path}", Cookie="session=wang")[0] == 403, path
    assert ask(f"{nginx}/who", Cookie="session=wang")[0] == 404


def test_the_proxy_says_who_it_is_whatever_a_reader_sends(nginx: str) -> None:
    assert ask(f"{nginx}/dashboard/")[0] == 401
    status, text = ask(f"{nginx}/dashboard/", Cookie="session=wang", X_Forwarded_User="li", Authorization="token mine")
    assert status == 200
    sent = json.loads(text)
    assert sent["x-forwarded-user"] == ["wang"]
    assert sent["authorization"] == ["token of-the-server"]
