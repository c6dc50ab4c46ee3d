"""Matters for coordination in the quarterly report and its parts: for the government, never for the public."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from creditlab.reports.kept import keep, kept_matters
from creditlab.reports.output import PUBLICATION
from creditlab.reports.quarterly import Part, Report
from creditlab.reports.section import Section
from creditlab.tables import Table, csv_text
from creditlab.terms import Audience, Language
from tests.notebooks.made_up import CATALOGUE, MATTERS, made_up_release
from tests.notebooks.publishing import make_workspace

GOVERNMENT = made_up_release(Audience.GOVERNMENT)


def read(table: Table) -> list[list[str]]:
    shown = [place for place, column in enumerate(table.columns) if column.name != "state"]
    return [[csv_text(table.columns[place], row[place]) for place in shown] for row in table.rows]


def matters_of(section: Section) -> list[list[str]]:
    return next(read(table) for table in section.tables if table.name == "matters")


def test_the_government_reads_which_matters_await_a_decision(tmp_path: Path) -> None:
    place = make_workspace(tmp_path / "w")
    sections = [Report(place, CATALOGUE, GOVERNMENT, one, None, MATTERS).omissions() for one in Language]
    english, chinese = (matters_of(one) for one in sections)
    assert english == [
        ["M-1", "late for two quarters", "Market regulation", "Item XK-001", "Tangshan City", "2026-10-12", "40", "90"],
        # Few records of natural persons.
        ["M-2", "disputes stay open", "Courts", "Item CF-001", "", "2026-07-03", "[c]", "[c]"],
        ["M-3", "nobody delivers it", "", "Item JC-001", "", "2026-10-20", "0", "12"],
    ]
    assert [row[0] + row[-2] + row[-1] for row in chinese] == [row[0] + row[-2] + row[-1] for row in english]
    assert chinese[0][1:5] == ["连续两个季度迟报", "市场监督管理局", "事项XK-001", "唐山市"]
    assert [one.title for one in sections] == ["Omissions and matters for coordination", "漏报、迟报与协调事项"]
    html = sections[0].outputs()[-1][0]["text/html"]
    assert "M-1" not in html
    assert "late for two quarters" in html


def test_the_public_reads_of_none(tmp_path: Path) -> None:
    """Not even when somebody hands them over: there are no counts of them in its release."""
    public = made_up_release(Audience.PUBLIC)
    place = make_workspace(tmp_path / "w")
    for report in (
        Report(place, CATALOGUE, public, Language.EN, None, MATTERS),
        Part(place, CATALOGUE, public, "department", "SCJG", Language.EN, None, MATTERS),
    ):
        section = report.omissions()
        assert len(section.tables) == 1
        html = "".join(bundle["text/html"] for bundle, _ in section.outputs())
        assert "coordination" not in html
        assert report.matters_standing == []


@pytest.mark.parametrize(("column", "code", "own"), [
    ("department", "SCJG", ["M-1"]), ("department", "FAYU", ["M-2"]), ("region_code", "130200", ["M-1"]),
    ("region_code", "130100", []),
])  # fmt: skip
def test_a_part_has_its_own_and_no_count_of_others(tmp_path: Path, column: str, code: str, own: list[str]) -> None:
    place = make_workspace(tmp_path / "w")
    part = Part(place, CATALOGUE, GOVERNMENT, column, code, Language.EN, None, MATTERS)
    assert [row[0] for row in matters_of(part.omissions())] == own
    assert set(part.release.select(table="matters").table["detail"].to_pylist()) == set(own)


def test_they_are_put_aside_with_the_release(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    keep(tmp_path / "kept", GOVERNMENT, MATTERS)
    (out / PUBLICATION).write_text(json.dumps({"kept": str(tmp_path / "kept")}), encoding="utf-8")
    assert kept_matters(out) == list(MATTERS)
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "kept").iterdir()} == {0}
    assert kept_matters(None) == []
