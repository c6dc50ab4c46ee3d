"""The twelve measures, counted one record, one cell or one subject at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from tests.reference.days import add_update_period, due_periods, month_of
from tests.reference.identifiers import fold, fold_name
from tests.reference.rules import State, Version
from tests.reference.workspace import Delivery, Item

GROUP_COLUMNS = ("item_code", "department", "region_code", "month")
HAS = {
    "coverage_cells": {"item_code", "department", "region_code"},
    "currentness": {"item_code", "department", "region_code"},
    "coverage_subjects": {"item_code", "region_code"},
    "coverage_items": set(),
}


@dataclass(frozen=True)
class Count:
    """One thing counted: where it belongs, and what it adds."""

    measure: str
    item_code: str
    department: str
    region_code: str
    day: date | None  # any day of the month it belongs to; None where the measure has no month
    numerator: int
    denominator: int


@dataclass(frozen=True)
class Question:
    state: State
    start: date
    end: date
    as_of: date

    def holds(self, day: date) -> bool:
        return self.start <= day < self.end

    @property
    def current(self) -> list[Version]:
        return self.state.as_of(self.as_of)

    @property
    def records(self) -> list[Version]:
        """R."""
        return [v for v in self.current if self.holds(v.event_date)]

    @property
    def items(self) -> list[Item]:
        """Items in force: the edition of the year in which the period ends."""
        last_day = self.end - timedelta(days=1)
        return list(self.state.workspace.edition_for(last_day.year).items.values())

    @property
    def arrived(self) -> list[Delivery]:
        return [d for d in self.state.workspace.deliveries if d.received_on <= self.as_of]

    def cells(self, item: Item) -> list[tuple[str, str]]:
        """The department and unit of each expected cell of an item."""
        regions = self.state.workspace.regions
        units = [code for code, level in regions.items() if level == item.reporting_level]
        return [(department, unit) for department in item.departments for unit in units]


def count_records(q: Question) -> Iterator[Count]:
    for r in q.records:
        place = (r.item_code, r.department, r.region_code, r.event_date)
        subject = q.state.workspace.subjects.get(r.subject_id)
        yield Count("timeliness", *place, int(r.timely), 1)
        yield Count("completeness", *place, r.filled, r.required)
        yield Count("validity", *place, int(not r.faults), 1)
        yield Count("uniqueness", *place, int("duplicate_key" not in r.faults), 1)
        yield Count("consistency_subject", *place, int(subject is not None), 1)
        # Only natural persons' names are not kept; an organisation without a name doesn't agree.
        if subject is not None and r.subject_kind != "natural_person":
            same = fold_name(r.subject_name) == fold_name(subject["subject_name"])
            yield Count("consistency_name", *place, int(same), 1)


def count_quarantined(q: Question) -> Iterator[Count]:
    for o in q.state.outcomes:
        day = o.delivery.received_on
        if o.outcome == "quarantined" and q.holds(day) and day <= q.as_of:
            d = o.delivery
            yield Count("validity", d.item_code, d.department, d.region_code, day, 0, 1)


def count_punctuality(q: Question) -> Iterator[Count]:
    day = q.start
    while day < q.end:
        # Each due period by the edition of the year in which it ends.
        for item in q.state.workspace.edition_for(day.year).items.values():
            if item.update_period == "event":
                continue
            for name, last_day in due_periods(item.update_period, day, day + timedelta(days=1)):
                due_date = last_day + timedelta(days=item.grace_days)
                for department, unit in q.cells(item):
                    days = [
                        d.received_on
                        for d in q.arrived
                        if (d.item_code, d.department, d.region_code) == (item.item_code, department, unit)
                        and d.period == name
                    ]
                    if days or due_date <= q.as_of:
                        punctual = bool(days) and min(days) <= due_date
                        yield Count("punctuality", item.item_code, department, unit, last_day, int(punctual), 1)
        day += timedelta(days=1)


def zero_reports(q: Question) -> set[tuple[str, str, str]]:
    """Cells with a zero report for a due period of the period."""
    found = set()
    for item in q.items:
        if item.update_period == "event":
            continue
        names = {name for name, _ in due_periods(item.update_period, q.start, q.end)}
        for d in q.arrived:
            if d.zero_report and d.item_code == item.item_code and d.period in names:
                found.add((d.item_code, d.department, d.region_code))
    return found


def count_cells(q: Question) -> Iterator[Count]:
    reported = zero_reports(q) | {(r.item_code, r.department, r.region_code) for r in q.records}
    items_with_something = {r.item_code for r in q.records}
    for item in q.items:
        for department, unit in q.cells(item):
            cell = (item.item_code, department, unit)
            yield Count("coverage_cells", *cell, None, int(cell in reported), 1)
            if cell in zero_reports(q):
                items_with_something.add(item.item_code)
    for item in q.items:
        there = item.item_code in items_with_something
        yield Count("coverage_items", item.item_code, "", "", None, int(there), 1)


def count_ledger(q: Question) -> Iterator[Count]:
    declared: dict[tuple[str, str, str, date], int] = {}
    for line in q.state.workspace.ledger:
        month_start, month_end = month_of(date.fromisoformat(line["month"].strip() + "-01"))
        if q.start <= month_start and month_end <= q.end:
            cell = (line["item_code"].strip(), line["department"].strip(), line["region_code"].strip(), month_start)
            declared[cell] = declared.get(cell, 0) + int(line["declared_count"])
    records = [(r.item_code, r.department, r.region_code, r.event_date.replace(day=1)) for r in q.records]
    for cell, number in declared.items():
        reported = records.count(cell)
        yield Count("coverage_ledger", *cell, min(reported, number), number)


def count_subjects(q: Question) -> Iterator[Count]:
    for item in q.items:
        if item.coverage_basis != "register":
            continue
        seen = {r.subject_id for r in q.current if r.item_code == item.item_code and r.event_date < q.end}
        for subject in q.state.workspace.subjects.values():
            if subject["subject_kind"] not in item.subject_kinds:
                continue
            if date.fromisoformat(subject["registered_on"]) >= q.end:
                continue
            gone = subject["deregistered_on"].strip()
            if gone and date.fromisoformat(gone) < q.end:
                continue
            found = fold(subject["subject_id"]) in seen
            yield Count("coverage_subjects", item.item_code, "", subject["region_code"], None, int(found), 1)


def count_currentness(q: Question) -> Iterator[Count]:
    for item in q.items:
        if item.update_period == "event":
            continue
        for department, unit in q.cells(item):
            days = [
                d.received_on
                for d in q.arrived
                if (d.item_code, d.department, d.region_code) == (item.item_code, department, unit)
            ]
            if days:
                good_until = add_update_period(max(days), item.update_period) + timedelta(days=item.grace_days)
                yield Count("currentness", item.item_code, department, unit, None, int(good_until >= q.as_of), 1)


def is_provisional(q: Question, item_code: str, end: date) -> bool:
    """Whether as_of is before the last day of the period plus the item's time limit."""
    workspace = q.state.workspace
    last_day = end - timedelta(days=1)
    item = workspace.edition_for(last_day.year).items.get(item_code)
    if item is None:
        older = [e.items[item_code] for _, e in sorted(workspace.editions.items()) if item_code in e.items]
        if not older:
            return q.as_of < last_day
        item = older[-1]
    if item.limit_in_working_days:
        mature_on = workspace.working_days.add(last_day, item.limit)
    else:
        mature_on = last_day + timedelta(days=item.limit)
    return q.as_of < mature_on


