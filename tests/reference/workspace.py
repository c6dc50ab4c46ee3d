"""Read a workspace folder: catalogue editions, lists, ledger, register and the deliveries as delivered."""

from __future__ import annotations

import csv
import hashlib
import io
import tomllib
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.reference.days import WorkingDays, parse_limit
from tests.reference.identifiers import fold

BLANKS = {"", "—", "--", "NULL"}


def is_blank(text: str | None) -> bool:
    return text is None or text.strip() in BLANKS


@dataclass(frozen=True)
class Item:
    item_code: str
    departments: tuple[str, ...]
    data_format: str
    subject_kinds: tuple[str, ...]
    reporting_level: str
    limit: int
    limit_in_working_days: bool
    update_period: str
    grace_days: int
    coverage_basis: str


@dataclass(frozen=True)
class Edition:
    year: int
    items: dict[str, Item]
    fields: dict[str, list[dict[str, str]]]


@dataclass
class Delivery:
    manifest_row: int
    item_code: str
    department: str
    region_code: str
    delivered_at: datetime
    received_on: date
    period: str
    zero_report: bool
    #: None where the file can't be read at all; a row is None where the row can't be read
    rows: list[dict[str, str] | None] | None = field(default_factory=list)


@dataclass
class Workspace:
    editions: dict[int, Edition]
    regions: dict[str, str]
    code_lists: dict[str, set[str]]
    ledger: list[dict[str, str]]
    subjects: dict[str, dict[str, str]]
    deliveries: list[Delivery]
    working_days: WorkingDays

    def edition_for(self, year: int) -> Edition:
        """The edition of the year, else the newest earlier one, else the earliest there is."""
        if year in self.editions:
            return self.editions[year]
        earlier = [y for y in self.editions if y < year]
        return self.editions[max(earlier) if earlier else min(self.editions)]


def read_list(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return list(csv.DictReader(handle))


def read_edition(folder: Path) -> Edition | None:
    with (folder / "edition.toml").open("rb") as handle:
        head = tomllib.load(handle)
    if head["state"] != "published":
        return None
    items = {}
    for line in read_list(folder / "items.csv"):
        limit, working = parse_limit(line["collection_time_limit"])
        items[line["item_code"]] = Item(
            item_code=line["item_code"],
            departments=tuple(p.strip() for p in line["departments"].split(";") if p.strip()),
            data_format=line["data_format"],
            subject_kinds=tuple(p.strip() for p in line["subject_kinds"].split(";") if p.strip()),
            reporting_level=line["reporting_level"],
            limit=limit,
            limit_in_working_days=working,
            update_period=line["update_period"],
            grace_days=int(line["delivery_grace_days"] or 0),
            coverage_basis=line["coverage_basis"],
        )
    fields: dict[str, list[dict[str, str]]] = {}
    for line in read_list(folder / "fields.csv"):
        fields.setdefault(line["data_format"], []).append(line)
    return Edition(head["year"], items, fields)


def read_delivered(data: bytes) -> list[dict[str, str] | None] | None:
    """The rows of a delivered CSV file, in UTF-8 (with or without BOM) or GB18030, comma or tab."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError:
            return None
    if not text.strip():
        return None
    first_line = text.splitlines()[0]
    delimiter = "\t" if "\t" in first_line and "," not in first_line else ","
    lines = [line for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if line]
    header = [name.strip() for name in lines[0]]
    if len(set(header)) != len(header):
        return None
    rows: list[dict[str, str] | None] = []
    for line in lines[1:]:
        rows.append(dict(zip(header, line, strict=True)) if len(line) == len(header) else None)
    return rows


def read_deliveries(inbox: Path, zone: ZoneInfo) -> list[Delivery]:
    """The manifest's deliveries, a known one (same row, same file) once only."""
    deliveries = []
    known = set()
    for number, line in enumerate(read_list(inbox / "manifest.csv")):
        path = line["path"].strip()
        if path and not (inbox / path).is_file():
            # Announced, but not there yet: no delivery until its file comes.
            continue
        data = (inbox / path).read_bytes() if path else b""
        mark = (tuple(line.items()), hashlib.sha256(data).hexdigest())
        if mark in known:
            continue
        known.add(mark)
        moment = datetime.fromisoformat(line["delivered_at"])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        zero_report = line["zero_report"].strip().lower() == "true"
        rows: list[dict[str, str] | None] | None = []
        if path or not zero_report:
            rows = read_delivered(data)
        deliveries.append(
            Delivery(
                manifest_row=number,
                item_code=line["item_code"].strip(),
                department=line["department"].strip(),
                region_code=line["region_code"].strip(),
                delivered_at=moment,
                received_on=moment.astimezone(zone).date(),
                period=line["period"].strip(),
                zero_report=zero_report,
                rows=rows,
            )
        )
    return deliveries


def read_workspace(folder: Path) -> Workspace:
    with (folder / "creditlab.toml").open("rb") as handle:
        settings = tomllib.load(handle)
    paths = settings["paths"]
    catalogue = folder / paths["catalogue"]
    zone = ZoneInfo(settings.get("time", {}).get("zone", "Asia/Shanghai"))
    editions = [read_edition(p) for p in sorted(catalogue.iterdir()) if p.is_dir()]
    code_lists: dict[str, set[str]] = {}
    for line in read_list(catalogue / "code_lists.csv"):
        code_lists.setdefault(line["code_list"], set()).add(line["code"])
    return Workspace(
        editions={e.year: e for e in editions if e is not None},
        regions={r["region_code"]: r["level"] for r in read_list(catalogue / "regions.csv")},
        code_lists=code_lists,
        ledger=read_list(folder / paths["ledger"]),
        subjects={fold(s["subject_id"]): s for s in read_list(folder / paths["subjects"])},
        deliveries=read_deliveries(folder / paths["inbox"], zone),
        working_days=WorkingDays(settings["calendar"]["country"]),
    )
