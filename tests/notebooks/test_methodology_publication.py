"""The report on a methodology: published by its notebook, not at all where a gate is broken. All data is synthetic."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from creditlab.disclosure import Marker
from creditlab.errors import ExitStatus, MethodologyError
from creditlab.periods import parse_period
from creditlab.reports import Published, publish
from creditlab.terms import Audience, Language
from tests.spec.assessable import METHODOLOGY, ONE, TWO, assessable, penalty, seal
from tests.spec.conftest import tiny_maker
from tests.spec.tiny import NOW, Tiny, code, row

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


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """40 organisations in one prefecture, 30 in another; of these three have two penalties each, of the others twelve.

    Three have no record, the others an honour.
    """
    tiny = assessable(tiny_maker(tmp_path_factory.mktemp("methodology")))
    first, second = ([code(number=number) for number in span] for span in (range(1, 41), range(41, 71)))
    places = [(one, "990100") for one in first] + [(one, "990200") for one in second]
    tiny.register(*((one, "legal_person", f"{one}公司", region, "A", "2015-03-01", "") for one, region in places))
    struck = [*first[:12], *second[:3]]
    penalties = [penalty(f"P{place}", one, event_date="2026-07-01") for place, one in enumerate(struck * 2)]
    tiny.deliver(penalties, "2026-07-02", item_code="P-1")
    honoured = [one for one in [*first, *second] if one not in struck][:-3]
    honours = [row(f"H{place}", subject_id=one, event_date="2026-07-01") for place, one in enumerate(honoured)]
    tiny.deliver(honours, "2026-07-03", item_code="H-1", department="D2")
    tiny.ingest()
    return tiny


def published(tiny: Tiny, language: Language) -> list[Published]:
    return publish(
        tiny.workspace, period=parse_period("2026Q3"), as_of=NOW.date(), audience=Audience.GOVERNMENT,
        language=language, reports=["assessment_methodology"], now=NOW, code_version="0123abc",
    )  # fmt: skip


def shelf(tiny: Tiny) -> dict[Path, float]:
    """All files of the published reports, with the moment of their last change."""
    files = tiny.workspace.reports.rglob("*")
    return {one: one.stat().st_mtime for one in files if one.is_file() and "_failed" not in one.parts}


@pytest.fixture(scope="module")
def government(tiny: Tiny) -> Published:
    seal(tiny, METHODOLOGY + GATES)
    (done,) = published(tiny, Language.ZH_CN)
    return done


def test_it_is_published_in_chinese_and_names_no_subject(government: Published) -> None:
    done = government
    page = (done.folder / "index.html").read_text("utf-8")
    manifest = json.loads((done.folder / "manifest.json").read_text("utf-8"))
    assert "评价方法是否可靠？2026年第三季度" in page
    assert "20180101" in page
    # The lake is too young for a back-test, and says so.
    assert "数据湖时间过短" in page
    assert {one["name"] for one in manifest["tables"]} == {
        "gates", "levels", "levels_by_region", "levels_by_industry", "levels_by_size", "levels_by_kind", "weights",
        "bounds", "draws", "departments", "movement", "regions",
    }  # fmt: skip
    written = page + "".join(path.read_text("utf-8") for path in (done.folder / "tables").iterdir())
    assert not any(one in written for one in (ONE, TWO, "公司"))
    assert "组织过少" in page


def test_other_authorities_see_no_few_organisations(government: Published) -> None:
    """Three organisations of a prefecture have a penalty, so neither they nor what could tell them is in any figure."""
    tables = {}
    for path in (government.folder / "tables").glob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            tables[path.stem] = list(csv.DictReader(file))
    # Two penalties are a C, an honour is an A; A and B are counted together.
    hidden = [cell for one in tables["levels_by_region"] for cell in one.values() if cell == Marker.SUPPRESSED]
    assert hidden
    counted = ("subject_count", "outcome_count", "level_0", "level_1", "level_2")
    for name, rows in tables.items():
        for one in rows:
            for column in counted:
                number = one.get(column, "")
                is_unknown = name == "levels" and one["code"] == "none"
                assert is_unknown or not number.isdigit() or not 0 < int(number) < 10, f"{name}, {column}"


def test_a_methodology_that_breaks_its_own_gates_is_not_published(tiny: Tiny) -> None:
    broken = GATES.replace("information_percent = 60", "information_percent = 96")
    seal(tiny, METHODOLOGY + broken.replace("monotone_outcomes = false", "monotone_outcomes = true"))
    before = shelf(tiny)
    with pytest.raises(MethodologyError) as refused:
        published(tiny, Language.EN)
    assert (refused.value.code, refused.value.exit_status) == ("methodology_gate", ExitStatus.REFUSED)
    said = str(refused.value)
    assert "information_percent" in said
    assert "monotone_outcomes" in said
    assert "weight_percent" not in said
    assert shelf(tiny) == before
    # Whoever wrote it finds the figures, readable by nobody else.
    (kept,) = (tiny.workspace.reports / "_failed").glob("*/notebook.ipynb")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "information_percent" in kept.read_text("utf-8")
