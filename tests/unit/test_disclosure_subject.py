"""The gate for one organisation's page: about whom, for whom, and that nobody gets round it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from creditlab.catalogue import Catalogue
from creditlab.disclosure import ReleaseLedger, SubjectRelease, read_policy, release_subject
from creditlab.errors import DisclosureError, ExitStatus, PersonError
from creditlab.periods import parse_period
from creditlab.terms import Audience

NOTHING_KNOWN = Catalogue((), {}, {}, {})
RECORDS: list[dict[str, Any]] = [
    {"item_code": "A-1", "left_out": reason, "is_published": reason is None, "record_state": state, "event_date": day}
    for reason, state, day in (
        (None, "normal", date(2026, 6, 30)),
        (None, "normal", date(2026, 7, 1)),
        ("disputed", "disputed", date(2026, 9, 30)),
        ("withdrawn", "withdrawn", date(2026, 10, 1)),
    )
]


def released(kind: str = "legal_person", audience: Audience = Audience.INTERNAL) -> SubjectRelease:
    period, as_of = parse_period("2026Q3"), date(2026, 10, 20)
    return release_subject(
        kind, RECORDS, NOTHING_KNOWN, audience, read_policy(), ReleaseLedger(), period, as_of, 7
    )  # fmt: skip


def test_what_is_counted_of_an_organisation() -> None:
    found = released()
    counts = {row["measure"]: row["count"] for row in found.release.select(by=()).rows()}
    assert counts == {"held": 4, "counted": 2, "published": 2, "disputed": 1, "in_period": 2}
    assert {row["count"] for row in found.release.select(measure="held", by=("item_code",)).rows()} == {4}
    assert (len(found.records), found.hidden_count, found.release.run_no) == (4, 0, 7)


def test_other_authorities_see_nothing_of_an_item_that_no_edition_knows() -> None:
    found = released(audience=Audience.GOVERNMENT)
    assert (found.records, found.hidden_count) == ((), 4)
    assert {row["count"] for row in found.release.select(by=()).rows()} == {0}


@pytest.mark.parametrize("kind", ["natural_person", "", "person"])
def test_who_is_no_organisation_has_no_page(kind: str) -> None:
    with pytest.raises(PersonError) as caught:
        released(kind)
    assert caught.value.exit_status is ExitStatus.NOT_ALLOWED


def test_the_public_has_no_page_of_one_subject() -> None:
    with pytest.raises(DisclosureError, match="not for the public"):
        released(audience=Audience.PUBLIC)


def test_nobody_makes_one_but_the_gate() -> None:
    with pytest.raises(DisclosureError, match="through the gate only"):
        SubjectRelease(released().release, (), 0)
