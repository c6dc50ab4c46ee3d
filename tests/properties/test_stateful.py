"""Deliveries, actions, orders of arrival, kills and re-runs in any mixture, against a plain row-by-row count.

The machine announces deliveries (late older ones, the same ones again, files that come later than their announcement),
publishes editions, and runs ingest, sometimes killed between two appends. After every run, the lake's books must say
of each delivered row and each record what `tests.reference` says. CREDITLAB_EXAMPLES says how many examples to run.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, precondition, rule

from creditlab import engine
from creditlab.ingest import ingest
from creditlab.lake import Lake, Snapshot
from creditlab.workspace import open_workspace
from tests.reference.rules import ingest as count_rows
from tests.spec.tiny import Tiny
from tests.stress.books import (
    COUNTS,
    Books,
    all_rows,
    differences,
    lake_of,
    model_of,
    read_books,
    rows_of,
    run_numbers,
)
from tests.stress.workspaces import EDITIONS, make_rows, write_workspace

EXAMPLES = int(os.environ.get("CREDITLAB_EXAMPLES", "12"))
UNASKED = () if os.environ.get("CREDITLAB_SHRINK") else (Phase.shrink, Phase.explain)
NOW = datetime(2026, 11, 20, tzinfo=UTC)
#: Memory, where there is any: thousands of tiny files are written.
FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None

#: Rows by a seed: drawn one by one, most of them would be the simplest there are.
ROWS = st.integers(0, 2**32 - 1).map(make_rows)
#: Days of delivery in any order, some with two moments, one of which is the next day where the workspace is.
MOMENTS = st.sampled_from(
    [f"2026-07-{day:02d}T{hour}" for day in (2, 3, 9, 20) for hour in ("09:00:00+08:00", "16:30:00+00:00")]
)
CELLS = st.fixed_dictionaries(
    {
        "item_code": st.sampled_from(["A-1"] * 6 + ["B-1"] * 3 + ["Z-9"]),
        "department": st.sampled_from(["D1"] * 4 + ["D2"]),
        "region_code": st.sampled_from(["990100"] * 5 + ["990200"] * 4 + ["999999"]),
    }
)


class KilledError(BaseException):
    """Stands for the end of a process: nothing catches it, nothing is tidied up by the lake."""


@contextmanager
def killed_at(append: int, *, is_after: bool) -> Iterator[None]:
    """End a run at its n-th append, before or after the rows are there."""
    real, calls = Lake.append, count(1)

    def counted(self: Lake, name: str, data: Any) -> None:
        # Two tables may be appended to side by side: each call keeps the number that it got.
        call = next(calls)
        if call == append and not is_after:
            raise KilledError
        real(self, name, data)
        if call == append:
            raise KilledError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Lake, "append", counted)
        yield


class IngestMachine(RuleBasedStateMachine):
    """A workspace, its lake, and what was seen of both."""

    announced = Bundle("announced")
    awaited = Bundle("awaited")

    def __init__(self) -> None:
        super().__init__()
        self.base = Path(tempfile.mkdtemp(prefix="creditlab-machine-", dir=FAST))
        self.tiny: Tiny = write_workspace(self.base / "workspace")
        self.numbers: list[int] = []
        self.used: set[int] = set()
        self.unpublished = [2024, 2026]
        self.books: Books | None = None
        self.is_new = False

    @initialize(target=announced, rows=ROWS, moment=MOMENTS)
    def begin(self, rows: list[dict[str, str]], moment: str) -> int:
        self.tiny.edition(2025, *EDITIONS[2025])
        self.tiny.deliver(rows, moment)
        self.is_new = True
        return 0

    @rule(target=announced, rows=ROWS, moment=MOMENTS, cells=CELLS)
    def deliver(self, rows: list[dict[str, str]], moment: str, cells: dict[str, str]) -> int:
        self.tiny.deliver(rows, moment, **cells)
        self.is_new = True
        return len(self.tiny.manifest) - 1

    @rule(number=announced, moment=MOMENTS)
    def deliver_again(self, number: int, moment: str) -> None:
        """The same file once more, at another moment or the same: a known delivery, or one whose rows repeat."""
        self.tiny.manifest.append(self.tiny.manifest[number] | {"delivered_at": moment})
        self.tiny.write_manifest()
        self.is_new = True

    @rule(target=awaited, rows=ROWS, moment=MOMENTS)
    def announce(self, rows: list[dict[str, str]], moment: str) -> str:
        """A row of the manifest whose file isn't there yet."""
        path = self.tiny.deliver(rows, moment)
        file = self.tiny.folder / "inbox" / path
        file.rename(file.with_suffix(".awaited"))
        return path

    @rule(path=consumes(awaited))
    def bring(self, path: str) -> None:
        file = self.tiny.folder / "inbox" / path
        file.with_suffix(".awaited").rename(file)
        self.is_new = True

    @rule(
        text=st.sampled_from(["", "record_id,note\n", "record_id,record_id\n1,2\n", "record_id,note\n1\n"]),
        moment=MOMENTS,
    )
    def deliver_badly(self, text: str, moment: str) -> None:
        """An empty file, a header only, a column twice, a row that is too short."""
        self.tiny.deliver(text, moment)
        self.is_new = True

    @rule(moment=MOMENTS)
    def report_nothing(self, moment: str) -> None:
        self.tiny.deliver(None, moment)
        self.is_new = True

    @precondition(lambda self: self.unpublished)
    @rule(place=st.integers(0, 1))
    def publish_edition(self, place: int) -> None:
        year = self.unpublished.pop(min(place, len(self.unpublished) - 1))
        self.tiny.edition(year, *EDITIONS[year])
        self.is_new = True

    @precondition(lambda self: self.is_new)
    @rule()
    def run(self) -> None:
        self._run_and_compare()

    @precondition(lambda self: self.is_new)
    @rule(append=st.integers(1, 8), is_after=st.booleans())
    def run_killed(self, append: int, is_after: bool) -> None:
        lake = Lake(self.tiny.workspace.lake)
        before = run_numbers(lake)
        try:
            with killed_at(append, is_after=is_after):
                self.tiny.ingest()
        except KilledError:
            note(f"killed {'after' if is_after else 'before'} append {append}")
        self._note_numbers(lake)
        if run_numbers(lake) == before:
            assert self.books is None or read_books(self.tiny.folder) == self.books, "a killed run is visible"
        else:
            self._compare()

    @precondition(lambda self: self.numbers)
    @rule()
    def run_for_nothing(self) -> None:
        """A run that finds nothing new leaves everything as it is."""
        if self.is_new:
            self._run_and_compare()
        done = ingest(open_workspace(self.tiny.folder), now=NOW)
        assert (done.run_no, done.counts.delivered, done.deliveries) == (None, 0, 0)
        assert read_books(self.tiny.folder) == self.books

    def teardown(self) -> None:
        try:
            if self.tiny.manifest:
                self._run_and_compare()
                self._compare_snapshot()
        finally:
            shutil.rmtree(self.base)

    def _run_and_compare(self) -> None:
        before = {name: sum(one[name] for one in self._counts()) for name in COUNTS}
        done = self.tiny.ingest()
        self._note_numbers(Lake(self.tiny.workspace.lake))
        self._compare()
        after = {name: sum(one[name] for one in self._counts()) for name in COUNTS}
        # What a run prints are the rows that it took in; judging again moves counts between outcomes only.
        for name in ("delivered", "quarantined"):
            assert after[name] - before[name] == asdict(done.counts)[name]

    def _counts(self) -> list[dict[str, int]]:
        lake = Lake(self.tiny.workspace.lake)
        newest = {one["delivery_id"]: one for one in sorted(rows_of(lake, "deliveries"), key=lambda row: row["run_no"])}
        return list(newest.values())

    def _note_numbers(self, lake: Lake) -> None:
        """A committed run's number was never written before: not by a run before it, nor by one that was killed."""
        numbers = run_numbers(lake)
        assert numbers[: len(self.numbers)] == self.numbers
        new = numbers[len(self.numbers) :]
        assert len(new) <= 1
        assert not self.used & set(new), "a run number was used twice"
        self.numbers = numbers
        self.used |= {one["run_no"] for name in lake.table_names() for one in all_rows(lake, name)}

    def _compare(self) -> None:
        model = model_of(self.tiny.folder)
        found = differences(lake_of(self.tiny.folder), model)
        assert found == [], "\n".join(found)
        # Shown by --hypothesis-show-statistics: how many examples had which outcome.
        for outcome in sorted({word for one in model.outcomes.values() for word in one}):
            event(outcome)
        self.books = read_books(self.tiny.folder)
        self.is_new = False

    def _compare_snapshot(self) -> None:
        """What the program reads is what stands in the files."""
        lake = Lake(self.tiny.workspace.lake)
        with engine.connect(folders=[lake.root]) as backend:
            snapshot = Snapshot.take(lake, backend)
            assert backend.to_pyarrow(snapshot.table("records").count()).as_py() == len(rows_of(lake, "records"))
            assert backend.to_pyarrow(snapshot.deliveries().count()).as_py() == len(self._counts())
        assert len(count_rows(self.tiny.folder).outcomes) == sum(one["delivered"] for one in self._counts())


IngestMachine.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=int(os.environ.get("CREDITLAB_STEPS", "10")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # An example takes seconds, so a smaller one is looked for only when somebody asks.
    phases=[one for one in Phase if one not in UNASKED],
)
test_any_mixture_gives_what_the_count_says = IngestMachine.TestCase
