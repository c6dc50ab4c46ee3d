"""The statement: all that is held about one subject, for one who may have it; never a wrong one's. All is synthetic."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creditlab.access import log_of
from creditlab.cli import main
from tests.spec.assessable import ONE, assessable, penalty
from tests.spec.conftest import make_tiny
from tests.spec.test_persons import LOCAL_NUMBER, SOLE_TRADER, fill, resident_id
from tests.spec.tiny import Tiny, code, row

Run = Callable[..., dict[str, Any]]
OWN = ("--purpose", "subject_request", "--as-of", "2026-10-20")
LATER = {"1": {"note": "amended"}, "2": {"action": "dispute"}, "3": {"action": "repair"}, "4": {"action": "withdraw"}}
PERSON = ("--kind", "natural_person")


@pytest.fixture(scope="module")
def firms(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """Penalties of organisations: one corrected, one disputed, one repaired, one withdrawn, and a row in quarantine."""
    tiny = assessable(make_tiny.__wrapped__(tmp_path_factory.mktemp("firms")))  # type: ignore[attr-defined]
    about = {"item_code": "P-1"}
    tiny.deliver([penalty(n, event_date="2026-06-01") for n in "1234"], on="2026-06-02", **about)
    tiny.deliver([penalty("5", code(number=2)), penalty("6", event_date="?")], on="2026-07-02", **about)
    tiny.deliver(
        [penalty(n, event_date="2026-06-01", **changes) for n, changes in LATER.items()], on="2026-08-03", **about
    )
    tiny.ingest()
    return tiny


@pytest.fixture(scope="module")
def persons(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    tiny = fill(make_tiny.__wrapped__(tmp_path_factory.mktemp("persons"))())  # type: ignore[attr-defined]
    tiny.ingest()
    return tiny


def number(folder: Path, *lines: str) -> tuple[str, Path]:
    path = folder / "number.txt"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return "--number", path


def test_it_says_every_record_with_its_past_and_its_standing(firms: Tiny, run: Run, tmp_path: Path) -> None:
    said = run(firms, "statement", *OWN, *number(tmp_path, f" {ONE.lower()} "))
    records = {one["record_id"]: one for one in said["records"]}
    assert {name: one["state"] for name, one in records.items()} == {
        "1": "normal", "2": "disputed", "3": "repaired", "4": "withdrawn",
    }  # fmt: skip
    first, second = records["1"]["versions"]
    assert (first["stands_from"], first["superseded_on"], first["said"].get("note")) == (
        "2026-06-02",
        "2026-08-03",
        None,
    )
    assert (second["stands_from"], second["superseded_on"], second["said"]["note"]) == ("2026-08-03", None, "amended")
    assert [one["record_state"] for one in records["3"]["versions"]] == ["normal", "repaired"]
    assert {name: one["left_out"] for name, one in records.items()} == {
        "1": None, "2": "disputed", "3": "repaired", "4": "withdrawn",
    }  # fmt: skip
    assert (records["1"]["is_published"], records["1"]["published_until"]) == (True, "2027-06-01")
    assert [one["is_published"] for name, one in records.items() if name != "1"] == [False] * 3
    assert [(one["item_code"], one["reason"]) for one in said["quarantined"]] == [("P-1", "no_event_date")]
    assert said["assessment"]
    assert said["register"][0]["subject_name"] == f"{ONE}公司"
    assert code(number=2) not in json.dumps(said)


def test_it_is_told_in_both_languages_to_a_private_file(firms: Tiny, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "statement.txt"
    run(firms, "statement", *OWN, *number(tmp_path, ONE), "--output", out)
    text = out.read_text("utf-8")
    for words in ("What is held about one subject", "关于一个信用主体所持有的信息", ONE,
                  "disputed: held, not used",
                  "已修复：不再使用", "published until June 1, 2027", "公布至2027年6月1日", "Looked up"):  # fmt: skip
        assert words in text
    for path in (out, out.with_name("statement.txt.statement.json")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path == out or ONE not in path.read_text("utf-8")
    assert run(firms, "statement", *OWN, *number(tmp_path, ONE), "--output", out, status=2)["error"] == "parameter"
    (firms.folder / "reports").mkdir(exist_ok=True)
    inside = firms.folder / "reports" / "s.txt"
    assert run(firms, "statement", *OWN, *number(tmp_path, ONE), "--output", inside, status=5)["error"] == "not_allowed"
    assert not inside.exists()


@pytest.mark.parametrize(
    ("person", "kind", "count"),
    [(resident_id(0), (), 1), (SOLE_TRADER, (), 1), (LOCAL_NUMBER, PERSON, 1), (resident_id(6), (), 0)],
)
def test_a_person_sees_what_is_held_under_the_pseudonym(
    persons: Tiny, run: Run, tmp_path: Path, person: str, kind: tuple[str, ...], count: int
) -> None:
    said = run(persons, "statement", *OWN, *kind, *number(tmp_path, person))
    assert said["is_natural_person"]
    assert len(said["records"]) == count
    assert (said["assessment"], [one for one in said["records"] if "is_published" in one]) == (None, [])
    # What another's row says of a person is held about that person too.
    assert said["mentions"] == (person == resident_id(6))
    assert person not in json.dumps(said)
    assert person not in persons.workspace.access_log.read_text("utf-8")


def test_the_number_comes_by_standard_input_and_leaves_no_trace(
    persons: Tiny, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{resident_id(0)}\n"))
    assert main(["--workspace", str(persons.folder), "statement", *OWN]) == 0
    text = capsys.readouterr().out
    assert text.count(resident_id(0)) == 2
    last = list(log_of(persons.workspace).entries())[-1]
    assert (last["command"], last["purpose"], last["requester"]) == ("statement", "subject_request", "the subject")
    assert len(last["subjects"]) == 1


def test_case_30_nobody_else_gets_it(firms: Tiny, run: Run, tmp_path: Path) -> None:
    given = number(tmp_path, ONE)
    before = len(list(log_of(firms.workspace).entries())) if firms.workspace.access_log.exists() else 0
    for words, status in (
        (("--purpose", "tender"), 5),
        (("--purpose", "authorised_request"), 2),
        (("--purpose", "authorised_request", "--authorisation", "2026-1"), 2),
        (("--purpose", "authorised_request", "--authorisation", "2026-1", "--authorised-until", "2020-12-31"), 5),
        (("--purpose", "supervision"), 2),
        (("--purpose", "supervision", "--authorisation", resident_id(3)), 2),
    ):
        run(firms, "statement", *words, *given, status=status)
    # A name that is not the number's, and one of a number that the register doesn't have, get one answer.
    wrong = [run(firms, "statement", *OWN, *number(tmp_path, one, "别的公司"), status=4)
             for one in (ONE, code(number=77))]  # fmt: skip
    assert wrong[0] == wrong[1]
    assert len(list(log_of(firms.workspace).entries())) == before
    assert run(firms, "statement", *OWN, *number(tmp_path, ONE, f"{ONE}公司"))["records"]
    until = ("--authorisation", "2026-1", "--authorised-until", "2099-12-31")
    assert run(firms, "statement", "--purpose", "authorised_request", *until, *number(tmp_path, ONE))["records"]


def test_case_31_one_of_whom_nothing_is_held_gets_the_same_statement(persons: Tiny, run: Run, tmp_path: Path) -> None:
    known, unknown = (run(persons, "statement", *OWN, *number(tmp_path, resident_id(n))) for n in (0, 777))
    assert (set(known), unknown["records"], unknown["register"]) == (set(unknown), [], [])


def test_case_35_without_a_purpose_there_is_none(firms: Tiny, run: Run, tmp_path: Path) -> None:
    for purpose in ((), ("--purpose", "")):
        said = run(firms, "statement", *purpose, *number(tmp_path, ONE), status=2)
        assert said["error"] == "parameter"


@pytest.mark.parametrize("lines", [(), ("a", "b", "c"), ("P-" + "0" * 32,), ("LOCAL-1",), ("x" * 2000,)])
def test_what_is_no_number_is_refused(persons: Tiny, run: Run, tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert run(persons, "statement", *OWN, *number(tmp_path, *lines), status=2)["error"] == "parameter"


def test_case_34_without_a_log_there_is_no_statement(firms: Tiny, run: Run, tmp_path: Path) -> None:
    folder, out = firms.folder / "access", tmp_path / "s.txt"
    folder.rename(tmp_path / "access")
    folder.write_text("no folder", "utf-8")
    assert run(firms, "statement", *OWN, *number(tmp_path, ONE), "--output", out, status=3)["error"] == "access_log"
    assert not out.exists()
    folder.unlink()
    (tmp_path / "access").rename(folder)


def test_an_organisation_and_a_person_with_one_local_number_are_two(make_tiny: Any, run: Run, tmp_path: Path) -> None:
    tiny = fill(make_tiny())
    tiny.deliver([row("org", subject_id="LOCAL-55"), row("p", subject_id="LOCAL-55", subject_kind="natural_person")],
                 item_code="C-1")  # fmt: skip
    tiny.ingest()
    for kind, record in (("organisation", "ORG"), ("natural_person", "P")):
        said = run(tiny, "statement", *OWN, "--kind", kind, *number(tmp_path, "LOCAL-55"))
        assert [one["record_id"] for one in said["records"]] == [record]
    assert run(tiny, "statement", *OWN, "--kind", "organisation", *number(tmp_path, LOCAL_NUMBER), status=5)
