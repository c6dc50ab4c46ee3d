"""What the quarterly report says about measures, counts and faults; translated where it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from creditlab.catalogue import Catalogue
from creditlab.messages import N_, Messages
from creditlab.terms import COUNTS, Measure


@dataclass(frozen=True)
class MeasureWords:
    """A measure's title, what its two numbers count, its definition and the article that it serves."""

    title: str
    numerator: str
    denominator: str
    definition: str
    article: str


_TIMELY = N_("Article 4: timeliness; Article 11: collection time limit (field 9)")
_PUNCTUAL = N_("Article 4: timeliness; Article 11: update period (field 11)")
_COVERED = N_("Article 6: collection across departments and regions; Article 11: provider and scope (fields 2, 6)")
_TRUE = N_("Article 4: truthfulness; Article 11: data format (field 4)")

MEASURES: dict[Measure, MeasureWords] = {
    Measure.TIMELINESS: MeasureWords(
        N_("Timeliness"), N_("Records received in time"), N_("Records"),
        N_("Records first received within the item's collection time limit after the event, of all records whose event "
           "lies in the period. A record received before its event is not timely."), _TIMELY),
    Measure.PUNCTUALITY: MeasureWords(
        N_("Punctuality"), N_("Due cells delivered on time"), N_("Due cells"),
        N_("Cells of item, department, unit and due period whose first delivery or zero report came by the due "
           "date, of those that are due by the reporting day or delivered."), _PUNCTUAL),
    Measure.COVERAGE_LEDGER: MeasureWords(
        N_("Coverage of what departments declare"), N_("Records reported, up to the number declared"),
        N_("Records declared"),
        N_("Records reported, in each cell and month no more than the department's own ledger declares, of those that "
           "it declares."), _COVERED),
    Measure.COVERAGE_CELLS: MeasureWords(
        N_("Coverage of expected deliverers"), N_("Expected cells with data"), N_("Expected cells"),
        N_("Cells of item, department and unit with a record or a zero report for the period, of those that the "
           "catalogue's edition expects."), _COVERED),
    Measure.COVERAGE_ITEMS: MeasureWords(
        N_("Coverage of the catalogue's items"), N_("Items with data"), N_("Items in force"),
        N_("Items with a record or a zero report, of the items in force."), _COVERED),
    Measure.COVERAGE_SUBJECTS: MeasureWords(
        N_("Coverage of registered subjects"), N_("Subjects with a record"), N_("Registered subjects"),
        N_("Subjects on the register at the period's end that have a record of an item that is meant to cover all of "
           "them, of all such subjects; a subject counts once for each such item."), _COVERED),
    Measure.COMPLETENESS: MeasureWords(
        N_("Completeness"), N_("Required values filled"), N_("Required values"),
        N_("Required values that are filled; a group of which one is enough counts as one value."), _TRUE),
    Measure.VALIDITY: MeasureWords(
        N_("Validity"), N_("Records without a fault"), N_("Records and quarantined rows"),
        N_("Records that pass every rule of their item, of all records of the period and the rows received in it that "
           "could not become records."), _TRUE),
    Measure.UNIQUENESS: MeasureWords(
        N_("Uniqueness"), N_("Records that occur once"), N_("Records"),
        N_("Records whose key has not arrived before under another number."), _TRUE),
    Measure.CONSISTENCY_SUBJECT: MeasureWords(
        N_("Consistency with the register: subject"), N_("Records linked"), N_("Records"),
        N_("Records whose subject is on the register of subjects."), _TRUE),
    Measure.CONSISTENCY_NAME: MeasureWords(
        N_("Consistency with the register: name"), N_("Records with the registered name"),
        N_("Records linked with a name"),
        N_("Records whose name is the register's, differences of width, case, spaces and brackets aside, of the linked "
           "records whose name is kept."), _TRUE),
    Measure.CURRENTNESS: MeasureWords(
        N_("Currentness"), N_("Cells that are up to date"), N_("Cells that ever delivered"),
        N_("Cells whose newest delivery or zero report is no older than one update period and the days of grace."),
        _PUNCTUAL),
}  # fmt: skip

COUNT_TITLES = dict(
    zip(
        COUNTS,
        (N_("Delivered"), N_("Accepted"), N_("Corrected"), N_("Withdrawn"), N_("Repeated"), N_("Quarantined")),
        strict=True,
    )
)

#: Fault code before the colon -> what is wrong, and what its department can do.
_FAULTS = {
    "missing": (
        N_("Required value is missing: {field}"),
        N_("Fill the field at the source and deliver the record again."),
    ),
    "type": (
        N_("Value is not of the field's type: {field}"),
        N_("Deliver dates as 2026-08-31 and numbers without units."),
    ),
    "pattern": (
        N_("Value does not have the prescribed form: {field}"),
        N_("Compare with the form in the catalogue's field list."),
    ),
    "code_list": (N_("Value is not on the code list: {field}"), N_("Use a code of the list that the catalogue names.")),
    "minimum": (N_("Value is below the minimum: {field}"), N_("Check unit and decimal point at the source.")),
    "maximum": (N_("Value is above the maximum: {field}"), N_("Check unit and decimal point at the source.")),
    "max_length": (
        N_("Text is too long: {field}"),
        N_("Shorten the text, or ask for a longer field in next year's catalogue."),
    ),
    "check_digit": (
        N_("Identifier has a wrong check digit"),
        N_("Take the code from the licence; look for mistyped or swapped characters."),
    ),
    "date_order": (N_("Received before it happened"), N_("Check the event's date; a date in the future is a mistake.")),
    "out_of_scope": (
        N_("Kind of subject is not in the item's scope"),
        N_("Deliver it under an item that covers this kind of subject."),
    ),
    "duplicate_key": (
        N_("Same matter delivered under another number"),
        N_("Keep one number for each matter; withdraw the others."),
    ),
    "personal_data": (
        N_("Resident identity number in a text; it was masked"),
        N_("Remove personal numbers from texts before delivery."),
    ),
}


def fault_words(code: str, catalogue: Catalogue, messages: Messages) -> tuple[str, str]:
    """What a fault means and what to do about it, in the reader's language.

    A fault that has no words of its own is shown by its code.
    """
    return fault_text(code, _field_name(code.partition(":")[2], catalogue, messages), messages)


def fault_text(code: str, field: str, messages: Messages) -> tuple[str, str]:
    """What a fault means and what to do about it; `field` is what its field is called."""
    kind = code.partition(":")[0]
    if kind not in _FAULTS:
        return code, ""
    what, do = (messages.gettext(one) for one in _FAULTS[kind])
    return what.format(field=field), do


def _field_name(field: str, catalogue: Catalogue, messages: Messages) -> str:
    newest_first = sorted(catalogue.editions, key=lambda one: -one.year)
    for edition in newest_first:
        for data_format in edition.formats:
            for one in data_format.fields:
                if one.name == field:
                    return messages.named(one.name_zh, one.name_en) or field
            # A value of which one of several fields is enough is called by all of them.
            several = [one for one in data_format.fields if one.one_of_group == field]
            if several:
                names = (messages.named(one.name_zh, one.name_en) or one.name for one in several)
                return messages.gettext(" or ").join(names)
    return field
