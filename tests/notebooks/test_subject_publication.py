"""The page about one organisation, run as it is published, against what was delivered. All data is synthetic."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from creditlab.errors import DisclosureError, NoDataError, ParameterError, PersonError
from creditlab.periods import parse_period
from creditlab.reports import Published, publish
from creditlab.reports.subject import open_report
from creditlab.terms import Audience, Language
from tests.spec.conftest import make_tiny, shelf
from tests.spec.organisations import AGENCY, BODY, FIRM, RELABELLED, RESIDENT, STRANGER, TRADER, organisations
from tests.spec.tiny import NOW, Tiny

__all__ = ["make_tiny", "shelf"]

GIVEN = {
    "period": parse_period("2026Q3"), "as_of": NOW.date(), "audience": Audience.INTERNAL, "language": Language.EN,
    "now": NOW, "code_version": "0123abc", "reports": ["subject_profile"],
}  # fmt: skip


@pytest.fixture
def held(shelf: Path, make_tiny: Any) -> Tiny:
    """The organisations, taken in once for this file."""
    if not shelf.exists():
        organisations(make_tiny, name=str(shelf))
    return Tiny(shelf)


def published(tiny: Tiny, *subjects: str, **changes: Any) -> list[Published]:
    return publish(tiny.workspace, **(GIVEN | {"subjects": list(subjects)} | changes))


def table(report: Any, section: str, name: str) -> list[dict[str, Any]]:
    """A section's table: exact values by column."""
    (found,) = [one for one in getattr(report, section)().tables if one.name == name]
    return [dict(zip((c.name for c in found.columns), (cell.value for cell in row), strict=True)) for row in found.rows]


def opened(tiny: Tiny, subject: str, audience: str = "internal", language: str = "en") -> Any:
    return open_report(str(tiny.folder), subject, "2026Q3", "2026-10-20", audience, language, 0, "")


def test_a_page_is_published_by_name_in_both_languages(held: Tiny) -> None:
    with pytest.raises(ParameterError, match="no subject is named"):
        publish(held.workspace, **GIVEN)
    (done,) = published(held, f" {BODY.lower()}", language=Language.ZH_CN)
    page = (done.folder / "index.html").read_text("utf-8")
    assert done.report == f"subject_profile_{BODY}"
    assert done.folder.parent.parent.name == f"subject_profile_{BODY}-internal"
    assert "甲局信用档案" in page
    assert "政务诚信记录" in page
    manifest = json.loads((done.folder / "manifest.json").read_text("utf-8"))
    assert (manifest["parameters"]["subject"], manifest["run_no"]) == (BODY, 1)
    with (done.folder / "tables" / "promises_not_kept.csv").open(encoding="utf-8", newline="") as file:
        assert {row["item_code"] for row in csv.DictReader(file)} == {"C-1", "N-1"}


@pytest.mark.parametrize("person", [TRADER, RELABELLED, RESIDENT, "92", "P-" + "0A" * 16, f" {TRADER.lower()} "])
def test_a_person_has_no_page_and_its_number_is_nowhere(held: Tiny, person: str) -> None:
    with pytest.raises(PersonError) as caught:
        published(held, FIRM, person)
    with pytest.raises(PersonError) as again:
        opened(held, person)
    number = person.strip().upper()
    assert number not in str(caught.value) + str(again.value)
    assert not [path for path in held.workspace.reports.rglob("*") if number in path.name.upper()]
    failed = held.workspace.reports / "_failed"
    assert not failed.exists() or not any(number in path.read_text("utf-8") for path in failed.iterdir())


def test_an_organisation_that_nobody_knows_has_no_page(held: Tiny) -> None:
    with pytest.raises(NoDataError) as caught:
        opened(held, STRANGER)
    assert STRANGER not in str(caught.value)


def test_a_firms_page_says_what_was_delivered(held: Tiny) -> None:
    report = opened(held, FIRM)
    timeline = {row["details"] + row["event_date"]: row for row in table(report, "timeline", "timeline")}
    assert len(timeline) == 13
    reasons = [row["left_out"] for row in timeline.values() if row["item_code"] == "P-1"]
    assert sorted(str(one) for one in reasons) == [
        "None", "None", "disputed", "publication_ended", "repaired", "withdrawn",
    ]  # fmt: skip
    adverse = {row["event_date"]: row for row in table(report, "adverse", "adverse") if row["item_code"] == "P-1"}
    assert "2026-08-05" not in adverse
    grave = adverse["2026-08-03"]
    assert (grave["publication_class"], grave["repairable_from"], grave["published_until"]) == (
        "serious", "2027-08-03", "2029-08-03",
    )  # fmt: skip
    permits = {row["valid_until"]: row["in_force"] for row in table(report, "permits", "permits")}
    assert permits == {"2026-09-30": False, "2031-07-14": True}
    kept = {row["category"]: (row["kept"], row["broken"], row["open"]) for row in table(report, "promises", "kept")}
    assert kept == {"contract_performance": (2, 0, 0), "credit_commitment": (0, 0, 1)}
    beside = {row["category"]: (row["public"], row["market"]) for row in table(report, "side_by_side", "side_by_side")}
    assert beside["contract_performance"] == (1, 1)
    endings = [row["published_until"] for row in table(report, "endings", "endings")]
    assert endings == sorted(endings)
    assert endings[0] == "2027-07-01"
    doubts = {row["caveat"]: row["record_count"] for row in table(report, "caveats", "caveats")}
    assert doubts["name_differs"] == 1
    assert doubts["disputed"] == 1
    assert report.role().tables == []


def test_a_government_bodys_record_of_integrity(held: Tiny) -> None:
    report = opened(held, BODY)
    names = ("judgments_not_performed", "promises_not_kept", "integrity_other", "integrity_honours")
    found = {name: [row["event_date"] for row in table(report, "role", name)] for name in names}
    assert found == {
        "judgments_not_performed": ["2026-07-06"],
        "promises_not_kept": ["2026-07-10", "2026-07-08"],
        "integrity_other": [],
        "integrity_honours": ["2026-07-13"],
    }


def test_a_credit_service_institution_has_a_view_of_its_own(held: Tiny) -> None:
    report = opened(held, AGENCY)
    assert "credit service institution" in report.role().paragraphs[0]
    assert [row["item_code"] for row in table(report, "role", "conduct")] == ["P-1"]
    assert [row["item_code"] for row in table(report, "role", "market")] == ["M-1"]


def test_other_authorities_see_what_they_may_use(held: Tiny) -> None:
    with pytest.raises(DisclosureError, match="not for the public"):
        opened(held, FIRM, audience="public")
    report = opened(held, FIRM, audience="government")
    assert {row["item_code"] for row in table(report, "timeline", "timeline")} == {"P-1", "C-1", "N-1", "L-1", "S-1"}
    assert any("1 further" in text for text in report.overview().paragraphs)


def test_nothing_failed_is_left(held: Tiny) -> None:
    assert not list(Path(held.workspace.reports).glob("_failed/*"))


def test_without_a_methodology_in_force_the_page_says_so(held: Tiny) -> None:
    section = opened(held, FIRM).standing()
    assert not section.tables
    assert "No approved methodology" in section.paragraphs[0]
