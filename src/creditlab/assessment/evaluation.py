"""Assess organisations by a methodology: who, by which records, with which score and level, and why.

Pure: Ibis tables and a methodology in, Ibis tables out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from creditlab.assessment.lines import findings, lines
from creditlab.assessment.lookup import Lookup
from creditlab.assessment.methodology import Methodology
from creditlab.assessment.persons import refuse_persons
from creditlab.assessment.scoring import indicator_points, scores
from creditlab.errors import MethodologyError
from creditlab.terms import ASSESSMENT

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Assessment:
    """Organisations as a methodology sees them on a day. Make one with `assess`.

    Attributes
    ----------
    evidence
        One row per record of an organisation.
    subjects
        One row per assessed subject: subject_id, subject_kind, region_code.
    lookup
        The methodology on the day.
    """

    evidence: ir.Table
    subjects: ir.Table
    lookup: Lookup

    @property
    def methodology(self) -> Methodology:
        """The methodology."""
        return self.lookup.methodology

    def table(self) -> ir.Table:
        """ASSESSMENT columns: one row per assessed subject; without information there is no score and no level."""
        return self.detailed().select(*ASSESSMENT)

    def detailed(self) -> ir.Table:
        """As `table`, with score_level (by the score alone) and is_overridden beside it."""
        return scores(self.indicator_points(), self.subjects, self.lookup)

    def indicator_points(self) -> ir.Table:
        """One row per subject and indicator_no that adds points, capped; see `scoring.indicator_points`."""
        return indicator_points(lines(self.evidence, self.lookup), self.lookup)

    def findings(self, *, is_chinese: bool = False) -> ir.Table:
        """FINDING columns: one row per record of an assessed subject and rule that looks at its item.

        `points` are those of the record before caps; what was left out says why, and has 0.
        """
        own = self.evidence.semi_join(self.subjects, "subject_id")
        return findings(lines(own, self.lookup, is_whole=True), self.lookup, is_chinese=is_chinese)


def assess(
    evidence: ir.Table, subjects: ir.Table, methodology: Methodology, as_of: date, *, is_searched: bool = False
) -> Assessment:
    """Assess organisations as they stood on a day.

    Parameters
    ----------
    evidence
        One row per record of an organisation on the day, as known at a run (`profiles.evidence`).
    subjects
        Whom to assess: subject_id, subject_kind, region_code; once each.
    methodology
        Approved or a draft; which of them may be used for what is the caller's business.
    as_of
        The day.
    is_searched
        Whether the records were searched for natural persons already, as `profiles.evidence` does: to do it twice costs
        as much as to assess them. Subjects are searched in any case.

    Raises
    ------
    MethodologyError
        If the methodology is not in force on the day.
    PersonError
        If a subject, or a record, is about a natural person (Article 4).
    """
    if not methodology.holds_on(as_of):
        span = f"{methodology.effective_from} to {methodology.effective_until}"
        what, do = "a methodology is not in force on the day", f"It is from {span}; name such a day."
        raise MethodologyError("not_in_force", what, where=methodology.name, do=do)
    refuse_persons(subjects, "subjects")
    if not is_searched:
        refuse_persons(evidence.select("subject_id", "subject_kind"), "records")
    kinds = [str(one) for one in methodology.subject_kinds]
    chosen = subjects.filter(subjects.subject_kind.isin(kinds))
    return Assessment(evidence, chosen, Lookup.of(methodology, as_of))


def existing(register: ir.Table, methodology: Methodology, as_of: date) -> ir.Table:
    """The subjects of a register that a methodology assesses on a day.

    Returns
    -------
    ibis Table
        One row per subject of its kinds that was registered by the day and not deregistered: subject_id, subject_kind,
        region_code. A subject without a day of registration exists.
    """
    kinds = [str(one) for one in methodology.subject_kinds]
    is_there = (register.registered_on <= as_of).fill_null(True) & (register.deregistered_on > as_of).fill_null(True)
    rows = register.filter(register.subject_kind.isin(kinds), is_there)
    return rows.select("subject_id", "subject_kind", "region_code")
