"""The notebooks of a department's report and of a draft's review run as they are published. All data is synthetic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from creditlab.catalogue import read_sealed
from creditlab.errors import ParameterError
from creditlab.lake.lists import as_at_run
from creditlab.periods import parse_period
from creditlab.reports import Published, publish
from creditlab.reports.proof import reproduce
from creditlab.terms import Audience, Language
from tests.browser.looking import look
from tests.spec.conftest import make_tiny
from tests.spec.tiny import NOW, Tiny, row

__all__ = ["make_tiny"]


def published(tiny: Tiny, **changes: Any) -> list[Published]:
    given = {
        "period": parse_period("2026Q3"), "as_of": NOW.date(), "audience": Audience.GOVERNMENT,
        "language": Language.ZH_CN, "now": NOW, "code_version": "0123abc",
    }  # fmt: skip
    return publish(tiny.workspace, **(given | changes))


def page_of(done: Published) -> tuple[str, dict[str, Any]]:
    return (done.folder / "index.html").read_text("utf-8"), json.loads((done.folder / "manifest.json").read_text())


def test_both_are_published_on_request_only_and_by_department(make_tiny: Any, chromium: Path) -> None:
    tiny = make_tiny()
    tiny.deliver([row("1", subject_name=""), row("2", subject_name="Zebra")])
    tiny.ingest()
    tiny.edition(2027, [{"collection_time_limit": "0 days"}])
    (tiny.folder / "catalogue/2027/edition.toml").write_text('year = 2027\nstate = "draft"\n', encoding="utf-8")
    with pytest.raises(ParameterError, match="not in the catalogue"):
        published(tiny, reports=["department_feedback"], departments=["D9"])

    done = published(tiny, reports=["department_feedback", "catalogue_review"], departments=["D1"])
    assert [one.report for one in done] == ["department_feedback_D1", "catalogue_review"]
    page, manifest = page_of(done[0])
    assert "甲局" in page
    assert manifest["parameters"]["department"] == "D1"
    review, _ = page_of(done[1])
    assert "2027年目录草案" in review
    assert "Zebra" not in page + review
    for one in done:
        look(chromium, one.folder, f"{one.report}-zh_CN")

    index = Path(tiny.workspace.reports / "index.html").read_text("utf-8")
    assert index.count("/index.html") == 2

    # A report comes out again with the lists of its run, however they were mended since; those of today show here.
    tiny.write("catalogue/departments.csv", "department,name_zh,name_en\nD1,新局,Bureau New\nD2,乙局,Bureau B\n")
    assert tiny.ingest().run_no == 2
    proof = reproduce(done[0].folder, tiny.workspace, code_version="0123abc")
    assert (proof.deviations, proof.compared["cells"] > 0) == ([], True)
    with as_at_run(tiny.workspace, 1) as then:
        assert read_sealed(then.catalogue).departments["D1"].name_zh == "甲局"
        assert [one.year for one in read_sealed(then.catalogue).editions] == [2026]
    with as_at_run(tiny.workspace, 2) as now:
        assert read_sealed(now.catalogue).departments["D1"].name_zh == "新局"
