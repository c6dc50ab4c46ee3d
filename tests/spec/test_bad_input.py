"""A user's mistakes in deliveries and their manifest: what they count, how they end, and that no cell value is shown.

Every delivered cell of this file that could be somebody's has MARK in it, so that it is found wherever it turns up.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import date

import pytest

from tests.spec.asking import MARK, MEASURE, Run, marked, quarantined, six
from tests.spec.tiny import Tiny, csv_text, form_field, form_fields, row

Command = Callable[..., subprocess.CompletedProcess[str]]
Make = Callable[..., Tiny]


def test_a_mistake_ends_the_process_with_its_status_and_one_line(tiny: Tiny, creditlab_command: Command) -> None:
    tiny.write("inbox/manifest.csv", f"{MARK},item_code\n{MARK},1\n")
    for arguments, status in ((("ingest",), 3), (("measure",), 2), (("lake", "history"), 4)):
        done = creditlab_command(*arguments, workspace=tiny.folder)
        assert (done.returncode, done.stdout) == (status, "")
        assert done.stderr.startswith("creditlab: ")
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr
        assert MARK not in done.stderr


# --- Deliveries -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\xef\xbb\xbf",
        b"\xff\xfe\x00\x01\x81\x00",
        csv_text(["record_id", "subject_id", "note", "note"], [[MARK] * 4]).encode(),
        csv_text(["record_id", " record_id ", "note"], [[MARK] * 3]).encode(),
        b",,,\n1,2,3,4\n",
    ],
    ids=["empty", "blank lines", "a byte-order mark", "no text", "a column twice", "twice but for spaces", "no name"],
)
def test_a_file_that_can_not_be_read_is_one_quarantined_row(tiny: Tiny, run: Run, content: bytes) -> None:
    tiny.deliver(content)
    tiny.deliver([marked()])
    assert six(run(tiny, "ingest")) == {"delivered": 2, "accepted": 1, "quarantined": 1}
    assert quarantined(tiny) == [(0, "unreadable_file")]
    assert run(tiny, *MEASURE)["measurements"][-1]["denominator"] == 2


@pytest.mark.parametrize("name", ["broken.xlsx", "broken.xls"])
def test_a_workbook_that_is_none_is_one_quarantined_row(tiny: Tiny, run: Run, name: str) -> None:
    tiny.deliver(f"PK {MARK}", path=name)
    assert six(run(tiny, "ingest")) == {"delivered": 1, "quarantined": 1}


def test_a_header_without_rows_delivers_nothing(tiny: Tiny, run: Run) -> None:
    tiny.deliver(csv_text(list(row()), []))
    tiny.deliver(",".join(row()))
    found = run(tiny, "ingest")
    assert (six(found), found["deliveries"]) == ({}, 2)
    assert run(tiny, "ingest")["known"] == 2


def test_blank_lines_are_no_rows_wherever_they_stand(tiny: Tiny, run: Run) -> None:
    lines = csv_text(list(marked()), [list(marked(str(n)).values()) for n in range(3)]).splitlines()
    tiny.deliver("\n\r\n" + "\n\n".join(lines))
    assert six(run(tiny, "ingest")) == {"delivered": 3, "accepted": 3}
    assert sorted(one["row_no"] for one in tiny.records().values()) == [1, 2, 3]


def test_wrong_columns_lose_no_row(tiny: Tiny, run: Run) -> None:
    tiny.deliver(csv_text(["name", "number"], [[MARK, f"{n}"] for n in range(5)]))
    assert six(run(tiny, "ingest")) == {"delivered": 5, "quarantined": 5}
    assert quarantined(tiny) == [(n, "no_record_id") for n in range(1, 6)]


def test_rows_with_too_few_or_too_many_cells_are_unreadable_one_by_one(tiny: Tiny, run: Run) -> None:
    good = csv_text(list(marked()), [list(marked(str(n)).values()) for n in range(3)]).splitlines()
    tiny.deliver("\n".join([good[0], good[1], f"{MARK},{MARK}", good[2], f"{good[3]},{MARK}", good[3]]) + "\n")
    assert six(run(tiny, "ingest")) == {"delivered": 5, "accepted": 3, "quarantined": 2}
    assert quarantined(tiny) == [(2, "unreadable_row"), (4, "unreadable_row")]


def test_a_column_that_no_schema_has_is_content_and_nothing_else(tiny: Tiny, run: Run) -> None:
    tiny.deliver([marked() | {"surplus": "1"}, marked() | {"surplus": "2"}])
    assert six(run(tiny, "ingest")) == {"delivered": 2, "accepted": 1, "corrected": 1}


def test_names_of_ten_thousand_characters(make_tiny: Make, run: Run) -> None:
    tiny = make_tiny(fields=form_fields(subject_name={"max_length": "200"}))
    long = MARK + "甲" * 10_000
    tiny.deliver([marked("1") | {"subject_name": long}, marked("2") | {"record_id": long}, marked("3") | {long: long}])
    assert six(run(tiny, "ingest")) == {"delivered": 3, "accepted": 3}
    assert sorted(len(one["record_id"]) for one in tiny.records().values())[-1] == len(long)
    assert sum(one["faults"] == ["max_length:subject_name"] for one in tiny.records().values()) == 1


def test_dates_that_are_none_and_one_that_never_comes(make_tiny: Make, run: Run) -> None:
    tiny = make_tiny(fields=form_fields(form_field("until", type="date", role="valid_until", required="true")))
    days = ["2026-13-45", "2026-02-30", "0000-00-00", "31/12/2026", "tomorrow", "2026-07", "99999-01-01", ""]
    rows = [marked(str(n), event_date=day) | {"until": ""} for n, day in enumerate(days)]
    rows += [marked(f"u{n}") | {"until": day} for n, day in enumerate([*days, "2099-12-31", "—", "9999-12-31"])]
    tiny.deliver(rows)
    assert six(run(tiny, "ingest")) == {"delivered": 19, "accepted": 11, "quarantined": 8}
    assert {reason for _, reason in quarantined(tiny)} == {"no_event_date"}
    found = tiny.records()
    faults = [found[f"{MARK}-U{n}"]["faults"] for n in range(11)]
    assert faults == [["type:until"]] * 7 + [["missing:until"], [], ["missing:until"], []]
    assert found[f"{MARK}-U8"]["valid_until"] == date(2099, 12, 31)
    assert found[f"{MARK}-U0"]["valid_until"] is None


def test_a_dash_for_what_is_missing(tiny: Tiny, run: Run) -> None:
    dashes = dict.fromkeys(("subject_name", "subject_kind", "note"), "—")
    tiny.deliver([marked("1") | dashes, marked("2") | {"record_id": "—"}, marked("3") | {"subject_id": " — "}])
    tiny.deliver([marked("4", action="—"), marked("5", event_date="--")], department="D2")
    assert six(run(tiny, "ingest")) == {"delivered": 5, "accepted": 2, "quarantined": 3}
    assert tiny.records()[f"{MARK}-1"]["faults"] == ["missing:subject_kind", "missing:subject_name"]
    assert tiny.records()[f"{MARK}-4"]["record_state"] == "normal"


@pytest.mark.parametrize("path", ["../outside.csv", "/etc/hostname", "."])
def test_a_path_that_leads_outside_the_inbox_is_not_read(tiny: Tiny, run: Run, path: str) -> None:
    tiny.write("outside.csv", csv_text(list(row()), [list(marked().values())]))
    tiny.deliver([row("other")])
    tiny.manifest[0]["path"] = path
    tiny.write_manifest()
    assert six(run(tiny, "ingest")) == {"delivered": 1, "quarantined": 1}


def test_spreadsheets_commands_and_quotes_are_text(tiny: Tiny, run: Run) -> None:
    texts = ["=1+1", "'; DROP TABLE judged; --", '"', "\\", "a\nb", "{}", "%s", "\x1f", "\u202e", "😀" * 300]
    tiny.deliver([row(f"{n}", note=text, subject_name=text) for n, text in enumerate(texts)])
    assert six(run(tiny, "ingest")) == {"delivered": len(texts), "accepted": len(texts)}
    assert six(run(tiny, "ingest")) == {}


# --- The manifest ---------------------------------------------------------------------------------------

HEAD = "path,item_code,department,region_code,delivered_at,period,zero_report\n"
ROW = f"001.csv,A-1,D1,990100,{{}},{MARK},\n"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (HEAD + ROW.format("2026-07-02T09:00:00"), "row 1, column delivered_at"),
        (HEAD + ROW.format("2026-07-02"), "row 1, column delivered_at"),
        (HEAD + ROW.format(MARK), "row 1, column delivered_at"),
        (HEAD + ROW.format("2026-13-45T09:00:00+08:00"), "row 1, column delivered_at"),
        (HEAD + f"{MARK},A-1\n", "row 1"),
        (HEAD + f"001.csv,A-1,D1,990100,2026-07-02T09:00:00+08:00,,{MARK}\n", "row 1"),
        (HEAD + ",A-1,D1,990100,2026-07-02T09:00:00+08:00,,\n", "row 1, column path"),
        ("path,item_code\n" + MARK + ",1\n", "column department"),
        (HEAD.replace("period", "path"), "column path"),
        (HEAD.encode("utf-16"), "manifest.csv"),
        (HEAD + f'"{MARK}', "line 2"),
    ],
    ids=["no zone", "no time", "no moment", "no day", "too few cells", "no truth value", "no file", "no columns",
         "a column twice", "no text", "an open quote"],
)  # fmt: skip
def test_a_manifest_that_can_not_be_read_is_refused(tiny: Tiny, run: Run, text: str | bytes, what: str) -> None:
    tiny.write("inbox/001.csv", csv_text(list(row()), [list(marked().values())]))
    tiny.write("inbox/manifest.csv", text)
    found = run(tiny, "ingest", status=3)
    assert (found["error"], what in found["where"]) == ("manifest", True), found
    assert not (tiny.folder / "lake" / "runs").exists()


def test_no_manifest_yet_is_no_delivery(tiny: Tiny, run: Run) -> None:
    assert six(run(tiny, "ingest")) == {}


def test_a_manifest_with_other_columns_and_a_mark_of_its_editor_is_read(tiny: Tiny, run: Run) -> None:
    tiny.deliver([marked()])
    text = (
        (tiny.folder / "inbox/manifest.csv").read_text(encoding="utf-8").replace(",zero_report", ",zero_report,who", 1)
    )
    tiny.write("inbox/manifest.csv", b"\xef\xbb\xbf" + text.replace(",,\n", f",,,{MARK}\n").encode())
    assert six(run(tiny, "ingest")) == {"delivered": 1, "accepted": 1}


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_quoted_header_is_a_header_by_either_delimiter(tiny: Tiny, run: Run, delimiter: str) -> None:
    lines = csv_text(list(marked()), [list(marked().values())]).splitlines()
    head = delimiter.join(f'"{name}"' for name in lines[0].split(","))
    tiny.deliver(f"{head}\n{lines[1].replace(',', delimiter)}\n")
    assert six(run(tiny, "ingest")) == {"delivered": 1, "accepted": 1}
