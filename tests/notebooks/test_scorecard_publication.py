"""A card on the sample province: fitted, released, put on organisations, published. All data is synthetic."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from creditlab import engine
from creditlab.cli import main
from creditlab.errors import ScorecardError
from creditlab.periods import parse_date, parse_period
from creditlab.predicting import read_kept, score_subjects
from creditlab.reports import publish, scorecard
from creditlab.scorecards import Measure, extra, score
from creditlab.synth import load_parameters, write_lake
from creditlab.terms import Audience, Language
from creditlab.workspace import open_workspace
from tests.browser.looking import look
from tests.spec.conftest import run

__all__ = ["run"]

Run = Callable[..., dict[str, Any]]
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NAME, TEST_ON = "penalties", "2026-06-30"


@dataclass(frozen=True)
class Fitted:
    """A province with a card, and what the command said of it."""

    folder: Path
    said: dict[str, Any]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    folder = tmp_path_factory.mktemp("scored") / "province"
    write_lake(folder, load_parameters(None, records=None, seed=None, preset=None), now=NOW, threads=1)
    words = ["scorecard", "fit", NAME, "--test-on", TEST_ON, "--months", "3", "--no-challenger"]
    # In a process of its own, as all that follows is: the card is loaded by another one than fitted it.
    done = subprocess.run(
        [sys.executable, "-m", "creditlab", "--json", "--workspace", str(folder), *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return Fitted(folder, json.loads(done.stdout))


@pytest.fixture(scope="module")
def released(fitted: Fitted) -> Fitted:
    words = ["scorecard", "release", NAME, "--by", "nobody", "--document", "1", "--released-on", "2026-10-20"]
    assert main(["--json", "--workspace", str(fitted.folder), *words]) == 0
    return fitted


# --- Before it is released ------------------------------------------------------------------------------


def test_synthetic_penalties_are_told_a_little_and_not_too_easily(fitted: Fitted) -> None:
    """Above 0.85 the generator would be easier than any real province; then no figure here would mean anything."""
    auc = fitted.said["figures"]["card.auc"]["value"]
    assert auc < 0.85
    assert 0.55 <= auc <= 0.75
    assert fitted.said["gates"] == {"protocol": True, "brier": True, "leak": True}
    assert "levels.auc" in fitted.said["figures"]


def test_days_follow_each_other_and_outcomes_are_of_the_window(fitted: Fitted) -> None:
    days = [(one["part"], one["first"], one["last"]) for one in fitted.said["parts"]]
    assert days == [
        ("train", "2025-09-30", "2025-12-31"), ("calibrate", "2026-03-31", "2026-03-31"), ("test", TEST_ON, TEST_ON),
    ]  # fmt: skip
    assert (fitted.folder / f"scorecards/{NAME}.json").stat().st_mode & 0o777 == 0o600


def test_a_window_that_the_lake_does_not_know_to_its_end_is_no_data(run: Run, fitted: Fitted) -> None:
    said = run(fitted.folder, "scorecard", "fit", "late", "--test-on", "2026-09-30", "--months", "3", status=4)
    assert said["error"] == "no_data"
    assert run(fitted.folder, "scorecard", "fit", "early", "--test-on", TEST_ON, "--months", "0", status=2)
    assert not (fitted.folder / "scorecards/late.json").exists()


def test_what_was_not_released_scores_nobody(run: Run, fitted: Fitted, tmp_path: Path) -> None:
    """The card in another workspace, where nobody released it."""
    other = tmp_path / "other"
    (other / "scorecards").mkdir(parents=True)
    for name in ("creditlab.toml", "publication.toml", f"scorecards/{NAME}.json"):
        (other / name).write_bytes((fitted.folder / name).read_bytes())
    words = ("scorecard", "score", NAME, "--as-of", "2026-10-20", "--output", tmp_path / "out.csv")
    assert run(other, *words, status=3)["error"] == "scorecard_not_released"
    assert not (tmp_path / "out.csv").exists()


def test_without_the_extra_the_command_says_which_one_it_needs(
    run: Run, fitted: Fitted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extra, "LIBRARIES", ("no_such_library",))
    said = run(fitted.folder, "scorecard", "fit", "other", "--test-on", TEST_ON, "--months", "3", status=2)
    assert said["error"] == "extra_missing"
    assert "creditlab[model]" in said["do"]
    assert run(fitted.folder, "scorecard", "show", NAME)["scorecard"] == NAME


# --- Released -------------------------------------------------------------------------------------------


def test_a_reason_is_only_for_what_needs_one_and_a_release_is_once(run: Run, released: Fitted) -> None:
    words = ("scorecard", "release", NAME, "--by", "nobody", "--document", "1")
    assert run(released.folder, *words, status=3)["error"] == "scorecard_released"
    again = ("scorecard", "fit", NAME, "--test-on", TEST_ON, "--months", "3")
    assert run(released.folder, *again, status=3)["error"] == "scorecard_released"


def test_organisations_are_scored_in_the_engine_as_in_memory(run: Run, released: Fitted, tmp_path: Path) -> None:
    output, lines = tmp_path / "scores.csv", tmp_path / "reasons.csv"
    words = ("scorecard", "score", NAME, "--as-of", "2026-10-20", "--output", output, "--reasons", lines)
    said = run(released.folder, *words)
    rows = list(csv.DictReader(output.open(encoding="utf-8")))
    assert said["subjects"] == len(rows) > 3_000
    totals: dict[str, int] = {}
    for one in csv.DictReader(lines.open(encoding="utf-8")):
        totals[one["subject_id"]] = totals.get(one["subject_id"], 0) + int(one["points"])
    assert totals == {one["subject_id"]: int(one["score"]) for one in rows}
    assert not any(one["subject_id"].startswith("92") for one in rows)
    for path in (output, lines):
        assert path.stat().st_mode & 0o777 == 0o600
        mark = json.loads(path.with_name(f"{path.name}.internal.json").read_text("utf-8"))
        assert mark["scorecard_state"] == "released"
        assert "No decision about a subject rests on this score alone" in mark["use"]
    workspace = open_workspace(released.folder)
    kept = read_kept(workspace, NAME)
    with engine.connect(folders=[workspace.lake]) as backend:
        asked, scored = score_subjects(workspace, backend, kept, parse_date("2026-10-20"))
        theirs = backend.to_pyarrow(scored.order_by("subject_id"))
        mine = score(kept.card, backend.to_pyarrow(asked.order_by("subject_id"))).table
    assert theirs.select(mine.column_names).equals(mine)
    assert mine["score"].type == pa.int64()


def test_its_model_card_publishes_and_names_nobody(released: Fitted, chromium: Path) -> None:
    workspace = open_workspace(released.folder)
    (done,) = publish(
        workspace, period=parse_period("2026Q3"), as_of=parse_date("2026-10-20"), audience=Audience.PUBLIC,
        language=Language.ZH_CN, reports=["scorecard"], now=NOW, code_version="0123abc",
    )  # fmt: skip
    page = (done.folder / "index.html").read_text("utf-8")
    tables = {path.stem: path.read_text("utf-8") for path in (done.folder / "tables").glob("*.csv")}
    for said in ("模型说明", "不得仅凭此分数对任何主体作出决定", "自然人不在其内", "由nobody于2026年10月20日发布"):
        assert said in page
    performance = {one["code"]: one for one in csv.DictReader(tables["performance"].splitlines())}
    card = read_kept(workspace, NAME).card
    for of in ("card", "levels"):
        found = card.find(Measure.AUC, of)
        assert found is not None
        assert float(performance[of]["auc"]) == found.value
    assert {"points", "calibration", "group_1", "selected_1", "differences", "drift", "unknown"} <= set(tables)
    assert not any("91130" in text for text in (page, *tables.values()))
    look(chromium, done.folder, "scorecard-zh_CN")


def test_a_card_changed_after_its_release_is_neither_used_nor_published(
    run: Run, released: Fitted, tmp_path: Path
) -> None:
    from dataclasses import replace

    from creditlab.scorecards import About, card_text

    path = released.folder / f"scorecards/{NAME}.json"
    before = path.read_bytes()
    card = read_kept(open_workspace(released.folder), NAME).card
    path.write_text(card_text(replace(card, about=About(*(["other"] * 8)))), "utf-8")
    try:
        words = ("scorecard", "score", NAME, "--as-of", "2026-10-20", "--output", tmp_path / "out.csv")
        assert run(released.folder, *words, status=3)["error"] == "scorecard_changed"
        with pytest.raises(ScorecardError, match="scorecard_changed"):
            scorecard.open_report(str(released.folder), "2026Q3", "2026-10-20", "public", "en", 0, "")
    finally:
        path.write_bytes(before)
