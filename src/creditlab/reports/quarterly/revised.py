"""What was revised: shares that an earlier publication of the same period had otherwise, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from creditlab.disclosure import CubeTable, Release, ReleaseEntry
from creditlab.disclosure.ledger import cell_key
from creditlab.figures import Cell, Figures
from creditlab.messages import N_, Messages
from creditlab.reports.cells import CELLS, read_cells
from creditlab.reports.quarterly.rows import Rows
from creditlab.reports.quarterly.words import MEASURES
from creditlab.reports.shelf import published
from creditlab.tables import Column, Kind, Table
from creditlab.terms import Measure

_RECORDS = N_("records that came, or were corrected, since")
_POLICY = N_("another disclosure policy")
_CODE = N_("another version of the program")


@dataclass(frozen=True)
class Vintage:
    """An earlier publication of the same report, period and audience: when it came out, from what, with which cells."""

    published_at: str
    entry: ReleaseEntry
    code_version: str
    cells: tuple[Mapping[str, Any], ...]


def last_vintage(reports: Path, report: str, release: Release, before: str) -> Vintage | None:
    """The newest publication before a moment; None where there is none, or its cells weren't kept.

    Parameters
    ----------
    report
        The report's name in reports.toml.
    release
        What is published now.
    before
        When, as manifests write it; empty for now.
    """
    if not reports.is_dir():
        return None
    for manifest in published(reports):
        entry = ReleaseEntry.from_json(manifest["release"])
        is_same = manifest["report"] == report and entry.period == release.period.label
        is_earlier = not before or manifest["published_at"] < before
        if is_same and is_earlier and entry.audience is release.audience:
            table = read_cells(reports / manifest["folder"] / CELLS)
            if table is None:
                return None
            return Vintage(manifest["published_at"], entry, manifest["code_version"], tuple(table.to_pylist()))
    return None


@dataclass(frozen=True)
class Revision:
    """A share that was another: the release's row now and the earlier one's."""

    now: Mapping[str, Any]
    before: Mapping[str, Any]


def revisions(release: Release, vintage: Vintage) -> Iterator[Revision]:
    """The shares of the period that differ, in the order of measure and group; suppressed ones are not compared."""
    earlier = {cell_key(row): row for row in vintage.cells}
    cells = release.select(table=CubeTable.MEASUREMENTS, period_start=release.period.start)
    for row in cells.rows():
        before = earlier.get(cell_key(row))
        if before is not None and _share(row) != _share(before) and not (row["marker"] or before["marker"]):
            yield Revision(row, before)


def reasons(release: Release, vintage: Vintage, code_version: str) -> list[str]:
    """Why figures may differ from an earlier publication, to be translated."""
    found = []
    if (vintage.entry.run_no, vintage.entry.as_of) != (release.run_no, release.as_of):
        found.append(_RECORDS)
    if vintage.entry.policy_digest != release.policy_digest:
        found.append(_POLICY)
    if code_version and vintage.code_version != code_version:
        found.append(_CODE)
    return found


def revision_table(release: Release, found: Sequence[Revision], why: str, rows: Rows, messages: Messages) -> Table:
    """A row per revised share: which, the old one, the new one, the difference, and why; no row where nothing was."""
    _, figures = messages.gettext, Figures(release, messages)
    columns = (
        Column("measure", _("Code"), in_page=False), Column("measure_name", _("Measure")),
        *rows.department_columns, Column("region_code", _("Code"), in_page=False), Column("region_name", _("Region")),
        Column("old_numerator", _("Old numerator"), Kind.INTEGER, in_page=False),
        Column("old_denominator", _("Old denominator"), Kind.INTEGER, in_page=False),
        Column("old_ratio", _("Old share"), Kind.SHARE),
        Column("numerator", _("New numerator"), Kind.INTEGER, in_page=False),
        Column("denominator", _("New denominator"), Kind.INTEGER, in_page=False),
        Column("ratio", _("New share"), Kind.SHARE), Column("reason", _("Reason")),
    )  # fmt: skip

    def whole(number: int | None) -> Cell:
        return Cell(number, "" if number is None else messages.integer(number))

    made = []
    for one in found:
        now, before = one.now, one.before
        department, region = now["department"], now["region_code"]
        texts = (
            now["measure"], _(MEASURES[Measure(now["measure"])].title),
            department, rows.department(department) if department else _("All departments"),
            region, rows.region(region) if region else _("All regions"),
        )  # fmt: skip
        where = {name: now[name] for name in ("table", "measure", "period_start", "department", "region_code")}
        old = _share(before)
        text = "" if old is None else messages.percent(before["numerator"], before["denominator"])
        numbers = (
            whole(before["numerator"]), whole(before["denominator"]), Cell(before["ratio"], text),
            whole(now["numerator"]), whole(now["denominator"]), Cell(now["ratio"], figures.share(**where).text),
        )  # fmt: skip
        made.append((*(Cell(text, text) for text in texts), *numbers, Cell(why, why)))
    caption = _("Shares that were revised, {period}").format(period=messages.period(release.period))
    return Table("revisions", caption, columns, tuple(made), "", release)


def _share(row: Mapping[str, Any]) -> Fraction | None:
    return Fraction(row["numerator"], row["denominator"]) if row["denominator"] else None
