"""`lake verify` judges every row again: what is booked of a record, and no count shows, is found where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from deltalake import DeltaTable

from creditlab.books import verification
from tests.spec.tiny import Tiny, code, form_field, form_fields, row
from tests.spec.verifying import fill_once, verified

FIELDS = form_fields(
    form_field("number", role="key"),
    form_field("sum", type="decimal", role="amount", required="true"),
    form_field("until", type="date", role="valid_until"),
)


def fill(tiny: Tiny) -> None:
    """Two runs: faults, amounts, a correction, a person, and a natural key that two records share."""
    tiny.edition(2026, [{}, {"item_code": "P-1", "subject_kinds": "natural_person"}], FIELDS)
    tiny.deliver([row(str(n), number="n" if n < 3 else "", sum=f"{n}.5" if n else "", until="2027-01-01")
                  for n in range(6)], on="2026-07-10")  # fmt: skip
    tiny.deliver([row("p", subject_id=code("92", 7), subject_kind="natural_person", sum="1")], item_code="P-1")
    tiny.ingest()
    tiny.deliver([row("3", sum="7", until="")], on="2026-07-12")
    tiny.ingest()


@pytest.fixture
def filled(tiny: Tiny, shelf: Path) -> Tiny:
    return fill_once(tiny, shelf, fill)


def change(tiny: Tiny, updates: dict[str, str], chosen: str) -> None:
    """Change entries where nothing but judging again would show it: in the entry and its reversal alike."""
    DeltaTable(str(tiny.workspace.lake / "records")).update(predicate=chosen, updates=updates)


@pytest.mark.parametrize(
    ("updates", "chosen", "fields"),
    [
        ({"lag": "lag + 1"}, "record_id = '4'", "lag"),
        ({"amount": "amount * 10"}, "record_id = '4'", "amount"),
        ({"amount": "NULL"}, "record_id = '3' AND revision = 1", "amount"),
        ({"faults": "make_array('type:note')"}, "record_id = '4'", "faults"),
        ({"faults": "make_array('duplicate_key')"}, "record_id = '0'", "faults"),
        ({"filled_count": "filled_count + 1"}, "record_id = '4'", "filled_count"),
        ({"subject_id": "'X'", "region_code": "'990200'"}, "record_id = '4'", "region_code, subject_id"),
        ({"valid_until": "NULL"}, "record_id = '5'", "valid_until"),
        ({"lag": "lag - 1"}, "item_code = 'P-1'", "lag"),
    ],
)
def test_an_entry_that_says_otherwise_than_its_row_is_found(
    filled: Tiny, updates: dict[str, str], chosen: str, fields: str
) -> None:
    change(filled, updates, chosen)
    (found,) = verified(filled).differences
    assert (found.check, found.expected, (found.found or 0) > 0) == ("judgement", 0, True)
    assert found.what.endswith(f": {fields}")
    assert found.where == ("002.csv" if "P-1" in chosen else "001.csv")


@pytest.mark.parametrize("rows", [1, 3, 1000])
def test_all_parts_together_judge_every_row(filled: Tiny, monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """Records that share a natural key may be in different parts."""
    monkeypatch.setattr(verification, "_BATCH_ROWS", rows)
    found = verified(filled)
    assert (found.differences, found.compared["judged"]) == ([], 8)
    change(filled, {"faults": "make_array('type:note')"}, "record_id = '4'")
    assert [one.found for one in verified(filled).differences] == [1]


def test_an_earlier_run_is_judged_by_what_it_knew(filled: Tiny) -> None:
    assert verified(filled, 1).compared["judged"] == 7
    change(filled, {"lag": "lag + 1"}, "record_id = '3' AND revision = 2")
    assert verified(filled, 1).is_whole
    assert not verified(filled).is_whole


def test_rows_are_not_judged_by_rules_that_no_run_has_used_yet(filled: Tiny) -> None:
    filled.write("catalogue/code_lists.csv", "code_list,code,name_zh,name_en\nsorts,三,三,Three\n")
    found = verified(filled)
    assert (found.is_whole, found.compared["judged"]) == (True, 0)
    filled.ingest()
    assert verified(filled).compared["judged"] == 8


def test_nobody_needs_the_key_to_verify(filled: Tiny) -> None:
    filled.workspace.key.unlink()
    assert verified(filled).compared["judged"] == 8
    assert not filled.workspace.key.exists()
