"""A statement in words, in one language and as data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from creditlab.assessment.words import REASONS
from creditlab.messages import N_, Messages
from creditlab.rights.statement import Statement
from creditlab.terms import Language, LeftOut, Purpose, RecordState

_STATES = {
    RecordState.NORMAL: N_("stands"),
    RecordState.DISPUTED: N_("disputed: held, not used"),
    RecordState.REPAIRED: N_("repaired: not used any more"),
    RecordState.WITHDRAWN: N_("withdrawn by the department"),
}
_PURPOSES = {
    Purpose.SUBJECT_REQUEST: N_("request of the subject"),
    Purpose.AUTHORISED_REQUEST: N_("request by authorisation"),
    Purpose.SUPERVISION: N_("supervision by an authority"),
    Purpose.OBJECTION: N_("an objection"),
    Purpose.TENDER: N_("a tender"),
    Purpose.ASSESSMENT: N_("assessment"),
    Purpose.ANALYSIS: N_("analysis"),
    Purpose.PUBLICATION: N_("publication"),
}


def as_text(statement: Statement, number: str) -> str:
    """The whole statement, first in English, then in Chinese.

    Parameters
    ----------
    number
        The subject's number as it was given: the lake knows a natural person by a pseudonym only.
    """
    parts = ["\n".join(_lines(statement, number, Messages(language))) for language in Language]
    return "\n\n".join(parts) + "\n"


def as_result(statement: Statement) -> dict[str, Any]:
    """The statement as data; the subject is not named in it."""
    versions = {"delivery_id", "row_no", "key64"}
    records = [{name: value for name, value in one.items() if name not in versions} for one in statement.records]
    explained = statement.assessment.paragraphs(Messages(Language.EN)) if statement.assessment else None
    return {
        "as_of": statement.as_of.isoformat(),
        "run_no": statement.run_no,
        "purpose": str(statement.entitlement.purpose),
        "is_natural_person": statement.who.is_person,
        "register": statement.register,
        "records": records,
        "quarantined": statement.quarantined,
        "mentions": statement.mentions,
        "assessment": explained,
        "kept_assessments": statement.kept,
        "lookups": statement.lookups,
    }


def _lines(statement: Statement, number: str, messages: Messages) -> Iterator[str]:
    _ = messages.gettext
    yield _("What is held about one subject")
    words = _("Number {number}. As of {day}, run {run} of the lake. Given for: {purpose}.")
    yield words.format(
        number=number,
        day=messages.day(statement.as_of),
        run=statement.run_no,
        purpose=_(_PURPOSES[statement.entitlement.purpose]),
    )
    if statement.who.is_person:
        yield _(
            "Of a natural person no name is kept, and the number only as a keyed pseudonym. Nothing is published by "
            "name, scored, ranked or listed (Article 4); records count in figures that are protected."
        )
    for one in statement.register:
        told = [str(value) for value in one.values() if value is not None]
        yield _("In the register: {cells}").format(cells="; ".join(told))
    yield _("{count} records").format(count=messages.integer(len(statement.records)))
    for record in statement.records:
        yield from _record(statement, record, messages)
    for row in statement.quarantined:
        words = _("In quarantine, no record: {item}, received {day}, {reason}")
        item = messages.item(statement.catalogue, row["item_code"])
        yield words.format(item=item, day=messages.day(row["received_on"]), reason=row["reason"])
    if statement.mentions:
        words = _("Masked in the text of {count} rows about others.")
        yield words.format(count=messages.integer(statement.mentions))
    if statement.assessment is not None:
        yield from statement.assessment.paragraphs(messages)
        for line in statement.assessment.lines(messages):
            yield f"  {line['points'] or '-'}  {line['indicator']}  {line['record_id']}  {line['because']}"
    else:
        yield _("Not assessed.")
    for kept in statement.kept:
        words = _("On record: assessed as of {day} by {methodology}, level {level}")
        yield words.format(day=messages.day(kept["as_of"]), methodology=kept["methodology"], level=kept["level"] or "-")
    for look in statement.lookups:
        words = _("Looked up {at} for: {purpose}")
        yield words.format(at=look["at"][:16].replace("T", " "), purpose=_(_PURPOSES[Purpose(look["purpose"])]))


def _record(statement: Statement, record: dict[str, Any], messages: Messages) -> Iterator[str]:
    _, catalogue = messages.gettext, statement.catalogue
    department = messages.department(catalogue, record["department"], statement.as_of)
    yield f"- {messages.item(catalogue, record['item_code'])} ({record['item_code']}), {department}, " + _(
        "number {number}, of {day}: {state}"
    ).format(
        number=record["record_id"],
        day=messages.day(record["event_date"]),
        state=_(_STATES[RecordState(record["state"])]),
    )
    for one in record["versions"]:
        day = messages.day(one["stands_from"])
        if one["superseded_on"] is None:
            text = _("from {day} on").format(day=day)
        else:
            text = _("from {day} until {end}, superseded").format(day=day, end=messages.day(one["superseded_on"]))
        text = f"  {text}: {_(_STATES[RecordState(one['record_state'])])}"
        cells = [f"{_title(statement, record, name, messages)}: {value}" for name, value in one["said"].items()]
        yield "; ".join([text, *cells, *(_("in doubt: {fault}").format(fault=fault) for fault in one["faults"])])
    if statement.who.is_person:
        return
    if record.get("is_published"):
        end = record["published_until"]
        until = _("published until {day}").format(day=messages.day(end)) if end else _("published without an end")
    else:
        until = _("not published")
    if record.get("left_out"):
        until += f"; {_(REASONS[LeftOut(record['left_out'])])}"
    if record.get("repairable_from"):
        until += "; " + _("repair may be asked for from {day} on").format(day=messages.day(record["repairable_from"]))
    yield f"  {until}"


def _title(statement: Statement, record: dict[str, Any], name: str, messages: Messages) -> str:
    for edition in sorted(statement.catalogue.editions, key=lambda one: -one.year):
        item = edition.item.get(record["item_code"])
        for field in edition.format_of(item).fields if item else ():
            if field.name == name:
                return messages.named(field.name_zh, field.name_en) or name
    return name
