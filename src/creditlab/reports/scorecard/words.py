"""What a model card calls its gates, groups, rates, the answers beside it, and the features that creditlab makes."""

from __future__ import annotations

from creditlab.messages import N_
from creditlab.scorecards import Gate, Measure
from creditlab.scorecards.challenger import NAME as CHALLENGER
from creditlab.scorecards.fitting import Why

GATES = {
    Gate.PROTOCOL: N_("Tried on a later time than it was fitted on"),
    Gate.BRIER: N_("Brier score better than that of one share for everybody"),
    Gate.LEAK: N_("No variable alone adds more than 0.10 of AUC without a signed reason"),
}
BESIDES = {
    "card": N_("This card"),
    "levels": N_("The rule-based levels (score of the methodology in force)"),
    CHALLENGER: N_("Challenger: explainable boosting machine"),
}
GROUPS = {
    "registered_region": N_("Region of registration"),
    "industry": N_("Industry"),
    "size": N_("Records held, in place of size"),
}
RATES = {
    Measure.SELECTED: N_("Selected, of all"),
    Measure.SELECTED_BAD: N_("Selected, of those with the outcome"),
    Measure.SELECTED_GOOD: N_("Selected, of the others"),
}
PARTS = {
    "train": N_("Fitted on"),
    "calibrate": N_("Calibrated on"),
    "test": N_("Tried on"),
    "all": N_("Fitted and tried on"),
}
FEATURES = {
    "contract_count": N_("Contracts"),
    "evaluation_count": N_("Evaluations by departments"),
    "honour_count": N_("Honours held"),
    "inspection_count": N_("Inspections"),
    "judgment_count": N_("Judgments"),
    "licence_count": N_("Licences"),
    "list_entry_count": N_("Entries of lists"),
    "penalty_count": N_("Penalties held"),
    "qualification_count": N_("Qualifications"),
    "registration_count": N_("Registrations"),
    "record_count": N_("All records"),
    "adverse_count": N_("Adverse records"),
    "adverse_recent_count": N_("Recent adverse records"),
    "broken_count": N_("Promises, duties and requirements not kept"),
    "kept_count": N_("Promises, duties and requirements kept"),
    "days_since_adverse": N_("Days since the last adverse record"),
    "fined": N_("Sum of penalties, yuan"),
    "days_registered": N_("Days since registration"),
    "industry": N_("Industry"),
    "organisation_kind": N_("Kind of organisation"),
    "score": N_("Score"),
}
WHY = {
    Why.CONSTANT: N_("nothing to split"),
    Why.UNINFORMATIVE: N_("information value below 0.02"),
    Why.CHANCE: N_("no more than chance gives"),
    Why.REVERSED: N_("its weight would point the other way"),
}
MISSING, UNSEEN = N_("no value"), N_("a category never seen")
