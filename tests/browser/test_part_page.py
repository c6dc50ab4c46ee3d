"""The page of a unit's and of a department's report, as readers of either language meet it."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from plotly.offline import get_plotlyjs

from creditlab.reports.printing import PDF, write_pdf
from creditlab.reports.quarterly import Part
from creditlab.terms import Audience, Language
from tests.browser.looking import ARTEFACTS, look
from tests.notebooks.made_up import CATALOGUE, MATTERS, made_up_release
from tests.notebooks.publishing import make_workspace
from tests.security.published import Publication


def put_program(page: str, out: Path) -> None:
    """What draws the charts, where the page looks for it."""
    (address,) = re.findall(r'<script src="([^"]*plotly[^"]*)"', page)
    place = out / address
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(get_plotlyjs(), encoding="utf-8")


@pytest.mark.parametrize(("column", "code", "language"), [
    ("region_code", "130200", Language.ZH_CN), ("department", "SHJJ", Language.EN),
])  # fmt: skip
def test_it_is_accessible_and_fits(tmp_path: Path, chromium: Path, column: str, code: str, language: Language) -> None:
    out = tmp_path / "reports" / "2026Q3" / "part" / language / "r1"
    place = make_workspace(tmp_path / "w")
    part = Part(place, CATALOGUE, made_up_release(Audience.GOVERNMENT), column, code, language, out, MATTERS)
    sections = [part.overview(), part.deliveries(), part.omissions(), part.methods()]
    part.save()
    made = Publication.write(out, sections, json.loads((out / "report.json").read_text("utf-8")), part.messages)
    put_program(made.page, out)
    if ARTEFACTS:
        write_pdf(made.printed, out, out / PDF, date(2026, 10, 20))
    assert len(made.sections) == 4
    look(chromium, out, f"{column.removesuffix('_code')}-{language}")
