"""Compaction: the same entries in few, sorted files, whoever reads, writes or dies beside it."""

from __future__ import annotations

import csv
import errno
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from creditlab import engine
from creditlab.books import verify_lake
from creditlab.errors import StorageError
from creditlab.ingest import ingest
from creditlab.lake import Lake, Snapshot, compaction
from creditlab.lake.compaction import Compacted, compact
from tests.spec.tiny import Tiny, code, row

FINEST = "item_code,department,region,month"


def lake_of(tiny: Tiny) -> Lake:
    return Lake(tiny.workspace.lake)


def pressed(tiny: Tiny, **choice: int) -> dict[str, Compacted]:
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        return compact(lake_of(tiny), backend, **choice)


def content(lake: Lake, name: str) -> Counter[str]:
    """All rows of a table, those of dead runs too, as they are stored."""
    names = sorted(lake.columns(name).names)
    rows = [one for file in lake.files(name) for one in pq.ParquetFile(file).read().to_pylist()]
    return Counter(str([one.get(column) for column in names]) for one in rows)


def contents(lake: Lake) -> dict[str, Counter[str]]:
    """All rows of all tables."""
    return {name: content(lake, name) for name in lake.table_names()}


def state(tiny: Tiny) -> dict[str, Any]:
    """Everything that is asked of a lake, at every run."""
    numbers = lake_of(tiny).runs()["run_no"].to_pylist()
    question = {"period": "2026-06-01/2026-10-01", "as_of": "2026-10-20", "by": FINEST}
    return {
        "measures": [tiny.measure(**question, run_no=number) for number in numbers],
        "records": [tiny.records(run_no=number) for number in numbers],
        "deliveries": [sorted(map(str, tiny.table("deliveries", number))) for number in numbers],
    }


def is_whole(tiny: Tiny) -> bool:
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        return verify_lake(tiny.workspace, backend).is_whole


def many_runs(tiny: Tiny, runs: int = 3, start: int = 0) -> None:
    """Runs that each bring two months' records, correct one, withdraw one, and one late row."""
    for run in range(start, start + runs):
        rows = [
            row(
                f"{run}-{number}",
                subject_id=code(number=(run * 7 + number) % 11),
                event_date=f"2026-0{7 + number % 2}-03",
            )
            for number in range(6)
        ]
        rows.append(row("fixed", note=f"as of run {run}", action="add" if run == 0 else "correct"))
        rows.append(row(f"{run}-0", event_date="2026-07-03", subject_id=code(number=run * 7 % 11), action="withdraw"))
        tiny.deliver(rows, on=f"2026-09-{20 - run:02d}")
        tiny.ingest()


@pytest.fixture
def worked(tiny: Tiny, shelf: Path) -> Tiny:
    """A workspace of three runs."""
    if shelf.exists():
        shutil.rmtree(tiny.folder)
        shutil.copytree(shelf, tiny.folder)
        with (tiny.folder / "inbox" / "manifest.csv").open(encoding="utf-8", newline="") as file:
            tiny.manifest.extend(csv.DictReader(file))
    else:
        many_runs(tiny)
        shutil.copytree(tiny.folder, shelf)
    return tiny


@pytest.fixture
def example(shared_dir: Path, workspace_copy: Callable[..., Path]) -> Tiny:
    """The example workspace, taken in by two runs."""
    tiny = Tiny(workspace_copy(shared_dir / "example"))
    manifest = tiny.folder / "inbox" / "manifest.csv"
    head, *lines = manifest.read_text(encoding="utf-8").splitlines()
    for chosen in (lines[::2], lines):
        manifest.write_text("\n".join([head, *chosen]) + "\n", encoding="utf-8")
        ingest(tiny.workspace, now=datetime(2026, 12, 1, tzinfo=UTC))
    return tiny


def test_no_figure_changes_at_any_run(example: Tiny) -> None:
    lake = lake_of(example)
    before = state(example), contents(lake)
    next_run = lake.next_run_no()
    done = pressed(example)
    assert (state(example), contents(lake)) == before
    assert lake.next_run_no() == next_run == 3
    assert done["records"].files_before > done["records"].files_after
    assert is_whole(example)


def test_files_are_few_and_sorted(worked: Tiny) -> None:
    tiny = worked
    lake = lake_of(tiny)
    assert len(lake.files("records")) == 6
    pressed(tiny)
    assert len(lake.files("records")) == 2
    assert [len(lake.files(name)) for name in ("deliveries", "runs", "payloads/form")] == [1, 1, 1]
    for file in lake.files("records"):
        rows = pq.ParquetFile(file).read().to_pylist()
        order = [
            (one["item_code"], one["subject_id"], one["key64"], one["effective_on"], one["run_no"]) for one in rows
        ]
        assert order == sorted(order)
    keys = pq.ParquetFile(lake.files("payloads/form")[0]).read()["key64"].to_pylist()
    assert keys == sorted(keys)


