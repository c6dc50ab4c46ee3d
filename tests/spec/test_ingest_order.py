"""What becomes of delivered rows, table in and rows out: the order that counts, natural keys, judging again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from creditlab.errors import SealError
from creditlab.ingest import taking
from creditlab.terms import COUNTS
from tests.reference.days import WorkingDays
from tests.spec.asking import counts
from tests.spec.tiny import Tiny, csv_text, form_field, form_fields, row

Make = Callable[..., Tiny]


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


def test_an_edition_that_takes_the_key_role_from_a_field_makes_no_other_content(make_tiny: Make) -> None:
    tiny = make_tiny(fields=form_fields(form_field("case", role="key")))
    rows = [row(case="k1", event_date="2027-01-04")]
    tiny.deliver(rows, "2027-01-05")
    tiny.ingest()
    tiny.edition(2027, fields=form_fields(form_field("case")))
    tiny.deliver(rows, "2027-01-06")
    tiny.ingest()
    assert counts(tiny) == [{"accepted": 1}, {"repeated": 1}]


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
