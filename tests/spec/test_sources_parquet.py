"""Parquet: every type as text, and files that are not what they seem. All data is synthetic."""

from __future__ import annotations

import datetime as dt
import io
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from creditlab.sources import Batch, UnreadableFileError, delivered, look, parquet, read_batches
from tests.spec.tiny import Tiny, row

ZONE = ZoneInfo("Asia/Shanghai")
Read = Callable[..., list[Batch]]


def written(table: pa.Table, **how: Any) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **how)
    return out.getvalue()


@pytest.fixture(params=["held", "streamed"])
def found(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    if request.param == "streamed":
        monkeypatch.setattr(delivered, "HELD_BYTES", 0)

    def read(data: bytes) -> list[Batch]:
        path = tmp_path / "a.parquet"
        path.write_bytes(data)
        return list(read_batches(look(path), ZONE, {}))

    return read


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        (pa.array(["甲", None, ""]), ["甲", "", ""]),
        (pa.array(["甲", None]).dictionary_encode(), ["甲", ""]),
        (pa.array(["甲"], pa.large_string()), ["甲"]),
        (pa.array([1, None, -5], pa.int32()), ["1", "", "-5"]),
        (pa.array([2**64 - 1], pa.uint64()), ["18446744073709551615"]),
        (pa.array([1.5, 2.0, None, 1e14, -0.25]), ["1.5", "2", "", "100000000000000", "-0.25"]),
        (pa.array([1.5, 2.0], pa.float32()), ["1.5", "2"]),
        (pa.array([float("nan"), float("inf")]), ["nan", "inf"]),
        (pa.array([Decimal("1.50"), None, Decimal("-12345678901234567890.12")], pa.decimal128(24, 2)),
         ["1.50", "", "-12345678901234567890.12"]),
        (pa.array([True, False, None]), ["true", "false", ""]),
        (pa.array([dt.date(2026, 7, 1), None]), ["2026-07-01", ""]),
        (pa.array([dt.datetime(2026, 7, 1), dt.datetime(2026, 7, 1, 8, 30), None], pa.timestamp("us")),
         ["2026-07-01", "2026-07-01 08:30:00", ""]),
        (pa.array([dt.datetime(2026, 6, 30, 16, tzinfo=dt.UTC)], pa.timestamp("ms", "UTC")), ["2026-07-01"]),
        (pa.array([dt.datetime(2026, 7, 1, 8, 0, 0, 500)], pa.timestamp("us")), ["2026-07-01 08:00:00.000500"]),
        (pa.array([dt.time(8, 0)], pa.time32("s")), ["08:00:00"]),
        (pa.array([b"abc", None]), ["abc", ""]),
        (pa.nulls(2), ["", ""]),
        (pa.array([uuid.UUID(int=1)], pa.uuid()), ["00000000-0000-0000-0000-000000000001"]),
    ],
)  # fmt: skip
def test_a_value_is_the_text_that_a_department_would_write(found: Read, values: pa.Array, texts: list[str]) -> None:
    (batch,) = found(written(pa.table({"a": values})))
    assert batch.table["a"].to_pylist() == texts
    assert batch.row_no.tolist() == list(range(1, len(texts) + 1))


def test_cells_that_are_no_text_are_unreadable_rows(found: Read) -> None:
    bad = pa.array([b"\xe4\xbc\x81", b"\xc6\xf3", b"x\0y", b"z"]).view(pa.string())
    for values in (bad, bad.view(pa.binary())):
        (batch,) = found(written(pa.table({"a": values, "b": ["1", "2", "3", "4"]})))
        assert batch.table.to_pydict() == {"a": ["企", "z"], "b": ["1", "4"]}
        assert (batch.row_no.tolist(), batch.unreadable) == ([1, 4], [2, 3])


def test_many_rows_come_in_batches_with_their_numbers(found: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_BATCH_ROWS", 100)
    batches = found(written(pa.table({"a": range(1, 1_001)}), row_group_size=333))
    assert max(len(batch.row_no) for batch in batches) <= 100
    numbers = [number for batch in batches for number in batch.row_no.tolist()]
    assert numbers == list(range(1, 1_001))
    assert [cell for batch in batches for cell in batch.table["a"].to_pylist()] == [str(n) for n in numbers]


def test_a_file_of_one_long_text_in_many_cells_is_read_in_small_parts(found: Read) -> None:
    text = "x" * 2**20
    values = pa.DictionaryArray.from_arrays(pa.array([0] * 300, pa.int32()), [text])
    data = written(pa.table({"a": values, "b": range(300)}), compression="zstd")
    assert len(data) < 2**20
    batches = found(data)
    assert max(batch.table.nbytes for batch in batches) <= parquet._BATCH_BYTES + 2**21
    assert [number for batch in batches for number in batch.row_no.tolist()] == list(range(1, 301))
    assert all(batch.table["a"].unique().to_pylist() == [text] for batch in batches)


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"a": [[1, 2]]}),
        pa.table({"a": [{"b": 1}]}),
        pa.table({"a": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64()))}),
        pa.table([["1"], ["2"]], names=["a", "a"]),
        pa.table([["1"], ["2"]], names=["a", " a "]),
        pa.table([["1"]], names=[" "]),
        pa.table({f"c{n}": ["1"] for n in range(delivered.MAX_COLUMNS + 1)}),
    ],
    ids=["list", "record", "map", "a column twice", "twice but for spaces", "no name", "too many"],
)
def test_columns_that_can_not_be_used_make_an_unreadable_file(found: Read, table: pa.Table) -> None:
    with pytest.raises(UnreadableFileError):
        found(written(table))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_file_that_was_cut_off(found: Read, share: float) -> None:
    data = written(pa.table({"a": [str(n) for n in range(10_000)]}))
    with pytest.raises(UnreadableFileError):
        found(data[: int(len(data) * share)])


def test_a_page_that_was_damaged_loses_no_row_before_it_and_says_so(found: Read, tmp_path: Path) -> None:
    data = bytearray(written(pa.table({"a": [str(n) for n in range(10_000)]}), compression="zstd", row_group_size=5_000,
                             use_dictionary=False))  # fmt: skip
    second = pq.ParquetFile(io.BytesIO(bytes(data))).metadata.row_group(1).column(0).data_page_offset
    data[second + 40 : second + 400] = b"\0" * 360
    batches = found(bytes(data))
    assert [number for batch in batches for number in batch.row_no.tolist()] == list(range(1, 5_001))
    assert [number for batch in batches for number in batch.unreadable] == [5_001]


def test_parquet_through_ingest(tiny: Tiny) -> None:
    table = pa.Table.from_pylist([row(str(n)) for n in range(4)])
    days = pa.array([dt.datetime(2026, 7, 1, tzinfo=ZONE)] * 4, pa.timestamp("us", "UTC"))
    table = table.set_column(table.column_names.index("event_date"), "event_date", days)
    tiny.deliver(written(table), path="a.parquet")
    tiny.deliver(written(table)[:-9], path="b.parquet")
    tiny.deliver(written(table.rename_columns([f"other_{name}" for name in table.column_names])), path="c.parquet")
    counts = tiny.ingest().counts
    assert (counts.delivered, counts.accepted, counts.quarantined) == (9, 4, 5)
    assert {one["event_date"] for one in tiny.table("records")} == {dt.date(2026, 7, 1)}
