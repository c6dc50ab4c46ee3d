"""Several processes ingest into one lake at once, and one measures: each delivery once, books that balance."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from creditlab.lake import Lake
from creditlab.workspace import open_workspace
from tests.spec.tiny import Tiny
from tests.stress.books import (
    COUNTS,
    all_rows,
    differences,
    lake_of,
    model_of,
    newest_deliveries,
    read_books,
    run_numbers,
)
from tests.stress.workspaces import share, write_first, write_instalment

WRITERS = 4
QUESTION = ("measure", "--period", "2026Q3", "--as-of", "2026-10-20", "--by", "item_code,department")


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "creditlab", "--workspace", str(folder), "--json", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(processes: list[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    """What each process said; all of them must have ended well."""
    said = [process.communicate() for process in processes]
    assert [(one.returncode, errors) for one, (_, errors) in zip(processes, said, strict=True)] == [(0, "")] * len(said)
    return [json.loads(out) for out, _ in said]


def check_runs(folder: Path, said: list[dict[str, Any]]) -> None:
    """What the processes said is what the runs' book says: each run once, each delivered row counted by one run."""
    lake = Lake(open_workspace(folder).lake)
    made = {one["run_no"]: one for one in said if one["run_no"] is not None}
    assert sorted(made) == run_numbers(lake)
    for one in all_rows(lake, "runs"):
        assert {name: one[name] for name in COUNTS} == {name: made[one["run_no"]][name] for name in COUNTS}
    delivered = sum(one["delivered"] for one in newest_deliveries(lake))
    assert sum(one["delivered"] for one in said) == delivered
    assert sum(one["deliveries"] for one in said) == len(newest_deliveries(lake))


def test_four_processes_ingest_one_inbox_at_once(tmp_path: Path) -> None:
    """From nothing: they also meet when the lake is made."""
    tiny = write_first(tmp_path / "workspace")
    alone = write_first(tmp_path / "alone")
    for number in (1, 2):
        write_instalment(tiny, number)
        write_instalment(alone, number)
        said = finish([start(tiny.folder, "ingest") for _ in range(WRITERS)])
        alone.ingest()
        assert read_books(tiny.folder) == read_books(alone.folder)
        took = [one for one in said if one["deliveries"]]
        assert len(took) == 1, "more than one process took the same deliveries in"
    assert len(run_numbers(Lake(tiny.workspace.lake))) == 2
    assert differences(lake_of(tiny.folder), model_of(tiny.folder)) == []


def test_the_first_processes_agree_on_one_key(tmp_path: Path) -> None:
    """Persons have one pseudonym, whichever process was the first."""
    tiny = write_first(tmp_path / "workspace")
    (tiny.folder / "keys/pseudonym.key").unlink()
    write_instalment(tiny, 1)
    finish([start(tiny.folder, "ingest") for _ in range(WRITERS)])
    assert [path.name for path in (tiny.folder / "keys").iterdir()] == ["pseudonym.key"]
    assert differences(lake_of(tiny.folder), model_of(tiny.folder)) == []


def test_four_inboxes_into_one_lake_and_a_reader_in_between(tmp_path: Path) -> None:
    """Each writer has a part of the deliveries; who reads sees one of the runs, whole."""
    whole = write_first(tmp_path / "whole")
    for number in (1, 2):
        write_instalment(whole, number)
    writers = share(whole, tmp_path, WRITERS)
    processes = [start(one.folder, "ingest") for one in writers]
    seen = []
    while any(process.poll() is None for process in processes):
        reader = start(writers[0].folder, *QUESTION)
        out, errors = reader.communicate()
        # No data yet, or nothing of the quarter yet; anything else would be a torn state.
        assert reader.returncode in (0, 4), errors
        if reader.returncode == 0:
            seen.append(json.loads(out))
    check_runs(writers[0].folder, finish(processes))
    runs = run_numbers(Lake(writers[0].workspace.lake))
    assert len(runs) == WRITERS
    seen.append(finish([start(writers[0].folder, *QUESTION)])[0])
    assert seen[-1]["run_no"] == str(runs[-1])
    for one in seen:
        assert one["measurements"] == as_json(writers[0], int(one["run_no"])), "a reader saw what no run had committed"
    assert differences(lake_of(writers[0].folder), model_of(whole.folder)) == []


def as_json(tiny: Tiny, run_no: int) -> list[dict[str, Any]]:
    """The same question at a run, asked afterwards in this process."""
    rows = tiny.measure(as_of="2026-10-20", by="item_code,department", run_no=run_no)
    columns = [name for name in rows[0] if name != "region_code"]
    found: list[dict[str, Any]] = json.loads(
        json.dumps([{name: one[name] for name in columns} for one in rows], default=str)
    )
    return found
