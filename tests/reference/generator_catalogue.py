"""Synthetic catalogue editions that change from year to year, with their lists. Everything here is made up."""

from __future__ import annotations

import csv
from pathlib import Path
from random import Random

REGIONS = [
    ("130000", "province", ""),
    ("130100", "prefecture", "130000"),
    ("130200", "prefecture", "130000"),
    ("133100", "prefecture", "130000"),
    ("130102", "county", "130100"),
    ("130203", "county", "130200"),
]
DEPARTMENTS = ["SCJG", "SHJJ", "ZFCX", "FAYU", "MZHT", "XYFW"]
CODE_LISTS = {
    "licence_kind": ["普通", "特许", "认可"],
    "penalty_kind": ["警告", "罚款", "其他"],
    "result": ["合格", "不合格"],
}
# fmt: off
ITEM_COLUMNS = [
    "item_code",
    "departments",
    "item_name_zh",
    "item_name_en",
    "data_format",
    "right_to_use",
    "subject_kinds",
    "collection_scope",
    "collection_procedure",
    "collection_path",
    "reporting_level",
    "collection_time_limit",
    "publication_method",
    "publication_months",
    "update_period",
    "delivery_grace_days",
    "security_level",
    "information_kind",
    "category",
    "nature",
    "coverage_basis",
]
FIELD_COLUMNS = [
    "data_format",
    "field",
    "name_zh",
    "name_en",
    "type",
    "required",
    "one_of_group",
    "role",
    "pattern",
    "code_list",
    "minimum",
    "maximum",
    "max_length",
]
# fmt: on
LIMITS = ["1 working days", "3 working days", "7 working days", "15 working days", "5 days", "20 days", "30 days"]
UPDATE_PERIODS = ["event", "day", "week", "month", "quarter", "half-year", "year"]
ORGANISATIONS = "legal_person;unincorporated_organisation"

COMMON = [
    {"field": "record_id", "role": "record_id", "required": "true"},
    {"field": "subject_id", "role": "subject_id", "required": "true"},
    {"field": "subject_name", "role": "subject_name", "required": "true"},
    {"field": "subject_kind", "role": "subject_kind", "required": "true"},
    {"field": "event_date", "role": "event_date", "required": "true", "type": "date"},
]
FORMATS: dict[str, list[dict[str, str]]] = {
    "licence": [
        {"field": "licence_kind", "required": "true", "code_list": "licence_kind"},
        {"field": "content", "required": "true", "max_length": "24"},
        {"field": "valid_until", "required": "true", "role": "valid_until", "type": "date"},
        {"field": "pages", "type": "integer", "minimum": "1", "maximum": "500"},
    ],
    "penalty": [
        {"field": "penalty_kind", "required": "true", "code_list": "penalty_kind"},
        {"field": "amount", "role": "amount", "type": "decimal", "minimum": "0", "maximum": "99.5"},
        {"field": "basis", "required": "true", "pattern": "^basis-[0-9]+$"},
        {"field": "note"},
    ],
    "judgment": [
        {"field": "court", "required": "true", "role": "key"},
        {"field": "case_no", "required": "true", "role": "key"},
        {"field": "duty"},
    ],
    "inspection": [
        {"field": "result", "required": "true", "code_list": "result"},
        {"field": "note"},
    ],
    "contract": [
        {"field": "contract_no", "one_of_group": "contract_ref"},
        {"field": "filing_no", "one_of_group": "contract_ref"},
        {"field": "signed", "one_of_group": "signing", "type": "date"},
        {"field": "sealed", "one_of_group": "signing", "type": "date"},
        {"field": "note", "max_length": "30"},
    ],
    "local_report": [
        {"field": "report_no", "role": "key", "required": "true"},
        {"field": "note"},
    ],
}
# item_code, data_format, departments, subject_kinds, reporting_level, coverage_basis
ITEMS = [
    ("XK-001", "licence", "SCJG;SHJJ", ORGANISATIONS, "prefecture", "ledger"),
    ("XK-002", "licence", "ZFCX", f"{ORGANISATIONS};natural_person;government_body", "county", "ledger"),
    ("CF-001", "penalty", "SCJG;SHJJ;ZFCX", ORGANISATIONS, "prefecture", "ledger"),
    ("CF-002", "penalty", "SHJJ", f"{ORGANISATIONS};natural_person", "county", "none"),
    ("SX-001", "judgment", "FAYU", f"{ORGANISATIONS};government_body", "province", "none"),
    ("SX-002", "judgment", "FAYU", f"{ORGANISATIONS};natural_person", "prefecture", "register"),
    ("JC-001", "inspection", "MZHT", "unincorporated_organisation", "prefecture", "register"),
    ("JC-002", "inspection", "MZHT;SCJG", ORGANISATIONS, "county", "register"),
    ("SC-001", "contract", "XYFW", "legal_person", "province", "none"),
    ("SC-002", "contract", "XYFW;MZHT", "legal_person;government_body", "prefecture", "none"),
    ("BD-001", "local_report", "ZFCX", f"{ORGANISATIONS};natural_person", "prefecture", "none"),
]


