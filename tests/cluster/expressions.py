"""Everything that is asked of a lake, as expressions over an engine that is given: the same for every engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from creditlab.assessing import choose_methodology
from creditlab.assessment import Assessment, assess, existing
from creditlab.assessment.lines import lines
from creditlab.assessment.publicity import LISTED_BY, list_rules, listed
from creditlab.dossier import Held, hold
from creditlab.dossier.summary import summary
from creditlab.inputs import Inputs
from creditlab.lake import read_inputs
from creditlab.measures import delivery_counts, due_cells, fault_counts, left_items, measure
from creditlab.measures.coverage import SUBJECT, coverage_subjects, covered_since, subject_entries
from creditlab.measures.scope import Scope
from creditlab.measures.tally import GRAIN, OF_REGISTER, entries_tally, of_records, put_together, quarantine_tally
from creditlab.monitoring.disputes import disputed_since
from creditlab.periods import Period
from creditlab.profiles import profile
from creditlab.scorecards.expression import score_expression
from creditlab.scorecards.features import Meaning, features, happened
from creditlab.terms import Group
from creditlab.workspace import Workspace
from tests.cluster.card import CARD

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.sql import SQLBackend

EVERY = (Group.ITEM, Group.DEPARTMENT, Group.REGION, Group.MONTH)


@dataclass(frozen=True)
class Asked:
    """A lake, an engine that reads it, and the question: a period, as it stood on a day; or only what it would be."""

    workspace: Workspace
    backend: SQLBackend
    period: Period
    as_of: date
    is_carried_out: bool = True

    @cached_property
    def inputs(self) -> Inputs:
        return read_inputs(self.workspace, self.backend)

    @cached_property
    def scope(self) -> Scope:
        return Scope(self.inputs, self.period, self.as_of, EVERY)

    @cached_property
    def held(self) -> Held:
        return hold(self.workspace, self.backend, self.as_of)

    @cached_property
    def evidence(self) -> ir.Table:
        """Worked out once: what is made of it does not depend on how it was made."""
        found = self.held.evidence()
        return self.backend.create_table("evidence_made", found) if self.is_carried_out else found

    @cached_property
    def assessment(self) -> Assessment:
        methodology = choose_methodology(self.workspace, self.as_of)
        subjects = existing(self.held.inputs.subjects, methodology, self.as_of)
        return assess(self.evidence, subjects, methodology, self.as_of, is_searched=True)

    @cached_property
    def profiles(self) -> ir.Table:
        return profile(self.evidence, self.held.inputs.subjects, self.as_of, self.held.run_no)

    @cached_property
    def meaning(self) -> Meaning:
        editions = self.inputs.catalogue.editions
        return Meaning({item.item_code: item.data_format for one in editions for item in one.items}, self.held.rules)

    def tally(self) -> ir.Table:
        """What is kept of the measures' sums, in the grain in which it is kept."""
        inputs = self.inputs
        components = of_records(inputs.catalogue) + OF_REGISTER
        entries = entries_tally(inputs.entries, components, GRAIN, inputs.subjects)
        return put_together([entries, quarantine_tally(inputs.quarantine, GRAIN)], GRAIN)

    def brought_up(self) -> ir.Table:
        """What subjects' coverage comes to, counted from an earlier day's."""
        before = replace(self.scope, as_of=self.period.start)
        touched = subject_entries(self.scope).select(SUBJECT).distinct()
        return covered_since(self.scope, coverage_subjects(before), touched, self.inputs.run_no, before.as_of)

    def lists(self) -> ir.Table:
        rules = list_rules(self.inputs.catalogue)
        return listed(self.evidence.select(*LISTED_BY), self.held.inputs.subjects, rules, self.held.rules)

    def features(self) -> ir.Table:
        return features(self.evidence, self.held.inputs.subjects, self.meaning, self.as_of, 12)


#: Each expression; one row of its result is told from others by all of its columns.
EXPRESSIONS: Mapping[str, Callable[[Asked], ir.Table]] = {
    "measures": lambda one: measure(one.inputs, one.period, one.as_of, EVERY),
    "deliveries counted": lambda one: delivery_counts(one.inputs, one.period, one.as_of, EVERY[:3]),
    "faults counted": lambda one: fault_counts(one.inputs, one.period, one.as_of, EVERY[:1]),
    "items that left": lambda one: left_items(one.inputs, one.period, one.as_of),
    "due cells": lambda one: due_cells(one.inputs, one.period, one.as_of),
    "sums that are kept": Asked.tally,
    "coverage brought up": Asked.brought_up,
    "open disputes": lambda one: disputed_since(one.inputs, one.as_of),
    "evidence": lambda one: one.evidence,
    "profiles": lambda one: one.profiles,
    "profiles summed up": lambda one: summary(one.profiles),
    "lists": Asked.lists,
    "assessments": lambda one: one.assessment.detailed(),
    "points by indicator": lambda one: one.assessment.indicator_points(),
    "lines": lambda one: lines(one.assessment.evidence, one.assessment.lookup, is_whole=True),
    "findings": lambda one: one.assessment.findings(is_chinese=True),
    "features": Asked.features,
    "who was penalised": lambda one: happened(one.evidence, one.meaning, one.period.start, one.as_of),
    "scores of a card": lambda one: score_expression(CARD, one.features()),
}
