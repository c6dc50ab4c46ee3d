"""Scorecards: statistical models that say what they are worth, and may be released only if they are worth it.

A card is fitted on a sample of organisations, tried on a later time, kept as JSON, and put on rows in memory or inside
the engine with the same points. The libraries that it is fitted with are the extra `model`; a card is read, put on rows
and explained without them.
"""

from creditlab.scorecards.card import About, Card, Measured, Part, Protocol, Variable
from creditlab.scorecards.cardfile import card_digest, card_text, parse_card, read_card
from creditlab.scorecards.expression import score_expression
from creditlab.scorecards.gates import Gate, Reason, hold, refuse_broken, suspects
from creditlab.scorecards.measures import Measure
from creditlab.scorecards.persons import Identifier
from creditlab.scorecards.protocols import cross_section, out_of_time
from creditlab.scorecards.reasons import REASON, reasons
from creditlab.scorecards.sample import Beside, Feature, FeatureKind, Sample, distinct_rows, make_sample
from creditlab.scorecards.scoring import Scored, score

__all__ = [
    "REASON",
    "About",
    "Beside",
    "Card",
    "Feature",
    "FeatureKind",
    "Gate",
    "Identifier",
    "Measure",
    "Measured",
    "Part",
    "Protocol",
    "Reason",
    "Sample",
    "Scored",
    "Variable",
    "card_digest",
    "card_text",
    "cross_section",
    "distinct_rows",
    "hold",
    "make_sample",
    "out_of_time",
    "parse_card",
    "read_card",
    "reasons",
    "refuse_broken",
    "score",
    "score_expression",
    "suspects",
]
