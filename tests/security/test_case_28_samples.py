"""Case 28 over the ordinary report: an attacker reads what is published of the samples, and finds nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from creditlab import engine, lake
from creditlab.disclosure import Cube, Release, ReleaseLedger, read_policy, release
from creditlab.periods import parse_period
from creditlab.reports.cells import write_cells
from creditlab.reports.quarterly import measured_cube
from creditlab.reports.quarterly.report import Report
from creditlab.terms import Audience, Language
from creditlab.workspace import open_workspace
from tests.security.attacker import Attacker, read_figures
from tests.security.test_case_27_28_tables import WIDTH, small

PERIOD, AS_OF = parse_period("2026Q3"), date(2026, 10, 20)


@pytest.fixture(scope="module")
def folder(samples_taken_in: tuple[Path, dict[str, int]]) -> Path:
    return samples_taken_in[0]


@pytest.fixture(scope="module")
def cube(folder: Path) -> Cube:
    with engine.connect(folders=[folder / "lake"]) as backend:
        return measured_cube(lake.read_inputs(open_workspace(folder), backend), PERIOD, AS_OF)


def let_out(cube: Cube) -> Release:
    return release(cube, Audience.PUBLIC, read_policy(), ReleaseLedger())


def test_case_28_nothing_of_the_ordinary_report_is_reckoned_back(folder: Path, cube: Cube, tmp_path: Path) -> None:
    few = small(cube)
    assert len(few) > 20, "the samples have no natural person's items to protect"
    made, out = let_out(cube), tmp_path / "out"
    out.mkdir()
    report = Report(open_workspace(folder), cube.catalogue, made, Language.EN, out)  # type: ignore[arg-type]
    for section in ("overview", "deliveries", "timeliness", "coverage", "validity", "omissions", "faults", "methods"):
        getattr(report, section)()
    report.save()
    figures = read_figures(out / "cells.csv")
    assert set(few) <= set(figures.hidden)
    widths = Attacker(figures).widths(few)
    assert min(widths.values()) >= WIDTH - 1e-3
    whoever = next(iter(few))
    others = Attacker(figures, knows={(whoever, "n"): few[whoever]}).widths([one for one in few if one != whoever])
    assert min(others.values()) >= WIDTH - 1e-3
    # Tables, workbook and cells tell the same: what is [c] in one is [c] in all, and nowhere 0 or blank.
    start = PERIOD.start.isoformat()
    by_department = [cell for cell in figures.hidden if cell[:3] == ("deliveries", "withdrawn", start) and cell[5]]
    hidden = {cell[5] for cell in by_department if not (cell[4] or cell[6] or cell[7])}
    assert hidden
    text = (out / "tables" / "deliveries_by_department.csv").read_text(encoding="utf-8").splitlines()
    column = text[0].split(",").index("withdrawn")
    assert {line.split(",")[0] for line in text[1:] if line.split(",")[column] == "[c]"} == hidden
    # What is lost: less than a fiftieth of what is counted, and not one total of a measure.
    judgement = made.judgement
    assert judgement.unprotected == 0
    assert judgement.counted_hidden < judgement.counted / 50
    assert not [one for one in made.select(table="measurements", by=()).rows() if one["marker"]]


def test_case_28_the_attacker_finds_something_where_only_small_cells_are_hidden(cube: Cube, tmp_path: Path) -> None:
    write_cells(tmp_path / "cells.csv", let_out(replace(cube, is_own=True)))
    widths = Attacker(read_figures(tmp_path / "cells.csv")).widths(small(cube))
    assert sum(width < 1e-6 for width in widths.values()) > 5
