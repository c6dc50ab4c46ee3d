"""Case 16: an engine reaches no further than the lake, whoever writes the query."""

from __future__ import annotations

from pathlib import Path

import duckdb
import ibis
import pytest

from creditlab import engine
from creditlab.errors import InternalError
from creditlab.lake import read_inputs
from tests.spec.tiny import Tiny, row


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A folder that an engine is opened for, and one beside it with a secret and a link between them."""
    inside, outside = tmp_path / "lake", tmp_path / "lake-of-others"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "a.csv").write_text("a\n1\n", encoding="utf-8")
    (inside / "way-out.csv").symlink_to(outside / "a.csv")
    (inside / "way-out").symlink_to(outside)
    return inside, outside


READS = [
    "SELECT * FROM read_csv('{outside}/a.csv')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM '{outside}/a.csv'",
    "SELECT * FROM glob('{outside}/*')",
    "SELECT * FROM read_csv('{inside}/../lake-of-others/a.csv')",
    "SELECT * FROM read_csv('{inside}/way-out.csv')",
    "SELECT * FROM read_csv('{inside}/way-out/*.csv')",
    "COPY (SELECT 1) TO '{outside}/made.csv'",
    "COPY (SELECT 1) TO '{inside}/way-out/made.csv'",
    "ATTACH '{outside}/made.db'",
    "EXPORT DATABASE '{outside}/made'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "LOAD '{outside}/made.duckdb_extension'",
    "SELECT * FROM read_csv('https://example.invalid/a.csv')",
]


@pytest.mark.parametrize("query", READS)
def test_case_16_nothing_outside_is_read_written_or_loaded(folders: tuple[Path, Path], query: str) -> None:
    inside, outside = folders
    with engine.connect(folders=[inside]) as backend:
        with pytest.raises(duckdb.Error, match=r"disabled (by|through) configuration"):
            backend.raw_sql(query.format(inside=inside, outside=outside)).fetchall()
        # A second connection to the same engine is no way round it.
        with pytest.raises(duckdb.Error, match=r"disabled (by|through) configuration"):
            backend.con.cursor().execute(query.format(inside=inside, outside=outside)).fetchall()
    assert sorted(path.name for path in outside.iterdir()) == ["a.csv"]


@pytest.mark.parametrize(
    "setting",
    [
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "SET allowed_directories = ['/']",
        "SET allowed_paths = ['/etc/passwd']",
        "SET temp_directory = '/tmp'",
        "SET autoinstall_known_extensions = true",
        "SET autoload_known_extensions = true",
        "SET allow_unsigned_extensions = true",
        "SET memory_limit = '100GB'",
        "PRAGMA disable_checkpoint_on_shutdown",
    ],
)
def test_case_16_no_setting_is_taken_back(setting: str) -> None:
    with engine.connect() as backend, pytest.raises(duckdb.InvalidInputException, match="locked"):
        backend.raw_sql(setting)


def test_case_16_who_asks_is_told_without_the_files_name(folders: tuple[Path, Path]) -> None:
    inside, outside = folders
    with pytest.raises(InternalError, match="outside its folders") as said, engine.connect(folders=[inside]) as backend:
        backend.read_csv(outside / "a.csv")
    assert "lake-of-others" not in str(said.value)


def test_case_16_what_the_work_needs_is_left(folders: tuple[Path, Path], tiny: Tiny) -> None:
    inside, _ = folders
    tiny.deliver([row("1")])
    tiny.ingest()
    workspace = tiny.workspace
    with engine.connect(folders=[inside, workspace.lake]) as backend:
        assert backend.to_pyarrow(backend.read_csv(inside / "a.csv").count()).as_py() == 1
        assert backend.to_pyarrow(ibis.memtable({"a": [1, 2]}).a.sum()).as_py() == 3
        assert backend.to_pyarrow(read_inputs(workspace, backend).entries.count()).as_py() == 1
        own = engine.own_folder(backend) / "aside.parquet"
        backend.to_parquet(ibis.memtable({"a": [1]}), own)
        assert own.exists()
    assert not own.exists()
