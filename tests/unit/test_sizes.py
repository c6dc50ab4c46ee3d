"""How large an organisation is, by the records about it that count."""

from __future__ import annotations

import ibis
import pyarrow as pa
import pytest

from creditlab import engine
from creditlab.profiles.size import SIZES, sized


@pytest.fixture(scope="module")
def found() -> dict[str, str]:
    """Organisations by how many records about them count; the last has but records that are left out."""
    counts = {"none": 0, "one": 1, "four": 4, "five": 5, "nine": 9, "ten": 10, "left out": 0}
    rows = [(name, None) for name, count in counts.items() for _ in range(count)]
    rows += [(name, "withdrawn") for name in ("four", "nine", "left out")]
    evidence = {"subject_id": [one for one, _ in rows], "left_out": pa.array([two for _, two in rows], pa.string())}
    with engine.connect() as backend:
        table = sized(ibis.memtable(pa.table({"subject_id": list(counts)})), ibis.memtable(pa.table(evidence)))
        return {one["subject_id"]: one["size"] for one in backend.to_pyarrow(table).to_pylist()}


def test_the_bounds_of_sizes(found: dict[str, str]) -> None:
    assert found == {
        "none": "0", "left out": "0", "one": "1-4", "four": "1-4", "five": "5-9", "nine": "5-9", "ten": "10+",
    }  # fmt: skip
    assert list(dict.fromkeys(found[one] for one in ("none", "one", "five", "ten"))) == list(SIZES)
