"""The synthetic samples: the same bytes from the same parameters, what is refused, and what they hold."""

from __future__ import annotations

import csv
import re
import shutil
from collections import defaultdict
from pathlib import Path

import pytest
from stdnum.cn import uscc

from creditlab.catalogue.lint import lint
from creditlab.errors import ParameterError, WorkspaceError
from creditlab.synth import Parameters, load_parameters, write_workspace
from creditlab.terms import SubjectKind
from creditlab.workspace import open_workspace

SAMPLES = Path(__file__).resolve().parents[2] / "data_samples"
#: What is not made by the program, or is made in a workspace by running it.
BESIDE = {"README.md", ".gitattributes", "lake", "reports", "keys", ".creditlab"}
QUARTERS = {"2025Q2", "2025Q3", "2025Q4", "2026Q1", "2026Q2", "2026Q3"}
UNITS = {
    "130100", "130200", "130300", "130400", "130500", "130600", "130700", "130800", "130900", "131000", "131100",
    "130181", "130682", "133100",
}  # fmt: skip
CATEGORIES = {
    "registration", "judicial", "administrative_management", "professional_qualification", "business_abnormality",
    "serious_dishonesty", "contract_performance", "credit_commitment", "credit_evaluation", "honour", "other",
}  # fmt: skip
#: Article 5 names these.
ARTICLE_5 = {
    "JYT", "GXT", "GAT", "HBT", "ZJT", "SWT", "MZT", "ZLJD", "SCJG", "FAYU", "JCY", "PBC",
}  # fmt: skip
TWELVE_FIELDS = (
    "item_code", "departments", "item_name_zh", "item_name_en", "data_format", "right_to_use", "subject_kinds",
    "collection_scope", "collection_procedure", "collection_path", "reporting_level", "collection_time_limit",
    "publication_method", "update_period", "security_level",
)  # fmt: skip


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def files_of(folder: Path) -> dict[str, Path]:
    """Every file that the program writes, by its path in the workspace."""
    found = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    inside = {path.relative_to(folder): path for path in found}
    return {str(name): path for name, path in inside.items() if name.parts[0] not in BESIDE}


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return load_parameters(SAMPLES / "province.toml")


# --- The same bytes -----------------------------------------------------------------------------------


def test_the_committed_samples_are_what_their_parameters_make(parameters: Parameters, tmp_path: Path) -> None:
    # The samples' own configuration, whose reports go to the repository's folder, is kept and not written.
    (tmp_path / "again").mkdir()
    shutil.copy(SAMPLES / "creditlab.toml", tmp_path / "again")
    write_workspace(tmp_path / "again", parameters)
    made, committed = files_of(tmp_path / "again"), files_of(SAMPLES)
    assert set(made) == set(committed)
    assert [name for name, path in made.items() if path.read_bytes() != committed[name].read_bytes()] == []


def test_another_seed_makes_other_deliveries(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_workspace(tmp_path / str(seed), load_parameters(records=300, seed=seed))
    assert (tmp_path / "1/inbox/manifest.csv").read_bytes() != (tmp_path / "2/inbox/manifest.csv").read_bytes()
    assert (tmp_path / "1/catalogue/2026/items.csv").read_bytes() == (
        tmp_path / "2/catalogue/2026/items.csv"
    ).read_bytes()


def test_the_package_ships_the_parameters_of_the_samples(parameters: Parameters) -> None:
    assert load_parameters() == parameters


def test_the_number_of_records_is_asked_for(tmp_path: Path) -> None:
    write_workspace(tmp_path / "made", load_parameters(records=2000))
    lines = 0
    for path in (tmp_path / "made/inbox").rglob("*.csv"):
        lines += path.read_bytes().count(b"\n") - 1
    lines -= len(read_rows(tmp_path / "made/inbox/manifest.csv"))
    assert 1700 < lines < 2300
    assert "records = 2000" in (tmp_path / "made/province.toml").read_text(encoding="utf-8")


# --- What may be written over, and what is refused ----------------------------------------------------


def test_data_that_are_not_synthetic_are_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "creditlab.toml").write_text("[paths]\ninbox = 'inbox'\n")
    (tmp_path / "ledger.csv").write_text("item_code\nXK-001\n")
    with pytest.raises(WorkspaceError, match=r"not synthetic.*ledger\.csv"):
        write_workspace(tmp_path, load_parameters(records=100))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["creditlab.toml", "ledger.csv"]


