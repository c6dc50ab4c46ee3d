"""How good the figures themselves are, by the quality dimensions of the European Statistical System, as computed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from creditlab.catalogue import Catalogue
from creditlab.disclosure import CubeTable, Marker, Release
from creditlab.figures import Cell, Figures
from creditlab.messages import N_, Messages
from creditlab.periods import Period, WorkingDays
from creditlab.reports.calendar import known_release
from creditlab.reports.quarterly.base import where_measured
from creditlab.reports.quarterly.words import MEASURES
from creditlab.tables import Column, Kind, Table
from creditlab.terms import Measure

_RELEVANCE, _ACCURACY, _TIMELINESS = N_("Relevance"), N_("Accuracy and reliability"), N_("Timeliness and punctuality")
_COHERENCE, _ACCESS = N_("Coherence and comparability"), N_("Accessibility and clarity")
_SHARE, _DAYS, _CELLS, _EDITIONS, _LANGUAGES = N_("share"), N_("days"), N_("cells"), N_("editions"), N_("languages")
_BY_DIMENSION = {
    Measure.COVERAGE_ITEMS: _RELEVANCE, Measure.COVERAGE_CELLS: _ACCURACY, Measure.COMPLETENESS: _ACCURACY,
    Measure.VALIDITY: _ACCURACY, Measure.UNIQUENESS: _ACCURACY, Measure.CONSISTENCY_SUBJECT: _COHERENCE,
    Measure.CONSISTENCY_NAME: _COHERENCE,
}  # fmt: skip
_ORDER = (_RELEVANCE, _ACCURACY, _TIMELINESS, _COHERENCE, _ACCESS)


@dataclass(frozen=True)
class Dates:
    """When a period's reports were planned to come out, when these did, and when the next are planned.

    Attributes
    ----------
    planned, following
        None where the working days up to then are not official yet.
    published
        None while the report is only looked at.
    """

    planned: date | None
    published: date | None
    following: date | None


def dates(
    period: Period, following: Period, published: date | None, catalogue: Catalogue, calendar: WorkingDays
) -> Dates:
    """The dates of a period's reports, by the rule of the release calendar."""
    return Dates(known_release(period, catalogue, calendar), published, known_release(following, catalogue, calendar))


def quality_table(release: Release, known: Dates, editions: int, languages: int, messages: Messages) -> Table:
    """A row per indicator: its dimension, what it is, its value, in what. An unknown value is empty."""
    _, figures = messages.gettext, Figures(release, messages)
    rows: list[tuple[str, str, Cell, str]] = []
    for measure, dimension in _BY_DIMENSION.items():
        cell = figures.share(**where_measured(measure), period_start=release.period.start)
        if cell.text:
            rows.append((dimension, MEASURES[measure].title, cell, _SHARE))
    whole = messages.integer
    for dimension, title, number, unit in _counted(release, known, editions, languages):
        rows.append((dimension, title, Cell(number, "" if number is None else whole(number)), unit))
    rows.sort(key=lambda row: _ORDER.index(row[0]))
    columns = (
        Column("dimension", _("Quality dimension")), Column("indicator", _("Indicator")),
        Column("value", _("Value"), Kind.NUMBER), Column("unit", _("Unit")),
        Column("is_provisional", _("Provisional"), Kind.FLAG, in_page=False),
    )  # fmt: skip
    cells = tuple(
        (_label(_(dimension)), _label(_(title)), _provisional(value), _label(_(unit)), _flag(value))
        for dimension, title, value, unit in rows
    )
    caption = _("Quality of the figures by dimension, {period}").format(period=messages.period(release.period))
    note = _(
        "Dimensions are those of the European Statistical System. Every value is computed, none is judged by hand."
    )
    return Table("quality", caption, columns, cells, note, release)


def _counted(
    release: Release, known: Dates, editions: int, languages: int
) -> Iterator[tuple[str, str, int | None, str]]:
    now = release.select(period_start=release.period.start)
    yield _ACCURACY, N_("Figures suppressed to protect natural persons"), _hidden(now), _CELLS
    open_cells = now.select(table=CubeTable.MEASUREMENTS, is_provisional=True).table.num_rows
    yield _ACCURACY, N_("Figures that are provisional"), open_cells, _CELLS
    yield _TIMELINESS, N_("From the end of the period to the day reported"), _between(
        release.period.last_day, release.as_of), _DAYS  # fmt: skip
    yield _TIMELINESS, N_("From the end of the period to publication"), _between(
        release.period.last_day, known.published), _DAYS  # fmt: skip
    yield _TIMELINESS, N_("From the planned day to publication (below 0: earlier)"), _between(
        known.planned, known.published), _DAYS  # fmt: skip
    yield _COHERENCE, N_("Editions of the catalogue that the figures rest on"), editions, _EDITIONS
    yield _ACCESS, N_("Languages with equal figures"), languages, _LANGUAGES


def _hidden(release: Release) -> int:
    return release.select(marker=Marker.SUPPRESSED).table.num_rows


def _between(first: date | None, last: date | None) -> int | None:
    return (last - first).days if first and last else None


def _label(text: str) -> Cell:
    return Cell(text, text)


def _flag(cell: Cell) -> Cell:
    return Cell(cell.is_provisional, str(cell.is_provisional))


def _provisional(cell: Cell) -> Cell:
    return Cell(cell.value, f"{cell.text} (p)", cell.marker, True) if cell.is_provisional else cell
