"""The cluster that the tests of this folder share, and a lake that both engines read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path

import pytest

from creditlab import engine
from creditlab.periods import parse_period
from creditlab.synth.lake import write_lake
from creditlab.workspace import open_workspace
from tests.cluster.expressions import Asked
from tests.cluster.spark import SparkCluster, spark_cluster
from tests.spec.short_province import short_parameters

RECORDS = 1_000_000
PERIOD, AS_OF = "2026-06-01/2026-09-01", date(2026, 9, 15)


@pytest.fixture(scope="session")
def java() -> None:
    """What Spark needs beside itself."""
    if find_spec("pyspark") is None:
        pytest.skip("Spark is missing: install the extra spark (uv sync --extra spark)")
    if shutil.which("java") is None:
        pytest.skip("a Java runtime is missing: install default-jre-headless, or set JAVA_HOME and PATH")


@pytest.fixture(scope="session")
def cluster(java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkCluster]:
    """A master and two workers; this process's own part of the application has their settings."""
    with spark_cluster(tmp_path_factory.mktemp("cluster")) as one, pytest.MonkeyPatch.context() as patch:
        for name in ("SPARK_CONF_DIR", "SPARK_LOCAL_IP"):
            patch.setenv(name, one.environment[name])
        yield one
        from creditlab.spark.application import end

        end()


@pytest.fixture(scope="session")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic province of a million records, in its lake."""
    folder = tmp_path_factory.mktemp("province")
    write_lake(folder / "w", short_parameters(folder, RECORDS, 11), now=datetime(2026, 9, 15, tzinfo=UTC), threads=2)
    return folder / "w"


@pytest.fixture(scope="session")
def on_spark(cluster: SparkCluster, province: Path) -> Iterator[Asked]:
    """The province, asked on the cluster."""
    workspace = open_workspace(province)
    with engine.connect(cluster.url, folders=[workspace.lake]) as backend:
        yield Asked(workspace, backend, parse_period(PERIOD), AS_OF)


@pytest.fixture(scope="session")
def on_duckdb(province: Path) -> Iterator[Asked]:
    """The province, asked in this process."""
    workspace = open_workspace(province)
    with engine.connect(folders=[workspace.lake]) as backend:
        yield Asked(workspace, backend, parse_period(PERIOD), AS_OF)
