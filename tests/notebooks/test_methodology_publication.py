"""The report on a methodology: published by its notebook, not at all where a gate is broken. All data is synthetic."""

from __future__ import annotations

import json
from typing import Any

import pytest

from creditlab.errors import ExitStatus, MethodologyError
from creditlab.periods import parse_period
from creditlab.reports import Published, publish
from creditlab.terms import Audience, Language
from tests.spec.assessable import METHODOLOGY, ONE, TWO, assessable, penalty, seal
from tests.spec.conftest import make_tiny
from tests.spec.tiny import NOW, Tiny, row

__all__ = ["make_tiny"]

GATES = """
[gates]
near = 2
near_percent = 0
weight_percent = 80
information_percent = 60
stable_percent = 50
monotone_outcomes = false
trend_percent = 5
fall_percent = 5
"""


@pytest.fixture
def tiny(make_tiny: Any) -> Tiny:
    """Two of three organisations have a record: a penalty, an honour."""
    tiny = assessable(make_tiny)
    tiny.deliver([penalty("1", event_date="2026-07-01")], "2026-07-02", item_code="P-1")
    tiny.deliver([row("H1", subject_id=TWO, event_date="2026-07-01")], "2026-07-03", item_code="H-1", department="D2")
    tiny.ingest()
    return tiny


def published(tiny: Tiny, language: Language) -> list[Published]:
    return publish(
        tiny.workspace, period=parse_period("2026Q3"), as_of=NOW.date(), audience=Audience.GOVERNMENT,
        language=language, reports=["assessment_methodology"], now=NOW, code_version="0123abc",
    )  # fmt: skip


def test_it_is_published_in_chinese_and_names_no_subject(tiny: Tiny) -> None:
    seal(tiny, METHODOLOGY + GATES)
    (done,) = published(tiny, Language.ZH_CN)
    page = (done.folder / "index.html").read_text("utf-8")
    manifest = json.loads((done.folder / "manifest.json").read_text("utf-8"))
    assert "评价方法是否可靠？2026年第三季度" in page
    assert "20180101" in page
    # The lake is too young for a back-test, and says so.
    assert "数据湖时间过短" in page
    assert {one["name"] for one in manifest["tables"]} == {
        "gates", "levels", "levels_by_region", "levels_by_industry", "levels_by_kind", "weights", "bounds", "draws",
        "departments", "movement", "regions",
    }  # fmt: skip
    written = page + "".join(path.read_text("utf-8") for path in (done.folder / "tables").iterdir())
    assert not any(one in written for one in (ONE, TWO, "公司"))


def test_a_methodology_that_breaks_its_own_gates_is_not_published(tiny: Tiny) -> None:
    broken = GATES.replace("information_percent = 60", "information_percent = 67")
    seal(tiny, METHODOLOGY + broken.replace("monotone_outcomes = false", "monotone_outcomes = true"))
    with pytest.raises(MethodologyError) as refused:
        published(tiny, Language.EN)
    assert (refused.value.code, refused.value.exit_status) == ("methodology_gate", ExitStatus.REFUSED)
    said = str(refused.value)
    assert "information_percent" in said
    assert "monotone_outcomes" in said
    assert "weight_percent" not in said
    assert not list(tiny.workspace.reports.glob("[0-9]*"))
    assert not (tiny.workspace.reports / "index.html").exists()
    # Whoever wrote it finds the figures, readable by nobody else.
    (kept,) = (tiny.workspace.reports / "_failed").glob("*/notebook.ipynb")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "information_percent" in kept.read_text("utf-8")
