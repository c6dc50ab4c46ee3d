"""When a record's publication is over, plainly, from the dated rules and the catalogue's files: standard library."""

from __future__ import annotations

import csv
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from tests.reference.assessment import later

RULES = Path(__file__).resolve().parents[2] / "data_samples/publication.toml"


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def items_by_year(catalogue: Path) -> dict[int, dict[str, dict[str, str]]]:
    """Each edition's items by code."""
    return {
        int(folder.parent.name): {one["item_code"]: one for one in table(folder)}
        for folder in sorted(catalogue.glob("*/items.csv"))
    }


def item_on(items: dict[int, dict[str, dict[str, str]]], code: str, day: date) -> dict[str, str]:
    """An item as the edition of the event's year describes it, or the newest that has it."""
    earlier = [year for year in items if year <= day.year] or [min(items)]
    found = items[max(earlier)].get(code)
    return found or next(items[year][code] for year in sorted(items, reverse=True) if code in items[year])


def outcome_field(data_format: str) -> str:
    """The field of a data format that tells how a matter ended."""
    return str(tomllib.loads(RULES.read_text(encoding="utf-8"))["outcomes"].get(data_format, {}).get("field", ""))


def published_until(item: dict[str, str], outcome: str | None, event: date, received: date, as_of: date) -> date | None:
    """The first day on which a record is not used any more; None where there is no end."""
    content: dict[str, Any] = tomllib.loads(RULES.read_text(encoding="utf-8"))
    rules = [one for one in content["rules"] if one["from"] <= as_of][-1]
    meanings = content["outcomes"].get(item["data_format"], {})
    months = [int(item["publication_months"])] if item["publication_months"] else []
    if item["nature"] in content["nature"]:
        kind = next((one for one in ("minor", "general", "serious") if outcome in meanings.get(one, [])), None)
        months.append(rules[kind or content["nature"][item["nature"]]]["most"])
    ends = [later(event, one) for one in months]
    if outcome in meanings.get("ended", []):
        ends.append(received)
    return min(ends, default=None)