def measure(state: State, start: date, end: date, as_of: date, by: list[str]) -> list[dict[str, object]]:
    """Rows of all twelve measures, one per measure and group with something to count."""
    q = Question(state, start, end, as_of)
    counts: list[Count] = []
    for count in (
        count_records,
        count_quarantined,
        count_punctuality,
        count_cells,
        count_ledger,
        count_subjects,
        count_currentness,
    ):
        counts.extend(count(q))
    groups: dict[tuple[object, ...], list[Count]] = {}
    for c in counts:
        has = HAS.get(c.measure, set(GROUP_COLUMNS))
        row_start, row_end = start, end
        if "month" in by and "month" in has and c.day is not None:
            row_start, row_end = month_of(c.day)
        place = tuple(getattr(c, name) if name in by and name in has else "" for name in GROUP_COLUMNS[:3])
        groups.setdefault((c.measure, *place, row_start, row_end), []).append(c)
    rows = []
    for (name, item_code, department, region_code, row_start, row_end), members in sorted(groups.items()):
        denominator = sum(c.denominator for c in members)
        if denominator == 0:
            continue
        rows.append(
            {
                "measure": name,
                "item_code": item_code,
                "department": department,
                "region_code": region_code,
                "period_start": row_start,
                "period_end": row_end,
                "numerator": sum(c.numerator for c in members),
                "denominator": denominator,
                "is_provisional": any(is_provisional(q, c.item_code, row_end) for c in members),
            }
        )
    return rows
