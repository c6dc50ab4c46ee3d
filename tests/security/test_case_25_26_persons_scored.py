"""Cases 25 and 26: a natural person scored by a card: by number, by kind, by another kind, by joining.

Every person here is made up by code.
"""

from __future__ import annotations

from typing import Any

import ibis
import pyarrow as pa
import pytest

from creditlab.errors import ExitStatus, PersonError
from creditlab.scorecards import Card, Identifier, make_sample, score, score_expression
from tests.security.persons import PSEUDONYM, RESIDENT, WRITTEN
from tests.spec.asking import asked_by_default
from tests.spec.cards import FEATURES, made_card, made_rows, with_column
from tests.spec.tiny import code

ROWS = made_rows(600)
PERSONS = WRITTEN | {"pseudonym, small": PSEUDONYM.lower()}
#: What tells a person where subjects have numbers of somebody's own: the beginning 92 is anybody's there.
LOCAL = {name: number for name, number in PERSONS.items() if "sole trader" not in name}


@pytest.fixture(scope="module")
def card() -> Card:
    return made_card()


def refused(ask: Any) -> None:
    with pytest.raises(PersonError) as found:
        ask()
    assert (found.value.code, found.value.exit_status) == ("natural_person", ExitStatus.NOT_ALLOWED)
    said = str(found.value)
    assert not any(number in said for number in (*PERSONS.values(), ROWS["subject_id"][0].as_py()))


def with_person(number: str | None, kind: str | None = "legal_person") -> pa.Table:
    """The rows, one of them about a person."""
    identifiers, kinds = ROWS["subject_id"].to_pylist(), ROWS["subject_kind"].to_pylist()
    identifiers[9], kinds[9] = number, kind
    table = with_column(ROWS, "subject_id", pa.array(identifiers, pa.string()))
    return with_column(table, "subject_kind", pa.array(kinds, pa.string()))


def everywhere(card: Card, table: pa.Table, identifier: Identifier = Identifier.USCC) -> None:
    """Refused as a sample, in memory and in the engine."""
    from dataclasses import replace

    same = replace(card, identifier=identifier)
    refused(lambda: make_sample(table, FEATURES, identifier=identifier))
    refused(lambda: score(same, table))
    with asked_by_default():
        refused(lambda: score_expression(same, ibis.memtable(table)))


@pytest.mark.parametrize("number", PERSONS.values(), ids=list(PERSONS))
def test_case_25_by_the_number_whatever_the_kind_says(card: Card, number: str) -> None:
    everywhere(card, with_person(number))


@pytest.mark.parametrize("number", LOCAL.values(), ids=list(LOCAL))
def test_case_25_by_the_number_among_numbers_of_ones_own(card: Card, number: str) -> None:
    everywhere(card, with_person(number), Identifier.LOCAL)


@pytest.mark.parametrize("identifier", list(Identifier))
@pytest.mark.parametrize("kind", ["natural_person", None, "person", "", "LEGAL_PERSON"])
def test_case_25_by_the_kind_and_by_any_that_is_no_organisations(
    card: Card, kind: str | None, identifier: Identifier
) -> None:
    everywhere(card, with_person(code(number=999_999), kind), identifier)


@pytest.mark.parametrize("identifier", list(Identifier))
def test_case_25_a_row_about_nobody_might_be_about_anybody(card: Card, identifier: Identifier) -> None:
    everywhere(card, with_person(None), identifier)


def test_case_25_without_kinds_nobody_is_scored(card: Card) -> None:
    bare = ROWS.drop_columns("subject_kind")
    refused(lambda: score(card, bare))
    with asked_by_default():
        refused(lambda: score_expression(card, ibis.memtable(bare)))


def test_case_25_by_joining_to_a_list_of_persons(card: Card) -> None:
    """The owner of each organisation in the subject's place."""
    owners = pa.table({"subject_id": ROWS["subject_id"], "owner": [RESIDENT] * ROWS.num_rows})
    with asked_by_default():
        joined = ibis.memtable(ROWS).join(ibis.memtable(owners), "subject_id")
        persons = joined.drop("subject_id").rename(subject_id="owner")
        refused(lambda: score_expression(card, persons))
        scored = score_expression(card, joined)
        assert [name for name in scored.columns if "owner" in name] == []


def test_case_26_organisations_of_either_naming_are_scored(card: Card) -> None:
    from dataclasses import replace

    own = with_column(ROWS, "subject_id", [f"92-{place}" for place in range(ROWS.num_rows)])
    assert score(replace(card, identifier=Identifier.LOCAL), own).table.num_rows == ROWS.num_rows
    assert score(card, ROWS).table.num_rows == ROWS.num_rows
