"""Ingest beside DuckDB's own copy of the same CSV files, and many tiny deliveries.

    python benchmarks/ingest.py [--records 1000000] [--tiny 10000] [--folder /tmp/creditlab-benchmark]

Writes its tables into docs/benchmarks.md. Never part of the tests.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pyarrow as pa
from measuring import alternate, table, write_section
from pyarrow import csv

from creditlab.identifiers import USCC_ALPHABET, uscc_check_character

ROOT = Path(__file__).resolve().parents[1]
SUBJECTS = 200_000
KINDS = np.array(["普通", "特许", "认可", "核准", "登记", "其他"])

_CONFIGURATION = '[workspace]\ntitle_en = "Synthetic benchmark"\nsynthetic = true\n'
_ITEMS = (
    "item_code,departments,item_name_zh,item_name_en,data_format,right_to_use,subject_kinds,collection_scope,"
    "collection_procedure,collection_path,reporting_level,collection_time_limit,publication_method,publication_months,"
    "update_period,delivery_grace_days,security_level,information_kind,category,nature,coverage_basis\n"
    "XK-001,SCJG,行政许可,Licence,licence,public,legal_person,all,file,platform,province,7 working days,website,12,"
    "event,,public,public,administrative_management,neutral,none\n"
)
_FIELDS = (
    "data_format,field,name_zh,name_en,type,required,one_of_group,role,pattern,code_list,minimum,maximum,max_length\n"
    "licence,record_id,文号,Number,string,true,,record_id,,,,,64\n"
    "licence,subject_id,代码,Code,string,true,,subject_id,,,,,\n"
    "licence,subject_name,名称,Name,string,true,,subject_name,,,,,200\n"
    "licence,subject_kind,类别,Kind,string,true,,subject_kind,,,,,\n"
    "licence,event_date,日期,Date,date,true,,event_date,,,,,\n"
    "licence,licence_kind,许可类别,Licence kind,string,true,,,,licence_kind,,,\n"
    "licence,content,内容,Content,string,true,,,,,,,500\n"
    "licence,valid_until,有效期,Valid until,date,true,,valid_until,,,,,\n"
)


def make_workspace(folder: Path, records: int, deliveries: int, seed: int = 1) -> None:
    """A synthetic workspace of one item: so many records in so many deliveries."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "catalogue/2026").mkdir(parents=True)
    (folder / "inbox").mkdir()
    files = {
        "creditlab.toml": _CONFIGURATION,
        "catalogue/2026/edition.toml": 'year = 2026\nstate = "published"\n',
        "catalogue/2026/items.csv": _ITEMS,
        "catalogue/2026/fields.csv": _FIELDS,
        "catalogue/departments.csv": "department,name_zh,name_en\nSCJG,市场监督管理局,Market regulation\n",
        "catalogue/regions.csv": "region_code,name_zh,name_en,level,parent\n130000,河北省,Hebei,province,\n",
        "catalogue/code_lists.csv": "code_list,code,name_zh,name_en\n"
        + "".join(f"licence_kind,{kind},{kind},{kind}\n" for kind in KINDS),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    rows = _rows(records, np.random.default_rng(seed))
    moment = datetime(2026, 10, 1, 8, tzinfo=timezone(timedelta(hours=8)))
    lines = ["path,item_code,department,region_code,delivered_at,period,zero_report"]
    for number, start in enumerate(np.linspace(0, records, deliveries + 1).astype(int)[:-1]):
        end = int((number + 1) * records / deliveries)
        csv.write_csv(
            rows.slice(start, end - start), folder / f"inbox/{number:06d}.csv", csv.WriteOptions(quoting_style="none")
        )
        lines.append(f"{number:06d}.csv,XK-001,SCJG,130000,{(moment + timedelta(seconds=number)).isoformat()},,")
    (folder / "inbox/manifest.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _rows(records: int, random: np.random.Generator) -> pa.Table:
    letters = np.array(list(USCC_ALPHABET))
    bodies = ["91130100" + "".join(row) for row in letters[random.integers(0, 31, (SUBJECTS, 9))]]
    codes = np.array([body + uscc_check_character(body) for body in bodies])
    names = np.array([f"河北样例{number:06d}有限公司" for number in range(SUBJECTS)])
    subject = random.integers(0, SUBJECTS, records)
    days = np.datetime64(date(2026, 7, 1)) + random.integers(0, 90, records)
    return pa.table(
        {
            "record_id": [f"XK-{number:09d}" for number in range(records)],
            "subject_id": pa.array(codes[subject]),
            "subject_name": pa.array(names[subject]),
            "subject_kind": ["legal_person"] * records,
            "event_date": pa.array(days.astype(str)),
            "licence_kind": pa.array(KINDS[random.integers(0, len(KINDS), records)]),
            "content": [f"content-{number % 1000}" for number in range(records)],
            "valid_until": ["2030-12-31"] * records,
            "action": [""] * records,
        }
    )


def main() -> None:
    """Make the data, run both sides in alternation, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--tiny", type=int, default=10_000)
    parser.add_argument("--folder", type=Path, default=Path("/tmp/creditlab-benchmark"))
    chosen = parser.parse_args()
    creditlab = [str(Path(sys.executable).parent / "creditlab"), "--workspace"]
    large, tiny = chosen.folder / "large", chosen.folder / "tiny"
    make_workspace(large, chosen.records, 50)
    copy = f"COPY (FROM read_csv('{large}/inbox/0*.csv', all_varchar = true)) TO '{chosen.folder}/copy.parquet'"
    costs = alternate(
        {
            "DuckDB: CSV to Parquet": ([sys.executable, "-c", f'import duckdb; duckdb.sql("{copy}")'], lambda: None),
            "creditlab ingest": ([*creditlab, str(large), "ingest"], lambda: _forget(large)),
        }
    )
    text = f"{chosen.records:,} records in 50 CSV deliveries, every check, payloads kept, {os.cpu_count()} cores.\n\n"
    write_section(ROOT / "docs/benchmarks.md", "Ingest", text + table(costs, "DuckDB: CSV to Parquet"))
    make_workspace(tiny, 10 * chosen.tiny, chosen.tiny)
    cost = alternate({"creditlab ingest": ([*creditlab, str(tiny), "ingest"], lambda: _forget(tiny))}, 1)
    rate = chosen.tiny / cost["creditlab ingest"].wall
    text = f"{chosen.tiny:,} deliveries of ten records: {rate:,.0f} deliveries a second.\n\n"
    write_section(ROOT / "docs/benchmarks.md", "Tiny deliveries", text + table(cost, "creditlab ingest"))


def _forget(workspace: Path) -> None:
    shutil.rmtree(workspace / "lake", ignore_errors=True)


if __name__ == "__main__":
    main()
