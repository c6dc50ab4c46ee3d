"""Case 38: a back-test that peeks at what came later; and that none of its figures is about a natural person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from creditlab import engine
from creditlab.assessing import choose_methodology
from creditlab.ingest import ingest
from creditlab.periods import parse_period
from creditlab.reports.methodology.cube import Figure
from creditlab.reports.methodology.taking import Taken, take
from tests.spec.assessable import AS_OF, METHODOLOGY, ONE, TWO, assessable, penalty, seal
from tests.spec.tiny import Tiny, code, row

LATER = datetime(2026, 8, 5, tzinfo=UTC)
EARLIER = datetime(2026, 6, 1, tzinfo=UTC)


def taken(tiny: Tiny) -> Taken:
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        day = date.fromisoformat(AS_OF)
        return take(tiny.workspace, backend, parse_period("2026Q3"), day, choose_methodology(tiny.workspace, day))


def counts(found: Taken, figure: Figure) -> dict[str, int]:
    """Organisations by detail, of this period; of one grouping."""
    rows = [row for row in found.cube.table.to_pylist() if row["measure"] == figure and not row["region_code"]]
    return {row["detail"]: row["count"] for row in rows if row["period_start"] == found.cube.period.start}


def shares(found: Taken, figure: Figure) -> dict[str, tuple[int, int]]:
    """Part and whole by detail, of this period; of one grouping."""
    rows = [row for row in found.cube.table.to_pylist() if row["measure"] == figure and not row["region_code"]]
    start = found.cube.period.start
    return {row["detail"]: (row["numerator"], row["denominator"]) for row in rows if row["period_start"] == start}


@pytest.fixture
def made(make_tiny: Callable[..., Tiny]) -> Callable[[datetime], Tiny]:
    """What is known in June: a penalty of ONE. Later: it is withdrawn, and TWO's of May comes late."""

    def make(first: datetime) -> Tiny:
        tiny = assessable(make_tiny, "legal_person;natural_person")
        # In force from the day of the assessment: the look back is one that decided about nobody.
        seal(tiny, METHODOLOGY.replace("effective_from = 2026-01-01", f"effective_from = {AS_OF}"))
        tiny.deliver([penalty("1", event_date="2026-03-01")], "2026-03-02", item_code="P-1")
        tiny.deliver([penalty("9", code("92", 7), event_date="2026-07-01")], "2026-03-05", item_code="P-1")
        if first == EARLIER:
            ingest(tiny.workspace, now=first)
        tiny.deliver([penalty("2", TWO, event_date="2026-05-01")], "2026-05-02", item_code="P-1")
        tiny.deliver([penalty("1", event_date="2026-03-01", action="withdraw")], "2026-08-01", item_code="P-1")
        broken = row("C1", subject_id=TWO, event_date="2026-07-20", performed="未履行")
        tiny.deliver([broken], "2026-08-02", item_code="C-1")
        ingest(tiny.workspace, now=LATER)
        return tiny

    return make


def test_case_38_a_back_test_knows_only_what_was_known(made: Callable[[datetime], Tiny]) -> None:
    found = taken(made(EARLIER))
    assert found.window is not None
    assert found.then is not None
    assert (found.window.start, found.window.end, found.window.months) == (date(2026, 6, 30), date(2026, 9, 30), 3)
    assert (found.then.run_no, found.then.is_as_known) == (1, True)
    # ONE stood at B, though its penalty was withdrawn since; TWO's penalty of May was not known in June.
    assert shares(found, Figure.OUTCOME) == {"B|B": (0, 1), "B|": (0, 1), "|none": (1, 2)}
    # What is known now: a penalty and a broken contract of TWO, nothing of the others.
    assert counts(found, Figure.LEVEL) == {"A": 0, "B": 0, "C": 1, "none": 2, "": 3}
    assert counts(found, Figure.MOVED) == {"B|none": 1, "none|C": 1, "none|none": 1}


def test_case_38_where_the_runs_begin_later_the_days_of_effect_hold_and_it_is_said(
    made: Callable[[datetime], Tiny],
) -> None:
    found = taken(made(LATER))
    assert found.then is not None
    assert (found.then.run_no, found.then.is_as_known) == (1, False)
    # The withdrawal of August is not there in June; what came late for May is, for it took effect in May.
    assert shares(found, Figure.OUTCOME) == {"B|B": (1, 2), "B|": (1, 2), "|none": (0, 1)}


def test_case_25_26_no_figure_is_about_a_natural_person(made: Callable[[datetime], Tiny]) -> None:
    found = taken(made(EARLIER))
    rows: list[dict[str, Any]] = found.cube.table.to_pylist()
    assert {row["denominator"] for row in rows if row["measure"] == Figure.INFORMATION} == {3}
    text = str(rows)
    assert not any(one in text for one in (ONE, TWO, code("92", 7)))
