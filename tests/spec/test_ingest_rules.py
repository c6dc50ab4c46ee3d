"""What becomes of delivered rows, table in and rows out: the six actions, the order that counts, judging again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from creditlab.errors import SealError
from creditlab.ingest import taking
from creditlab.terms import COUNTS
from tests.reference.days import WorkingDays
from tests.spec.tiny import Tiny, code, csv_text, form_field, form_fields, row

Make = Callable[..., Tiny]
OUTCOMES = COUNTS[1:]


def counts(tiny: Tiny) -> list[dict[str, int]]:
    """The counts that hold of each delivery, in the manifest's order, zeros left out."""
    found = sorted(tiny.table("deliveries"), key=lambda one: (one["manifest_row"], one["path"]))
    for one in found:
        assert one["delivered"] == sum(one[name] for name in OUTCOMES)
    return [{name: one[name] for name in OUTCOMES if one[name]} for one in found]


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


# --- The order that counts ------------------------------------------------------------------------------


def test_rows_count_in_the_order_of_delivery_then_manifest_then_file(tiny: Tiny) -> None:
    tiny.deliver([row(note="third")], "2026-07-06")
    tiny.deliver([row(note="first"), row(note="second")], "2026-07-03")
    tiny.deliver([row(note="fourth")], "2026-07-06")
    tiny.ingest()
    assert counts(tiny) == [{"corrected": 1}, {"accepted": 1, "corrected": 1}, {"corrected": 1}]
    assert (
        tiny.records()["1"]["delivery_id"]
        == sorted(tiny.table("deliveries"), key=lambda d: d["path"])[2]["delivery_id"]
    )
    assert tiny.records("2026-07-05")["1"]["row_no"] == 2


def test_an_older_row_that_comes_late_is_judged_as_if_it_had_not(tiny: Tiny) -> None:
    tiny.deliver([row(note="newer")], "2026-07-20")
    first = tiny.ingest()
    assert counts(tiny) == [{"accepted": 1}]
    assert tiny.figures("timeliness") == [(0, 1)]
    tiny.deliver([row(note="older")], "2026-07-03")
    second = tiny.ingest()
    assert second.counts.accepted == 1
    assert counts(tiny) == [{"corrected": 1}, {"accepted": 1}]
    found = tiny.records()["1"]
    assert (found["first_received_on"], found["received_on"]) == (date(2026, 7, 3), date(2026, 7, 20))
    assert tiny.records("2026-07-10")["1"]["received_on"] == date(2026, 7, 3)
    assert tiny.figures("timeliness") == [(1, 1)]
    # What was known before is still known.
    assert tiny.figures("timeliness", run_no=first.run_no) == [(0, 1)]
    assert list(tiny.records("2026-07-10", first.run_no)) == []


def test_an_older_withdrawal_that_comes_late_counts_where_it_belongs(tiny: Tiny) -> None:
    tiny.deliver([row()], "2026-07-02")
    tiny.deliver([row()], "2026-07-20")
    tiny.ingest()
    assert counts(tiny) == [{"accepted": 1}, {"repeated": 1}]
    tiny.deliver([row(action="withdraw")], "2026-07-10")
    tiny.ingest()
    assert counts(tiny) == [{"accepted": 1}, {"repeated": 1}, {"withdrawn": 1}]
    assert tiny.records()["1"]["record_state"] == "withdrawn"
    assert tiny.records("2026-07-09")["1"]["record_state"] == "normal"


def test_entries_are_never_changed_only_added(tiny: Tiny) -> None:
    tiny.deliver([row(note="newer")], "2026-07-20")
    tiny.ingest()
    before = tiny.table("records")
    tiny.deliver([row(note="older")], "2026-07-03")
    tiny.ingest()
    after = tiny.table("records")
    assert [one for one in after if one["run_no"] == 1] == before
    assert [one["effective_on"] for one in after if one["run_no"] == 2 and one["sign"] == -1] == [
        date(2026, 7, 20),
        date(2026, 7, 20),
    ]


def test_a_known_delivery_counts_nothing_and_a_changed_file_is_another_delivery(tiny: Tiny) -> None:
    path = tiny.deliver([row()], "2026-07-02")
    tiny.ingest()
    again = tiny.ingest()
    assert (again.run_no, again.known, again.counts.delivered) == (None, 1, 0)
    tiny.write(f"inbox/{path}", csv_text(list(row()), [list(row(note="new").values())]))
    changed = tiny.ingest()
    assert (changed.counts.delivered, changed.counts.corrected) == (1, 1)


