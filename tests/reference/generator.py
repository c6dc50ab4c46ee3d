"""Random small workspaces, wider than the example: every rule of ingest has its rows. All of it is synthetic.

The calendar's official end is 2026-12-31: deliveries stop in November 2026, so every lag can be counted.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random

from tests.reference.days import period_name
from tests.reference.generator_catalogue import CODE_LISTS, DEPARTMENTS, REGIONS, make_catalogue, write_csv
from tests.reference.identifiers import USCC_ALPHABET, resident_check, uscc_check

SETTINGS = """[paths]
catalogue = "catalogue"
inbox = "inbox"
ledger = "ledger.csv"
subjects = "subjects.csv"
lake = "lake"
reports = "reports"

[engine]
url = "duckdb://"

[calendar]
country = "CN"

[report]
language = "en"
"""
ACTIONS = ["", "", "", "", "add", "correct", "correct", "withdraw", "dispute", "dispute", "resolve", "repair"]
REGION_CODES = [code for code, _, _ in REGIONS]
LAST_DAY = date(2026, 11, 20)
Row = dict[str, str]


def make_uscc(random: Random, start: str) -> str:
    body = start + "130100" + "".join(random.choice(USCC_ALPHABET) for _ in range(9))
    return body + uscc_check(body)


def make_resident_id(random: Random) -> str:
    """A made-up resident ID: a region, a plausible birth date, a serial number and its check digit."""
    born = date(1950, 1, 1) + timedelta(days=random.randrange(19000))
    body = f"130102{born:%Y%m%d}{random.randrange(1000):03d}"
    return body + resident_check(body)


def widen(text: str) -> str:
    """The same ASCII in full-width forms."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


