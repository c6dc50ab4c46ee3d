"""Assessment against a plain second one, on random methodologies and records; and what must hold whatever they are.

CREDITLAB_EXAMPLES says how many examples to run (8 in the ordinary run). An engine takes its time to begin, so that an
example of the first test has forty subjects, each a case of its own: 250 examples are 10,000 cases.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from creditlab.assessment import Assessment, Record, assess, parse_methodology, recovery
from creditlab.terms import ASSESSMENT, FINDING
from tests.properties.made_assessments import (
    FIRST,
    LAST,
    LEFT_OUT,
    LEVELS,
    Row,
    many_records,
    methodologies,
    on,
    records,
    text_of,
    whole,
)
from tests.reference import assessment as reference
from tests.spec.asking import asked_by_default

EXAMPLES = int(os.environ.get("CREDITLAB_EXAMPLES", "8"))
ordinary = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="CREDITLAB_EXAMPLES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    # An engine is asked each time, so that making a failing case small would take minutes.
    phases=(Phase.explicit, Phase.generate),
)
SUBJECTS = ["S1", "S2", "S3"]
#: Independent cases of one example: what one has adds nothing to another.
CASES = [f"C{number}" for number in range(40)]
DAYS = st.integers(366, 1400).map(lambda number: FIRST + timedelta(days=number))
EVIDENCE = pa.schema(
    [(name, pa.string()) for name in ("subject_id", "subject_kind", "item_code", "department", "region_code")]
    + [("record_id", pa.string()), ("key64", pa.int64()), ("event_date", pa.date32()), ("valid_until", pa.date32())]
    + [("amount", pa.decimal128(38, 6)), ("outcome", pa.string()), ("published_until", pa.date32())]
    + [("left_out", pa.string())]
)


@pytest.fixture(scope="module")
def backend() -> Iterator[Any]:
    with asked_by_default() as opened:
        yield opened


def assessed(content: dict[str, Any], rows: list[Row], subjects: list[str], as_of: date) -> Assessment:
    evidence = ibis.memtable(pa.Table.from_pylist(rows, schema=EVIDENCE))
    register = [{"subject_id": one, "subject_kind": "legal_person", "region_code": "990100"} for one in subjects]
    methodology = parse_methodology("made", text_of(content))
    return assess(evidence, ibis.memtable(pa.Table.from_pylist(register)), methodology, as_of)


def scores(backend: Any, content: dict[str, Any], worlds: dict[str, list[Row]], as_of: date) -> list[dict[str, Row]]:
    """How the subjects stand in each of several worlds; worked out at once, for an engine takes its time to begin."""
    rows = [one | {"subject_id": f"{one['subject_id']}{world}"} for world, held in worlds.items() for one in held]
    subjects = [f"{subject}{world}" for world in worlds for subject in SUBJECTS]
    found = backend.to_pyarrow(assessed(content, rows, subjects, as_of).detailed()).to_pylist()
    assert sorted(one["subject_id"] for one in found) == sorted(subjects)
    stood = {one.pop("subject_id"): one for one in found}
    return [{subject: stood[f"{subject}{world}"] for subject in SUBJECTS} for world in worlds]


def as_key(one: Row) -> tuple[Any, ...]:
    return tuple(str(one[name]) for name in FINDING)


@ordinary
@given(as_of=DAYS, content=methodologies(), seed=st.integers(0, 2**32))
def test_it_agrees_with_a_plain_count_in_any_order_of_rows(
    backend: Any, as_of: date, content: dict[str, Any], seed: int
) -> None:
    rows = many_records(content, as_of, CASES, seed)
    wanted = reference.assess(reference.read(text_of(content)), rows, CASES, as_of)
    random.Random(seed).shuffle(rows)
    found = assessed(content, rows, CASES, as_of)
    standings = backend.to_pyarrow(found.detailed()).to_pylist()
    assert sorted(one["subject_id"] for one in standings) == sorted(CASES)
    for one in standings:
        plain = wanted[one["subject_id"]]
        assert (one["score"], one["level"]) == (plain.score, plain.level)
        assert (one["is_provisional"], one["has_information"]) == (plain.is_provisional, plain.has_information)
        assert (one["score_level"], one["is_overridden"]) == (plain.score_level, plain.level != plain.score_level)
    lines = backend.to_pyarrow(found.findings()).to_pylist()
    assert sorted(map(as_key, lines)) == sorted(as_key(one) for plain in wanted.values() for one in plain.findings)
    methodology = reference.read(text_of(content))
    for subject, plain in wanted.items():
        again = reference.rebuild(methodology, [one for one in lines if one["subject_id"] == subject])
        assert (again.score, again.level, again.is_provisional) == (plain.score, plain.level, plain.is_provisional)


@ordinary
@given(data=st.data(), as_of=DAYS, content=methodologies())
def test_an_added_adverse_record_never_raises_a_score_and_withdrawing_it_restores_it(
    backend: Any, data: st.DataObject, as_of: date, content: dict[str, Any]
) -> None:
    rows = data.draw(records(as_of, SUBJECTS, most=15))
    adverse = [one for one in content["indicator"] if (one.get("points") or one["days"][0]["points"]) < 0]
    rule = data.draw(st.sampled_from([*adverse, *content["override"]]))
    ago = data.draw(st.integers(0, 900))
    blank = {"valid_until": None, "published_until": None, "left_out": None, "amount": 400}
    new = {"subject_id": "S1", "item_code": rule["items"][0], "event_date": as_of - timedelta(days=ago)} | blank
    new["outcome"] = rule["when"]["values"][0] if "when" in rule else None
    worlds = {"A": rows, "B": [*rows, whole(new, 500)], "C": [*rows, whole(new | {"left_out": "withdrawn"}, 500)]}
    before, after, withdrawn = scores(backend, content, worlds, as_of)
    if before["S1"]["has_information"]:
        assert after["S1"]["score"] <= before["S1"]["score"]
        assert LEVELS.index(after["S1"]["level"]) >= LEVELS.index(before["S1"]["level"])
    assert {**after, "S1": None} == {**before, "S1": None}
    assert withdrawn == before


@ordinary
@given(data=st.data(), as_of=DAYS, content=methodologies(signs=(-1,)), days=st.integers(1, 500))
def test_time_alone_never_lowers_a_subject_with_adverse_records_only(
    backend: Any, data: st.DataObject, as_of: date, content: dict[str, Any], days: int
) -> None:
    rows = [one for one in data.draw(records(as_of, SUBJECTS, most=15)) if one["event_date"] <= as_of]
    content["methodology"]["effective_until"] = date(2040, 1, 1)
    [before] = scores(backend, content, {"A": on(rows, as_of)}, as_of)
    day = as_of + timedelta(days=days)
    [after] = scores(backend, content, {"A": on(rows, day)}, day)
    for subject, one in after.items():
        # Without anything left that counts there is no score any more, which is no lower one.
        if one["has_information"]:
            assert before[subject]["has_information"]
            assert one["score"] >= before[subject]["score"]
            assert LEVELS.index(one["level"]) <= LEVELS.index(before[subject]["level"])


@ordinary
@given(data=st.data(), as_of=DAYS, content=methodologies(), reason=st.sampled_from(LEFT_OUT))
def test_an_excluded_record_changes_nothing_anywhere(
    backend: Any, data: st.DataObject, as_of: date, content: dict[str, Any], reason: str
) -> None:
    rows = data.draw(records(as_of, SUBJECTS, most=15))
    more = data.draw(records(as_of, SUBJECTS, most=5))
    excluded = [one | {"left_out": reason, "record_id": f"X{one['record_id']}", "key64": -1} for one in more]
    before, after = scores(backend, content, {"A": rows, "B": [*rows, *excluded]}, as_of)
    assert after == before


@ordinary
@given(data=st.data(), as_of=DAYS, content=methodologies())
def test_a_disputed_record_is_held_and_makes_the_result_provisional(
    backend: Any, data: st.DataObject, as_of: date, content: dict[str, Any]
) -> None:
    rows = data.draw(records(as_of, SUBJECTS, most=10))
    rows = [one | {"left_out": None if one["left_out"] == "disputed" else one["left_out"]} for one in rows]
    plain = reference.assess(reference.read(text_of(content)), rows, SUBJECTS, as_of)
    counted = [
        one["key64"]
        for standing in plain.values()
        for one in standing.findings
        if one["left_out"] in (None, "counted_once")
    ]
    key = data.draw(st.sampled_from(counted)) if counted else 0
    disputed = [one | {"left_out": "disputed"} if one["key64"] == key else one for one in rows]
    worlds = {"A": rows, "B": disputed, "C": [one for one in rows if one["key64"] != key]}
    before, held, without = scores(backend, content, worlds, as_of)
    assert not any(one["is_provisional"] for one in before.values())
    assert {name: one | {"is_provisional": False} for name, one in held.items()} == without
    assert sum(one["is_provisional"] for one in held.values()) == bool(counted)


@ordinary
@given(data=st.data(), as_of=DAYS, content=methodologies())
def test_one_subject_alone_stands_as_among_all_and_what_is_mended_does_what_was_said(
    backend: Any, data: st.DataObject, as_of: date, content: dict[str, Any]
) -> None:
    rows = [one for one in data.draw(records(as_of, ["S1"], most=12)) if one["event_date"] <= as_of]
    own = [one for one in rows if one["subject_id"] == "S1"]
    methodology = parse_methodology("made", text_of(content))
    about = [Record.of(one | {"repairable_from": None}, methodology) for one in own]
    found = recovery(methodology, about, as_of)
    worlds, expected = {"now": own}, {"now": found.now}
    mended: set[int] = set()
    for one in found.mendings:
        key = one.record.key64
        mended |= {key}
        for name, keys, standing in ((f"{key} alone", {key}, one.alone), (f"{key} with", mended, one.together)):
            worlds[name] = [row | {"left_out": "repaired"} if row["key64"] in keys else row for row in own]
            expected[name] = standing
    for standing, world in zip(expected.values(), scores(backend, content, worlds, as_of), strict=True):
        whole_world = world["S1"]
        assert (whole_world["score"], whole_world["level"]) == (standing.score, standing.level)
        assert whole_world["score_level"] == standing.score_level
        assert whole_world["is_provisional"] == standing.is_provisional
    lines = backend.to_pyarrow(assessed(content, own, ["S1"], as_of).findings()).to_pylist()
    plain = sorted((one["key64"], one["indicator"], one["points"], str(one["left_out"])) for one in lines)
    assert plain == sorted((one.record.key64, one.rule.code, one.points, str(one.left_out)) for one in found.now.lines)


@ordinary
@given(data=st.data(), as_of=DAYS, content=methodologies())
def test_the_level_changes_by_itself_on_the_days_that_are_named_and_on_no_other(
    data: st.DataObject, as_of: date, content: dict[str, Any]
) -> None:
    rows = [one for one in data.draw(records(as_of, ["S1"], most=8)) if one["event_date"] <= as_of]
    methodology = parse_methodology("made", text_of(content))
    own = [one for one in rows if one["subject_id"] == "S1"]
    found = recovery(methodology, [Record.of(one | {"repairable_from": None}, methodology) for one in own], as_of)
    changes = {one.day: one.level for one in found.changes}
    plain, level = reference.read(text_of(content)), found.now.level
    last = min(LAST, as_of + timedelta(days=900))
    for day in (as_of + timedelta(days=number) for number in range(1, (last - as_of).days + 1)):
        then = reference.assess(plain, own, ["S1"], day)["S1"].level
        assert (day in changes) == (then != level)
        level = then
        assert changes.get(day, level) == level


def test_an_assessment_has_its_columns() -> None:
    assert ASSESSMENT == ("subject_id", "subject_kind", "region_code", "score", "level", "is_provisional",
                          "has_information")  # fmt: skip
