"""One subject's records: what stands of them on a day, from the files that can hold them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from creditlab import engine
from creditlab.access import Asking
from creditlab.dossier.subject import take_dossier
from creditlab.lake import Lake, Snapshot
from creditlab.lake.compaction import compact
from creditlab.lake.subject import records_of
from creditlab.periods import parse_date
from creditlab.terms import Purpose
from tests.spec.tiny import Tiny, code, row

ONE, OTHER = code(), code(number=1)


@pytest.fixture
def delivered(tiny: Tiny) -> Tiny:
    """Two subjects over two months: a record that is corrected, one that is withdrawn, one that moves to the other."""
    rows = [
        row("1", subject_id=ONE, note="first"),
        row("2", subject_id=ONE),
        row("3", subject_id=ONE, event_date="2026-08-03"),
        row("4", subject_id=OTHER),
    ]
    tiny.deliver(rows, on="2026-08-05")
    tiny.ingest()
    changes = [
        row("1", subject_id=ONE, note="second", action="correct"),
        row("2", subject_id=ONE, action="withdraw"),
        row("3", subject_id=OTHER, event_date="2026-08-03", action="correct"),
    ]
    tiny.deliver(changes, on="2026-08-20")
    tiny.ingest()
    return tiny


def states(tiny: Tiny, subject: str, as_of: str = "2026-12-31", run_no: int | None = None) -> dict[str, Any]:
    """How each of a subject's records stands, by its number."""
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        snapshot = Snapshot.take(Lake(tiny.workspace.lake), backend, run_no)
        found = backend.to_pyarrow(records_of(snapshot, subject, parse_date(as_of))).to_pylist()
    assert len({one["record_id"] for one in found}) == len(found)
    return {one["record_id"]: (one["record_state"], one["received_on"].isoformat()) for one in found}


NOW = {"1": ("normal", "2026-08-20"), "2": ("withdrawn", "2026-08-20")}
BEFORE = dict.fromkeys("123", ("normal", "2026-08-05"))


def test_a_record_stands_as_it_was_last_changed(delivered: Tiny) -> None:
    assert states(delivered, ONE) == NOW
    assert sorted(states(delivered, OTHER)) == ["3", "4"]


def test_an_earlier_day_and_an_earlier_run_are_as_they_were(delivered: Tiny) -> None:
    assert states(delivered, ONE, as_of="2026-08-19") == BEFORE
    assert states(delivered, ONE, run_no=1) == BEFORE
    assert states(delivered, ONE, as_of="2026-08-04") == {}


def test_compaction_changes_no_record(delivered: Tiny) -> None:
    with engine.connect(folders=[delivered.workspace.lake]) as backend:
        compact(Lake(delivered.workspace.lake), backend)
    assert states(delivered, ONE) == NOW
    assert states(delivered, ONE, as_of="2026-08-19") == BEFORE


@pytest.mark.parametrize("subject", ["0", "Z", code(number=2), ""])
def test_who_has_no_record_has_no_row(delivered: Tiny, subject: str) -> None:
    assert states(delivered, subject) == {}


def test_files_that_can_hold_no_record_of_a_subject_are_not_opened(delivered: Tiny) -> None:
    with engine.connect(folders=[delivered.workspace.lake]) as backend:
        snapshot = Snapshot.take(Lake(delivered.workspace.lake), backend)
        for file in Lake(delivered.workspace.lake).files("records"):
            open(file, "wb").close()
        # Above and below all that the files have: their logs say so.
        assert snapshot.entries(subject_id="0") is None
        assert snapshot.entries(subject_id="Z") is None


def test_of_what_rows_said_files_that_can_hold_none_of_some_keys_are_not_opened(delivered: Tiny) -> None:
    lake = Lake(delivered.workspace.lake)
    with engine.connect(folders=[delivered.workspace.lake]) as backend:
        snapshot = Snapshot.take(lake, backend)
        keys = backend.to_pyarrow(snapshot.table("records").select("key64").distinct())["key64"]
        for key in keys.to_pylist():
            found = snapshot.payload("form", pa.array([key]))
            of_all = snapshot.payload("form")
            asked, there = (backend.to_pyarrow(rows.filter(rows.key64 == key)) for rows in (found, of_all))
            assert asked.num_rows == there.num_rows > 0
            assert set(asked["row_no"].to_pylist()) == set(there["row_no"].to_pylist())
        log = lake.log("payloads/form")
        above = max(log["max.key64"].to_pylist()) + 1
        for file in lake.files("payloads/form"):
            open(file, "wb").close()
        assert backend.to_pyarrow(snapshot.payload("form", pa.array([above])).count()).as_py() == 0


def test_a_look_up_says_what_every_row_said(delivered: Tiny) -> None:
    """What is read of the rows beside the record itself; the rest stands in the record."""
    with engine.connect(folders=[delivered.workspace.lake]) as backend:
        asking = Asking(Purpose.ASSESSMENT, "a test")
        found = take_dossier(delivered.workspace, backend, ONE, parse_date("2026-12-31"), asking=asking)
    said = [found.said[row_["delivery_id"], row_["row_no"]] for row_ in found.records.to_pylist()]
    assert [one.get("note") for one in said] == ["second", None]
    assert not {"record_id", "subject_id", "subject_name", "event_date"} & set().union(*said)