def write_csv(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def first_items(random: Random) -> list[dict[str, str]]:
    """The items of the earliest edition; limits and update periods differ from seed to seed."""
    items = []
    # A workspace has some of the items only: the command's time grows with schemas x editions.
    for code, data_format, departments, kinds, level, basis in sorted(random.sample(ITEMS, random.randint(4, 7))):
        update_period = "event" if basis == "ledger" and random.random() < 0.7 else random.choice(UPDATE_PERIODS)
        persons = "natural_person" in kinds
        items.append(
            {
                "item_code": code,
                "departments": departments,
                "item_name_zh": f"样例事项{code}",
                "item_name_en": f"Sample item {code}",
                "data_format": data_format,
                "right_to_use": "government" if persons else "public",
                "subject_kinds": kinds,
                "collection_scope": "synthetic",
                "collection_procedure": "synthetic",
                "collection_path": "synthetic",
                "reporting_level": level,
                "collection_time_limit": random.choice(LIMITS),
                "publication_method": "none" if persons else "website",
                "publication_months": "" if persons else "12",
                "update_period": update_period,
                "delivery_grace_days": "" if update_period == "event" else random.choice(["", "0", "3", "10"]),
                "security_level": "internal" if persons else "public",
                "information_kind": "market" if code.startswith("SC") else "public",
                "category": "contract_performance" if code.startswith("SC") else "administrative_management",
                "nature": "neutral",
                "coverage_basis": basis,
            }
        )
    return items


def first_fields() -> dict[str, list[dict[str, str]]]:
    fields = {}
    for data_format, own in FORMATS.items():
        lines = []
        for line in [*COMMON, *own]:
            line = {"type": "string", "required": "false", **line}
            line |= {"data_format": data_format, "name_zh": line["field"], "name_en": line["field"]}
            if data_format == "local_report" and line["field"] == "subject_id":
                line["pattern"] = "local"
            lines.append(line)
        fields[data_format] = lines
    return fields


def describe_change(item: dict[str, str], change: str) -> dict[str, str]:
    department = item["departments"].split(";")[0]
    return {"item_code": item["item_code"], "change": change, "reason": "synthetic", "department": department}


def next_year(
    random: Random, items: list[dict[str, str]], fields: dict[str, list[dict[str, str]]]
) -> list[dict[str, str]]:
    """Change items and fields in place as a year's changes would; return the lines of changes.csv."""
    changes = []
    for item in list(items):
        luck = random.random()
        if luck < 0.1 and len(items) > 3:
            items.remove(item)
            changes.append(describe_change(item, "withdrawn"))
        elif luck < 0.4:
            item["collection_time_limit"] = random.choice(LIMITS)
            changes.append(describe_change(item, "altered"))
        elif luck < 0.6:
            item["departments"] = ";".join(random.sample(DEPARTMENTS, random.randint(1, 3)))
            changes.append(describe_change(item, "altered"))
        elif luck < 0.75:
            item["update_period"] = random.choice(UPDATE_PERIODS)
            item["delivery_grace_days"] = "" if item["update_period"] == "event" else random.choice(["0", "5"])
            changes.append(describe_change(item, "altered"))
    for lines in fields.values():
        for line in lines:
            if line["field"] in ("note", "pages", "duty") and random.random() < 0.4:
                line["required"] = "false" if line["required"] == "true" else "true"
            if line["field"] == "amount" and random.random() < 0.5:
                line["maximum"] = random.choice(["50", "80.25", ""])
    return changes


def make_catalogue(folder: Path, random: Random) -> dict[int, tuple[list[dict[str, str]], dict[str, list]]]:
    """Write two or three published editions (and at times a draft); return each year's items and fields."""
    years = random.choice([[2025, 2026], [2024, 2025, 2026]])
    items, fields = first_items(random), first_fields()
    leavers = random.sample(items, random.randint(0, 1))
    changes = [describe_change(item, "included") for item in items]
    made = {}
    for year in [*years, *([2027] if random.random() < 0.3 else [])]:
        if year != years[0]:
            changes = next_year(random, items, fields)
        if year == years[-1]:
            for item in leavers:
                if item in items:
                    items.remove(item)
                    changes = [line for line in changes if line["item_code"] != item["item_code"]]
                    changes.append(describe_change(item, "withdrawn"))
        home = folder / str(year)
        write_csv(home / "items.csv", ITEM_COLUMNS, items)
        write_csv(home / "fields.csv", FIELD_COLUMNS, [line for lines in fields.values() for line in lines])
        write_csv(home / "changes.csv", ["item_code", "change", "reason", "department", "assessment"], changes)
        published = year <= years[-1]
        head = [
            f"year = {year}",
            f'state = "{"published" if published else "draft"}"',
            'title_zh = "样例目录（合成）"',
            'title_en = "Sample catalogue (synthetic)"',
        ]
        if published:
            head += ['approved_by = "sample government"', f"approved_on = {year - 1}-12-10"]
            head += [f"published_on = {year - 1}-12-20"]
            made[year] = ([dict(i) for i in items], {k: [dict(f) for f in v] for k, v in fields.items()})
        (home / "edition.toml").write_text("\n".join(head) + "\n", encoding="utf-8")
    named = [{"department": d, "name_zh": f"样例{d}", "name_en": f"Sample {d}"} for d in DEPARTMENTS]
    write_csv(folder / "departments.csv", ["department", "name_zh", "name_en"], named)
    regions = [
        {"region_code": c, "name_zh": f"样例{c}", "name_en": f"Sample {c}", "level": level, "parent": parent}
        for c, level, parent in REGIONS
    ]
    write_csv(folder / "regions.csv", ["region_code", "name_zh", "name_en", "level", "parent"], regions)
    codes = [
        {"code_list": name, "code": code, "name_zh": code, "name_en": code}
        for name, values in CODE_LISTS.items()
        for code in values
    ]
    write_csv(folder / "code_lists.csv", ["code_list", "code", "name_zh", "name_en"], codes)
    return made
