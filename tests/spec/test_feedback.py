"""Feedback packs: what a department gets, and what becomes of it when it comes back. All data is synthetic."""

from __future__ import annotations

import csv
import io
import re
import stat
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pyarrow as pa
import pytest
from pyarrow import parquet

from creditlab.errors import DisclosureError, NoDataError, ParameterError
from creditlab.feedback import Pack, write_packs
from creditlab.periods import parse_period
from creditlab.sources import look, read_batches
from creditlab.terms import HELPER_PREFIX, Language
from tests.spec.tiny import Tiny, code, csv_text, form_field, form_fields, row

Rows = list[dict[str, Any]]
FAULTY = [
    row("1", subject_name=""),
    row("2", subject_kind="no kind", subject_id=code(number=2)),
    row("3", subject_id="91990100000000099X"),
    row("4", subject_id=code(number=4)),
]


def write(tiny: Tiny, as_of: str = "2026-10-20", name: str = "packs", **changes: Any) -> dict[str, Pack]:
    """The packs of 2026Q3 by department."""
    given = {"period": parse_period("2026Q3"), "language": Language.EN, "output": tiny.folder / name}
    given |= {"periods_before": 0} | changes
    done = write_packs(tiny.workspace, as_of=date.fromisoformat(as_of), **given)
    return {one.department: one for one in done}


def sheet(path: Path, name: str | None = None) -> Rows:
    """A sheet's rows, by the header's words; empty cells are left out."""
    book = openpyxl.load_workbook(path)
    head, *rows = (book[name] if name else book.active).iter_rows(values_only=True)
    return [{key: cell for key, cell in zip(head, cells, strict=True) if cell is not None} for cells in rows]


def overview(pack: Pack, name: str) -> Rows:
    return sheet(pack.folder / f"{pack.department}.xlsx", name)


def mend_file(pack: Pack) -> Path:
    (path,) = (one for one in (pack.folder / "mend").iterdir() if not one.stem.endswith("_quarantine"))
    return path


def edited(path: Path, edit: Callable[[Any, dict[str, int]], None]) -> bytes:
    """A workbook after somebody worked on it; `edit` is given its sheet and the columns' numbers."""
    book = openpyxl.load_workbook(path)
    columns = {cell.value: cell.column for cell in book.active[1]}
    edit(book.active, columns)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def mend_two(page: Any, columns: dict[str, int]) -> None:
    """Mend the records 1 and 2; record 3 stays as it is, and so do all the helper columns."""
    assert [one[columns["record_id_en"] - 1] for one in page.iter_rows(min_row=2, values_only=True)] == ["1", "2", "3"]
    page.cell(2, columns["subject_name_en"]).value = "甲公司"
    page.cell(3, columns["subject_kind_en"]).value = "legal_person"


def without_helpers(page: Any, columns: dict[str, int]) -> None:
    mend_two(page, columns)
    for name in sorted((one for one in columns if one.startswith(HELPER_PREFIX)), key=lambda one: -columns[one]):
        page.delete_cols(columns[name])


def as_csv(data: bytes) -> bytes:
    rows = openpyxl.load_workbook(io.BytesIO(data)).active.iter_rows(values_only=True)
    return csv_text([*next(rows)], [["" if cell is None else cell for cell in cells] for cells in rows]).encode()


