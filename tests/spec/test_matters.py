"""Matters for coordination (Article 5): what each rule finds, and how a matter lives in the register."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from creditlab import engine
from creditlab.cli import main
from creditlab.errors import WorkspaceError
from creditlab.monitoring import read_thresholds
from creditlab.reports.quarterly import open_report
from creditlab.reports.quarterly.matters import standing_matters
from creditlab.terms import Audience
from tests.spec.tiny import Tiny, row

Make = Callable[..., Tiny]
MONTHLY = {"update_period": "month", "delivery_grace_days": "10"}
ONE = {"departments": "D1", "reporting_level": "province"}
HOME = {"region_code": "990000"}


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run a matters command; returns its exit status and its JSON."""

    def run(tiny: Tiny, *words: str) -> tuple[int, dict[str, Any]]:
        capsys.readouterr()
        status = main(["--workspace", str(tiny.folder), "--json", "matters", *words])
        return status, json.loads(capsys.readouterr().out)

    return run


def update(ask: Any, tiny: Tiny, period: str = "2026Q3", as_of: str = "2026-11-30") -> dict[str, Any]:
    status, said = ask(tiny, "update", "--period", period, "--as-of", as_of)
    assert status == 0
    return dict(said)


def found(ask: Any, tiny: Tiny, *words: str) -> dict[tuple[str, str, str, str], dict[str, Any]]:
    """The matters that wait, by rule, item, department and unit."""
    rows = ask(tiny, "list", *words)[1]["matters"]
    return {(one["rule"], one["item_code"], one["department"], one["region_code"]): one for one in rows}


def many(count: int, day: str, start: int = 0) -> list[dict[str, str]]:
    return [row(f"{day}-{number}", event_date=day) for number in range(start, start + count)]


# --- What the rules find --------------------------------------------------------------------------------


def test_a_department_and_a_unit_that_send_nothing(ask: Any, make_tiny: Make) -> None:
    tiny = make_tiny([MONTHLY])
    tiny.deliver([row("1")], "2026-08-05", period="2026-07")
    tiny.ingest()
    update(ask, tiny)
    silent = {key[1:]: one for key, one in found(ask, tiny).items() if key[0] == "silent_department"}
    # D1 delivers from one of its two prefectures; D2 from none, and that is one matter of the province.
    assert {key: one["level"] for key, one in silent.items()} == {
        ("", "D1", "990200"): "prefecture",
        ("", "D2", ""): "province",
    }
    # A whole department: both its cells.
    assert [(one["numerator"], one["denominator"]) for one in silent.values()] == [(0, 1), (0, 2)]
    assert set(found(ask, tiny, "--level", "prefecture")) == {("silent_department", "", "D1", "990200")}


def test_a_zero_report_breaks_the_silence_and_an_event_item_that_never_spoke_is_not_silent(
    ask: Any, make_tiny: Make
) -> None:
    tiny = make_tiny([MONTHLY | ONE, {"item_code": "B-1", "departments": "D2", "reporting_level": "province"}])
    tiny.deliver(None, "2026-10-05", period="2026-09", **HOME)
    tiny.ingest()
    update(ask, tiny)
    assert not [key for key in found(ask, tiny) if key[0] == "silent_department"]


def test_late_only_two_quarters_running(ask: Any, make_tiny: Make) -> None:
    settings = "[monitoring.late]\nrecords = 4\nshare = 0.5\n"
    tiny = make_tiny([ONE, {"item_code": "B-1", "departments": "D2", "reporting_level": "province"}], settings=settings)
    other = HOME | {"item_code": "B-1", "department": "D2"}
    tiny.deliver(many(4, "2026-05-06"), "2026-06-30", **HOME)
    tiny.deliver(many(4, "2026-05-06"), "2026-05-07", **other)
    for place in (HOME, other):
        tiny.deliver(many(3, "2026-08-05"), "2026-09-30", **place)
        tiny.deliver(many(1, "2026-08-05", 3), "2026-08-06", **place)
    tiny.ingest()
    update(ask, tiny)
    late = {key: one for key, one in found(ask, tiny).items() if key[0] == "late"}
    assert set(late) == {("late", "A-1", "D1", "")}
    assert [(one["measure"], one["numerator"], one["denominator"]) for one in late.values()] == [("timeliness", 1, 4)]


@pytest.mark.parametrize(("records", "holds"), [(6, True), (7, False)])
def test_below_the_ledger(ask: Any, make_tiny: Make, records: int, holds: bool) -> None:
    tiny = make_tiny([ONE], settings="[monitoring.below_ledger]\ndeclared = 10\n")
    tiny.ledger(("A-1", "D1", "990000", "2026-08", 10))
    tiny.deliver(many(records, "2026-08-05"), "2026-08-06", **HOME)
    tiny.ingest()
    update(ask, tiny)
    assert (("below_ledger", "A-1", "D1", "") in found(ask, tiny)) is holds


