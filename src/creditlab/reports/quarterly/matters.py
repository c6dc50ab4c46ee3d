"""Matters for coordination in reports: which of the register's stand, their counts as cells, and their table.

Their counts pass the gate with the figures that they are shown beside. A matter of which the release has no cell is not
shown: its item is not for the audience.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from creditlab.disclosure import CubeTable, Release
from creditlab.figures import Cell, Figures, Row
from creditlab.messages import N_, Messages
from creditlab.tables import Column, Kind, Table, counts
from creditlab.terms import Audience, MatterRule, MatterState
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

    from creditlab.periods import Period
    from creditlab.reports.quarterly.cube import Cells
    from creditlab.reports.quarterly.rows import Rows

#: A matter that stands, as reports know it: TEXTS as texts, and its two counts, which become cells.
Matter = Mapping[str, Any]
TEXTS = ("matter_id", "rule", "department", "item_code", "region_code", "state", "first_seen")
_GROUPS = ("item_code", "department", "region_code")
#: A matter's counts: what was found, and of how many, or what was expected; by the name of its column in the register.
EVIDENCE = {"found": "numerator", "expected": "denominator"}

RULES: Mapping[str, str] = {
    MatterRule.SILENT_DEPARTMENT: N_("sent nothing"),
    MatterRule.LATE: N_("late for two quarters"),
    MatterRule.BELOW_LEDGER: N_("far below its ledger"),
    MatterRule.NO_PROVIDER: N_("nobody delivers it"),
    MatterRule.DISPUTE_OPEN: N_("disputes stay open"),
    MatterRule.UNUSUAL_VOLUME: N_("unusual volume"),
}
STATES: Mapping[str, str] = {
    MatterState.OPEN: N_("open"),
    MatterState.AGREED: N_("agreed"),
    MatterState.MENDED: N_("mended"),
    MatterState.RETURNED: N_("returned"),
}


def standing_matters(place: Workspace, backend: Backend, audience: Audience, run_no: int) -> list[Matter]:
    """The register's matters that waited for somebody after a run, in its order.

    None for the public: they are for those who coordinate. Owners and notes stay in the register.
    """
    from creditlab.monitoring import read_matters
    from creditlab.monitoring.matters import STANDING

    if audience is Audience.PUBLIC:
        return []
    found = [one for one in read_matters(place, backend, run_no) if one["state"] in STANDING]
    numbers = EVIDENCE.values()
    return [
        {name: str(one[name] or "") for name in TEXTS} | {name: int(one[name]) for name in numbers} for one in found
    ]


def matter_cells(cells: Cells, period: Period, matters: Sequence[Matter]) -> Iterator[dict[str, Any]]:
    """The counts of matters as cells, one for each count, under the matter's number as `detail`."""
    for one in matters:
        for what, column in EVIDENCE.items():
            groups = {name: one[name] for name in _GROUPS}
            yield cells.cell(CubeTable.MATTERS, what, period, detail=one["matter_id"], count=one[column], **groups)


def shown_matters(release: Release, matters: Sequence[Matter]) -> list[Matter]:
    """The matters of which a release has cells."""
    there = set(release.select(table=CubeTable.MATTERS).table["detail"].to_pylist())
    return [one for one in matters if one["matter_id"] in there]


def matters_table(release: Release, matters: Sequence[Matter], names: Rows, note: str, messages: Messages) -> Table:
    """A row for each matter that stands, with what was found, and of how many."""
    _, start = messages.gettext, release.period.start

    def named(of: Any, code: str) -> str:
        return str(of(code)) if code else ""

    rows = []
    for one in matters:
        labels = {
            "matter_id": one["matter_id"],
            "rule": _(RULES[one["rule"]]),
            "department": named(names.department, one["department"]),
            "item": named(names.item, one["item_code"]),
            "region": named(names.region, one["region_code"]),
            "state": _(STATES[one["state"]]),
            "first_seen": one["first_seen"],
        }
        groups = {name: one[name] for name in _GROUPS}
        rows.append(Row(labels, {"table": CubeTable.MATTERS, "detail": one["matter_id"], **groups}))

    def count(what: str) -> Any:
        def take(figures: Figures, where: Mapping[str, str]) -> Cell:
            return figures.count(**where, measure=what, period_start=start)

        return take

    titles = {
        "matter_id": _("Code"), "rule": _("Matter"), "department": _("Department"), "item": _("Item"),
        "region": _("Region"), "state": _("State"), "first_seen": _("Since"),
    }  # fmt: skip
    return counts(
        release,
        name="matters",
        caption=_("Matters that await a decision"),
        note=note,
        labels=[Column(name, title, in_page=name != "matter_id") for name, title in titles.items()],
        rows=rows,
        figures=[
            (Column(what, title, Kind.INTEGER), count(what))
            for what, title in (("found", _("Found")), ("expected", _("Of, or expected")))
        ],
        messages=messages,
    )
