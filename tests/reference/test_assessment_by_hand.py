"""The example of docs/assessment.md from the delivered files alone: nothing of creditlab, the standard library only."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

from tests.reference.assessment import Row, Standing, assess, later, milli, read
from tests.reference.publication import item_on, items_by_year, outcome_field, published_until, table

ROOT = Path(__file__).resolve().parents[2]
SAMPLES, PAGE = ROOT / "data_samples", (ROOT / "docs/assessment.md").read_text(encoding="utf-8")


def said(name: str) -> str:
    """A cell of the page's first table of the example."""
    found = re.search(rf"^\| {name} \| (.+) \|$", PAGE, re.MULTILINE)
    assert found
    return found[1]


SUBJECT, AS_OF = said("subject"), date.fromisoformat(said("as of"))
WRITTEN = re.findall(r"^\| ([A-Z]{2}\d{3}-\d{6}) \| (\S+) \| (\S+) \| ([+-][\d.]+) \|$", PAGE, re.MULTILINE)


def text_of(path: Path) -> str:
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise AssertionError(path.name)


def workbook_bytes(path: Path) -> bytes:
    """What stands in a workbook, without understanding it."""
    if path.suffix == ".xls":
        return path.read_bytes().replace(b"\x00", b"")
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def delivered() -> Iterator[tuple[Row, Row]]:
    """Each delivery with each of its rows, in the order in which rows count."""
    deliveries = [one for one in table(SAMPLES / "inbox/manifest.csv") if one["path"]]
    for delivery in sorted(deliveries, key=lambda one: one["delivered_at"]):
        path = SAMPLES / "inbox" / delivery["path"]
        if path.suffix != ".csv":
            assert SUBJECT.encode() not in workbook_bytes(path), "take another subject: this one is in a workbook"
            continue
        text = text_of(path)
        delimiter = "\t" if "\t" in text.split("\n", 1)[0] else ","
        for row in csv.DictReader(io.StringIO(text), delimiter=delimiter):
            yield delivery, {name: (value or "").strip() for name, value in row.items()}


def states() -> dict[tuple[str, str, str], Row]:
    """The subject's records as they stood on the day, each with its delivery."""
    found: dict[tuple[str, str, str], Row] = {}
    for delivery, row in delivered():
        day = date.fromisoformat(delivery["delivered_at"][:10])
        if row.get("subject_id") != SUBJECT or day > AS_OF:
            continue
        key = (delivery["item_code"], delivery["department"], row["record_id"])
        old, action = found.get(key), row.get("action") or "add"
        content = {name: value for name, value in row.items() if name != "action"}
        state = {"withdraw": "withdrawn", "repair": "repaired", "dispute": "disputed"}.get(action, "normal")
        if old and action == "add":
            # A plain row that says the same is a repetition and clears nothing.
            state = old["state"] if old["content"] == content else "normal"
        first = old["first_received_on"] if old else day
        found[key] = {"content": content, "state": state, "received_on": day, "first_received_on": first} | {
            "region_code": delivery["region_code"]
        }
    return found


def evidence() -> Iterator[Row]:
    """What is held about the subject, with the reason why it may not count."""
    items = items_by_year(SAMPLES / "catalogue")
    for number, ((item_code, department, record_id), held) in enumerate(sorted(states().items())):
        row = held["content"]
        event = date.fromisoformat(row["event_date"])
        item = item_on(items, item_code, event)
        outcome = row.get(outcome_field(item["data_format"])) or None
        until = published_until(item, outcome, event, held["received_on"], AS_OF)
        left_out = None if held["state"] == "normal" else held["state"]
        if held["state"] != "withdrawn" and event > held["first_received_on"]:
            left_out = "date_order"
        elif left_out is None and until is not None and until <= AS_OF:
            left_out = "publication_ended"
        yield {
            "subject_id": SUBJECT, "item_code": item_code, "department": department, "record_id": record_id,
            "region_code": held["region_code"], "key64": number, "event_date": event, "outcome": outcome,
            "valid_until": date.fromisoformat(row["valid_until"]) if row.get("valid_until") else None,
            "amount": Decimal(row["amount"]) if row.get("amount") else None,
            "published_until": until, "left_out": left_out,
        }  # fmt: skip


def standing() -> Standing:
    content = read((SAMPLES / "methodologies/sample.toml").read_text(encoding="utf-8"))
    return assess(content, evidence(), [SUBJECT], AS_OF)[SUBJECT]


def test_the_pages_example_is_what_the_delivered_files_give() -> None:
    found = standing()
    assert (found.score, found.level) == (milli(said("score")), said("level"))
    assert (found.is_provisional, found.has_information) == (False, True)
    counted = [one for one in found.findings if one["left_out"] is None]
    got = sorted((one["record_id"], str(one["event_date"]), one["indicator"], one["points"]) for one in counted)
    assert got == sorted((record, day, indicator, milli(points)) for record, day, indicator, points in WRITTEN)
    reasons = sorted(one["left_out"] for one in found.findings if one["left_out"])
    assert reasons == ["counted_once", "other_value", *["publication_ended"] * 3, "withdrawn"]


def test_the_pages_day_of_change_is_the_first_one() -> None:
    content = read((SAMPLES / "methodologies/sample.toml").read_text(encoding="utf-8"))
    held = list(evidence())
    days = [date.fromordinal(AS_OF.toordinal() + number) for number in range(100)]
    levels = {day: assess(content, held, [SUBJECT], day)[SUBJECT].level for day in days}
    day = next(day for day in days if levels[day] != said("level"))
    assert f"{levels[day]} on {day.isoformat()}" in " ".join(PAGE.split())
    assert day == later(date(2026, 6, 26), 6)
