"""Rows in quarantine as rows to deliver again: those that one row can mend, and whose content may be shown."""

from __future__ import annotations

import json
from collections.abc import Iterator

from creditlab.feedback.findings import Row
from creditlab.feedback.layout import MASK, Layout
from creditlab.feedback.sheets import Line
from creditlab.feedback.words import REASONS
from creditlab.identifiers import PSEUDONYM_PREFIX
from creditlab.messages import Messages
from creditlab.quarantine import Mending
from creditlab.terms import Action, QuarantineReason, Role

#: Reasons that lie in the row itself, and the field that they are about. Others are the delivery's, or the catalogue's.
_FIELDS = {
    QuarantineReason.NO_RECORD_ID: Role.RECORD_ID,
    QuarantineReason.NO_SUBJECT_ID: Role.SUBJECT_ID,
    QuarantineReason.NO_EVENT_DATE: Role.EVENT_DATE,
    QuarantineReason.UNKNOWN_ACTION: None,
}


def is_row_to_mend(row: Row) -> bool:
    """Whether a quarantined row can be mended in a workbook: it was not mended yet, and all of it was kept."""
    if row["content"] is None or row["mending"] == Mending.MENDED or row["reason"] not in _FIELDS:
        return False
    # A pseudonym is nobody's number: what was protected can be mended at its source only.
    values = [str(one) for one in json.loads(row["content"]).values() if one]
    return not any(MASK in one or one.startswith(PSEUDONYM_PREFIX) for one in values)


def lines_to_mend(layout: Layout, rows: Iterator[Row], action: str, messages: Messages) -> Iterator[Line]:
    """One line a row: what is wrong and where, then the row as it was delivered."""
    _ = messages.gettext
    for row in rows:
        content = {name: value or "" for name, value in json.loads(row["content"]).items()}
        reason = QuarantineReason(row["reason"])
        role = _FIELDS[reason]
        places = [place for place, one in enumerate(layout.fields) if role and one.role is role]
        where = " / ".join(layout.headings[place] for place in places) or action
        values = [content.get(one.name, "") for one in layout.fields]
        wanted = content.get(action, "")
        said = wanted if wanted in {str(one) for one in Action} else ""
        source = _("row {row}, {path}").format(path=row["path"], row=row["row_no"])
        do = _("Fill the field at the source and deliver the record again.") if places else ""
        marked = {4 + place for place in places} or {4 + len(values)}
        yield Line((_(REASONS[reason]), where, do, source, *values, said), frozenset(marked))
