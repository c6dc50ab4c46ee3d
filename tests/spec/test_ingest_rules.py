"""What becomes of delivered rows, table in and rows out: the six actions, quarantine, faults."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from tests.spec.asking import counts
from tests.spec.tiny import Tiny, code, csv_text, form_field, form_fields, row

Make = Callable[..., Tiny]


def reasons(tiny: Tiny) -> dict[int, str]:
    return {one["row_no"]: one["reason"] for one in tiny.table("quarantine")}


def faults(tiny: Tiny, **cells: str) -> list[str]:
    """The faults of one row without any but those that `cells` bring."""
    tiny.deliver([row(**cells)])
    tiny.ingest()
    found: list[str] = tiny.records()["1"]["faults"]
    return found


# --- Actions on states ----------------------------------------------------------------------------------

STATES = {
    "normal": ["add"],
    "disputed": ["add", "dispute"],
    "repaired": ["add", "repair"],
    "withdrawn": ["add", "withdraw"],
}
#: (state, action): (outcome and state after with the same content, the same with other content)
RULES = {
    ("normal", ""): (("repeated", "normal"), ("corrected", "normal")),
    ("normal", "add"): (("repeated", "normal"), ("corrected", "normal")),
    ("normal", "correct"): (("repeated", "normal"), ("corrected", "normal")),
    ("normal", "withdraw"): (("withdrawn", "withdrawn"), ("withdrawn", "withdrawn")),
    ("normal", "dispute"): (("corrected", "disputed"), ("corrected", "disputed")),
    ("normal", "resolve"): (("repeated", "normal"), ("corrected", "normal")),
    ("normal", "repair"): (("corrected", "repaired"), ("corrected", "repaired")),
    ("disputed", "add"): (("repeated", "disputed"), ("corrected", "disputed")),
    ("disputed", "correct"): (("corrected", "normal"), ("corrected", "normal")),
    ("disputed", "withdraw"): (("withdrawn", "withdrawn"), ("withdrawn", "withdrawn")),
    ("disputed", "dispute"): (("repeated", "disputed"), ("corrected", "disputed")),
    ("disputed", "resolve"): (("corrected", "normal"), ("corrected", "normal")),
    ("disputed", "repair"): (("corrected", "repaired"), ("corrected", "repaired")),
    ("repaired", "add"): (("repeated", "repaired"), ("corrected", "repaired")),
    ("repaired", "correct"): (("corrected", "normal"), ("corrected", "normal")),
    ("repaired", "withdraw"): (("withdrawn", "withdrawn"), ("withdrawn", "withdrawn")),
    ("repaired", "dispute"): (("corrected", "disputed"), ("corrected", "disputed")),
    ("repaired", "resolve"): (("corrected", "normal"), ("corrected", "normal")),
    ("repaired", "repair"): (("repeated", "repaired"), ("corrected", "repaired")),
    ("withdrawn", "add"): (("repeated", "withdrawn"), ("corrected", "normal")),
    ("withdrawn", "correct"): (("corrected", "normal"), ("corrected", "normal")),
    ("withdrawn", "withdraw"): (("repeated", "withdrawn"), ("corrected", "withdrawn")),
    ("withdrawn", "dispute"): (("repeated", "withdrawn"), ("repeated", "withdrawn")),
    ("withdrawn", "resolve"): (("repeated", "withdrawn"), ("repeated", "withdrawn")),
    ("withdrawn", "repair"): (("repeated", "withdrawn"), ("repeated", "withdrawn")),
}
CASES = [
    (state, action, note, *wanted)
    for (state, action), both in RULES.items()
    for note, wanted in zip(("", "changed"), both, strict=True)
]


@pytest.mark.parametrize("is_one_run", [True, False], ids=["one run", "two runs"])
def test_every_action_on_every_state(tiny: Tiny, is_one_run: bool) -> None:
    """Each case is a record of its own: brought into a state by one delivery, acted on by the next."""
    before = [row(str(n), action=action) for n, case in enumerate(CASES) for action in STATES[case[0]]]
    tiny.deliver(before, "2026-07-02")
    if not is_one_run:
        tiny.ingest()
    for number, (_, action, note, _, _) in enumerate(CASES):
        tiny.deliver([row(str(number), action=action, note=note)], "2026-07-03")
    tiny.ingest()
    assert counts(tiny)[1:] == [{outcome: 1} for _, _, _, outcome, _ in CASES]
    found = tiny.records()
    assert [found[str(n)]["record_state"] for n in range(len(CASES))] == [case[-1] for case in CASES]


@pytest.mark.parametrize(
    ("action", "state"),
    [("", "normal"), ("correct", "normal"), ("withdraw", "withdrawn"), ("dispute", "disputed"), ("resolve", "normal"),
     ("repair", "repaired")],
)  # fmt: skip
def test_a_first_row_is_accepted_in_the_state_of_its_action(tiny: Tiny, action: str, state: str) -> None:
    tiny.deliver([row(action=action)])
    tiny.ingest()
    assert counts(tiny) == [{"accepted": 1}]
    assert tiny.records()["1"]["record_state"] == state


def test_identifiers_are_folded_before_they_are_compared_and_names_are_not(tiny: Tiny) -> None:
    wide = "".join(chr(ord(c) + 0xFEE0) for c in code())
    tiny.deliver([row("ab1"), row(" ＡＢ1 ", subject_id=wide), row("AB1", subject_name="甲 公司")])
    tiny.ingest()
    assert counts(tiny) == [{"accepted": 1, "repeated": 1, "corrected": 1}]
    assert list(tiny.records()) == ["AB1"]


def test_the_same_number_of_another_item_or_department_is_another_record(make_tiny: Make) -> None:
    tiny = make_tiny([{}, {"item_code": "B-1"}])
    for cells in ({}, {"department": "D2"}, {"item_code": "B-1"}, {"region_code": "990200"}):
        tiny.deliver([row(note=str(cells))], **cells)
    tiny.ingest()
    assert counts(tiny) == [{"accepted": 1}, {"accepted": 1}, {"accepted": 1}, {"corrected": 1}]


# --- Quarantine -----------------------------------------------------------------------------------------


def test_each_reason_that_keeps_a_row_out(tiny: Tiny) -> None:
    rows = [row("—"), row(subject_id="NULL"), row(event_date="2026-13-45"), row(event_date=""), row(action="delete")]
    text = csv_text(list(rows[0]), [list(one.values()) for one in [*rows, row("kept")]]) + "too,few\n"
    tiny.deliver(text)
    tiny.ingest()
    assert counts(tiny) == [{"accepted": 1, "quarantined": 6}]
    assert reasons(tiny) == {
        1: "no_record_id",
        2: "no_subject_id",
        3: "no_event_date",
        4: "no_event_date",
        5: "unknown_action",
        7: "unreadable_row",
    }


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"department": "D9"}, "department_not_provider"),
        ({"region_code": "119999"}, "unknown_region"),
        ({"item_code": "Z-9"}, "item_not_in_edition"),
    ],
)
def test_a_delivery_that_does_not_belong_is_kept_out_whole(tiny: Tiny, cells: dict[str, str], reason: str) -> None:
    tiny.deliver([row("1"), row("2")], **cells)
    tiny.ingest()
    assert counts(tiny) == [{"quarantined": 2}]
    assert reasons(tiny) == {1: reason, 2: reason}


def test_the_edition_that_applies_is_that_of_the_events_year(make_tiny: Make) -> None:
    tiny = make_tiny()
    tiny.edition(2025, [{"item_code": "B-1"}])
    rows = [row("1", event_date="2025-12-31"), row("2", event_date="2026-01-01"), row("3", event_date="2019-05-01")]
    tiny.deliver([*rows, row("4", event_date="2027-02-01")], "2027-02-02")
    tiny.ingest()
    # 2019 has no edition and none before it: the earliest there is. 2027: the newest earlier one.
    assert reasons(tiny) == {1: "item_not_in_edition", 3: "item_not_in_edition"}
    assert sorted(tiny.records("2027-12-31")) == ["2", "4"]


def test_a_quarantined_row_starts_no_clock_and_owns_no_key(make_tiny: Make) -> None:
    tiny = make_tiny(fields=form_fields(form_field("case", role="key")))
    tiny.deliver([row("1", event_date="soon", case="K1")], "2026-07-02")
    tiny.deliver([row("2", case="K1")], "2026-07-20")
    tiny.deliver([row("1", case="K1")], "2026-07-30")
    tiny.ingest()
    found = tiny.records()
    assert found["1"]["first_received_on"] == date(2026, 7, 30)
    assert (found["1"]["faults"], found["2"]["faults"]) == (["duplicate_key"], [])


# --- Faults ---------------------------------------------------------------------------------------------

SCHEMA = form_fields(
    form_field("amount", type="decimal", role="amount", minimum="0", maximum="99.5"),
    form_field("pages", type="integer"),
    form_field("until", type="date", role="valid_until"),
    form_field("sort", code_list="sorts"),
    form_field("mark", pattern="[A-Z]{2}"),
    form_field("short", max_length="3"),
    form_field("one", one_of_group="reference"),
    form_field("other", one_of_group="reference"),
)
GOOD = {"amount": "0", "pages": "3", "until": "2099-12-31", "sort": "一", "mark": "AB", "short": "三个字", "other": "x"}


FAULTS: list[tuple[dict[str, str], list[str]]] = [
    ({}, []),
    ({"amount": "99.5"}, []),
    ({"amount": "-0.01"}, ["minimum:amount"]),
    ({"amount": "99.51"}, ["maximum:amount"]),
    ({"amount": "many"}, ["type:amount"]),
    ({"pages": "1.5"}, ["type:pages"]),
    ({"until": "2026-02-30"}, ["type:until"]),
    ({"until": "—"}, []),
    ({"sort": "三"}, ["code_list:sort"]),
    ({"mark": "ABC"}, ["pattern:mark"]),
    ({"short": "四个字呀"}, ["max_length:short"]),
    ({"other": "--"}, ["missing:reference"]),
    ({"one": "y"}, []),
    ({"subject_name": "—"}, ["missing:subject_name"]),
    ({"subject_id": code()[:-1] + "0"}, ["check_digit:subject_id"]),
    ({"subject_id": code()[:-1]}, ["check_digit:subject_id"]),
    ({"subject_kind": "unincorporated_organisation"}, ["out_of_scope"]),
    ({"event_date": "2026-07-03"}, ["date_order"]),
    ({"event_date": "2026-07-02"}, []),
]


def test_each_fault(make_tiny: Make) -> None:
    tiny = make_tiny(fields=SCHEMA)
    tiny.deliver([row(str(number), **(GOOD | cells)) for number, (cells, _) in enumerate(FAULTS)])
    tiny.ingest()
    found = tiny.records()
    assert [(cells, found[str(number)]["faults"]) for number, (cells, _) in enumerate(FAULTS)] == FAULTS


def test_a_local_number_has_no_check_digit(make_tiny: Make) -> None:
    assert faults(make_tiny(fields=form_fields(subject_id={"pattern": "local"})), subject_id="12-34") == []


def test_2099_is_a_day_like_any_other(make_tiny: Make) -> None:
    tiny = make_tiny(fields=SCHEMA)
    assert faults(tiny, **GOOD) == []
    assert tiny.records()["1"]["valid_until"] == date(2099, 12, 31)
