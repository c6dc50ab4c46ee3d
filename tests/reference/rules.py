"""The ingest rules, row by row: what becomes of each row, and the versions of each key.

Slow and obvious on purpose. All rows are sorted once into the order in which they count, then
taken one at a time; nothing is ever judged again, because nothing here arrives late.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from tests.reference.identifiers import fold, has_resident_id, is_resident_id, is_uscc
from tests.reference.workspace import Delivery, Edition, Item, Workspace, is_blank, read_workspace

STATE_AFTER = {
    "add": "normal",
    "correct": "normal",
    "withdraw": "withdrawn",
    "dispute": "disputed",
    "resolve": "normal",
    "repair": "repaired",
}
OUTCOMES = ("accepted", "corrected", "withdrawn", "repeated", "quarantined")
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Readings:
    """Where the rules can be read in more than one way; the defaults are the readings in force."""

    plain_change_keeps_state: bool = True  # a plain row with new content leaves a dispute standing
    correct_sets_normal: bool = True  # `correct` with the same content clears a dispute or repair
    withdrawal_takes_content: bool = True  # later rows are compared with what the withdrawal carried
    second_withdrawal_corrects: bool = True  # withdrawn again with other content: corrected
    blank_natural_key_counts: bool = False  # an empty natural key can be a duplicate
    every_row_owns_its_key: bool = True  # a row that does nothing still owns its natural key


@dataclass
class Version:
    effective_on: date
    item_code: str
    department: str
    region_code: str
    subject_id: str
    subject_kind: str
    subject_name: str
    event_date: date
    first_received_on: date
    state: str
    faults: set[str]
    filled: int
    required: int
    timely: bool
    content: dict[str, str]


@dataclass
class Outcome:
    delivery: Delivery
    row_no: int
    outcome: str
    reason: str = ""


@dataclass
class State:
    workspace: Workspace
    outcomes: list[Outcome] = field(default_factory=list)
    versions: dict[Key, list[Version]] = field(default_factory=dict)
    owners: dict[tuple[str, str, tuple[str, ...]], str] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        found = {name: sum(o.outcome == name for o in self.outcomes) for name in OUTCOMES}
        return {"delivered": len(self.outcomes), **found}

    def as_of(self, day: date) -> list[Version]:
        """The newest version of each key on that day, withdrawn ones left out."""
        current = []
        for versions in self.versions.values():
            seen = [v for v in versions if v.effective_on <= day]
            if seen and seen[-1].state != "withdrawn":
                current.append(seen[-1])
        return current


def parse_date(text: str) -> date | None:
    """A day in one of the year-first forms that departments use; None where there is no such day."""
    for form in (
        r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})",
        r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})",
        r"([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})",
        r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})日",
        r"([0-9]{4})([0-9]{2})([0-9]{2})",
    ):
        found = re.fullmatch(form, text.strip())
        if found is not None:
            try:
                return date(int(found.group(1)), int(found.group(2)), int(found.group(3)))
            except ValueError:
                return None
    return None


def parse_number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def is_of_type(text: str, kind: str) -> bool:
    if kind == "date":
        return parse_date(text) is not None
    if kind == "decimal":
        return parse_number(text) is not None
    if kind == "integer":
        return re.fullmatch(r"[+-]?[0-9]+", text.strip()) is not None
    return True


def field_faults(line: dict[str, str], text: str, workspace: Workspace) -> set[str]:
    """The faults that one filled value has of its own."""
    name, kind = line["field"], line["type"]
    if not is_of_type(text, kind):
        return {f"type:{name}"}
    faults = set()
    pattern = line["pattern"]
    if pattern and line["role"] != "subject_id" and re.search(pattern, text) is None:
        faults.add(f"pattern:{name}")
    if line["code_list"] and text.strip() not in workspace.code_lists[line["code_list"]]:
        faults.add(f"code_list:{name}")
    number = parse_number(text)
    if line["minimum"] and number is not None and number < Decimal(line["minimum"]):
        faults.add(f"minimum:{name}")
    if line["maximum"] and number is not None and number > Decimal(line["maximum"]):
        faults.add(f"maximum:{name}")
    if line["max_length"] and len(text) > int(line["max_length"]):
        faults.add(f"max_length:{name}")
    if kind == "string" and line["role"] != "subject_id" and has_resident_id(text):
        faults.add("personal_data")
    return faults


def required_values(lines: list[dict[str, str]], row: dict[str, str]) -> tuple[int, set[str]]:
    """How many values the row must have (a one-of group is one), and `missing` faults."""
    needed: dict[str, bool] = {}
    for line in lines:
        filled = not is_blank(row.get(line["field"]))
        if line["one_of_group"]:
            group = line["one_of_group"]
            needed[group] = needed.get(group, False) or filled
        elif line["required"].lower() == "true":
            needed[line["field"]] = filled
    return len(needed), {f"missing:{name}" for name, filled in needed.items() if not filled}


def value_of(lines: list[dict[str, str]], row: dict[str, str], role: str) -> str:
    """The row's value of the field with the role, empty where blank or not there."""
    for line in lines:
        if line["role"] == role:
            text = row.get(line["field"], "")
            return "" if is_blank(text) else text
    return ""


