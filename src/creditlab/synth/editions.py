"""Write the synthetic catalogue: two published editions, and the lists beside them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from creditlab.catalogue.reading import CHANGE_COLUMNS, FIELD_COLUMNS, ITEM_COLUMNS
from creditlab.synth.definitions import YEARS, fields_of, items_of, packaged
from creditlab.terms import ReportingLevel

_COMMENT_COLUMNS = ("comment_id", "item_code", "received_on", "comment", "answer", "answered_on")
#: The fields that every record schema begins with: field, name_zh, name_en, type, role.
_COMMON = (
    ("record_id", "记录编号", "Record number", "string", "record_id"),
    ("subject_id", "统一社会信用代码", "Unified social credit code", "string", "subject_id"),
    ("subject_name", "主体名称", "Subject name", "string", "subject_name"),
    ("subject_kind", "主体类别", "Subject kind", "string", "subject_kind"),
    ("event_date", "发生日期", "Date of the event", "date", "event_date"),
)
_KINDS_ZH = {
    "legal_person": "法人",
    "unincorporated_organisation": "非法人组织",
    "government_body": "国家机关",
    "natural_person": "个体工商户",
}
_PROCEDURES = {
    "weekly": "业务系统每周汇总，经审核后报送 / Gathered weekly, checked, then sent",
    "half-monthly": "每半月汇总，经审核后报送 / Gathered twice a month, checked, then sent",
    "period": "按更新周期汇总，无记录时零报告 / Gathered by update period, with a zero report where nothing happened",
}
_PATHS = {
    ReportingLevel.PROVINCE: "省级单位直接报送省平台 / Province-level provider to the provincial platform",
    ReportingLevel.PREFECTURE: "市级单位经市平台报送省平台 / City-level provider through the city's platform",
}


def write_lines(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV list: UTF-8, one line end on every system, so that the bytes are always the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def write_catalogue(root: Path) -> None:
    """Write both editions and departments.csv, regions.csv and code_lists.csv.

    Parameters
    ----------
    root
        The workspace's catalogue folder; files of the same names are replaced.

    Notes
    -----
    Article 11: twelve fields an item, one edition a year, a reason for every change between the two.
    """
    for name in ("departments", "regions", "code_lists"):
        rows = packaged(name)
        write_lines(root / f"{name}.csv", list(rows[0]), [list(row.values()) for row in rows])
    for year in YEARS:
        _write_edition(root / str(year), year)


def _write_edition(folder: Path, year: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "edition.toml").write_text(
        f"""# SYNTHETIC: made by `creditlab synth`, no official catalogue.
year = {year}
state = "published"
title_zh = "河北省公共信用信息目录（{year}年版，合成样例）"
title_en = "Hebei public credit information catalogue {year} (synthetic sample)"
approved_by = "provincial government (synthetic)"
approved_on = {year - 1}-12-10
published_on = {year - 1}-12-20
calendar = "CN"
""",
        encoding="utf-8",
        newline="\n",
    )
    write_lines(folder / "items.csv", ITEM_COLUMNS, [_item(row) for row in items_of(year)])
    write_lines(folder / "fields.csv", FIELD_COLUMNS, _fields(year))
    write_lines(folder / "changes.csv", CHANGE_COLUMNS, _changes(year))
    write_lines(folder / "comments.csv", _COMMENT_COLUMNS, [])


def _item(row: dict[str, str]) -> list[str]:
    kinds = "、".join(_KINDS_ZH[kind] for kind in row["subject_kinds"].split(";"))
    texts = {
        "collection_scope": f"河北省行政区域内的{kinds} / Subjects of these kinds in Hebei Province",
        "collection_procedure": _PROCEDURES[row["rhythm"]],
        "collection_path": _PATHS[ReportingLevel(row["reporting_level"])],
    }
    return [(row | texts)[column] for column in ITEM_COLUMNS]


def _fields(year: int) -> list[list[str]]:
    found: list[list[str]] = []
    begun: set[str] = set()
    for row in fields_of(year):
        if row["data_format"] not in begun:
            begun.add(row["data_format"])
            for field, name_zh, name_en, kind, role in _COMMON:
                cells = dict.fromkeys(FIELD_COLUMNS, "") | {
                    "data_format": row["data_format"], "field": field, "name_zh": name_zh, "name_en": name_en,
                    "type": kind, "required": "true", "role": role,
                }  # fmt: skip
                if field == "subject_id":
                    cells["pattern"] = "uscc"
                found.append([cells[column] for column in FIELD_COLUMNS])
        found.append([row[column] for column in FIELD_COLUMNS])
    return found


def _changes(year: int) -> list[list[str]]:
    if year == YEARS[0]:
        return [
            [row["item_code"], "included", "First edition of the synthetic province", row["departments"], ""]
            for row in items_of(year)
        ]
    found = [
        [row["item_code"], row["change"], row["reason"], row["department"], row["assessment"]]
        for row in packaged("reasons")
        if int(row["year"]) == year
    ]
    found += [
        [row["item_code"], "altered", row["reason"], row["department"], ""]
        for row in packaged("alterations")
        if int(row["year"]) == year
    ]
    listed = {row[0] for row in found}
    before = {row["item_code"] for row in items_of(year - 1)}
    for change in packaged("field_alterations"):
        if int(change["year"]) == year:
            found += [
                [row["item_code"], "altered", change["reason"], row["departments"], ""]
                for row in items_of(year)
                if row["data_format"] == change["data_format"] and row["item_code"] in before - listed
            ]
    return found
