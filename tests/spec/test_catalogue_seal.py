"""An approved edition is published once, sealed, and refused when it was edited afterwards.

All names are made up.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from creditlab.catalogue import check_seals, publish, read_catalogue
from creditlab.catalogue.findings import LintCode
from creditlab.catalogue.lint import lint
from creditlab.errors import CatalogueError, ExitStatus, SealError

ON = date(2025, 12, 20)
FILES = {
    "departments.csv": "department,name_zh,name_en\nD1,甲局,Bureau A\n",
    "regions.csv": "region_code,name_zh,name_en,level,parent\n990000,甲省,Province A,province,\n",
    "code_lists.csv": "code_list,code,name_zh,name_en\nsorts,A,甲,A\n",
    "2026/items.csv": (
        "item_code,departments,item_name_zh,item_name_en,data_format,right_to_use,subject_kinds,collection_scope,"
        "collection_procedure,collection_path,reporting_level,collection_time_limit,publication_method,"
        "publication_months,update_period,delivery_grace_days,security_level,information_kind,category,nature,"
        "coverage_basis\n"
        "XK-1,D1,许可,Licence,licence,public,legal_person,all,by file,platform,province,7 working days,website,12,"
        "month,5,public,public,administrative,neutral,none\n"
    ),
    "2026/fields.csv": (
        "data_format,field,name_zh,name_en,type,required,role\nlicence,number,文号,Number,string,true,record_id\n"
        "licence,code,代码,Code,string,true,subject_id\nlicence,decided,日期,Decided,date,true,event_date\n"
    ),
    "2026/changes.csv": "item_code,change,reason,department,assessment\nXK-1,included,a new duty,D1,\n",
    "2026/comments.csv": "comment,answer\nClearer name?,Yes\n",
    "2026/edition.toml": (
        "# Kept by the institution.\nyear = 2026\nstate = 'approved'  # in December\n"
        'title_en = "A catalogue"\napproved_by = "the province"\napproved_on = 2025-12-01\n\n'
        '[contact]\nphone = "none"\n'
    ),
}
DETAILS = "2026/edition.toml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.encode())
    return tmp_path


def replace(root: Path, file: str, old: str, new: str) -> None:
    content = (root / file).read_bytes().decode()
    assert old in content
    (root / file).write_bytes(content.replace(old, new).encode())


def test_publishing_writes_state_day_and_seal(root: Path) -> None:
    before = read_catalogue(root).editions
    assert publish(root, 2026, on=ON) == root / "2026"
    assert before == ()
    details = tomllib.loads((root / DETAILS).read_text("utf-8"))
    assert details == tomllib.loads(FILES[DETAILS]) | {"state": "published", "published_on": ON}
    assert (root / DETAILS).read_text("utf-8").startswith("# Kept by the institution.\n")
    seal = tomllib.loads((root / "2026" / "seal.toml").read_text("utf-8"))
    assert (seal["algorithm"], seal["year"], seal["published_on"]) == ("sha256", 2026, ON)
    assert set(seal["files"]) == {"items.csv", "fields.csv", "changes.csv", "comments.csv", "edition.toml"}
    (edition,) = read_catalogue(root).editions
    assert edition.digest == seal["digest"]
    assert check_seals(root) is None
    assert lint(root) == []
    assert [path.name for path in (root / "2026").iterdir() if path.name.startswith(".")] == []


EDITS = [
    ("2026/items.csv", "7 working days", "9 working days"),
    ("2026/fields.csv", "Decided", "Decided on"),
    ("2026/changes.csv", "a new duty", "an old duty"),
    ("2026/comments.csv", "Yes", "No"),
    (DETAILS, "the province", "the city"),
    (DETAILS, 'state = "published"', 'state = "draft"'),
]


@pytest.mark.parametrize(("file", "old", "new"), EDITS)
def test_an_edit_after_publication_is_refused(root: Path, file: str, old: str, new: str) -> None:
    publish(root, 2026, on=ON)
    replace(root, file, old, new)
    with pytest.raises(SealError) as caught:
        check_seals(root)
    assert caught.value.where == file
    assert "2026" in caught.value.what
    assert caught.value.exit_status is ExitStatus.REFUSED
    assert [(one.code, one.file) for one in lint(root)] == [(LintCode.EDITION_CHANGED, file)]


def test_every_file_that_differs_is_named(root: Path) -> None:
    publish(root, 2026, on=ON)
    for file, old, new in EDITS[:2]:
        replace(root, file, old, new)
    with pytest.raises(SealError) as caught:
        check_seals(root)
    assert caught.value.where == "2026/fields.csv, 2026/items.csv"


@pytest.mark.parametrize("name", ["items.csv", "edition.toml"])
def test_a_file_that_vanished_is_refused(root: Path, name: str) -> None:
    publish(root, 2026, on=ON)
    (root / "2026" / name).unlink()
    with pytest.raises(SealError, match=name):
        check_seals(root)


def test_an_added_row_and_a_deleted_list_are_refused(root: Path) -> None:
    publish(root, 2026, on=ON)
    (root / "2026" / "comments.csv").unlink()
    with pytest.raises(SealError, match=r"2026/comments\.csv"):
        check_seals(root)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.replace(b"\n", b"\r\n"),
        lambda content: b"\xef\xbb\xbf" + content,
        lambda content: content + b"\n",
        lambda content: content.rstrip(b"\n"),
    ],
    ids=["line ends", "BOM", "blank line at the end", "no line end"],
)
def test_reformatting_is_not_refused(root: Path, change: Callable[[bytes], bytes]) -> None:
    publish(root, 2026, on=ON)
    before = {path.name: path.read_bytes() for path in (root / "2026").iterdir()}
    for name in ("items.csv", "fields.csv", "changes.csv", "comments.csv", "edition.toml"):
        path = root / "2026" / name
        path.write_bytes(change(path.read_bytes()))
    check_seals(root)
    assert {path.name: path.read_bytes() for path in (root / "2026").iterdir()} != before


def test_columns_in_another_order_are_not_refused(root: Path) -> None:
    publish(root, 2026, on=ON)
    text = "change,item_code,reason,department,assessment\nincluded,XK-1,a new duty,D1,\n"
    (root / "2026" / "changes.csv").write_text(text, encoding="utf-8")
    assert check_seals(root) is None


def test_an_edition_without_a_seal_passes(root: Path, shared_dir: Path) -> None:
    assert check_seals(root) is None
    assert check_seals(shared_dir / "example" / "catalogue") is None


@pytest.mark.parametrize("content", ["", "digest = ", 'algorithm = "md5"\n', "\xff"])
def test_a_seal_that_cannot_be_read_is_refused(root: Path, content: str) -> None:
    publish(root, 2026, on=ON)
    (root / "2026" / "seal.toml").write_bytes(content.encode("latin-1"))
    with pytest.raises(SealError, match=r"2026/seal\.toml"):
        check_seals(root)


REFUSALS = [
    ("state = 'approved'", "state = 'draft'", "not approved"),
    ("state = 'approved'", "state = 'consultation'", "not approved"),
    ("state = 'approved'", "", "not approved"),
    ("state = 'approved'", "state = 'published'", "published already"),
    ('approved_by = "the province"', "", "who approved"),
    ('approved_by = "the province"', 'approved_by = ""', "who approved"),
    ("approved_on = 2025-12-01", "", "when it was approved"),
    ("approved_on = 2025-12-01", 'approved_on = "2025-12-01"', "when it was approved"),
    ("approved_on = 2025-12-01", "approved_on = 2025-12-21", "approved later than published"),
]


@pytest.mark.parametrize(("old", "new", "message"), REFUSALS)
def test_what_is_not_approved_is_not_published(root: Path, old: str, new: str, message: str) -> None:
    replace(root, DETAILS, old, new)
    before = (root / DETAILS).read_bytes()
    with pytest.raises(CatalogueError, match=message):
        publish(root, 2026, on=ON)
    assert (root / DETAILS).read_bytes() == before
    assert not (root / "2026" / "seal.toml").exists()


def test_lint_errors_are_not_published(root: Path) -> None:
    replace(root, "2026/items.csv", "all,by file", ",by file")
    with pytest.raises(CatalogueError, match="lint finds errors") as caught:
        publish(root, 2026, on=ON)
    assert caught.value.where == "2026/items.csv, row 2, column collection_scope"
    assert not (root / "2026" / "seal.toml").exists()


def test_a_draft_that_is_still_being_written_hinders_nobody(root: Path) -> None:
    (root / "2027").mkdir()
    (root / "2027" / "edition.toml").write_text("year = 2027\n")
    publish(root, 2026, on=ON)
    assert [edition.year for edition in read_catalogue(root).editions] == [2026]


def test_a_year_is_published_once(root: Path) -> None:
    publish(root, 2026, on=ON)
    before = (root / "2026" / "seal.toml").read_bytes()
    with pytest.raises(CatalogueError, match="published already"):
        publish(root, 2026, on=date(2026, 3, 1))
    # Nor by calling the published edition approved again and changing it.
    replace(root, DETAILS, 'state = "published"', 'state = "approved"')
    replace(root, "2026/items.csv", "7 working days", "9 working days")
    with pytest.raises(SealError, match="edited afterwards"):
        publish(root, 2026, on=date(2026, 3, 1))
    assert (root / "2026" / "seal.toml").read_bytes() == before


def test_an_interrupted_publication_is_refused_and_can_be_finished(root: Path) -> None:
    publish(root, 2026, on=ON)
    finished = (root / DETAILS).read_bytes()
    (root / DETAILS).write_bytes(FILES[DETAILS].encode())
    with pytest.raises(SealError, match="interrupted"):
        check_seals(root)
    publish(root, 2026, on=date(2025, 12, 24))
    assert (root / DETAILS).read_bytes() == finished
    assert check_seals(root) is None


@pytest.mark.parametrize("year", [2025, 2030])
def test_a_year_without_an_edition(root: Path, year: int) -> None:
    with pytest.raises(CatalogueError, match="no edition"):
        publish(root, year, on=ON)


def test_a_tampered_earlier_edition_stops_publishing(root: Path) -> None:
    publish(root, 2026, on=ON)
    for name in ("items.csv", "fields.csv", "edition.toml"):
        (root / "2027").mkdir(exist_ok=True)
        (root / "2027" / name).write_bytes(FILES[f"2026/{name}"].replace("2026", "2027").encode())
    replace(root, "2026/items.csv", "7 working days", "9 working days")
    with pytest.raises(SealError, match="2026"):
        publish(root, 2027, on=date(2026, 12, 20))
    assert not (root / "2027" / "seal.toml").exists()


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_the_rest_of_edition_toml_is_kept(root: Path, ends: str) -> None:
    planned = FILES[DETAILS].replace("approved_on", "published_on = 2025-01-01\napproved_on")
    (root / DETAILS).write_bytes(planned.replace("\n", ends).encode())
    publish(root, 2026, on=ON)
    content = (root / DETAILS).read_bytes().decode()
    assert content.count("published_on") == 1
    assert content.endswith(f'[contact]{ends}phone = "none"{ends}')
    assert content.count("\r") == (content.count("\n") if ends == "\r\n" else 0)


def test_a_state_that_cannot_be_written_safely_is_refused(root: Path) -> None:
    tricky = FILES[DETAILS].replace("state = 'approved'  # in December", '"state" = "approved"')
    (root / DETAILS).write_bytes(tricky.encode())
    with pytest.raises(CatalogueError, match="written safely"):
        publish(root, 2026, on=ON)
    assert (root / DETAILS).read_bytes() == tricky.encode()
    assert not (root / "2026" / "seal.toml").exists()
