"""The quarterly report over the example workspace says what is expected of it."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from creditlab.errors import NoDataError
from creditlab.ingest import ingest
from creditlab.periods import parse_period
from creditlab.reports import publish
from creditlab.terms import Audience, Language
from creditlab.workspace import open_workspace

NOW = datetime(2026, 10, 20, 9, 30, tzinfo=UTC)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_totals_are_the_expected_figures(shared_dir: Path, workspace_copy: Callable[..., Path]) -> None:
    workspace = open_workspace(workspace_copy(shared_dir / "example"))
    counts = ingest(workspace, now=NOW).counts
    common = {"as_of": date(2026, 10, 20), "language": Language.EN, "now": NOW, "code_version": "0123abc"}
    (done,) = publish(workspace, period=parse_period("2026Q3"), audience=Audience.PUBLIC, **common)

    expected: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for row in read(shared_dir / "example" / "expected.csv"):
        expected[row["measure"]][0] += int(row["numerator"])
        expected[row["measure"]][1] += int(row["denominator"])
    tables = done.folder / "tables"
    shown = {row["measure"]: [row["numerator"], row["denominator"]] for row in read(tables / "overview.csv")}
    assert shown == {measure: [str(number) for number in numbers] for measure, numbers in expected.items()}

    for name in ("timeliness", "validity", "coverage_ledger", "coverage_cells"):
        for by in ("department", "region"):
            total, *parts = read(tables / f"{name}_by_{by}.csv")
            assert len(parts) > 2
            for column in ("numerator", "denominator"):
                assert int(total[column]) == sum(int(row[column] or 0) for row in parts)

    total, *parts = read(tables / "deliveries_by_department.csv")
    assert 0 < int(total["delivered"]) <= counts.delivered
    for column in ("delivery_count", "delivered", "accepted", "corrected", "withdrawn", "repeated", "quarantined"):
        assert int(total[column]) == sum(int(row[column]) for row in parts)

    omissions = read(tables / "omissions_by_item.csv")[0]
    assert [omissions["on_time"], omissions["due"]] == shown["punctuality"]

    with pytest.raises(NoDataError):
        publish(workspace, period=parse_period("2031Q1"), audience=Audience.PUBLIC, **common)
    assert [path.name for path in workspace.reports.glob("[0-9]*")] == ["2026Q3"]
