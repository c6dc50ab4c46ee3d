"""The synthetic samples' patterns are found again in the measured lake, within a tenth of their parameters."""

from __future__ import annotations

import csv
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from creditlab.synth import Parameters, load_parameters

SAMPLES = Path(__file__).resolve().parents[2] / "data_samples"
#: How near to its parameter a measured pattern has to be, of the parameter.
NEAR = 0.10


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return load_parameters(SAMPLES / "province.toml")


class Measured:
    """What `creditlab ingest` and `creditlab measure` said about a copy of the samples."""

    def __init__(self, counts: dict[str, int], rows: list[dict[str, str]]) -> None:
        self.counts = counts
        self.rows = rows

    def ratio(self, measure: str, is_meant: Callable[[dict[str, str]], bool]) -> float:
        """The measure over all rows that are meant, added up."""
        rows = [row for row in self.rows if row["measure"] == measure and is_meant(row)]
        total = sum(int(row["denominator"]) for row in rows)
        assert total > 0
        return sum(int(row["numerator"]) for row in rows) / total

    def records(self, is_meant: Callable[[dict[str, str]], bool]) -> Counter[str]:
        """Records by month of the event."""
        found: Counter[str] = Counter()
        for row in self.rows:
            if row["measure"] == "timeliness" and is_meant(row):
                found[row["period_start"][:7]] += int(row["denominator"])
        return found


@pytest.fixture(scope="module")
def measured(
    parameters: Parameters,
    samples_taken_in: tuple[Path, dict[str, int]],
    creditlab_here: Callable[..., subprocess.CompletedProcess[str]],
) -> Measured:
    folder, counts = samples_taken_in
    volume, target = parameters.volume, folder.parent / "measured.csv"
    end = volume.last_day.replace(month=10, day=1)
    done = creditlab_here(
        "measure", "--period", f"{volume.first_day}/{end}", "--as-of", str(volume.last_delivery),
        "--by", "item_code,department,month", "--output", target, workspace=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Measured(counts, read_rows(target))


def test_late_departments_are_found(measured: Measured, parameters: Parameters) -> None:
    late = {
        department: 1 - measured.ratio("timeliness", lambda row, one=department: row["department"] == one)
        for department in {row["department"] for row in measured.rows if row["measure"] == "timeliness"}
    }
    chronic = parameters.timeliness.late_departments
    for department, share in chronic.items():
        assert late[department] == pytest.approx(share, rel=NEAR)
    others = set(late) - {parameters.feedback.department}
    assert set(sorted(others, key=late.__getitem__)[-2:]) == set(chronic)
    plain = 1 - measured.ratio("timeliness", lambda row: row["department"] in others - set(chronic))
    assert plain == pytest.approx(parameters.timeliness.late_share, rel=NEAR)
    assert 0.80 < measured.ratio("timeliness", lambda row: True) < 0.90


def test_the_department_that_mends_is_found(measured: Measured, parameters: Parameters) -> None:
    feedback = parameters.feedback
    for share, is_after in ((feedback.late_share_before, False), (feedback.late_share_after, True)):
        ratio = measured.ratio(
            "timeliness",
            lambda row, after=is_after: (
                row["department"] == feedback.department and (row["period_start"][:7] >= feedback.from_month) == after
            ),
        )
        assert 1 - ratio == pytest.approx(share, rel=NEAR)


def test_the_department_that_falls_silent_is_found(measured: Measured, parameters: Parameters) -> None:
    silence, feedback = parameters.silence, parameters.feedback
    of_silent = measured.records(lambda row: row["department"] == silence.department)
    assert min(of_silent) == f"{parameters.volume.first_day:%Y-%m}"
    assert f"{int(max(of_silent)[:4])}-{int(max(of_silent)[5:]) + 1:02d}" == silence.from_month
    # The ledger goes on, so that the silence shows as what is not covered.
    gap = [
        row for row in measured.rows if row["measure"] == "coverage_ledger" and row["department"] == silence.department
    ]
    after = [row for row in gap if row["period_start"][:7] >= silence.from_month]
    assert {(row["numerator"], int(row["denominator"]) > 0) for row in after} == {("0", True)}
    assert max(measured.records(lambda row: row["department"] == feedback.department)) == "2026-09"


def test_punctuality_is_found(measured: Measured, parameters: Parameters) -> None:
    punctuality = parameters.punctuality
    for department, share in punctuality.late_departments.items():
        ratio = measured.ratio("punctuality", lambda row, one=department: row["department"] == one)
        assert ratio == pytest.approx(share, rel=NEAR)
    special = {*punctuality.late_departments, parameters.silence.department}
    others = measured.ratio("punctuality", lambda row: row["department"] not in special)
    assert others == pytest.approx(punctuality.punctual_share, rel=NEAR)


def test_the_season_is_found(measured: Measured, parameters: Parameters) -> None:
    editions = [
        {
            row["item_code"]
            for row in read_rows(SAMPLES / f"catalogue/{year}/items.csv")
            if row["update_period"] in kinds
        }
        for year in (2025, 2026)
        for kinds in [{"event", "month"}]
    ]
    always = editions[0] & editions[1]
    months = measured.records(
        lambda row: row["item_code"] in always and row["department"] != parameters.silence.department
    )
    assert len(months) == 18
    angle = np.array([2 * np.pi * int(month[5:]) / 12 for month in months])
    wave = np.column_stack([np.ones(len(angle)), np.cos(angle), np.sin(angle)])
    mean, cosine, sine = np.linalg.lstsq(wave, np.array(list(months.values())), rcond=None)[0]
    assert np.hypot(cosine, sine) / mean == pytest.approx(parameters.season.amplitude, rel=NEAR)
    assert round(np.arctan2(sine, cosine) * 12 / (2 * np.pi)) % 12 == parameters.season.peak_month % 12


def test_what_becomes_of_records_is_found(measured: Measured, parameters: Parameters) -> None:
    counts, life = measured.counts, parameters.lifecycle
    assert counts["delivered"] == sum(
        counts[name] for name in ("accepted", "corrected", "withdrawn", "repeated", "quarantined")
    )
    changed = life.correction + life.dispute * 1.5 + life.repair
    assert counts["corrected"] / counts["accepted"] == pytest.approx(changed, rel=NEAR)
    assert counts["withdrawn"] / counts["accepted"] == pytest.approx(life.withdrawal, rel=NEAR)
    assert counts["repeated"] / counts["accepted"] == pytest.approx(life.repeat, rel=NEAR)
    covered = measured.ratio("coverage_ledger", lambda row: row["department"] != parameters.silence.department)
    assert 1 - covered / (1 - life.withdrawal) == pytest.approx(life.unreported, rel=NEAR)


def test_faults_are_found(measured: Measured, parameters: Parameters) -> None:
    faults = parameters.faults
    unknown = faults.unregistered + faults.check_digit
    assert 1 - measured.ratio("consistency_subject", lambda row: True) == pytest.approx(unknown, rel=NEAR)
    named = faults.name_differs / (1 - unknown)
    assert 1 - measured.ratio("consistency_name", lambda row: True) == pytest.approx(named, rel=NEAR)


def test_a_pattern_that_is_not_there_would_be_missed(measured: Measured, parameters: Parameters) -> None:
    """The tests above can fail: other parameters are not within reach of what was measured."""
    other = replace(parameters.timeliness, late_share=parameters.timeliness.late_share * 1.3)
    plain = 1 - measured.ratio("timeliness", lambda row: row["department"] == "SCJG")
    assert plain != pytest.approx(other.late_share, rel=NEAR)
