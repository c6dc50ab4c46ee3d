"""`creditlab profile` and `creditlab check`: what scripts get, and that no natural person is in it."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creditlab.cli import main
from tests.spec.organisations import AGENCY, BODY, FIRM, GONE, RELABELLED, RESIDENT, STRANGER, TRADER, organisations
from tests.spec.tiny import Tiny, code, row

Run = Callable[..., dict[str, Any]]
AS_OF = ("--as-of", "2026-10-20")
PERSONS = (RELABELLED, TRADER, RESIDENT)


@pytest.fixture
def held(shelf: Path, make_tiny: Callable[..., Tiny]) -> Tiny:
    """The organisations, taken in once for this file."""
    if not shelf.exists():
        organisations(make_tiny, name=str(shelf))
    return Tiny(shelf)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- profile ------------------------------------------------------------------------------------------


def test_profile_writes_one_row_per_organisation_and_item(held: Tiny, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "profiles.csv"
    said = run(held, "profile", *AS_OF, "--output", out)
    rows = rows_of(out)
    assert (said["rows"], said["run_no"]) == (len(rows), "1")
    assert [(row["subject_id"], row["item_code"]) for row in rows] == sorted(
        (subject, item)
        for subject, items in {FIRM: "CLMNPS", BODY: "CHJN", AGENCY: "MP", GONE: "L"}.items()
        for item in (f"{letter}-1" for letter in items)
    )
    (penalties,) = [row for row in rows if (row["subject_id"], row["item_code"]) == (FIRM, "P-1")]
    # p3 was published for a year and is over; p1 and p2 count.
    expected = {
        "record_count": "6", "normal_count": "3", "repaired_count": "1", "withdrawn_count": "1", "disputed_count": "1",
        "counted_count": "2", "published_count": "2", "first_event_on": "2025-09-01", "last_event_on": "2026-08-06",
        "next_end_on": "2027-07-01", "region_code": "990100", "as_of": "2026-10-20", "run_no": "1",
    }  # fmt: skip
    assert {name: penalties[name] for name in expected} == expected
    assert float(penalties["amount"]) == 3.5
    assert not any(person in out.read_text("utf-8") for person in PERSONS)


def test_a_profile_is_a_working_file(held: Tiny, run: Run, tmp_path: Path) -> None:
    out = tmp_path / "profiles.parquet"
    run(held, "profile", *AS_OF, "--output", out)
    mark = json.loads((tmp_path / "profiles.parquet.internal.json").read_text("utf-8"))
    assert "INTERNAL" in mark["mark"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    (held.folder / "reports").mkdir(exist_ok=True)
    run(held, "profile", *AS_OF, "--output", held.folder / "reports" / "p.csv", status=5)


def test_without_a_file_only_items_are_counted(held: Tiny, run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    items = {one["item_code"]: one for one in run(held, "profile", *AS_OF)["items"]}
    assert (items["P-1"]["subject_count"], items["P-1"]["record_count"]) == (2, 7)
    main(["--workspace", str(held.folder), "profile", *AS_OF])
    shown = capfd.readouterr().out
    assert "P-1" in shown
    assert not any(one in shown for one in (FIRM, BODY, *PERSONS))


def test_profile_ends_by_the_contract(held: Tiny, tiny: Tiny, run: Run, tmp_path: Path) -> None:
    run(held, "profile", "--as-of", "2026-08-09", status=4)
    run(held, "profile", "--as-of", "2026-08-09", "--output", tmp_path / "p.csv", status=4)
    assert list(tmp_path.glob("p.csv*")) == []
    run(held, "profile", "--as-of", "2019-06-30", status=2)
    run(held, "profile", "--as-of", "yesterday", status=2)
    run(tiny, "profile", *AS_OF, status=4)


def test_the_key_must_be_there_to_recognise_persons(make_tiny: Any, run: Run) -> None:
    tiny = organisations(make_tiny)
    tiny.workspace.key.unlink()
    assert "pseudonym key" in run(tiny, "profile", *AS_OF, status=2)["what"]
    assert not tiny.workspace.key.exists()


def test_a_number_that_would_run_as_a_formula_is_only_text(make_tiny: Any, run: Run, tmp_path: Path) -> None:
    from tests.spec.tiny import form_fields

    tiny = make_tiny([{"departments": "D1"}], form_fields(subject_id={"pattern": "local"}))
    tiny.deliver([row("1", subject_id="=CMD|A1"), row("2", subject_id="-2"), row("3", subject_id="＝3")])
    tiny.ingest()
    run(tiny, "profile", *AS_OF, "--output", tmp_path / "p.csv")
    assert {one["subject_id"] for one in rows_of(tmp_path / "p.csv")} == {"'=CMD|A1", "'-2", "'=3"}


# --- check --------------------------------------------------------------------------------------------


def listed(tmp_path: Path, *codes: str, header: str = "subject_id") -> Path:
    path = tmp_path / "codes.csv"
    path.write_text("\n".join([header, *codes]) + "\n", encoding="utf-8")
    return path


def test_check_answers_for_each_code(held: Tiny, run: Run, tmp_path: Path) -> None:
    wrong = FIRM[:-1] + ("0" if FIRM[-1] != "0" else "1")
    codes = [FIRM, GONE, STRANGER, wrong, "", TRADER, RELABELLED, RESIDENT, f" {FIRM.lower()} ", code("92")[:-1] + "!"]
    said = run(held, "check", listed(tmp_path, *(f'"{one}"' for one in codes)), *AS_OF)
    assert said["run_no"] == 1
    found = [(one["row_no"], one["subject_id"], one["answer"], len(one["published"])) for one in said["codes"]]
    assert found == [
        (1, FIRM, "registered", 5),
        (2, GONE, "deregistered", 1),
        (3, STRANGER, "not_registered", 0),
        (4, None, "invalid", 0),
        (5, None, "invalid", 0),
        (6, None, "refused", 0),
        (7, None, "refused", 0),
        (8, None, "refused", 0),
        (9, FIRM, "registered", 5),
        (10, None, "refused", 0),
    ]
    items = {one["item_code"]: one for one in said["codes"][0]["published"]}
    # What is market information, left a list, disputed, repaired, withdrawn or over is not published.
    assert set(items) == {"P-1", "C-1", "N-1", "L-1", "S-1"}
    assert items["P-1"] == {
        "item_code": "P-1", "published_count": 2, "newest_event_on": "2026-08-03", "published_until": "2029-08-03",
        "next_end_on": "2027-07-01",
    }  # fmt: skip
    assert items["S-1"]["published_count"] == 1


def test_check_is_a_table_for_people_and_a_working_file(
    held: Tiny, run: Run, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    codes = listed(tmp_path, GONE, TRADER)
    run(held, "check", codes, *AS_OF, "--output", tmp_path / "answer.csv")
    assert main(["--workspace", str(held.folder), "check", str(codes), *AS_OF]) == 0
    shown = capfd.readouterr().out
    assert shown == (tmp_path / "answer.csv").read_text("utf-8")
    rows = list(csv.DictReader(io.StringIO(shown)))
    assert [(row["subject_id"], row["answer"], row["item_code"]) for row in rows] == [
        (GONE, "deregistered", "L-1"),
        ("", "refused", ""),
    ]
    assert TRADER not in shown


@pytest.mark.parametrize("header", ["subject_id", "code", "统一社会信用代码", "whatever"])
def test_the_column_may_have_several_names(held: Tiny, run: Run, tmp_path: Path, header: str) -> None:
    said = run(held, "check", listed(tmp_path, GONE, header=header), *AS_OF)
    assert [one["subject_id"] for one in said["codes"]] == [GONE]


def test_a_list_without_a_header_loses_nobody(held: Tiny, run: Run, tmp_path: Path) -> None:
    said = run(held, "check", listed(tmp_path, GONE, TRADER, header=f" {FIRM.lower()} "), *AS_OF)
    found = [(one["row_no"], one["subject_id"], one["answer"]) for one in said["codes"]]
    assert found == [(1, FIRM, "registered"), (2, GONE, "deregistered"), (3, None, "refused")]
    said = run(held, "check", listed(tmp_path, GONE, header=TRADER), *AS_OF)
    assert [one["answer"] for one in said["codes"]] == ["refused", "deregistered"]


def test_a_list_that_cant_be_read_is_refused_without_a_word_of_it(held: Tiny, run: Run, tmp_path: Path) -> None:
    for text in (f"name,number\nx,{FIRM}\n", "subject_id\n", "", f"subject_id,name\n{FIRM}\n"):
        path = tmp_path / "codes.csv"
        path.write_text(text, encoding="utf-8")
        assert FIRM not in json.dumps(run(held, "check", path, *AS_OF, status=2))
    run(held, "check", tmp_path / f"{FIRM}.csv", *AS_OF, status=2)


def test_nothing_is_said_before_anything_was_taken_in(tiny: Tiny, run: Run, tmp_path: Path) -> None:
    assert FIRM not in json.dumps(run(tiny, "check", listed(tmp_path, FIRM), *AS_OF, status=4))
