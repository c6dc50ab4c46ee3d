"""The gate: what is suppressed, what a release gives away, and that nothing goes round it."""

from __future__ import annotations

import dataclasses
import itertools
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from creditlab import charts, tables
from creditlab.disclosure import (
    CUBE_SCHEMA,
    Cube,
    Marker,
    Policy,
    Release,
    ReleaseLedger,
    read_policy,
    release,
    roll_up,
)
from creditlab.errors import DisclosureError, InternalError, WorkspaceError
from creditlab.messages import Messages
from creditlab.periods import parse_period
from creditlab.terms import Audience, Language, Measure, SecurityLevel

PERIOD, AS_OF = parse_period("2026Q3"), date(2026, 10, 20)
NUMBERS = ("numerator", "denominator", "count", "ratio")


def cell(numerator: int | None, denominator: int | None, *, persons: bool, **values: Any) -> dict[str, Any]:
    return {
        "table": "measurements", "measure": "timeliness", "dimension": "timeliness", "item_code": "", "department": "",
        "region_code": "", "detail": "", "period_start": PERIOD.start, "period_end": PERIOD.end, "as_of": AS_OF,
        "run_no": 1, "numerator": numerator, "denominator": denominator, "count": None, "ratio": None,
        "is_provisional": False, "has_natural_persons": persons, **values,
    }  # fmt: skip


def table_of(*cells: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(cells), schema=CUBE_SCHEMA)


def released(*cells: dict[str, Any], audience: Audience = Audience.PUBLIC, groupings: Any = None) -> Release:
    table = table_of(*cells)
    cube = Cube(roll_up(table, groupings) if groupings else table, PERIOD, AS_OF, 1)
    return release(cube, audience, read_policy(), ReleaseLedger())


