"""Whatever a book of entries and reversals looks like, the state of a day is what a plain count of it says."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Any

import ibis
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from creditlab.profiles import standing

FIRST = date(2026, 1, 1)
BOOK = pa.schema(
    [("sign", pa.int8()), ("effective_on", pa.date32()), ("run_no", pa.int64()), ("key64", pa.int64()),
     ("record_state", pa.string()), ("amount", pa.decimal128(38, 6)), ("faults", pa.list_(pa.string()))]
)  # fmt: skip
STATE = st.tuples(
    st.sampled_from(["normal", "disputed", "withdrawn"]),
    st.sampled_from([None, 1, 2]),
    st.sampled_from([[], ["missing:note"], ["missing:note", "date_order"]]),
)


@st.composite
def books(draw: Any) -> list[dict[str, Any]]:
    """Entries of some keys: each state is taken back when the next one comes, or on its own day when judged again."""
    entries: list[dict[str, Any]] = []
    for key in range(draw(st.integers(1, 8))):
        day, before = FIRST, None
        for run, (state, amount, faults) in enumerate(draw(st.lists(STATE, min_size=1, max_size=4)), 1):
            day += timedelta(days=draw(st.integers(0, 3)))
            if before is not None:
                # Judged again: what stood since an earlier day never did.
                again = draw(st.booleans())
                on = before["effective_on"] if again else day
                entries.append(before | {"sign": -1, "effective_on": on, "run_no": run})
                day = before["effective_on"] if again else day
            before = {
                "sign": 1, "effective_on": day, "run_no": run, "key64": key, "record_state": state, "amount": amount,
                "faults": faults,
            }  # fmt: skip
            entries.append(before)
    return draw(st.permutations(entries))


@settings(max_examples=25, deadline=None)
@given(books(), st.integers(-1, 12), st.sets(st.sampled_from(["record_state", "amount", "faults"])))
def test_a_state_is_what_is_left_of_the_book(book: list[dict[str, Any]], days: int, columns: set[str]) -> None:
    as_of, names = FIRST + timedelta(days=days), ["key64", *sorted(columns)]

    def mark(row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(tuple(row[name]) if name == "faults" else row[name] for name in names)

    left: Counter[tuple[Any, ...]] = Counter()
    for one in book:
        if one["effective_on"] <= as_of:
            left[mark(one)] += one["sign"]
    found = standing(ibis.memtable(pa.Table.from_pylist(book, schema=BOOK)), as_of, names).to_pyarrow().to_pylist()
    assert Counter(map(mark, found)) == +left
    assert all(count == 1 for count in Counter(row["key64"] for row in found).values())
