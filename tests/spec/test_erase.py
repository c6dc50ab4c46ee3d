"""Erasure by order: nothing of it is left in any byte of the lake, and everything else is as if it had never come."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from creditlab import engine
from creditlab.dossier import hold
from creditlab.errors import LakeError
from creditlab.identifiers import pseudonyms
from creditlab.keeping import keep_profiles
from creditlab.lake import Lake, Snapshot
from creditlab.lake.compaction import compact
from creditlab.profiles import OF_EVIDENCE, profile
from creditlab.rights import erase as erasing
from creditlab.terms import Measure
from tests.reference.identifiers import resident_check
from tests.spec.conftest import make_tiny
from tests.spec.tiny import NOW, Tiny, code, form_field, form_fields, row
from tests.spec.verifying import verified

Run = Callable[..., dict[str, Any]]
ORDER = 'number = "2026-17"\ndated = 2026-10-01\nauthority = "Synthetic Court"\nreason = "not lawfully collected"\n'
#: Made up: the place 990100 is nobody's.
PERSON, OTHER = (body + resident_check(body) for body in ("99010019800229001", "99010019800229002"))
FIRM, SECOND = code(number=1), code(number=2)
PERSONS = {"item_code": "B-1", "subject_kinds": "legal_person;natural_person", "coverage_basis": "register"}
KEYED = form_fields(form_field("case", role="key"))
SECRETS = ("keeps no licence", "CASE-77", "RECORD-77")
COLUMNS = ("item_code", "record_id", "subject_id", "record_state", "faults", "first_received_on", "received_on", "lag",
           "revision", "natural_key64", "content64")  # fmt: skip


def person(record_id: str, number: str, **changes: str) -> dict[str, str]:
    about = {"subject_id": number, "subject_kind": "natural_person", "subject_name": "合成人"}
    return row(record_id, **(about | changes))


def deliver(tiny: Tiny, *, whole: bool = True) -> Tiny:
    """Three runs; `whole` says whether what is erased later is among the rows."""
    gone = (lambda *rows: list(rows)) if whole else (lambda *rows: [])
    about_person = [(PERSON, "natural_person", "", "990100", "", "2015-03-01", "")] if whole else []
    # That a text held somebody's number is a fault of the row, whoever it was.
    mark = PERSON if whole else OTHER
    tiny.register(
        (FIRM, "legal_person", "甲公司", "990100", "A", "2015-03-01", ""),
        (SECOND, "legal_person", "乙公司", "990100", "A", "2015-03-01", ""),
        (OTHER, "natural_person", "", "990100", "", "2015-03-01", ""),
        *about_person,
    )
    b = {"item_code": "B-1"}
    tiny.deliver(
        [
            *gone(person("RECORD-77", PERSON, case="case-1", note="keeps no licence")),
            person("2", OTHER, case="case-1"),
            row("3", subject_id=FIRM, note=f"see {mark}", case=f"case {mark}"),
            row("4", subject_id=SECOND, case="x"),
            *gone(person("5", PERSON, case="case-77", event_date="2026-07-02")),
            row(""),
        ],
        path="first.csv",
        **b,
    )
    tiny.ingest()
    # Corrected, repeated, withdrawn; and one record that was first said to be the person's, and then the firm's.
    tiny.deliver(
        [
            *gone(person("RECORD-77", PERSON, case="case-1", note="keeps no licence, still"), person("6", PERSON)),
            row("4", subject_id=SECOND, case="x"),
            row("7", subject_id=FIRM, case="y"),
        ],
        on="2026-07-10",
        path="second.csv",
        **b,
    )
    tiny.ingest()
    tiny.deliver(
        [*gone(person("5", PERSON, action="withdraw")), row("6", subject_id=FIRM, case="z")],
        on="2026-07-20",
        path="third.csv",
        **b,
    )
    tiny.ingest()
    return tiny


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workspace, and one in which what is erased had never come."""
    folder = tmp_path_factory.mktemp("template")
    make = make_tiny.__wrapped__(folder)  # type: ignore[attr-defined]
    deliver(make([PERSONS], KEYED, name="whole"))
    deliver(make([PERSONS], KEYED, name="without"), whole=False)
    return folder


@pytest.fixture
def tiny(template: Path, tmp_path: Path) -> Tiny:
    shutil.copytree(template / "whole", tmp_path / "tiny")
    return Tiny(tmp_path / "tiny")


@pytest.fixture
def without(template: Path) -> Tiny:
    return Tiny(template / "without")


