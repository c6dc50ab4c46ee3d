"""A card: whole points that add up, the same in memory, in the engine and in another process. All data is made up."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest

from creditlab.errors import ScorecardError
from creditlab.scorecards import (
    REASON,
    Card,
    Protocol,
    card_digest,
    card_text,
    cross_section,
    parse_card,
    reasons,
    score,
    score_expression,
)
from creditlab.scorecards.binning import labels
from creditlab.scorecards.measures import Measure
from tests.spec.asking import asked_by_default
from tests.spec.cards import ABOUT, DAYS, TRADES, made_card, made_rows, made_sample, with_column

ROWS = made_rows()
CODE = """
import sys, ibis
from pathlib import Path
from creditlab import engine
from creditlab.scorecards import read_card, score, score_expression
import pyarrow.parquet as pq
card, rows = read_card(Path(sys.argv[1])), pq.read_table(sys.argv[2])
with engine.connect(folders=[Path(sys.argv[2]).parent]) as backend:
    table = backend.read_parquet(sys.argv[2])
    ibis.set_backend(backend)
    found = backend.to_pyarrow(score_expression(card, table).order_by("subject_id"))
mine = score(card, rows).table.sort_by("subject_id")
print(found["score"].to_pylist() == mine["score"].to_pylist(), sum(mine["score"].to_pylist()))
print(sorted(set(sys.modules) & {"optbinning", "sklearn", "interpret", "fairlearn", "pickle5", "joblib"}))
"""


@pytest.fixture(scope="module")
def card() -> Card:
    return made_card(made_sample(ROWS))


@pytest.fixture
def backend() -> Iterator[Any]:
    with asked_by_default() as opened:
        yield opened


def both(card: Card, rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Scores in memory and in the engine, in one order."""
    numbered = with_column(rows, "subject_id", [f"91990100{place:010d}" for place in range(rows.num_rows)])
    mine = score(card, numbered).table
    theirs = score_expression(card, ibis.memtable(numbered)).order_by("subject_id").to_pyarrow()
    return mine, theirs.select(mine.column_names)


# --- Points ---------------------------------------------------------------------------------------------


def test_points_are_whole_numbers_and_add_up_to_the_score(card: Card) -> None:
    found = score(card, ROWS).table
    points = [found[name].to_numpy() for name in found.column_names if name.startswith("points_")]
    assert all(one.dtype == np.int64 for one in points)
    assert (card.base + np.sum(points, axis=0) == found["score"].to_numpy()).all()
    low, high = card.range()
    assert low <= min(found["score"].to_pylist()) < max(found["score"].to_pylist()) <= high


def test_more_of_what_is_bad_has_fewer_points(card: Card) -> None:
    (penalties,) = [one for one in card.variables if one.name == "penalties"]
    inner = penalties.points[:-2]
    assert list(inner) == sorted(inner, reverse=True)
    assert inner[0] > inner[-1]
    assert "noise" in card.left_out


def test_counts_of_bins_are_those_of_the_training_part(card: Card) -> None:
    train = made_sample(ROWS).between(None, DAYS[1])
    for one in card.variables:
        assert sum(one.bad) == int(train.outcomes.sum())
        assert sum(one.good) + sum(one.bad) == len(train)
        assert len(one.labels) == len(labels(one.split)) == len(one.points)


def test_a_missing_value_has_counts_and_a_weight_of_its_own(card: Card) -> None:
    age = next(one for one in card.variables if one.name == "age")
    width = age.split.width
    train = made_sample(ROWS).between(None, DAYS[1])
    assert age.good[width] + age.bad[width] == train.table["age"].null_count > 0
    share = (age.bad[width] + 0.5) / (age.good[width] + 0.5)
    assert math.copysign(1, age.weights[width]) == math.copysign(1, math.log(share * sum(age.good) / sum(age.bad)))


def test_what_was_never_seen_is_neutral_and_counted(card: Card) -> None:
    table = with_column(ROWS.slice(0, 4), "trade", ["fishing", None, "building", "fishing"])
    found = score(card, table)
    assert found.unseen["trade"] == 2
    assert found.missing["trade"] == 1
    # No trade was missing when the card was made: such a row gets nothing for it, and that is said.
    assert found.untold["trade"] == 1
    assert found.table["points_trade"].to_pylist()[0] == 0
    with asked_by_default():
        counted = score_expression(card, ibis.memtable(table)).order_by("subject_id").to_pyarrow()
    assert counted["unseen_count"].to_pylist() == [1, 0, 0, 1]
    assert counted["missing_count"].to_pylist()[1] >= 1


# --- The same everywhere ----------------------------------------------------------------------------------


def test_the_engine_has_the_same_points_at_every_bound(card: Card, backend: Any) -> None:
    values: list[float | None] = [None, math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300]
    for one in card.variables:
        for bound in one.split.splits:
            values += [bound, math.nextafter(bound, -math.inf), math.nextafter(bound, math.inf)]
    trades = [*TRADES, "fishing", None, "", "O'Brien"]
    rows = {
        "subject_kind": ["legal_person"] * len(values),
        "penalties": values,
        "age": values[::-1],
        "trade": [trades[place % len(trades)] for place in range(len(values))],
    }
    mine, theirs = both(card, pa.table({"subject_id": [""] * len(values), **rows}))
    assert theirs.to_pylist() == mine.to_pylist()
    assert len(set(mine["score"].to_pylist())) > 10


