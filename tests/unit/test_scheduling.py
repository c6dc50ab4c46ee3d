"""Reports that come out by themselves: the day by rule, a missed morning caught up, hooks, what the machine gets."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from argparse import Namespace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from creditlab import cli
from creditlab.cli import scheduling as command
from creditlab.errors import NoDataError, ReportError
from creditlab.periods import Period, parse_period
from creditlab.reports.listing import notebooks_folder
from creditlab.reports.parameters import tagged_parameters
from creditlab.reports.scheduling import CRONTAB, SERVICE, TIMER, run_hook, write_units
from creditlab.reports.series import Outcome
from creditlab.terms import Audience
from tests.spec.tiny import SETTINGS

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A workspace with the samples' catalogue, nothing in its lake and nothing on its shelf."""
    shutil.copytree(ROOT / "data_samples" / "catalogue", tmp_path / "catalogue")
    (tmp_path / "creditlab.toml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


class Machine:
    """A machine whose clock is moved by hand; it notes what it would publish, and puts a manifest there."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place, self.made, self.failing, self.empty = place, list[tuple[str, date]](), set[str](), set[str]()
        self.today = date(2026, 1, 1)
        monkeypatch.setattr(
            command, "now", lambda: datetime(self.today.year, self.today.month, self.today.day, 1, tzinfo=UTC)
        )
        monkeypatch.setattr(command, "publish_set", self._publish)

    def _publish(
        self, chosen: Namespace, workspace: Any, moment: datetime, period: Period, as_of: date
    ) -> list[Outcome]:
        if period.label in self.empty:
            raise NoDataError("there is nothing to report")
        if period.label in self.failing:
            return [Outcome("quarterly", "en", "failed", 0, "", 1.0, "report: a cell failed")]
        self.made.append((period.label, as_of))
        folder = self.place / "reports" / period.label / "quarterly" / "en" / "r1"
        folder.mkdir(parents=True)
        manifest = {
            "report": "quarterly", "parameters": {"audience": "public", "period": period.label},
            "published_at": moment.isoformat(),
        }  # fmt: skip
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        return [Outcome("quarterly", "en", "published", 1, str(folder), 1.0)]

    def morning(self, day: date, *options: str) -> int:
        self.today = day
        return cli.main(["--workspace", str(self.place), "schedule", "--run", *options])


@pytest.fixture
def machine(place: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(place, monkeypatch)


def hook(into: Path) -> str:
    """A command that keeps what it is told."""
    code = f"import pathlib, sys; pathlib.Path({str(into)!r}).write_text(sys.stdin.read())"
    return shlex.join([sys.executable, "-c", code])


def test_a_quarter_comes_out_on_its_day_and_once(machine: Machine) -> None:
    machine.empty = {"2025Q4", "2026Q1", "2026Q2", "2025Q3"}
    assert machine.morning(date(2026, 10, 19)) == 0
    assert machine.made == []
    assert machine.morning(date(2026, 10, 20)) == 0
    assert machine.made == [("2026Q3", date(2026, 10, 20))]
    assert machine.morning(date(2026, 10, 21)) == 0
    assert len(machine.made) == 1


def test_a_missed_morning_is_caught_up_with_the_figures_of_the_planned_day(machine: Machine) -> None:
    assert machine.morning(date(2026, 8, 3)) == 0
    # The tenth working day after September 2025 is the 21st: the holiday took the 1st to the 8th, the 11th made up.
    assert machine.made == [
        ("2025Q3", date(2025, 10, 21)), ("2025Q4", date(2026, 1, 20)), ("2026Q1", date(2026, 4, 20)),
        ("2026Q2", date(2026, 7, 20)),
    ]  # fmt: skip


def test_failure_and_success_are_told_and_a_failed_quarter_is_tried_again(machine: Machine, tmp_path: Path) -> None:
    machine.empty, machine.failing = {"2025Q3", "2025Q4", "2026Q1"}, {"2026Q2"}
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    hooks = ("--on-success", hook(good), "--on-failure", hook(bad))
    assert machine.morning(date(2026, 7, 20), *hooks) == 1
    told = json.loads(bad.read_text("utf-8"))
    assert (told["period"], told["state"], told["reports"][0]["error"]) == ("2026Q2", "failed", "report: a cell failed")
    assert not good.exists()
    machine.failing = set()
    assert machine.morning(date(2026, 7, 21), *hooks) == 0
    assert json.loads(good.read_text("utf-8"))["period"] == "2026Q2"


def test_the_calendar_says_what_is_planned_and_what_nobody_knows_yet(
    machine: Machine, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    machine.today = date(2026, 10, 1)
    into = tmp_path / "units"
    assert cli.main(["--workspace", str(machine.place), "schedule", "--into", str(into)]) == 0
    said = capsys.readouterr().out
    # 2027's working days are not official yet.
    assert "2026Q3,2026-10-20,\n2026Q4,,\n" in said
    assert machine.made == []
    assert {path.name for path in into.iterdir()} == {SERVICE, TIMER, CRONTAB, "releases.csv"}


@pytest.mark.parametrize("name", ["plain", "with space", "50% $HOME", 'a "quoted" one'])
def test_units_run_what_was_given_whatever_its_name(tmp_path: Path, name: str) -> None:
    write_units(tmp_path / "units", [sys.executable, "--workspace", f"/srv/{name}"], "06:30", "Asia/Shanghai")
    timer, service, line = ((tmp_path / "units" / one).read_text("utf-8") for one in (TIMER, SERVICE, CRONTAB))
    assert "OnCalendar=*-*-* 06:30:00 Asia/Shanghai\nPersistent=true\n" in timer
    started = next(one for one in service.splitlines() if one.startswith("ExecStart="))
    read = started.removeprefix("ExecStart=").replace("%%", "%").replace("$$", "$")
    assert shlex.split(read) == [sys.executable, "--workspace", f"/srv/{name}"]
    zone, job = line.splitlines()
    assert zone == "CRON_TZ=Asia/Shanghai"
    assert job.startswith("30 6 * * * ")
    assert shlex.split(job.split(maxsplit=5)[5].replace("\\%", "%"))[-1] == f"/srv/{name}"
    if shutil.which("systemd-analyze"):
        found = subprocess.run(
            ["systemd-analyze", "verify", str(tmp_path / "units" / SERVICE)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert SERVICE not in found.stderr


def test_a_hook_that_fails_is_said() -> None:
    with pytest.raises(ReportError, match="status 3"):
        run_hook(shlex.join([sys.executable, "-c", "raise SystemExit(3)"]), {})
    with pytest.raises(ReportError, match="can't be run"):
        run_hook("/no/such/program", {})


def test_the_job_for_an_ad_hoc_run_gives_what_the_notebook_takes() -> None:
    """A job's parameters are texts; one that the notebook does not take, or takes as a number, would stop it."""
    notebooks = notebooks_folder()
    text = (notebooks.parent / "docs" / "reports.md").read_text("utf-8")
    job = json.loads(text.partition("```json\n")[2].partition("```")[0])
    takes = tagged_parameters(notebooks / "own_report.ipynb")
    assert set(takes) - set(job["parameters"]) == {"run_no", "out"}
    assert {type(takes[name]) for name in job["parameters"]} == {str}
    assert parse_period(job["parameters"]["period"])
    assert Audience(job["parameters"]["audience"])
