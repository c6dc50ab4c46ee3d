"""What a methodology says of the catalogue: its items, their fields and values, and what may not be looked at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from creditlab.assessment.cells import REPORTING_WORDS
from creditlab.assessment.methodology import Condition, Indicator, Methodology, Override
from creditlab.catalogue.edition import Catalogue, Edition, Item
from creditlab.catalogue.prohibited import ban_on
from creditlab.errors import MethodologyError
from creditlab.terms import FieldType, Nature, Role, SubjectKind

#: Fields that say who the subject is, or which record it is; a condition on them would single somebody out.
_IDENTIFYING = frozenset({Role.RECORD_ID, Role.SUBJECT_ID, Role.SUBJECT_NAME, Role.KEY, Role.SUBJECT_KIND})


def check_suitable(methodology: Methodology, catalogue: Catalogue) -> None:
    """Refuse a methodology that the catalogue, or a prohibition, doesn't bear out.

    Raises
    ------
    MethodologyError
        With the first item, field or value that is unknown, covers only natural persons, says who reported, must not be
        collected at all, or gives points of the wrong sign for the item's nature.
    """
    for rule in methodology.rules:
        where = f"{methodology.name}, {rule.code}"
        ban = ban_on(rule.name_zh, rule.name_en)
        if ban:
            raise MethodologyError("prohibited", f"a rule is about {ban.name}: {ban.reason}", where=where)
        if rule.when:
            _check_feature(rule.when, f"{where}, when")
        for code in rule.items:
            for edition, item in _items(catalogue, code, where):
                _check_item(rule, item, methodology, where)
                if rule.when:
                    _check_values(rule.when, catalogue, edition, item, where)


def _items(catalogue: Catalogue, code: str, where: str) -> Iterable[tuple[Edition, Item]]:
    """An item as each edition that has it describes it: records of earlier years are still looked at."""
    found = [(edition, edition.item[code]) for edition in catalogue.editions if code in edition.item]
    if not found:
        # An item's code is no secret; it is shown only where it could be one.
        shown = code if len(code) <= 32 and code.replace("-", "").isalnum() else "an item"
        do = "Name an item of a published edition."
        raise MethodologyError("unknown_item", "an item is in no edition", where=f"{where}, {shown}", do=do)
    return found


def _check_item(rule: Indicator | Override, item: Item, methodology: Methodology, where: str) -> None:
    place = f"{where}, {item.item_code}"
    if set(item.subject_kinds) == {SubjectKind.NATURAL_PERSON}:
        what = "an item is about natural persons only, who are never assessed (Article 4)"
        raise MethodologyError("natural_person", what, where=place, do="Leave it out.")
    if set(item.subject_kinds).isdisjoint(methodology.subject_kinds):
        raise MethodologyError("unknown_item", "an item is about no kind that is assessed", where=place)
    if isinstance(rule, Override):
        return
    is_wrong = (item.nature in {Nature.NEGATIVE, Nature.SERIOUS} and not rule.is_adverse) or (
        item.nature is Nature.POSITIVE and rule.is_adverse
    )
    if is_wrong:
        raise MethodologyError("sign", "points have another sign than the item's nature", where=place)


def _check_feature(when: Condition, where: str) -> None:
    if when.field.lower() in REPORTING_WORDS:
        what = "who reports a record, and where, is nothing about its subject"
        raise MethodologyError("reporting_feature", what, where=where, do="Leave it out.")
    ban = ban_on(when.field)
    if ban:
        raise MethodologyError("prohibited", f"a condition is about {ban.name}: {ban.reason}", where=where)


def _check_values(when: Condition, catalogue: Catalogue, edition: Edition, item: Item, where: str) -> None:
    place = f"{where}, {item.item_code}, when"
    fields = {one.name: one for one in edition.format_of(item).fields}
    field = fields.get(when.field)
    if field is None or field.type is not FieldType.STRING or not field.code_list:
        do = "Name a field of the item's data format that has a code list."
        raise MethodologyError("unknown_field", "a field can't be looked at", where=place, do=do)
    if field.role in _IDENTIFYING:
        raise MethodologyError("prohibited", "a field says who the subject is", where=place, do="Leave it out.")
    known = {one.code for one in catalogue.code_lists.get(field.code_list, ())}
    if any(True for _ in _unknown(when.values, known)):
        do = f"Choose among the code list {field.code_list}."
        raise MethodologyError("unknown_value", "a value is in no code list of the field", where=place, do=do)


def _unknown(values: Iterable[str], known: set[str]) -> Iterator[str]:
    return (one for one in values if one not in known)
