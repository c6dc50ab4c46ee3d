"""Kept sums: what is kept, what is added to it, and what becomes of sums that are lost, spoilt or of another lake."""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from creditlab import engine
from creditlab.errors import StorageError
from creditlab.lake import Lake, Snapshot, read_inputs
from creditlab.lake.sums import FOLDER
from creditlab.measures import measure
from creditlab.periods import parse_date, parse_period
from creditlab.sums import summed_inputs
from creditlab.terms import MEASUREMENT, Group
from tests.spec.tiny import Tiny, code, row

PERIOD, AS_OF = parse_period("2026Q3"), parse_date("2026-12-31")
QUESTION = ("measure", "--period", "2026Q3", "--as-of", "2026-12-31")
BY = (Group.ITEM, Group.DEPARTMENT, Group.REGION, Group.MONTH)
Run = Callable[..., dict[str, Any]]


def listed(number: int, name: str, region: str = "990200", kind: str = "legal_person") -> tuple[str, ...]:
    return code(number=number), kind, name, region, "A", "2015-03-01", ""


#: Listed, and due to no item.
ELSEWHERE = [listed(number, "戊公司", kind="unincorporated_organisation") for number in range(10, 20)]


@pytest.fixture
def filled(tiny: Tiny) -> Tiny:
    """Six deliveries over two months, taken in by one run; one of two due subjects has a record."""
    tiny.edition(2026, [{"coverage_basis": "register"}])
    tiny.register(listed(0, "甲公司", "990100"), listed(1, "乙公司"), *ELSEWHERE)
    for day in range(1, 4):
        tiny.deliver([row(f"7-{day}", event_date="2026-07-01"), row("")], on=f"2026-07-{day + 2:02d}")
        tiny.deliver([row(f"8-{day}", event_date="2026-08-03")], on=f"2026-08-{day + 3:02d}")
    tiny.ingest()
    return tiny


def measured(tiny: Tiny, *, kept: bool = True, period: str = "2026Q3", by: tuple[Group, ...] = BY) -> list[Any]:
    asked = parse_period(period)
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        inputs = (
            summed_inputs(tiny.workspace, backend, [asked], AS_OF) if kept else read_inputs(tiny.workspace, backend)
        )
        found = backend.to_pyarrow(measure(inputs, asked, AS_OF, by).order_by(list(MEASUREMENT[:8])))
        rows: list[Any] = found.to_pylist()
        return rows


def kept_files(tiny: Tiny, column: str = "records") -> list[Path]:
    files = sorted((tiny.folder / "lake" / FOLDER).rglob("*.parquet"))
    return [file for file in files if column in pq.read_schema(file).names]


def add_to_kept(tiny: Tiny, column: str) -> None:
    """Make kept sums say one more than the entries do."""
    for file in kept_files(tiny, column):
        rows = pq.ParquetFile(file).read()
        place = rows.schema.get_field_index(column)
        pq.write_table(rows.set_column(place, rows.schema.field(place), pc.add(rows[column], 1)), file)


def test_what_is_kept_is_not_added_up_again(filled: Tiny) -> None:
    before = measured(filled)
    assert before == measured(filled, kept=False)
    add_to_kept(filled, "required")
    add_to_kept(filled, "linked")
    add_to_kept(filled, "numerator")
    changed = {row["measure"] for row, old in zip(measured(filled), before, strict=True) if row != old}
    assert changed == {"completeness", "consistency_subject", "coverage_subjects"}


def test_from_scratch_finds_sums_that_are_wrong_and_removes_them(filled: Tiny, run: Run) -> None:
    right = run(filled, *QUESTION)
    assert run(filled, *QUESTION, "--from-scratch") == right
    add_to_kept(filled, "filled")
    assert run(filled, *QUESTION) != right
    assert run(filled, *QUESTION, "--from-scratch", status=3)["error"] == "lake"
    assert not (filled.folder / "lake" / FOLDER).exists()
    assert run(filled, *QUESTION) == right


def test_from_scratch_keeps_nothing(filled: Tiny, run: Run) -> None:
    run(filled, *QUESTION, "--from-scratch")
    assert not (filled.folder / "lake" / FOLDER).exists()


def test_a_later_run_is_kept_beside_what_was_there(filled: Tiny) -> None:
    measured(filled)
    filled.deliver([row("9-1", event_date="2026-08-04")], on="2026-08-20")
    filled.deliver([row("9-2", event_date="2026-08-04", subject_id=code(number=1))], on="2026-08-21")
    filled.ingest()
    after = measured(filled)
    assert after == measured(filled, kept=False)
    parts = {file.name.rsplit(".", 2)[0]: pq.ParquetFile(file).read() for file in kept_files(filled)}
    assert {name: pc.sum(rows["records"]).as_py() for name, rows in parts.items()} == {
        "2026-07.0-1": 3,
        "2026-08.0-1": 3,
        "2026-08.0-2": 5,
    }
    assert [row["numerator"] for row in after if row["measure"] == "coverage_subjects"] == [1, 1]


def test_only_files_that_can_hold_later_entries_are_read(filled: Tiny) -> None:
    filled.deliver([row("9", event_date="2026-08-04")], on="2026-08-20")
    filled.ingest()
    with engine.connect(folders=[filled.workspace.lake]) as backend:
        snapshot = Snapshot.take(Lake(filled.workspace.lake), backend)

        def asked(**question: Any) -> int | None:
            rows = snapshot.entries(**question)
            return None if rows is None else backend.to_pyarrow(rows.count()).as_py()

        july = [parse_date("2026-07-01")]
        assert asked(after=1) == 1
        assert asked(months=july) == 3
        assert asked(effective_after=parse_date("2026-08-05")) == 2
        # None: the logs say that no file has such entries, and none is opened.
        assert asked(after=2) is None
        assert asked(months=july, after=1) is None
        assert asked(effective_after=parse_date("2026-08-20")) is None