@pytest.mark.parametrize(("edit", "suffix"), [(mend_two, "xlsx"), (without_helpers, "csv")])
def test_pack_delivered_again_raises_validity_by_exactly_the_mended_rows(
    tiny: Tiny, edit: Callable[..., None], suffix: str
) -> None:
    tiny.deliver(FAULTY)
    tiny.deliver([row("1", subject_name="", subject_id=code(number=9))], department="D2")
    tiny.ingest()
    assert tiny.figures("validity", by="department") == [(1, 4), (0, 1)]
    pack = write(tiny)["D1"]
    assert (pack.to_mend, pack.by_number, pack.mended) == (3, 0, 0)

    data = edited(mend_file(pack), edit)
    lines = csv.DictReader((pack.folder / "manifest_rows.csv").open(encoding="utf-8"))
    (line,) = [{key: value for key, value in one.items() if value and key != "path"} for one in lines]
    assert line == {"item_code": "A-1", "department": "D1", "region_code": "990100"}
    tiny.deliver(data if suffix == "xlsx" else as_csv(data), "2026-10-25", path=f"back.{suffix}", **line)
    counts = tiny.ingest().counts
    # What was not changed says nothing new, whether the columns that the pack added came back or not.
    assert (counts.delivered, counts.corrected, counts.repeated) == (3, 2, 1)
    assert tiny.figures("validity", by="department") == [(3, 4), (0, 1)]

    again = write(tiny, as_of="2026-11-01", name="next")
    assert (again["D1"].to_mend, again["D1"].mended, again["D2"].mended) == (1, 2, 0)
    (mended,) = overview(again["D1"], "Mended")
    assert mended["Mended by delivery"] == f"back.{suffix}"
    days = (date(2026, 10, 25) - date(2026, 7, 2)).days
    assert (mended["Records mended"], mended["Days until mended, median"], mended["Days until mended, at most"]) == (
        2, days, days,
    )  # fmt: skip


def test_rows_in_quarantine_come_back_as_records(tiny: Tiny) -> None:
    rows = [row("1"), row("2", event_date="soon", subject_id=code(number=2), note="=2"), row("3", action="ad"), row("")]
    tiny.deliver([*rows, row("5", subject_id="")])
    tiny.ingest()
    pack = write(tiny)["D1"]
    assert (pack.to_mend, pack.quarantined) == (0, 4)
    path = pack.folder / "mend/A-1_990100_quarantine.xlsx"
    lines = sheet(path)
    wrong = [one[f"{HELPER_PREFIX}where"] for one in lines]
    assert wrong == ["event_date_en", "action", "record_id_en", "subject_id_en"]
    assert (lines[0]["event_date_en"], lines[0]["note_en"]) == ("soon", "=2")

    def mend(page: Any, columns: dict[str, int]) -> None:
        page.cell(2, columns["event_date_en"]).value = "2026-07-01"
        page.cell(3, columns["action"]).value = ""
        page.cell(4, columns["record_id_en"]).value = "4"

    (line,) = csv.DictReader((pack.folder / "manifest_rows.csv").open(encoding="utf-8"))
    assert line["path"].endswith("mend/A-1_990100_quarantine.xlsx")
    tiny.deliver(edited(path, mend), "2026-10-25", path="back.xlsx")
    counts = tiny.ingest().counts
    assert (counts.delivered, counts.accepted, counts.quarantined) == (4, 3, 1)
    # Of the quarter's rows, one still lacks its subject, and of one without a number nobody knows what became of it.
    again = write(tiny, as_of="2026-11-01", name="next")["D1"]
    left = [one[f"{HELPER_PREFIX}where"] for one in sheet(again.folder / "mend/A-1_990100_quarantine.xlsx")]
    assert left == ["record_id_en", "subject_id_en"]


@pytest.mark.parametrize("name", ["a.csv", "a.parquet", "a.xlsx"])
def test_columns_that_a_pack_adds_are_not_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    # As they come back from whoever mended the row and left its fault standing, before and after the fields' columns.
    rows = {f"{HELPER_PREFIX}fault": ["=1", "late"], "note": ["a", ""], f"{HELPER_PREFIX}where": ["", "cell B2"]}
    if name == "a.csv":
        path.write_text(csv_text(list(rows), zip(*rows.values(), strict=True)), encoding="utf-8")
    elif name == "a.parquet":
        parquet.write_table(pa.table(rows), path)
    else:
        book = openpyxl.Workbook()
        for line in [list(rows), *zip(*rows.values(), strict=True)]:
            book.active.append(line)
        book.save(path)
    (batch,) = read_batches(look(path), ZoneInfo("UTC"), {})
    # A row that has nothing else is a row still: nothing that was delivered is lost.
    assert [value or "" for value in batch.table["note"].to_pylist()] == ["a", ""]
    assert batch.table.column_names == ["note"]
    assert batch.row_no.tolist() == [1, 2]


