"""The page that is clicked: one HTML file whose program filters the released cells in the reader's browser.

It asks the network for nothing, works from a disk, and holds both languages. All that it can show is in the release.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditlab.disclosure import CubeTable
from creditlab.messages import Messages
from creditlab.periods import parse_period
from creditlab.reports.dashboard.words import PAGE as WORDS
from creditlab.reports.output import read_about, synthetic_banner
from creditlab.reports.page import DASHBOARD, TEMPLATES, render_template, safe_json
from creditlab.reports.places import places
from creditlab.reports.quarterly.matters import RULES, STATES, TEXTS
from creditlab.reports.quarterly.words import MEASURES
from creditlab.terms import Language, Measure

if TYPE_CHECKING:
    from creditlab.reports.dashboard.report import Dashboard

_STYLE, _SCRIPT = "dashboard.css", "dashboard.js"
#: The measures that the page is about.
SHOWN = (Measure.TIMELINESS, Measure.PUNCTUALITY, Measure.COVERAGE_LEDGER, Measure.VALIDITY)
#: What a cell is sent as, in this order; groups and numbers that it lacks are empty.
CELL = (
    "table", "measure", "item_code", "department", "region_code", "detail", "period", "numerator", "denominator",
    "count", "is_provisional", "marker",
)  # fmt: skip


def write_dashboard(out: Path, dashboard: Dashboard) -> None:
    """Write the page, its style and its program into a publication's folder."""
    messages = dashboard.messages
    (out / DASHBOARD).write_text(
        render_template(
            "dashboard.html.j2",
            messages,
            title=dashboard.title,
            banner=synthetic_banner(dashboard.stamp, messages),
            needs_sign_off=bool(read_about(out).get("needs_sign_off")),
            content=safe_json(content(dashboard)),
        ),
        encoding="utf-8",
    )
    for name in (_STYLE, _SCRIPT):
        (out / name).write_text((TEMPLATES / name).read_text("utf-8"), encoding="utf-8")


def content(dashboard: Dashboard) -> dict[str, Any]:
    """Everything that the page's program is given: cells, names, words."""
    release, catalogue = dashboard.release, dashboard.catalogue
    periods = [dashboard.period, dashboard.previous]
    starts = {one.start: place for place, one in enumerate(periods)}
    cells = []
    for row in release.select(period_start=list(starts)).rows():
        is_shown = row["table"] == CubeTable.MEASUREMENTS and row["measure"] in SHOWN
        if is_shown or row["table"] in (CubeTable.OMISSIONS, CubeTable.MATTERS):
            cells.append([{**row, "period": starts[row["period_start"]]}[name] for name in CELL])
    used = {name: {cell[CELL.index(name)] for cell in cells} for name in ("item_code", "department", "region_code")}
    units = [code for code in catalogue.regions if code in used["region_code"]]
    units = [code for code in units if catalogue.regions[code].level == "prefecture"]
    months = sorted({cell[CELL.index("detail")] for cell in cells if cell[0] == CubeTable.OMISSIONS} - {""})
    return {
        "columns": CELL,
        "cells": cells,
        "departments": [code for code in catalogue.departments if code in used["department"]],
        "items": [code for code in catalogue.item_codes if code in used["item_code"]],
        "regions": [code for code in catalogue.regions if code in used["region_code"]],
        "units": units,
        "places": places(units),
        "months": months,
        "measures": list(SHOWN),
        "matters": [{name: one[name] for name in TEXTS} for one in dashboard.matters_standing],
        "language": str(dashboard.messages.language),
        "languages": {str(one): _in_language(dashboard, Messages(one), used, months) for one in Language},
    }  # fmt: skip


def _in_language(
    dashboard: Dashboard, messages: Messages, used: dict[str, set[str]], months: list[str]
) -> dict[str, Any]:
    _, catalogue, day = messages.gettext, dashboard.catalogue, dashboard.release.as_of
    title = _("Dashboard of public credit information, {period}").format(period=messages.period(dashboard.period))
    return {
        "html_lang": messages.html_lang,
        "title": title,
        "stamp": dashboard.stamp.lines(messages),
        "banner": synthetic_banner(dashboard.stamp, messages),
        "period": messages.period(dashboard.period),
        "previous": messages.period(dashboard.previous),
        "words": {key: _(text) for key, text in WORDS.items()},
        "measures": {str(one): _(MEASURES[one].title) for one in SHOWN},
        "definitions": {str(one): _(MEASURES[one].definition) for one in SHOWN},
        "rules": {str(key): _(text) for key, text in RULES.items()},
        "states": {str(key): _(text) for key, text in STATES.items()},
        "months": {one: messages.period(parse_period(one)) for one in months},
        "departments": {code: messages.department(catalogue, code, day) for code in sorted(used["department"] - {""})},
        "items": {code: messages.item(catalogue, code) for code in sorted(used["item_code"] - {""})},
        "units": {code: messages.region(catalogue, code) for code in sorted(used["region_code"] - {""})},
    }
