"""What a card may be fitted on: rows, features and outcomes that would flatter it are refused. All data is made up."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from creditlab.errors import ExitStatus, ScorecardError
from creditlab.scorecards import (
    Feature,
    FeatureKind,
    Gate,
    cross_section,
    distinct_rows,
    hold,
    make_sample,
    refuse_broken,
)
from tests.spec.cards import ABOUT, DAYS, FEATURES, NUMBER, made_card, made_rows, made_sample, with_column

ROWS = made_rows(200)


def refused(rule: str, ask: Any) -> ScorecardError:
    with pytest.raises(ScorecardError) as found:
        ask()
    assert (found.value.code, found.value.exit_status) == (f"scorecard_{rule}", ExitStatus.REFUSED)
    return found.value


# --- Time -------------------------------------------------------------------------------------------


def test_a_value_from_the_future_is_refused_and_one_of_the_day_itself_is_not() -> None:
    days = ROWS["known_on"].to_pylist()
    days[5] += timedelta(days=1)
    late = with_column(ROWS, "known_on", pa.array(days, pa.date32()))
    said = refused("future", lambda: made_sample(late))
    assert "1 rows" in said.where
    assert len(made_sample(ROWS)) == 600


def test_a_value_that_says_no_day_is_refused_unless_it_is_missing_too() -> None:
    days = ROWS["known_on"].to_pylist()
    days[5] = None
    undated = with_column(ROWS, "known_on", pa.array(days, pa.date32()))
    refused("future", lambda: made_sample(undated))
    gone = undated
    for name in ("penalties", "age", "trade", "noise"):
        values = gone[name].to_pylist()
        values[5] = None
        gone = with_column(gone, name, values)
    assert len(made_sample(gone)) == 600


def test_an_outcome_known_before_the_day_is_refused() -> None:
    early = with_column(ROWS, "outcome_known_on", pa.array([date(2025, 1, 1)] * 600, pa.date32()))
    refused("past", lambda: made_sample(early))


def test_an_outcome_that_was_not_known_when_the_test_begins_teaches_nothing() -> None:
    late = with_column(ROWS, "outcome_known_on", pa.array([DAYS[2] + timedelta(days=1)] * 600, pa.date32()))
    refused("overlap", lambda: made_card(made_sample(late)))


# --- What may be a feature ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["department", "Inspector_Assigned", "reporting_unit", "reporting_region", "region_code", "provider", "报送单位"],
)
def test_who_reported_or_inspected_and_where_from_is_no_feature(name: str) -> None:
    table = with_column(ROWS, name, ["x"] * 600)
    said = refused("feature", lambda: made_sample(table, [Feature(name, FeatureKind.CATEGORY, "known_on")]))
    assert said.where == name


@pytest.mark.parametrize("name", ["outcome", "subject_id", "scored_on", "outcome_known_on"])
def test_the_outcome_the_subject_and_the_days_are_no_features(name: str) -> None:
    refused("feature", lambda: made_sample(ROWS, [Feature(name, NUMBER, "known_on")]))


def test_features_are_named_once_and_at_least_one() -> None:
    refused("feature", lambda: made_sample(ROWS, []))
    refused("feature", lambda: made_sample(ROWS, [FEATURES[0], FEATURES[0]]))
    refused("column", lambda: made_sample(ROWS, [Feature("absent", NUMBER, "known_on")]))


def test_a_text_where_numbers_are_wanted_is_refused_without_showing_it() -> None:
    table = with_column(ROWS, "age", ["VERTRAULICH"] * 600)
    said = refused("column", lambda: made_sample(table))
    assert "VERTRAULICH" not in str(said)


# --- Bad rows -----------------------------------------------------------------------------------------


def test_a_subject_stands_once_a_day() -> None:
    refused("twice", lambda: made_sample(pa.concat_tables([ROWS, ROWS.slice(0, 1)])))
    kept, dropped = distinct_rows(pa.concat_tables([ROWS, ROWS.slice(0, 3)]))
    assert (kept.equals(ROWS.combine_chunks()), dropped) == (True, 3)
    assert distinct_rows(ROWS.slice(0, 0))[1] == 0


@pytest.mark.parametrize("value", [2, -1, None])
def test_an_outcome_is_0_or_1(value: int | None) -> None:
    outcomes = ROWS["outcome"].to_pylist()
    outcomes[0] = value
    refused("outcome", lambda: made_sample(with_column(ROWS, "outcome", outcomes)))


@pytest.mark.parametrize("value", [0, 1])
def test_one_class_only_is_refused(value: int) -> None:
    sample = made_sample(with_column(ROWS, "outcome", [value] * 600))
    refused("too_few", lambda: made_card(sample))
    refused("too_few", lambda: cross_section(sample, ABOUT, name="made"))


def test_five_rows_are_too_few() -> None:
    sample = made_sample(ROWS.slice(0, 5))
    said = refused("too_few", lambda: cross_section(sample, ABOUT, name="made"))
    assert "of 5" in said.where
    refused("too_few", lambda: made_card(sample))


def test_without_a_usable_variable_there_is_no_card() -> None:
    nothing = {
        "constant": [1.0] * 600,
        "empty": pa.nulls(600, pa.float64()),
        "void": pa.nulls(600, pa.string()),
        "infinite": [np.inf] * 600,
    }
    table = ROWS
    for name, values in nothing.items():
        table = with_column(table, name, values)
    kinds = {name: FeatureKind.CATEGORY if name == "void" else NUMBER for name in nothing}
    features = [Feature(name, kind, "known_on") for name, kind in kinds.items()]
    said = refused("no_variable", lambda: made_card(made_sample(table, features)))
    assert said.what == "no usable variable"


@pytest.mark.parametrize("seed", range(4))
def test_noise_makes_no_card_or_none_that_may_be_released(seed: int) -> None:
    """Bins are drawn where noise looks best, so it may pass as a variable; what comes later unmasks it."""
    noise = made_sample(made_rows(1_000, seed), [Feature("noise", NUMBER, "known_on")])
    refusal, card = None, None
    try:
        card = made_card(noise)
    except ScorecardError as found:
        refusal = found.code
    if card is None:
        assert refusal in {"scorecard_no_variable", "scorecard_reversed"}
    else:
        assert not hold(card)[Gate.BRIER]
        refused("brier", lambda: refuse_broken(card))


def test_texts_of_any_make_are_the_same_category() -> None:
    """pandas and Arrow have several kinds of texts."""
    import pandas as pd

    rows = made_rows()
    first = made_card(made_sample(rows))
    for values in (
        rows["trade"].cast(pa.large_string()),
        rows["trade"].combine_chunks().dictionary_encode(),
        pa.Array.from_pandas(pd.Series(rows["trade"].to_pylist(), dtype="string")),
        pa.Array.from_pandas(pd.Series(rows["trade"].to_pylist(), dtype="category")),
    ):
        table = rows.set_column(rows.schema.get_field_index("trade"), "trade", values)
        assert made_card(made_sample(table)) == first


def test_the_digest_is_of_the_rows_and_not_of_their_order() -> None:
    sample = made_sample(ROWS)
    order = np.random.default_rng(1).permutation(600)
    assert made_sample(ROWS.take(order)).digest == sample.digest
    ages = ROWS["age"].to_pylist()
    ages[3] = 99.0
    assert made_sample(with_column(ROWS, "age", ages)).digest != sample.digest


def test_a_sample_needs_no_engine_and_keeps_only_what_it_is_asked_for() -> None:
    sample = make_sample(with_column(ROWS, "secret", ["x"] * 600), FEATURES)
    assert "secret" not in sample.table.column_names
