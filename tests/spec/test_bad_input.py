"""A user's mistakes through the command line: what they count, how they end, and that no cell value is ever shown.

Every delivered cell of this file that could be somebody's has MARK in it, so that it is found wherever it turns up.
"""

from __future__ import annotations

import errno
import json
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from creditlab import workfiles
from creditlab.cli import main
from creditlab.terms import COUNTS
from tests.spec.tiny import Tiny, csv_text, form_field, form_fields, row

Command = Callable[..., subprocess.CompletedProcess[str]]
Make = Callable[..., Tiny]
MARK = "VERTRAULICH"
MEASURE = ("measure", "--period", "2026Q3", "--as-of", "2026-12-31", "--by", "item_code")


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Run a command with --json; checks its exit status and that nothing leaks; returns the object it printed.

    In this process, for there are many; that the program starts and ends like this is seen where it runs in its own.
    """

    def command(tiny: Tiny | Path, *arguments: str | Path, status: int = 0) -> dict[str, Any]:
        folder = tiny.folder if isinstance(tiny, Tiny) else tiny
        capfd.readouterr()
        returned = main(["--json", "--workspace", str(folder), *map(str, arguments)])
        out, err = capfd.readouterr()
        said = out + err
        assert returned == status, said
        assert "Traceback" not in said
        assert MARK not in said
        assert "creditlab: internal" not in said
        assert out.count("\n") == 1
        found: dict[str, Any] = json.loads(out)
        assert ("error" in found) is (status != 0)
        assert bool(err) is (status != 0)
        return found

    return command


Run = Callable[..., dict[str, Any]]


def marked(record_id: str = "1", **changes: str) -> dict[str, str]:
    """A delivered row whose free texts have the mark in them."""
    return row(f"{MARK}-{record_id}", subject_name=f"{MARK}公司", note=MARK, **changes)


def six(found: dict[str, Any]) -> dict[str, int]:
    """The counts that are not zero; the balance is checked."""
    assert found["delivered"] == sum(found[name] for name in COUNTS[1:])
    return {name: found[name] for name in COUNTS if found[name]}


def quarantined(tiny: Tiny) -> list[tuple[int, str]]:
    return sorted((one["row_no"], one["reason"]) for one in tiny.table("quarantine"))


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


# --- The workspace --------------------------------------------------------------------------------------


def test_a_folder_that_is_no_workspace(run: Run, tmp_path: Path) -> None:
    assert run(tmp_path, "ingest", status=2)["error"] == "workspace"
    assert run(tmp_path / "nowhere", *MEASURE, status=2)["error"] == "workspace"


@pytest.mark.parametrize(
    "settings",
    ["[paths]\nlakes = 'x'\n", "[lakes]\n", "[calendar]\ncountry = 7\n", "[calendar]\ncountry = 'XX'\n", "[paths\n",
     "[calendar]\ndays = 'none.csv'\n"],
)  # fmt: skip
def test_a_configuration_that_can_not_be_used(make_tiny: Make, run: Run, settings: str) -> None:
    tiny = make_tiny(settings=settings)
    tiny.deliver([marked()])
    assert run(tiny, "ingest", status=2)["error"] == "workspace"
    assert not (tiny.folder / "lake" / "runs").exists()


@pytest.mark.parametrize("name", ["with a space", "工作区 2026", "it's #1 + 100 {x}"])
def test_folders_are_named_by_people(make_tiny: Make, run: Run, name: str) -> None:
    tiny = make_tiny(name=name)
    tiny.deliver([marked()], path="许可 七月.csv")
    assert six(run(tiny, "ingest")) == {"delivered": 1, "accepted": 1}
    assert run(tiny, "ingest")["known"] == 1
    assert run(tiny, *MEASURE)["measurements"][0]["measure"] == "completeness"


@pytest.mark.parametrize("name", ["copy [1]", "100%"])
def test_a_folder_that_the_lake_can_not_lie_in_is_refused(make_tiny: Make, run: Run, name: str) -> None:
    tiny = make_tiny(name=name)
    tiny.deliver([marked()])
    assert run(tiny, "ingest", status=3)["error"] == "lake"


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("subjects.csv", f"subject_id\n{MARK}\n", "column subject_kind"),
        ("subjects.csv", "", "subjects.csv"),
        ("ledger.csv", f"item_code,department,region_code,month,declared_count\nA-1,D1,1,{MARK},1\n", "column month"),
        ("ledger.csv", f"item_code,department,region_code,month,declared_count\nA-1,D1,1,2026-07,{MARK}\n", "declared"),
    ],
)
def test_a_register_or_ledger_that_can_not_be_used(tiny: Tiny, run: Run, name: str, text: str, where: str) -> None:
    tiny.deliver([marked()])
    tiny.write(name, text)
    found = run(tiny, "ingest", status=2)
    assert where in found["where"]


# --- The catalogue --------------------------------------------------------------------------------------


def test_a_published_edition_that_was_edited_is_refused(tiny: Tiny, run: Run) -> None:
    tiny.deliver([marked()])
    run(tiny, "ingest")
    tiny.edition(2026, [{"item_name_en": "Another name"}])
    for command in (("ingest",), MEASURE):
        found = run(tiny, *command, status=3)
        assert (found["error"], "2026" in found["where"]) == ("edition_changed", True)


def test_a_seal_notices_an_edit_before_the_first_run(tiny: Tiny, run: Run) -> None:
    details = tiny.folder / "catalogue/2026/edition.toml"
    text = details.read_text(encoding="utf-8").replace('"published"', '"approved"')
    details.write_text(f"{text}approved_on = 2025-12-10\ntitle_en = 'x'\ntitle_zh = '甲'\n", encoding="utf-8")
    tiny.write("catalogue/2026/changes.csv", "item_code,change,reason,department,assessment\nA-1,included,new,D1,\n")
    run(tiny, "catalogue", "publish", "2026")
    items = tiny.folder / "catalogue/2026/items.csv"
    items.write_text(items.read_text(encoding="utf-8").replace("7 working days", "70 working days"), encoding="utf-8")
    tiny.deliver([marked()])
    assert run(tiny, "ingest", status=3)["error"] == "edition_changed"
    assert not (tiny.folder / "lake" / "runs").exists()


@pytest.mark.parametrize(
    "changes", [{"collection_time_limit": "soon"}, {"update_period": "fortnight"}, {"data_format": "nothing"}]
)
def test_an_edition_with_a_cell_without_meaning_is_refused(tiny: Tiny, run: Run, changes: dict[str, str]) -> None:
    tiny.edition(2026, [changes])
    tiny.deliver([marked()])
    found = run(tiny, "ingest", status=3)
    assert (found["error"], next(iter(changes)) in found["where"]) == ("catalogue", True)


def test_no_published_edition_loses_no_row(tiny: Tiny, run: Run) -> None:
    details = tiny.folder / "catalogue/2026/edition.toml"
    details.write_text(details.read_text(encoding="utf-8").replace('"published"', '"draft"'), encoding="utf-8")
    tiny.deliver([marked()])
    assert six(run(tiny, "ingest")) == {"delivered": 1, "quarantined": 1}


# --- Measuring ------------------------------------------------------------------------------------------


def test_nothing_was_ingested_yet(tiny: Tiny, run: Run) -> None:
    assert run(tiny, *MEASURE, status=4)["error"] == "no_data"
    assert run(tiny, "lake", "history", status=4)["error"] == "no_data"


def test_a_period_without_data_publishes_nothing(tiny: Tiny, run: Run) -> None:
    tiny.deliver([marked()])
    run(tiny, "ingest")
    arguments = ("--period", "2019Q1", "--as-of", "2026-12-31", "--audience", "public", "--language", "en")
    assert run(tiny, "publish", *arguments, status=4)["error"] == "no_data"
    assert list((tiny.folder / "reports").rglob("*.html")) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("measure", "--period", MARK, "--as-of", "2026-12-31"),
        ("measure", "--period", "2026Q5", "--as-of", "2026-12-31"),
        ("measure", "--period", "2026-10-01/2026-07-01", "--as-of", "2026-12-31"),
        ("measure", "--period", "2026Q3", "--as-of", "2026-13-45"),
        ("measure", "--period", "2026Q3", "--as-of", "2026-12-31", "--by", MARK),
        ("measure", "--period", "2026Q3", "--as-of", "2026-12-31", "--by", "item_code,item_code"),
        ("measure", "--period", "2026Q3", "--as-of", "2026-12-31", "--output", "out.doc"),
        ("measure", "--period", "2026Q3", "--as-of", "2026-12-31", "--output", "/nowhere/out.csv"),
        ("measure", "--period", "2026Q3"),
        ("publish", "--period", "2026Q3", "--audience", "friends"),
        ("no-such-command",),
        ("lake", "drop"),
    ],
)
def test_wrong_use(tiny: Tiny, run: Run, arguments: tuple[str, ...]) -> None:
    tiny.deliver([marked()])
    tiny.ingest()
    assert run(tiny, *arguments, status=2)["what"]


def test_a_working_day_beyond_the_calendars_end(make_tiny: Make, run: Run) -> None:
    tiny = make_tiny(settings="[calendar]\nofficial_until = 2026-08-31\n")
    tiny.deliver([marked("1", event_date="2026-08-30")], "2026-09-02")
    tiny.deliver([marked("2", event_date="2026-07-01")], "2026-07-02")
    assert six(run(tiny, "ingest")) == {"delivered": 2, "accepted": 2}
    found = run(tiny, *MEASURE, status=3)
    assert (found["error"], "2026-09-01" in found["what"]) == ("calendar_end", True)
    july = ("measure", "--period", "2026-07", "--as-of", "2026-08-20", "--by", "item_code")
    rows = {one["measure"]: one for one in run(tiny, *july)["measurements"]}
    assert (rows["timeliness"]["numerator"], rows["timeliness"]["denominator"]) == (1, 1)


def test_a_working_file_may_not_lie_among_the_reports(tiny: Tiny, run: Run) -> None:
    tiny.deliver([marked()])
    run(tiny, "ingest")
    reports = tiny.folder / "reports" / "2026"
    reports.mkdir(parents=True)
    (tiny.folder / "link").symlink_to(reports)
    for folder in (reports, tiny.folder / "link", tiny.folder / "catalogue" / ".." / "reports"):
        assert run(tiny, *MEASURE, "--output", folder / "figures.csv", status=5)["error"] == "not_allowed"
    assert [path for path in reports.rglob("*") if path.is_file()] == []


def test_a_working_file_is_its_owners_and_says_what_it_is(tiny: Tiny, run: Run) -> None:
    tiny.deliver([marked()])
    run(tiny, "ingest")
    for name in ("figures.csv", "figures.parquet"):
        run(tiny, *MEASURE, "--output", tiny.folder / name)
        assert (tiny.folder / name).stat().st_mode & 0o777 == 0o600
        assert "INTERNAL" in (tiny.folder / f"{name}.internal.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_a_quoted_header_is_a_header_by_either_delimiter(tiny: Tiny, run: Run, delimiter: str) -> None:
    lines = csv_text(list(marked()), [list(marked().values())]).splitlines()
    head = delimiter.join(f'"{name}"' for name in lines[0].split(","))
    tiny.deliver(f"{head}\n{lines[1].replace(',', delimiter)}\n")
    assert six(run(tiny, "ingest")) == {"delivered": 1, "accepted": 1}


def test_a_disk_that_is_full_for_an_output_is_said_as_such(
    tiny: Tiny, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tiny.deliver([row()])
    run(tiny, "ingest")

    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(workfiles, "write_workfile", full)
    assert run(tiny, *MEASURE, "--output", tmp_path / "m.csv", status=1)["error"] == "storage"
