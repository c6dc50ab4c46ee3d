"""What a policy may round, and what somebody may set aside for a time, by name."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from creditlab.disclosure import Cube, Marker, Release, ReleaseLedger, read_policy, release
from creditlab.disclosure.policy import DEFAULT_POLICY
from creditlab.errors import WorkspaceError
from creditlab.periods import parse_period
from creditlab.terms import Audience
from tests.unit.test_disclosure import cell, table_of

PERIOD = parse_period("2026Q3")
BASE = "[rounding]\nbase = 0"
EXCEPTION = """
[[exceptions]]
rule = "full"
audience = "government"
measure = "timeliness"
by = "the board"
why = "asked for by the audit"
until = 2026-12-31
"""


def policy_file(folder: Path, *changes: tuple[str, str], more: str = "") -> Path:
    text = DEFAULT_POLICY.read_text("utf-8")
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = folder / "policy.toml"
    path.write_text(text + more, encoding="utf-8")
    return path


def let_out(
    path: Path, *cells: dict[str, Any], audience: Audience = Audience.PUBLIC, on: str = "2026-10-20"
) -> Release:
    cube = Cube(table_of(*cells), PERIOD, date.fromisoformat(on), 1)
    return release(cube, audience, read_policy(path), ReleaseLedger())


def count(number: int, *, persons: bool) -> dict[str, Any]:
    return cell(None, None, persons=persons, table="deliveries", measure="accepted", dimension="", count=number,
                department=f"D{number}{persons}")  # fmt: skip


@pytest.mark.parametrize(("number", "shown"), [(10, 10), (12, 10), (13, 15), (17, 15), (18, 20), (1234, 1235)])
def test_counts_with_persons_are_rounded_to_the_nearest_multiple(tmp_path: Path, number: int, shown: int) -> None:
    path = policy_file(tmp_path, (BASE, "[rounding]\nbase = 5"))
    made = let_out(path, count(number, persons=True), count(number, persons=False)).table.to_pylist()
    assert [one["count"] for one in made] == [shown, number]
    assert [one["count"] for one in let_out(DEFAULT_POLICY, count(number, persons=True)).table.to_pylist()] == [number]


def test_a_rounded_share_is_that_of_its_rounded_counts(tmp_path: Path) -> None:
    path = policy_file(tmp_path, (BASE, "[rounding]\nbase = 10"))
    (made,) = let_out(path, cell(47, 104, persons=True)).table.to_pylist()
    assert (made["numerator"], made["denominator"], made["ratio"]) == (50, 100, 0.5)


def test_rounding_brings_nothing_suppressed_back(tmp_path: Path) -> None:
    path = policy_file(tmp_path, (BASE, "[rounding]\nbase = 10"))
    (made,) = let_out(path, cell(3, 9, persons=True)).table.to_pylist()
    assert made["marker"] == Marker.SUPPRESSED
    assert {made[name] for name in ("numerator", "denominator", "ratio")} == {None}


FULL = ('full = "pass"', 'full = "review"')


@pytest.mark.parametrize(
    ("audience", "measure", "on", "hidden"),
    [
        (Audience.GOVERNMENT, "timeliness", "2026-12-31", False),
        (Audience.GOVERNMENT, "timeliness", "2027-01-01", True),
        (Audience.PUBLIC, "timeliness", "2026-12-31", True),
        (Audience.GOVERNMENT, "validity", "2026-12-31", True),
    ],
)
def test_an_exception_holds_for_its_audience_its_measure_and_its_days(
    tmp_path: Path, audience: Audience, measure: str, on: str, hidden: bool
) -> None:
    path = policy_file(tmp_path, FULL, more=EXCEPTION)
    (made,) = let_out(path, cell(50, 50, persons=True, measure=measure), audience=audience, on=on).table.to_pylist()
    assert (made["marker"] == Marker.SUPPRESSED) is hidden


def test_without_an_exception_what_is_under_review_is_suppressed(tmp_path: Path) -> None:
    (made,) = let_out(policy_file(tmp_path, FULL), cell(50, 50, persons=True)).table.to_pylist()
    assert made["marker"] == Marker.SUPPRESSED


def test_an_exception_and_a_rounding_base_are_in_the_policys_digest(tmp_path: Path) -> None:
    plain = read_policy(DEFAULT_POLICY).digest
    excepted = read_policy(policy_file(tmp_path, more=EXCEPTION)).digest
    other = read_policy(policy_file(tmp_path, more=EXCEPTION.replace("the board", "somebody else"))).digest
    rounded = read_policy(policy_file(tmp_path, (BASE, "[rounding]\nbase = 5"))).digest
    assert len({plain, excepted, other, rounded}) == 4


@pytest.mark.parametrize(
    "change",
    [
        ('by = "the board"', 'by = " "'),
        ('why = "asked for by the audit"\n', ""),
        ("until = 2026-12-31\n", ""),
        ('rule = "full"', 'rule = "threshold"'),
        ('rule = "full"', 'rule = "complementary"'),
        ('rule = "full"', 'rule = "right_to_use"'),
        ('audience = "government"', 'audience = "everybody"'),
        ("by =", "decided ="),
    ],
)
def test_an_exception_that_nobody_answers_for_or_that_may_not_be_is_refused(
    tmp_path: Path, change: tuple[str, str]
) -> None:
    with pytest.raises(WorkspaceError):
        read_policy(policy_file(tmp_path, more=EXCEPTION.replace(*change)))