@pytest.mark.parametrize("language", list(Language))
def test_a_rows_fault_is_said_and_its_cell_is_marked(tiny: Tiny, language: Language) -> None:
    tiny.deliver(FAULTY)
    tiny.ingest()
    page = openpyxl.load_workbook(mend_file(write(tiny, language=language)["D1"])).active
    names = [cell.value for cell in page[1]]
    suffix = "zh" if language is Language.ZH_CN else "en"
    assert names[4:] == [f"{one['field']}_{suffix}" for one in form_fields()] + ["action"]
    marked = [
        [names[cell.column - 1] for cell in cells if cell.fill.fgColor.rgb == "FFFFE699"]
        for cells in page.iter_rows(min_row=2)
    ]
    assert marked == [[f"subject_name_{suffix}"], [f"subject_kind_{suffix}"], [f"subject_id_{suffix}"]]
    said = [cells[0] for cells in page.iter_rows(min_row=2, values_only=True)]
    assert len(set(said)) == 3
    assert f"subject_name_{suffix}" in said[0]
    # A number or a date that somebody types stays the text that was typed.
    assert {cell.number_format for cells in page.iter_rows(min_row=2) for cell in cells if cell.value} == {"@"}


def test_columns_whose_names_could_be_mistaken_have_their_fields_own_names(make_tiny: Callable[..., Tiny]) -> None:
    fields = form_fields(
        form_field("first", name_en="Date", name_zh="日期"),
        form_field("second", name_en="Date", name_zh="note"),
        form_field("third", name_en="action", name_zh=""),
    )
    tiny = make_tiny(fields=fields)
    tiny.deliver([row("1", subject_name="", first="a", second="b", third="c")])
    tiny.ingest()
    (line,) = sheet(mend_file(write(tiny)["D1"]))
    assert {name: line[name] for name in ("first", "second", "third")} == {"first": "a", "second": "b", "third": "c"}


FORMULAS = ['=HYPERLINK("x")', "+1", "-1", "@SUM(1)", "=1\t2", "＝1", "a\r\n=1", "'=1", "0012", "_x0041_", "<b>&amp;"]


def test_texts_come_back_as_they_were_and_none_is_a_formula(tiny: Tiny) -> None:
    """Texts that a spreadsheet would run, the longest that a cell holds, and one that none holds: it isn't cut."""
    rows = [row(str(n), subject_name="", note=text, subject_id=code(number=n)) for n, text in enumerate(FORMULAS)]
    rows += [row("L", subject_name="", note="x" * 32_767), row("M", subject_name="", note="x" * 32_768)]
    tiny.deliver([*rows, row("=9", event_date="=1+1", note="@x")], path="=cmd.csv")
    tiny.ingest()
    pack = write(tiny)["D1"]
    assert (pack.to_mend, pack.quarantined) == (len(rows) - 1, 1)
    assert [one["Record number"] for one in overview(pack, "By number only")] == ["M"]
    for path in pack.folder.rglob("*.xlsx"):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                assert not re.search(rb"<f[ >]|<hyperlink|externalLink|ddeLink", archive.read(name)), name
    tiny.deliver(mend_file(pack).read_bytes(), "2026-10-25", path="back.xlsx")
    counts = tiny.ingest().counts
    assert (counts.delivered, counts.repeated) == (len(rows) - 1, len(rows) - 1)