def test_an_item_that_nobody_delivers_for_a_year(ask: Any, make_tiny: Make) -> None:
    tiny = make_tiny([ONE, MONTHLY | {"item_code": "B-1"}, {"item_code": "C-1", "update_period": "year"}])
    tiny.deliver([row("1")], "2026-07-02", **HOME)
    tiny.deliver([row("2", event_date="2025-09-29")], "2025-09-30", item_code="B-1")
    tiny.ingest()
    update(ask, tiny)
    unprovided = {key[1:]: one for key, one in found(ask, tiny).items() if key[0] == "no_provider"}
    # Each department that should; A-1 came, B-1 not since the day before the twelve months.
    assert set(unprovided) == {(item, department, "") for item in ("B-1", "C-1") for department in ("D1", "D2")}
    assert {one["period_start"] for one in unprovided.values()} == {"2025-10-01"}


def test_a_dispute_counts_from_its_first_day_until_it_is_decided(ask: Any, make_tiny: Make) -> None:
    tiny = make_tiny([ONE])
    tiny.deliver([row(number) for number in "123456"], "2026-07-02", **HOME)
    tiny.deliver([row(number, action="dispute") for number in "12345"], "2026-08-01", **HOME)
    # A correction meanwhile begins nothing anew; what was decided and is disputed again does.
    tiny.deliver([row("2", action="dispute", note="more")], "2026-09-25", **HOME)
    tiny.deliver([row("3", action="resolve")], "2026-08-20", **HOME)
    tiny.deliver([row("3", action="dispute")], "2026-09-20", **HOME)
    tiny.ingest()
    update(ask, tiny, as_of="2026-10-05")
    one = found(ask, tiny)["dispute_open", "A-1", "D1", ""]
    assert (one["measure"], one["numerator"], one["denominator"]) == ("disputed_records", 4, 5)


@pytest.mark.parametrize(
    ("disputed", "as_of", "holds"),
    [
        ("123", "2026-10-20", True),
        ("123", "2026-10-03", False),  # not older than sixty days yet
        ("12", "2026-10-20", False),
        ("1", "2027-01-31", False),  # a hundred and eighty days after its first one, not more
        ("1", "2027-02-01", True),
    ],
)
def test_disputes_are_a_matter_when_they_are_several_or_one_is_very_old(
    ask: Any, make_tiny: Make, disputed: str, as_of: str, holds: bool
) -> None:
    tiny = make_tiny([ONE])
    tiny.deliver([row(number) for number in "123"], "2026-07-02", **HOME)
    tiny.deliver([row(number, action="dispute") for number in disputed], "2026-08-04", **HOME)
    tiny.ingest()
    update(ask, tiny, as_of=as_of)
    assert (("dispute_open", "A-1", "D1", "") in found(ask, tiny)) is holds


def test_a_workspace_says_how_many_disputes_are_a_matter(ask: Any, make_tiny: Make) -> None:
    tiny = make_tiny([ONE], settings="[monitoring.dispute_open]\nrecords = 1\n")
    tiny.deliver([row("1")], "2026-07-02", **HOME)
    tiny.deliver([row("1", action="dispute")], "2026-08-04", **HOME)
    tiny.ingest()
    update(ask, tiny, as_of="2026-10-20")
    assert ("dispute_open", "A-1", "D1", "") in found(ask, tiny)


# --- A matter's life ------------------------------------------------------------------------------------


@pytest.fixture
def silent(make_tiny: Make) -> Tiny:
    """A department that was expected in each quarter and delivers what a test gives it."""
    tiny = make_tiny([MONTHLY | ONE])
    tiny.deliver([row("1", event_date="2025-09-05")], "2025-10-02", period="2025-09", **HOME)
    tiny.ingest()
    return tiny


KEY = ("silent_department", "", "D1", "")


def test_a_matter_opens_is_mended_and_returns_and_its_history_stays(ask: Any, silent: Tiny) -> None:
    opened = update(ask, silent, "2026Q1", "2026-04-20")
    assert opened["opened"] == opened["standing"] == 1
    matter = found(ask, silent)[KEY]
    silent.deliver(None, "2026-05-01", period="2026-04", **HOME)
    silent.ingest()
    assert update(ask, silent, "2026Q2", "2026-07-20")["mended"] == 1
    assert KEY not in found(ask, silent)
    assert found(ask, silent, "--state", "mended")[KEY]["matter_id"] == matter["matter_id"]
    assert update(ask, silent, "2026Q3", "2026-10-20")["returned"] == 1
    history = ask(silent, "history", matter["matter_id"])[1]["history"]
    assert [one["state"] for one in history] == ["open", "mended", "returned"]
    assert {one["first_seen"] for one in history} == {"2026-04-20"}
    assert [one["run_no"] for one in history] == sorted({one["run_no"] for one in history})


