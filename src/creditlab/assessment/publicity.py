"""Lists for publicity (Article 9): honest models and serious dishonesty, of organisations, while they are published."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import TYPE_CHECKING

import ibis

from creditlab.assessment.persons import refuse_persons
from creditlab.catalogue.edition import Catalogue
from creditlab.profiles.publication import KEPT, PublicationRules
from creditlab.terms import SubjectKind

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: What evidence has to have.
LISTED_BY = (
    "subject_id", "item_code", "department", "record_id", "key64", "event_date", "first_received_on", "outcome",
    "published_until", "is_published", "left_out", "delivery_id", "row_no",
)  # fmt: skip


class PublicityList(StrEnum):
    """The two lists of Article 9."""

    HONEST_MODELS = "honest_models"
    SERIOUS_DISHONESTY = "serious_dishonesty"


@dataclass(frozen=True)
class ListRule:
    """Which items make a list, and which field of each record schema says the basis of an entry."""

    name: PublicityList
    data_format: Mapping[str, str]
    basis: Mapping[str, str]


def list_rules(catalogue: Catalogue) -> tuple[ListRule, ...]:
    """The two lists over a catalogue's items, as its newest edition that has them describes them."""
    content = tomllib.loads(files("creditlab.assessment").joinpath("publicity.toml").read_text(encoding="utf-8"))
    items = [one for one in map(catalogue.newest_item, catalogue.item_codes) if one is not None]
    rules = []
    for name in PublicityList:
        said = content[name]
        chosen = [
            one
            for one in items
            if one.nature in said["natures"] and one.category in said.get("categories", [one.category])
        ]
        rules.append(ListRule(name, {one.item_code: one.data_format for one in chosen}, said["basis"]))
    return tuple(rules)


def listed(evidence: ir.Table, register: ir.Table, rules: tuple[ListRule, ...], outcomes: PublicationRules) -> ir.Table:
    """The entries of the lists on a day.

    Parameters
    ----------
    evidence
        One row per record of an organisation on the day, with the columns of LISTED_BY.
    register
        The subject register: an entry is about an organisation that it has, under its name.
    rules
        The lists.
    outcomes
        What outcomes mean: a duty that was kept makes nobody dishonest.

    Returns
    -------
    ibis Table
        One row per entry: list_name, subject_id, subject_name, subject_kind, region_code, item_code, department,
        record_id, event_date, published_from (the day on which it first came), published_to (the last day; null where
        there is no end), delivery_id, row_no. A record that is withdrawn, repaired, disputed or past its publication,
        or whose item is not published on a website, is no entry.

    Raises
    ------
    PersonError
        If the register calls a natural person an organisation (Article 4).
    """
    parts = []
    for rule in rules:
        rows = evidence.filter(evidence.item_code.isin(list(rule.data_format)))
        for data_format in sorted(set(rule.data_format.values())):
            kept = outcomes.outcomes[data_format].values(KEPT) if data_format in outcomes.outcomes else ()
            if kept and rule.name is PublicityList.SERIOUS_DISHONESTY:
                codes = [code for code, one in rule.data_format.items() if one == data_format]
                is_kept = rows.item_code.isin(codes) & rows.outcome.isin(kept).fill_null(False)
                rows = rows.filter(~is_kept)
        parts.append(rows.mutate(list_name=ibis.literal(str(rule.name))))
    rows = ibis.union(*parts) if len(parts) > 1 else parts[0]
    rows = rows.filter(rows.is_published & rows.left_out.isnull())
    organisations = register.filter(register.subject_kind != str(SubjectKind.NATURAL_PERSON))
    found = rows.inner_join(
        organisations.select("subject_id", "subject_name", "subject_kind", "region_code"), "subject_id"
    )
    refuse_persons(found, "lists for publicity")
    last = (found.published_until - ibis.interval(days=1)).cast("date")
    return found.select(
        "list_name",
        "subject_id",
        "subject_name",
        "subject_kind",
        "region_code",
        "item_code",
        "department",
        "record_id",
        "event_date",
        "delivery_id",
        "row_no",
        published_from="first_received_on",
        published_to=last,
    )
