"""A user's mistakes in a workspace, its catalogue, and questions: how they end, and that no cell value is shown."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from creditlab import workfiles
from tests.spec.asking import MARK, MEASURE, Run, marked, six
from tests.spec.tiny import Tiny, row

Make = Callable[..., Tiny]


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


def test_a_disk_that_is_full_for_an_output_is_said_as_such(
    tiny: Tiny, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tiny.deliver([row()])
    run(tiny, "ingest")

    def full(*given: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(workfiles, "write_workfile", full)
    assert run(tiny, *MEASURE, "--output", tmp_path / "m.csv", status=1)["error"] == "storage"
