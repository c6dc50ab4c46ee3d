"""The application that a process has on Spark: started when first asked for, and ended with the process.

To start one takes seconds, so whoever asks again is given another session of it; sessions share no view and no setting.
"""

from __future__ import annotations

import atexit
import os
import re
import shutil
import socket
import subprocess
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from time import monotonic, sleep
from typing import Any

import pyspark
from py4j.protocol import Py4JError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from creditlab.errors import EngineError
from creditlab.scratch import scratch

LOCAL, STANDALONE, CONNECT = "spark-local", "spark://", "sc://"
_WHERE = "[engine] url"
_JAVA = (17, 21)
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')
#: For how long a cluster may take to answer, to take an application in, and to give it a first process.
_ANSWER_SECONDS, _START_SECONDS, _WORKER_SECONDS = 5.0, 120.0, 60.0
#: How often a Spark Connect server that is gone is asked again: for a quarter of a minute, not for ten.
_RETRIES = 6
#: What the digits hang on; all else is the institution's, in Spark's own spark-defaults.conf.
_SETTINGS = {
    "spark.app.name": "creditlab",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    # A query names tables that it was given, never a file.
    "spark.sql.runSQLOnFiles": "false",
}
_lock = Lock()


@dataclass
class _Application:
    url: str
    context: SparkContext
    parts: ExitStack

    @property
    def is_alive(self) -> bool:
        try:
            return not self.context._jsc.sc().isStopped()
        except (Py4JError, AttributeError, OSError):
            return False

    def end(self) -> None:
        with suppress(PySparkException, Py4JError, OSError):
            self.context.stop()
        self.parts.close()


_current: list[_Application] = []


def session_for(url: str) -> SparkSession:
    """A session of its own on the engine at an address.

    Raises
    ------
    EngineError
        If there is no Java runtime that Spark runs on; if no cluster answers at the address, or one of another version;
        if no worker takes the application in.
    """
    if url.startswith(CONNECT):
        return _remote(url)
    with _lock:
        if not (_current and _current[0].is_alive and _current[0].url == url):
            _refuse_java()
            if url.startswith(STANDALONE):
                _refuse_silence(url)
            # A process has one application: another address ends the one that it had.
            while _current:
                _current.pop().end()
            _current.append(_started(url))
        return SparkSession(_current[0].context).newSession()


@atexit.register
def end() -> None:
    """End this process's application, if it has one."""
    with _lock:
        while _current:
            _current.pop().end()


def _started(url: str) -> _Application:
    with ExitStack() as parts:
        folder = parts.enter_context(scratch())
        settings = _SETTINGS | {"spark.sql.warehouse.dir": f"file:{folder}/warehouse", "spark.local.dir": str(folder)}
        settings["spark.master"] = "local[*]" if url == LOCAL else url
        conf = SparkConf(loadDefaults=False).setAll(list(settings.items()))
        # What Java says on the way quotes queries and cells: it goes nowhere that somebody reads.
        log = parts.enter_context((folder / "java.log").open("wb"))
        gateway = launch_gateway(conf, {"stdout": log, "stderr": log})
        parts.callback(_end_java, gateway)
        with ThreadPoolExecutor(1) as side:
            starting = side.submit(SparkContext, conf=conf, gateway=gateway)
            if not wait([starting], _START_SECONDS).done:
                gateway.proc.kill()
            try:
                context = starting.result()
            except (PySparkException, Py4JError, OSError) as error:
                raise _unanswered() from error
        parts.callback(context.stop)
        if url.startswith(STANDALONE):
            _await_worker(context)
        return _Application(url, context, parts.pop_all())


def _end_java(gateway: Any) -> None:
    """End the Java process, so that the next application starts one of its own."""
    with suppress(Py4JError, OSError):
        gateway.shutdown()
    with suppress(OSError):
        gateway.proc.stdin.close()
    gateway.proc.kill()
    gateway.proc.wait()
    SparkContext._gateway = SparkContext._jvm = None  # type: ignore[assignment]


def _refuse_java() -> None:
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    do = "Install one: on Debian, apt-get install default-jre-headless."
    try:
        said = subprocess.run([java or "java", "-version"], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError("java", "Spark needs a Java runtime, and there is none", where=_WHERE, do=do) from error
    found = _VERSION.search(said.stderr + said.stdout)
    if found is None or int(found[1]) not in range(_JAVA[0], _JAVA[1] + 1):
        what = f"the Java runtime is of a version that Spark {pyspark.__version__} doesn't run on"
        raise EngineError("java", what, where=_WHERE, do=f"Use Java {_JAVA[0]} to {_JAVA[1]}, or set JAVA_HOME.")


def _refuse_silence(url: str) -> None:
    """Ask whether anybody listens at a cluster's address: Spark itself would ask for a minute."""
    found = re.fullmatch(r"\w+://([^/:;?#]+):(\d{1,5})(?:/.*)?", url)
    if found is None:
        raise EngineError("address", "an address can't be read", where=_WHERE, do='Write "spark://host:7077".')
    try:
        socket.create_connection((found[1], int(found[2])), _ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _unanswered() from error


def _unanswered() -> EngineError:
    return EngineError(
        "silent",
        f"no cluster of Spark {pyspark.__version__} answers at the address",
        where=_WHERE,
        do="See that its master runs, is reached from here, and is of the same version as pyspark here.",
    )


def _await_worker(context: SparkContext) -> None:
    until = monotonic() + _WORKER_SECONDS
    while not _has_worker(context):
        if monotonic() > until:
            raise EngineError(
                "workers",
                "no worker of the cluster took the work in",
                where=_WHERE,
                do="See that workers run, have free cores and memory, and reach this machine.",
            )
        sleep(0.1)


def _has_worker(context: SparkContext) -> bool:
    try:
        # The application's own process counts as one.
        return int(context._jsc.sc().getExecutorMemoryStatus().size()) > 1
    except (Py4JError, OSError) as error:
        # A master of another version can't read who asks, and says nothing: after a minute the application gives up.
        raise _unanswered() from error


def _remote(url: str) -> SparkSession:
    try:
        from pyspark.sql.connect.client.retries import DefaultPolicy
        from pyspark.sql.connect.session import SparkSession as Remote
    except ImportError as error:
        do = "Install creditlab's extra spark."
        raise EngineError("address", "Spark Connect's own libraries are missing", where=_WHERE, do=do) from error
    _refuse_silence(url)
    try:
        session = Remote.builder.remote(url).create()
        version = session.version
    except (PySparkException, OSError) as error:
        raise _unanswered() from error
    refuse_other_version(version)
    for name, value in _SETTINGS.items():
        if name.startswith("spark.sql.") and name not in _STATIC:
            session.conf.set(name, value)
    session.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES, max_backoff=5_000)])
    return session  # type: ignore[return-value]


def let_go(session: SparkSession) -> None:
    """End a session on a Spark Connect server; one of this process's own application ends with the process."""
    if isinstance(session, SparkSession):
        return
    with suppress(PySparkException, OSError):
        session.stop()


def refuse_other_version(version: str) -> None:
    """Refuse a server that runs another version of Spark than is installed here.

    Raises
    ------
    EngineError
        If it does; the third number of a version doesn't matter.
    """
    if version.split(".")[:2] != pyspark.__version__.split(".")[:2]:
        raise EngineError(
            "version",
            f"the server runs Spark {version}, and pyspark here is {pyspark.__version__}",
            where=_WHERE,
            do="Use the same version on both sides.",
        )


#: Settings that a session can't change: the server's.
_STATIC = {"spark.sql.catalogImplementation"}