def test_a_file_that_is_not_there_yet_is_taken_when_it_comes(tiny: Tiny) -> None:
    path = tiny.deliver([row()], "2026-07-02")
    tiny.deliver([row(note="new")], "2026-07-03")
    (tiny.folder / "inbox" / path).rename(tiny.folder / "later.csv")
    assert tiny.ingest().absent == 1
    (tiny.folder / "later.csv").rename(tiny.folder / "inbox" / path)
    tiny.ingest()
    assert counts(tiny) == [{"accepted": 1}, {"corrected": 1}]


# --- Natural keys ---------------------------------------------------------------------------------------


def owners(tiny: Tiny) -> dict[str, bool]:
    return {number: "duplicate_key" not in one["faults"] for number, one in tiny.records().items()}


def test_the_first_arrival_owns_a_natural_key(make_tiny: Make) -> None:
    tiny = make_tiny(fields=form_fields(form_field("case", role="key")))
    tiny.deliver([row("2", case="K 1")], "2026-07-02")
    tiny.deliver([row("1", case="ｋ 1"), row("3", case=""), row("4", case="")], "2026-07-03")
    tiny.deliver([row("5", case="K 1")], "2026-07-04", department="D2")
    tiny.ingest()
    assert owners(tiny) == {"2": True, "1": False, "3": True, "4": True, "5": True}
    assert tiny.figures("uniqueness") == [(4, 5)]


def test_an_older_owner_that_comes_late_takes_the_key_from_records_of_other_keys(make_tiny: Make) -> None:
    tiny = make_tiny(fields=form_fields(form_field("case", role="key")))
    tiny.deliver([row("1", case="K1")], "2026-07-10")
    tiny.deliver([row("2", case="K1")], "2026-07-20")
    first = tiny.ingest()
    assert owners(tiny) == {"1": True, "2": False}
    tiny.deliver([row("3", case="K1")], "2026-07-05")
    tiny.ingest()
    assert owners(tiny) == {"1": False, "2": False, "3": True}
    assert tiny.figures("uniqueness", run_no=first.run_no) == [(1, 2)]
    # Known later, it holds for the past too: on the 12th, record 3 had been there for a week.
    assert tiny.records("2026-07-12")["1"]["faults"] == ["duplicate_key"]


@pytest.mark.parametrize(
    "after", [{"action": "withdraw", "case": "K1"}, {"case": "K2"}], ids=["withdrawn", "superseded"]
)
def test_withdrawn_and_superseded_rows_keep_their_key(make_tiny: Make, after: dict[str, str]) -> None:
    tiny = make_tiny(fields=form_fields(form_field("case", role="key")))
    tiny.deliver([row("1", case="K1"), row("1", **after)], "2026-07-02")
    tiny.deliver([row("2", case="K1")], "2026-07-20")
    tiny.ingest()
    assert owners(tiny)["2"] is False


# --- Rules that change ----------------------------------------------------------------------------------


def test_a_newly_published_edition_judges_its_year_again(make_tiny: Make) -> None:
    tiny = make_tiny()
    tiny.edition(2025)
    tiny.deliver([row("1", event_date="2025-07-01"), row("2", event_date="2026-07-01")], "2026-07-10")
    tiny.deliver([row("3", event_date="2027-01-04")], "2027-01-05")
    first = tiny.ingest()
    strict = form_fields(note={"required": "true"})
    tiny.edition(2027, [{"collection_time_limit": "0 days"}], strict)
    second = tiny.ingest()
    assert (second.deliveries, second.counts.delivered) == (0, 0)
    assert second.run_no is not None
    found = tiny.records("2027-12-31")
    assert {number: one["faults"] for number, one in found.items()} == {"1": [], "2": [], "3": ["missing:note"]}
    # Calendar days now: the lag no longer waits for the working days of 2027.
    assert (found["3"]["lag"], found["3"]["required_count"]) == (1, 6)
    before = tiny.records("2027-12-31", first.run_no)["3"]
    assert (before["faults"], before["lag"]) == ([], None)
    assert counts(tiny) == [{"accepted": 2}, {"accepted": 1}]


