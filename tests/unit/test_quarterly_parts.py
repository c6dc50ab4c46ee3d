"""A unit's or department's report is a part of the quarter's release: nothing else is in it, no figure is another."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from creditlab.disclosure import RELEASE_SCHEMA, ReleaseEntry, ReleaseLedger
from creditlab.errors import DisclosureError, NoDataError
from creditlab.figures import Figures, Row
from creditlab.messages import Messages
from creditlab.periods import parse_period
from creditlab.reports.kept import keep, kept_release
from creditlab.reports.output import PUBLICATION
from creditlab.reports.quarterly import Part, Report
from creditlab.reports.quarterly.base import where_measured
from creditlab.reports.quarterly.ranking import interval, standings
from creditlab.tables import Table, csv_text
from creditlab.terms import Audience, Language, Measure
from tests.notebooks.made_up import CATALOGUE, made_up_release
from tests.notebooks.publishing import make_workspace

RELEASE = made_up_release()


def part_of(column: str, code: str, folder: Path, language: Language = Language.EN) -> Part:
    return Part(make_workspace(folder / "w"), CATALOGUE, RELEASE, column, code, language, None)


def read(table: Table) -> list[dict[str, str]]:
    names = [one.name for one in table.columns]
    return [
        dict(zip(names, (csv_text(*pair) for pair in zip(table.columns, row, strict=True)), strict=True))
        for row in table.rows
    ]


def tables_of(part: Report | Part) -> dict[str, list[dict[str, str]]]:
    sections = [part.overview(), part.deliveries(), part.omissions(), part.methods()]
    return {table.name: read(table) for section in sections for table in section.tables}


@pytest.mark.parametrize(("column", "code"), [("region_code", "130200"), ("department", "SCJG")])
def test_a_part_shows_its_own_figures_as_the_whole_report_has_them(tmp_path: Path, column: str, code: str) -> None:
    part = part_of(column, code, tmp_path)
    found = {row["measure"]: row for row in tables_of(part)["measures"]}
    assert set(found) == {"timeliness", "validity", "coverage_ledger", "coverage_cells"}
    whole = Report(part.workspace, CATALOGUE, RELEASE, Language.EN, None).timeliness()
    by = {"region_code": "timeliness_by_region", "department": "timeliness_by_department"}[column]
    (own,) = (row for table in whole.tables if table.name == by for row in read(table) if row[column] == code)
    numbers = [name for name in own if name in found["timeliness"]]
    assert len(numbers) == 14
    assert {name: own[name] for name in numbers} == {name: found["timeliness"][name] for name in numbers}
    # Nobody else's cells are handed over.
    assert set(part.release.table[column].to_pylist()) == {"", code}


def test_a_part_is_ranked_within_what_chance_allows(tmp_path: Path) -> None:
    def beside(code: str) -> dict[str, str]:
        rows = tables_of(part_of("department", code, tmp_path / code))["beside_the_province"]
        return next(row for row in rows if row["measure"] == "timeliness")

    one = beside("SHJJ")
    assert 0 < float(one["interval_low"]) < float(one["ratio"]) < float(one["interval_high"]) < 1
    # Six departments: one is never mature, two are hidden.
    assert (one["rank_best"], one["rank_last"], one["ranked"]) == ("1", "1", "3")
    late = beside("MZHT")
    assert late["ratio"]
    assert (late["rank_best"], late["rank_last"]) == ("", "")


def test_who_left_nothing_out_has_the_total_alone(tmp_path: Path) -> None:
    rows = tables_of(part_of("department", "SHJJ", tmp_path))["omissions"]
    assert [(row["item_code"], row["due"], row["on_time"], row["never_delivered"]) for row in rows] == [
        ("", "12", "12", "0")
    ]
    assert tables_of(part_of("department", "CALC", tmp_path / "none"))["omissions"] == []


def test_a_part_that_the_release_does_not_have_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(NoDataError):
        part_of("department", "NOBODY", tmp_path)


def test_an_interval_holds_its_share_and_narrows_with_the_count() -> None:
    assert interval(0, 5)[0] == 0
    assert interval(5, 5)[1] == 1
    widths = [high - low for low, high in (interval(9 * n, 10 * n) for n in (1, 10, 1000))]
    assert widths == sorted(widths, reverse=True)
    assert all(low < 0.9 < high for low, high in (interval(9 * n, 10 * n) for n in (1, 10, 1000)))


def test_who_cannot_be_told_apart_shares_ranks() -> None:
    codes = ["130100", "130200", "130600", "133100"]
    rows = [Row({}, where_measured(Measure.TIMELINESS, region_code=code)) for code in codes]
    figures = Figures(RELEASE, Messages(Language.EN))
    found = standings(figures, rows, parse_period("2025Q3"))
    for place, one in found.items():
        share = figures.find(**rows[place].where, period_start=date(2025, 7, 1))
        assert share is not None
        assert 1 <= one.best <= one.last <= one.of == len(found)
        surely_better = sum(other.low > one.high for other in found.values())
        assert one.best == 1 + surely_better


# --- One release for many -----------------------------------------------------------------------------


def put_aside(folder: Path) -> tuple[Path, Path]:
    aside, out = folder / "kept", folder / "out"
    keep(aside, RELEASE)
    out.mkdir()
    (out / PUBLICATION).write_text(json.dumps({"kept": str(aside)}), encoding="utf-8")
    return aside, out


def test_a_release_put_aside_comes_back_as_it_was(tmp_path: Path) -> None:
    aside, out = put_aside(tmp_path)
    found = kept_release(out)
    assert found is not None
    assert found.entry == RELEASE.entry
    assert found.rows() == RELEASE.rows()
    assert [path.stat().st_mode & 0o077 for path in aside.iterdir()] == [0, 0, 0]
    assert kept_release(None) is None


def test_cells_that_did_not_pass_the_gate_are_refused(tmp_path: Path) -> None:
    aside, out = put_aside(tmp_path)
    place = RELEASE.table.schema.get_field_index("count")
    changed = RELEASE.table.set_column(place, RELEASE_SCHEMA.field("count"), pa.array([1] * RELEASE.table.num_rows))
    with pa.OSFile(str(aside / "cells.arrow"), "wb") as file, pa.ipc.new_file(file, changed.schema) as writer:
        writer.write_table(changed)
    with pytest.raises(DisclosureError, match="not the release's"):
        kept_release(out)


def test_parts_of_one_release_are_remembered_beside_each_other() -> None:
    """Had only the first publication of a release been read, the next release would know a part of what was shown."""
    parts = [RELEASE.select(department=["", code]).table for code in ("SCJG", "SHJJ")]
    entry = RELEASE.entry
    ledger = ReleaseLedger((entry, entry), lambda place: parts[place])
    shown = {key[5] for key in ledger.cells(Audience.PUBLIC, RELEASE.period)}
    assert shown == {"", "SCJG", "SHJJ"}


@pytest.mark.parametrize(
    ("other", "is_near"), [("2027Q3", True), ("2027Q2", True), ("2027Q4", False), ("2028Q3", False)]
)
def test_a_year_later_the_same_quarter_is_remembered(other: str, is_near: bool) -> None:
    """Both show 2026Q3, or the quarter before it; of other quarters they have nothing in common."""
    entry = ReleaseEntry(Audience.PUBLIC, "2026Q3", date(2026, 10, 20), 1, "", "x")
    ledger = ReleaseLedger((entry,), lambda _: RELEASE.table)
    assert bool(ledger.cells(Audience.PUBLIC, parse_period(other))) is is_near
