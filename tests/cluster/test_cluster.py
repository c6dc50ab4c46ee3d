"""A real cluster, a master and two workers: the same digits as the embedded engine, whatever happens to a worker.

One file, so that one process of the tests starts the cluster. All data is synthetic.
"""

from __future__ import annotations

import csv
import json
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from creditlab import engine
from creditlab.errors import EngineError, ExtraError, InternalError, WorkspaceError
from creditlab.lake import Lake, Snapshot
from creditlab.workspace import CONFIGURATION
from tests.cluster.expressions import EXPRESSIONS, Asked
from tests.cluster.spark import SparkCluster

Command = Callable[..., subprocess.CompletedProcess[str]]
_BATCH_ROWS = 65_536


# --- A million records ----------------------------------------------------------------------------------


def in_order(asked: Asked, name: str) -> Iterator[pa.RecordBatch]:
    """The whole result of an expression, in an order of all its columns."""
    rows = asked.backend.to_pyarrow(EXPRESSIONS[name](asked))
    order = [(one.name, "ascending") for one in rows.schema if not pa.types.is_nested(one.type)]
    return iter(rows.sort_by(order).combine_chunks().to_batches(_BATCH_ROWS))


def differing(ours: Iterator[pa.RecordBatch], theirs: Iterator[pa.RecordBatch]) -> tuple[int, set[str]]:
    """How many rows there are, and the columns that differ; never the rows, which a failure would print."""
    rows, columns = 0, set()
    for one, other in zip_longest(ours, theirs):
        if one is None or other is None or one.num_rows != other.num_rows or one.schema != other.schema:
            return rows, {"the number of rows, or their types"}
        rows += one.num_rows
        columns |= {name for name in one.schema.names if not one[name].equals(other[name])}
    return rows, columns


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_a_cluster_gives_the_same_digits(on_spark: Asked, on_duckdb: Asked, name: str) -> None:
    rows, columns = differing(in_order(on_duckdb, name), in_order(on_spark, name))
    assert columns == set()
    assert rows > 0


def test_a_killed_worker_changes_nothing_but_the_time(cluster: SparkCluster, on_spark: Asked, on_duckdb: Asked) -> None:
    name = "profiles summed up"
    victim = cluster.workers[-1]
    tracker = on_spark.backend._session.sparkContext.statusTracker()  # type: ignore[attr-defined]
    with ThreadPoolExecutor(1) as side:
        asked = side.submit(lambda: list(in_order(on_spark, name)))
        while not any(tracker.getStageInfo(one).numActiveTasks for one in tracker.getActiveStageIds()):
            assert not asked.done(), "the work was over before a worker could be killed"
            time.sleep(0.01)
        victim.kill()
        found = asked.result()
    cluster.start_worker()
    assert victim.running.returncode != 0
    assert differing(in_order(on_duckdb, name), iter(found))[1] == set()


# --- The example ----------------------------------------------------------------------------------------


@pytest.fixture
def example(shared_dir: Path, workspace_copy: Callable[..., Path], creditlab_here: Command) -> Callable[[str], Path]:
    """A copy of the example whose configuration names an engine, with everything taken in."""

    def make(url: str) -> Path:
        folder = workspace_copy(shared_dir / "example", f"w{url.partition(':')[0]}")
        path = folder / CONFIGURATION
        text, count = re.subn(r"(?m)^url = .*$", f'url = "{url}"', path.read_text(encoding="utf-8"))
        assert count == 1
        path.write_text(text, encoding="utf-8")
        assert creditlab_here("ingest", workspace=folder).returncode == 0
        return folder

    return make


def test_the_example_gives_exactly_what_is_expected(
    cluster: SparkCluster, example: Callable[[str], Path], shared_dir: Path, creditlab_here: Command
) -> None:
    folder, output = example(cluster.url), "measured.csv"
    question = ("measure", "--period", "2026Q3", "--as-of", "2026-10-20", "--by", "item_code")
    for more in ((), ("--from-scratch",)):
        done = creditlab_here(*question, *more, "--output", folder / output, workspace=folder)
        assert (done.returncode, done.stderr) == (0, "")
        with (folder / output).open(encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle))
        with (shared_dir / "example" / "expected.csv").open(encoding="utf-8", newline="") as handle:
            wanted = list(csv.DictReader(handle))
        assert [{name: row[name] for name in wanted[0]} for row in rows] == wanted