def fold_row(lines: list[dict[str, str]], row: dict[str, str]) -> dict[str, str]:
    folded = dict(row)
    for line in lines:
        if line["role"] in ("record_id", "subject_id", "key") and line["field"] in row:
            folded[line["field"]] = fold(row[line["field"]])
    return folded


def is_local(lines: list[dict[str, str]]) -> bool:
    return any(line["role"] == "subject_id" and line["pattern"] == "local" for line in lines)


def take_row(state: State, delivery: Delivery, row: dict[str, str] | None, how: Readings) -> tuple[str, str]:
    """What becomes of one row: (outcome, reason)."""
    workspace = state.workspace
    if row is None:
        return "quarantined", "unreadable"
    if delivery.region_code not in workspace.regions:
        return "quarantined", "unknown_region"
    # Without its date no edition applies to the row; any edition that has the item names the column.
    lines = [
        line
        for edition in workspace.editions.values()
        if delivery.item_code in edition.items
        for line in edition.fields[edition.items[delivery.item_code].data_format]
    ]
    event_date = parse_date(value_of(lines, row, "event_date"))
    if not lines:
        return "quarantined", "item_not_in_edition"
    if event_date is None:
        return "quarantined", "no_event_date"
    edition = workspace.edition_for(event_date.year)
    if delivery.item_code not in edition.items:
        return "quarantined", "item_not_in_edition"
    item = edition.items[delivery.item_code]
    if delivery.department not in item.departments:
        return "quarantined", "department_does_not_provide"
    lines = edition.fields[item.data_format]
    row = fold_row(lines, row)
    if not value_of(lines, row, "record_id"):
        return "quarantined", "no_record_id"
    if not value_of(lines, row, "subject_id"):
        return "quarantined", "no_subject_id"
    action = row.get("action", "").strip() or "add"
    if action not in STATE_AFTER:
        return "quarantined", "unknown_action"
    return take_record(state, delivery, edition, item, row, event_date, action, how), ""