def test_numbers_of_any_type_have_the_same_points(card: Card, backend: Any) -> None:
    whole = ROWS.slice(0, 50)
    for kind in (pa.int32(), pa.int64(), pa.float32(), pa.decimal128(18, 2)):
        table = with_column(whole, "penalties", whole["penalties"].cast(kind))
        mine, theirs = both(card, table)
        assert theirs.to_pylist() == mine.to_pylist() == both(card, whole)[0].to_pylist()


def test_three_million_organisations_are_scored_inside_the_engine(card: Card, backend: Any) -> None:
    several = 3_000_000
    number = ibis.range(several).unnest().name("number").as_table()
    rows = number.select(
        subject_id="91990100" + number.number.cast("string").lpad(10, "0"),
        subject_kind=ibis.literal("legal_person"),
        penalties=(number.number % 7).cast("float64"),
        age=(number.number % 31).cast("float64"),
        trade=ibis.array(list(TRADES))[number.number % 3],
    )
    scored = score_expression(card, backend.create_table("many", rows))
    found = scored.agg(rows=scored.count(), total=scored.score.sum()).to_pyarrow().to_pylist()[0]
    places = np.arange(7 * 31 * 3)
    cycle = pa.table(
        {
            "subject_id": [f"91990100{one:010d}" for one in places],
            "subject_kind": ["legal_person"] * len(places),
            "penalties": (places % 7).astype(float),
            "age": (places % 31).astype(float),
            "trade": np.array(TRADES, object)[places % 3],
        }
    )
    points = score(card, cycle).table["score"].to_numpy()
    times = np.full(len(places), several // len(places))
    times[: several % len(places)] += 1
    assert (found["rows"], found["total"]) == (several, int(points @ times))


def test_a_card_is_loaded_in_another_process_without_the_libraries_that_made_it(card: Card, tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    (tmp_path / "made.json").write_text(card_text(card), "utf-8")
    pq.write_table(ROWS, tmp_path / "rows.parquet")
    arguments = [str(tmp_path / "made.json"), str(tmp_path / "rows.parquet")]
    done = subprocess.run([sys.executable, "-c", CODE, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    same, modules = done.stdout.splitlines()
    assert same == f"True {sum(score(card, ROWS).table['score'].to_pylist())}"
    assert modules == "[]"


def test_the_same_rows_make_the_same_file(card: Card) -> None:
    order = np.random.default_rng(3).permutation(ROWS.num_rows)
    assert card_text(made_card(made_sample(ROWS.take(order)))) == card_text(card)


def test_a_column_that_is_missing_or_of_another_kind_is_said(card: Card, backend: Any) -> None:
    for table in (ROWS.drop_columns("age"), with_column(ROWS, "age", ["1"] * ROWS.num_rows)):
        for ask in (lambda rows: score(card, rows), lambda rows: score_expression(card, ibis.memtable(rows))):
            with pytest.raises(ScorecardError) as found:
                ask(table)
            assert (found.value.code, found.value.where) == ("scorecard_column", "age")


# --- Reasons ---------------------------------------------------------------------------------------------


def test_reasons_of_each_organisation_add_up_to_its_score(card: Card) -> None:
    rows = ROWS.slice(0, 40)
    found = reasons(card, rows)
    assert found.column_names == list(REASON)
    per_subject = len(card.variables) + 1
    assert found.num_rows == 40 * per_subject
    wanted = score(card, rows).table
    points = found["points"].to_numpy().reshape(40, per_subject)
    assert points.sum(axis=1).tolist() == wanted["score"].to_pylist()
    assert found["subject_id"].to_pylist()[::per_subject] == wanted["subject_id"].to_pylist()
    lost = found["lost"].to_numpy().reshape(40, per_subject)
    assert (lost[:, 0] == 0).all()
    assert (np.diff(lost[:, 1:], axis=1) <= 0).all()
    assert found["rank"].to_pylist()[:per_subject] == list(range(per_subject))
    assert set(found["variable"].to_pylist()) == {"base", *(one.name for one in card.variables)}


# --- The file --------------------------------------------------------------------------------------------


def test_a_file_says_everything_and_reads_as_the_same_card(card: Card) -> None:
    text = card_text(card)
    assert parse_card(text.encode(), "made.json") == card
    content = json.loads(text)
    assert content["digest"] == card_digest(card)
    assert text == json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
    assert [one["digest"] for one in content["parts"]] == [one.digest for one in card.parts]
    assert {"splits", "weights", "points", "coefficient"} <= set(content["variables"][0])


def test_a_card_of_one_time_says_so_and_measures_rows_it_had_not_seen() -> None:
    card = cross_section(made_sample(ROWS), ABOUT, name="study", folds=3)
    assert card.protocol is Protocol.CROSS_SECTION
    assert json.loads(card_text(card))["protocol"] == "cross_section"
    assert [(one.name, one.rows) for one in card.parts] == [("all", ROWS.num_rows)]
    flattered = score(card, ROWS).table["score"].to_numpy()
    from sklearn.metrics import roc_auc_score

    found = card.find(Measure.AUC)
    assert found is not None
    assert 0.6 < found.value < roc_auc_score(ROWS["outcome"].to_numpy(), -flattered)
