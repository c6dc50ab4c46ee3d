"""How one organisation is assessed, on its page: the level, every reason, and what would change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditlab.assessing import choose_methodology, explain_held
from creditlab.assessment import refuse_person
from creditlab.errors import MethodologyError, NoDataError
from creditlab.terms import Audience
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    from ibis.backends.duckdb import Backend

    from creditlab.assessment import Explanation
    from creditlab.dossier.subject import Dossier
    from creditlab.messages import Messages

_NOT_IN_FORCE = "methodology_not_in_force"


def standing_of(workspace: Workspace, backend: Backend, dossier: Dossier, audience: Audience) -> Explanation | None:
    """Why an organisation stands as it does on the day of its dossier.

    Returns
    -------
    Explanation
        None where no approved methodology assesses it on the day, and for other audiences than the institution itself:
        a level rests on records that they may not see.
    """
    if audience is not Audience.INTERNAL:
        return None
    refuse_person(dossier.subject["subject_id"], "subject")
    try:
        methodology = choose_methodology(workspace, dossier.as_of)
        return explain_held(methodology, backend, dossier.held, dossier.records)
    except NoDataError:
        return None
    except MethodologyError as error:
        if error.code != _NOT_IN_FORCE:
            raise
        return None


def line_titles(messages: Messages) -> dict[str, str]:
    """What the columns of an explanation's lines are called."""
    _ = messages.gettext
    return {
        "indicator": _("Indicator"),
        "item": _("Item"),
        "record_id": _("Record number"),
        "event_date": _("Date"),
        "points": _("Points"),
        "because": _("Why"),
        "legal_basis": _("Legal basis"),
    }
