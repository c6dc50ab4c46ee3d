"""Cards on real data, through public functions only: food inspections out of time, bankruptcies for study.

Thresholds are promises about rows that nothing was fitted or tuned on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import ibis
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from creditlab.assessment import Approval
from creditlab.errors import DisclosureError, ScorecardError
from creditlab.periods import parse_period
from creditlab.predicting import release_card
from creditlab.reports import publish, scorecard
from creditlab.scorecards import (
    About,
    Beside,
    Card,
    Feature,
    FeatureKind,
    Gate,
    Identifier,
    Measure,
    Sample,
    card_text,
    cross_section,
    distinct_rows,
    hold,
    make_sample,
    out_of_time,
    refuse_broken,
    score,
    score_expression,
)
from creditlab.terms import Audience, Language
from tests.spec.asking import asked_by_default
from tests.spec.conftest import make_tiny
from tests.spec.test_scorecard_card import CODE
from tests.spec.tiny import NOW, Tiny

__all__ = ["make_tiny"]

INSPECTIONS = "data/assess/chicago_food_inspections.parquet"
BANKRUPTCIES = "data/assess/polish_bankruptcy_5year.parquet"
#: Of a row: what was found on the day itself, who inspected and in what weather, and what others made of it.
NO_FEATURE = {
    "Inspection_Date", "License", "Inspection_ID", "Business_ID", "criticalCount", "seriousCount", "minorCount",
    "pass_flag", "fail_flag", "Inspector_Assigned", "precipIntensity", "temperatureMax", "windSpeed", "humidity",
    "criticalFound", "score", "Test", "Train",
}  # fmt: skip
CITY, INSPECTOR = "the stored score of the city", "who inspected"
CALIBRATE_FROM, TEST_FROM = date(2014, 1, 1), date(2014, 9, 1)


def about(title: str, data: str) -> About:
    text = "To see what a card can tell on real data."
    return About(title, title, text, text, "Businesses.", "Businesses.", data, data)


def inspected(path: Path) -> Sample:
    """One row per inspection: what was known on its day, and whether a critical violation was found."""
    rows = pq.read_table(path)
    day = rows["Inspection_Date"].cast(pa.date32())
    count = rows.num_rows
    more = {
        "subject_id": rows["Inspection_ID"].cast(pa.int64()).cast(pa.string()),
        "subject_kind": pa.array(["unincorporated_organisation"] * count),
        "scored_on": day,
        "known_on": day,
        "outcome_known_on": day,
        "outcome": rows["criticalFound"].cast(pa.int8()),
        "city_score": rows["score"],
        "inspector": rows["Inspector_Assigned"],
    }
    features = [
        Feature(name, FeatureKind.CATEGORY if name == "Facility_Type" else FeatureKind.NUMBER, "known_on")
        for name in rows.column_names
        if name not in NO_FEATURE
    ]
    for name, values in more.items():
        rows = rows.append_column(name, values)
    besides = [
        Beside(CITY, "city_score", within="inspector"),
        Beside(INSPECTOR, "inspector"),
    ]
    return make_sample(rows, features, groups=["Facility_Type"], besides=besides, identifier=Identifier.LOCAL)


@pytest.fixture(scope="module")
def inspections(shared_dir: Path) -> Sample:
    return inspected(shared_dir / INSPECTIONS)


@pytest.fixture(scope="module")
def chicago(inspections: Sample) -> Card:
    return out_of_time(
        inspections, about("Critical violations in food inspections", "Food inspections of a city, 2011 to 2014."),
        name="inspections", calibrate_from=CALIBRATE_FROM, test_from=TEST_FROM, has_challenger=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def companies(shared_dir: Path) -> tuple[Sample, int]:
    """Companies, each once, and how many rows said what another one had said."""
    rows, dropped = distinct_rows(pq.read_table(shared_dir / BANKRUPTCIES))
    features = [Feature(name, FeatureKind.NUMBER, "known_on") for name in rows.column_names if name != "class"]
    day = pa.array([date(2013, 1, 1)] * rows.num_rows, pa.date32())
    more = {
        "subject_id": pa.array([f"row {number}" for number in range(rows.num_rows)]),
        "subject_kind": pa.array(["legal_person"] * rows.num_rows),
        "scored_on": day,
        "known_on": day,
        "outcome_known_on": day,
        "outcome": rows["class"].cast(pa.int8()),
    }
    for name, values in more.items():
        rows = rows.append_column(name, values)
    return make_sample(rows, features, identifier=Identifier.LOCAL), dropped


@pytest.fixture(scope="module")
def polish(companies: tuple[Sample, int]) -> Card:
    text = about("Bankruptcies of companies", "Companies by 64 ratios of their statements, one year before.")
    return cross_section(companies[0], text, name="bankruptcies", folds=3)


def value(card: Card, measure: Measure, of: str = "card", group: str = "") -> float:
    found = card.find(measure, of, group)
    assert found is not None
    return found.value


# --- Out of time ----------------------------------------------------------------------------------------


def test_the_days_are_the_ones_that_the_file_flags(shared_dir: Path, chicago: Card, inspections: Sample) -> None:
    flags = pq.read_table(shared_dir / INSPECTIONS, columns=["Test", "Train"])
    tested = inspections.between(TEST_FROM, None)
    assert len(tested) == pc.sum(flags["Test"]).as_py() == chicago.parts[2].rows
    assert chicago.parts[0].rows + chicago.parts[1].rows == pc.sum(flags["Train"]).as_py()


def test_a_card_without_inspectors_and_weather_tells_something_of_later_inspections(chicago: Card) -> None:
    assert value(chicago, Measure.AUC) >= 0.56
    assert value(chicago, Measure.BRIER) < value(chicago, Measure.BRIER_CONSTANT)
    assert hold(chicago)[Gate.LEAK]
    refuse_broken(chicago)
    low = chicago.find(Measure.AUC)
    assert low is not None
    assert low.low is not None
    assert low.low > 500_000


def test_the_citys_own_score_tells_more_and_most_of_that_is_who_inspected(chicago: Card) -> None:
    assert value(chicago, Measure.AUC, CITY) == pytest.approx(0.679, abs=0.0005)
    within = value(chicago, Measure.AUC_WITHIN, CITY, "inspector")
    assert within < 0.60
    assert value(chicago, Measure.AUC, INSPECTOR) > 0.64


def test_an_inspector_is_no_feature(shared_dir: Path, inspections: Sample) -> None:
    feature = Feature("inspector", FeatureKind.CATEGORY, "scored_on")
    with pytest.raises(ScorecardError) as found:
        make_sample(inspections.table, [feature], identifier=Identifier.LOCAL)
    assert found.value.code == "scorecard_feature"


# --- For study ------------------------------------------------------------------------------------------


def test_bankruptcies_are_told_a_year_ahead_without_rows_that_stand_twice(
    polish: Card, companies: tuple[Sample, int]
) -> None:
    assert (len(companies[0]), companies[1]) == (5850, 60)
    assert value(polish, Measure.AUC) >= 0.91


def test_a_card_for_study_is_never_released(polish: Card) -> None:
    with pytest.raises(ScorecardError) as found:
        refuse_broken(polish, [one.name for one in polish.variables])
    assert found.value.code == "scorecard_protocol"


# --- Saved, loaded elsewhere, scored both ways, published ----------------------------------------------------


def test_both_are_scored_in_memory_and_in_the_engine_with_the_same_points(
    chicago: Card, polish: Card, inspections: Sample, companies: tuple[Sample, int]
) -> None:
    with asked_by_default():
        for card, sample in ((chicago, inspections), (polish, companies[0])):
            mine = score(card, sample.table).table.sort_by("subject_id")
            theirs = score_expression(card, ibis.memtable(sample.table)).order_by("subject_id").to_pyarrow()
            assert theirs.select(mine.column_names).equals(mine)
            assert len(pc.unique(mine["score"])) > 20


def test_both_are_loaded_and_scored_in_a_new_process(
    chicago: Card, polish: Card, inspections: Sample, companies: tuple[Sample, int], tmp_path: Path
) -> None:
    for card, sample in ((chicago, inspections), (polish, companies[0])):
        (tmp_path / "card.json").write_text(card_text(card), "utf-8")
        pq.write_table(sample.table, tmp_path / "rows.parquet")
        arguments = [str(tmp_path / "card.json"), str(tmp_path / "rows.parquet")]
        done = subprocess.run([sys.executable, "-c", CODE, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        total = sum(score(card, sample.table).table["score"].to_pylist())
        assert done.stdout.splitlines()[0] == f"True {total}"


def test_a_released_cards_page_publishes_with_what_stands_beside_it(
    chicago: Card, make_tiny: Callable[..., Tiny]
) -> None:
    tiny = make_tiny()
    tiny.write(f"scorecards/{chicago.name}.json", card_text(chicago))
    release_card(tiny.workspace, chicago.name, Approval("nobody", "1", NOW.date()), {}, NOW.date())
    (done,) = publish(
        tiny.workspace, audience=Audience.PUBLIC, period=parse_period("2026Q3"), as_of=NOW.date(),
        language=Language.EN, reports=["scorecard"], now=NOW, code_version="0123abc",
    )  # fmt: skip
    page = (done.folder / "index.html").read_text("utf-8")
    manifest = json.loads((done.folder / "manifest.json").read_text("utf-8"))
    assert manifest["title"] == f"Model card: {chicago.about.title_en}"
    assert {"gates", "parts", "points", "performance", "calibration"} <= {one["name"] for one in manifest["tables"]}
    for told in ("No decision about a subject rests on this score alone", CITY, "0.679", INSPECTOR):
        assert told in page


def test_a_page_for_study_says_so_and_is_for_analysts_only(polish: Card, make_tiny: Callable[..., Tiny]) -> None:
    """Its sections, as the notebook shows them; that they become a page is seen above."""
    tiny = make_tiny()
    tiny.write(f"scorecards/{polish.name}.json", card_text(polish))
    asked = (str(tiny.folder), "2026Q3", "2026-10-20")
    report = scorecard.open_report(*asked, "internal", "en", 0, "")
    shown = [report.overview(), report.questions(), report.performance(), report.groups(), report.fairness(),
             report.drift(), report.limits()]  # fmt: skip
    assert any("For study only" in text for text in shown[0].paragraphs)
    assert all(one.outputs() for one in shown)
    with pytest.raises(DisclosureError):
        scorecard.open_report(*asked, "public", "en", 0, "")
