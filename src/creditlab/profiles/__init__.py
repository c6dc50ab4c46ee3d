"""Profiles: how organisations stand, item by item, from the records that are held about them."""

from creditlab.profiles.evidence import EVIDENCE, ORGANISATIONS, ROW, Known, evidence, standing
from creditlab.profiles.profile import OF_EVIDENCE, PROFILE, profile
from creditlab.profiles.publication import PublicationRules, RuleSet, Span, read_rules

__all__ = [
    "EVIDENCE",
    "OF_EVIDENCE",
    "ORGANISATIONS",
    "PROFILE",
    "ROW",
    "Known",
    "PublicationRules",
    "RuleSet",
    "Span",
    "evidence",
    "profile",
    "read_rules",
    "standing",
]