def take_record(
    state: State,
    delivery: Delivery,
    edition: Edition,
    item: Item,
    row: dict[str, str],
    event_date: date,
    action: str,
    how: Readings,
) -> str:
    lines = edition.fields[item.data_format]
    record_id = value_of(lines, row, "record_id")
    key = (item.item_code, delivery.department, record_id)
    # What identifies something in any edition is compared folded, whichever edition applies.
    any_lines = [
        line
        for one in state.workspace.editions.values()
        if item.item_code in one.items
        for line in one.fields[one.items[item.item_code].data_format]
    ]
    content = {name: text for name, text in fold_row(any_lines, row).items() if name != "action"}
    parts = [row.get(line["field"], "") for line in lines if line["role"] == "key"]
    natural = tuple("" if is_blank(part) else part for part in parts) or (record_id,)
    own_natural = (item.item_code, delivery.department, natural)
    counts = how.blank_natural_key_counts or not all(is_blank(part) for part in natural)
    versions = state.versions.setdefault(key, [])
    before = versions[-1] if versions else None
    outcome, new_state = judge(before, content, action, how)
    if counts and (outcome != "repeated" or how.every_row_owns_its_key):
        state.owners.setdefault(own_natural, record_id)
    if outcome == "repeated":
        return outcome
    first_received_on = before.first_received_on if before else delivery.received_on
    needed, faults = required_values(lines, row)
    missing = len(faults)
    for line in lines:
        text = row.get(line["field"], "")
        if not is_blank(text):
            faults |= field_faults(line, text, state.workspace)
    subject_id = value_of(lines, row, "subject_id")
    kind = value_of(lines, row, "subject_kind").strip()
    if not is_local(lines):
        if subject_id.startswith("92") or is_resident_id(subject_id):
            kind = "natural_person"
        if kind != "natural_person" and not is_uscc(subject_id):
            faults.add("check_digit:subject_id")
    if kind and kind not in item.subject_kinds:
        faults.add("out_of_scope")
    if first_received_on < event_date:
        faults.add("date_order")
    if counts and state.owners[own_natural] != record_id:
        faults.add("duplicate_key")
    if item.limit_in_working_days:
        lag = state.workspace.working_days.count(event_date, first_received_on)
    else:
        lag = (first_received_on - event_date).days
    versions.append(
        Version(
            effective_on=delivery.received_on,
            item_code=item.item_code,
            department=delivery.department,
            region_code=delivery.region_code,
            subject_id=subject_id,
            subject_kind=kind,
            subject_name=value_of(lines, row, "subject_name"),
            event_date=event_date,
            first_received_on=first_received_on,
            state=new_state,
            faults=faults,
            filled=needed - missing,
            required=needed,
            timely=first_received_on >= event_date and lag <= item.limit,
            content=before.content if keeps_content(before, action, how) else content,
        )
    )
    return outcome


def keeps_content(before: Version | None, action: str, how: Readings) -> bool:
    return before is not None and action == "withdraw" and not how.withdrawal_takes_content


def judge(before: Version | None, content: dict[str, str], action: str, how: Readings) -> tuple[str, str]:
    """The outcome of a readable row and the state in which it leaves its key."""
    new_state = STATE_AFTER[action]
    if before is None:
        return "accepted", new_state
    same = content == before.content
    if before.state == "withdrawn":
        if action in ("dispute", "resolve", "repair"):
            return "repeated", "withdrawn"
        if action == "correct":
            return "corrected", "normal"
        if action == "withdraw":
            changes = not same and how.second_withdrawal_corrects
            return ("corrected" if changes else "repeated"), "withdrawn"
        return ("repeated", "withdrawn") if same else ("corrected", "normal")
    if action == "withdraw":
        return "withdrawn", "withdrawn"
    if action == "add":
        if same:
            return "repeated", before.state
        return "corrected", before.state if how.plain_change_keeps_state else "normal"
    if action == "correct" and not how.correct_sets_normal:
        new_state = before.state
    if same and new_state == before.state:
        return "repeated", before.state
    return "corrected", new_state


def run_rules(workspace: Workspace, how: Readings = Readings()) -> State:
    """Take every row in the order of delivered_at, then manifest row, then row in the file."""
    state = State(workspace)
    for delivery in sorted(workspace.deliveries, key=lambda d: (d.delivered_at, d.manifest_row)):
        rows = [None] if delivery.rows is None else delivery.rows
        for row_no, row in enumerate(rows, start=1):
            outcome, reason = take_row(state, delivery, row, how)
            state.outcomes.append(Outcome(delivery, row_no, outcome, reason))
    return state


def ingest(folder: Path, how: Readings = Readings()) -> State:
    """The final state of a workspace folder, whatever the order of arrival."""
    return run_rules(read_workspace(folder), how)
