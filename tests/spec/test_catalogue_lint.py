"""A good catalogue has no finding; one cell changed gives exactly one finding, at that cell.

All names are made up; nothing here is about anyone.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from creditlab.catalogue import read_catalogue
from creditlab.catalogue.findings import LintCode, Severity
from creditlab.catalogue.lint import lint
from creditlab.catalogue.lists import is_readable_pattern
from tests.spec.lintable import (
    CHANGE,
    CHANGES,
    DEPARTMENTS,
    FIELD,
    FIELD_LINES,
    ITEM,
    ITEM_LINES,
    places,
    set_cell,
    write_catalogue,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_catalogue(tmp_path / "catalogue")


def test_good_catalogue_has_no_finding(root: Path) -> None:
    assert lint(root) == []
    assert [edition.year for edition in read_catalogue(root).editions] == [2025]


TWELVE = [
    ("departments", 2, "provider"),
    ("item_name_zh", 3, "project name"),
    ("item_name_en", 3, "project name"),
    ("data_format", 4, "data format"),
    ("right_to_use", 5, "right to use"),
    ("subject_kinds", 6, "collection scope"),
    ("collection_scope", 6, "collection scope"),
    ("collection_procedure", 7, "collection procedure"),
    ("collection_path", 8, "collection path"),
    ("reporting_level", 8, "collection path"),
    ("collection_time_limit", 9, "collection time limit"),
    ("publication_method", 10, "publication method"),
    ("update_period", 11, "update period"),
    ("security_level", 12, "security level"),
]


@pytest.mark.parametrize(("column", "number", "name"), TWELVE)
def test_each_of_the_twelve_fields_must_be_filled(root: Path, column: str, number: int, name: str) -> None:
    set_cell(root, ITEM, 3, column, " ")
    found = lint(root)
    assert places(found) == [("article_11_empty", ITEM, 3, column)]
    assert f"Article 11, field {number} ({name})" in found[0].what
    assert found[0].severity is Severity.ERROR
    assert found[0].do == "Fill it in."


def test_an_item_without_a_code(root: Path) -> None:
    set_cell(root, ITEM, 3, "item_code", "")
    found = [one for one in lint(root) if one.file == ITEM]
    assert places(found) == [("article_11_empty", ITEM, 3, "item_code")]
    assert "Article 11, field 1 (directory code)" in found[0].what


# code, file, row, column, value: the good catalogue's cell is overwritten, and this is the one finding.
ONE_CELL = [
    ("cell_empty", ITEM, 2, "information_kind", ""),
    ("cell_empty", ITEM, 2, "category", ""),
    ("cell_empty", ITEM, 2, "nature", ""),
    ("cell_empty", ITEM, 2, "coverage_basis", ""),
    ("unknown_department", ITEM, 2, "departments", "D1;D3"),
    ("listed_twice", ITEM, 2, "departments", "D1;D1"),
    ("listed_twice", ITEM, 2, "subject_kinds", "legal_person;legal_person"),
    ("unknown_data_format", ITEM, 2, "data_format", "licences"),
    ("unknown_right", ITEM, 2, "right_to_use", "everybody"),
    ("unknown_subject_kind", ITEM, 2, "subject_kinds", "legal_person;dog"),
    ("unknown_level", ITEM, 2, "reporting_level", "village"),
    ("unknown_publication_method", ITEM, 2, "publication_method", "newspaper"),
    ("unknown_update_period", ITEM, 2, "update_period", "fortnight"),
    ("unknown_security_level", ITEM, 2, "security_level", "open"),
    ("unknown_information_kind", ITEM, 2, "information_kind", "private"),
    ("unknown_nature", ITEM, 2, "nature", "bad"),
    ("unknown_coverage_basis", ITEM, 2, "coverage_basis", "records"),
    ("time_limit_unreadable", ITEM, 2, "collection_time_limit", "a week"),
    ("time_limit_unreadable", ITEM, 2, "collection_time_limit", "7"),
    ("time_limit_unreadable", ITEM, 2, "collection_time_limit", "-7 days"),
    ("number_unreadable", ITEM, 2, "publication_months", "a year"),
    ("number_unreadable", ITEM, 2, "publication_months", "1.5"),
    ("number_unreadable", ITEM, 2, "delivery_grace_days", "-1"),
    ("number_unreadable", ITEM, 2, "delivery_grace_days", "²"),
    ("item_secret", ITEM, 2, "security_level", "secret"),
    ("item_secret", ITEM, 2, "security_level", "Top Secret"),
    ("item_secret", ITEM, 2, "security_level", "confidential"),
    ("item_secret", ITEM, 2, "security_level", "机密"),
    ("item_secret", ITEM, 2, "security_level", "秘密"),
    ("item_secret", ITEM, 2, "security_level", "绝密"),
    ("prohibited_content", ITEM, 2, "item_name_zh", "个人宗教信仰情况"),
    ("prohibited_content", ITEM, 2, "item_name_en", "Medical history of persons"),
    ("prohibited_content", ITEM, 2, "collection_scope", "blood type of applicants"),
    ("unknown_code_list", FIELD, 5, "code_list", "kinds"),
    ("unknown_type", FIELD, 5, "type", "text"),
    ("unknown_role", FIELD, 5, "role", "colour"),
    ("unknown_required", FIELD, 5, "required", "yes"),
    ("cell_empty", FIELD, 5, "name_zh", ""),
    ("cell_empty", FIELD, 5, "name_en", ""),
    ("cell_empty", FIELD, 5, "field", ""),
    ("cell_empty", FIELD, 5, "type", ""),
    ("cell_empty", FIELD, 5, "data_format", ""),
    ("field_twice", FIELD, 5, "field", "number"),
    ("role_twice", FIELD, 5, "role", "record_id"),
    ("role_twice", FIELD, 5, "role", "subject_id"),
    ("role_type", FIELD, 8, "type", "string"),
    ("pattern_unreadable", FIELD, 2, "pattern", "([A-Z]"),
    ("pattern_unreadable", FIELD, 2, "pattern", "(?=A)B"),
    ("pattern_unreadable", FIELD, 2, "pattern", r"(a)\1"),
    ("identifier_pattern", FIELD, 3, "pattern", "^9"),
    ("range_reversed", FIELD, 4, "minimum", "2031-01-01"),
    ("range_reversed", FIELD, 9, "minimum", "100.51"),
    ("range_reversed", FIELD, 10, "minimum", "10"),
    ("range_unreadable", FIELD, 4, "maximum", "2026-13-45"),
    ("range_unreadable", FIELD, 9, "minimum", "nothing"),
    ("range_unreadable", FIELD, 9, "maximum", "NaN"),
    ("range_unreadable", FIELD, 10, "minimum", "1.5"),
    ("range_on_type", FIELD, 5, "minimum", "1"),
    ("range_on_type", FIELD, 5, "maximum", "1"),
    ("number_unreadable", FIELD, 2, "max_length", "long"),
    ("unknown_change", CHANGE, 2, "change", "added"),
    ("unknown_change", CHANGE, 2, "change", ""),
    ("reason_missing", CHANGE, 2, "reason", ""),
    ("cell_empty", CHANGE, 2, "department", ""),
    ("unknown_department", CHANGE, 2, "department", "D9"),
    ("change_contradicts", CHANGE, 4, "change", "included"),
    ("change_contradicts", CHANGE, 4, "change", "withdrawn"),
    ("change_contradicts", CHANGE, 3, "change", "altered"),
    ("change_contradicts", CHANGE, 3, "change", "included"),
    ("change_contradicts", CHANGE, 2, "change", "altered"),
    ("unknown_item", CHANGE, 4, "item_code", "XK-9"),
    ("cell_empty", "departments.csv", 2, "name_en", ""),
    ("code_twice", "regions.csv", 4, "region_code", "990100"),
    ("unknown_level", "regions.csv", 4, "level", "village"),
    ("unknown_level", "regions.csv", 4, "level", ""),
    ("unknown_parent", "regions.csv", 4, "parent", "990200"),
    ("unknown_parent", "regions.csv", 4, "parent", "990101"),
    ("code_twice", "code_lists.csv", 3, "code", "A"),
    ("cell_empty", "code_lists.csv", 3, "code", ""),
    ("item_code_form", ITEM, 3, "item_code", "cf 1"),
    ("item_twice", ITEM, 3, "item_code", "XK-1"),
    ("code_twice", "departments.csv", 3, "department", "D1"),
    ("level_without_region", ITEM, 2, "reporting_level", "county"),
]
#: What else must change for the cell to be the only thing that is wrong.
BESIDES: dict[tuple[str, str], Callable[[Path], None]] = {
    ("item_code_form", ITEM): lambda root: set_cell(root, CHANGE, 2, "item_code", "cf 1"),
    ("item_twice", ITEM): lambda root: (root / CHANGE).write_text(
        CHANGES.replace("CF-1,included,a new duty,D1,\n", "")
    ),
    ("code_twice", "regions.csv"): lambda root: set_cell(root, "regions.csv", 4, "parent", "990000"),
    ("level_without_region", ITEM): lambda root: set_cell(root, "regions.csv", 4, "level", "prefecture"),
}


@pytest.mark.parametrize(("code", "file", "row", "column", "value"), ONE_CELL)
def test_one_cell_gives_one_finding(root: Path, code: str, file: str, row: int, column: str, value: str) -> None:
    set_cell(root, file, row, column, value)
    BESIDES.get((code, file), lambda root: None)(root)
    found = lint(root)
    if code == "code_twice" and file == "departments.csv":  # then its old code is unknown where it is used
        found = [one for one in found if one.code is not LintCode.UNKNOWN_DEPARTMENT]
    assert places(found) == [(code, file, row, column)]
    assert found[0].severity is Severity.ERROR
    assert found[0].do


@pytest.mark.parametrize(("row", "role"), [(2, "record_id"), (3, "subject_id"), (4, "event_date")])
def test_a_format_needs_three_roles(root: Path, row: int, role: str) -> None:
    set_cell(root, FIELD, row, "pattern", "")
    set_cell(root, FIELD, row, "role", "")
    found = lint(root)
    assert places(found) == [("role_missing", FIELD, 2, "role")]
    assert role in found[0].what
    assert "licence" in found[0].what


def test_a_new_item_without_a_reason(root: Path) -> None:
    (root / CHANGE).write_text(CHANGES.replace("CF-1,included,a new duty,D1,\n", ""), encoding="utf-8")
    assert places(lint(root)) == [("change_undeclared", ITEM, 3, "item_code")]


def test_an_item_that_vanished_without_a_reason(root: Path) -> None:
    (root / CHANGE).write_text(CHANGES.replace("OLD-1,withdrawn,the duty ended,D2,\n", ""), encoding="utf-8")
    found = lint(root)
    assert places(found) == [("change_undeclared", CHANGE, 0, "item_code")]
    assert "OLD-1" in found[0].what


def test_changes_may_be_absent_from_a_first_edition_only(root: Path) -> None:
    (root / CHANGE).unlink()
    assert {one.code for one in lint(root)} == {LintCode.CHANGE_UNDECLARED}
    shutil.rmtree(root / "2025")
    assert lint(root) == []


# code, file, what happens to it, column
STRUCTURE = [
    *[("file_missing", name, None, "") for name in (ITEM, FIELD, "2026/edition.toml", "departments.csv")],
    *[("file_missing", name, None, "") for name in ("regions.csv", "code_lists.csv")],
    ("file_unreadable", ITEM, b"\xff\xfe\x00a", ""),
    ("file_unreadable", "departments.csv", "甲局".encode("gbk"), ""),
    ("file_unreadable", "2026/edition.toml", b"year = ", ""),
    ("edition_year", "2026/edition.toml", b'state = "draft"\n', "year"),
    ("edition_year", "2026/edition.toml", b'year = "2026"\n', "year"),
    ("column_twice", "departments.csv", b"department,name_zh,name_en,name_en\nD1,a,b,c\nD2,a,b,c\n", "name_en"),
    ("column_missing", "departments.csv", b"department,name_zh\nD1,a\nD2,b\n", "name_en"),
]


@pytest.mark.parametrize(("code", "file", "content", "column"), STRUCTURE)
def test_a_structural_fault_is_a_finding(root: Path, code: str, file: str, content: bytes | None, column: str) -> None:
    if content is None:
        (root / file).unlink()
    else:
        (root / file).write_bytes(content)
    found = lint(root)
    assert (code, file, 0, column) in places(found)
    # A list that can't be read has nothing said about what refers to it.
    assert {one.file for one in found if one.severity is Severity.ERROR} == {file}


def test_every_missing_column_is_named(root: Path) -> None:
    (root / ITEM).write_text("item_code,departments\nXK-1,D1\nCF-1,D1\n", encoding="utf-8")
    found = lint(root)
    assert {one.code for one in found} == {LintCode.COLUMN_MISSING}
    assert len(found) == 21 - 2 - 2  # two of the other columns may be absent


@pytest.mark.parametrize("content", ["", "\n", "\ufeff", '"open quote\nXK-1,D1'])
@pytest.mark.parametrize("file", [ITEM, FIELD, CHANGE, "departments.csv", "regions.csv", "code_lists.csv"])
def test_no_content_of_a_list_makes_lint_raise(root: Path, file: str, content: str) -> None:
    (root / file).write_text(content, encoding="utf-8")
    assert file in {one.file for one in lint(root)}


def test_a_row_with_too_many_cells(root: Path) -> None:
    text = DEPARTMENTS.replace("Bureau B", "Bureau B, east")
    (root / "departments.csv").write_text(text, encoding="utf-8")
    assert places(lint(root)) == [("row_too_long", "departments.csv", 3, "")]


def test_rows_are_counted_as_a_spreadsheet_does(root: Path) -> None:
    text = DEPARTMENTS.replace("Bureau A", '"Bureau\nA"') + "\nD3,丙局,\n"
    (root / "departments.csv").write_text(text, encoding="utf-8")
    assert places(lint(root)) == [("cell_empty", "departments.csv", 5, "name_en")]


def test_an_edition_without_items(root: Path) -> None:
    (root / "2025" / "items.csv").write_text(ITEM_LINES[0] + "\n", encoding="utf-8")
    (root / "2025" / "fields.csv").write_text(FIELD_LINES[0] + "\n", encoding="utf-8")
    assert ("edition_empty", "2025/items.csv", 0, "") in places(lint(root))


@pytest.mark.parametrize(
    ("code", "old", "new", "column"),
    [
        ("edition_year", "year = 2026", "year = 2027", "year"),
        ("edition_state", '"approved"', '"ready"', "state"),
        ("edition_approval", 'approved_by = "the province"', 'approved_by = " "', "approved_by"),
        ("edition_approval", "approved_on = 2025-12-01", 'approved_on = "soon"', "approved_on"),
    ],
)
def test_what_edition_toml_must_say(root: Path, code: str, old: str, new: str, column: str) -> None:
    path = root / "2026" / "edition.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert places(lint(root)) == [(code, "2026/edition.toml", 0, column)]


def test_two_folders_for_one_year(root: Path) -> None:
    shutil.copytree(root / "2026", root / "2026-copy")
    found = places(lint(root))
    assert ("edition_year", "2026/edition.toml", 0, "year") in found
    assert ("edition_year", "2026-copy/edition.toml", 0, "year") in found


@pytest.mark.parametrize(
    ("column", "severity"),
    [("collection_scope", Severity.WARNING), ("item_name_en", Severity.WARNING), ("update_period", Severity.ERROR)],
)
def test_after_publication_only_what_measuring_needs_is_an_error(root: Path, column: str, severity: Severity) -> None:
    set_cell(root, "2025/items.csv", 3, column, "")
    found = lint(root)
    assert places(found) == [("article_11_empty", "2025/items.csv", 3, column)]
    assert found[0].severity is severity
    assert ("next year's draft" in found[0].do) == (severity is Severity.WARNING)


def test_all_findings_come_at_once(root: Path) -> None:
    set_cell(root, ITEM, 2, "nature", "bad")
    set_cell(root, ITEM, 3, "update_period", "fortnight")
    set_cell(root, FIELD, 2, "max_length", "long")
    set_cell(root, "regions.csv", 3, "parent", "1")
    found = [one.code.value for one in lint(root)]
    assert found == ["unknown_parent", "unknown_nature", "unknown_update_period", "number_unreadable"]


def test_every_code_has_a_test() -> None:
    """EDITION_CHANGED is tested with the seals; what is dated and what steps ask have tests of their own."""
    elsewhere = {"span_unreadable", "spans_overlap", "unknown_target", "merger", "alias_twice"} | {
        "assessment_missing", "unknown_contest", "comment_unanswered", "personal_data",
    }  # fmt: skip
    tested = {row[0] for row in (*ONE_CELL, *STRUCTURE)} | {
        "article_11_empty", "role_missing", "change_undeclared", "row_too_long", "edition_empty", "edition_state",
        "edition_approval", "edition_changed",
    }  # fmt: skip
    assert {code.value for code in LintCode} == tested | elsewhere


def test_the_missing_folder_is_a_finding(tmp_path: Path) -> None:
    assert places(lint(tmp_path / "none")) == [("file_missing", "none", 0, "")]


def test_the_example_stays_measurable(shared_dir: Path) -> None:
    root = shared_dir / "example" / "catalogue"
    found = lint(root)
    assert [one for one in found if one.severity is Severity.ERROR] == []
    assert {(one.code.value, one.column) for one in found} == {
        ("article_11_empty", "collection_scope"),
        ("article_11_empty", "collection_procedure"),
        ("article_11_empty", "collection_path"),
    }
    assert len(read_catalogue(root).editions[0].items) == 5


@pytest.mark.parametrize(
    ("pattern", "is_readable"), [(r"^\d{4}$", True), (r"\p{Han}+", True), ("a(?!b)", False), ("[", False)]
)
def test_patterns_are_judged_as_the_engine_does(pattern: str, is_readable: bool) -> None:
    import duckdb

    assert is_readable_pattern(pattern) is is_readable
    try:
        duckdb.connect().execute("select regexp_matches('', ?)", [pattern])
        engine_reads = True
    except duckdb.Error:
        engine_reads = False
    assert engine_reads is is_readable
