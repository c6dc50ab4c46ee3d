"""Profiles and answers about bidders: no person is in them, nobody learns who is known, nothing void is in them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creditlab.dossier.subject import refuse_persons
from creditlab.errors import PersonError
from tests.spec.conftest import make_tiny, run, shelf
from tests.spec.organisations import FIRM, GONE, RELABELLED, RESIDENT, ROWS, TRADER, organisations
from tests.spec.tiny import Tiny, code

__all__ = ["make_tiny", "run", "shelf"]

Run = Callable[..., dict[str, Any]]
PERSONS = (RELABELLED, TRADER, RESIDENT)
AS_OF = ("--as-of", "2026-10-20")


@pytest.fixture
def held(shelf: Path, make_tiny: Callable[..., Tiny]) -> Tiny:
    """The organisations, taken in once for this file."""
    if not shelf.exists():
        organisations(make_tiny, name=str(shelf))
    return Tiny(shelf)


def answers(held: Tiny, run: Run, folder: Path, *codes: str) -> list[dict[str, Any]]:
    path = folder / "codes.csv"
    path.write_text("\n".join(["subject_id", *codes]) + "\n", encoding="utf-8")
    found: list[dict[str, Any]] = run(held, "check", path, *AS_OF)["codes"]
    return [{name: value for name, value in one.items() if name != "row_no"} for one in found]


def test_case_25_a_person_under_another_kind_or_number_is_in_no_profile(held: Tiny, run: Run, tmp_path: Path) -> None:
    run(held, "profile", *AS_OF, "--output", tmp_path / "p.csv")
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["subject_kind"] for row in rows} == {"legal_person", "government_body"}
    numbers = {row["subject_id"] for row in rows}
    assert FIRM in numbers
    assert not [one for one in numbers if one in PERSONS or "P-" in one]
    for number in PERSONS:
        with pytest.raises(PersonError) as caught:
            refuse_persons(held.workspace, [GONE, number])
        assert number not in str(caught.value)


def test_case_31_a_person_who_is_known_and_one_who_is_not_have_one_answer(held: Tiny, run: Run, tmp_path: Path) -> None:
    known, unknown, relabelled = answers(held, run, tmp_path, TRADER, code("92", 777), RELABELLED)
    assert known == unknown == relabelled == {"subject_id": None, "answer": "refused", "published": []}


def test_case_36_37_what_is_void_is_in_no_answer(held: Tiny, run: Run, tmp_path: Path) -> None:
    before = answers(held, run, tmp_path, FIRM)
    # Of six penalties one each is withdrawn, repaired, disputed and over.
    assert {one["item_code"]: one["published_count"] for one in before[0]["published"]}["P-1"] == 2
    graver = [row for row in ROWS["P-1"] if row["record_id"] in ("p1", "p2")]
    again = [row | {"record_id": f"again-{row['record_id']}"} for row in graver]
    early = [row | {"record_id": f"early-{number}", "document_no": f"e{number}", "event_date": day}
             for number, (row, day) in enumerate(zip(graver, ("2026-10-01", "2099-12-31"), strict=True))]  # fmt: skip
    held.deliver(again + early, on="2026-08-11", item_code="P-1", region_code="990000", path="again.csv")
    held.ingest()
    assert answers(held, run, tmp_path, FIRM) == before
    run(held, "profile", *AS_OF, "--output", tmp_path / "p.csv")
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as file:
        (row,) = [row for row in csv.DictReader(file) if (row["subject_id"], row["item_code"]) == (FIRM, "P-1")]
    assert (row["record_count"], row["counted_count"], row["next_end_on"]) == ("10", "2", "2027-07-01")
