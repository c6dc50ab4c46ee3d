"""A Spark cluster of one's own on the loopback address: a master and worker processes, each of which can be killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

#: Little of everything: all processes together take some 3 GiB.
DEFAULTS = """\
spark.driver.host 127.0.0.1
spark.driver.memory 700m
spark.executor.memory 600m
spark.executor.cores 1
spark.sql.shuffle.partitions 2
spark.default.parallelism 2
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
spark.executor.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC
"""
_SECONDS = 120
_CONNECT = "org.apache.spark.sql.connect.service"


@dataclass
class Process:
    """One Java process of the cluster, with what it says."""

    running: subprocess.Popen[bytes]
    log: Path

    def await_words(self, words: str) -> str:
        """What it says about something, once it does."""
        until = time.monotonic() + _SECONDS
        while (found := re.search(words, self.log.read_text(errors="replace"))) is None:
            assert self.running.poll() is None, self.log.read_text(errors="replace")[-2000:]
            assert time.monotonic() < until, f"{self.log.name} never said {words}"
            time.sleep(0.05)
        return found[0]

    def kill(self) -> None:
        """End it with all that it started: a worker's processes don't outlive it."""
        with suppress(ProcessLookupError):
            os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait()


@dataclass
class SparkCluster:
    """A master and its workers."""

    folder: Path
    environment: dict[str, str]
    url: str = ""
    worker_memory: str = "700m"
    processes: list[Process] = field(default_factory=list)
    workers: list[Process] = field(default_factory=list)

    def _start(self, name: str, *arguments: str) -> Process:
        return self._run(name, "spark-class", f"org.apache.spark.deploy.{name.split('-')[0]}", *arguments)

    def _run(self, name: str, program: str, *arguments: str) -> Process:
        import pyspark

        log = self.folder / f"{name}.log"
        command = [str(Path(pyspark.__file__).parent / "bin" / program), *arguments]
        with log.open("wb") as said:
            running = subprocess.Popen(command, stdout=said, stderr=said, env=self.environment, start_new_session=True)
        self.processes.append(Process(running, log))
        return self.processes[-1]

    def start_connect(self) -> None:
        """A Spark Connect server with two cores of its own."""
        one = self._run(
            "connect", "spark-submit", "--master", "local[2]", "--class", f"{_CONNECT}.SparkConnectServer",
            "--conf", "spark.connect.grpc.binding.address=127.0.0.1", "--conf", "spark.connect.grpc.binding.port=0",
            "spark-internal",
        )  # fmt: skip
        self.url = "sc://" + one.await_words(r"server started at: (127\.0\.0\.1:\d+)").split(": ")[1]

    def start_master(self) -> None:
        one = self._start("master.Master", "--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        self.url = one.await_words(r"spark://127\.0\.0\.1:\d+")

    def start_worker(self) -> Process:
        number = len(self.processes)
        one = self._start(
            f"worker.Worker-{number}", "-c", "1", "-m", self.worker_memory, "--host", "127.0.0.1", "--webui-port", "0",
            "--work-dir", str(self.folder / f"work-{number}"), self.url,
        )  # fmt: skip
        one.await_words("Successfully registered with master")
        self.workers = [other for other in self.workers if other.running.poll() is None] + [one]
        return one


@contextmanager
def spark_cluster(
    folder: Path, workers: int = 2, *, defaults: str = DEFAULTS, worker_memory: str = SparkCluster.worker_memory
) -> Iterator[SparkCluster]:
    """Start a cluster, and end all that it started."""
    with _prepared(folder, defaults) as one:
        one.worker_memory = worker_memory
        one.start_master()
        for _ in range(workers):
            one.start_worker()
        yield one


@contextmanager
def connect_server(folder: Path) -> Iterator[SparkCluster]:
    """Start a Spark Connect server, and end it."""
    with _prepared(folder, DEFAULTS) as one:
        # Of the scripts that Spark brings, those that start this server take its memory for a daemon's.
        one.environment["SPARK_DAEMON_MEMORY"] = "700m"
        one.start_connect()
        yield one


@contextmanager
def _prepared(folder: Path, defaults: str) -> Iterator[SparkCluster]:
    settings = folder / "conf"
    settings.mkdir()
    (settings / "spark-defaults.conf").write_text(defaults, encoding="utf-8")
    environment = os.environ | {
        "SPARK_CONF_DIR": str(settings),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "200m",
        "SPARK_DAEMON_JAVA_OPTS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
    }
    one = SparkCluster(folder, environment)
    try:
        yield one
    finally:
        for process in one.processes:
            process.kill()
