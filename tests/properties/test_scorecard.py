"""Whatever a card and whatever rows: the engine gives each organisation the points that memory gives it."""

from __future__ import annotations

import math
from typing import Any

import ibis
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from creditlab.scorecards import (
    Card,
    Feature,
    FeatureKind,
    Identifier,
    Protocol,
    Variable,
    card_text,
    parse_card,
    reasons,
    score,
    score_expression,
)
from creditlab.scorecards.binning import Split
from tests.spec.asking import asked_by_default
from tests.spec.cards import ABOUT

POINTS = st.integers(-300, 300)
# As many digits as bounds are written with, at any scale.
BOUND = st.tuples(st.integers(-999_999, 999_999), st.integers(-12, 12)).map(lambda one: float(f"{one[0]}e{one[1]}"))
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=4)


@st.composite
def variables(draw: Any, number: int) -> Variable:
    """A variable of either kind."""
    kind = draw(st.sampled_from(list(FeatureKind)))
    feature = Feature(f"v{number}", kind, "known_on")
    if kind is FeatureKind.NUMBER:
        split = Split(feature, splits=tuple(sorted(draw(st.sets(BOUND, min_size=1, max_size=5)))))
    else:
        names = sorted(draw(st.sets(TEXT, min_size=2, max_size=5)))
        cut = draw(st.integers(1, len(names) - 1))
        split = Split(feature, categories=(tuple(names[:cut]), tuple(names[cut:])))
    width = split.width + 2
    points = tuple(draw(st.lists(POINTS, min_size=width, max_size=width)))
    return Variable(split, (1,) * width, (1,) * width, (0.0,) * width, points, 1.0, 0.5, (1, 2))


@st.composite
def cards_and_rows(draw: Any) -> tuple[Card, pa.Table]:
    """A card, and rows with values at, beside and far from its bounds."""
    asked = tuple(draw(variables(number)) for number in range(draw(st.integers(1, 3))))
    card = Card(
        "made", ABOUT, Protocol.OUT_OF_TIME, Identifier.LOCAL, 3, draw(POINTS), 0.0, (1.0, 0.0), asked, {}, (), (), {}
    )  # fmt: skip
    height = draw(st.integers(1, 8))
    columns: dict[str, Any] = {
        "subject_id": [f"S{place}" for place in range(height)],
        "subject_kind": ["legal_person"] * height,
    }
    for one in asked:
        if one.split.feature.kind is FeatureKind.NUMBER:
            near = [math.nextafter(bound, to) for bound in one.split.splits for to in (-math.inf, math.inf)]
            value = st.sampled_from([*one.split.splits, *near]) | st.floats(width=64)
            columns[one.name] = pa.array(
                draw(st.lists(st.none() | value, min_size=height, max_size=height)), pa.float64()
            )
        else:
            known = st.sampled_from([name for group in one.split.categories for name in group])
            texts = draw(st.lists(st.none() | known | TEXT, min_size=height, max_size=height))
            columns[one.name] = pa.array(texts, pa.string())
    return card, pa.table(columns)


@given(made=st.lists(cards_and_rows(), min_size=8, max_size=8))
@settings(max_examples=5)
def test_memory_and_engine_agree_to_the_point(made: list[tuple[Card, pa.Table]]) -> None:
    with asked_by_default():
        for card, rows in made:
            mine = score(card, rows).table
            theirs = score_expression(card, ibis.memtable(rows)).order_by("subject_id").to_pyarrow()
            assert theirs.select(mine.column_names).to_pylist() == mine.to_pylist()


@given(made=cards_and_rows())
@settings(max_examples=50)
def test_points_and_reasons_add_up_and_a_file_is_the_card(made: tuple[Card, pa.Table]) -> None:
    card, rows = made
    found = score(card, rows).table
    low, high = card.range()
    assert all(low <= one <= high for one in found["score"].to_pylist())
    said = reasons(card, rows)
    totals: dict[str, int] = {}
    for one in said.to_pylist():
        totals[one["subject_id"]] = totals.get(one["subject_id"], 0) + one["points"]
    assert totals == dict(zip(found["subject_id"].to_pylist(), found["score"].to_pylist(), strict=True))
    assert parse_card(card_text(card).encode(), "made.json") == card
