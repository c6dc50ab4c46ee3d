"""Real input: a regulator's published warning letters to organisations, 2021 to 2026, from deliveries to a report.

The expected counts were made independently of this program, with the days of the package `holidays`.
"""

from __future__ import annotations

import csv
import json
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from creditlab import engine
from creditlab.lake import read_inputs
from creditlab.workspace import open_workspace
from tests.real.prepare import ALIASES, departments_of, prepare, read_csv

Command = Callable[..., subprocess.CompletedProcess[str]]
SOURCE = "data/fda_warning_letters_orgs_2021_2026.csv"
AS_OF = "2026-03-17"
ALL_YEARS = "2021-01-01/2027-01-01"


@dataclass(frozen=True)
class Letters:
    """The workspace after one ingest, and what the ingest said."""

    folder: Path
    counts: dict[str, int]


@pytest.fixture(scope="module")
def letters(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory, creditlab_command: Command) -> Letters:
    folder = prepare(shared_dir / SOURCE, tmp_path_factory.mktemp("letters") / "workspace")
    done = creditlab_command("--json", "ingest", workspace=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return Letters(folder, json.loads(done.stdout))


def measured(command: Command, letters: Letters, period: str, by: str) -> list[dict[str, object]]:
    done = command("measure", "--period", period, "--as-of", AS_OF, "--by", by, "--json", workspace=letters.folder)
    assert (done.returncode, done.stderr) == (0, "")
    found: list[dict[str, object]] = json.loads(done.stdout)["measurements"]
    return found


def shares(rows: list[dict[str, object]], measure: str) -> list[tuple[object, object]]:
    return [(row["numerator"], row["denominator"]) for row in rows if row["measure"] == measure]


def test_every_spelling_with_an_alias_is_in_the_source(shared_dir: Path) -> None:
    spellings = {row["regulator_office"] for row in read_csv(shared_dir / SOURCE)}
    aliases = [row["spelling"] for row in read_csv(ALIASES)]
    assert len(set(aliases)) == len(aliases)
    assert set(aliases) <= spellings
    assert len(spellings) == 126  # the blank one included
    alone = [code for code, count in Counter(r["department"] for r in read_csv(ALIASES)).items() if count < 2]
    assert alone == []


def test_one_office_is_one_department_and_an_unknown_spelling_its_own(shared_dir: Path) -> None:
    departments = departments_of({row["regulator_office"] for row in read_csv(shared_dir / SOURCE)})
    name = "Center for Drug Evaluation and Research"
    assert {departments[one][0] for one in (name, f"{name} (CDER)", f"{name} | CDER")} == {"CDER"}
    assert departments["Drug"][0] not in {row["department"] for row in read_csv(ALIASES)}
    assert departments["Human Foods Program"] != departments["Center for Food Safety and Applied Nutrition"]


def test_every_letter_is_counted_once(letters: Letters) -> None:
    counts = {name: letters.counts[name] for name in ("delivered", "accepted", "corrected", "withdrawn", "repeated")}
    assert counts == {"delivered": 3294, "accepted": 3291, "corrected": 0, "withdrawn": 0, "repeated": 0}
    assert letters.counts["quarantined"] == 3
    assert letters.counts["deliveries"] == 1659


def test_letters_of_no_office_are_in_quarantine_and_two_came_before_they_happened(letters: Letters) -> None:
    workspace = open_workspace(letters.folder)
    with engine.connect(folders=[workspace.lake]) as backend:
        inputs = read_inputs(workspace, backend)
        quarantined = backend.to_pyarrow(inputs.quarantine.select("department", "reason")).to_pylist()
        faults = backend.to_pyarrow(inputs.entries.select("faults"))["faults"].to_pylist()
    assert quarantined == [{"department": "", "reason": "department_not_provider"}] * 3
    assert Counter(fault for one in faults for fault in one) == {"date_order": 2}


def test_timeliness_over_all_years(letters: Letters, creditlab_here: Command) -> None:
    rows = measured(creditlab_here, letters, ALL_YEARS, "item_code")
    assert shares(rows, "timeliness") == [(1958, 3291)]
    assert shares(rows, "validity") == [(3289, 3294)]


def test_timeliness_of_a_quarter_adds_up_over_departments(letters: Letters, creditlab_here: Command) -> None:
    by_item = measured(creditlab_here, letters, "2025Q3", "item_code")
    by_department = measured(creditlab_here, letters, "2025Q3", "item_code,department")
    assert shares(by_item, "timeliness") == [(163, 234)]
    parts = shares(by_department, "timeliness")
    assert len(parts) > 5
    assert (sum(part[0] for part in parts), sum(part[1] for part in parts)) == (163, 234)


def test_a_second_ingest_takes_nothing_in(letters: Letters, creditlab_here: Command) -> None:
    done = creditlab_here("--json", "ingest", workspace=letters.folder)
    found = json.loads(done.stdout)
    assert (done.returncode, found["delivered"], found["known"], found["run_no"]) == (0, 0, 1659, None)


def test_the_quarterly_report_says_the_same(letters: Letters, creditlab_command: Command) -> None:
    arguments = ["--period", "2025Q3", "--as-of", AS_OF, "--audience", "public", "--language", "en"]
    done = creditlab_command("publish", *arguments, "--json", workspace=letters.folder)
    assert done.returncode == 0, done.stderr
    folder = Path(json.loads(done.stdout)["published"][0]["folder"])
    assert (folder / "index.html").is_file()
    with (folder / "tables" / "overview.csv").open(encoding="utf-8-sig", newline="") as handle:
        found = {row["measure"]: (row["numerator"], row["denominator"]) for row in csv.DictReader(handle)}
    assert found["timeliness"] == ("163", "234")
