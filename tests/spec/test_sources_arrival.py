"""Which deliveries a run takes: files that grow, vanish or lead elsewhere, manifests in the making, and clocks.

All data is synthetic.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from creditlab import engine, sources
from creditlab.errors import ManifestError
from creditlab.ingest import ingest, taking
from creditlab.lake import Lake, Snapshot
from creditlab.sources import AbsentFileError, delivered, manifest
from tests.spec.tiny import NOW, Tiny, csv_text, row

# --- Files --------------------------------------------------------------------------------------------------


def payload_rows(tiny: Tiny) -> int:
    """How many rows of the data format are kept, and visible."""
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        payload = Snapshot.take(Lake(tiny.workspace.lake), backend).payload("form")
        return int(backend.to_pyarrow(payload.count()).as_py())


def meddle(monkeypatch: pytest.MonkeyPatch, then: Callable[[], object]) -> None:
    """Do something to a file once, after it was looked at and before its rows are read."""
    done: list[int] = []

    def look(path: Path) -> sources.Content:
        content = delivered.look(path)
        if not done:
            done.append(1)
            then()
        return content

    monkeypatch.setattr(taking, "look", look)


@pytest.mark.parametrize("held", [delivered.HELD_BYTES, 0])
def test_a_file_that_grows_while_it_is_read_waits_for_the_next_run(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(delivered, "HELD_BYTES", held)
    path = tiny.folder / "inbox" / tiny.deliver([row("1"), row("2")])
    tiny.deliver([row("3")])
    line = ",".join(row("4").values()) + "\n"
    meddle(monkeypatch, lambda: path.write_text(path.read_text("utf-8") + line, encoding="utf-8"))
    done = tiny.ingest()
    assert (done.deliveries, done.absent, done.counts.accepted) == (1, 1, 1)
    assert list(tiny.records()) == ["3"]
    done = tiny.ingest()
    assert (done.deliveries, done.known, done.absent, done.counts.accepted) == (1, 1, 0, 3)
    assert sorted(tiny.records()) == ["1", "2", "3", "4"]
    assert payload_rows(tiny) == 4


@pytest.mark.parametrize("held", [delivered.HELD_BYTES, 0])
def test_a_file_that_is_replaced_by_one_of_the_same_size_and_time(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(delivered, "HELD_BYTES", held)
    path = tiny.folder / "inbox" / tiny.deliver([row("1")])
    was = path.stat()

    def replace() -> None:
        other = path.with_name("other")
        other.write_bytes(path.read_bytes().replace(b"\n1,", b"\n9,"))
        os.utime(other, ns=(was.st_atime_ns, was.st_mtime_ns))
        other.replace(path)

    meddle(monkeypatch, replace)
    assert tiny.ingest().absent == 1
    assert tiny.ingest().counts.accepted == 1
    assert list(tiny.records()) == ["9"]


def test_a_file_that_vanishes_once_it_is_held_is_taken(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tiny.folder / "inbox" / tiny.deliver([row("1")])
    meddle(monkeypatch, path.unlink)
    assert tiny.ingest().counts.accepted == 1


def test_a_file_that_vanishes_before_it_is_read_waits(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivered, "HELD_BYTES", 0)
    path = tiny.folder / "inbox" / tiny.deliver([row("1")])
    data = path.read_bytes()
    meddle(monkeypatch, path.unlink)
    done = tiny.ingest()
    assert (done.run_no, done.deliveries, done.absent) == (1, 0, 1)  # the register is new
    assert tiny.table("quarantine") == []
    path.write_bytes(data)
    assert tiny.ingest().counts.accepted == 1


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_what_is_no_file_is_not_waited_for(tiny: Tiny, make: Callable[[Path], None]) -> None:
    path = tiny.folder / "inbox" / tiny.deliver([row("1")])
    path.unlink()
    make(path)
    with pytest.raises(AbsentFileError):
        sources.look(path)
    assert tiny.ingest().absent == 1


@pytest.mark.parametrize(
    "name", ["../outside.csv", "a/../../outside.csv", "{folder}/outside.csv", "link.csv", "l/outside.csv"]
)
def test_a_name_that_leads_outside_the_inbox_is_one_quarantined_row(tiny: Tiny, name: str) -> None:
    inbox = tiny.folder / "inbox"
    inbox.mkdir(exist_ok=True)
    tiny.write("outside.csv", csv_text(list(row()), [list(row("secret").values())]))
    (inbox / "link.csv").symlink_to(tiny.folder / "outside.csv")
    (inbox / "l").symlink_to(tiny.folder)
    path = tiny.deliver([row("1")])
    tiny.manifest[0]["path"] = name.format(folder=tiny.folder)
    tiny.write_manifest()
    counts = tiny.ingest().counts
    assert (counts.delivered, counts.quarantined) == (1, 1)
    assert [(one["row_no"], one["reason"], one["content"]) for one in tiny.table("quarantine")] == [
        (0, "unreadable_file", None)
    ]
    assert path


def test_a_link_inside_the_inbox_is_a_file_as_any_other(tiny: Tiny) -> None:
    path = tiny.folder / "inbox" / tiny.deliver([row("1")])
    path.rename(path.with_name("real.csv"))
    path.symlink_to("real.csv")
    assert tiny.ingest().counts.accepted == 1


def test_links_in_a_circle_are_no_file(tiny: Tiny) -> None:
    path = tiny.folder / "inbox" / tiny.deliver([row("1")])
    path.unlink()
    path.symlink_to(path.name)
    assert tiny.ingest().absent == 1
    assert tiny.table("quarantine") == []


@pytest.mark.parametrize("held", [delivered.HELD_BYTES, 0])
@pytest.mark.parametrize("is_folder", [False, True])
@pytest.mark.parametrize("when", ["locate", "look"])
def test_a_link_laid_while_a_file_is_looked_at_is_not_followed(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, when: str, is_folder: bool, held: int
) -> None:
    """In the place of the file or of its folder, after it was found inside the inbox, or after it was hashed."""
    monkeypatch.setattr(delivered, "HELD_BYTES", held)
    path = tiny.folder / "inbox" / tiny.deliver([row("1")], path="a/1.csv")
    secret = tiny.write("outside/1.csv", csv_text(list(row()), [list(row("secret").values())]))
    swapped, target = (path.parent, secret.parent) if is_folder else (path, secret)
    real = getattr(taking, when)

    def swap(*arguments: Path) -> object:
        found = real(*arguments)
        swapped.rename(tiny.folder / "aside")
        swapped.symlink_to(target)
        return found

    monkeypatch.setattr(taking, when, swap)
    done = tiny.ingest()
    assert "secret" not in tiny.records()
    assert (done.absent, done.deliveries) == (1, 0)
    assert tiny.table("quarantine") == []
    monkeypatch.undo()
    swapped.unlink()
    (tiny.folder / "aside").rename(swapped)
    assert tiny.ingest().counts.accepted == 1
    assert list(tiny.records()) == ["1"]


def test_a_large_file_is_the_one_that_was_hashed_even_if_another_was_there_for_a_moment(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivered, "HELD_BYTES", 0)
    folder = (tiny.folder / "inbox" / tiny.deliver([row("1")], path="a/1.csv")).parent
    tiny.write("b/1.csv", csv_text(list(row()), [list(row("2").values())]))

    def swap() -> None:
        folder.rename(tiny.folder / "aside")
        (tiny.folder / "b").rename(folder)

    def swap_back() -> None:
        folder.rename(tiny.folder / "b")
        (tiny.folder / "aside").rename(folder)

    def read(content: sources.Content, *arguments: Any) -> Any:
        try:
            return sources.read_batches(content, *arguments)
        finally:
            swap_back()

    meddle(monkeypatch, swap)
    monkeypatch.setattr(taking, "read_batches", read)
    done = tiny.ingest()
    assert (done.absent, done.deliveries) == (1, 0)
    assert list(tiny.records()) == []


# --- The manifest -------------------------------------------------------------------------------------------


def test_a_manifest_that_changes_while_it_is_read_is_read_again(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.deliver([row("1")])
    path = tiny.folder / "inbox" / "manifest.csv"
    whole, looks = path.read_bytes(), []

    def stamp(asked: Path) -> sources.Stamp:
        found = delivered.stamp(asked)
        looks.append(1)
        if len(looks) == 1:
            path.write_bytes(whole + b" ")
        return found

    monkeypatch.setattr(manifest, "stamp", stamp)
    assert tiny.ingest().counts.accepted == 1
    assert len(looks) == 4


def test_a_manifest_that_goes_on_changing_is_refused(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.deliver([row("1")])
    looks: list[int] = []

    def stamp(asked: Path) -> sources.Stamp:
        looks.append(1)
        return delivered.stamp(asked)._replace(size=len(looks))

    monkeypatch.setattr(manifest, "stamp", stamp)
    with pytest.raises(ManifestError, match="being written") as caught:
        tiny.ingest()
    assert caught.value.exit_status == 3
    assert len(looks) == 2 * manifest._LOOKS


@pytest.mark.parametrize("cut", [1, 5, 20, 60])
def test_a_manifest_that_was_cut_off_is_refused_as_a_whole(tiny: Tiny, cut: int) -> None:
    tiny.deliver([row("1")])
    tiny.deliver([row("2")])
    path = tiny.folder / "inbox" / "manifest.csv"
    path.write_bytes(path.read_bytes().rstrip(b"\n,")[:-cut])
    with pytest.raises(ManifestError):
        tiny.ingest()
    assert not tiny.workspace.lake.exists()


# --- Times --------------------------------------------------------------------------------------------------


def test_a_time_of_delivery_without_a_zone_is_refused(tiny: Tiny) -> None:
    tiny.deliver([row("1")], on="2026-07-02T09:00:00")
    with pytest.raises(ManifestError, match="no zone") as caught:
        tiny.ingest()
    assert caught.value.where == "manifest.csv, row 1, column delivered_at"


def test_a_time_that_has_not_come_waits_and_the_others_are_taken(tiny: Tiny) -> None:
    later = NOW + taking.AHEAD + timedelta(seconds=1)
    tiny.deliver([row("1")], on=later.isoformat())
    tiny.deliver([row("2")], on=(NOW + taking.AHEAD).isoformat())
    tiny.deliver(None, on="2062-07-01")
    for _ in range(2):
        with pytest.raises(ManifestError, match="not come yet") as caught:
            tiny.ingest()
        assert (caught.value.exit_status, caught.value.where) == (3, "manifest.csv, row 1, column delivered_at")
        assert "2 deliveries in all" in caught.value.do
        # Its day has not come: no state before it has the record.
        assert list(tiny.records(as_of=((NOW + taking.AHEAD).date() - timedelta(days=2)).isoformat())) == []
        assert list(tiny.records(as_of=((NOW + taking.AHEAD).date() + timedelta(days=1)).isoformat())) == ["2"]
    tiny.manifest.pop()
    tiny.write_manifest()
    done = ingest(tiny.workspace, now=later)
    assert (done.known, done.counts.accepted) == (1, 1)


def test_a_clock_that_was_set_back_makes_nothing_late_and_numbers_go_on(tiny: Tiny) -> None:
    tiny.deliver([row("1")], on="2026-10-19")
    assert tiny.ingest().run_no == 1
    tiny.deliver([row("2")], on="2026-10-20")
    before = datetime(2020, 1, 1, tzinfo=UTC)
    done = ingest(tiny.workspace, now=before)
    assert (done.run_no, done.counts.accepted) == (2, 1)
    runs: list[dict[str, Any]] = tiny.table("runs")
    assert [(one["run_no"], one["committed_at"]) for one in sorted(runs, key=lambda one: one["run_no"])] == [
        (1, NOW),
        (2, before),
    ]
    assert sorted(tiny.records(run_no=1)) == ["1"]
    assert sorted(tiny.records(run_no=2)) == ["1", "2"]


@pytest.mark.parametrize("zones", [("+08:00", "+08:00"), ("+08:00", "+00:00")])
def test_two_deliveries_at_one_time_count_in_the_manifests_order(tiny: Tiny, zones: tuple[str, str]) -> None:
    hours = {"+08:00": "09", "+00:00": "01"}
    for note, zone in zip(("first", "second"), zones, strict=True):
        tiny.deliver([row("1", note=note)], on=f"2026-07-02T{hours[zone]}:00:00{zone}")
    counts = tiny.ingest().counts
    assert (counts.accepted, counts.corrected) == (1, 1)
    assert (tiny.records()["1"]["delivery_id"],) == tuple(
        one["delivery_id"] for one in tiny.table("deliveries") if one["manifest_row"] == 2
    )
