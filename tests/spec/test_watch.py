"""A watched inbox: what is taken when, without waiting, and once in a process of its own. All data is synthetic."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from creditlab.cli import main
from creditlab.errors import CatalogueError, ParameterError
from creditlab.ingest import Watch, WatchTotals, run, until_told
from tests.spec.tiny import NOW, Tiny, code, form_field, form_fields, row

#: What happens between two looks, one after the other; the watch ends after the last.
Steps = list[Callable[[], object]]


def nothing() -> None:
    """Nothing happens."""


def watched(tiny: Tiny, steps: Steps, interval: float = 10, passes: float = 10) -> tuple[WatchTotals, list[str]]:
    """Watch with a clock of our own; returns the totals and what was said."""
    said: list[str] = []
    seconds = [0.0]
    left: Iterator[Callable[[], object]] = iter(steps)

    def wait(asked: float) -> bool:
        assert asked == interval
        seconds[0] += passes
        step = next(left, None)
        if step is None:
            return True
        step()
        return False

    watch = Watch(tiny.workspace, interval, lambda: NOW, lambda: seconds[0], wait, said.append)
    return watch.run(), said


def test_a_file_is_taken_at_the_second_look_that_finds_it_the_same(tiny: Tiny) -> None:
    tiny.deliver([row("1"), row("2")])
    totals, _ = watched(tiny, [])
    assert (totals.runs, totals.waiting) == ((), 1)
    totals, said = watched(tiny, [nothing])
    assert (totals.runs, totals.deliveries, totals.waiting) == ((1,), 1, 0)
    assert totals.counts.accepted == 2
    assert said == ["run 1: 1 deliveries, 2 rows"]


def test_looks_that_are_too_close_do_not_count(tiny: Tiny) -> None:
    tiny.deliver([row("1")])
    assert watched(tiny, [nothing] * 3, passes=3)[0].runs == ()
    assert watched(tiny, [nothing] * 4, passes=3)[0].runs == (1,)


def test_a_file_that_grows_is_taken_once_when_it_has_stopped(tiny: Tiny) -> None:
    tiny.ingest()
    path = tiny.folder / "inbox" / tiny.deliver([row("1")])
    lines = [",".join(row(str(n)).values()) + "\n" for n in range(2, 5)]
    runs: list[int] = []

    def grow() -> None:
        runs.append(len(tiny.table("deliveries")))
        path.write_text(path.read_text("utf-8") + lines.pop(0), encoding="utf-8")

    totals, _ = watched(tiny, [grow, grow, grow, nothing, nothing, nothing])
    assert runs == [0, 0, 0]
    assert (totals.runs, totals.deliveries, totals.counts.delivered) == ((2,), 1, 4)


def test_a_file_of_the_same_size_written_again_has_not_stopped(tiny: Tiny) -> None:
    path = tiny.folder / "inbox" / tiny.deliver([row("1")])

    def again() -> None:
        path.write_bytes(path.read_bytes().replace(b"\n1,", b"\n7,"))

    totals, _ = watched(tiny, [again, nothing])
    assert totals.deliveries == 1
    assert list(tiny.records()) == ["7"]


def test_a_file_without_its_row_and_a_row_without_its_file_wait(tiny: Tiny) -> None:
    tiny.ingest()
    tiny.write("inbox/early.csv", "a,b\n1,2\n")
    path = tiny.folder / "inbox" / tiny.deliver([row("1")])
    data = path.read_bytes()
    path.unlink()
    totals, said = watched(tiny, [nothing, nothing])
    assert (totals.runs, totals.waiting, said) == ((), 1, [])
    totals, _ = watched(tiny, [nothing, lambda: path.write_bytes(data), nothing, nothing])
    assert (totals.deliveries, totals.waiting) == (1, 0)


def test_a_row_of_the_manifest_counts_once_it_stays_the_same(tiny: Tiny) -> None:
    tiny.deliver([row("1")])
    tiny.manifest[0]["period"] = "2026-0"

    def finish() -> None:
        tiny.manifest[0]["period"] = "2026-07"
        tiny.write_manifest()

    tiny.write_manifest()
    watched(tiny, [finish, nothing])
    assert [one["period"] for one in tiny.table("deliveries")] == ["2026-07"]


def test_zero_reports_and_names_that_lead_outside_are_taken_too(tiny: Tiny) -> None:
    tiny.deliver(None)
    tiny.deliver([row("1")])
    tiny.manifest[1]["path"] = "../nowhere.csv"
    tiny.write_manifest()
    totals, _ = watched(tiny, [nothing])
    assert (totals.deliveries, totals.counts.quarantined, totals.waiting) == (2, 1, 0)


def test_what_is_known_is_looked_at_once(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.deliver([row("1")])
    tiny.ingest()
    runs: list[int] = []
    take_in = run.take_in
    monkeypatch.setattr("creditlab.ingest.watch.take_in", lambda *a, **k: (runs.append(1), take_in(*a, **k))[1])
    totals, said = watched(tiny, [nothing] * 4 + [lambda: tiny.deliver([row("2")])] + [nothing] * 4)
    assert len(runs) == 2
    assert (totals.known, totals.deliveries, totals.waiting) == (1, 1, 0)
    assert said == ["run 2: 1 deliveries, 1 rows"]


CODES = "code_list,code,name_zh,name_en\nsorts,一,一,One\n"


def more_subjects(tiny: Tiny) -> None:
    tiny.register((code(number=1), "legal_person", "甲", "990100", "A", "2015-03-01", ""), *[
        (code(number=number), "legal_person", "乙", "990100", "A", "2015-03-01", "") for number in (2, 3)
    ])  # fmt: skip


def more_declared(tiny: Tiny) -> None:
    tiny.ledger(("A-1", "D1", "990100", "2026-07", 7))


def another_code(tiny: Tiny) -> None:
    tiny.write("catalogue/code_lists.csv", CODES + "sorts,丙,丙,C\n")


def seen(tiny: Tiny) -> tuple[int, list[int], list[str]]:
    """What the lake has of the register, the ledger, and the catalogue's judgement of its one record."""
    subjects, ledger = tiny.table("subjects"), tiny.table("ledger")
    return len(subjects), [one["declared_count"] for one in ledger], tiny.records()["1"]["faults"]


