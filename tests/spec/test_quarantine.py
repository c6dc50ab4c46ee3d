"""What is in quarantine, and what a later delivery has mended: by its record number, else by delivery."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from creditlab import engine
from creditlab.errors import NoDataError
from creditlab.periods import parse_period
from creditlab.quarantine import QuarantineGroup, count_quarantine
from tests.spec.tiny import Tiny, code, csv_text, row

PERSON = {"subject_kinds": "legal_person;natural_person"}
BAD = "2026-13-45"


def counted(tiny: Tiny, *by: str, period: str | None = None) -> list[dict[str, Any]]:
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        groups = [QuarantineGroup(word) for word in by]
        found = count_quarantine(tiny.workspace, backend, groups, parse_period(period) if period else None)
        rows: list[dict[str, Any]] = found.to_pylist()
        return rows


def mending(tiny: Tiny) -> dict[tuple[str, int], str]:
    """What became of each row, by its file and number."""
    return {
        (one["path"], one["row_no"]): next(word for word in ("mended", "open", "unknown") if one[word])
        for one in counted(tiny, "row")
    }


def test_rows_that_name_a_record_are_mended_by_that_record(tiny: Tiny) -> None:
    tiny.deliver([row("1", event_date=BAD), row("2", event_date=BAD), row("3", action="?"), row("4")], path="a.csv")
    # Full-width and lower case: numbers are compared as records have them.
    tiny.deliver([row("ａ-7", event_date=BAD)], path="b.csv")
    tiny.ingest()
    assert set(mending(tiny).values()) == {"open"}
    tiny.deliver([row("1"), row("A-7"), row("2", event_date=BAD)], on="2026-07-05", path="c.csv")
    tiny.ingest()
    assert mending(tiny) == {
        ("a.csv", 1): "mended", ("a.csv", 2): "open", ("a.csv", 3): "open", ("b.csv", 1): "mended",
        ("c.csv", 3): "open",
    }  # fmt: skip


def test_only_what_came_later_mends(tiny: Tiny) -> None:
    tiny.deliver([row("1")], on="2026-07-01", path="before.csv")
    tiny.deliver([row("1", event_date=BAD, action="correct")], on="2026-07-02", path="bad.csv")
    tiny.ingest()
    assert mending(tiny) == {("bad.csv", 1): "open"}
    # Ingested later, delivered before.
    tiny.deliver([row("1", note="other")], on="2026-06-30", path="late.csv")
    tiny.ingest()
    assert mending(tiny) == {("bad.csv", 1): "open"}
    # At the same moment, but further down in the manifest; it even repeats what stands.
    tiny.deliver([row("1")], on="2026-07-02", path="after.csv")
    tiny.ingest()
    assert mending(tiny) == {("bad.csv", 1): "mended"}


def test_another_departments_record_of_that_number_mends_nothing(make_tiny: Callable[..., Tiny]) -> None:
    tiny = make_tiny([{}, {"item_code": "B-1"}])
    tiny.deliver([row("1", event_date=BAD)], path="bad.csv")
    tiny.deliver([row("1")], on="2026-07-03", department="D2")
    tiny.deliver([row("1")], on="2026-07-03", item_code="B-1")
    tiny.ingest()
    assert mending(tiny) == {("bad.csv", 1): "open"}


def test_a_row_without_a_number_is_mended_by_its_delivery_only(tiny: Tiny) -> None:
    tiny.deliver([row("1"), row("")], path="a.csv", period="2026-07")
    tiny.ingest()
    assert mending(tiny) == {("a.csv", 2): "open"}
    # Something came, nobody knows whether it is the row.
    tiny.deliver([row("5")], on="2026-07-05", path="b.csv")
    tiny.ingest()
    assert mending(tiny) == {("a.csv", 2): "unknown"}
    # The same period again, but fewer rows; then another unit's; then all of it.
    tiny.deliver([row("6")], on="2026-07-06", path="c.csv", period="2026-07")
    tiny.deliver([row("7"), row("8")], on="2026-07-06", path="d.csv", period="2026-07", region_code="990200")
    tiny.ingest()
    assert mending(tiny) == {("a.csv", 2): "unknown"}
    tiny.deliver([row("1"), row("9")], on="2026-07-07", path="e.csv", period="2026-07")
    tiny.ingest()
    assert mending(tiny) == {("a.csv", 2): "mended"}


def test_without_a_period_the_path_tells_what_was_sent_again(tiny: Tiny) -> None:
    tiny.deliver([row("1"), row("")], path="a.csv")
    tiny.ingest()
    # The file is overwritten, and the manifest names it once.
    tiny.manifest.clear()
    tiny.deliver([row("1"), row("2"), row("")], on="2026-07-03", path="a.csv")
    tiny.ingest()
    found = {(one["delivered_at"].day, one["row_no"]): one for one in counted(tiny, "row")}
    assert [found[2, 2][word] for word in ("mended", "open", "unknown")] == [0, 0, 1]
    assert [found[3, 3][word] for word in ("mended", "open", "unknown")] == [0, 1, 0]
    tiny.manifest.clear()
    tiny.deliver([row("1"), row("2"), row("3")], on="2026-07-04", path="a.csv")
    tiny.ingest()
    assert [(one["rows"], one["mended"]) for one in counted(tiny)] == [(2, 2)]


def test_rows_about_persons_are_known_by_their_delivery_only(make_tiny: Callable[..., Tiny]) -> None:
    tiny = make_tiny([PERSON])
    person = row("1", subject_id=code("92", 5))
    tiny.deliver([person | {"event_date": BAD}], path="a.csv", period="2026-07")
    tiny.ingest()
    assert [one["content"] for one in tiny.table("quarantine")] == [None]
    assert mending(tiny) == {("a.csv", 1): "open"}
    # The very record came: no content is kept that could say so.
    tiny.deliver([person], on="2026-07-05", path="b.csv")
    tiny.ingest()
    assert mending(tiny) == {("a.csv", 1): "unknown"}
    tiny.deliver([person], on="2026-07-06", path="c.csv", period="2026-07")
    tiny.ingest()
    assert mending(tiny) == {("a.csv", 1): "mended"}


def test_a_file_that_could_not_be_read_is_mended_by_one_that_can(tiny: Tiny) -> None:
    broken = b"PK\x03\x04 no workbook"
    tiny.deliver(broken, path="a.xlsx", period="2026-07")
    tiny.ingest()
    assert mending(tiny) == {("a.xlsx", 0): "open"}
    tiny.deliver([row("1")], on="2026-07-03", path="b.csv")
    tiny.deliver(broken, on="2026-07-04", path="c.xlsx", period="2026-07")
    tiny.ingest()
    assert mending(tiny) == {("a.xlsx", 0): "unknown", ("c.xlsx", 0): "open"}
    tiny.deliver([row("2"), row("3", event_date=BAD)], on="2026-07-05", path="d.csv", period="2026-07")
    tiny.ingest()
    assert mending(tiny) == {("a.xlsx", 0): "mended", ("c.xlsx", 0): "mended", ("d.csv", 2): "open"}


def test_counts_by_every_group_and_period(make_tiny: Callable[..., Tiny]) -> None:
    tiny = make_tiny([{}, {"item_code": "B-1"}])
    tiny.deliver([row("1", event_date=BAD), row("2", event_date=BAD), row("")], path="a.csv")
    tiny.deliver([row("1", action="?")], on="2026-10-01", path="b.csv", item_code="B-1", department="D2")
    tiny.deliver([row("1")], on="2026-07-05", path="c.csv")
    tiny.ingest()
    assert counted(tiny) == [{"rows": 4, "mended": 1, "open": 2, "unknown": 1}]
    assert counted(tiny, "reason") == [
        {"reason": "no_event_date", "rows": 2, "mended": 1, "open": 1, "unknown": 0},
        {"reason": "no_record_id", "rows": 1, "mended": 0, "open": 0, "unknown": 1},
        {"reason": "unknown_action", "rows": 1, "mended": 0, "open": 1, "unknown": 0},
    ]
    by_department = counted(tiny, "department", "item_code")
    assert [(one["department"], one["item_code"], one["rows"]) for one in by_department] == [
        ("D1", "A-1", 3), ("D2", "B-1", 1),
    ]  # fmt: skip
    assert [(one["path"], one["rows"]) for one in counted(tiny, "delivery")] == [("a.csv", 3), ("b.csv", 1)]
    assert counted(tiny, period="2026Q4") == [{"rows": 1, "mended": 0, "open": 1, "unknown": 0}]
    assert counted(tiny, period="2026-09") == []


def test_the_command(tiny: Tiny, creditlab_here: Callable[..., Any]) -> None:
    done = creditlab_here("quarantine", workspace=tiny.folder)
    assert done.returncode == 4
    tiny.deliver([row("1", event_date=BAD), row("")], path="a.csv")
    tiny.ingest()
    done = creditlab_here("quarantine", "--by", "delivery,reason", workspace=tiny.folder)
    assert (done.returncode, done.stderr) == (0, "")
    head = [
        "item_code",
        "department",
        "region_code",
        "delivered_at",
        "path",
        "reason",
        "rows",
        "mended",
        "open",
        "unknown",
    ]
    place = ["A-1", "D1", "990100", "2026-07-02T09:00:00+08:00", "a.csv"]
    assert [line.split("\t") for line in done.stdout.splitlines()] == [
        head, [*place, "no_event_date", "1", "0", "1", "0"], [*place, "no_record_id", "1", "0", "1", "0"],
    ]  # fmt: skip
    said = json.loads(creditlab_here("--json", "quarantine", "--by", "", workspace=tiny.folder).stdout)
    assert said == {"quarantine": [{"rows": 2, "mended": 0, "open": 2, "unknown": 0}]}
    assert creditlab_here("quarantine", "--by", "subject", workspace=tiny.folder).returncode == 2
    done = creditlab_here("quarantine", "--period", "2020", workspace=tiny.folder)
    assert (done.returncode, done.stdout) == (0, "nothing is in quarantine\n")


def test_nothing_ingested_is_said(tiny: Tiny) -> None:
    with pytest.raises(NoDataError):
        counted(tiny)
    tiny.deliver(csv_text(("record_id",), []))
    tiny.ingest()
    assert counted(tiny, "reason") == []