def test_what_a_cluster_worked_out_is_on_record_in_the_lake(
    cluster: SparkCluster, example: Callable[[str], Path], creditlab_here: Command, tmp_path: Path
) -> None:
    kept, written = [], []
    for url in (engine.EMBEDDED, cluster.url):
        folder, output = example(url), tmp_path / f"{url.partition(':')[0]}.csv"
        done = creditlab_here(
            "--json", "profile", "--as-of", "2026-10-20", "--keep", "--output", output, workspace=folder
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert json.loads(done.stdout)["kept_run"] == "2"
        written.append(output.read_text(encoding="utf-8"))
        lake = Lake(folder / "lake")
        with engine.connect(folders=[lake.root]) as backend:
            rows = backend.to_pyarrow(Snapshot.take(lake, backend).table("profiles"))
        kept.append(rows.sort_by([("subject_id", "ascending"), ("item_code", "ascending")]))
        # Nothing is left of what was put aside on the way.
        assert [one.name for one in lake.root.iterdir() if one.name.startswith("creditlab-")] == []
        assert creditlab_here("lake", "verify", workspace=folder).returncode == 0
    assert kept[0].num_rows > 0
    assert kept[0].equals(kept[1])
    assert written[0] == written[1]


# --- Values ---------------------------------------------------------------------------------------------

VALUES = pa.table(
    {
        "id": pa.array([1, 2, 3, 4, None], pa.int64()),
        "small": pa.array([1, -1, 127, None, 0], pa.int8()),
        "whole": pa.array([7, -7, None, 0, 2**40], pa.int64()),
        "amount": pa.array(
            [Decimal("0.000001"), Decimal("-12345678901234567890.5"), None, Decimal(0), Decimal("99.995")],
            pa.decimal128(38, 6),
        ),
        "day": pa.array([date(2024, 2, 29), date(2026, 1, 31), None, date(2025, 12, 31), date(1899, 12, 31)]),
        "moment": pa.array(
            [datetime(2026, 7, 1, 15, 59, 59, 999_999, UTC), None, datetime(2026, 6, 30, 16, tzinfo=UTC),
             datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)],
            pa.timestamp("us", "UTC"),
        ),
        "texts": pa.array([["a", None], [], None, ["b", "a"], ["\\", "'"]], pa.list_(pa.string())),
        "text": pa.array(["92ABC", "组织\\'", "", None, "ｐ-1"]),
        "flag": pa.array([True, False, None, True, None]),
    }
)  # fmt: skip
_WINDOW = ibis.window(group_by="flag", order_by=[ibis.desc("day"), ibis.asc("text")])
OVER_VALUES: dict[str, Callable[[ibis.Table], ibis.Value]] = {
    "as it is": lambda rows: rows.amount,
    "a moment": lambda rows: rows.moment,
    "a list": lambda rows: rows.texts,
    "a small number": lambda rows: rows.small * rows.small.cast("int64"),
    "a whole part": lambda rows: rows.whole // 2,
    "a rest": lambda rows: rows.whole % 4,
    "a quotient": lambda rows: rows.whole / 3,
    "a whole amount": lambda rows: ibis.greatest(rows.amount, 0).cast("decimal(20, 6)").floor().cast("int64"),
    "the larger of two": lambda rows: ibis.greatest(rows.whole, rows.id),
    "months later": lambda rows: (rows.day + ibis.interval(months=1)).cast("date"),
    "years of months": lambda rows: (rows.day - ibis.interval(months=25)).cast("date"),
    "a month": lambda rows: rows.day.truncate("M"),
    "a year": lambda rows: rows.day.year(),
    "days between": lambda rows: ibis.date(2026, 10, 20).delta(rows.day, unit="day"),
    "a day of a moment": lambda rows: rows.moment.date(),
    "in a list": lambda rows: rows.texts.contains("a"),
    "a list's length": lambda rows: rows.texts.length(),
    "same or both null": lambda rows: rows.flag.identical_to(rows.small > 0),
    "among": lambda rows: rows.text.isin(["", "92ABC"]),
    "not among": lambda rows: ~rows.text.isin(["", "92ABC"]),
    "a beginning": lambda rows: rows.text.startswith("92"),
    "a part": lambda rows: rows.text.contains("\\'"),
    "a pattern": lambda rows: rows.text.re_search(r"(\p{N}\P{N}*){2}|[PpＰｐ]\s*\p{Pd}"),
    "a first letter": lambda rows: rows.text.substr(0, 1).nullif(""),
    "a place": lambda rows: ibis.row_number().over(_WINDOW),
    "a case without else": lambda rows: ibis.cases((rows.whole > 0, "more"), (rows.whole < 0, "less")),
    "three values of truth": lambda rows: (rows.flag & (rows.whole > 0)) | rows.text.isnull(),
}


