"""A catalogue without a fault, for a test to put one in. All names are made up; nothing here is about anyone."""

from __future__ import annotations

import csv
from pathlib import Path

from creditlab.catalogue.findings import LintFinding

ITEMS = """\
item_code,departments,item_name_zh,item_name_en,data_format,right_to_use,subject_kinds,collection_scope,\
collection_procedure,collection_path,reporting_level,collection_time_limit,publication_method,publication_months,\
update_period,delivery_grace_days,security_level,information_kind,category,nature,coverage_basis
XK-1,D1;D2,许可,Licence,licence,public,legal_person;natural_person,all licences,by file,platform,prefecture,\
7 working days,website,12,month,5,public,public,administrative,neutral,ledger
CF-1,D1,处罚,Penalty,penalty,public,legal_person,all penalties,by file,platform,province,\
20 days,on request,,event,,internal,public,administrative,negative,none
"""
FIELDS = """\
data_format,field,name_zh,name_en,type,required,one_of_group,role,pattern,code_list,minimum,maximum,max_length
licence,number,文号,Number,string,true,,record_id,^[A-Z]{2},,,,40
licence,code,代码,Code,string,true,,subject_id,uscc,,,,
licence,decided,决定日期,Decided,date,true,,event_date,,,2020-01-01,2030-01-01,
licence,sort,类别,Sort,string,false,,,,sorts,,,
penalty,number,文号,Number,string,true,,record_id,,,,,
penalty,code,代码,Code,string,true,,subject_id,local,,,,
penalty,decided,决定日期,Decided,date,true,,event_date,,,,,
penalty,fine,罚款,Fine,decimal,false,,amount,,,0,100.5,
penalty,count,件数,Count,integer,false,,,,,1,9,
"""
CHANGES = """\
item_code,change,reason,department,assessment
CF-1,included,a new duty,D1,
OLD-1,withdrawn,the duty ended,D2,
XK-1,altered,the limit is shorter,D1;D2,
"""
DEPARTMENTS = "department,name_zh,name_en\nD1,甲局,Bureau A\nD2,乙局,Bureau B\n"
REGIONS = (
    "region_code,name_zh,name_en,level,parent\n"
    "990000,甲省,Province A,province,\n990100,乙市,City B,prefecture,990000\n990101,丙县,County C,county,990100\n"
)
CODE_LISTS = "code_list,code,name_zh,name_en\nsorts,A,甲,A\nsorts,B,乙,B\n"
DETAILS = 'year = {year}\nstate = "approved"\napproved_by = "the province"\napproved_on = {before}-12-01\n'
ITEM_LINES, FIELD_LINES = ITEMS.splitlines(), FIELDS.splitlines()
ITEM = "2026/items.csv"
FIELD = "2026/fields.csv"
CHANGE = "2026/changes.csv"


def write_catalogue(root: Path) -> Path:
    """Write a good catalogue: a published edition of 2025, an approved one of 2026, and the lists beside them."""
    earlier = ITEMS.replace("CF-1", "OLD-1")
    published = (
        DETAILS.format(year=2025, before=2024).replace("approved", "published", 1) + "published_on = 2024-12-10\n"
    )
    for year, files in {
        2025: {"items.csv": earlier, "fields.csv": FIELDS, "edition.toml": published},
        2026: {
            "items.csv": ITEMS,
            "fields.csv": FIELDS,
            "changes.csv": CHANGES,
            "edition.toml": DETAILS.format(year=2026, before=2025),
        },
    }.items():
        (root / str(year)).mkdir(parents=True)
        for name, text in files.items():
            (root / str(year) / name).write_text(text, encoding="utf-8")
    for name, text in {"departments": DEPARTMENTS, "regions": REGIONS, "code_lists": CODE_LISTS}.items():
        (root / f"{name}.csv").write_text(text, encoding="utf-8")
    return root


def set_cell(root: Path, file: str, row: int, column: str, value: str) -> None:
    """Write one cell; row as a spreadsheet counts. A row just below the last one is added, otherwise empty."""
    path = root / file
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))
    if row == len(rows) + 1:
        rows.append([""] * len(rows[0]))
    rows[row - 1][rows[0].index(column)] = value
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows(rows)


def places(findings: list[LintFinding]) -> list[tuple[str, str, int, str]]:
    return [(one.code.value, one.file, one.row, one.column) for one in findings]