@dataclass
class Maker:
    random: Random
    years: dict[int, tuple[list[dict[str, str]], dict[str, list[dict[str, str]]]]]
    subjects: list[Row] = field(default_factory=list)
    locals: list[Row] = field(default_factory=list)
    #: the last delivered row of each record, by item and department
    records: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    serial: int = 0
    #: one made-up person whose number turns up inside text fields
    stray_id: str = ""

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def make_subjects(self) -> list[Row]:
        kinds = (
            [("legal_person", "91")] * 14
            + [("unincorporated_organisation", "52")] * 8
            + [("government_body", "11")] * 4
            + [("natural_person", "92")] * 5
            + [("natural_person", "")] * 5
        )
        for number, (kind, start) in enumerate(kinds):
            code = make_uscc(self.random, start) if start else make_resident_id(self.random)
            self.subjects.append(self.make_subject(number, kind, code))
        for number in range(8):
            kind = "natural_person" if number < 2 else "legal_person"
            self.locals.append(self.make_subject(100 + number, kind, f"L-{number:04d}"))
        return [s for s in self.subjects + self.locals if self.chance(0.9)]

    def make_subject(self, number: int, kind: str, code: str) -> Row:
        name = self.random.choice(
            [f"样例{number:03d}有限公司", f"Sample {number:03d} (North) Co", f"样例（分部）{number:03d}店"]
        )
        gone = self.random.choice([""] * 8 + ["2025-12-31", "2026-06-30", "2026-09-30", "2026-10-01", "2026-12-01"])
        return {
            "subject_id": code,
            "subject_kind": kind,
            "subject_name": name,
            "region_code": self.random.choice(REGION_CODES[1:]),
            "industry_code": self.random.choice("ABCDE"),
            "registered_on": self.random.choice(["2015-03-01"] * 5 + ["2026-07-31", "2026-10-01", "2026-09-30"]),
            "deregistered_on": gone,
        }

    def vary_name(self, name: str) -> str:
        luck = self.random.random()
        if luck < 0.6:
            return name
        if luck < 0.66:
            return widen(name.upper())
        if luck < 0.72:
            return name.replace("(", "【").replace(")", "】").replace("（", "[").replace("）", "]")
        if luck < 0.78:
            return f" {name[:3]} {name[3:]}\u3000".lower()
        if luck < 0.84:
            return name.replace("(North)", "").replace("（分部）", "")
        if luck < 0.88:
            return self.random.choice(["", " ", "—", "NULL"])
        return name + "更正" if luck < 0.94 else name

    def vary_id(self, code: str) -> str:
        luck = self.random.random()
        if luck < 0.8:
            return code
        if luck < 0.86:
            return widen(code.lower())
        if luck < 0.9:
            return f" {code.lower()} "
        if luck < 0.94:
            return code[:-1]
        if luck < 0.97:
            return code[:-1] + ("0" if code[-1] != "0" else "1")
        return self.random.choice(["", "—", " "])

    def make_value(self, line: dict[str, str], day: date) -> str:
        name = line["field"]
        random = self.random
        if self.chance(0.2 if name == "report_no" else 0.06):
            return random.choice(["", "", " ", "—", "--", "NULL"])
        if line.get("code_list"):
            return "不存在" if self.chance(0.08) else random.choice(CODE_LISTS[line["code_list"]])
        if line["type"] == "date":
            if self.chance(0.08):
                return random.choice(["not-a-date", "2026-02-30", "2026-13-45"])
            return random.choice([(day + timedelta(days=random.randrange(900))).isoformat(), "2099-12-31"])
        if line["type"] == "decimal":
            return random.choice(["0", "12.5", "3", "7.10", "50", "80.25", "99.5", "100", "-1", "abc"])
        if line["type"] == "integer":
            return random.choice(["1", "500", "12", "33", "8", "100", "0", "501", "12.5", "x"])
        if name == "basis":
            return random.choice([*(f"basis-{n}" for n in range(30)), "basis-", "Basis-12", "basis-1a"])
        if name == "court":
            return random.choice(["court-1", "Court-1", "court-2", "ｃｏｕｒｔ-1"])
        if line.get("role") == "key":
            return f"{name}-{random.randrange(12)}"
        if self.chance(0.06):
            return random.choice([f"见{self.stray_id}号", self.stray_id.lower()])
        return f"{name}-{random.randrange(100)}" + ("字" * 22 if self.chance(0.05) else "")

    def make_event_date(self, day: date) -> str:
        random = self.random
        luck = random.random()
        if luck < 0.04:
            return random.choice(["", "—", "2026-02-30", "2026-13-45", "not-a-date"])
        if luck < 0.1:
            return (day + timedelta(days=random.randrange(1, 20))).isoformat()
        if luck < 0.13:
            form = random.choice(["%Y/%m/%d", "%Y%m%d", "%Y.%m.%d", "%Y年%m月%d日", " %Y-%m-%d "])
            return (day - timedelta(days=random.randrange(0, 45))).strftime(form)
        if luck < 0.23:
            return (day - timedelta(days=random.randrange(100, 600))).isoformat()
        return (day - timedelta(days=random.randrange(0, 45))).isoformat()

    def make_record(self, item: Row, lines: list[dict[str, str]], day: date) -> Row:
        self.serial += 1
        local = any(line.get("pattern") == "local" for line in lines)
        subjects = self.locals if local else self.subjects
        covered = [s for s in subjects if s["subject_kind"] in item["subject_kinds"].split(";")]
        subject = self.random.choice(covered if self.chance(0.9) else subjects)
        row = {line["field"]: self.make_value(line, day) for line in lines}
        row["record_id"] = "" if self.chance(0.03) else f"Rec-{self.serial:04d}"
        if local:
            code = subject["subject_id"]
            row["subject_id"] = self.random.choice([code, code.lower(), widen(code), f"l-9{self.serial:03d}"])
        else:
            row["subject_id"] = self.vary_id(subject["subject_id"])
        row["subject_name"] = self.vary_name(subject["subject_name"])
        kind = subject["subject_kind"]
        if kind == "natural_person":
            # An identifier cut short no longer tells a person by itself, so the row must.
            row["subject_kind"] = kind if local or self.chance(0.7) else "legal_person"
        else:
            others = ["legal_person", "unincorporated_organisation", "government_body", "company", "", "—"]
            row["subject_kind"] = self.random.choice(others) if self.chance(0.08) else kind
        row["event_date"] = self.make_event_date(day)
        row["action"] = self.random.choice(ACTIONS[4:]) if self.chance(0.08) else ""
        return row

    def make_follower(self, before: Row, lines: list[dict[str, str]], day: date) -> Row:
        """A row about a record that is known: the same content or another, with any action."""
        row = dict(before)
        row["action"] = self.random.choice(ACTIONS) if self.chance(0.97) else "delete"
        if self.chance(0.45):
            line = self.random.choice(lines)
            name = line["field"]
            if name == "event_date":
                row[name] = self.make_event_date(day)
            elif name == "subject_name":
                row[name] = row[name] + "更正"
            elif name not in ("record_id", "subject_id", "subject_kind"):
                row[name] = self.make_value(line, day)
        if self.chance(0.1):
            row["record_id"] = self.random.choice([widen(row["record_id"]), row["record_id"].lower()])
        return row

    def make_rows(self, item: dict[str, str], lines: list[dict[str, str]], department: str, day: date) -> list[Row]:
        pool = self.records.setdefault((item["item_code"], department), [])
        rows = []
        for _ in range(self.random.randint(1, 8)):
            if pool and self.chance(0.5):
                # Mostly a recent one, so that some records see many actions.
                index = self.random.randrange(max(0, len(pool) - 4) if self.chance(0.8) else 0, len(pool))
                row = self.make_follower(pool[index], lines, day)
                # Sometimes the older content stays in the pool, so that it comes again after a change.
                if self.chance(0.6):
                    pool[index] = row
            else:
                row = self.make_record(item, lines, day)
                pool.append(row)
            rows.append(row)
        return rows

    def make_file(self, columns: list[str], rows: list[Row]) -> bytes:
        random = self.random
        luck = random.random()
        if luck < 0.02:
            return b""
        if luck < 0.03:
            return b"record_id,\xff\xff\x80\xff\n\xff\x80,\xff\n"
        out = io.StringIO()
        writer = csv.writer(out, delimiter="\t" if self.chance(0.15) else ",", lineterminator="\n")
        columns = columns if self.chance(0.8) else random.sample(columns, len(columns))
        writer.writerow(columns)
        for row in rows if luck > 0.06 else []:
            cells = [row[name] for name in columns]
            if self.chance(0.01):
                cells = random.choice([cells[:-2], [*cells, "extra"]])
            writer.writerow(cells)
        return out.getvalue().encode(random.choice(["utf-8"] * 4 + ["utf-8-sig", "gbk", "gb18030"]))


