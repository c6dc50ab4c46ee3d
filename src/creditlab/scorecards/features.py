"""What is known about organisations on a day, and what happened to them after it: expressions over evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import ibis

from creditlab.assessment.bands import months_later
from creditlab.profiles import PublicationRules
from creditlab.profiles.publication import BROKEN, KEPT
from creditlab.profiles.size import size_of
from creditlab.scorecards.sample import Feature, FeatureKind
from creditlab.terms import Nature, SubjectKind

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: What of EVIDENCE is needed.
OF_EVIDENCE = (
    "subject_id", "subject_kind", "item_code", "event_date", "received_on", "amount", "nature", "outcome", "left_out",
)  # fmt: skip
#: Whom a card may be about: government bodies are not penalised like enterprises.
KINDS = (SubjectKind.LEGAL_PERSON, SubjectKind.UNINCORPORATED_ORGANISATION)
#: Record schemas whose adverse records are penalties, and those whose broken ones are judgments not performed.
PENALTIES, JUDGMENTS = ("penalty",), ("judgment",)
GROUPS = ("registered_region", "industry", "size")
RECORDS_ON, REGISTER_ON = "records_known_on", "register_known_on"


@dataclass(frozen=True)
class Meaning:
    """What records mean.

    Attributes
    ----------
    formats
        The record schema of each item.
    rules
        What the values of outcomes mean.
    """

    formats: Mapping[str, str]
    rules: PublicationRules

    def known_formats(self) -> tuple[str, ...]:
        """The record schemas, in order."""
        return tuple(sorted(set(self.formats.values())))

    def is_of(self, rows: ir.Table, *data_formats: str) -> ir.BooleanValue:
        """Whether a record is of one of some schemas."""
        return rows.item_code.isin([item for item, name in self.formats.items() if name in data_formats])

    def means(self, rows: ir.Table, meaning: str, *data_formats: str) -> ir.BooleanValue:
        """Whether a record's outcome has a meaning."""
        found = ibis.literal(False)
        for name in data_formats or self.known_formats():
            values = self.rules.outcomes[name].values(meaning) if name in self.rules.outcomes else ()
            if values:
                found |= self.is_of(rows, name) & rows.outcome.isin(values).fill_null(False)
        return found


def features_of(meaning: Meaning) -> tuple[Feature, ...]:
    """The features that `features` makes."""
    counts = [f"{name}_count" for name in meaning.known_formats()]
    counts += ["record_count", "adverse_count", "adverse_recent_count", "broken_count", "kept_count"]
    numbers = [Feature(name, FeatureKind.NUMBER, RECORDS_ON) for name in (*counts, "days_since_adverse", "fined")]
    register = [
        Feature("days_registered", FeatureKind.NUMBER, REGISTER_ON),
        Feature("industry", FeatureKind.CATEGORY, REGISTER_ON),
        Feature("organisation_kind", FeatureKind.CATEGORY, REGISTER_ON),
    ]
    return (*numbers, *register)


def features(evidence: ir.Table, register: ir.Table, meaning: Meaning, as_of: date, recent_months: int) -> ir.Table:
    """What is known about organisations on a day.

    Parameters
    ----------
    evidence
        One row per record, as it stood on the day and was known then, with OF_EVIDENCE.
    register
        The subject register.
    meaning
        What records mean.
    as_of
        The day.
    recent_months
        How many months back is recent.

    Returns
    -------
    ibis Table
        One row per organisation of KINDS that existed on the day: subject_id, subject_kind, scored_on, the features,
        the groups, and for each source of features the day since which it was available: RECORDS_ON, the last receipt
        of a record that counts (the day itself where there is none), and REGISTER_ON. Counts are 0 where there is no
        record; days_since_adverse, days_registered and industry are null where nothing is known.
    """
    kinds = [str(one) for one in KINDS]
    is_there = (register.registered_on <= as_of).fill_null(True) & (register.deregistered_on > as_of).fill_null(True)
    subjects = register.filter(register.subject_kind.isin(kinds), is_there)
    rows = evidence.filter(evidence.left_out.isnull())
    is_adverse = rows.nature.isin([str(Nature.NEGATIVE), str(Nature.SERIOUS)]).fill_null(False)
    day = ibis.date(as_of)
    sums: dict[str, ir.Value] = {f"{name}_count": meaning.is_of(rows, name).sum() for name in meaning.known_formats()}
    since = ibis.date(months_later(as_of, -recent_months))
    sums |= {
        "record_count": rows.count(),
        "adverse_count": is_adverse.sum(),
        "adverse_recent_count": (is_adverse & (rows.event_date > since)).sum(),
        "broken_count": meaning.means(rows, BROKEN).sum(),
        "kept_count": meaning.means(rows, KEPT).sum(),
        "days_since_adverse": day.delta(rows.event_date.max(where=is_adverse), unit="day"),
        "fined": rows.amount.sum(where=is_adverse & meaning.is_of(rows, *PENALTIES)),
    }
    summed = rows.group_by("subject_id").agg(**sums, **{RECORDS_ON: rows.received_on.max()})
    found = subjects.left_join(summed, "subject_id").drop("subject_id_right")
    counted = [name for name in sums if name != "days_since_adverse"]
    values = {name: found[name].cast("float64").fill_null(0.0) for name in counted}
    industry = found.industry_code.substr(0, 1).nullif("")
    return found.select(
        "subject_id",
        "subject_kind",
        scored_on=day,
        **values,
        days_since_adverse=found.days_since_adverse.cast("float64"),
        days_registered=day.delta(found.registered_on, unit="day").cast("float64"),
        industry=industry,
        organisation_kind=found.subject_kind,
        registered_region=found.region_code,
        size=size_of(found.record_count),
        **{RECORDS_ON: found[RECORDS_ON].fill_null(day), REGISTER_ON: day},
    )


def happened(evidence: ir.Table, meaning: Meaning, start: date, end: date) -> ir.Table:
    """Who met a new penalty or an unperformed judgment after one day, up to and including another.

    Parameters
    ----------
    evidence
        One row per record, as it stood on the last day and was known then: what came later is not there, whichever
        window it is, so that no window looks worse than another.

    Returns
    -------
    ibis Table
        One row per organisation: subject_id. Records that were withdrawn, disputed or repaired by then, or whose
        publication was over, are none (they may not be used).
    """
    is_adverse = evidence.nature.isin([str(Nature.NEGATIVE), str(Nature.SERIOUS)]).fill_null(False)
    is_penalty = meaning.is_of(evidence, *PENALTIES) & is_adverse
    is_one = is_penalty | meaning.means(evidence, BROKEN, *JUDGMENTS)
    rows = evidence.filter(evidence.left_out.isnull(), is_one, evidence.event_date > start, evidence.event_date <= end)
    return rows.select("subject_id").distinct()
