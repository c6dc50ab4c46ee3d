"""Made-up organisations to fit cards on: some features tell something about the outcome, some nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa

from creditlab.scorecards import About, Beside, Card, Feature, FeatureKind, Sample, make_sample, out_of_time
from tests.spec.tiny import code

ABOUT = About(*(["made up for a test", "为测试虚构"] * 4))
NUMBER, CATEGORY = FeatureKind.NUMBER, FeatureKind.CATEGORY
DAYS = (date(2025, 3, 31), date(2025, 6, 30), date(2025, 9, 30))
KNOWN = (date(2025, 6, 30), date(2025, 9, 30), date(2025, 12, 31))
FEATURES = (
    Feature("penalties", NUMBER, "known_on"),
    Feature("age", NUMBER, "known_on"),
    Feature("trade", CATEGORY, "known_on"),
    Feature("noise", NUMBER, "known_on"),
)
TRADES = ("building", "catering", "transport")


def made_rows(rows: int = 600, seed: int = 7, strength: float = 1.5) -> pa.Table:
    """So many organisations on each of three days; `strength` is how much features tell."""
    chance = np.random.default_rng(seed)
    parts = []
    for place, (day, known) in enumerate(zip(DAYS, KNOWN, strict=True)):
        penalties = chance.poisson(1.5, rows).astype(float)
        age = chance.uniform(0, 30, rows)
        trade = chance.integers(0, len(TRADES), rows)
        logit = -1.2 + strength * (0.5 * (penalties - 1.5) - 0.05 * (age - 15) + 0.5 * (trade - 1))
        outcome = chance.random(rows) < 1 / (1 + np.exp(-logit))
        is_missing = chance.random(rows) < 0.1
        parts.append(
            pa.table(
                {
                    "subject_id": [code(number=place * rows + one) for one in range(rows)],
                    "subject_kind": ["legal_person"] * rows,
                    "scored_on": pa.array([day] * rows, pa.date32()),
                    "outcome_known_on": pa.array([known] * rows, pa.date32()),
                    "known_on": pa.array([day] * rows, pa.date32()),
                    "outcome": pa.array(outcome.astype(np.int8)),
                    "penalties": penalties,
                    "age": pa.array(age, mask=is_missing),
                    "trade": np.array(TRADES, object)[trade],
                    "noise": chance.random(rows),
                    "town": np.array(["east", "west"], object)[chance.integers(0, 2, rows)],
                }
            )
        )
    return pa.concat_tables(parts)


def with_column(table: pa.Table, name: str, values: Any) -> pa.Table:
    """The table with a column in a new one's, or an old one's place."""
    if name in table.column_names:
        return table.set_column(table.schema.get_field_index(name), name, pa.array(values))
    return table.append_column(name, pa.array(values))


def made_sample(
    table: pa.Table | None = None,
    features: Sequence[Feature] = FEATURES,
    *,
    groups: Sequence[str] = ("town",),
    besides: Sequence[Beside] = (),
) -> Sample:
    """A sample of made-up rows."""
    return make_sample(made_rows() if table is None else table, features, groups=groups, besides=besides)


def made_card(sample: Sample | None = None, name: str = "made", *, has_challenger: bool = False) -> Card:
    """A card that was fitted on the first day, calibrated on the second and tried on the third."""
    chosen = sample or made_sample()
    return out_of_time(
        chosen, ABOUT, name=name, calibrate_from=DAYS[1], test_from=DAYS[2], months=3, has_challenger=has_challenger
    )
