"""Fixtures of the security tests: the tiny workspace of the spec tests, and a publication that tests only read."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from creditlab.reports.quarterly import Report
from creditlab.terms import Language
from tests.notebooks.made_up import made_up_release
from tests.notebooks.publishing import make_workspace
from tests.security.hostile import TITLE, hostile_catalogue
from tests.security.published import Publication
from tests.spec.conftest import make_tiny, run, tiny

__all__ = ["make_tiny", "run", "tiny"]


@pytest.fixture(scope="session")
def publication(tmp_path_factory: pytest.TempPathFactory) -> Publication:
    """The made-up report with hostile names, as the public gets it: page, tables, workbook, cells. No kernel ran."""
    folder = tmp_path_factory.mktemp("publication")
    out = folder / "out"
    out.mkdir()
    workspace = replace(make_workspace(folder / "workspace"), title_en=TITLE, title_zh=TITLE, contact=TITLE)
    report = Report(workspace, hostile_catalogue(), made_up_release(), Language.EN, out)
    sections = [
        report.overview(), report.deliveries(), report.timeliness(), report.coverage(), report.validity(),
        report.omissions(), report.faults(), report.methods(),
    ]  # fmt: skip
    report.save()
    said = out / "report.json"
    handed_over = json.loads(said.read_text("utf-8"))
    said.unlink()
    return Publication.write(out, sections, handed_over, report.messages)