def test_a_folder_of_other_things_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(WorkspaceError, match="not empty"):
        write_workspace(tmp_path, load_parameters(records=100))
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_an_empty_workspace_keeps_its_configuration_and_is_marked(tmp_path: Path) -> None:
    (tmp_path / "creditlab.toml").write_text('[workspace]\ntitle_en = "Mine"\nsynthetic = false\n')
    write_workspace(tmp_path, load_parameters(records=100))
    workspace = open_workspace(tmp_path)
    assert workspace.is_synthetic
    assert workspace.title_en == "Mine"


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ("seed = 20260930", "sed = 20260930", r"\[volume\] se"),
        ("late_share = 0.09", "late_share = 1.09", r"\[timeliness\] late_share"),
        ("peak_month = 6\n", "", r"\[season\] peak_month"),
        ("weight = 0.165", "weight = 0.265", r"\[units\]"),
        ('from_month = "2026-04"', 'from_month = "spring"', r"\[silence\]"),
        ("[kinds]", "[kinds", "TOML"),
    ],
)
def test_parameters_without_meaning_are_refused(tmp_path: Path, before: str, after: str, where: str) -> None:
    text = (SAMPLES / "province.toml").read_text(encoding="utf-8")
    assert before in text
    (tmp_path / "province.toml").write_text(text.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ParameterError, match=where):
        load_parameters(tmp_path / "province.toml")


# --- What they hold -----------------------------------------------------------------------------------


def test_the_workspace_says_that_it_is_synthetic() -> None:
    workspace = open_workspace(SAMPLES)
    assert workspace.is_synthetic
    assert "synthetic" in workspace.title_en
    assert "合成" in workspace.title_zh


def test_the_catalogue_has_no_finding() -> None:
    assert lint(SAMPLES / "catalogue") == []


@pytest.mark.parametrize("year", [2025, 2026])
def test_items_fill_in_all_twelve_fields(year: int) -> None:
    items = read_rows(SAMPLES / f"catalogue/{year}/items.csv")
    assert len(items) >= 60
    assert {item["category"] for item in items} == CATEGORIES
    assert [item["item_code"] for item in items if not all(item[field] for field in TWELVE_FIELDS)] == []
    published = [item for item in items if item["publication_method"] == "website"]
    assert all(int(item["publication_months"]) > 0 for item in published)
    assert {item["information_kind"] for item in items} == {"public", "market"}
    assert {item["update_period"] for item in items} == {"event", "month", "quarter", "half-year", "year"}
    assert {item["coverage_basis"] for item in items} == {"ledger", "register", "none"}
    assert {item["nature"] for item in items} == {"neutral", "positive", "negative", "serious"}
    assert {kind for item in items for kind in item["subject_kinds"].split(";")} == set(SubjectKind)


def test_changes_between_the_editions_have_reasons() -> None:
    editions = [
        {row["item_code"]: row for row in read_rows(SAMPLES / f"catalogue/{y}/items.csv")} for y in (2025, 2026)
    ]
    changes = read_rows(SAMPLES / "catalogue/2026/changes.csv")
    assert all(change["reason"] for change in changes)
    by_kind = defaultdict(set)
    for change in changes:
        by_kind[change["change"]].add(change["item_code"])
    assert by_kind["included"] == set(editions[1]) - set(editions[0]) != set()
    assert by_kind["withdrawn"] == set(editions[0]) - set(editions[1]) != set()
    shared = set(editions[0]) & set(editions[1])
    assert {code for code in shared if editions[0][code] != editions[1][code]} <= by_kind["altered"]


