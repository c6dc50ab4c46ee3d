"""What the report on a methodology calls its gates, industries and kinds of subjects."""

from __future__ import annotations

from creditlab.assessment.gates import Gate
from creditlab.messages import N_
from creditlab.reports.methodology.cube import Direction
from creditlab.terms import SubjectKind

#: A gate, and what is held against its bound.
GATES = {
    Gate.NEAR: N_("Organisations with records that are near a bound of levels"),
    Gate.WEIGHT: N_("Effective weight of the weightiest indicator"),
    Gate.INFORMATION: N_("Organisations that have a score"),
    Gate.STABLE: N_("Levels that stay when all weights and bounds are drawn at once"),
    Gate.MONOTONE: N_("Adverse outcomes become more frequent from grade to grade"),
}
KINDS = {
    SubjectKind.LEGAL_PERSON: N_("Legal persons"),
    SubjectKind.UNINCORPORATED_ORGANISATION: N_("Unincorporated organisations"),
    SubjectKind.GOVERNMENT_BODY: N_("Government bodies"),
}
DIRECTIONS = {
    Direction.HIGHER: N_("At a higher level"),
    Direction.SAME: N_("At the same level"),
    Direction.LOWER: N_("At a lower level"),
    Direction.CAME: N_("At a level now, at none before"),
    Direction.WENT: N_("At a level before, at none now"),
    Direction.NEITHER: N_("At no level on either day"),
}
#: The sections of GB/T 4754-2017.
INDUSTRIES = {
    "A": N_("Agriculture, forestry, animal husbandry and fishery"),
    "B": N_("Mining"),
    "C": N_("Manufacturing"),
    "D": N_("Electricity, heat, gas and water"),
    "E": N_("Construction"),
    "F": N_("Wholesale and retail"),
    "G": N_("Transport, storage and post"),
    "H": N_("Accommodation and catering"),
    "I": N_("Information, software and technology services"),
    "J": N_("Finance"),
    "K": N_("Real estate"),
    "L": N_("Leasing and business services"),
    "M": N_("Scientific research and technical services"),
    "N": N_("Water, environment and public facilities"),
    "O": N_("Residents' services and repair"),
    "P": N_("Education"),
    "Q": N_("Health and social work"),
    "R": N_("Culture, sports and entertainment"),
    "S": N_("Public administration and social organisations"),
    "T": N_("International organisations"),
}
