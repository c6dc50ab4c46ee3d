"""A Spark Connect server: the same digits, sessions that end, and a server that is of another version, or dies.

All data is synthetic.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import ibis
import pyarrow as pa
import pyspark
import pytest

from creditlab import engine
from creditlab.errors import EngineError
from creditlab.periods import parse_period
from creditlab.synth.lake import write_lake
from creditlab.workspace import open_workspace
from tests.cluster.conftest import AS_OF, PERIOD
from tests.cluster.expressions import EXPRESSIONS, Asked
from tests.cluster.spark import SparkCluster, connect_server
from tests.spec.short_province import short_parameters

RECORDS = 20_000
#: A measure and an assessment; a cluster is asked everything (test_cluster.py).
NAMES = ("measures", "findings")


@pytest.fixture(scope="module")
def server(java: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkCluster]:
    with connect_server(tmp_path_factory.mktemp("connect")) as one:
        yield one


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("few")
    write_lake(folder / "w", short_parameters(folder, RECORDS, 12), now=datetime(2026, 9, 15, tzinfo=UTC), threads=2)
    return folder / "w"


def answers(url: str, lake: Path) -> dict[str, list[dict[str, object]]]:
    workspace, found = open_workspace(lake), {}
    with engine.connect(url, folders=[workspace.lake]) as backend:
        asked = Asked(workspace, backend, parse_period(PERIOD), AS_OF)
        for name in NAMES:
            rows = backend.to_pyarrow(EXPRESSIONS[name](asked))
            found[name] = sorted(rows.to_pylist(), key=repr)
    return found


def test_a_connect_server_gives_the_same_digits(server: SparkCluster, lake: Path) -> None:
    ours, theirs = answers(engine.EMBEDDED, lake), answers(server.url, lake)
    # Names alone: a failure would print rows.
    assert [name for name in NAMES if ours[name] != theirs[name]] == []
    assert [name for name, rows in ours.items() if not rows] == []


def test_a_server_of_another_version_is_refused(server: SparkCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyspark, "__version__", "9.9.0")
    with pytest.raises(EngineError) as error, engine.connect(server.url):
        pass
    assert error.value.code == "engine_version"


def test_a_server_that_dies_is_said(server: SparkCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    # With less patience than a command has.
    monkeypatch.setattr("creditlab.spark.application._RETRIES", 3)
    before = 0.0

    def ask_a_dead_one() -> None:
        nonlocal before
        with engine.connect(server.url) as backend:
            rows = ibis.memtable(pa.table({"a": [1]}))
            assert backend.to_pyarrow(rows).num_rows == 1
            server.processes[0].kill()
            before = time.monotonic()
            backend.to_pyarrow(rows.mutate(b=1))

    with pytest.raises(EngineError) as error:
        ask_a_dead_one()
    assert error.value.code == "engine_failed"
    assert time.monotonic() - before < 30
