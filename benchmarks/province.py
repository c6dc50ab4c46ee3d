"""A synthetic workspace of any size: items x departments x units x months, as CSV or Parquet deliveries.

    python -m benchmarks.province FOLDER --records 1000000 [--format csv]

A second run takes up where the first one stopped, and makes nothing anew. What it makes describes nobody.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from benchmarks.rows import KINDS, Delivery, Subjects, make_rows
from creditlab.periods import working_days

LIMITS = ("7 working days", "20 working days", "30 days", "15 working days", "40 days")
#: The register of a large province.
ENTERPRISES = 2_900_000
FIRST_YEAR = 2026
#: A day's deliveries after everything else.
DAY_MORE = date(2026, 11, 20)

_CONFIGURATION = """# SYNTHETIC DATA: made for benchmarks. It describes nobody.
[workspace]
title_en = "Synthetic benchmark"
synthetic = true

[calendar]
days = "working_days.csv"
"""
_ITEM_COLUMNS = (
    "item_code,departments,item_name_zh,item_name_en,data_format,right_to_use,subject_kinds,collection_scope,"
    "collection_procedure,collection_path,reporting_level,collection_time_limit,publication_method,publication_months,"
    "update_period,delivery_grace_days,security_level,information_kind,category,nature,coverage_basis\n"
)
_FIELD_COLUMNS = (
    "data_format,field,name_zh,name_en,type,required,one_of_group,role,pattern,code_list,minimum,maximum,max_length\n"
)
_FIELDS = """licence,record_id,编号,Number,string,true,,record_id,,,,,64
licence,document_number,文号,Document number,string,false,,key,,,,,64
licence,subject_id,代码,Code,string,true,,subject_id,uscc,,,,
licence,subject_name,名称,Name,string,true,,subject_name,,,,,200
licence,subject_kind,类别,Kind,string,true,,subject_kind,,,,,
licence,event_date,日期,Date,date,true,,event_date,,,,,
licence,licence_kind,许可类别,Licence kind,string,true,,,,licence_kind,,,
licence,content,内容,Content,string,true,,,,,,,500
licence,valid_until,有效期,Valid until,date,false,,valid_until,,,,,
licence,amount,金额,Amount,decimal,false,,amount,,,0,1000000000,
licence,post_code,邮编,Post code,string,false,,,[0-9]{6},,,,
licence,grade,等级,Grade,integer,false,,,,,1,5,
"""


@dataclass(frozen=True)
class Shape:
    """How large a workspace is and what it is made of."""

    records: int
    items: int = 10
    departments: int = 2
    units: int = 11
    months: int = 9
    file_format: str = "parquet"
    deliveries_a_cell: int = 1
    seed: int = 1

    @classmethod
    def of(cls, records: int, file_format: str = "parquet") -> Shape:
        """The usual shape of a size: some 5,000 rows a delivery, more where the province has all its 11 units."""
        return cls(records, units=min(max(records // 1_000_000, 1), 11), file_format=file_format)

    @property
    def subjects(self) -> Subjects:
        """Five records a subject, as far as the province has so many subjects."""
        return Subjects(min(max(self.records // 5, 1000), ENTERPRISES))

    @property
    def cells(self) -> list[tuple[str, str, str]]:
        """Item, department and unit of each reporting cell."""
        return [
            (f"XK-{item + 1:03d}", f"D{item + 1:02d}{department + 1}", f"13{unit + 1:02d}00")
            for item in range(self.items)
            for department in range(self.departments)
            for unit in range(self.units)
        ]

    def deliveries(self) -> list[Delivery]:
        """All deliveries, each of one cell's events of one month, in the first days of the next."""
        spans = [
            (cell, month, part)
            for month in range(self.months)
            for cell in self.cells
            for part in range(self.deliveries_a_cell)
        ]
        edges = np.linspace(0, self.records, len(spans) + 1).astype(int)
        found = []
        for number, (cell, month, _) in enumerate(spans):
            first, after = date(FIRST_YEAR, month + 1, 1), date(FIRST_YEAR, month + 2, 1)
            received = after + timedelta(days=1 + number % 5)
            size = int(edges[number + 1] - edges[number])
            found.append(Delivery(number, *cell, first, (after - first).days, received, int(edges[number]), size))
        return found

    def day_more(self, records: int) -> list[Delivery]:
        """One more day: a delivery of each cell, of the events of the two weeks before."""
        cells, found = self.cells, []
        number, row = len(self.deliveries()), self.records
        edges = np.linspace(0, records, len(cells) + 1).astype(int)
        for place, cell in enumerate(cells):
            size, first = int(edges[place + 1] - edges[place]), DAY_MORE - timedelta(days=14)
            found.append(Delivery(number + place, *cell, first, 14, DAY_MORE, row + int(edges[place]), size))
        return found


