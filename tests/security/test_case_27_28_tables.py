"""Cases 27 and 28: no small group, and no suppressed cell that can be reckoned back, whoever reckons."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from creditlab.disclosure import Cube, Policy, Release, ReleaseLedger, read_policy, release, roll_up
from creditlab.disclosure.policy import DEFAULT_POLICY
from creditlab.periods import parse_period
from creditlab.reports.cells import write_cells
from creditlab.terms import Audience
from tests.security.attacker import Attacker, Cell, read_figures
from tests.unit.test_disclosure import cell, table_of

PERIOD, AS_OF, WIDTH = parse_period("2026Q3"), date(2026, 10, 20), 10
MARGINS = [(), ("department",), ("region_code",), ("department", "region_code")]
Table = list[list[int]]


def cube_of(table: Table, *, rates: bool = False, only_primary: bool = False, as_of: date = AS_OF) -> Cube:
    """Departments by regions with all margins; every cell covers natural persons."""
    parts = [
        cell(count * 2 // 3, count, persons=True, item_code="P", department=f"D{d}", region_code=f"R{r}")
        if rates
        else cell(None, None, persons=True, table="faults", measure="record_count", dimension="", count=count,
                  item_code="P", department=f"D{d}", region_code=f"R{r}")
        for d, line in enumerate(table)
        for r, count in enumerate(line)
        if count
    ]  # fmt: skip
    return Cube(roll_up(table_of(*parts), MARGINS), PERIOD, as_of, 1, is_own=only_primary)


def let_out(cube: Cube, policy: Policy | None = None, ledger: ReleaseLedger | None = None) -> Release:
    return release(cube, Audience.PUBLIC, policy or read_policy(), ledger or ReleaseLedger())


def after(*made: Release) -> ReleaseLedger:
    """A ledger of releases that are at hand."""
    return ReleaseLedger(tuple(one.entry for one in made), lambda place: made[place].table)


def small(cube: Cube) -> dict[Cell, int]:
    """The cells that must stay open: what the attacker can't know, and the test does."""
    found = {}
    for row in cube.table.to_pylist():
        count = row["count"] if row["denominator"] is None else row["denominator"]
        if row["has_natural_persons"] and 0 < count < 10:
            groups = (row[name] for name in ("item_code", "department", "region_code", "detail"))
            start, end = row["period_start"].isoformat(), row["period_end"].isoformat()
            found[row["table"], row["measure"], start, end, *groups] = count
    return found


def attacked(folder: Path, cells: Iterable[Cell], *made: Release, **known: Any) -> dict[Cell, float]:
    files = []
    for number, one in enumerate(made):
        files.append(folder / f"{number}.csv")
        write_cells(files[-1], one)
    whole = known.pop("whole", False)
    return Attacker(read_figures(*files), **known).widths(cells, whole=whole)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    rows, columns = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    count = st.one_of(st.integers(1, 9), st.integers(10, 300), st.integers(10, 300), st.just(0))
    table = [[draw(count) for _ in range(columns)] for _ in range(rows)]
    # Something is small, and every row and column has something that is not: the rest is chance.
    table[0][0] = draw(st.integers(1, 9))
    table.append([draw(st.integers(50, 300)) for _ in range(columns)])
    return [[*line, draw(st.integers(50, 300))] for line in table]


#: A table that fails says what it is; making it smaller takes longer than looking at it.
TABLES = settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)


@TABLES
@given(table=tables(), rates=st.booleans())
def test_case_28_no_suppressed_cell_is_narrower_than_the_policy_allows(
    tmp_path: Path, table: Table, rates: bool
) -> None:
    cube = cube_of(table, rates=rates)
    made = let_out(cube)
    assert made.judgement.unprotected == 0
    widths = attacked(tmp_path, small(cube), made)
    assert widths
    assert min(widths.values()) >= WIDTH - 1e-3
    # What it costs stands beside it: never more than there is.
    assert 0 < made.judgement.counted_hidden <= made.judgement.counted
    assert len(widths) <= made.judgement.hidden <= made.table.num_rows