def test_a_look_up_of_one_subject_reads_few_row_groups(example: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "ROW_GROUP_ROWS", 20)
    pressed(example)
    files = lake_of(example).files("records")
    with engine.connect(folders=[lake_of(example).root]) as backend:
        probe = backend.con
        entries = Snapshot.take(lake_of(example), backend).table("records")
        subjects = sorted(set(backend.to_pyarrow(entries.select("subject_id"))["subject_id"].to_pylist()))[::10]
        held = admitted = by_item = groups = 0
        for file in files:
            about = pq.read_metadata(file)
            data = pq.ParquetFile(file)
            groups += about.num_row_groups
            names = [about.schema.column(place).path for place in range(about.num_columns)]
            item, subject = names.index("item_code"), names.index("subject_id")
            for chosen in subjects:
                excluded = probe.sql(f"SELECT * FROM parquet_bloom_probe('{file}', 'subject_id', '{chosen}')")
                table = excluded.to_arrow_table()
                is_out = dict(
                    zip(table["row_group_id"].to_pylist(), table["bloom_filter_excludes"].to_pylist(), strict=True)
                )
                for number in range(about.num_row_groups):
                    group = about.row_group(number)
                    bounds = group.column(subject).statistics
                    is_admitted = bounds.min <= chosen <= bounds.max and not is_out[number]
                    is_held = chosen in data.read_row_group(number, columns=["subject_id"])["subject_id"].to_pylist()
                    assert is_admitted or not is_held
                    held, admitted = held + is_held, admitted + is_admitted
                    items = group.column(item).statistics
                    by_item += bounds.min <= chosen <= bounds.max and items.min <= "XK-001" <= items.max
    assert groups >= 60
    assert held <= admitted <= held * 1.1
    assert admitted < groups * len(subjects) / 8
    assert by_item < groups * len(subjects) / 2