def make_workspace(folder: Path, shape: Shape) -> None:
    """Make a workspace, or go on with one that was begun; one of another shape must be cleared away first.

    Raises
    ------
    ValueError
        If the folder holds a workspace of another shape.
    """
    made = folder / "shape.json"
    said = json.dumps(asdict(shape))
    if made.exists() and made.read_text(encoding="utf-8") != said:
        raise ValueError(f"{folder} holds data of another shape; remove it first")
    (folder / "inbox").mkdir(parents=True, exist_ok=True)
    made.write_text(said, encoding="utf-8")
    subjects, deliveries = shape.subjects, shape.deliveries()
    _write_lists(folder, shape)
    if not (folder / "subjects.csv").exists():
        _write_register(folder / "subjects.csv", subjects)
    _write_ledger(folder, deliveries)
    _deliver(folder, deliveries, subjects, shape)
    _write_manifest(folder, deliveries, shape.file_format)


def add_day(folder: Path, shape: Shape, records: int) -> None:
    """Add one more day's deliveries to a workspace's inbox."""
    more = shape.day_more(records)
    _deliver(folder, more, shape.subjects, shape)
    _write_manifest(folder, shape.deliveries() + more, shape.file_format)


def _deliver(folder: Path, deliveries: list[Delivery], subjects: Subjects, shape: Shape) -> None:
    done = 0
    for number, one in enumerate(deliveries):
        path = folder / f"inbox/{one.stem}.{shape.file_format}"
        if not path.exists():
            # Under another name until it is whole: a run that is stopped leaves no half file to be taken for one.
            draft = path.with_suffix(".making")
            _write(make_rows(one, subjects, shape.seed), draft, shape.file_format)
            draft.rename(path)
        done += one.rows
        if number % 200 == 199 or number == len(deliveries) - 1:
            print(f"{done:,} records delivered in {number + 1:,} files", file=sys.stderr, flush=True)


def _write(rows: pa.Table, path: Path, file_format: str) -> None:
    if file_format == "csv":
        csv.write_csv(rows, path, csv.WriteOptions(quoting_style="none"))
    else:
        pq.write_table(rows, path, compression="zstd", row_group_size=250_000)


