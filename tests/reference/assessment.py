"""Assessment again, slowly and plainly: one record after the other, with the standard library only.

It reads the methodology file itself and knows nothing of how the program does it.
"""

from __future__ import annotations

import calendar
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

Row = dict[str, Any]


def later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def milli(number: Any) -> int:
    return int(Decimal(str(number)) * 1000)


@dataclass
class Standing:
    """How one subject stands."""

    score: int | None = None
    level: str | None = None
    is_provisional: bool = False
    has_information: bool = False
    score_level: str | None = None
    findings: list[Row] = field(default_factory=list)


def read(text: str) -> dict[str, Any]:
    return tomllib.loads(text, parse_float=Decimal)


def assess(
    content: dict[str, Any], records: Iterable[Row], subjects: Iterable[str], as_of: date
) -> dict[str, Standing]:
    """Each subject's standing, with its findings."""
    found: dict[str, list[Row]] = {one: [] for one in subjects}
    for record in records:
        if record["subject_id"] in found:
            found[record["subject_id"]] += look_at(content, record, as_of)
    return {subject: rebuild(content, keep_newest(content, findings)) for subject, findings in found.items()}


def look_at(content: dict[str, Any], record: Row, as_of: date) -> list[Row]:
    """What the methodology sees in one record: a finding of an indicator, and one of an override."""
    found = []
    of_item = [one for one in content["indicator"] if record["item_code"] in one["items"]]
    matching = [one for one in of_item if fits(one, record)]
    if of_item:
        rule = (matching or of_item)[0]
        points, reason = weigh(content, rule, record, as_of, bool(matching))
        found.append(finding(record, rule, points, reason))
    for rule in content.get("override", []):
        is_young = not rule.get("below_months") or later(record["event_date"], rule["below_months"]) > as_of
        if record["item_code"] in rule["items"] and fits(rule, record) and is_young:
            found.append(finding(record, rule, 0, taken_out(record, as_of) or record["left_out"]))
    return found


def fits(rule: Row, record: Row) -> bool:
    return "when" not in rule or record["outcome"] in rule["when"]["values"]


def taken_out(record: Row, as_of: date) -> str | None:
    if record["left_out"] and record["left_out"] != "disputed":
        return str(record["left_out"])
    if record["published_until"] and record["published_until"] <= as_of:
        return "publication_ended"
    return None


def weigh(content: dict[str, Any], rule: Row, record: Row, as_of: date, is_match: bool) -> tuple[int, str | None]:
    """The points of a record, or why it has none."""
    if reason := taken_out(record, as_of):
        return 0, reason
    if not is_match:
        return 0, "other_value"
    if rule.get("in_force") and record["valid_until"] and record["valid_until"] < as_of:
        return 0, "expired"
    points = faded(content, rule, record["event_date"], as_of)
    if points is None:
        return 0, "too_old"
    if rule["counted"] == "sum":
        units = int(min(max(record["amount"] or 0, 0), 10**12) // rule["per"])
        if not units:
            return 0, "no_amount"
        points *= min(units, 10**6)
    return (0, "disputed") if record["left_out"] else (points, None)


def faded(content: dict[str, Any], rule: Row, event: date, as_of: date) -> int | None:
    for step in rule.get("days", []):
        if (as_of - event).days < step["below"]:
            return milli(step["points"])
    for step in content["decay"][rule["decay"]] if "decay" in rule else []:
        if later(event, step["below"]) > as_of:
            return int(milli(rule["points"]) * step["percent"] / Decimal(100))
    return None


def finding(record: Row, rule: Row, points: int, reason: str | None) -> Row:
    shown = ("subject_id", "item_code", "department", "region_code", "record_id", "key64", "event_date")
    about = {"indicator": rule["code"], "dimension": rule.get("dimension"), "legal_basis": rule["legal_basis_en"]}
    return {name: record[name] for name in shown} | about | {"points": points, "left_out": reason}


def keep_newest(content: dict[str, Any], findings: list[Row]) -> list[Row]:
    """Of what counts once, the newest record counts."""
    for rule in content["indicator"]:
        if rule["counted"] in ("any", "days_since"):
            mine = [one for one in findings if one["indicator"] == rule["code"] and one["left_out"] is None]
            mine.sort(key=lambda one: (-one["event_date"].toordinal(), one["key64"]))
            for one in mine[1:]:
                one.update(points=0, left_out="counted_once")
    return findings


def rebuild(content: dict[str, Any], findings: list[Row]) -> Standing:
    """A standing from findings alone."""
    counted = [one for one in findings if one["left_out"] is None]
    provisional = any(one["left_out"] == "disputed" for one in findings)
    if not counted:
        return Standing(is_provisional=provisional, findings=findings)
    head = content["methodology"]
    score = milli(head["base"])
    for rule in content["indicator"]:
        points, cap = sum(one["points"] for one in counted if one["indicator"] == rule["code"]), milli(rule["cap"])
        score += max(-cap, min(cap, points))
    score = max(milli(head["lowest"]), min(milli(head["highest"]), score))
    order = [one["code"] for one in content["level"]]
    by_score = next(one["code"] for one in content["level"] if score >= milli(one["from"]))
    levels = [by_score]
    for rule in content.get("override", []):
        levels += [rule["level"] for one in counted if one["indicator"] == rule["code"]]
    return Standing(score, max(levels, key=order.index), provisional, True, by_score, findings)
