"""`creditlab assess`: what it writes and prints, how it ends, and what it says to one organisation."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from creditlab import engine
from creditlab.access import Asking
from creditlab.assessing import explain_subject
from creditlab.assessment import Explanation
from creditlab.errors import NoDataError
from creditlab.messages import Messages
from creditlab.terms import ASSESSMENT, FINDING, Language, Purpose
from tests.spec.assessable import AS_OF, METHODOLOGY, NAME, ONE, THREE, TWO, assessable, penalty, seal, standings
from tests.spec.tiny import SETTINGS, Tiny, code, row

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def made(make_tiny: Callable[..., Tiny]) -> Tiny:
    """ONE with two penalties, a broken contract and an honour; TWO with an honour; THREE with nothing."""
    tiny = assessable(make_tiny)
    tiny.deliver([penalty("P1"), penalty("P2", event_date="2026-05-20")], item_code="P-1")
    tiny.deliver([row("C1", subject_id=ONE, performed="未履行")], item_code="C-1")
    tiny.deliver([row("H1", subject_id=ONE), row("H2", subject_id=TWO)], item_code="H-1")
    tiny.ingest()
    return tiny


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def explained(tiny: Tiny, subject: str, as_of: str = AS_OF) -> Explanation:
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        asking = Asking(Purpose.ASSESSMENT, "test")
        return explain_subject(tiny.workspace, backend, subject, date.fromisoformat(as_of), asking=asking)


# --- The files ---------------------------------------------------------------------------------------


def test_a_row_per_organisation_and_a_line_per_record_and_rule(run: Run, made: Tiny, tmp_path: Path) -> None:
    levels, lines = tmp_path / "levels.csv", tmp_path / "findings.csv"
    said = run(made, "assess", "--as-of", AS_OF, "--output", levels, "--findings", lines)
    assert (said["subjects"], said["lines"], said["levels"]) == (3, 5, {"A": 1, "C": 1, "no information": 1})
    assert rows_of(levels) == [
        dict(zip(ASSESSMENT, cells, strict=True))
        for cells in (
            (ONE, "legal_person", "990100", "950000", "C", "false", "true"),
            (TWO, "legal_person", "990100", "1010000", "A", "false", "true"),
            (THREE, "legal_person", "990100", "", "", "false", "false"),
        )
    ]
    found = rows_of(lines)
    assert list(found[0]) == list(FINDING)
    assert [(one["subject_id"], one["record_id"], one["points"], one["left_out"]) for one in found] == [
        (ONE, "C1", "-30000", ""), (ONE, "H1", "10000", ""), (ONE, "P2", "-15000", ""), (ONE, "P1", "-15000", ""),
        (TWO, "H2", "10000", ""),
    ]  # fmt: skip
    assert {one["legal_basis"] for one in found} == {"Article 3", "Article 8", "Article 9"}
    for path in (levels, lines):
        assert path.stat().st_mode & 0o777 == 0o600
        mark = json.loads(path.with_name(f"{path.name}.internal.json").read_text(encoding="utf-8"))
        assert "INTERNAL" in mark["mark"]
        assert (mark["as_of"], mark["run_no"], mark["methodology"]) == (AS_OF, "1", NAME)
        assert len(mark["methodology_digest"]) == len(mark["publication_rules_digest"]) == 64


def test_parquet_has_the_same_and_a_second_run_the_same_bytes(run: Run, made: Tiny, tmp_path: Path) -> None:
    first, second, table = tmp_path / "1.csv", tmp_path / "2.csv", tmp_path / "levels.parquet"
    for path in (first, second, table):
        run(made, "assess", "--as-of", AS_OF, "--output", path)
    assert first.read_bytes() == second.read_bytes()
    found = pq.ParquetFile(table).read()
    assert found.column_names == list(ASSESSMENT)
    assert found["score"].to_pylist() == [950_000, 1_010_000, None]


def test_without_a_file_the_rows_are_printed(run: Run, made: Tiny) -> None:
    said = run(made, "assess", "--as-of", AS_OF)
    assert [tuple(one) for one in said["assessments"]] == [ASSESSMENT] * 3
    assert [one["level"] for one in said["assessments"]] == ["C", "A", None]


def test_a_file_among_the_reports_is_not_allowed(run: Run, made: Tiny) -> None:
    reports = made.folder / "reports"
    reports.mkdir()
    for option in ("--output", "--findings"):
        assert run(made, "assess", "--as-of", AS_OF, option, reports / "x.csv", status=5)["error"] == "not_allowed"
    assert list(reports.iterdir()) == []


def test_nothing_ingested_is_no_data_and_a_day_without_rules_is_refused(
    run: Run, make_tiny: Callable[..., Tiny]
) -> None:
    tiny = assessable(make_tiny)
    assert run(tiny, "assess", "--as-of", AS_OF, status=4)["error"] == "no_data"
    tiny.deliver([penalty("1")], item_code="P-1")
    tiny.ingest()
    early = METHODOLOGY.replace("2026-01-01", "2010-01-01")
    tiny.write("methodologies/early.toml", early)
    said = run(tiny, "assess", "--as-of", "2011-01-01", "--methodology", "early", status=2)
    assert "no rules of publication" in said["what"]
    assert run(tiny, "assess", "--as-of", "2026-02-30", status=2)["error"] == "period"
    assert run(tiny, "assess", "--as-of", AS_OF, "--run", "99", status=3)["error"] == "lake"


def test_who_exists_on_the_day_is_assessed(run: Run, make_tiny: Callable[..., Tiny]) -> None:
    tiny = assessable(make_tiny)
    tiny.register(
        (ONE, "legal_person", "甲公司", "990100", "A", "2026-10-20", ""),
        (TWO, "legal_person", "乙公司", "990100", "A", "2026-10-21", ""),
        (THREE, "legal_person", "丙公司", "990100", "A", "2015-03-01", "2026-10-20"),
        (code(number=4), "legal_person", "丁公司", "990100", "A", "", "2026-10-21"),
        (code(number=5), "government_body", "戊局", "990100", "A", "2015-03-01", ""),
    )
    tiny.deliver([penalty("1")], item_code="P-1")
    tiny.ingest()
    said = run(tiny, "assess", "--as-of", AS_OF)
    assert [one["subject_id"] for one in said["assessments"]] == [ONE, code(number=4)]


# --- What one organisation is told -------------------------------------------------------------------


def test_an_explanation_says_what_counted_how_much_and_on_which_basis(made: Tiny) -> None:
    found = explained(made, ONE)
    lines = found.lines(Messages(Language.EN))
    told = [(one["record_id"], one["points"], one["because"]) for one in lines]
    assert (told[0], told[-1]) == (("C1", "-30", "counted"), ("H1", "+10", "counted"))
    assert sorted(told[1:3]) == [("P1", "-15", "counted"), ("P2", "-15", "counted")]
    assert sorted(one["legal_basis"] for one in lines) == ["Article 3", "Article 3", "Article 8", "Article 9"]
    text = " ".join(found.paragraphs(Messages(Language.EN)))
    assert "The score is 950 points, which is the level C." in text
    assert "Law: -50 points (Penalties -30; Broken contracts -30; Honours +10)." in text


def test_the_way_back_names_what_would_change_the_level_and_the_day(made: Tiny) -> None:
    found = explained(made, ONE).recovery
    # What helps most first; of two that help alike, the older one.
    assert [one.record.record_id for one in found.mendings] == ["C1", "P2", "P1"]
    first, second, third = found.mendings
    # Without the contract: 980, closed below; then 995 and 1010.
    assert (first.alone.level, first.together.level) == ("B", "B")
    assert [one.alone.level for one in (second, third)] == ["C", "C"]
    assert [one.together.level for one in (second, third)] == ["B", "A"]
    # A general adverse record may be repaired after 3 months; a contract is no adverse item, and is performed.
    assert [one.repairable_from for one in found.mendings] == [None, date(2026, 8, 20), date(2026, 10, 1)]
    assert [[str(remedy) for remedy in one.remedies] for one in found.mendings] == [["perform"], ["repair"], ["repair"]]
    # A negative item's record is published for at most 12 months; the methodology ends before.
    assert found.next_change is None


def test_the_day_on_which_a_level_changes_by_itself_is_that_of_the_assessment(made: Tiny) -> None:
    longer = METHODOLOGY.replace("effective_until = 2026-12-31", "effective_until = 2029-12-31")
    (made.folder / f"methodologies/{NAME}.seal.toml").unlink()
    seal(made, longer)
    changes = explained(made, ONE).recovery.changes
    assert [one.level for one in changes] != []
    for one in changes:
        before = date.fromordinal(one.day.toordinal() - 1).isoformat()
        assert standings(made, one.day.isoformat())[ONE]["level"] == one.level
        assert standings(made, before)[ONE]["level"] != one.level


def test_both_languages_say_the_same_things(made: Tiny) -> None:
    found = explained(made, ONE)
    english, chinese = (found.paragraphs(Messages(one)) for one in (Language.EN, Language.ZH_CN))
    assert len(english) == len(chinese)
    assert any("等级为C" in one for one in chinese)
    assert not any(word in one for one in chinese for word in ("level", "points", "record"))
    assert [one["points"] for one in found.lines(Messages(Language.ZH_CN))] == [
        one["points"] for one in found.lines(Messages(Language.EN))
    ]


def test_the_command_explains_in_the_workspaces_language(run: Run, made: Tiny) -> None:
    said = run(made, "assess", "--as-of", AS_OF, "--subject", ONE.lower())
    assert (said["score"], said["level"], said["is_provisional"], said["changes_on"]) == (950_000, "C", False, None)
    assert any("which is the level C" in one for one in said["explanation"])
    made.write("creditlab.toml", SETTINGS + '[report]\nlanguage = "zh_CN"\n')
    assert any("等级为C" in one for one in run(made, "assess", "--as-of", AS_OF, "--subject", ONE)["explanation"])


def test_nothing_known_is_said_to_be_no_grade_and_nobody_else_is_explained(run: Run, made: Tiny) -> None:
    found = explained(made, THREE)
    assert (found.now.score, found.now.level, found.now.has_information) == (None, None, False)
    assert any("no grade of honesty" in one for one in found.paragraphs(Messages(Language.EN)))
    with pytest.raises(NoDataError):
        explained(made, code(number=9))
    said = run(made, "assess", "--as-of", AS_OF, "--subject", ONE, "--output", made.folder / "x.csv", status=2)
    assert said["error"] == "parameter"


def test_an_override_is_shown_beside_the_score(made: Tiny) -> None:
    override = """
[[override]]
code = "contract"
name_zh = "违约"
name_en = "A broken contract"
items = ["C-1"]
when = { field = "performed", values = ["未履行"] }
level = "C"
legal_basis_zh = "第八条"
legal_basis_en = "Article 8"
"""
    seal(made, METHODOLOGY.replace("from = 980", "from = 900").replace("below = 980", "below = 900") + override)
    found = explained(made, ONE)
    assert (found.now.score, found.now.score_level, found.now.level) == (950_000, "B", "C")
    text = " ".join(found.paragraphs(Messages(Language.EN)))
    assert "would be the level B; the level is C, as set by: A broken contract." in text
    assert found.recovery.mendings[0].alone.level == "B"