def _write_lists(folder: Path, shape: Shape) -> None:
    catalogue = folder / "catalogue"
    (catalogue / str(FIRST_YEAR)).mkdir(parents=True, exist_ok=True)
    cells = shape.cells
    owners: dict[str, list[str]] = {}
    for item, department, _ in cells:
        if department not in owners.setdefault(item, []):
            owners[item].append(department)
    items = "".join(
        f"{item},{';'.join(names)},许可{place + 1},Licence {place + 1},licence,public,legal_person;natural_person,all,"
        f"file,platform,prefecture,{LIMITS[place % len(LIMITS)]},website,12,event,,public,public,"
        "administrative_management,neutral,ledger\n"
        for place, (item, names) in enumerate(owners.items())
    )
    units = sorted({unit for _, _, unit in cells})
    calendar = working_days("CN")
    flags = np.diff(calendar.ordinals, prepend=0)
    days = (f"{calendar.first + timedelta(days=place)},{flag}\n" for place, flag in enumerate(flags.tolist()))
    files = {
        "creditlab.toml": _CONFIGURATION,
        "working_days.csv": "day,is_working\n" + "".join(days),
        f"catalogue/{FIRST_YEAR}/edition.toml": f'year = {FIRST_YEAR}\nstate = "published"\n',
        f"catalogue/{FIRST_YEAR}/items.csv": _ITEM_COLUMNS + items,
        f"catalogue/{FIRST_YEAR}/fields.csv": _FIELD_COLUMNS + _FIELDS,
        "catalogue/departments.csv": "department,name_zh,name_en\n"
        + "".join(f"{name},{name},{name}\n" for names in owners.values() for name in names),
        "catalogue/regions.csv": "region_code,name_zh,name_en,level,parent\n130000,河北省,Hebei,province,\n"
        + "".join(f"{unit},{unit},{unit},prefecture,130000\n" for unit in units),
        "catalogue/code_lists.csv": "code_list,code,name_zh,name_en\n"
        + "".join(f"licence_kind,{kind},{kind},{kind}\n" for kind in KINDS),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")


def _write_register(path: Path, subjects: Subjects) -> None:
    count = subjects.registered
    kinds = pa.array(["legal_person", "natural_person"]).take(pa.array(subjects.is_person[:count].astype(np.int8)))
    table = pa.table(
        {
            "subject_id": subjects.codes.slice(0, count),
            "subject_kind": kinds,
            "subject_name": subjects.register_names.slice(0, count),
            "region_code": pa.array(["130100"]).take(pa.array(np.zeros(count, dtype=np.int8))),
            "industry_code": pa.array([""]).take(pa.array(np.zeros(count, dtype=np.int8))),
            "registered_on": pa.array(["2020-01-02"]).take(pa.array(np.zeros(count, dtype=np.int8))),
            "deregistered_on": pa.array([""]).take(pa.array(np.zeros(count, dtype=np.int8))),
        }
    )
    draft = path.with_suffix(".making")
    csv.write_csv(table, draft, csv.WriteOptions(quoting_style="none"))
    draft.rename(path)


def _write_ledger(folder: Path, deliveries: list[Delivery]) -> None:
    counts: dict[tuple[str, str, str, date], int] = {}
    for one in deliveries:
        key = (one.item_code, one.department, one.region_code, one.first_day)
        counts[key] = counts.get(key, 0) + one.rows
    lines = (f"{item},{department},{unit},{month:%Y-%m},{n}\n" for (item, department, unit, month), n in counts.items())
    text = "item_code,department,region_code,month,declared_count\n" + "".join(lines)
    (folder / "ledger.csv").write_text(text, encoding="utf-8")


def _write_manifest(folder: Path, deliveries: list[Delivery], file_format: str) -> None:
    lines = ["path,item_code,department,region_code,delivered_at,period,zero_report"]
    lines += [
        f"{one.stem}.{file_format},{one.item_code},{one.department},{one.region_code},{one.received_on}T09:00:00+08:00,,"
        for one in deliveries
    ]
    draft = folder / "inbox/manifest.making"
    draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draft.rename(folder / "inbox/manifest.csv")


def main() -> None:
    """Make a workspace from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    for name in ("items", "departments", "units", "months", "deliveries_a_cell"):
        parser.add_argument(f"--{name.replace('_', '-')}", type=int)
    parser.add_argument("--day-more", type=int, default=0, metavar="RECORDS", help="one more day's deliveries")
    chosen = parser.parse_args()
    names = ("items", "departments", "units", "months", "deliveries_a_cell")
    given = {name: getattr(chosen, name) for name in names if getattr(chosen, name)}
    shape = replace(Shape.of(chosen.records, chosen.format), **given)
    make_workspace(chosen.folder, shape)
    if chosen.day_more:
        add_day(chosen.folder, shape, chosen.day_more)


if __name__ == "__main__":
    main()
