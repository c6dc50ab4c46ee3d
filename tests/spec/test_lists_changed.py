"""The register and the ledger edited while a run takes them up: no change is passed over. All data is synthetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from creditlab import engine
from creditlab.ingest import register, run
from creditlab.lake import read_inputs
from tests.spec.tiny import Tiny, code, row

Write = Callable[[Tiny, int], None]


def write_register(tiny: Tiny, count: int) -> None:
    """A register of so many subjects."""
    tiny.register(*[
        (code(number=number), "legal_person", "甲", "990100", "A", "2015-03-01", "") for number in range(count)
    ])  # fmt: skip


def write_ledger(tiny: Tiny, count: int) -> None:
    """A ledger of so many months."""
    tiny.ledger(*[("A-1", "D1", "990100", f"2026-0{month}", 7) for month in range(1, count + 1)])


def rows_of(tiny: Tiny, name: str) -> int:
    """How many rows of a list hold now."""
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        found = getattr(read_inputs(tiny.workspace, backend), name)
        return int(backend.to_pyarrow(found.count()).as_py())


def edit_after(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, time: int, edit: Callable[[], None]) -> None:
    """Edit a list right after a function has ended for the n-th time."""
    real, left = getattr(place, name), [edit] * time

    def then_edit(*arguments: Any) -> Any:
        found = real(*arguments)
        if left:
            last = left.pop()
            if not left:
                last()
        return found

    monkeypatch.setattr(place, name, then_edit)


LISTS = [("subjects", write_register), ("ledger", write_ledger)]


@pytest.mark.parametrize(("list_name", "write"), LISTS)
@pytest.mark.parametrize("time", [1, 2, 3, 4])
def test_a_list_edited_around_its_hashing_is_never_kept_under_the_digest_of_what_came_later(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, list_name: str, write: Write, time: int
) -> None:
    """It is hashed and read ahead, and hashed once more when the lake is free."""
    tiny.deliver([row("1")])
    write(tiny, 2)
    edit_after(monkeypatch, register, "digest", time, lambda: write(tiny, 5))
    assert tiny.ingest().run_no == 1
    tiny.ingest()
    assert rows_of(tiny, list_name) == 5
    assert tiny.ingest().run_no is None


@pytest.mark.parametrize(("list_name", "write"), LISTS)
def test_a_list_edited_while_it_is_read_is_read_again(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, list_name: str, write: Write
) -> None:
    tiny.deliver([row("1")])
    write(tiny, 2)
    edit_after(monkeypatch, register, f"read_{list_name}", 1, lambda: write(tiny, 5))
    assert tiny.ingest().run_no == 1
    assert rows_of(tiny, list_name) == 5
    tiny.ingest()
    assert rows_of(tiny, list_name) == 5
    assert tiny.ingest().run_no is None


@pytest.mark.parametrize(("list_name", "write"), LISTS)
def test_a_list_edited_after_a_run_took_it_up_is_taken_up_by_the_next(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, list_name: str, write: Write
) -> None:
    tiny.deliver([row("1")])
    write(tiny, 2)
    edit_after(monkeypatch, run, "rules_digest", 1, lambda: write(tiny, 5))
    assert tiny.ingest().run_no == 1
    assert rows_of(tiny, list_name) == 2
    done = tiny.ingest()
    assert (done.run_no, done.deliveries) == (2, 0)
    assert rows_of(tiny, list_name) == 5
    assert tiny.ingest().run_no is None