@TABLES
@given(table=tables())
def test_case_28_somebody_who_knows_one_small_cell_learns_no_other(tmp_path: Path, table: Table) -> None:
    cube = cube_of(table)
    made, few = let_out(cube), small(cube)
    known = next(iter(few))
    others = [one for one in few if one != known]
    widths = attacked(tmp_path, others, made, knows={(known, "n"): few[known]})
    assert all(width >= WIDTH - 1e-3 for width in widths.values())


@pytest.mark.parametrize("whole", [False, True])
def test_case_28_primary_suppression_alone_is_broken(tmp_path: Path, whole: bool) -> None:
    table = [[3, 40, 50], [60, 5, 70], [80, 90, 100]]
    few = small(cube_of(table))
    alone = attacked(tmp_path, few, let_out(cube_of(table, only_primary=True)), whole=whole)
    assert set(alone.values()) == {0.0}
    protected = attacked(tmp_path, few, let_out(cube_of(table)), whole=whole)
    assert min(protected.values()) >= WIDTH - 1e-3


def test_case_27_a_filter_down_to_one_finds_nothing(tmp_path: Path) -> None:
    table = [[1, 40, 50], [60, 70, 80]]
    made = let_out(cube_of(table))
    for by in (("department", "region_code"), ("department",), ("region_code",), ()):
        for row in made.select(by=by).rows():
            assert row["marker"] or row["count"] >= 10
    with pytest.raises(Exception, match="several groupings"):
        made.sum()
    one = made.select(by=("department", "region_code"), department="D0", region_code="R0").rows()
    assert [(row["count"], row["marker"]) for row in one] == [(None, "[c]")]


def test_case_28_last_release_and_this_one_together_give_nothing_away() -> None:
    before = [[3, 40, 50], [60, 20, 70], [80, 90, 100]]
    # A small cell has grown; what was hidden beside it then must not be shown beside it now.
    grown = [[12, 40, 50], [60, 20, 70], [80, 90, 100]]
    first = let_out(cube_of(before))
    second = let_out(cube_of(grown, as_of=date(2026, 11, 20)), ledger=after(first))
    hidden = {(row["department"], row["region_code"]) for row in first.rows() if row["marker"]}
    assert hidden <= {(row["department"], row["region_code"]) for row in second.rows() if row["marker"]}
    forgetful = let_out(cube_of(grown, as_of=date(2026, 11, 20)))
    assert not forgetful.judgement.hidden


def test_case_28_what_was_shown_once_is_not_leant_upon() -> None:
    table = [[30, 40, 50], [60, 20, 70], [80, 90, 100]]
    later = [[3, 40, 50], [60, 20, 70], [80, 90, 100]]
    first = let_out(cube_of(table))
    second = let_out(cube_of(later), ledger=after(first))
    # Every other cell was shown unchanged: nothing that could be hidden now would hide it, and it is said.
    assert second.judgement.unprotected > 0
    row = second.select(by=("department", "region_code"), department="D0", region_code="R0").rows()[0]
    assert row["marker"] == "[c]"


def test_case_28_areas_cut_anew_enter_the_same_reckoning(tmp_path: Path) -> None:
    """The old area was shown; its parts are shown now, but for a small one: the difference would be that."""

    def regions(**counts: int) -> Cube:
        parts = [
            cell(None, None, persons=True, table="faults", measure="record_count", dimension="", count=count,
                 region_code=region)
            for region, count in counts.items()
        ]  # fmt: skip
        return Cube(table_of(*parts), PERIOD, AS_OF, 1)

    old = let_out(regions(whole=45, elsewhere=30))
    path = tmp_path / "policy.toml"
    cut = '\n[[overlaps]]\nwhole = "whole"\nparts = ["left", "right", "middle"]\nbefore = 2026-11-01\n'
    path.write_text(DEFAULT_POLICY.read_text(encoding="utf-8") + cut, encoding="utf-8")
    policy = read_policy(path)
    now = regions(left=5, right=25, middle=15, elsewhere=30)
    blind = let_out(now, ledger=after(old))
    seeing = let_out(now, policy, after(old))

    def shown(made: Release) -> set[str]:
        return {row["region_code"] for row in made.rows() if not row["marker"]}

    assert shown(blind) == {"right", "middle", "elsewhere"}
    assert len(shown(seeing) & {"right", "middle"}) == 1