@pytest.fixture
def listed(make_tiny: Callable[..., Tiny]) -> Tiny:
    """A workspace with a lake, whose one record has a code that the catalogue doesn't know."""
    tiny = make_tiny(fields=form_fields(form_field("sort", code_list="sorts")))
    tiny.write("catalogue/code_lists.csv", CODES)
    tiny.deliver([row("1", sort="丙")])
    tiny.ingest()
    assert seen(tiny) == (1, [], ["code_list:sort"])
    return tiny


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (more_subjects, (4, [], ["code_list:sort"])),
        (more_declared, (1, [7], ["code_list:sort"])),
        (another_code, (1, [], [])),
    ],
)
def test_a_change_to_a_list_alone_makes_a_run(listed: Tiny, change: Callable[[Tiny], None], wanted: object) -> None:
    """Once two looks found the changed list the same, and once only."""
    runs: list[int] = []
    steps: Steps = [lambda: change(listed), lambda: runs.append(len(listed.table("runs"))), nothing, nothing]
    totals, said = watched(listed, [nothing, nothing, *steps])
    assert runs == [1]
    assert (totals.runs, totals.deliveries, said) == ((2,), 0, ["run 2: 0 deliveries, 0 rows"])
    assert seen(listed) == wanted


def test_a_change_to_a_list_before_the_watch_began_makes_a_run(listed: Tiny) -> None:
    more_declared(listed)
    assert watched(listed, [nothing, nothing])[0].runs == (2,)
    assert seen(listed)[1] == [7]


def test_a_list_that_is_written_without_a_change_makes_no_run(listed: Tiny) -> None:
    path = listed.folder / "ledger.csv"
    assert watched(listed, [nothing, lambda: path.write_bytes(path.read_bytes()), nothing, nothing])[0].runs == ()


