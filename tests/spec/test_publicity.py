"""Lists for publicity (Article 9): organisations only, each while it is published. All of it is made up."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from creditlab import engine
from creditlab.catalogue import read_catalogue
from creditlab.disclosure import PublicityRelease, read_policy, release_publicity
from creditlab.errors import DisclosureError, PersonError
from creditlab.periods import parse_period
from creditlab.publicising import take_lists
from creditlab.reports import publish
from creditlab.reports.shelf import past_releases
from creditlab.terms import Audience, Language
from tests.browser.looking import look
from tests.reference.identifiers import resident_check
from tests.spec.tiny import Tiny, code, form_field, form_fields, row

ONE, TWO = code(number=1), code(number=2)
SOLE_TRADER = code("92", 7)
RESIDENT = "99010019800229001" + resident_check("99010019800229001")
ITEMS = [
    {"item_code": "H-1", "nature": "positive", "category": "honour", "data_format": "honour"},
    {"item_code": "L-1", "nature": "serious", "data_format": "list_entry", "publication_months": "24"},
    {"item_code": "L-2", "nature": "serious", "data_format": "list_entry", "publication_method": "on request"},
    {"item_code": "L-3", "nature": "serious", "data_format": "list_entry", "security_level": "internal"},
    {"item_code": "J-1", "nature": "serious", "data_format": "judgment"},
    {"item_code": "N-1", "nature": "negative", "data_format": "list_entry"},
]
KINDS = "legal_person;natural_person"


@pytest.fixture
def made(make_tiny: Callable[..., Tiny]) -> Tiny:
    formats = {
        "honour": [form_field("title")],
        "list_entry": [form_field("legal_basis"), form_field("entry_state")],
        "judgment": [form_field("matter"), form_field("duty")],
    }
    fields = [one | {"data_format": name} for name, more in formats.items() for one in form_fields(*more)]
    tiny = make_tiny([one | {"subject_kinds": KINDS} for one in ITEMS], fields)
    tiny.register(
        (ONE, "legal_person", "甲公司", "990100", "A", "2015-03-01", ""),
        (TWO, "legal_person", "<b>乙公司</b>", "990200", "A", "2015-03-01", ""),
        (SOLE_TRADER, "legal_person", "合成人", "990100", "F", "2015-03-01", ""),
    )
    return tiny


def deliver(tiny: Tiny, item_code: str, *rows: dict[str, str], on: str = "2026-07-02") -> None:
    tiny.deliver([one | {"event_date": one.get("event_date", "2026-07-01")} for one in rows], on, item_code=item_code)
    tiny.ingest()


def entry(record_id: str, subject: str = ONE, **changes: str) -> dict[str, str]:
    return row(record_id, subject_id=subject) | changes


def entries(tiny: Tiny, as_of: str = "2026-10-20", run_no: int | None = None) -> dict[str, dict[str, Any]]:
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        found = take_lists(tiny.workspace, backend, date.fromisoformat(as_of), run_no).entries
    return {one["record_id"]: one for one in found}


def test_an_entry_says_its_basis_and_its_days(made: Tiny) -> None:
    deliver(made, "H-1", entry("H", title="A title"))
    deliver(made, "L-1", entry("L", TWO, legal_basis="An article", entry_state="列入"))
    found = entries(made)
    assert found["H"] == {
        "list_name": "honest_models", "subject_id": ONE, "subject_name": "甲公司", "subject_kind": "legal_person",
        "region_code": "990100", "item_code": "H-1", "department": "D1", "record_id": "H",
        "event_date": date(2026, 7, 1), "published_from": date(2026, 7, 2), "published_to": date(2027, 6, 30),
        "basis": "A title",
    }  # fmt: skip
    assert (found["L"]["list_name"], found["L"]["basis"]) == ("serious_dishonesty", "An article")
    # By the rules of 2026 serious entries are published for at most 36 months; the catalogue gives this item 24.
    assert found["L"]["published_to"] == date(2028, 6, 30)


def test_an_entry_whose_period_ended_disappears_by_itself(made: Tiny) -> None:
    deliver(made, "H-1", entry("H"))
    deliver(made, "L-1", entry("L"))
    assert set(entries(made, "2027-06-30")) == {"H", "L"}
    assert set(entries(made, "2027-07-01")) == {"L"}
    assert set(entries(made, "2028-06-30")) == {"L"}
    assert set(entries(made, "2028-07-01")) == set()


@pytest.mark.parametrize("action", ["withdraw", "repair", "dispute"])
def test_an_entry_that_was_taken_back_repaired_or_disputed_is_gone(made: Tiny, action: str) -> None:
    deliver(made, "L-1", entry("L"), entry("M", TWO))
    deliver(made, "L-1", entry("L", action=action), on="2026-08-02")
    assert set(entries(made)) == {"M"}
    assert set(entries(made, "2026-08-01")) == {"L", "M"}
    assert set(entries(made, run_no=1)) == {"L", "M"}


def test_who_left_the_list_or_did_the_duty_is_gone(made: Tiny) -> None:
    deliver(made, "L-1", entry("L", entry_state="列入"), entry("M", entry_state="移出"))
    deliver(made, "J-1", entry("J", duty="未履行"), entry("K", duty="已履行"))
    assert set(entries(made)) == {"L", "J"}


def test_other_items_natures_and_persons_make_no_entry(made: Tiny) -> None:
    deliver(made, "N-1", entry("N"))
    deliver(made, "L-2", entry("O"))
    deliver(made, "L-1", entry("P", SOLE_TRADER), entry("R", RESIDENT), entry("S", code(number=9)), entry("L"))
    assert set(entries(made)) == {"L"}


def release(tiny: Tiny, found: list[dict[str, Any]]) -> PublicityRelease:
    workspace = tiny.workspace
    return release_publicity(
        found, ["honest_models", "serious_dishonesty"], read_catalogue(workspace.catalogue), Audience.INTERNAL,
        read_policy(None), past_releases(workspace.reports), parse_period("2026Q3"), date(2026, 10, 20), 1,
    )  # fmt: skip


def test_what_the_catalogue_does_not_open_to_everybody_does_not_pass_the_gate(made: Tiny) -> None:
    deliver(made, "L-3", entry("I"))
    deliver(made, "L-1", entry("L"))
    found = list(entries(made).values())
    assert {one["record_id"] for one in found} == {"I", "L"}
    released = release(made, found)
    assert [one["record_id"] for one in released.entries] == ["L"]
    counted = {(one["detail"], one["item_code"]): one["count"] for one in released.release.rows()}
    assert counted == {("honest_models", ""): 0, ("serious_dishonesty", ""): 1, ("serious_dishonesty", "L-1"): 1}
    with pytest.raises(DisclosureError):
        PublicityRelease(released.release, released.entries)


@pytest.mark.parametrize(
    "changes",
    [
        {"subject_id": SOLE_TRADER},
        {"subject_id": SOLE_TRADER.lower()},
        {"subject_id": RESIDENT},
        {"subject_id": "P-0123456789ABCDEF0123456789ABCDEF"},
        {"subject_kind": "natural_person"},
        {"subject_kind": None},
        {"basis": f"for {RESIDENT} alone"},
        {"subject_name": f"owner {RESIDENT}"},
    ],
)
def test_case_26_no_natural_person_passes_the_gate(made: Tiny, changes: dict[str, Any]) -> None:
    found = {"list_name": "serious_dishonesty", "subject_id": ONE, "subject_name": "甲公司", "item_code": "L-1"}
    found |= {"subject_kind": "legal_person", "record_id": "L", "basis": "An article"}
    assert len(release(made, [found]).entries) == 1
    with pytest.raises(PersonError) as refused:
        release(made, [found, found | {"record_id": "Z"} | changes])
    assert not any(number in str(refused.value) for number in (SOLE_TRADER, RESIDENT, ONE))


def test_it_is_published_by_its_notebook_in_both_languages(made: Tiny, tmp_path: Path, chromium: Path) -> None:
    deliver(made, "H-1", entry("H", TWO, title="=cmd()"))
    deliver(made, "L-1", entry("L", legal_basis="An article"), entry("P", SOLE_TRADER))
    titles = {Language.EN: "Models of honesty", Language.ZH_CN: "诚信典型"}
    for language, title in titles.items():
        (done,) = publish(
            made.workspace, period=parse_period("2026Q3"), as_of=date(2026, 10, 20), audience=Audience.PUBLIC,
            language=language, reports=["publicity"], now=datetime(2026, 10, 20, 9, tzinfo=UTC), code_version="0",
        )  # fmt: skip
        page = (done.folder / "index.html").read_text(encoding="utf-8")
        assert title in page
        assert "<b>乙公司</b>" not in page
        assert SOLE_TRADER not in page
        with (done.folder / "tables/honest_models.csv").open(encoding="utf-8-sig", newline="") as file:
            (honoured,) = csv.DictReader(file)
        assert (honoured["subject_id"], honoured["basis"], honoured["published_to"]) == (TWO, "'=cmd()", "2027-06-30")
        with (done.folder / "tables/serious_dishonesty.csv").open(encoding="utf-8-sig", newline="") as file:
            assert [one["record_id"] for one in csv.DictReader(file)] == ["L"]
    look(chromium, done.folder, "publicity-zh_CN")
