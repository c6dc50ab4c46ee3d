"""The register and the ledger edited while a run takes them up: no change is passed over. All data is synthetic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creditlab import engine
from creditlab.ingest import register
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
    with engine.connect() as backend:
        found = getattr(read_inputs(tiny.workspace, backend), name)
        return int(backend.to_pyarrow(found.count()).as_py())


def edit_once(monkeypatch: pytest.MonkeyPatch, name: str, file: str, edit: Callable[[], None]) -> None:
    """Edit a list right after a function has been through its file, the first time that it is."""
    real, left = getattr(register, name), [edit]

    def then_edit(path: Path, *arguments: Any) -> Any:
        found = real(path, *arguments)
        if path.name == file and left:
            left.pop()()
        return found

    monkeypatch.setattr(register, name, then_edit)


@pytest.mark.parametrize(
    ("list_name", "file", "write", "when"),
    [
        ("subjects", "subjects.csv", write_register, "digest"),
        ("subjects", "subjects.csv", write_register, "read_subjects"),
        ("ledger", "ledger.csv", write_ledger, "digest"),
        ("ledger", "ledger.csv", write_ledger, "read_ledger"),
    ],
)
def test_a_list_edited_while_a_run_takes_it_up_is_taken_up_by_the_next(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, list_name: str, file: str, write: Write, when: str
) -> None:
    """Edited after it was hashed, and after it was read: the run's digest is never of what came later."""
    tiny.deliver([row("1")])
    write(tiny, 2)
    edit_once(monkeypatch, when, file, lambda: write(tiny, 5))
    assert tiny.ingest().run_no == 1
    assert rows_of(tiny, list_name) == (5 if when == "digest" else 2)
    done = tiny.ingest()
    assert (done.run_no, done.deliveries) == (2, 0)
    assert rows_of(tiny, list_name) == 5
    assert tiny.ingest().run_no is None
