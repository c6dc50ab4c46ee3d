"""The synthetic province's fixed parts, as packaged lists: items, record schemas, departments, units, code lists."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cache
from importlib import resources

from creditlab.catalogue.edition import TimeLimit
from creditlab.catalogue.reading import split_list
from creditlab.errors import InternalError
from creditlab.terms import CoverageBasis, ReportingLevel, SubjectKind, UpdatePeriod

#: The editions that the province has published.
YEARS = (2025, 2026)


@dataclass(frozen=True)
class ItemPlan:
    """An item and how it is delivered: rhythm (weekly, half-monthly, or by its update period) and monthly volume."""

    code: str
    departments: tuple[str, ...]
    data_format: str
    kinds: tuple[SubjectKind, ...]
    level: ReportingLevel
    limits: dict[int, TimeLimit]
    update_period: UpdatePeriod
    grace_days: int
    basis: CoverageBasis
    rhythm: str
    volume: float
    event_month: int | None

    def in_force(self, year: int) -> bool:
        """Whether the year's edition has the item."""
        return year in self.limits


@cache
def packaged(name: str) -> tuple[dict[str, str], ...]:
    """The rows of a packaged list, as text."""
    text = (resources.files("creditlab.synth") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(io.StringIO(text)))


def items_of(year: int) -> list[dict[str, str]]:
    """The items of a year's edition, with the alterations that reached it."""
    found = []
    for row in packaged("items"):
        if not int(row["first_year"]) <= year <= int(row["last_year"] or 9999):
            continue
        altered = {
            one["column"]: one["value"]
            for one in packaged("alterations")
            if one["item_code"] == row["item_code"] and int(one["year"]) <= year
        }
        found.append(row | altered)
    return found


def fields_of(year: int) -> list[dict[str, str]]:
    """The record schemas' own fields in a year's edition, with the alterations that reached it."""
    found = []
    for row in packaged("fields"):
        altered = {
            one["column"]: one["value"]
            for one in packaged("field_alterations")
            if (one["data_format"], one["field"]) == (row["data_format"], row["field"]) and int(one["year"]) <= year
        }
        found.append(row | altered)
    return found


def plans() -> list[ItemPlan]:
    """All items of all editions, in the order of the packaged list."""
    limits: dict[str, dict[int, TimeLimit]] = {}
    for year in YEARS:
        for row in items_of(year):
            limit = TimeLimit.parse(row["collection_time_limit"])
            if limit is None:
                raise InternalError("a packaged item has no time limit", where=row["item_code"])
            limits.setdefault(row["item_code"], {})[year] = limit
    return [
        ItemPlan(
            row["item_code"],
            split_list(row["departments"]),
            row["data_format"],
            tuple(SubjectKind(kind) for kind in split_list(row["subject_kinds"])),
            ReportingLevel(row["reporting_level"]),
            limits[row["item_code"]],
            UpdatePeriod(row["update_period"]),
            int(row["delivery_grace_days"] or 0),
            CoverageBasis(row["coverage_basis"]),
            row["rhythm"],
            float(row["volume"]),
            int(row["event_month"]) if row["event_month"] else None,
        )
        for row in packaged("items")
    ]