def test_row_groups_and_files_have_the_rows_they_should(worked: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = worked
    monkeypatch.setattr(compaction, "ROW_GROUP_ROWS", 4)
    monkeypatch.setattr(compaction, "FILE_ROWS", 8)
    before = content(lake_of(tiny), "records")
    pressed(tiny)
    lake = lake_of(tiny)
    assert content(lake, "records") == before
    sizes = [pq.read_metadata(file).num_rows for file in lake.files("records")]
    assert max(sizes) == 8
    assert sum(sizes) == sum(before.values())
    groups = [pq.read_metadata(file).row_group(0).num_rows for file in lake.files("records")]
    assert max(groups) == 4


def test_very_many_payloads_are_sorted_in_parts_and_lie_as_if_they_were_sorted_together(
    worked: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake, names = lake_of(worked), list(compaction._PAYLOAD_ORDER)
    before = content(lake, "payloads/form")
    monkeypatch.setattr(compaction, "SORTED_ROWS", 4)
    pressed(worked)
    assert content(lake, "payloads/form") == before
    (file,) = lake.files("payloads/form")
    found = pq.ParquetFile(file).read()
    assert found.select(names).equals(found.sort_by([(name, "ascending") for name in names]).select(names))


def test_what_is_compact_is_left_alone_and_what_is_new_is_not(worked: Tiny) -> None:
    tiny = worked
    pressed(tiny)
    lake = lake_of(tiny)
    files = {name: lake.files(name) for name in lake.table_names()}
    pressed(tiny)
    assert {name: lake.files(name) for name in lake.table_names()} == files
    tiny.deliver([row("july", event_date="2026-07-09")], on="2026-09-21")
    tiny.ingest()
    pressed(tiny)
    months = [Path(file).parent.name for file in lake.files("records")]
    assert sorted(months) == ["event_month=2026-07", "event_month=2026-08"]
    assert set(files["records"]) & set(lake.files("records")) == {
        file for file in files["records"] if "event_month=2026-08" in file
    }


def crash_after_entries(tiny: Tiny) -> int:
    """What a run leaves that died just before its commit; returns its number."""
    lake = lake_of(tiny)
    number = lake.next_run_no()
    for name in ("records", "payloads/form", "deliveries"):
        rows = pa.concat_tables(
            [pq.ParquetFile(file).read().select(lake.columns(name).names) for file in lake.files(name)]
        )
        place = rows.column_names.index("run_no")
        rows = rows.set_column(place, "run_no", pa.array([number] * rows.num_rows, pa.int64()))
        if name == "records":
            rows = rows.append_column("event_month", pa.compute.strftime(rows["event_date"], "%Y-%m"))
        lake.append(name, rows)
    return number


def test_rows_of_a_dead_run_go_once_a_later_run_has_committed(worked: Tiny) -> None:
    tiny = worked
    names = ("records", "payloads/form", "deliveries")
    before = {name: sum(content(lake_of(tiny), name).values()) for name in names}
    dead = crash_after_entries(tiny)
    assert [done.dropped for done in pressed(tiny).values()] == [0] * len(lake_of(tiny).table_names())
    assert lake_of(tiny).next_run_no() == dead + 1
    many_runs(tiny, runs=1, start=3)
    known = state(tiny)
    done = pressed(tiny)
    assert {name: done[name].dropped for name in names} == before
    assert state(tiny) == known
    assert not any(
        dead in pq.ParquetFile(file).read()["run_no"].to_pylist()
        for name in lake_of(tiny).table_names()
        for file in lake_of(tiny).files(name)
    )
    assert is_whole(tiny)
    assert lake_of(tiny).next_run_no() == dead + 2


def test_a_table_that_was_never_finished_is_none(worked: Tiny) -> None:
    folder = worked.workspace.lake / "payloads" / "other"
    (folder / "_delta_log").mkdir(parents=True)
    (folder / "part-0.parquet").write_bytes(b"half")
    assert "payloads/other" not in pressed(worked)
    assert is_whole(worked)


def test_a_reader_keeps_the_files_it_opened(worked: Tiny) -> None:
    tiny = worked
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        entries = Snapshot.take(lake_of(tiny), backend).table("records")
        before = backend.to_pyarrow(entries.count()).as_py()
        old = set(lake_of(tiny).files("records"))
        assert sum(done.discarded for done in pressed(tiny).values()) == 0
        assert backend.to_pyarrow(entries.count()).as_py() == before
    kept = set(lake_of(tiny).files("records"))
    known = state(tiny)
    done = pressed(tiny, keep_days=0)
    assert done["records"].discarded == len(old)
    assert {Path(file).exists() for file in old} == {False}
    assert {Path(file).exists() for file in kept} == {True}
    assert state(tiny) == known


KILLER = """
import os, signal, sys
from pathlib import Path
from creditlab import engine
from creditlab.lake import Lake
from creditlab.lake.compaction import compact
left, is_after = int(sys.argv[2]), sys.argv[3] == "after"
replace = Lake.replace
def dying(self, *given, **more):
    global left
    left -= 1
    if left == 0 and not is_after:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(self, *given, **more)
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
Lake.replace = dying
with engine.connect(folders=[Path(sys.argv[1])]) as backend:
    compact(Lake(Path(sys.argv[1])), backend)
"""


@pytest.mark.parametrize(("nth", "moment"), [(1, "before"), (2, "after"), (5, "before")])
def test_killed_at_any_commit_it_leaves_the_lake_whole_and_the_next_one_finishes(
    worked: Tiny, nth: int, moment: str
) -> None:
    tiny = worked
    lake = lake_of(tiny)
    before = contents(lake)
    killed = subprocess.run(
        [sys.executable, "-c", KILLER, str(tiny.workspace.lake), str(nth), moment], check=False, env=os.environ
    )
    assert killed.returncode == -9
    assert contents(lake) == before
    assert is_whole(tiny)
    pressed(tiny, keep_days=0)
    on_disk = {str(path) for path in lake.root.rglob("*.parquet") if "_delta_log" not in path.parts}
    assert on_disk == {file for name in lake.table_names() for file in lake.files(name)}
    assert len(lake.files("records")) == 2
    assert contents(lake) == before


def test_a_full_disk_leaves_the_lake_as_it_was(worked: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = lake_of(worked)
    before = contents(lake)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(compaction.os, "fsync", full)
        with pytest.raises(StorageError):
            pressed(worked)
    assert contents(lake) == before
    pressed(worked)
    assert contents(lake) == before
    assert len(lake.files("records")) == 2


def test_it_works_beside_a_writer(worked: Tiny) -> None:
    tiny = worked
    command = [sys.executable, "-m", "creditlab", "--workspace", str(tiny.folder)]
    for run in range(1, 3):
        tiny.deliver([row(f"new-{run}-{number}") for number in range(5)], on=f"2026-09-{20 + run}")
        both = [subprocess.Popen([*command, *words]) for words in (["ingest"], ["lake", "compact", "--keep-days", "0"])]
        assert [process.wait() for process in both] == [0, 0]
    assert len(tiny.records()) == 19 + 10
    assert is_whole(tiny)


def test_without_a_lake_there_is_nothing_to_compact(tiny: Tiny, creditlab_here: Callable[..., Any]) -> None:
    done = creditlab_here("lake", "compact", workspace=tiny.folder)
    assert (done.returncode, done.stdout) == (4, "")


def test_the_command_says_what_it_did(worked: Tiny, creditlab_here: Callable[..., Any]) -> None:
    tiny = worked
    done = creditlab_here("lake", "compact", workspace=tiny.folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "records" in done.stdout
    assert creditlab_here("lake", "compact", "--keep-days", "-1", workspace=tiny.folder).returncode == 2
    assert creditlab_here("lake", "history", "--keep-days", "1", workspace=tiny.folder).returncode == 2
