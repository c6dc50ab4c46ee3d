"""CSV as departments write it: every encoding, every quoting, every fault; held and streamed files read alike.

All data is synthetic.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from creditlab.sources import UnreadableFileError, delimited, delivered, look, read_batches
from tests.spec.tiny import Tiny, row

UTC = ZoneInfo("UTC")
#: Rows of a file by their numbers, and the numbers of the rows that can't be read.
Found = tuple[dict[int, list[str]], list[int]]


def read(path: Path) -> Found:
    rows: dict[int, list[str]] = {}
    unreadable: list[int] = []
    for batch in read_batches(look(path), UTC, {}):
        unreadable += batch.unreadable
        cells = [batch.table.column(place).to_pylist() for place in range(batch.table.num_columns)]
        for place, number in enumerate(batch.row_no.tolist()):
            assert number not in rows
            rows[number] = [column[place] for column in cells]
    assert not set(unreadable) & set(rows)
    assert len(set(unreadable)) == len(unreadable)
    return rows, sorted(unreadable)


@pytest.fixture
def found(tmp_path: Path) -> Callable[[bytes], Found]:
    """Read bytes as a delivered CSV."""

    def read_bytes(data: bytes) -> Found:
        path = tmp_path / "delivered.csv"
        path.write_bytes(data)
        return read(path)

    return read_bytes


Read = Callable[[bytes], Found]


def streamed(data: bytes, path: Path, monkeypatch: pytest.MonkeyPatch, block: int = 2**16) -> Found:
    """Read bytes as if they were too many to be held, in blocks so small that rows lie across two."""
    path.write_bytes(data)
    with monkeypatch.context() as patch:
        patch.setattr(delivered, "HELD_BYTES", 0)
        patch.setattr(delivered, "_PIECE", 7)
        patch.setattr(delimited, "_BLOCK_BYTES", block)
        return read(path)


# --- Encodings ----------------------------------------------------------------------------------------------

TEXT = "名称,备注\n冀北公司,女\n甲“公司”,㐀𠀀\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_delimiters_and_line_ends(found: Read, encoding: str, delimiter: str, end: str) -> None:
    text = TEXT.replace(",", delimiter).replace("\n", end)
    mark = "\ufeff" if encoding.startswith("utf-16-") else ""
    assert found((mark + text).encode(encoding)) == ({1: ["冀北公司", "女"], 2: ["甲“公司”", "㐀𠀀"]}, [])


def test_gbk_as_older_exports_have_it(found: Read) -> None:
    assert found("名称,备注\n冀北公司,女\n".encode("gbk")) == ({1: ["冀北公司", "女"]}, [])


def test_gbk_bytes_in_a_utf8_file_are_unreadable_rows_and_the_others_are_kept(found: Read) -> None:
    lines = [f"{n},第{n}号行政许可决定书" for n in range(1, 21)]
    data = ["编号,备注".encode()] + [one.encode("gbk" if n in (3, 17) else "utf-8") for n, one in enumerate(lines, 1)]
    rows, unreadable = found(b"\n".join(data))
    assert unreadable == [3, 17]
    assert rows == {n: one.split(",") for n, one in enumerate(lines, 1) if n not in (3, 17)}


def test_utf8_bytes_in_a_gbk_file_are_unreadable_rows_or_other_text_but_never_turn_the_file(found: Read) -> None:
    lines = [f"{n},第{n}号行政许可决定书" for n in range(1, 21)]
    data = ["编号,备注".encode("gbk")] + [one.encode("utf-8" if n == 3 else "gbk") for n, one in enumerate(lines, 1)]
    rows, unreadable = found(b"\n".join(data))
    assert {n: cells for n, cells in rows.items() if n != 3} == {
        n: one.split(",") for n, one in enumerate(lines, 1) if n != 3
    }
    assert unreadable in ([], [3])


def test_a_gbk_file_whose_rows_could_be_letters_with_hooks(found: Read) -> None:
    # In GBK the character for woman has bytes that are one letter in UTF-8; nine rows of ten say so here.
    rows = ["女"] * 9 + ["男"]
    data = "\n".join(["sex", *rows]).encode("gbk")
    assert found(data) == ({n: [one] for n, one in enumerate(rows, 1)}, [])


def test_bytes_that_are_no_text_in_a_utf16_file(found: Read) -> None:
    data = "\ufeffa,b\n1,甲\n2,X\n3,丙\n".encode("utf-16-le").replace(b"X\0", b"\x00\xd8")
    assert found(data) == ({1: ["1", "甲"], 3: ["3", "丙"]}, [2])


@pytest.mark.parametrize("lone", [b"\xed\xa0\x80", b"\xed\xbf\xbf"])
def test_lone_surrogates_are_unreadable_rows(found: Read, lone: bytes) -> None:
    data = "a,b\n1,甲公司名称\n2,X\n3,丙公司名称\n4,丁公司名称\n".encode().replace(b"X", lone + b",")
    rows, unreadable = found(data.replace(lone + b",", lone))
    assert (sorted(rows), unreadable) == ([1, 3, 4], [2])


def test_nul_is_in_no_text(found: Read) -> None:
    assert found(b"a,b\n1,x\n2,\x00y\n3,z\n") == ({1: ["1", "x"], 3: ["3", "z"]}, [2])


@pytest.mark.parametrize("start", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF-1.7", b"\x1f\x8b\x08", b"PAR1"])
def test_what_is_no_csv_under_its_name_is_an_unreadable_file(found: Read, start: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        found(start + b"\na,b\n1,2\n")


# --- Quotes, rows and columns -------------------------------------------------------------------------------


def test_line_ends_and_quotes_in_a_cell_forge_no_row(found: Read) -> None:
    forged = 'x\n2,"forged",y\r\n3,""'
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["a", "b", "c"], ["1", forged, "z"], ["2", "real", ""]])
    assert found(out.getvalue().encode()) == ({1: ["1", forged, "z"], 2: ["2", "real", ""]}, [])


def test_a_quote_that_is_never_closed_takes_the_rest_as_one_row(found: Read, tmp_path: Path,
                                                                monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    data = b'a,b\n1,x\n2,"y\n3,z\n4,w\n'
    assert found(data) == ({1: ["1", "x"]}, [2])
    assert streamed(data, tmp_path / "s.csv", monkeypatch) == ({1: ["1", "x"]}, [2])


@pytest.mark.parametrize("data", [b'a,"b\n1,2\n3,4\n', b'"a,b\n1,2\n', b'a,"b"c\n1,2\n'])
def test_a_header_with_a_quote_astray_is_none(found: Read, data: bytes) -> None:
    with pytest.raises(UnreadableFileError):
        found(data)


def test_rows_too_wide_and_too_narrow_wherever_they_stand(found: Read) -> None:
    data = b"a,b\n1\n2,x\n3,x,y\n\n4,x\n5,x,\n6,x\n7\n"
    assert found(data) == ({2: ["2", "x"], 4: ["4", "x"], 6: ["6", "x"]}, [1, 3, 5, 7])


def test_columns_without_a_name_are_left_out_and_count(found: Read) -> None:
    assert found(b"a,,b,\n1,2,3,4\n5,6,7\n") == ({1: ["1", "3"]}, [2])


def test_a_header_may_hold_a_tab_or_a_line_end(found: Read) -> None:
    assert found('"a\tb","企业\n名称",c\n1,2,3\n'.encode()) == ({1: ["1", "2", "3"]}, [])


@pytest.mark.parametrize("count", [delivered.MAX_COLUMNS + 1, 1_000_000])
def test_more_columns_than_anyone_delivers(found: Read, count: int) -> None:
    header = ",".join(f"c{n}" for n in range(count))
    with pytest.raises(UnreadableFileError):
        found(f"{header}\n1,2\n".encode())


def test_as_many_columns_as_may_be(found: Read) -> None:
    names = [f"c{n}" for n in range(delivered.MAX_COLUMNS)]
    assert found(f"{','.join(names)}\n{','.join(names)}\n".encode()) == ({1: names}, [])


def test_very_long_cells(found: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = f"a,b\n1,{'甲' * 1_000_000}\n2,x\n".encode()
    expected = ({1: ["1", "甲" * 1_000_000], 2: ["2", "x"]}, [])
    assert found(data) == expected
    assert streamed(data, tmp_path / "s.csv", monkeypatch, 2**23) == expected


def test_a_row_longer_than_a_streamed_block_ends_what_can_be_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b"a,b\n1,x\n" + b"2," + b"y" * 2**18 + b"\n3,z\n"
    rows, unreadable = streamed(data, tmp_path / "s.csv", monkeypatch, 2**16)
    assert len(unreadable) == 1
    assert set(rows) <= {1}
    assert unreadable == [max(rows, default=0) + 1]


@pytest.mark.parametrize("data", [b"a,b", b"a,b\n", b"\xef\xbb\xbfa,b\r\n", b"\n\na,b\n", "名,b".encode("gbk")])
def test_a_header_alone_held_and_streamed(
    found: Read, data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(data) == ({}, [])
    assert streamed(data, tmp_path / "s.csv", monkeypatch) == ({}, [])


# --- Any table ----------------------------------------------------------------------------------------------

CELL = st.text(
    st.one_of(
        st.sampled_from(list("\",\t\n\r' ;|\\0=a甲女男㐀𠀀é\u3000“")),
        st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffd"),
    ),
    max_size=12,
)
NAME = st.text(st.sampled_from("ab名称é_ "), min_size=1, max_size=5).filter(str.strip)
WRITERS = st.fixed_dictionaries(
    {
        "delimiter": st.sampled_from([",", "\t"]),
        # With another one, Python's writer does not quote what a reader takes for a line's end.
        "lineterminator": st.just("\r\n"),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
    }
)


@st.composite
def files(draw: st.DrawFn) -> tuple[bytes, Found]:
    """A table as a file, and how it is to be read: some rows have too many or too few cells."""
    # A lone column's empty cell is a blank line to some writers, so there are two at least.
    width = draw(st.integers(2, 4))
    names = draw(st.lists(NAME, min_size=width, max_size=width, unique_by=str.strip))
    rows = draw(st.lists(st.lists(CELL, min_size=1, max_size=5), max_size=12))
    writer = draw(WRITERS)
    out = io.StringIO(newline="")
    made = csv.writer(out, **writer)
    made.writerow(names)
    kept, unreadable = {}, []
    for number, cells in enumerate(rows, start=1):
        cells = cells if cells != [""] else ["x"]
        made.writerow(cells)
        if len(cells) == width:
            kept[number] = cells
        else:
            unreadable.append(number)
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]))
    data = out.getvalue().encode(encoding)
    # Text that is valid in both can't be told apart; nobody's whole table is such text.
    assume(encoding != "gb18030" or data.isascii() or not _is_utf8(data))
    return data, (kept, unreadable)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


@given(files())
def test_any_table_is_read_back_held_and_streamed(
    tmp_path_factory: pytest.TempPathFactory, file: tuple[bytes, Found]
) -> None:
    data, expected = file
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    assert read(path) == expected
    with pytest.MonkeyPatch.context() as patch:
        assert streamed(data, path, patch, 512) == expected


@given(st.lists(st.sampled_from([b"a", b",", b"\n", b"\r", b'"', b"\0", b"\xe4\xbc\x81", b"\xc6\xf3", b"\xff", b"\t"])))
def test_any_bytes_end_in_rows_or_an_unreadable_file(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes]
) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.csv"
    path.write_bytes(b"a,b\n" + b"".join(parts))
    rows, unreadable = read(path)
    assert sorted([*rows, *unreadable]) == list(range(1, len(rows) + len(unreadable) + 1))
    with pytest.MonkeyPatch.context() as patch:
        assert streamed(path.read_bytes(), path, patch) == (rows, unreadable)


# --- Through ingest -----------------------------------------------------------------------------------------


def test_rows_keep_their_numbers_into_the_lake(tiny: Tiny) -> None:
    lines = [",".join(row(str(n)).values()) for n in range(1, 7)]
    lines[1], lines[4] = "too,narrow", lines[4] + ",too,wide"
    tiny.deliver("\n".join([",".join(row()), *lines]))
    counts = tiny.ingest().counts
    assert (counts.delivered, counts.accepted, counts.quarantined) == (6, 4, 2)
    assert sorted((one["row_no"], one["reason"]) for one in tiny.table("quarantine")) == [
        (2, "unreadable_row"),
        (5, "unreadable_row"),
    ]
    assert {one["record_id"]: one["row_no"] for one in tiny.table("records")} == {"1": 1, "3": 3, "4": 4, "6": 6}


def test_a_large_delivery_counts_as_a_small_one(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny.deliver([row(str(n)) for n in range(2_000)])
    monkeypatch.setattr(delivered, "HELD_BYTES", 1_000)
    monkeypatch.setattr(delimited, "_BLOCK_BYTES", 4_096)
    counts = tiny.ingest().counts
    assert (counts.delivered, counts.accepted) == (2_000, 2_000)
