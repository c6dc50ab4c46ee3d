"""What changes on days of its own: codes, the forms that standards prescribe, departments. All of it is synthetic."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from creditlab.catalogue import read_catalogue
from creditlab.catalogue.lint import LintCode, LintFinding, lint
from creditlab.errors import CatalogueError
from tests.spec.tiny import Tiny, form_fields, row

CODES = "code_list,code,name_zh,name_en,valid_from,valid_until\n"
STANDARDS = "standard,version,name_zh,name_en,valid_from,valid_until,rests_on,pattern\n"
HISTORY = "department,valid_from,valid_until,name_zh,name_en,alias,level,merged_into\n"


def faults(tiny: Tiny, *rows: tuple[str, str, str]) -> list[list[str]]:
    """The faults of rows of (event day, note, name), delivered a year later so that all of them have happened."""
    lines = [
        row(str(number), event_date=day, note=note, subject_name=name)
        for number, (day, note, name) in enumerate(rows, start=1)
    ]
    tiny.deliver(lines, on="2026-12-01")
    tiny.ingest()
    found = tiny.records()
    return [sorted(found[str(number)]["faults"] or []) for number in range(1, len(rows) + 1)]


def findings(tiny: Tiny) -> list[LintFinding]:
    """What lint says of the lists; the tiny edition was approved on no day."""
    return [one for one in lint(tiny.folder / "catalogue") if one.code is not LintCode.EDITION_APPROVAL]


def test_a_code_is_judged_by_the_list_in_force_at_the_event(make_tiny: Callable[..., Tiny]) -> None:
    tiny = make_tiny(fields=form_fields(note={"code_list": "sorts"}))
    tiny.write(
        "catalogue/code_lists.csv",
        CODES
        + "sorts,old,旧,Old,,2026-06-30\nsorts,new,新,New,2026-07-01,\nsorts,ever,常,Ever,,\n"
        + "sorts,off,断,Off,2026-01-01,2026-01-31\nsorts,off,断,Off,2026-03-01,2026-03-31\n",
    )
    assert findings(tiny) == []
    cases = [
        ("2026-06-30", "old", True), ("2026-07-01", "old", False),
        ("2026-06-30", "new", False), ("2026-07-01", "new", True),
        ("2026-06-30", "ever", True), ("2026-07-01", "ever", True), ("2026-07-01", "never", False),
        ("2026-01-31", "off", True), ("2026-02-01", "off", False), ("2026-03-01", "off", True),
        ("2026-07-01", "", True),
    ]  # fmt: skip
    found = faults(tiny, *((day, note, "甲公司") for day, note, _ in cases))
    assert found == [[] if is_right else ["code_list:note"] for _, _, is_right in cases]


def test_a_list_of_dated_codes_only_finds_no_fault_in_a_blank_cell(make_tiny: Callable[..., Tiny]) -> None:
    tiny = make_tiny(fields=form_fields(note={"code_list": "sorts"}))
    tiny.write("catalogue/code_lists.csv", CODES + "sorts,new,新,New,2026-07-01,\n")
    assert faults(tiny, ("2026-06-01", "", "甲公司"), ("2026-06-01", "new", "甲公司")) == [[], ["code_list:note"]]


def test_a_form_is_judged_by_the_standard_in_force_at_the_event(make_tiny: Callable[..., Tiny]) -> None:
    tiny = make_tiny(fields=form_fields(note={"pattern": "[a-z]+"}))
    tiny.write(
        "catalogue/standards.csv",
        STANDARDS
        + "DB 1,2018,甲,One,2018-01-01,2026-03-31,field:form.note,[0-9]{2}\n"
        + "DB 1,2026,甲,One,2026-07-01,,field:form.note;format:form,[0-9]{3}\n",
    )
    assert findings(tiny) == []
    cases = [
        ("2026-03-31", "12", True), ("2026-03-31", "abc", False), ("2026-03-31", "123", False),
        ("2026-04-01", "12", False), ("2026-04-01", "abc", True),  # between the two the edition's own form holds
        ("2026-07-01", "123", True), ("2026-07-01", "12", False), ("2026-07-01", "abc", False),
        ("2026-07-01", "", True),
    ]  # fmt: skip
    found = faults(tiny, *((day, note, "甲公司") for day, note, _ in cases))
    assert found == [[] if is_right else ["pattern:note"] for _, _, is_right in cases]


def test_a_form_may_be_the_standards_alone(make_tiny: Callable[..., Tiny]) -> None:
    tiny = make_tiny()
    tiny.write("catalogue/standards.csv", STANDARDS + "DB 1,2026,,,2026-07-01,,field:form.note,[0-9]{3}\n")
    assert faults(tiny, ("2026-06-30", "x", "甲公司"), ("2026-07-01", "x", "甲公司")) == [[], ["pattern:note"]]


def test_a_changed_standard_judges_the_lake_again(make_tiny: Callable[..., Tiny]) -> None:
    tiny = make_tiny()
    assert faults(tiny, ("2026-07-01", "x", "甲公司")) == [[]]
    tiny.write("catalogue/standards.csv", STANDARDS + "DB 1,2026,,,2026-07-01,,field:form.note,[0-9]{3}\n")
    tiny.ingest()
    assert tiny.records()["1"]["faults"] == ["pattern:note"]
    assert tiny.records(run_no=1)["1"]["faults"] == []


def test_a_catalogue_without_the_new_lists_keeps_the_digest_that_its_books_know(tiny: Tiny) -> None:
    before = read_catalogue(tiny.folder / "catalogue").digest
    tiny.write("catalogue/standards.csv", STANDARDS)
    with_one = read_catalogue(tiny.folder / "catalogue").digest
    (tiny.folder / "catalogue" / "standards.csv").unlink()
    assert read_catalogue(tiny.folder / "catalogue").digest == before != with_one


def test_departments_are_called_what_they_were_called_on_the_day(tiny: Tiny) -> None:
    tiny.write(
        "catalogue/department_history.csv",
        HISTORY + "D1,,2026-06-30,旧局,Old bureau,旧码,province,\nD1,2026-07-01,,,New bureau,,prefecture,\n",
    )
    catalogue = read_catalogue(tiny.folder / "catalogue")
    names = [catalogue.department_on("D1", date(2026, month, 1)) for month in (6, 7)]
    assert [(one.name_zh, one.name_en) for one in names if one] == [("旧局", "Old bureau"), ("甲局", "New bureau")]
    levels = [catalogue.history.on("D1", date(2026, month, 1)) for month in (6, 7)]
    assert [str(one.level) for one in levels if one] == ["province", "prefecture"]
    assert catalogue.department_on("D9", date(2026, 6, 1)) is None
    assert catalogue.history.own_code("旧码", date(2026, 9, 1), catalogue.departments) == "D1"


# code, file, row, column, and the list's text
FINDINGS = [
    ("span_unreadable", "code_lists.csv", 2, "valid_from", CODES + "sorts,一,一,One,soon,\n"),
    ("span_unreadable", "code_lists.csv", 2, "valid_from", CODES + "sorts,一,一,One,2026-07-02,2026-07-01\n"),
    (
        "spans_overlap", "code_lists.csv", 3, "code",
        CODES + "sorts,一,一,One,,2026-07-01\nsorts,一,一,One,2026-07-01,\n",
    ),
    ("code_twice", "code_lists.csv", 3, "code", CODES + "sorts,一,一,One,,\nsorts,一,一,One,,\n"),
    ("cell_empty", "standards.csv", 2, "version", STANDARDS + "DB 1,,,,2026-01-01,,code_list:sorts,\n"),
    ("cell_empty", "standards.csv", 2, "rests_on", STANDARDS + "DB 1,2018,,,2026-01-01,,,\n"),
    ("unknown_target", "standards.csv", 2, "rests_on", STANDARDS + "DB 1,2018,,,2026-01-01,,sorts,\n"),
    ("unknown_target", "standards.csv", 2, "rests_on", STANDARDS + "DB 1,2018,,,2026-01-01,,code_list:none,\n"),
    ("unknown_target", "standards.csv", 2, "rests_on", STANDARDS + "DB 1,2018,,,2026-01-01,,format:none,\n"),
    ("unknown_target", "standards.csv", 2, "rests_on", STANDARDS + "DB 1,2018,,,2026-01-01,,field:form.none,\n"),
    ("unknown_target", "standards.csv", 2, "rests_on", STANDARDS + "DB 1,2018,,,2026-01-01,,format:form,[0-9]\n"),
    ("pattern_unreadable", "standards.csv", 2, "pattern", STANDARDS + "DB 1,1,,,2026-01-01,,field:form.note,(\n"),
    (
        "spans_overlap", "standards.csv", 3, "valid_from",
        STANDARDS + "DB 1,1,,,2018-01-01,,format:form,\nDB 1,2,,,2026-01-01,,format:form,\n",
    ),
    (
        "spans_overlap", "standards.csv", 3, "pattern",
        STANDARDS + "DB 1,1,,,2018-01-01,,field:form.note,a\nDB 2,1,,,2026-01-01,,field:form.note,b\n",
    ),
    ("column_missing", "standards.csv", 0, "rests_on", "standard,version,valid_from,valid_until\n"),
    ("unknown_department", "department_history.csv", 2, "department", HISTORY + "D9,,,,,,,\n"),
    ("unknown_department", "department_history.csv", 2, "merged_into", HISTORY + "D1,,2026-06-30,,,,,D9\n"),
    ("unknown_level", "department_history.csv", 2, "level", HISTORY + "D1,,,,,,town,\n"),
    ("merger", "department_history.csv", 2, "valid_until", HISTORY + "D1,,,,,,,D2\n"),
    (
        "merger", "department_history.csv", 3, "merged_into",
        HISTORY + "D1,,2026-06-30,,,,,D2\nD1,2026-07-01,2026-08-01,,,,,D2\n",
    ),
    ("merger", "department_history.csv", 3, "merged_into", HISTORY + "D1,,2026-06-30,,,,,D2\nD2,,2026-08-31,,,,,D1\n"),
    (
        "spans_overlap", "department_history.csv", 3, "department",
        HISTORY + "D1,,2026-06-30,,,,,\nD1,2026-06-30,,,,,,\n",
    ),
    ("alias_twice", "department_history.csv", 2, "alias", HISTORY + "D1,,,,,D2,,\n"),
    ("alias_twice", "department_history.csv", 3, "alias", HISTORY + "D1,,,,,旧码,,\nD2,,,,,旧码,,\n"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "file", "line", "column", "text"), FINDINGS)
def test_a_fault_of_a_dated_list_is_a_finding(
    tiny: Tiny, code: str, file: str, line: int, column: str, text: str
) -> None:
    tiny.write(f"catalogue/{file}", text)
    found = findings(tiny)
    assert (code, file, line, column) in [(one.code.value, one.file, one.row, one.column) for one in found]
    assert {one.file for one in found} == {file}


UNREADABLE = [
    ("code_lists.csv", CODES + "sorts,一,一,One,soon,\n"),
    ("standards.csv", STANDARDS + "DB 1,1,,,2026-01-01,,sorts,\n"),
    ("standards.csv", STANDARDS + "DB 1,1,,,2026-01-01,,format:form,[0-9]\n"),
    ("standards.csv", STANDARDS + "DB 1,1,,,2026-01-01,,field:form.note,(\n"),
    ("department_history.csv", HISTORY + "D9,,,,,,,\n"),
    ("department_history.csv", HISTORY + "D1,,,,,,,D2\n"),
    ("department_history.csv", HISTORY + "D1,,,,,,town,\n"),
    ("department_history.csv", HISTORY + "D1,,2026-06-30,,,,,D2\nD2,,2026-08-31,,,,,D1\n"),
]


@pytest.mark.parametrize(("file", "text"), UNREADABLE)
def test_what_judging_rests_on_is_never_half_understood(tiny: Tiny, file: str, text: str) -> None:
    tiny.write(f"catalogue/{file}", text)
    with pytest.raises(CatalogueError, match=file):
        read_catalogue(tiny.folder / "catalogue")


def test_codes_of_the_example_are_undated_and_read_as_before(shared_dir: Path) -> None:
    catalogue = read_catalogue(shared_dir / "example" / "catalogue")
    assert catalogue.code_lists
    assert all(code.span.is_always for codes in catalogue.code_lists.values() for code in codes)
    assert (catalogue.standards, catalogue.history.spells) == ((), ())
