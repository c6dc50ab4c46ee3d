"""Cases 25 and 26: a natural person scored or ranked; by number, by another kind, as a sole trader, by joining.

Every person here is made up by code: the place 990100 is nobody's.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pytest

from creditlab import engine
from creditlab.assessment import Assessment, assess, parse_methodology
from creditlab.errors import ExitStatus, PersonError
from creditlab.lake import Lake
from tests.security.persons import PSEUDONYM, RESIDENT, SOLE_TRADER, WRITTEN
from tests.spec.asking import asked_by_default
from tests.spec.assessable import AS_OF, METHODOLOGY, NAME, ONE, assessable, penalty, standings
from tests.spec.tiny import Tiny

Run = Callable[..., dict[str, Any]]
PERSONS = WRITTEN | {
    "sole trader, blank inside": f"{SOLE_TRADER[:2]} {SOLE_TRADER[2:]}",
    "broken sole trader": "92990100ABC",
}
EVIDENCE = pa.schema(
    [(name, pa.string()) for name in ("subject_id", "subject_kind", "item_code", "department", "region_code")]
    + [("record_id", pa.string()), ("key64", pa.int64()), ("event_date", pa.date32()), ("valid_until", pa.date32())]
    + [("amount", pa.decimal128(38, 6)), ("outcome", pa.string()), ("published_until", pa.date32())]
    + [("left_out", pa.string())]
)


@pytest.fixture
def asked() -> Any:
    """Assess some subjects, each with one penalty, as their kinds say."""
    with asked_by_default():

        def ask(subjects: dict[str, str | None], recorded: dict[str, str | None] | None = None) -> Assessment:
            rows = [
                {"subject_id": one, "subject_kind": kind, "item_code": "P-1", "event_date": date(2026, 7, 1)}
                for one, kind in (subjects if recorded is None else recorded).items()
            ]
            listed = [
                {"subject_id": one, "subject_kind": kind, "region_code": "990100"} for one, kind in subjects.items()
            ]
            schema = pa.schema([(name, pa.string()) for name in ("subject_id", "subject_kind", "region_code")])
            register = ibis.memtable(pa.Table.from_pylist(listed, schema=schema))
            evidence = ibis.memtable(pa.Table.from_pylist(rows, schema=EVIDENCE))
            return assess(evidence, register, parse_methodology("made", METHODOLOGY), date.fromisoformat(AS_OF))

        yield ask


def refused(ask: Any, *arguments: Any) -> None:
    with pytest.raises(PersonError) as found:
        ask(*arguments)
    assert (found.value.code, found.value.exit_status) == ("natural_person", ExitStatus.NOT_ALLOWED)
    said = str(found.value)
    assert not any(number in said for number in (SOLE_TRADER, RESIDENT, PSEUDONYM, ONE))


def test_an_organisation_is_assessed(asked: Any) -> None:
    assert asked({ONE: "legal_person"}).table().to_pyarrow()["score"].to_pylist() == [985_000]


@pytest.mark.parametrize("number", PERSONS.values(), ids=list(PERSONS))
def test_case_25_by_the_number_whatever_the_kind_says(asked: Any, number: str) -> None:
    refused(asked, {ONE: "legal_person", number: "legal_person"})


@pytest.mark.parametrize("kind", ["natural_person", None])
def test_case_25_by_the_kind_whatever_the_number_is(asked: Any, kind: str | None) -> None:
    refused(asked, {ONE: "legal_person", "LOCAL-7788": kind})


@pytest.mark.parametrize("number", PERSONS.values(), ids=list(PERSONS))
def test_case_25_by_a_record_of_a_person_among_those_of_organisations(asked: Any, number: str) -> None:
    refused(asked, {ONE: "legal_person"}, {ONE: "legal_person", number: "legal_person"})
    refused(asked, {ONE: "legal_person"}, {ONE: "natural_person"})


def test_case_25_by_joining_to_a_list_of_persons(asked: Any) -> None:
    """A list that names each organisation's owner, joined so that the owner stands in the subject's place."""
    owners = pa.table({"subject_id": [ONE], "owner": [RESIDENT]})
    register = pa.table({"subject_id": [ONE], "subject_kind": ["legal_person"], "region_code": ["990100"]})
    joined = ibis.memtable(register).join(ibis.memtable(owners), "subject_id")
    persons = joined.select("subject_kind", "region_code", subject_id="owner")
    evidence = ibis.memtable(EVIDENCE.empty_table())
    refused(assess, evidence, persons, parse_methodology("made", METHODOLOGY), date.fromisoformat(AS_OF))
    assert [one for one in asked({ONE: "legal_person"}).table().columns if "owner" in one or "name" in one] == []


def test_case_25_26_asked_for_one_person(run: Run, make_tiny: Callable[..., Tiny]) -> None:
    tiny = assessable(make_tiny, "legal_person;natural_person")
    tiny.deliver([penalty("1")], item_code="P-1")
    tiny.ingest()
    for number in PERSONS.values():
        said = run(tiny, "assess", "--as-of", AS_OF, "--subject", number, status=5)
        assert said["error"] == "natural_person"
        assert not any(part in str(said) for part in (SOLE_TRADER, RESIDENT, PSEUDONYM))


def test_case_26_nobody_is_listed_who_is_no_organisation(
    run: Run, make_tiny: Callable[..., Tiny], tmp_path: Path
) -> None:
    tiny = assessable(make_tiny, "legal_person;natural_person")
    tiny.register(
        (ONE, "legal_person", "甲公司", "990100", "A", "2015-03-01", ""),
        (SOLE_TRADER, "legal_person", "合成人甲", "990100", "F", "2015-03-01", ""),
        (RESIDENT, "", "合成人乙", "990100", "", "2015-03-01", ""),
    )
    rows = [penalty("1"), penalty("2", SOLE_TRADER), penalty("3", RESIDENT), penalty("4", RESIDENT, subject_kind="")]
    tiny.deliver(rows, item_code="P-1")
    tiny.ingest()
    out, lines = tmp_path / "levels.csv", tmp_path / "findings.csv"
    run(tiny, "assess", "--as-of", AS_OF, "--output", out, "--findings", lines)
    for path in (out, lines):
        with path.open(encoding="utf-8", newline="") as file:
            assert {one["subject_id"] for one in csv.DictReader(file)} == {ONE}
        assert path.stat().st_mode & 0o777 == 0o600


def test_case_25_a_register_that_calls_a_person_an_organisation_stops_the_whole(
    run: Run, make_tiny: Callable[..., Tiny]
) -> None:
    tiny = assessable(make_tiny)
    tiny.deliver([penalty("1")], item_code="P-1")
    tiny.ingest()
    assert standings(tiny)[ONE]["level"] == "B"
    lake = Lake(tiny.workspace.lake)
    with engine.connect(folders=[lake.root]) as backend:
        rows = backend.to_pyarrow(backend.read_parquet(lake.files("subjects")))
    person = rows.slice(0, 1).to_pylist()[0] | {"subject_id": SOLE_TRADER}
    lake.append("subjects", pa.Table.from_pylist([person], schema=rows.schema))
    assert run(tiny, "assess", "--as-of", AS_OF, status=5)["error"] == "natural_person"


def test_case_25_a_methodology_about_persons_is_refused(run: Run, make_tiny: Callable[..., Tiny]) -> None:
    tiny = assessable(make_tiny)
    tiny.deliver([penalty("1")], item_code="P-1")
    tiny.ingest()
    text = METHODOLOGY.replace('["legal_person"]', '["legal_person", "natural_person"]')
    tiny.write(f"methodologies/{NAME}.toml", text)
    assert run(tiny, "methodology", "lint", NAME, status=3)["error"] in {
        "methodology_natural_person",
        "methodology_changed",
    }
    (tiny.folder / f"methodologies/{NAME}.seal.toml").unlink()
    assert run(tiny, "methodology", "lint", NAME, status=3)["error"] == "methodology_natural_person"
