"""The seal of a released card: which card, who released it, and every reason that was signed for it."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from creditlab.assessment import Approval
from creditlab.errors import ScorecardError
from creditlab.scorecards.gates import Reason

_ALGORITHM = "sha256"
_KINDS = {"algorithm": str, "digest": str, "released_by": str, "released_document": str, "released_on": date}
_REASON = {"variable": str, "text": str, "by": str, "document": str, "on": date}


@dataclass(frozen=True)
class Seal:
    """Who released a card, and the reasons that were signed."""

    approval: Approval
    reasons: tuple[Reason, ...]


def seal_text(digest: str, seal: Seal) -> str:
    """What the file beside a released card says.

    Raises
    ------
    ScorecardError
        If a text is empty, or not on one line.
    """
    texts = [seal.approval.by, seal.approval.document]
    texts += [text for one in seal.reasons for text in (one.text, one.by, one.document)]
    if any(not text.strip() or any(not letter.isprintable() for letter in text) for text in texts):
        raise ScorecardError("approval", "a release or a reason lacks a text, or it is not on one line")
    lines = [
        "# Written when the card was released. Whoever changes the card, or this, is noticed.",
        f'algorithm = "{_ALGORITHM}"',
        f'digest = "{digest}"',
        f"released_by = {_text(seal.approval.by)}",
        f"released_document = {_text(seal.approval.document)}",
        f"released_on = {seal.approval.on.isoformat()}",
    ]
    for one in seal.reasons:
        lines += ["", "[[reason]]", f"variable = {_text(one.variable)}", f"text = {_text(one.text)}"]
        lines += [f"by = {_text(one.by)}", f"document = {_text(one.document)}", f"on = {one.on.isoformat()}"]
    return "\n".join(lines) + "\n"


def read_seal(name: str, text: str, digest: str) -> Seal:
    """The seal that a file is.

    Raises
    ------
    ScorecardError
        If it can't be read, or the card was changed after it was released.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _changed(name, "a card's seal can't be read") from error
    given = content.pop("reason", [])
    if not _has_form(content, _KINDS) or content["algorithm"] != _ALGORITHM:
        raise _changed(name, "a card's seal has another form")
    if not isinstance(given, list) or not all(isinstance(one, dict) and _has_form(one, _REASON) for one in given):
        raise _changed(name, "a card's seal has another form")
    if content["digest"] != digest:
        raise _changed(name, "a card was changed after it was released")
    approval = Approval(content["released_by"], content["released_document"], content["released_on"])
    return Seal(approval, tuple(Reason(**one) for one in given))


def explained(reasons: Sequence[Reason]) -> set[str]:
    """The variables that reasons were signed for."""
    return {one.variable for one in reasons}


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _has_form(content: dict[str, Any], kinds: dict[str, type]) -> bool:
    return content.keys() == kinds.keys() and all(
        isinstance(content[key], kind) and not isinstance(content[key], datetime) for key, kind in kinds.items()
    )


def _changed(name: str, what: str) -> ScorecardError:
    do = "Put the released files back; a change makes a new card with a name and a release of its own."
    return ScorecardError("changed", what, where=f"{name}.seal", do=do)