# --- The threshold ------------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", list(Audience))
@pytest.mark.parametrize(
    ("count", "persons", "hidden"),
    [
        (0, True, False), (1, True, True), (9, True, True), (10, True, False), (1, False, False), (9, False, False),
    ],
)  # fmt: skip
def test_hides_few_records_of_persons_items_only(audience: Audience, count: int, persons: bool, hidden: bool) -> None:
    ratio = cell(count // 2, count, persons=persons)
    plain = cell(None, None, persons=persons, table="faults", measure="record_count", count=count)
    for row in released(ratio, plain, audience=audience).rows():
        assert row["marker"] == (Marker.SUPPRESSED if hidden else Marker.NONE)
        if hidden:
            assert [row[name] for name in NUMBERS] == [None] * 4
        else:
            assert count in (row["denominator"], row["count"])


def test_release_says_what_it_is() -> None:
    made = released(cell(20, 30, persons=True), audience=Audience.INTERNAL)
    assert (made.audience, made.period, made.as_of, made.run_no) == (Audience.INTERNAL, PERIOD, AS_OF, 1)
    assert made.is_internal
    assert made.policy_digest == read_policy().digest
    assert made.entry.release_sha256 == made.sha256
    assert "has_natural_persons" not in made.table.column_names


def test_checksum_does_not_give_a_suppressed_figure_away() -> None:
    one, other = (released(cell(n, 5, persons=True), cell(1, 2, persons=False, department="A")) for n in (1, 4))
    assert one.sha256 == other.sha256
    assert one.sha256 != released(cell(1, 5, persons=True), cell(2, 2, persons=False, department="A")).sha256


def test_totals_are_protected_with_their_parts() -> None:
    made = released(
        cell(3, 5, persons=True, item_code="P", department="A", region_code="1"),
        cell(3, 5, persons=True, item_code="P", department="B", region_code="1"),
        cell(2, 4, persons=False, item_code="L", department="C", region_code="2"),
        groupings=[(), ("department",), ("region_code",)],
    )
    shown = {(row["department"], row["region_code"]): row["denominator"] for row in made.rows()}
    # A and B are few; shown, region 1 and the total would say what they are together, to whoever knows one of them.
    assert shown == {("", ""): None, ("A", ""): None, ("B", ""): None, ("C", ""): 4, ("", "1"): None, ("", "2"): 4}


def test_part_that_counts_nothing_makes_no_total_sensitive() -> None:
    made = released(
        cell(0, 0, persons=True, item_code="P", department="A"),
        cell(1, 3, persons=False, item_code="L", department="A"),
        groupings=[("department",)],
    )
    assert [row["denominator"] for row in made.rows()] == [3]


def test_roll_up_leaves_out_groupings_that_a_measure_does_not_have() -> None:
    made = roll_up(table_of(cell(1, 2, persons=False, item_code="L")), [(), ("department",)]).to_pylist()
    assert [(row["item_code"], row["numerator"], row["denominator"], row["ratio"]) for row in made] == [("", 1, 2, 0.5)]


def test_roll_up_agrees_with_counting_one_by_one() -> None:
    parts = [
        cell(n, n + m, persons=n % 3 == 0, item_code=i, department=d, region_code=r, is_provisional=n == 4)
        for (n, (i, d, r)), m in zip(
            enumerate(itertools.product("PL", "AB", "12")), (3, 0, 9, 11, 2, 5, 7, 1), strict=True
        )
    ]
    for row in roll_up(table_of(*parts), [("department",)]).to_pylist():
        inside = [one for one in parts if one["department"] == row["department"]]
        assert row["numerator"] == sum(one["numerator"] for one in inside)
        assert row["denominator"] == sum(one["denominator"] for one in inside)
        assert row["ratio"] == row["numerator"] / row["denominator"]
        assert row["is_provisional"] == any(one["is_provisional"] for one in inside)
        assert row["has_natural_persons"] == any(one["has_natural_persons"] and one["denominator"] for one in inside)


# --- What can be made from a release ------------------------------------------------------------------


def test_sum_over_a_suppressed_cell_is_suppressed() -> None:
    made = released(
        cell(3, 5, persons=True, department="A", region_code="1"),
        cell(30, 50, persons=True, department="A", region_code="2"),
        cell(40, 60, persons=True, department="B", region_code="2"),
        cell(1, 2, persons=False, department="B", region_code="1"),
    ).sum(by=("department",))
    assert [(row["department"], row["numerator"], row["denominator"], row["marker"]) for row in made.rows()] == [
        ("A", None, None, "[c]"),
        ("B", 41, 62, ""),
    ]
    assert isinstance(made, Release)


def test_sum_refuses_what_does_not_add_up() -> None:
    with pytest.raises(DisclosureError, match="doesn't add up"):
        released(cell(1, 2, persons=False, measure=Measure.COVERAGE_SUBJECTS, region_code="1")).sum()
    with pytest.raises(DisclosureError, match="several groupings"):
        released(cell(1, 2, persons=False), cell(1, 2, persons=False, department="A")).sum()


def test_selection_is_a_release() -> None:
    made = released(cell(1, 20, persons=True), cell(1, 20, persons=True, department="A"))
    part = made.select(by=("department",), measure=[Measure.TIMELINESS])
    assert [row["department"] for row in part.rows()] == ["A"]
    assert (part.sha256, part.audience) == (made.sha256, made.audience)


# --- No way round -------------------------------------------------------------------------------------


def test_nobody_else_makes_a_release() -> None:
    made = released(cell(1, 20, persons=True))
    values = {one.name: getattr(made, one.name) for one in dataclasses.fields(made) if one.name != "_seal"}
    with pytest.raises(DisclosureError, match="through the gate only"):
        Release(**values)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.audience = Audience.INTERNAL  # type: ignore[misc]


@pytest.mark.parametrize("thing", [table_of(cell(1, 2, persons=True)), None, [{"numerator": 1}]], ids=type)
def test_charts_and_tables_take_nothing_but_a_release(thing: Any) -> None:
    common: dict[str, Any] = {"rows": [], "period": PERIOD, "previous": PERIOD, "messages": Messages(Language.EN)}
    with pytest.raises(DisclosureError, match="only a release"):
        charts.shares(thing, name="x", title="x", label="x", **common)
    with pytest.raises(DisclosureError, match="only a release"):
        tables.comparison(thing, name="x", caption="x", note="", labels=[], **common)
    with pytest.raises(DisclosureError, match="only a release"):
        tables.counts(
            thing, name="x", caption="x", note="", labels=[], rows=[], figures=[], messages=Messages(Language.EN)
        )
    with pytest.raises(DisclosureError, match="only a release"):
        tables.Table("x", "x", (), (), "", thing)


def test_cube_refuses_a_cell_twice_and_other_columns() -> None:
    twice = table_of(cell(1, 2, persons=True), cell(1, 2, persons=True))
    with pytest.raises(InternalError, match="a cell twice"):
        Cube(twice, PERIOD, AS_OF, 1)
    with pytest.raises(InternalError, match="CUBE_SCHEMA"):
        Cube(twice.drop_columns(["ratio"]), PERIOD, AS_OF, 1)


# --- The policy ---------------------------------------------------------------------------------------

POLICY = "[natural_persons.threshold]\npublic = 10\ngovernment = 10\ninternal = 10\n"


def test_digest_is_over_what_a_policy_says(tmp_path: Path) -> None:
    def read(text: str) -> Policy:
        path = tmp_path / "policy.toml"
        path.write_text(f'name = "x"\n{text}', encoding="utf-8")
        return read_policy(path)

    same = "# why\n[natural_persons]\nthreshold = { internal = 10, government = 10, public = 10 }\n"
    assert read(POLICY).digest == read(same).digest
    assert read(POLICY).digest != read(POLICY.replace("public = 10", "public = 11")).digest
    assert read_policy().threshold == dict.fromkeys(Audience, 10)
    levels = '[catalogue.in_full]\npublic = ["public"]\ngovernment = ["public"]\ninternal = ["public"]\n'
    assert read(POLICY + levels).digest == read(POLICY).digest
    assert read(POLICY + levels.replace('["public"]', '["internal"]', 1)).digest != read(POLICY).digest
    assert read(POLICY).in_full == dict.fromkeys(Audience, (SecurityLevel.PUBLIC,))
    assert SecurityLevel.RESTRICTED not in read_policy().in_full[Audience.GOVERNMENT]


@pytest.mark.parametrize(
    "text",
    [
        "",
        POLICY.replace("internal = 10", ""),
        POLICY.replace("public = 10", "public = 0"),
        POLICY.replace("public = 10", "public = true"),
        POLICY.replace("public = 10", 'public = "10"'),
        POLICY + "everybody = 10\n",
        POLICY + "[rounding]\nbase = -5\n",
        "natural_persons = 1",
        POLICY + "[catalogue]\nlevels = 1\n",
        POLICY + '[catalogue.in_full]\npublic = ["public"]\n',
        POLICY + '[catalogue.in_full]\npublic = ["all"]\ngovernment = ["public"]\ninternal = ["public"]\n',
        "[natural_persons",
    ],
)
def test_refuses_a_policy_that_is_half_understood(tmp_path: Path, text: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(WorkspaceError, match=r"policy"):
        read_policy(path)
