"""Make a workspace of real warning letters: one delivery per office spelling and day of publication.

The letters are a regulator's own publications about organisations. Which spellings are the same office is said by
`office_aliases.csv`, row by row, as a person read them; a spelling that is not there stays a department of its own.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

YEARS = range(2021, 2027)
ITEM = "WL-001"
REGION = "US"
ALIASES = Path(__file__).with_name("office_aliases.csv")
SETTINGS = """[workspace]
title_en = "Warning letters to organisations"
title_zh = "对企业的警告信"
time_zone = "America/New_York"

[calendar]
country = "US"

[report]
language = "en"
"""
ITEM_CELLS = {
    "item_code": ITEM,
    "item_name_zh": "警告信",
    "item_name_en": "Warning letter",
    "data_format": "letter",
    "right_to_use": "public",
    "subject_kinds": "legal_person",
    "collection_scope": "letters to organisations",
    "collection_procedure": "publication",
    "collection_path": "website",
    "reporting_level": "province",
    "collection_time_limit": "7 working days",
    "publication_method": "website",
    "publication_months": "12",
    "update_period": "event",
    "delivery_grace_days": "",
    "security_level": "public",
    "information_kind": "public",
    "category": "administrative_management",
    "nature": "negative",
    "coverage_basis": "none",
}
FIELDS = (
    ("letter_id", "信函编号", "Letter", "string", "true", "record_id", ""),
    ("subject_id", "企业标识", "Organisation's own number", "string", "true", "subject_id", "local"),
    ("subject_name", "企业名称", "Organisation", "string", "true", "subject_name", ""),
    ("subject_kind", "主体类别", "Subject kind", "string", "true", "subject_kind", ""),
    ("event_date", "日期", "Day of the letter", "date", "true", "event_date", ""),
    ("matter", "事由", "Matter", "string", "true", "", ""),
)
FIELD_COLUMNS = (
    "data_format", "field", "name_zh", "name_en", "type", "required", "role", "pattern",
    "one_of_group", "code_list", "minimum", "maximum", "max_length",
)  # fmt: skip


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a list as CSV UTF-8, its folder included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV list."""
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def departments_of(spellings: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Department code and name of each spelling; a spelling without an alias is a department of its own."""
    found = {row["spelling"]: (row["department"], row["name"]) for row in read_csv(ALIASES)}
    own = sorted(set(spellings) - found.keys() - {""})
    return found | {spelling: (f"OWN-{number:03d}", spelling) for number, spelling in enumerate(own, start=1)}


def prepare(source: Path, folder: Path) -> Path:
    """Write the workspace of the warning letters of a file; returns its folder."""
    letters = read_csv(source)
    departments = departments_of(row["regulator_office"] for row in letters)
    folder.mkdir(parents=True)
    (folder / "creditlab.toml").write_text(SETTINGS, encoding="utf-8")
    _write_catalogue(folder / "catalogue", dict(sorted(set(departments.values()))))
    write_csv(folder / "ledger.csv", ("item_code", "department", "region_code", "month", "declared_count"), [])
    columns = ("subject_id", "subject_kind", "subject_name", "region_code", "industry_code", "registered_on")
    write_csv(folder / "subjects.csv", (*columns, "deregistered_on"), [])
    _write_inbox(folder / "inbox", letters, departments)
    return folder


def _write_catalogue(root: Path, departments: dict[str, str]) -> None:
    write_csv(
        root / "departments.csv", ("department", "name_zh", "name_en"), [(c, n, n) for c, n in departments.items()]
    )
    region = (REGION, "美国", "United States", "province", "")
    write_csv(root / "regions.csv", ("region_code", "name_zh", "name_en", "level", "parent"), [region])
    write_csv(root / "code_lists.csv", ("code_list", "code", "name_zh", "name_en"), [])
    cells = ITEM_CELLS | {"departments": ";".join(departments)}
    fields = [("letter", *row, *[""] * 5) for row in FIELDS]
    for year in YEARS:
        edition = root / str(year)
        write_csv(edition / "items.csv", list(cells), [list(cells.values())])
        write_csv(edition / "fields.csv", FIELD_COLUMNS, fields)
        words = f'year = {year}\nstate = "published"\ntitle_en = "Warning letters"\ntitle_zh = "警告信"\n'
        days = f"approved_on = {year - 1}-12-10\npublished_on = {year - 1}-12-20\n"
        (edition / "edition.toml").write_text(f'{words}approved_by = "a test"\n{days}', encoding="utf-8")


def _write_inbox(inbox: Path, letters: list[dict[str, str]], departments: dict[str, tuple[str, str]]) -> None:
    deliveries: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in letters:
        deliveries.setdefault((row["publication_date"], row["regulator_office"]), []).append(row)
    manifest = []
    for number, ((day, spelling), rows) in enumerate(sorted(deliveries.items()), start=1):
        path = f"{day[:4]}/{number:05d}.csv"
        cells = [
            (r["letter_id"], r["subject_name"], r["subject_name"], "legal_person", r["event_date"], r["matter"])
            for r in rows
        ]
        write_csv(inbox / path, [field[0] for field in FIELDS], cells)
        department = departments[spelling][0] if spelling.strip() else ""
        manifest.append((path, ITEM, department, REGION, f"{day}T09:00:00-05:00", "", ""))
    columns = ("path", "item_code", "department", "region_code", "delivered_at", "period", "zero_report")
    write_csv(inbox / "manifest.csv", columns, manifest)