@pytest.fixture
def order(tmp_path: Path) -> Path:
    path = tmp_path / "order.toml"
    path.write_text(ORDER, "utf-8")
    return path


def number(folder: Path, text: str) -> tuple[str, Path]:
    path = folder / "number.txt"
    path.write_text(text, "utf-8")
    return "--number", path


def pseudonym(tiny: Tiny, identifier: str) -> str:
    found: str = pseudonyms(pa.array([identifier]), tiny.workspace.pseudonym_key())[0].as_py()
    return found


def texts(folder: Path) -> Iterator[str]:
    """Everything that the lake's files hold: their bytes, and every cell of those that are packed."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes().decode("utf-8", "replace")
            if path.suffix == ".parquet":
                yield str(pq.ParquetFile(path).read().to_pylist())


def found_in(folder: Path, words: tuple[str, ...]) -> set[str]:
    return {one for text in texts(folder) for one in words if one in text}


def figures(tiny: Tiny) -> list[dict[str, Any]]:
    every = [one for one in Measure if one is not Measure.COVERAGE_LEDGER]
    rows = [row for by in ("", "item_code,department,region,month") for row in tiny.measure(*every, by=by)]
    return [{name: value for name, value in one.items() if name != "run_no"} for one in rows]


def standing(tiny: Tiny) -> list[tuple[Any, ...]]:
    return sorted(tuple(str(one[name]) for name in COLUMNS) for one in tiny.records().values())


def test_a_person_is_gone_from_every_byte_and_all_else_is_as_if_never_there(
    tiny: Tiny, without: Tiny, run: Run, order: Path, tmp_path: Path
) -> None:
    lake, mark = tiny.workspace.lake, pseudonym(tiny, PERSON)
    # Beside the newest files old ones, which compaction leaves for readers.
    with engine.connect(folders=[lake]) as backend:
        compact(Lake(lake), backend)
    assert found_in(lake, (mark, *SECRETS)) == {mark, *SECRETS}
    tiny.write("reports/2026Q3/quarterly/en/r1/manifest.json",
               json.dumps({"published_at": "1", "run_no": 1, "access_log": {}}))  # fmt: skip
    said = run(tiny, "erase", order, *number(tmp_path, PERSON))
    assert (said["rows"], said["publications"], said["run_no"]) == (5, ["2026Q3/quarterly/en/r1"], 4)
    assert found_in(lake, (mark, PERSON, *SECRETS)) == set()
    assert {"inbox/first.csv", "inbox/second.csv", "inbox/third.csv", "subjects.csv"} <= set(said["still_named_in"])
    assert verified(tiny).differences == []
    with engine.connect(folders=[lake]) as backend:
        payload = Snapshot.take(Lake(lake), backend).payload("form")
        keys = {one["record_id"]: one["natural_key64"] for one in backend.to_pyarrow(payload).to_pylist()}
    # A mark in a key field is another key once it stands for nobody: in rows and in entries.
    assert keys == {one["record_id"]: one["natural_key64"] for one in tiny.records().values()}
    assert figures(tiny) == figures(without)
    strip = [one for one in COLUMNS if one not in ("natural_key64", "content64")]
    ours, theirs = (
        sorted(tuple(str(one[name]) for name in strip) for one in each.records().values()) for each in (tiny, without)
    )
    assert [one for one in ours if pseudonym(tiny, OTHER) not in one] == [
        one for one in theirs if pseudonym(without, OTHER) not in one
    ]
    counts = ("delivered", "accepted", "corrected", "withdrawn", "repeated", "quarantined")
    by_path = [
        {one["path"]: tuple(one[name] for name in counts) for one in each.table("deliveries")}
        for each in (tiny, without)
    ]
    assert by_path[0] == by_path[1]


def test_the_order_is_in_the_books_without_whom_it_was_about(tiny: Tiny, run: Run, order: Path, tmp_path: Path) -> None:
    run(tiny, "erase", order, *number(tmp_path, PERSON))
    (kept,) = tiny.table("erasures")
    assert (kept["order_number"], kept["dated_on"], kept["authority"], kept["reason"], kept["target"]) == (
        "2026-17", date(2026, 10, 1), "Synthetic Court", "not lawfully collected", "subject",
    )  # fmt: skip
    assert (kept["run_no"], kept["first_run"], kept["row_count"]) == (4, 1, 5)
    # The same order again does nothing, and one that is about nobody is in the books as well.
    again = run(tiny, "erase", order, *number(tmp_path, PERSON))
    assert (again["rows"], again["run_no"], len(tiny.table("erasures"))) == (0, 4, 1)
    log = tiny.workspace.access_log.read_text("utf-8")
    assert log.count('"command":"erase"') == 2
    assert not [one for one in (PERSON, pseudonym(tiny, PERSON)) if one in log]


def test_one_record_goes_and_its_subject_stays(tiny: Tiny, run: Run, order: Path, tmp_path: Path) -> None:
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        held = hold(tiny.workspace, backend, NOW.date())
        rows = profile(held.evidence(OF_EVIDENCE), held.inputs.subjects, NOW.date(), held.run_no)
        keep_profiles(tiny.workspace, backend, held, rows, "profile", NOW)
    assert {one["subject_id"] for one in tiny.table("profiles")} == {FIRM, SECOND}
    about = ("--item", "B-1", "--department", "D1")
    said = run(tiny, "erase", order, *about, *number(tmp_path, "4"))
    assert said["rows"] == 2
    assert "4" not in {one["record_id"] for one in tiny.table("records")}
    assert SECOND in {one["subject_id"] for one in tiny.table("subjects")}
    # What was kept rested on it.
    assert {one["subject_id"] for one in tiny.table("profiles")} == {FIRM}
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        compact(Lake(tiny.workspace.lake), backend)
    assert verified(tiny).differences == []
    assert run(tiny, "erase", order, *about[:2], *number(tmp_path, "4"), status=2)["error"] == "parameter"


def test_case_46_an_erasure_that_was_killed_is_finished_before_anything_else_writes(
    tiny: Tiny, run: Run, order: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark, lake = pseudonym(tiny, PERSON), tiny.workspace.lake
    steps = ["_purge", "_book", "forget_past", "clear_leftovers"]
    given = number(tmp_path, PERSON)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for place, step in enumerate(steps):
        with monkeypatch.context() as patched:
            patched.setattr(erasing, step, killed)
            words = ("erase", order, *given) if not place else ("erase", "--resume")
            assert main_of(tiny, *words) == 1
        with pytest.raises(LakeError, match="not finished"):
            tiny.ingest()
    assert run(tiny, "erase", "--resume")["run_no"] == 4
    assert found_in(lake, (mark, *SECRETS)) == set()
    assert not Lake(lake).erasing.exists()
    assert verified(tiny).differences == []
    assert len(tiny.table("erasures")) == 1
    assert run(tiny, "erase", "--resume") == {"resumed": False}
    tiny.ingest()


def main_of(tiny: Tiny, *words: Any) -> int:
    from creditlab.cli import main

    return main(["--workspace", str(tiny.folder), *map(str, words)])


def test_statements_and_packs_go_and_what_is_somebodys_is_named(
    tiny: Tiny, run: Run, order: Path, tmp_path: Path
) -> None:
    own = ("statement", "--purpose", "subject_request", "--output")
    mine, others = tiny.folder / "mine.txt", tiny.folder / "others.txt"
    run(tiny, *own, mine, *number(tmp_path, PERSON))
    run(tiny, *own, others, *number(tmp_path, OTHER))
    pack = tiny.write("feedback/D1/rows.csv", f"subject_id\n{pseudonym(tiny, PERSON)}\n")
    work = tiny.write("work.csv", f"subject_id\n{pseudonym(tiny, PERSON)}\n")
    said = run(tiny, "erase", order, *number(tmp_path, PERSON))
    assert said["deleted"] == ["feedback/D1/rows.csv", "mine.txt"]
    assert "work.csv" in said["still_named_in"]
    assert [one.exists() for one in (mine, pack, others, work)] == [False, False, True, True]
    assert not list(tiny.folder.glob("mine.txt*"))


def test_an_order_that_is_none_and_rules_that_changed_are_refused(
    tiny: Tiny, run: Run, order: Path, tmp_path: Path
) -> None:
    given = number(tmp_path, PERSON)
    before = sorted(path.name for path in tiny.workspace.lake.rglob("*"))
    for text in (ORDER.replace("2026-10-01", "2999-01-01"), ORDER + 'more = "x"\n', ORDER.replace("Court", PERSON),
                 ORDER.replace('"not lawfully collected"', '""'), "=", ORDER.replace("dated", "day")):  # fmt: skip
        order.write_text(text, "utf-8")
        assert run(tiny, "erase", order, *given, status=2)["error"] == "parameter"
    order.write_text(ORDER, "utf-8")
    tiny.edition(2027, [PERSONS], KEYED)
    assert run(tiny, "erase", order, *given, status=3)["error"] == "lake"
    assert sorted(path.name for path in tiny.workspace.lake.rglob("*")) == before