def test_no_run_begins_while_a_list_is_being_written(listed: Tiny) -> None:
    """Half a register may be a register."""
    path, lines = listed.folder / "ledger.csv", [f"A-1,D1,990100,2026-0{month},7\n" for month in (7, 8, 9)]
    runs: list[int] = []

    def grow() -> None:
        runs.append(len(listed.table("runs")))
        path.write_text(path.read_text("utf-8") + lines.pop(0), encoding="utf-8")

    listed.deliver([row("2")])
    totals, _ = watched(listed, [grow, grow, grow, nothing, nothing])
    assert runs == [1, 1, 1]
    assert (totals.runs, totals.deliveries) == ((2,), 1)
    assert seen(listed)[1] == [7, 7, 7]


def test_a_manifest_that_is_being_edited_is_said_once_and_tried_again(tiny: Tiny) -> None:
    tiny.deliver([row("1")])
    whole = (tiny.folder / "inbox/manifest.csv").read_bytes()

    def damage() -> None:
        tiny.write("inbox/manifest.csv", whole[:-20])

    def mend() -> None:
        tiny.write("inbox/manifest.csv", whole)

    totals, said = watched(tiny, [damage, nothing, nothing, mend, nothing, damage, nothing])
    assert totals.deliveries == 1
    assert [line.split(":")[1].strip() for line in said if "creditlab" in line] == ["manifest", "manifest"]
    assert len(said) == 3


def test_a_source_that_is_gone_is_said_once_and_others_are_taken(make_tiny: Callable[..., Tiny]) -> None:
    tiny = make_tiny(settings='[sources]\ngone = "postgresql://a@/b?host=/nowhere"\n')
    tiny.deliver("-- source: gone\nSELECT 1 AS a", path="q.sql")
    tiny.deliver([row("1")])
    totals, said = watched(tiny, [nothing] * 4)
    assert (totals.deliveries, totals.waiting) == (1, 1)
    assert sum("source gone" in line for line in said) == 1
    assert len(said) == 2


def test_a_workspace_that_can_not_be_used_ends_the_watch(tiny: Tiny) -> None:
    tiny.deliver([row("1")])
    with pytest.raises(CatalogueError):
        watched(tiny, [lambda: tiny.write("catalogue/2026/items.csv", "x\n1\n"), nothing])


@pytest.mark.parametrize("interval", [0, -1, float("nan"), float("inf")])
def test_an_interval_that_is_none(tiny: Tiny, interval: float) -> None:
    with pytest.raises(ParameterError):
        watched(tiny, [], interval)
    assert main(["--workspace", str(tiny.folder), "ingest", "--watch", f"--interval={interval}"]) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait_and_handlers_are_put_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with until_told() as wait:
        assert not wait(0)
        os.kill(os.getpid(), number)
        assert wait(60)
        assert signal.getsignal(number) is signal.SIG_DFL
    assert signal.getsignal(number) == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_process_watches_until_it_is_told(tiny: Tiny, number: signal.Signals) -> None:
    tiny.deliver([row("1")])
    command = [sys.executable, "-m", "creditlab", "--json", "--workspace", str(tiny.folder)]
    process = subprocess.Popen(
        [*command, "ingest", "--watch", "--interval", "0.05"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    # Whatever goes wrong, the test ends.
    guard = threading.Timer(120, process.kill)
    guard.start()
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == "run 1: 1 deliveries, 1 rows\n"
        tiny.deliver([row("2"), row("3")])
        assert process.stderr.readline() == "run 2: 1 deliveries, 2 rows\n"
        process.send_signal(number)
        out, err = process.communicate()
    finally:
        guard.cancel()
        process.kill()
    assert (process.returncode, err) == (0, "")
    found = json.loads(out)
    assert (found["delivered"], found["accepted"], found["deliveries"], found["waiting"]) == (3, 3, 2, 0)
    assert found["runs"] == [1, 2]
    assert out.count("\n") == 1
    assert Path(tiny.folder / "lake").is_dir()