def test_an_edition_that_gives_a_field_the_key_role_judges_owners_again(make_tiny: Make) -> None:
    tiny = make_tiny(fields=form_fields(form_field("case")))
    tiny.deliver(
        [row("1", case="K1", event_date="2027-01-04"), row("2", case="K1", event_date="2027-01-04")], "2027-01-05"
    )
    tiny.ingest()
    assert [one["faults"] for one in tiny.records("2027-12-31").values()] == [[], []]
    tiny.edition(2027, fields=form_fields(form_field("case", role="key")))
    tiny.ingest()
    assert {n: one["faults"] for n, one in tiny.records("2027-12-31").items()} == {"1": [], "2": ["duplicate_key"]}
    # A third one that comes later meets the key as it is now.
    tiny.deliver([row("3", case="K1", event_date="2027-01-05")], "2027-01-04T23:00:00+08:00")
    tiny.ingest()
    found = {n: one["faults"] for n, one in tiny.records("2027-12-31").items()}
    assert found == {"1": ["duplicate_key"], "2": ["duplicate_key"], "3": ["date_order"]}


def write_days(tiny: Tiny, until: str) -> None:
    calendar = WorkingDays("CN")
    first, last = date(2026, 6, 1), date.fromisoformat(until)
    days = [date.fromordinal(n) for n in range(first.toordinal(), last.toordinal() + 1)]
    tiny.write("days.csv", csv_text(("day", "is_working"), [(day, int(calendar.is_working(day))) for day in days]))


def test_a_longer_calendar_gives_lags_that_waited_for_it(make_tiny: Make) -> None:
    tiny = make_tiny(settings='[calendar]\ndays = "days.csv"\n')
    write_days(tiny, "2026-07-10")
    tiny.deliver([row("1"), row("2", event_date="2026-07-09")], "2026-07-10")
    tiny.deliver([row("3", event_date="2026-07-09")], "2026-07-13")
    first = tiny.ingest()
    assert {n: one["lag"] for n, one in tiny.records().items()} == {"1": 7, "2": 1, "3": None}
    write_days(tiny, "2026-09-30")
    second = tiny.ingest()
    assert (second.counts.delivered, second.run_no) == (0, 2)
    assert {n: one["lag"] for n, one in tiny.records().items()} == {"1": 7, "2": 1, "3": 2}
    assert tiny.records(run_no=first.run_no)["3"]["lag"] is None
    assert len([one for one in tiny.table("records") if one["run_no"] == 2]) == 2


def test_an_edition_edited_after_it_was_used_is_refused_and_the_lake_stays(tiny: Tiny) -> None:
    tiny.deliver([row()])
    tiny.ingest()
    tiny.edition(2026, [{"collection_time_limit": "9 working days"}])
    tiny.deliver([row("2")])
    with pytest.raises(SealError):
        tiny.ingest()
    tiny.edition(2026)
    assert list(tiny.records()) == ["1"]


# --- Balance --------------------------------------------------------------------------------------------


def totals(tiny: Tiny) -> dict[str, Any]:
    return {name: sum(one[name] for one in tiny.table("deliveries")) for name in COUNTS}


def test_every_delivery_balances_whatever_it_holds(tiny: Tiny) -> None:
    rows = [
        row(str(n % 7), note=str(n % 3), action=("", "withdraw", "correct", "dispute", "nonsense")[n % 5])
        for n in range(60)
    ]
    for day in range(6):
        tiny.deliver(rows[day * 10 : day * 10 + 10], f"2026-07-{12 - day:02d}")
        tiny.ingest()
    tiny.deliver(b"", "2026-07-15")
    tiny.deliver("record_id,subject_id\n", "2026-07-15")
    tiny.deliver(None, "2026-07-15")
    tiny.ingest()
    assert [sum(one.values()) for one in counts(tiny)] == [10] * 6 + [1, 0, 0]
    assert totals(tiny)["quarantined"] == 13
    before, state = totals(tiny), standing(tiny)
    (tiny.folder / "lake").rename(tiny.folder / "lake of seven runs")
    tiny.ingest()
    assert (totals(tiny), standing(tiny)) == (before, state)


def standing(tiny: Tiny) -> dict[str, Any]:
    return {number: (one["record_state"], one["content64"], one["revision"]) for number, one in tiny.records().items()}


def test_a_catalogue_that_changes_while_deliveries_are_read_is_read_again(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny.deliver([row("1")])
    tiny.deliver([row("2")], department="D9")
    read = taking.Taking.take

    def read_and_change(self: taking.Taking, *given: Any) -> None:
        monkeypatch.setattr(taking.Taking, "take", read)
        read(self, *given)
        tiny.edition(2026, [{"departments": "D1;D9"}])

    monkeypatch.setattr(taking.Taking, "take", read_and_change)
    counts = tiny.ingest().counts
    assert (counts.accepted, counts.quarantined) == (2, 0)
    assert tiny.ingest().run_no is None
