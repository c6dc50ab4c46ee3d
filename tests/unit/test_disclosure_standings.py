"""Organisations counted by how they stand: one threshold, and nothing to reckon a small count back from."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from creditlab.disclosure import CUBE_SCHEMA, Cube, CubeTable, Marker, Release, ReleaseLedger, read_policy, release
from creditlab.disclosure.identities import BY_REGION, LEVEL
from creditlab.terms import Audience
from tests.unit.test_disclosure import AS_OF, PERIOD, cell

OTHERS = [Audience.PUBLIC, Audience.GOVERNMENT]


def standing(measure: str, count: int | None = None, part: int | None = None, **where: str) -> dict[str, Any]:
    is_share = part is not None
    numbers = (part, count) if is_share else (None, None)
    made = cell(*numbers, persons=False, table=str(CubeTable.STANDINGS), measure=measure, dimension="", **where)
    return made | {"count": None if is_share else count, "ratio": part / count if is_share and count else None}


def released(*cells: dict[str, Any], audience: Audience = Audience.PUBLIC) -> Release:
    cube = Cube(pa.Table.from_pylist(list(cells), schema=CUBE_SCHEMA), PERIOD, AS_OF, 1)
    return release(cube, audience, read_policy(), ReleaseLedger())


def hidden(found: Release) -> set[tuple[str, str, str]]:
    rows = found.rows()
    return {(row["measure"], row["region_code"], row["detail"]) for row in rows if row["marker"] == Marker.SUPPRESSED}


@pytest.mark.parametrize(("count", "is_hidden"), [(0, False), (1, True), (9, True), (10, False)])
def test_few_organisations_are_hidden_from_all_but_the_analysts(count: int, is_hidden: bool) -> None:
    one = standing("level_by_kind", count, detail="legal_person|D")
    for audience in OTHERS:
        assert bool(hidden(released(one, audience=audience))) is is_hidden
    assert not hidden(released(one, audience=Audience.INTERNAL))


@pytest.mark.parametrize(("part", "whole", "is_hidden"), [(0, 9, True), (3, 50, True), (0, 50, False), (48, 50, False)])
def test_of_a_share_of_organisations_both_numbers_count(part: int, whole: int, is_hidden: bool) -> None:
    assert bool(hidden(released(standing("outcome", whole, part, detail="A|A-")))) is is_hidden


def test_that_nothing_is_known_of_few_in_a_province_is_said() -> None:
    assert not hidden(released(standing(LEVEL, 3, detail="none")))
    assert hidden(released(standing(BY_REGION, 3, detail="none", region_code="130100")))


def test_a_small_count_is_not_what_its_total_lacks() -> None:
    counts = {"130100": (40, 3), "130200": (50, 60), "130300": (70, 80)}
    cells = [standing(BY_REGION, sum(one), region_code=region) for region, one in counts.items()]
    for place, group in enumerate(("A,B", "C,D")):
        cells += [standing(BY_REGION, one[place], region_code=region, detail=group) for region, one in counts.items()]
        cells.append(standing(BY_REGION, sum(one[place] for one in counts.values()), detail=group))
    found = hidden(released(*cells))
    # The region's other half, and both halves of another region; totals are shown.
    assert (BY_REGION, "130100", "C,D") in found
    assert (BY_REGION, "130100", "A,B") in found
    assert len(found) == 4
    assert all(region and group for _, region, group in found)


def test_a_level_of_few_is_not_what_its_half_lacks_nor_shown_in_the_draws() -> None:
    levels = {"A": 100, "B": 200, "C": 60, "D": 4, "none": 30}
    cells = [standing(LEVEL, count, detail=level) for level, count in levels.items()]
    cells += [standing(LEVEL, 394), standing(BY_REGION, 300, detail="A,B"), standing(BY_REGION, 64, detail="C,D")]
    drawn = {"table": str(CubeTable.ASSESSMENTS), "measure": "level_in_draws", "dimension": ""}
    cells += [cell(count, 364, persons=False, **drawn, detail=f"{level}|middle") for level, count in levels.items()]
    cells.append(cell(364, 394, persons=False, **drawn | {"measure": "has_information"}))
    found = hidden(released(*cells))
    # C is the rest of the half in which D is.
    assert {detail for measure, _, detail in found if measure == LEVEL} == {"C", "D"}
    assert {detail for measure, _, detail in found if measure == "level_in_draws"} == {"C|middle", "D|middle"}
    assert not {one for one in found if one[0] in (BY_REGION, "has_information")}


def test_of_a_region_with_few_organisations_nothing_is_shown() -> None:
    counts = {"130100": 4, "130200": 50, "130300": 70}
    cells = [standing(BY_REGION, count, region_code=region) for region, count in counts.items()]
    for measure, each in (("region_records", 20), ("region_points", 400_000)):
        cells += [standing(measure, count * each, region_code=region) for region, count in counts.items()]
        cells.append(standing(measure, sum(counts.values()) * each))
    found = hidden(released(*cells))
    assert {measure for measure, region, _ in found if region == "130100"} == {
        BY_REGION, "region_records", "region_points",
    }  # fmt: skip
    # Another region goes with it where a total is shown.
    for measure in ("region_records", "region_points"):
        assert len({region for one, region, _ in found if one == measure}) == 2
