"""A cluster that is not ready: no worker takes the work in, or whoever listens speaks another language than Spark's."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from unittest.mock import Mock

import pytest

from creditlab.errors import EngineError
from tests.cluster.spark import spark_cluster

#: In a process of its own, for a process has one application; and with less patience.
_ASK = """\
import sys
from creditlab import engine
from creditlab.errors import EngineError
from creditlab.spark import application
application._WORKER_SECONDS, application._START_SECONDS = 1.0, float(sys.argv[2])
try:
    with engine.connect(sys.argv[1]):
        pass
except EngineError as error:
    print(error.code)
"""


def said(url: str, start_seconds: float, folder: Path) -> str:
    environment = {**os.environ, "SPARK_CONF_DIR": str(folder), "SPARK_LOCAL_IP": "127.0.0.1"}
    command = [sys.executable, "-c", _ASK, url, str(start_seconds)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout.strip()


@contextmanager
def deaf() -> Iterator[str]:
    """An address at which somebody takes every call, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hang_up() -> None:
            try:
                while True:
                    server.accept()[0].close()
            except OSError:
                return

        Thread(target=hang_up, daemon=True).start()
        yield f"spark://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def test_a_cluster_without_workers_is_said(java: None, tmp_path: Path) -> None:
    with spark_cluster(tmp_path, workers=0) as cluster:
        assert said(cluster.url, 120, tmp_path / "conf") == "engine_workers"


def test_a_master_that_does_not_speak_as_this_spark_does_is_said(java: None, tmp_path: Path) -> None:
    (tmp_path / "spark-defaults.conf").write_text("spark.driver.memory 700m\n", encoding="utf-8")
    with deaf() as url:
        assert said(url, 10, tmp_path) == "engine_silent"


def test_an_application_that_gave_its_master_up_is_said(java: None) -> None:
    from py4j.protocol import Py4JError

    from creditlab.spark.application import _await_worker

    # As it is after a minute before a master of another version.
    gone = Mock()
    gone._jsc.sc.side_effect = Py4JError("the process is gone")
    with pytest.raises(EngineError) as error:
        _await_worker(gone)
    assert error.value.code == "engine_silent"