def everything(folder: Path) -> str:
    """All that a pack's files hold, unpacked."""
    texts = []
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as archive:
                texts += [archive.read(name).decode() for name in archive.namelist()]
        elif path.is_file():
            texts.append(path.read_text("utf-8"))
    return "\n".join(texts)


def test_of_natural_persons_there_is_a_number_and_a_fault(make_tiny: Callable[..., Tiny]) -> None:
    kinds = "legal_person;natural_person"
    tiny = make_tiny(items=[{"subject_kinds": kinds}, {"item_code": "B-1", "subject_kinds": "legal_person"}])
    sole_trader = code("92", 7)
    tiny.deliver([row("R-1", subject_name="", note="Zebra"), row("R-2", event_date="", note="Zebra")])
    tiny.deliver(
        [row("R-3", subject_id=sole_trader, subject_kind="natural_person", subject_name="Zebra", note="Zebra")],
        item_code="B-1",
    )
    tiny.ingest()
    pack = write(tiny)["D1"]
    assert (pack.to_mend, pack.by_number, pack.quarantined) == (0, 2, 1)
    assert list((pack.folder / "mend").iterdir()) == []
    listed = overview(pack, "By number only")
    assert [(one["Item code"], one["Record number"], bool(one["Fault"])) for one in listed] == [
        ("A-1", "R-1", True),
        ("B-1", "R-3", True),
    ]
    assert set(listed[0]) == {
        "Item code", "Item", "Reporting unit", "Record number", "Fault", "What to do", "Delivered in", "Row",
    }  # fmt: skip
    (quarantined,) = overview(pack, "Quarantine")
    assert (quarantined["Row"], quarantined["Delivered in"]) == (2, "001.csv")
    # Few of them are not counted either.
    shares = {(one["Item code"], one["Measure"]): one["Share"] for one in overview(pack, "By item and unit")}
    assert (shares["A-1", "Validity"], shares["B-1", "Validity"]) == ("[c]", 0)
    text = everything(pack.folder)
    assert "Zebra" not in text
    assert sole_trader not in text
    assert "P-" not in text.replace("UTF-", "")


def test_a_resident_number_in_a_text_stays_masked_and_is_marked(tiny: Tiny) -> None:
    tiny.deliver([row("1", note="of 11010519491231002X")])
    tiny.ingest()
    pack = write(tiny)["D1"]
    page = openpyxl.load_workbook(mend_file(pack)).active
    names = [cell.value for cell in page[1]]
    assert [names[cell.column - 1] for cell in page[2] if cell.fill.fgColor.rgb == "FFFFE699"] == ["note_en"]
    assert "11010519491231002" not in everything(pack.folder)


def test_a_dispute_is_not_settled_by_mending(tiny: Tiny) -> None:
    tiny.deliver([row("1", subject_name="")])
    tiny.deliver([row("1", subject_name="", action="dispute")], "2026-07-03")
    tiny.ingest()

    def edit(page: Any, columns: dict[str, int]) -> None:
        assert page.cell(2, columns["action"]).value is None
        page.cell(2, columns["subject_name_en"]).value = "甲公司"

    tiny.deliver(edited(mend_file(write(tiny)["D1"]), edit), "2026-10-25", path="back.xlsx")
    tiny.ingest()
    (record,) = tiny.records().values()
    assert (record["record_state"], record["faults"]) == ("disputed", [])


def test_says_what_is_due_and_what_is_in_quarantine(make_tiny: Callable[..., Tiny]) -> None:
    tiny = make_tiny(items=[{"update_period": "month", "delivery_grace_days": "5"}])
    tiny.deliver([row("1"), row("2", event_date="soon")], "2026-08-04", period="2026-07")
    tiny.deliver(None, "2026-09-20", period="2026-08")
    tiny.ingest()
    pack = write(tiny)["D1"]
    own = [one for one in overview(pack, "Omissions") if one["Reporting unit"].startswith("990100")]
    assert [(one["Due period"], one["Due on"], one["Delivered on"]) for one in own] == [
        ("2026-08", "2026-09-05", "2026-09-20"),
        ("2026-09", "2026-10-05", "never delivered"),
    ]
    (quarantined,) = overview(pack, "Quarantine")
    assert (quarantined["Row"], quarantined["State"]) == (2, "open")
    assert "event_date: soon" in quarantined["Content, where it may be kept"]