def make_day(random: Random) -> date:
    """Most deliveries fall about the third quarter of 2026; some a year before."""
    if random.random() < 0.2:
        return date(2025, 6, 1) + timedelta(days=random.randrange(300))
    return date(2026, 6, 1) + timedelta(days=random.randrange((LAST_DAY - date(2026, 6, 1)).days))


def make_workspace(folder: Path, seed: int, distinct_times: bool = False) -> Path:
    """Write a workspace; with `distinct_times` no two deliveries arrive at the same moment."""
    random = Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "creditlab.toml").write_text(SETTINGS, encoding="utf-8")
    years = make_catalogue(folder / "catalogue", random)
    maker = Maker(random, years, stray_id=make_resident_id(random))
    register = maker.make_subjects()
    write_csv(folder / "subjects.csv", list(register[0]), register)
    days = sorted(make_day(random) for _ in range(random.randint(10, 60)))
    manifest = [make_delivery(folder / "inbox", maker, number, day) for number, day in enumerate(days)]
    for line in random.sample(manifest, 3):
        # The same file again: once more in the same manifest row (known), or delivered later.
        later = datetime.fromisoformat(line["delivered_at"]) + timedelta(days=random.choice([0, 1, 9]))
        manifest.append({**line, "delivered_at": later.isoformat()})
    if random.random() < 0.5:
        random.shuffle(manifest)
    if distinct_times:
        for number, line in enumerate(manifest):
            moment = datetime.fromisoformat(line["delivered_at"]) + timedelta(seconds=number)
            line["delivered_at"] = moment.isoformat()
    columns = ["path", "item_code", "department", "region_code", "delivered_at", "period", "zero_report"]
    write_csv(folder / "inbox" / "manifest.csv", columns, manifest)
    write_csv(
        folder / "ledger.csv",
        ["item_code", "department", "region_code", "month", "declared_count"],
        make_ledger(random, years),
    )
    return folder


def make_delivery(inbox: Path, maker: Maker, number: int, day: date) -> Row:
    """One manifest row and its file."""
    random = maker.random
    known = {item["item_code"]: (item, fields) for items, fields in maker.years.values() for item in items}
    in_force = [item["item_code"] for item in maker.years[max(maker.years)][0]]
    item, fields = known[random.choice(in_force if maker.chance(0.95) else sorted(known))]
    # The columns of every edition: a value that the row's edition doesn't ask for is simply there.
    lines = fields[item["data_format"]]
    department = random.choice(item["departments"].split(";"))
    level = {code: level for code, level, _ in REGIONS}
    region = random.choice([code for code in REGION_CODES if level[code] == item["reporting_level"]])
    if maker.chance(0.05):
        department = random.choice([*DEPARTMENTS, "XXXX"])
    if maker.chance(0.06):
        region = random.choice([*REGION_CODES, "999999"])
    hour = random.choice(["00:30:00+08:00", "08:00:00+08:00", "08:00:00+08:00", "23:30:00+08:00", "16:30:00+00:00"])
    line = {
        "path": f"{item['item_code']}_{department}_{region}_{number:05d}.csv",
        "item_code": "ZZ-999" if maker.chance(0.02) else item["item_code"],
        "department": department,
        "region_code": region,
        "delivered_at": f"{day.isoformat()}T{hour}",
        "period": "",
        "zero_report": "",
    }
    update_period = item["update_period"]
    if update_period != "event" and maker.chance(0.9):
        line["period"] = period_name(day - timedelta(days=random.choice([0, 1, 4, 20, 40])), update_period)
    elif maker.chance(0.1):
        line["period"] = random.choice(["2026-07", "2026Q3", "2026-W32", "2026H2", "2026", "soon"])
    if maker.chance(0.1):
        return {**line, "path": "", "zero_report": "true"}
    rows = maker.make_rows(item, lines, department, day)
    columns = [*(f["field"] for f in lines), "action"]
    inbox.mkdir(parents=True, exist_ok=True)
    if not maker.chance(0.01):
        (inbox / line["path"]).write_bytes(maker.make_file(columns, rows))
    return line


def make_ledger(random: Random, years: dict[int, tuple[list[dict[str, str]], dict]]) -> list[Row]:
    """Declared counts for some cells and months, more and fewer than were delivered."""
    found = {}
    for items, _ in years.values():
        for item in items:
            if item["coverage_basis"] != "ledger":
                continue
            for department in item["departments"].split(";"):
                for region in REGION_CODES:
                    for month in ("2025-09", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10"):
                        if random.random() < 0.3:
                            found[item["item_code"], department, region, month] = str(random.randint(1, 4))
    return [
        {"item_code": i, "department": d, "region_code": r, "month": m, "declared_count": n}
        for (i, d, r, m), n in found.items()
    ]
