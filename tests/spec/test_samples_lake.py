"""A synthetic province straight into a lake: what ingest would have left of its deliveries."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from creditlab import engine
from creditlab.books import verify_lake
from creditlab.cli import main
from creditlab.ingest import Counts, ingest
from creditlab.lake import Lake
from creditlab.synth import FileFormat, Parameters, add_day, chunks, write_lake, write_workspace
from creditlab.workspace import open_workspace
from tests.spec.short_province import short_parameters

NOW = datetime(2026, 10, 20, tzinfo=UTC)
#: What differs, since one was delivered in files: deliveries are known by their files' digests.
OF_FILES = {"delivery_id", "file_sha256"}


@pytest.fixture(scope="module", autouse=True)
def _some_chunks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CHUNK_RECORDS", 500)
        yield


@pytest.fixture(scope="module")
def parameters(tmp_path_factory: pytest.TempPathFactory) -> Parameters:
    return short_parameters(tmp_path_factory.mktemp("parameters"), records=1500, seed=11)


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("key") / "pseudonym.key"
    path.write_bytes(bytes(range(40)))
    path.chmod(0o600)
    return path


def with_key(folder: Path, key: Path) -> Path:
    """An empty workspace whose persons get the same pseudonyms as every other's."""
    assert main(["init", str(folder)]) == 0
    place = open_workspace(folder).key
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy(key, place)
    return folder


@pytest.fixture(scope="module")
def delivered(parameters: Parameters, key: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counts]:
    folder = with_key(tmp_path_factory.mktemp("delivered") / "w", key)
    write_workspace(folder, parameters, file_format=FileFormat.PARQUET)
    return folder, ingest(open_workspace(folder), now=NOW).counts


@pytest.fixture(scope="module")
def direct(parameters: Parameters, key: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counts]:
    folder = with_key(tmp_path_factory.mktemp("direct") / "w", key)
    return folder, write_lake(folder, parameters, now=NOW, threads=2)


def table(folder: Path, name: str) -> pa.Table:
    """A lake's table in an order of its own values, without what differs between files and none."""
    files = Lake(open_workspace(folder).lake).files(name)
    rows = pa.concat_tables([pq.ParquetFile(file).read() for file in files])
    rows = rows.select(sorted(set(rows.column_names) - OF_FILES))
    order = [(column, "ascending") for column in rows.column_names if not pa.types.is_nested(rows[column].type)]
    return rows.sort_by(order).combine_chunks()


def measured(folder: Path, target: Path, as_of: str) -> list[tuple[str, ...]]:
    command = ["measure", "--period", "2026-06-01/2026-10-01", "--as-of", as_of, "--output", str(target)]
    by = ["--by", "item_code,department,region_code,month"]
    assert main(["--workspace", str(folder), *command, *by]) == 0
    with target.open(encoding="utf-8", newline="") as handle:
        return sorted(tuple(row) for row in csv.reader(handle))


def test_counts_and_measurements_are_those_of_ingest(
    delivered: tuple[Path, Counts], direct: tuple[Path, Counts], tmp_path: Path
) -> None:
    assert delivered[1] == direct[1]
    assert min(vars(direct[1]).values()) > 0
    expected = measured(delivered[0], tmp_path / "delivered.csv", "2026-09-15")
    assert len(expected) > 1000
    assert measured(direct[0], tmp_path / "direct.csv", "2026-09-15") == expected


@pytest.mark.parametrize("name", ["records", "deliveries", "quarantine", "subjects", "ledger", "payloads/licence"])
def test_tables_are_those_of_ingest(delivered: tuple[Path, Counts], direct: tuple[Path, Counts], name: str) -> None:
    expected = table(delivered[0], name)
    assert expected.num_rows > 0
    assert table(direct[0], name).select(expected.column_names).equals(expected)


def test_the_books_agree(direct: tuple[Path, Counts]) -> None:
    with engine.connect(folders=[direct[0] / "lake"]) as backend:
        found = verify_lake(open_workspace(direct[0]), backend)
    assert found.differences == []
    assert found.run_no == 1


def test_the_number_of_threads_changes_no_row(
    parameters: Parameters, key: Path, direct: tuple[Path, Counts], tmp_path: Path
) -> None:
    folder = with_key(tmp_path / "w", key)
    assert write_lake(folder, parameters, now=NOW, threads=1) == direct[1]
    for name in ("records", "deliveries", "quarantine", "payloads/penalty", "runs"):
        assert table(folder, name).num_rows > 0
        assert table(folder, name).equals(table(direct[0], name))


def test_a_next_day_is_taken_in_as_after_deliveries(
    delivered: tuple[Path, Counts], direct: tuple[Path, Counts], tmp_path: Path
) -> None:
    figures, counts = [], []
    for name, (folder, _) in (("delivered", delivered), ("direct", direct)):
        shutil.copytree(folder, tmp_path / name)
        add_day(tmp_path / name, records=300, file_format=FileFormat.PARQUET)
        counts.append(ingest(open_workspace(tmp_path / name), now=NOW).counts)
        figures.append(measured(tmp_path / name, tmp_path / f"{name}.csv", "2026-09-16"))
    assert counts[0] == counts[1]
    # Corrections and withdrawals meet the records that they are about.
    assert (counts[1].corrected, counts[1].withdrawn, counts[1].repeated) == (20, 4, 9)
    assert figures[0] == figures[1]


def test_the_command_fills_a_lake_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--workspace", str(tmp_path / "w"), "--json", "synth", "--records", "60", "--into", "lake"]
    assert main([*command, "--format", "csv"]) == 2
    assert "--format" in capsys.readouterr().err
    assert not (tmp_path / "w").exists()
    assert main(command) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["delivered"] == sum(
        said[name] for name in ("accepted", "corrected", "withdrawn", "repeated", "quarantined")
    )
    assert said["accepted"] > 30
    assert open_workspace(tmp_path / "w").is_synthetic
    assert main(command) == 2
    assert "has a lake" in capsys.readouterr().err
