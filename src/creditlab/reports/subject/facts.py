"""One organisation's released records as facts: what each is, in the words of the catalogue, and what it is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from creditlab.catalogue.edition import Item
from creditlab.disclosure.subject import SubjectRelease
from creditlab.dossier.subject import Dossier
from creditlab.messages import Messages
from creditlab.profiles.publication import BROKEN, KEPT
from creditlab.terms import InformationKind, LeftOut, Nature, RecordState

#: What has a date up to which it is good.
PERMITS = ("licence", "qualification")
PROMISES = ("contract_performance", "credit_commitment")
JUDICIAL, HONOUR, EVALUATION = "judicial", "honour", "credit_evaluation"
_ADVERSE = (Nature.NEGATIVE, Nature.SERIOUS)


@dataclass(frozen=True)
class Fact:
    """One record of the page, with what the catalogue and its own row say of it."""

    row: Mapping[str, Any]
    item: Item
    said: Mapping[str, str]
    outcomes: Mapping[str, tuple[str, ...]]

    @property
    def left_out(self) -> LeftOut | None:
        """Why it does not count; None where it does."""
        return LeftOut(self.row["left_out"]) if self.row["left_out"] else None

    @property
    def is_adverse(self) -> bool:
        """Whether it says something against the subject."""
        return self.item.nature in _ADVERSE

    @property
    def is_market(self) -> bool:
        """Whether it is market information (Article 3)."""
        return self.item.information_kind is InformationKind.MARKET

    @property
    def is_withdrawn(self) -> bool:
        """Whether its department has taken it back."""
        return bool(self.row["record_state"] == RecordState.WITHDRAWN)

    @property
    def is_kept(self) -> bool:
        """Whether it tells of a promise, contract or duty that was kept."""
        return self.row["outcome"] in self.outcomes.get(KEPT, ())

    @property
    def is_broken(self) -> bool:
        """Whether it tells of a promise, contract or duty that was not kept, or not wholly."""
        return self.row["outcome"] in self.outcomes.get(BROKEN, ())

    def is_good_on(self, day: date) -> bool | None:
        """Whether a licence or qualification is in force on a day; None where its row has no last day."""
        last = self.row["valid_until"]
        return None if last is None else bool(self.row["event_date"] <= day <= last)

    @property
    def amount(self) -> Decimal | None:
        """Its amount, in the unit of its field."""
        found: Decimal | None = self.row["amount"]
        return None if found is None else found.normalize()


def facts_of(dossier: Dossier, released: SubjectRelease) -> list[Fact]:
    """The facts of the records that an audience may see, the newest first."""
    found = []
    for row in released.records:
        edition = dossier.catalogue.edition_on(row["event_date"])
        item = dossier.catalogue.item_in(edition, row["item_code"])
        if item is not None:
            known = dossier.rules.outcomes.get(item.data_format)
            said = dossier.said.get((row["delivery_id"], row["row_no"]), {})
            found.append(Fact(row, item, said, known.meaning if known else {}))
    return sorted(found, key=lambda one: one.row["event_date"], reverse=True)


def in_words(fact: Fact, dossier: Dossier, messages: Messages) -> str:
    """What the record's row said, field by field, codes by their names."""
    edition = dossier.catalogue.edition_on(fact.row["event_date"])
    schema = edition.format.get(fact.item.data_format)
    parts = []
    for name, text in fact.said.items():
        field = next((one for one in schema.fields if one.name == name), None) if schema else None
        title = messages.named(field.name_zh, field.name_en) if field else name
        if field and field.code_list:
            text = code_name(dossier, field.code_list, text, messages)
        parts.append(messages.gettext("{field}: {value}").format(field=title, value=text))
    return "; ".join(parts)


def outcome_name(fact: Fact, dossier: Dossier, messages: Messages) -> str:
    """The record's outcome as the code list names it; empty where its row says none."""
    known = dossier.rules.outcomes.get(fact.item.data_format)
    text = fact.row["outcome"]
    if known is None or text is None:
        return ""
    for edition in sorted(dossier.catalogue.editions, key=lambda one: -one.year):
        schema = edition.format.get(fact.item.data_format)
        for field in schema.fields if schema else ():
            if field.name == known.field and field.code_list:
                return code_name(dossier, field.code_list, text, messages)
    return str(text)


def code_name(dossier: Dossier, code_list: str, text: str, messages: Messages) -> str:
    """A code's name; the code itself where its list doesn't have it."""
    codes: Sequence[Any] = dossier.catalogue.code_lists.get(code_list, ())
    return next((messages.named(one.name_zh, one.name_en) for one in codes if one.code == text), text)
