"""Open the quarterly report, or one unit's or department's part of it, over one release."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab.catalogue import Catalogue, read_sealed
from creditlab.disclosure import Cube, Release
from creditlab.periods import Period, parse_date, parse_period
from creditlab.reports.kept import kept_matters, kept_release
from creditlab.reports.quarterly.cube import measured_cube, measured_periods
from creditlab.reports.quarterly.matters import Matter, standing_matters
from creditlab.reports.quarterly.part import Part
from creditlab.reports.quarterly.report import Report
from creditlab.reports.sectioned import protect
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from creditlab.inputs import Inputs

#: What makes a cube of the lake, a period, a day and the matters that stand.
Take = Callable[["Inputs", Period, date, list[Matter]], Cube]


def quarterly_release(
    place: Workspace, period: Period, as_of: date, audience: Audience, run_no: int, take: Take = measured_cube
) -> tuple[Release, Catalogue, list[Matter]]:
    """Measure a workspace's lake and protect the figures of the quarter for an audience.

    Returns the release, the catalogue whose names it bears, and the matters for coordination that stand.

    Parameters
    ----------
    place
        The workspace.
    period, as_of
        The period reported, and the day whose state is reported.
    audience
        For whom.
    run_no
        The run of the lake that is read; 0 for the newest.
    take
        What is measured and counted of it.

    Raises
    ------
    NoDataError
        If nothing was delivered and nothing happened in the period.
    """
    from creditlab import engine
    from creditlab.sums import summed_inputs

    with engine.connect(place.engine_url, folders=[place.lake]) as backend:
        inputs = summed_inputs(place, backend, measured_periods(period), as_of, run_no or None)
        matters = standing_matters(place, backend, audience, int(inputs.run_no))
        cube, catalogue = take(inputs, period, as_of, matters), inputs.catalogue
    return protect(place, audience, cube), catalogue, matters


def open_report(workspace: str, period: str, as_of: str, audience: str, language: str, run_no: int, out: str) -> Report:
    """Measure a workspace's lake, protect the figures for the audience, and give the report over them.

    Parameters
    ----------
    workspace
        The workspace's folder.
    period
        The period reported, as 2026Q3.
    as_of
        The day whose state is reported, as 2026-10-20.
    audience, language
        For whom, and in which language.
    run_no
        The run of the lake that is read; 0 for the newest.
    out
        The folder that `save` writes to; empty when the notebook is only looked at.

    Raises
    ------
    NoDataError
        If nothing was delivered and nothing happened in the period.
    """
    place, release, catalogue, matters = _opened(workspace, period, as_of, audience, run_no, out)
    return Report(place, catalogue, release, Language(language), _folder(out), matters)


def open_unit(
    workspace: str, unit: str, period: str, as_of: str, audience: str, language: str, run_no: int, out: str
) -> Part:
    """One reporting unit's part of the quarterly report.

    Parameters
    ----------
    unit
        The unit's region code.
    workspace, period, as_of, audience, language, run_no, out
        As of `open_report`.

    Raises
    ------
    NoDataError
        If the release has nothing about the unit.
    """
    place, release, catalogue, matters = _opened(workspace, period, as_of, audience, run_no, out)
    return Part(place, catalogue, release, "region_code", unit, Language(language), _folder(out), matters)


def open_department(
    workspace: str, department: str, period: str, as_of: str, audience: str, language: str, run_no: int, out: str
) -> Part:
    """One department's part of the quarterly report.

    Parameters
    ----------
    department
        The department's code.
    workspace, period, as_of, audience, language, run_no, out
        As of `open_report`.

    Raises
    ------
    NoDataError
        If the release has nothing about the department.
    """
    place, release, catalogue, matters = _opened(workspace, period, as_of, audience, run_no, out)
    return Part(place, catalogue, release, "department", department, Language(language), _folder(out), matters)


def _opened(
    workspace: str, period: str, as_of: str, audience: str, run_no: int, out: str
) -> tuple[Workspace, Release, Catalogue, list[Matter]]:
    place = open_workspace(Path(workspace))
    kept = kept_release(_folder(out))
    if kept is not None:
        return place, kept, read_sealed(place.catalogue), kept_matters(_folder(out))
    return place, *quarterly_release(place, parse_period(period), parse_date(as_of), Audience(audience), run_no)


def _folder(out: str) -> Path | None:
    return Path(out) if out else None
