"""What a pack says about quarantined rows; translated where it is shown."""

from __future__ import annotations

from creditlab.messages import N_
from creditlab.quarantine import Mending
from creditlab.terms import QuarantineReason

REASONS = {
    QuarantineReason.NO_RECORD_ID: N_("The row has no record number."),
    QuarantineReason.NO_SUBJECT_ID: N_("The row does not say whom it is about."),
    QuarantineReason.NO_EVENT_DATE: N_("The date of the event is missing or is no date."),
    QuarantineReason.UNKNOWN_ACTION: N_("The column action holds a word that has no meaning."),
    QuarantineReason.UNREADABLE_ROW: N_("The row can't be read."),
    QuarantineReason.UNREADABLE_FILE: N_("The file can't be read at all."),
    QuarantineReason.ITEM_NOT_IN_EDITION: N_("The catalogue of the event's year does not have the item."),
    QuarantineReason.DEPARTMENT_NOT_PROVIDER: N_("The catalogue does not name the department as the item's provider."),
    QuarantineReason.UNKNOWN_REGION: N_("The reporting unit's code is unknown."),
}

MENDINGS = {
    Mending.OPEN: N_("open"),
    Mending.MENDED: N_("mended"),
    Mending.UNKNOWN: N_("not known: nothing says whether later rows were these"),
}