def test_departments_units_and_formats(parameters: Parameters) -> None:
    departments = {row["department"] for row in read_rows(SAMPLES / "catalogue/departments.csv")}
    items = [row for year in (2025, 2026) for row in read_rows(SAMPLES / f"catalogue/{year}/items.csv")]
    assert 22 <= len(departments) <= 30
    assert departments > ARTICLE_5
    assert {code for item in items for code in item["departments"].split(";")} == departments
    regions = read_rows(SAMPLES / "catalogue/regions.csv")
    assert {row["region_code"] for row in regions if row["level"] == "prefecture"} == UNITS == set(parameters.units)
    assert 8 <= len({row["data_format"] for row in read_rows(SAMPLES / "catalogue/2026/fields.csv")}) <= 10


def test_deliveries_are_of_every_form_and_few_enough() -> None:
    manifest = read_rows(SAMPLES / "inbox/manifest.csv")
    paths = [row["path"] for row in manifest if row["path"]]
    assert len(set(paths)) == len(paths) <= 3000
    assert {f"inbox/{path}" for path in paths} | {"inbox/manifest.csv"} == {
        name for name in files_of(SAMPLES) if name.startswith("inbox")
    }
    assert {path.rpartition(".")[2] for path in paths} == {"csv", "xlsx", "xls"}
    contents = [(SAMPLES / "inbox" / path).read_bytes() for path in paths if path.endswith(".csv")]
    assert sum(data.startswith(b"\xef\xbb\xbf") for data in contents) >= 10
    assert sum(b"\t" in data.splitlines()[0] for data in contents) >= 10
    assert sum(not is_utf8(data) and bool(data.decode("gb18030")) for data in contents) >= 10
    assert sum(path.stat().st_size for path in files_of(SAMPLES).values()) < 12_000_000
    assert all(row["delivered_at"].endswith("+08:00") for row in manifest)
    zero = [row for row in manifest if row["zero_report"] == "true"]
    assert zero
    assert all(row["period"] and not row["path"] for row in zero)


def test_deliveries_serve_six_quarters() -> None:
    manifest = read_rows(SAMPLES / "inbox/manifest.csv")
    assert {row["period"] for row in manifest if "Q" in row["period"]} == QUARTERS
    quarters = {f"{row['delivered_at'][:4]}Q{(int(row['delivered_at'][5:7]) + 2) // 3}" for row in manifest}
    assert quarters == QUARTERS | {"2026Q4"}
    assert {row["month"] for row in read_rows(SAMPLES / "ledger.csv")} == {
        f"{year}-{month:02d}"
        for year in (2025, 2026)
        for month in range(1, 13)
        if (2025, 3) < (year, month) < (2026, 10)
    }


def is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def test_subjects_are_of_four_kinds_and_nobody_real() -> None:
    subjects = read_rows(SAMPLES / "subjects.csv")
    assert {row["subject_kind"] for row in subjects} == set(SubjectKind)
    assert {row["region_code"] for row in subjects} == UNITS
    assert all("样例" in row["subject_name"] for row in subjects)
    assert [row["subject_kind"] for row in subjects if not uscc.is_valid(row["subject_id"])] == []
    assert all(row["subject_id"][8:10] == "YL" for row in subjects)
    persons = [row for row in subjects if row["subject_kind"] == SubjectKind.NATURAL_PERSON]
    assert all(row["subject_id"].startswith("92") for row in persons)
    assert len({row["subject_id"] for row in subjects}) == len(subjects)


def test_no_file_holds_anything_like_a_resident_number() -> None:
    number = re.compile(rb"[0-9]{17}[0-9Xx]")
    checked = {name: path for name, path in files_of(SAMPLES).items() if not name.endswith((".xlsx", ".xls"))}
    assert len(checked) > 2000
    assert [name for name, path in checked.items() if number.search(path.read_bytes())] == []