def test_the_same_update_twice_changes_nothing(ask: Any, silent: Tiny) -> None:
    first = update(ask, silent, "2026Q2", "2026-07-20")
    rows = silent.table("matters")
    again = update(ask, silent, "2026Q2", "2026-07-20")
    assert first["run_no"] is not None
    assert again == first | {"run_no": None, "opened": 0}
    assert silent.table("matters") == rows
    # A run of the register is no run of ingest: nothing is judged again after it.
    assert silent.ingest().run_no is None


def test_people_agree_and_runs_keep_what_they_said(ask: Any, silent: Tiny) -> None:
    update(ask, silent, "2026Q2", "2026-07-20")
    number = found(ask, silent)[KEY]["matter_id"]
    words = ("--state", "agreed", "--owner", "liaison", "--note", "from August on")
    assert ask(silent, "annotate", number, *words)[0] == 0
    assert update(ask, silent, "2026Q3", "2026-10-20")["renewed"] == 1
    one = found(ask, silent)[KEY]
    assert (one["state"], one["owner"], one["note"]) == ("agreed", "liaison", "from August on")
    # The newer quarter's evidence.
    assert one["period_start"] == "2026-07-01"


def test_what_people_closed_returns_only_with_a_later_quarter(ask: Any, silent: Tiny) -> None:
    update(ask, silent, "2026Q2", "2026-07-20")
    number = found(ask, silent)[KEY]["matter_id"]
    ask(silent, "annotate", number, "--state", "mended")
    assert update(ask, silent, "2026Q2", "2026-07-21")["run_no"] is None
    assert update(ask, silent, "2026Q3", "2026-10-20")["returned"] == 1


WRONG = [
    ("update", "--period", "2026Q1", "--as-of", "2026-10-20"),
    ("update", "--period", "2026Q2", "--as-of", "2026-07-19"),
    ("update", "--period", "2026Q3", "--as-of", "2026-09-30"),
    ("update", "--period", "2026-07", "--as-of", "2026-10-20"),
    ("update", "--period", "2026Q3"),
    ("annotate", "M-000000000000", "--state", "agreed"),
    ("annotate", "{}", "--state", "returned"),
    ("annotate", "{}"),
    ("annotate", "{}", "--owner", " "),
    ("annotate", "{}", "--note", "two\nlines"),
    ("annotate", "{}", "--note", "about 92990100MA00000000"),
    ("annotate", "{}", "--note", "about 11010519491231002X"),
    ("history", "M-000000000000"),
    ("annotate",),
]


def test_wrong_use_is_refused_and_changes_nothing(ask: Any, silent: Tiny) -> None:
    update(ask, silent, "2026Q2", "2026-07-20")
    rows = silent.table("matters")
    number = found(ask, silent)[KEY]["matter_id"]
    said = {words: ask(silent, *(word.format(number) for word in words)) for words in WRONG}
    assert {words: (status, one.get("error")) for words, (status, one) in said.items()} == dict.fromkeys(
        WRONG, (2, "parameter")
    )
    # A person's number is in no message.
    assert not any(digits in str(said.values()) for digits in ("92990100", "1101051949"))
    assert silent.table("matters") == rows


def test_nothing_is_there_before_anything_is_ingested(ask: Any, tiny: Tiny) -> None:
    for words in (
        ("list",),
        ("update", "--period", "2026Q2", "--as-of", "2026-07-20"),
        ("annotate", "M-1", "--note", "x"),
    ):
        assert ask(tiny, *words)[0] == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"later": {"share": 0.5}},
        {"late": {"shares": 0.5}},
        {"late": {"share": 1.5}},
        {"late": {"share": float("nan")}},
        {"late": {"records": True}},
        {"late": {"records": 0}},
        {"late": {"owner": ""}},
        {"late": 0.5},
    ],
)
def test_a_threshold_without_a_meaning_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(WorkspaceError, match=r"rule|threshold|owner"):
        read_thresholds(changes)


# --- In the quarterly report -----------------------------------------------------------------------------


def test_the_quarterly_report_lists_those_that_stand_and_the_publics_lists_none(ask: Any, make_tiny: Make) -> None:
    tiny = make_tiny([MONTHLY])
    tiny.deliver([row("1")], "2026-08-05", period="2026-07")
    tiny.ingest()
    update(ask, tiny)
    standing = {one["matter_id"] for one in found(ask, tiny).values()}
    assert len(standing) == 2
    report = open_report(str(tiny.folder), "2026Q3", "2026-11-30", "government", "en", 0, "")
    listed = {one.name: {row[0].text for row in one.rows} for one in report.omissions().tables}
    assert listed["matters"] == standing
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        assert standing_matters(tiny.workspace, backend, Audience.INTERNAL, report.release.run_no) != []
        assert standing_matters(tiny.workspace, backend, Audience.PUBLIC, report.release.run_no) == []
