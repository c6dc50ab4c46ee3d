"""A synthetic province of any size: the same deliveries from any number of threads, in chunks that fit together."""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from creditlab.cli import main
from creditlab.errors import ParameterError
from creditlab.ingest import ingest
from creditlab.synth import FileFormat, Parameters, add_day, chunks, load_parameters, write_workspace
from creditlab.synth.chunks import make_province
from creditlab.synth.events import make_records
from creditlab.workspace import open_workspace
from tests.spec.short_province import short_parameters

NOW = datetime(2026, 10, 20, tzinfo=UTC)
#: Small enough that some chunks hold many streams and some streams fill many chunks.
SMALL_CHUNK = 60
#: Departments that write CSV as everybody reads it.
PLAIN = {"SCJG", "SPJ", "FAYU", "HBT"}


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def parameters(tmp_path_factory: pytest.TempPathFactory) -> Parameters:
    return short_parameters(tmp_path_factory.mktemp("parameters"), records=3000, seed=7)


@pytest.fixture(scope="module", autouse=True)
def _many_chunks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CHUNK_RECORDS", SMALL_CHUNK)
        yield


@pytest.fixture(scope="module")
def made(parameters: Parameters, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for each form and number of threads."""
    folder = tmp_path_factory.mktemp("made")
    for file_format in FileFormat:
        for threads in (1, 4):
            write_workspace(folder / f"{file_format}{threads}", parameters, file_format=file_format, threads=threads)
    return folder


@pytest.mark.parametrize("file_format", list(FileFormat))
def test_the_number_of_threads_changes_nothing(made: Path, file_format: FileFormat) -> None:
    of_one = contents(made / f"{file_format}1")
    assert len(of_one) > 300
    assert of_one == contents(made / f"{file_format}4")


def test_chunks_have_every_record_once(parameters: Parameters) -> None:
    province = make_province(parameters)
    parts = [province.chunk(number) for number in range(len(province.cuts))]
    assert max(chunk.part for chunk in parts) > 1
    assert max(len(chunk.streams) for chunk in parts) > 2
    assert sum(int(chunk.counts.sum()) for chunk in parts) == province.records
    # What doesn't divide evenly, one record a month, goes to a stream's first parts.
    assert all(chunk.counts.sum() <= SMALL_CHUNK + len(chunk.counts) for chunk in parts)
    numbers: dict[tuple[int, str], list[int]] = {}
    for chunk in parts:
        records = make_records(province, chunk, province.generator(chunk.number))
        for place, number in zip(records.stream.tolist(), records.sequence.tolist(), strict=True):
            stream = chunk.schedule.streams[place]
            numbers.setdefault((stream.item, stream.department), []).append(number)
    assert len(numbers) > 50
    # Numbers of one item and department go from 1 to their count, whichever chunks hold them.
    assert all(sorted(found) == list(range(1, len(found) + 1)) for found in numbers.values())


def test_parquet_says_what_text_says(made: Path) -> None:
    text, parquet = made / "csv1", made / "parquet1"
    for name in ("subjects.csv", "ledger.csv", "province.toml", "catalogue/2026/items.csv"):
        assert (text / name).read_bytes() == (parquet / name).read_bytes()
    compared = 0
    for path in (parquet / "inbox").rglob("*.parquet"):
        assert pq.read_schema(path).metadata[b"synthetic"] == b"true"
        other = text / path.relative_to(parquet).with_suffix(".csv")
        department = path.name.split("_")[1]
        if other.exists() and department in PLAIN:
            assert pq.read_table(path).to_pylist() == read_rows(other)
            compared += 1
    assert compared > 20
    manifests = [read_rows(folder / "inbox/manifest.csv") for folder in (text, parquet)]
    assert len(manifests[0]) == len(manifests[1])
    assert all(row["path"].endswith(".parquet") for row in manifests[1] if row["path"])


def test_shares_hold_over_all_chunks(made: Path, parameters: Parameters) -> None:
    paths = [path for path in (made / "parquet1/inbox").rglob("*.parquet") if "_copy" not in path.name]
    rows = pa.concat_tables([pq.read_table(path, columns=["record_id", "action"]) for path in paths])
    life = parameters.lifecycle
    # Some records are sent so late that no later delivery says what became of them, or none comes at all.
    sent = pc.count_distinct(rows["record_id"]).as_py()
    assert 0.75 * parameters.volume.records < sent < (1 - life.unreported) * 1.02 * parameters.volume.records
    actions = Counter(rows["action"].to_pylist())
    assert 0.6 * life.correction < actions["correct"] / sent < 1.1 * life.correction
    assert 0.6 * life.withdrawal < actions["withdraw"] / sent < 1.1 * life.withdrawal


def test_the_large_preset_lists_as_many_enterprises_as_a_province_has() -> None:
    large = load_parameters(preset="large")
    assert large.volume.records == 100_000_000
    assert large.volume.subjects * large.kinds["legal_person"] == pytest.approx(2_900_000, abs=1)
    smaller = load_parameters(preset="large", records=5000)
    assert (smaller.volume.records, smaller.volume.subjects) == (5000, large.volume.subjects)
    assert load_parameters(records=10**9).volume.subjects == large.volume.subjects
    assert "subjects = 4531250" in large.text


def test_a_preset_that_is_none_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"preset.*large"):
        load_parameters(preset="huge")


def test_the_command_takes_size_seed_form_and_threads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["--workspace", str(tmp_path / "w"), "--json", "synth", "--records", "120", "--seed", "5"]
    assert main([*command, "--format", "parquet", "--threads", "2"]) == 0
    assert json.loads(capsys.readouterr().out)["workspace"] == str(tmp_path / "w")
    assert (tmp_path / "w/province.toml").read_text(encoding="utf-8") == load_parameters(records=120, seed=5).text
    assert open_workspace(tmp_path / "w").is_synthetic
    paths = [row["path"] for row in read_rows(tmp_path / "w/inbox/manifest.csv") if row["path"]]
    assert paths
    assert all(path.endswith(".parquet") and (tmp_path / "w/inbox" / path).exists() for path in paths)


@pytest.mark.parametrize(
    ("option", "value"), [("--format", "ods"), ("--threads", "-1"), ("--preset", "huge"), ("--into", "sea")]
)
def test_options_without_meaning_are_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    assert main(["--workspace", str(tmp_path / "w"), "synth", option, value]) == 2
    assert option.strip("-") in capsys.readouterr().err
    assert not (tmp_path / "w").exists()


# --- One more day -------------------------------------------------------------------------------------


def test_a_next_day_corrects_and_withdraws_what_was_sent_before(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "csv1", tmp_path / "w")
    before = (tmp_path / "w/inbox/manifest.csv").read_bytes()
    workspace = open_workspace(tmp_path / "w")
    ingest(workspace, now=NOW)
    added = add_day(tmp_path / "w", records=1000, file_format=FileFormat.PARQUET)
    assert added.day == date(2026, 9, 16)
    assert (tmp_path / "w/inbox/manifest.csv").read_bytes().startswith(before)
    done = ingest(workspace, now=NOW)
    assert (done.deliveries, done.counts.delivered) == (added.deliveries, added.rows)
    # Of 1,000 records: 50 corrections, 6 disputes and 10 repairs; 15 withdrawals; 30 sent again.
    assert done.counts.corrected == 66
    assert done.counts.withdrawn == 15
    assert done.counts.repeated == 30
    assert done.counts.accepted + done.counts.quarantined == added.rows - 66 - 15 - 30
    assert done.counts.accepted > 800


def test_a_day_is_the_same_by_any_number_of_threads_and_another_each_time(made: Path, tmp_path: Path) -> None:
    for threads in (1, 4):
        shutil.copytree(made / "parquet1", tmp_path / str(threads))
        add_day(tmp_path / str(threads), records=500, file_format=FileFormat.PARQUET, threads=threads)
    assert contents(tmp_path / "1") == contents(tmp_path / "4")
    second = add_day(tmp_path / "1", records=500, file_format=FileFormat.PARQUET)
    assert second.day == date(2026, 9, 17)
    numbers = [
        row["record_id"]
        for path in (tmp_path / "1/inbox/2026-09").glob("*_2026091[67].parquet")
        for row in pq.read_table(path).to_pylist()
        if row["record_id"] and row["action"] == "" and "-2026" in row["record_id"]
    ]
    assert len(numbers) > 500
    assert len(set(numbers)) == len(numbers)


def test_a_day_is_added_to_a_synthetic_province_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "creditlab.toml").write_text("[paths]\ninbox = 'inbox'\n")
    assert main(["--workspace", str(tmp_path), "synth", "--next-day"]) == 2
    assert "no synthetic province" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["creditlab.toml"]


def test_a_day_has_no_seed_of_its_own(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(made / "csv1", tmp_path / "w")
    command = ["--workspace", str(tmp_path / "w"), "--json", "synth", "--next-day", "--records", "50"]
    assert main([*command, "--seed", "3"]) == 2
    assert "--seed" in capsys.readouterr().err
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["day"] == "2026-09-16"
