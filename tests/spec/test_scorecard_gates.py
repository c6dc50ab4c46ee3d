"""What may be released: a card tried later, better than a constant, without a leak that nobody signed for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from creditlab.assessment import Approval
from creditlab.errors import ExtraError, ScorecardError
from creditlab.scorecards import (
    Beside,
    Card,
    Feature,
    FeatureKind,
    Gate,
    Measure,
    Reason,
    card_digest,
    cross_section,
    extra,
    hold,
    refuse_broken,
    suspects,
)
from creditlab.scorecards.sealing import Seal, read_seal, seal_text
from tests.spec.cards import ABOUT, FEATURES, NUMBER, made_card, made_rows, made_sample, with_column

ROWS = made_rows(800)
HINT = Feature("hint", NUMBER, "known_on")
APPROVAL = Approval("nobody", "1", date(2025, 12, 31))
SIGNED = Reason("hint", "It is what the law asks first.", "nobody", "1", date(2025, 12, 31))


def told(share: float) -> Card:
    """A card with a feature that knows the outcome of such a share of organisations."""
    chance = np.random.default_rng(11)
    outcomes = ROWS["outcome"].to_numpy().astype(np.int64)
    knows = chance.random(len(outcomes)) < share
    values = np.where(knows, outcomes, chance.random(len(outcomes)) < outcomes.mean())
    return made_card(made_sample(with_column(ROWS, "hint", values.astype(float)), [*FEATURES, HINT]))


def refused(rule: str, card: Card, explained: tuple[str, ...] = ()) -> ScorecardError:
    with pytest.raises(ScorecardError) as found:
        refuse_broken(card, explained)
    assert found.value.code == f"scorecard_{rule}"
    return found.value


@pytest.fixture(scope="module")
def plain() -> Card:
    """A card of one variable that tells too little to look like a leak."""
    weaker = made_rows(1_500, strength=0.9)
    return made_card(made_sample(weaker, [one for one in FEATURES if one.name == "trade"]))


@pytest.fixture(scope="module")
def leaking() -> Card:
    return told(0.5)


def test_a_card_tried_later_and_better_than_a_constant_may_be_released(plain: Card) -> None:
    assert hold(plain) == {Gate.PROTOCOL: True, Gate.BRIER: True, Gate.LEAK: True}
    refuse_broken(plain)


def test_a_card_of_one_time_may_not_whatever_it_claims(plain: Card) -> None:
    study = cross_section(made_sample(ROWS, [FEATURES[2]]), ABOUT, name="study", folds=3)
    refused("protocol", study)
    assert hold(study)[Gate.BRIER]


def test_no_better_than_the_constant_is_not_good_enough(plain: Card) -> None:
    brier, constant = plain.find(Measure.BRIER), plain.find(Measure.BRIER_CONSTANT)
    assert brier is not None
    assert constant is not None
    same = tuple(replace(one, part=constant.part) if one == brier else one for one in plain.measured)
    refused("brier", replace(plain, measured=same))
    unknown = tuple(one for one in plain.measured if one != brier)
    refused("brier", replace(plain, measured=unknown))
    better = tuple(replace(one, part=constant.part - 1) if one == brier else one for one in plain.measured)
    refuse_broken(replace(plain, measured=better))


def test_a_variable_that_alone_adds_more_than_a_tenth_needs_a_signed_reason(leaking: Card) -> None:
    assert "hint" in suspects(leaking)
    others = tuple(one for one in suspects(leaking) if one != "hint")
    said = refused("leak", leaking, others)
    assert said.where == "hint"
    refuse_broken(leaking, ("hint", *others))


def test_the_bound_is_a_tenth_exactly(plain: Card) -> None:
    (trade,) = plain.variables
    for alone, is_one in (((60, 100), False), ((601, 1_000), True), ((0, 0), False)):
        card = replace(plain, variables=(replace(trade, alone=alone),))
        assert (suspects(card) == ("trade",)) is is_one


DISGUISES = {
    "as it is": lambda outcomes, noise: outcomes,
    "with noise": lambda outcomes, noise: 1000 * outcomes + noise,
    "turned": lambda outcomes, noise: noise - 9 * outcomes,
    "in the middle": lambda outcomes, noise: np.where(outcomes == 1, noise, 50 * np.sign(noise) + noise),
    "nearly always": lambda outcomes, noise: np.where(np.arange(len(noise)) % 200 == 0, 0, 30 * outcomes + noise),
    "only where it happened": lambda outcomes, noise: np.where(outcomes == 1, noise, np.nan),
    "only where it did not": lambda outcomes, noise: np.where(outcomes == 0, noise, np.nan),
}


@pytest.mark.parametrize("disguise", DISGUISES.values(), ids=list(DISGUISES))
def test_the_outcome_in_disguise_makes_no_card_at_all(disguise: Any) -> None:
    outcomes = ROWS["outcome"].to_numpy().astype(np.int64)
    values = disguise(outcomes, np.random.default_rng(3).normal(0, 1, len(outcomes)))
    disguised = with_column(ROWS, "hint", np.asarray(values, float))
    with pytest.raises(ScorecardError) as found:
        made_card(made_sample(disguised, [*FEATURES, HINT]))
    assert (found.value.code, found.value.where) == ("scorecard_disguised", "hint")


def test_a_category_can_be_a_disguise_too() -> None:
    texts = np.where(ROWS["outcome"].to_numpy() == 1, "closed", "open").astype(object)
    hint = Feature("hint", FeatureKind.CATEGORY, "known_on")
    with pytest.raises(ScorecardError) as found:
        made_card(made_sample(with_column(ROWS, "hint", texts), [*FEATURES, hint]))
    assert (found.value.code, found.value.where) == ("scorecard_disguised", "hint")


# --- The seal -------------------------------------------------------------------------------------------


def test_a_seal_keeps_who_released_and_every_reason(leaking: Card) -> None:
    seal = Seal(APPROVAL, (SIGNED,))
    digest = card_digest(leaking)
    assert read_seal("made", seal_text(digest, seal), digest) == seal


@pytest.mark.parametrize(
    ("before", "after"),
    [("nobody", 'some\\"body'), ("digest = ", "digest_ = "), ("sha256", "md5"), ("2025-12-31", "2025-12-31T00:00:00")],
)
def test_a_seal_that_was_changed_is_noticed(plain: Card, before: str, after: str) -> None:
    digest = card_digest(plain)
    text = seal_text(digest, Seal(APPROVAL, (SIGNED,)))
    if before == "nobody":
        assert read_seal("made", text.replace(before, after), digest).approval.by == 'some"body'
        digest = "0" * 64
    with pytest.raises(ScorecardError) as found:
        read_seal("made", text.replace(before, after), digest)
    assert found.value.code == "scorecard_changed"


@pytest.mark.parametrize("text", ["", "  ", "two\nlines", "\u202eback"])
def test_a_reason_is_said_on_one_line(plain: Card, text: str) -> None:
    with pytest.raises(ScorecardError) as found:
        seal_text(card_digest(plain), Seal(APPROVAL, (replace(SIGNED, text=text),)))
    assert found.value.code == "scorecard_approval"


# --- Beside ---------------------------------------------------------------------------------------------


def test_other_answers_are_measured_on_the_same_rows_and_the_challenger_too() -> None:
    chance = np.random.default_rng(2)
    outcomes = ROWS["outcome"].to_numpy().astype(np.int64)
    table = with_column(ROWS, "official", 1000 - 100 * outcomes + chance.normal(0, 100, len(outcomes)))
    table = with_column(table, "guess", np.where(chance.random(len(outcomes)) < 0.5, "a", "b").astype(object))
    besides = [Beside("official", "official", is_safer=True, within="guess"), Beside("guess", "guess")]
    card = made_card(made_sample(table, besides=besides), has_challenger=True)
    found = {one: card.find(Measure.AUC, one) for one in ("card", "official", "guess", "challenger")}
    values = {name: one.value for name, one in found.items() if one is not None}
    assert len(values) == 4
    assert 0.70 < values["official"] < 0.82
    assert abs(values["guess"] - 0.5) < 0.08
    assert abs(values["challenger"] - values["card"]) < 0.08
    rows = {one.whole for name in values for one in card.measured if (one.of, one.measure) == (name, Measure.OUTCOMES)
            and not one.group}  # fmt: skip
    assert rows == {800}
    within = card.find(Measure.AUC_WITHIN, "official", "guess")
    assert within is not None
    # The guess knows nothing, so holding it fixed takes nothing away.
    assert abs(within.value - values["official"]) < 0.03


def test_groups_drift_and_fairness_are_of_the_rows_that_it_was_tried_on(leaking: Card) -> None:
    towns = [one for one in leaking.measured if one.measure == Measure.OUTCOMES and one.group == "town"]
    whole = leaking.find(Measure.OUTCOMES)
    assert whole is not None
    assert sum(one.whole for one in towns) == whole.whole == 800
    assert sum(one.part for one in towns) == whole.part
    quarters = {one.member for one in leaking.measured if one.measure == Measure.STABILITY}
    assert quarters == {"2025Q1", "2025Q2", "2025Q3"}
    same = leaking.find(Measure.STABILITY, "card", "score", "2025Q1")
    assert same is not None
    assert same.value < 0.001


# --- The extra ------------------------------------------------------------------------------------------


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "LIBRARIES", ("optbinning", "no_such_library"))
    with pytest.raises(ExtraError) as found:
        made_card(made_sample(ROWS))
    assert found.value.code == "extra_missing"
    assert found.value.where == "no_such_library"
    assert "creditlab[model]" in found.value.do