@pytest.fixture(scope="module")
def values(cluster: SparkCluster, tmp_path_factory: pytest.TempPathFactory) -> dict[str, pa.Table]:
    """What each engine makes of the values, and of sums over them; read from a file, as a lake's are."""
    folder = tmp_path_factory.mktemp("values")
    pq.write_table(VALUES, folder / "values.parquet")
    found = {}
    for url in (engine.EMBEDDED, cluster.url):
        with engine.connect(url, folders=[folder]) as backend:
            rows = backend.read_parquet([str(folder / "values.parquet")], hive_partitioning=False)
            made = rows.select("id", **{name: make(rows) for name, make in OVER_VALUES.items()})
            sums = rows.group_by("flag").agg(
                amount=rows.amount.sum(), none=rows.amount.sum(where=rows.whole > 2**41), first=rows.day.min(),
                count=rows.count(), some=rows.count(where=rows.whole > 0), truths=(rows.whole > 0).sum(),
            )  # fmt: skip
            found[url] = backend.to_pyarrow(made.order_by("id")), backend.to_pyarrow(sums.order_by(ibis.desc("flag")))
    return {
        "embedded": found[engine.EMBEDDED][0],
        "cluster": found[cluster.url][0],
        "embedded sums": found[engine.EMBEDDED][1],
        "cluster sums": found[cluster.url][1],
    }


@pytest.mark.parametrize("name", OVER_VALUES)
def test_nulls_decimals_dates_arrays_and_time_zones(values: dict[str, pa.Table], name: str) -> None:
    ours, theirs = values["embedded"][name], values["cluster"][name]
    assert theirs.type == ours.type
    assert theirs.to_pylist() == ours.to_pylist()


def test_sums_and_the_order_of_nulls(values: dict[str, pa.Table]) -> None:
    assert values["cluster sums"].equals(values["embedded sums"])
    assert values["embedded"]["id"].to_pylist() == values["cluster"]["id"].to_pylist() == [1, 2, 3, 4, None]


# --- What is refused ------------------------------------------------------------------------------------


def refused(url: str) -> str:
    with pytest.raises((EngineError, WorkspaceError, ExtraError)) as error, engine.connect(url):
        pass
    return error.value.code


def test_a_dead_master_is_said_at_once(java: None) -> None:
    with socket.socket() as taken:
        # A port that nobody listens at, and that nobody else is given meanwhile.
        taken.bind(("127.0.0.1", 0))
        before = time.monotonic()
        for scheme in ("spark", "sc"):
            assert refused(f"{scheme}://127.0.0.1:{taken.getsockname()[1]}") == "engine_silent"
    assert time.monotonic() - before < 30


def test_addresses_that_are_none(java: None) -> None:
    assert refused("spark://nowhere") == "engine_address"
    assert refused("mysql://127.0.0.1:3306") == "workspace"


def test_no_spark_and_no_java(java: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert refused("spark-local") == "engine_java"
    program = tmp_path / "bin" / "java"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n", encoding="utf-8")
    program.chmod(0o755)
    assert refused("spark-local") == "engine_java"
    monkeypatch.setattr(engine, "find_spec", lambda name: None)
    assert refused("spark-local") == "extra_missing"


def test_a_server_of_another_version(java: None) -> None:
    import pyspark

    from creditlab.spark.application import refuse_other_version

    refuse_other_version(f"{'.'.join(pyspark.__version__.split('.')[:2])}.99")
    with pytest.raises(EngineError) as error:
        refuse_other_version("3.5.1")
    assert error.value.code == "engine_version"


def test_what_a_cluster_could_not_do_is_said_without_a_value(cluster: SparkCluster) -> None:
    mark = "VERTRAULICH"
    with pytest.raises(EngineError) as error, engine.connect(cluster.url) as backend:
        backend.to_pyarrow(ibis.memtable(pa.table({"a": [mark]})).select(a=ibis._.a.cast("int64")))
    assert error.value.code == "engine_failed"
    assert mark not in str(error.value)


def test_a_file_outside_the_engine_s_folders_and_work_of_the_embedded_engine(
    cluster: SparkCluster, tmp_path: Path
) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    (tmp_path / "in").mkdir()
    with engine.connect(cluster.url, folders=[tmp_path / "in"]) as backend:
        with pytest.raises(InternalError):
            backend.read_parquet([str(tmp_path / "a.parquet")])
        with pytest.raises(EngineError) as error:
            engine.fetch(backend, "SELECT 1")
    assert error.value.code == "engine_embedded"