def test_a_withdrawn_subject_has_no_record_any_more(filled: Tiny) -> None:
    filled.deliver([row("one", subject_id=code(number=1))], on="2026-09-01")
    filled.ingest()
    assert [row["numerator"] for row in measured(filled) if row["measure"] == "coverage_subjects"] == [1, 1]
    filled.deliver([row("one", subject_id=code(number=1), action="withdraw")], on="2026-09-02")
    filled.ingest()
    assert [row["numerator"] for row in measured(filled) if row["measure"] == "coverage_subjects"] == [1, 0]
    assert measured(filled) == measured(filled, kept=False)


def test_a_new_register_changes_the_sums_of_those_whom_it_lists_otherwise(filled: Tiny) -> None:
    filled.deliver([row("one", subject_id=code(number=1), subject_name="乙公司")], on="2026-07-09")
    filled.deliver([row("two", subject_id=code(number=2), subject_name="丙公司")], on="2026-07-09")
    filled.ingest()
    measured(filled)
    # The first subject goes on as it is, the second gets another name, the third is new.
    filled.register(listed(0, "甲公司", "990100"), listed(1, "另公司"), listed(2, "丙公司"), *ELSEWHERE)
    filled.deliver([row("three")], on="2026-07-10")
    filled.ingest()
    add_to_kept(filled, "linked")
    wanted = {
        (one["measure"], one["period_start"].month): (one["numerator"], one["denominator"])
        for one in measured(filled, kept=False, by=(Group.MONTH,))
        if one["measure"].startswith("consistency")
    }
    got = {
        (one["measure"], one["period_start"].month): (one["numerator"], one["denominator"])
        for one in measured(filled, by=(Group.MONTH,))
        if one["measure"].startswith("consistency")
    }
    assert wanted[("consistency_name", 7)] == (5, 6)
    # What was kept for the earlier register is carried over: what was wrong with it still is.
    rows_kept = {7: 4, 8: 3}
    assert {key: got[key][0] - value[0] for key, value in wanted.items() if key[0] == "consistency_subject"} == {
        ("consistency_subject", month): count for month, count in rows_kept.items()
    }
    assert got[("consistency_name", 7)] == wanted[("consistency_name", 7)]


def test_a_period_that_cuts_a_month_is_left_to_the_entries(filled: Tiny) -> None:
    assert measured(filled, period="2026-07-02/2026-08-04") == measured(
        filled, kept=False, period="2026-07-02/2026-08-04"
    )
    assert not kept_files(filled)


def test_a_new_time_limit_is_followed(filled: Tiny) -> None:
    measured(filled)
    filled.edition(2027, [{"collection_time_limit": "1 working day"}])
    filled.deliver([row("9", event_date="2026-08-04")], on="2026-08-20")
    filled.ingest()
    assert measured(filled) == measured(filled, kept=False)


def test_sums_of_another_future_are_not_met(filled: Tiny) -> None:
    backup = filled.folder / "backup"
    shutil.copytree(filled.folder / "lake", backup)
    filled.deliver([row("x", note="this way")], on="2026-08-20", path="x.csv")
    filled.ingest()
    measured(filled)
    kept = filled.folder / "lake" / FOLDER
    shutil.move(kept, filled.folder / "kept")
    shutil.rmtree(filled.folder / "lake")
    shutil.move(backup, filled.folder / "lake")
    shutil.move(filled.folder / "kept", kept)
    filled.manifest.pop()
    filled.deliver([row("x", note=""), row("y"), row("z")], on="2026-08-20", path="y.csv")
    filled.ingest()
    assert measured(filled) == measured(filled, kept=False)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_lake_that_is_read_only_is_measured_all_the_same(
    filled: Tiny, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    wanted = measured(filled, kept=False)

    def refused(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(pq, "write_table", refused)
    assert measured(filled) == wanted
    assert not kept_files(filled)


def test_a_full_disk_is_said(filled: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(StorageError):
        measured(filled)
    assert not list((filled.folder / "lake" / FOLDER).rglob("*.*"))


def test_kept_sums_are_their_owners_alone(filled: Tiny) -> None:
    measured(filled)
    files = list((filled.folder / "lake" / FOLDER).rglob("*.parquet"))
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert {file.parent.stat().st_mode & 0o777 for file in files} == {0o700}


def test_parts_that_a_larger_one_holds_go_after_a_day(filled: Tiny) -> None:
    measured(filled)
    unused = filled.folder / "lake" / FOLDER / ("0" * 32)
    unused.mkdir()
    draft = kept_files(filled)[0].parent / "killed.draft"
    draft.touch()
    old = time.time() - 31 * 24 * 3600
    for path in (*kept_files(filled), draft, unused):
        os.utime(path, (old, old))
    for day in (20, 21):
        filled.deliver([row(f"9-{day}", event_date="2026-08-04")], on=f"2026-08-{day}")
    filled.ingest()
    measured(filled)
    assert [file.name.rsplit(".", 2)[0] for file in kept_files(filled)] == ["2026-07.0-1", "2026-08.0-2"]
    assert not draft.exists()
    assert not unused.exists()
