"""The sheet on which a department mends its rows: its columns, and the cells that a fault is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from creditlab.catalogue import Catalogue, DataFormat, RecordField
from creditlab.checks.names import CHECK_DIGIT, DATE_ORDER, DUPLICATE_KEY, OUT_OF_SCOPE, PERSONAL_DATA, SEPARATOR
from creditlab.identifiers import PSEUDONYM_PREFIX
from creditlab.messages import Messages
from creditlab.reports.quarterly.words import fault_text
from creditlab.terms import HELPER_PREFIX, Role

#: What stands in a text where a resident ID stood.
MASK = f"[{PSEUDONYM_PREFIX}"
ACTION = "action"


@dataclass(frozen=True)
class Words:
    """A fault, or several, in words: what is wrong, in which fields, what to do; and the places of those fields."""

    what: str
    where: str
    do: str
    places: frozenset[int]


class Layout:
    """The columns of an item's rows in one data format.

    Parameters
    ----------
    catalogue
        Whose editions describe the format; the newest comes first, fields that only older ones have follow.
    item_code, data_format
        What was delivered.
    messages
        The reader's language. A column is called by its field's name in that language where ingest reads it as that
        field and no other, else by the field's own name.
    """

    def __init__(self, catalogue: Catalogue, item_code: str, data_format: str, messages: Messages) -> None:
        newest_first = sorted(catalogue.editions, key=lambda one: -one.year)
        schemas = [one.format[data_format] for one in newest_first if data_format in one.format]
        named = {one.name: one for schema in reversed(schemas) for one in schema.fields}
        order = dict.fromkeys(one.name for schema in schemas for one in schema.fields)
        self.fields: tuple[RecordField, ...] = tuple(named[name] for name in order)
        self._messages = messages
        self._group = {
            one.one_of_group: [other.name for other in schema.fields if other.one_of_group == one.one_of_group]
            for schema in reversed(schemas)
            for one in schema.fields
            if one.one_of_group
        }
        judging = [one.format_of(one.item[item_code]) for one in newest_first if item_code in one.item]
        self.headings: tuple[str, ...] = tuple(_heading(one, [*judging, *schemas], messages) for one in self.fields)

    @cached_property
    def places(self) -> dict[str, int]:
        """Each field's place among the columns."""
        return {one.name: place for place, one in enumerate(self.fields)}

    def words(self, faults: str) -> Words:
        """Faults, as codes joined by `SEPARATOR`, in words."""
        found = [self._one(code) for code in faults.split(SEPARATOR)]
        return Words(
            "\n".join(what for what, _, _ in found),
            "\n".join(dict.fromkeys(self._named(names) for _, _, names in found if names)),
            "\n".join(dict.fromkeys(do for _, do, _ in found if do)),
            frozenset(self.places[name] for _, _, names in found for name in names if name in self.places),
        )

    def _one(self, code: str) -> tuple[str, str, list[str]]:
        kind, _, field = code.partition(":")
        names = self._fields_of(code, kind, field)
        what, do = fault_text(code, self._named(names) or field, self._messages)
        return what, do, names

    def _named(self, names: list[str]) -> str:
        return " / ".join(self.headings[self.places[name]] for name in names if name in self.places)

    def _fields_of(self, code: str, kind: str, field: str) -> list[str]:
        """The fields that a fault is about; none where it doesn't say."""
        match code:
            case _ if code == CHECK_DIGIT:
                return self._of_role(Role.SUBJECT_ID)
            case _ if code == DATE_ORDER:
                return self._of_role(Role.EVENT_DATE)
            case _ if code == OUT_OF_SCOPE:
                return self._of_role(Role.SUBJECT_KIND)
            case _ if code == DUPLICATE_KEY:
                return self._of_role(Role.KEY) or self._of_role(Role.RECORD_ID)
            case _ if code == PERSONAL_DATA:
                return []
        return self._group.get(field, [field]) if kind == "missing" else [field]

    def _of_role(self, role: Role) -> list[str]:
        return [one.name for one in self.fields if one.role is role]


def _heading(field: RecordField, schemas: list[DataFormat], messages: Messages) -> str:
    """A name that ingest takes for this field and no other."""
    wanted = messages.named(field.name_zh, field.name_en).strip()
    others = {one.name for schema in schemas for one in schema.fields if one.name != field.name}
    others |= {
        name
        for schema in schemas
        for one in schema.fields
        if one.name != field.name
        for name in (one.name_zh.strip(), one.name_en.strip())
    }
    known = all(
        wanted in (one.name_zh, one.name_en) for schema in schemas for one in schema.fields if one.name == field.name
    )
    is_usable = wanted and wanted != ACTION and wanted.isprintable() and not wanted.startswith(HELPER_PREFIX)
    return wanted if is_usable and known and wanted not in others else field.name


def rules_of(field: RecordField, codes: Sequence[str], _: Callable[[str], str]) -> str:
    """What a field may hold, in words for the note on its column."""
    lines = [field.name]
    if field.required or field.one_of_group:
        lines.append(_("Required") if not field.one_of_group else _("One of several that may be filled"))
    if field.code_list:
        lines.append(_("Codes: {codes}").format(codes=", ".join(codes)))
    if field.pattern and field.role is not Role.SUBJECT_ID:
        lines.append(_("Form: {pattern}").format(pattern=field.pattern))
    if field.minimum or field.maximum:
        lines.append(
            _("From {minimum} to {maximum}").format(minimum=field.minimum or "…", maximum=field.maximum or "…")
        )
    if field.max_length:
        lines.append(_("At most {count} characters").format(count=field.max_length))
    return "\n".join(lines)