def test_rates_stand_beside_the_provinces_and_the_last_quarters(tiny: Tiny) -> None:
    tiny.deliver([row("1", subject_name=""), row("2", subject_id=code(number=2))])
    tiny.deliver([row("3", event_date="2026-05-04")], "2026-05-05")
    tiny.deliver([row("1", subject_id=code(number=3))], department="D2")
    tiny.ingest()
    (validity,) = [
        one for one in overview(write(tiny, periods_before=1)["D1"], "Rates") if one["Measure"] == "Validity"
    ]
    assert validity == {
        "Measure": "Validity",
        "Numerator": 1,
        "Denominator": 2,
        "3rd quarter 2026": 0.5,
        "Whole province": 2 / 3,
        "Difference from the province in percentage points": -16.7,
        "2nd quarter 2026": 1,
    }


def test_packs_are_their_owners_only_complete_and_never_written_over(tiny: Tiny) -> None:
    tiny.deliver(FAULTY)
    tiny.ingest()
    pack = write(tiny, departments=["D1"])["D1"]
    for path in [pack.folder, *pack.folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert "Internal working file for Bureau A only" in everything(pack.folder)
    before = everything(tiny.folder / "packs")
    with pytest.raises(ParameterError, match="has a pack of that period and day already"):
        write(tiny, departments=["D1"])
    with pytest.raises(DisclosureError):
        write(tiny, output=tiny.workspace.reports / "packs")
    with pytest.raises(ParameterError, match="not in the catalogue"):
        write(tiny, departments=["D9"])
    with pytest.raises(NoDataError):
        write(tiny, period=parse_period("2020Q1"))
    assert everything(tiny.folder / "packs") == before
    assert {path.name for path in (tiny.folder / "packs").rglob("*")} == {
        "2026Q3_2026-10-20", "D1", "D1.xlsx", "internal.json", "manifest_rows.csv", "mend", "A-1_990100.xlsx",
    }  # fmt: skip


def test_a_quarter_with_only_a_silent_department_still_tells_it(make_tiny: Callable[..., Tiny]) -> None:
    tiny = make_tiny(items=[{"update_period": "quarter"}])
    tiny.deliver([row("1")], period="2026Q3", on="2026-09-30")
    tiny.ingest()
    packs = write(tiny)
    assert (packs["D2"].omitted, packs["D2"].to_mend) == (2, 0)


def test_an_heir_mends_what_came_under_the_merged_departments_code(tiny: Tiny) -> None:
    columns = "department,valid_from,valid_until,name_zh,name_en,alias,level,merged_into"
    tiny.write("catalogue/department_history.csv", f"{columns}\nD1,,2026-09-30,,,,prefecture,D2\n")
    tiny.deliver([row("1", subject_name="")])
    tiny.ingest()
    packs = write(tiny)
    assert set(packs) == {"D2"}
    (line,) = csv.DictReader((packs["D2"].folder / "manifest_rows.csv").open(encoding="utf-8"))
    assert line["path"].endswith("D2/mend/A-1_990100_D1.xlsx")
    # The record's key has the old code; under the new one it would be another record.
    data = edited(mend_file(packs["D2"]), lambda page, columns: page.cell(2, columns["subject_name_en"], "甲公司"))
    tiny.deliver(data, "2026-10-25", path="back.xlsx", department=line["department"])
    assert tiny.ingest().counts.corrected == 1
    assert tiny.figures("validity", by="department") == [(1, 1)]
