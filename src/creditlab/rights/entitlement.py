"""Who may have a statement about one subject, and what for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from creditlab.errors import DisclosureError, ParameterError
from creditlab.identifiers import holds_resident_id
from creditlab.terms import Purpose

#: Who asks, by what it is for. Whatever else subjects are looked up for gives nobody a statement.
REQUESTERS = {
    Purpose.SUBJECT_REQUEST: "the subject",
    Purpose.OBJECTION: "the subject",
    Purpose.AUTHORISED_REQUEST: "a representative",
    Purpose.SUPERVISION: "an authority",
}


@dataclass(frozen=True)
class Entitlement:
    """Why somebody may have a statement.

    Attributes
    ----------
    authorisation, until
        The number of the document that entitles somebody else than the subject, and its last day.
    """

    purpose: Purpose
    authorisation: str = ""
    until: date | None = None

    @property
    def requester(self) -> str:
        """Who asks, as the access log has it."""
        by = f", {self.authorisation}" if self.authorisation else ""
        return REQUESTERS[self.purpose] + by


def check_entitlement(purpose: Purpose, authorisation: str, until: date | None, today: date) -> Entitlement:
    """Refuse who may not have a statement.

    Raises
    ------
    DisclosureError
        If the purpose gives nobody a statement, or the authorisation is over.
    ParameterError
        If somebody else than the subject names no document (a representative: with its last day), or the document's
        number holds a person's.
    """
    if purpose not in REQUESTERS:
        words = ", ".join(map(str, REQUESTERS))
        raise DisclosureError("nobody gets a statement for that", where="--purpose", do=f"It is for {words}.")
    if holds_resident_id(authorisation):
        raise ParameterError("a text holds a person's number", where="--authorisation", do="Leave it out.")
    is_other = REQUESTERS[purpose] != "the subject"
    if is_other and not authorisation.strip():
        do = "Name the document that entitles them."
        raise ParameterError("somebody else asks without an authorisation", where="--authorisation", do=do)
    if purpose is Purpose.AUTHORISED_REQUEST and until is None:
        raise ParameterError("the authorisation has no last day", where="--authorised-until", do="Name its last day.")
    if until is not None and until < today:
        raise DisclosureError("the authorisation is over", where="--authorised-until", do="Have it given anew.")
    return Entitlement(purpose, authorisation.strip() if is_other else "", until)
