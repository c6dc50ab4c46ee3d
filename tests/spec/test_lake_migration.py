"""The lake's format version: what is newer is refused, what is older is brought on, step by step."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creditlab.errors import LakeError
from creditlab.lake import Lake
from creditlab.lake.format import lake_version, write_version
from creditlab.lake.migration import Migration, migrate
from creditlab.lake.schemas import FORMAT_VERSION
from tests.spec.tiny import Tiny, row


@pytest.fixture
def ingested(tiny: Tiny) -> Tiny:
    tiny.deliver([row()])
    tiny.ingest()
    return tiny


def lake_of(tiny: Tiny) -> Lake:
    return Lake(tiny.workspace.lake)


def test_a_lake_names_its_version(ingested: Tiny) -> None:
    root = ingested.workspace.lake
    assert json.loads((root / "format.json").read_text(encoding="utf-8")) == {"format_version": FORMAT_VERSION}
    assert migrate(lake_of(ingested)) == Migration(FORMAT_VERSION, FORMAT_VERSION)


def test_a_lake_from_before_there_was_the_file_is_of_the_first_version(ingested: Tiny) -> None:
    (ingested.workspace.lake / "format.json").unlink()
    assert lake_version(ingested.workspace.lake) == 1
    assert lake_of(ingested).runs().num_rows == 1


@pytest.mark.parametrize(
    "words",
    [
        ("ingest",),
        ("lake", "history"),
        ("lake", "verify"),
        ("lake", "compact"),
        ("lake", "migrate"),
        ("quarantine",),
        ("measure", "--period", "2026Q3", "--as-of", "2026-10-20"),
    ],
)
def test_every_command_refuses_a_newer_lake(
    ingested: Tiny, creditlab_here: Callable[..., Any], words: tuple[str, ...]
) -> None:
    write_version(ingested.workspace.lake, FORMAT_VERSION + 1)
    done = creditlab_here("--json", *words, workspace=ingested.folder)
    assert done.returncode == 3
    said = json.loads(done.stdout)
    assert (said["error"], said["what"]) == ("lake", "a newer creditlab wrote the lake")


def test_an_older_lake_is_refused_until_it_is_migrated(ingested: Tiny) -> None:
    lake = lake_of(ingested)
    write_version(lake.root, FORMAT_VERSION - 1)
    with pytest.raises(LakeError, match="creditlab lake migrate"):
        lake.runs()
    done: list[Path] = []
    steps = {FORMAT_VERSION - 1: lambda one: done.append(one.root)}
    assert migrate(lake, steps) == Migration(FORMAT_VERSION - 1, FORMAT_VERSION)
    assert done == [lake.root]
    assert lake.runs().num_rows == 1


def test_an_older_version_that_kept_a_column_under_another_name(ingested: Tiny) -> None:
    """A made-up version: the books had no `command`, and the migration fills it in."""
    lake = lake_of(ingested)
    write_version(lake.root, 0)

    def fill_command(one: Lake) -> None:
        from deltalake import DeltaTable

        DeltaTable(str(one.root / "runs")).update(updates={"command": "'unknown'"})

    migrate(lake, {0: fill_command}, to=1)
    assert lake.runs()["command"].to_pylist() == ["unknown"]


def test_runs_from_before_a_column_was_added_say_nothing_in_it(ingested: Tiny) -> None:
    from deltalake import write_deltalake

    lake = lake_of(ingested)
    rows = lake.runs()
    write_deltalake(
        str(lake.root / "runs"), rows.drop_columns(["key_fingerprint"]), mode="overwrite", schema_mode="overwrite"
    )
    assert lake.runs()["key_fingerprint"].to_pylist() == [None]
    ingested.deliver([row("2")])
    ingested.ingest()
    assert lake.runs()["run_no"].to_pylist() == [1, 2]


def test_a_migration_that_was_interrupted_goes_on_where_it_was(ingested: Tiny) -> None:
    lake = lake_of(ingested)
    write_version(lake.root, 5)
    done: list[int] = []

    def step(number: int, *, dies: bool = False) -> Callable[[Lake], None]:
        def carry_out(_: Lake) -> None:
            done.append(number)
            if dies:
                raise KeyboardInterrupt

        return carry_out

    with pytest.raises(KeyboardInterrupt):
        migrate(lake, {5: step(5), 6: step(6, dies=True), 7: step(7)}, to=8)
    assert lake_version(lake.root) == 6
    assert migrate(lake, {5: step(5), 6: step(6), 7: step(7)}, to=8) == Migration(6, 8)
    assert done == [5, 6, 6, 7]


def test_no_way_no_lake_and_no_version_are_said(ingested: Tiny, tmp_path: Path) -> None:
    lake = lake_of(ingested)
    write_version(lake.root, 0)
    with pytest.raises(LakeError, match="there is no way"):
        migrate(lake)
    (lake.root / "format.json").write_text('{"format_version": "one"}', encoding="utf-8")
    with pytest.raises(LakeError, match="can't be read"):
        lake.runs()
    with pytest.raises(LakeError, match="there is no lake yet"):
        migrate(Lake(tmp_path / "nothing"))


def test_the_command_says_that_there_is_nothing_to_do(ingested: Tiny, creditlab_here: Callable[..., Any]) -> None:
    done = creditlab_here("--json", "lake", "migrate", workspace=ingested.folder)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"before": FORMAT_VERSION, "after": FORMAT_VERSION})
