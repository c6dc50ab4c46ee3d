"""Cases 36 to 38: records that may not count any more, or never might; and a look back that knows what came later."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.spec.assessable import AS_OF, ONE, THREE, TWO, assessable, findings, penalty, standings
from tests.spec.tiny import Tiny, row


@pytest.fixture
def made(make_tiny: Callable[..., Tiny]) -> Tiny:
    return assessable(make_tiny)


def deliver(tiny: Tiny, *rows: dict[str, str], on: str = "2026-07-02", item_code: str = "P-1") -> None:
    tiny.deliver(list(rows), on, item_code=item_code)
    tiny.ingest()


@pytest.mark.parametrize(
    ("action", "reason"), [("withdraw", "withdrawn"), ("repair", "repaired"), ("dispute", "disputed")]
)
def test_case_36_what_was_taken_back_repaired_or_disputed_is_in_no_score(made: Tiny, action: str, reason: str) -> None:
    deliver(made, penalty("1"), penalty("2"), penalty("9", TWO))
    assert standings(made)[ONE]["score"] == 970_000
    deliver(made, penalty("2", action=action), on="2026-08-02")
    stood, seen = standings(made), findings(made)
    assert stood[ONE]["score"] == 985_000
    assert stood[ONE]["is_provisional"] is (reason == "disputed")
    assert (seen["2"]["left_out"], seen["2"]["points"]) == (reason, 0)
    assert (seen["1"]["left_out"], seen["1"]["points"]) == (None, -15_000)
    assert stood[TWO] == standings(made, "2026-07-02")[TWO]
    # The day before it happened nothing of it is known.
    assert standings(made, "2026-08-01")[ONE]["score"] == 970_000


def test_case_36_a_dispute_that_is_settled_counts_again(made: Tiny) -> None:
    deliver(made, penalty("1"))
    deliver(made, penalty("1", action="dispute"), on="2026-08-02")
    held = standings(made)[ONE]
    assert (held["score"], held["level"], held["is_provisional"], held["has_information"]) == (None, None, True, False)
    deliver(made, penalty("1", action="resolve"), on="2026-09-02")
    assert standings(made)[ONE] == standings(made, "2026-07-02")[ONE]


def test_case_36_a_record_whose_publication_is_over_is_in_no_score(made: Tiny) -> None:
    old = penalty("1", event_date="2025-10-20")
    deliver(made, old, penalty("2"), on="2026-07-02")
    assert standings(made, "2026-10-19")[ONE]["score"] == 970_000
    assert standings(made, "2026-10-20")[ONE]["score"] == 985_000
    assert findings(made)["1"]["left_out"] == "publication_ended"


def test_case_37_a_decision_after_receipt_a_day_to_come_and_a_duplicate_add_nothing(made: Tiny) -> None:
    deliver(made, penalty("1"))
    before = standings(made)
    twin = penalty("2", case="1")
    deliver(made, twin, penalty("3", event_date="2026-08-01"), penalty("4", event_date="2099-12-31"), on="2026-07-05")
    seen = findings(made)
    assert [seen[name]["left_out"] for name in ("2", "3", "4")] == ["duplicate_key", "date_order", "date_order"]
    assert standings(made) == before
    # Nor once that day has come: the platform had it before it happened, whatever that means.
    assert standings(made, "2026-12-31")[ONE]["score"] == before[ONE]["score"]


def test_case_37_the_same_record_again_adds_nothing(made: Tiny) -> None:
    deliver(made, penalty("1"))
    before = standings(made)
    deliver(made, penalty("1"), on="2026-08-02")
    assert standings(made) == before


def test_case_38_a_look_back_does_not_know_what_came_later(made: Tiny) -> None:
    deliver(made, penalty("1"), penalty("2"))
    honour = row("H1", subject_id=ONE, event_date="2026-07-01")
    first = standings(made)
    deliver(made, penalty("2", action="withdraw"), on="2026-08-02")
    deliver(made, honour, on="2026-08-03", item_code="H-1")
    now = standings(made)
    assert (first[ONE]["score"], now[ONE]["score"]) == (970_000, 995_000)
    # By the day on which it took effect, and by the run that brought it.
    assert standings(made, "2026-08-01") == first
    assert standings(made, run_no=1) == first
    assert standings(made, run_no=2)[ONE]["score"] == 985_000


def test_case_38_a_late_correction_of_the_past_is_unknown_to_earlier_runs(made: Tiny) -> None:
    deliver(made, penalty("1"), on="2026-08-02")
    before = standings(made)
    # Older by its delivery, ingested later: it takes effect on an earlier day.
    deliver(made, penalty("1", subject_id=TWO), penalty("2"), on="2026-07-02")
    assert standings(made, "2026-07-15")[TWO]["score"] == 985_000
    assert standings(made, run_no=1) == before
    assert standings(made, "2026-07-15", run_no=1)[ONE]["has_information"] is False


def test_without_a_record_there_is_no_level_and_that_is_a_flag(made: Tiny) -> None:
    deliver(made, penalty("1"))
    assert standings(made)[THREE] == {
        "subject_id": THREE, "subject_kind": "legal_person", "region_code": "990100", "score": None, "level": None,
        "is_provisional": False, "has_information": False,
    }  # fmt: skip


def test_performing_a_contract_takes_it_out(made: Tiny) -> None:
    broken = row("C1", subject_id=ONE, event_date="2026-07-01", performed="未履行")
    deliver(made, broken, item_code="C-1")
    assert standings(made)[ONE]["level"] == "C"
    deliver(made, broken | {"performed": "已履行", "action": "correct"}, on="2026-08-01", item_code="C-1")
    assert standings(made)[ONE]["level"] is None
    assert findings(made)["C1"]["left_out"] == "other_value"
    assert standings(made, AS_OF, run_no=1)[ONE]["level"] == "C"
