"""The seal of an approved methodology: who approved which content, when.

The digest is over the canonical form, so that a comment or another order of keys breaks no seal, and any number does.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from creditlab.errors import MethodologyError

_ALGORITHM = "sha256"
_KINDS = {"algorithm": str, "digest": str, "approved_by": str, "approved_document": str, "approved_on": date}


@dataclass(frozen=True)
class Approval:
    """Which body approved a methodology, by which document, on which day."""

    by: str
    document: str
    on: date


def canonical_digest(content: dict[str, Any]) -> str:
    """SHA-256 over what a methodology file says, whatever its layout."""
    text = json.dumps(_canonical(content), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_canonical(one) for one in value]
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, Decimal)):
        number = Decimal(value)
        # 2.50 says what 2.5 says; a number is never mistaken for a text of the same digits.
        return {"number": format(number.normalize(), "f") if number.is_finite() else str(number)}
    return value if isinstance(value, str) else {"day": str(value)}


def seal_text(digest: str, approval: Approval) -> str:
    """What the file beside an approved methodology says.

    Raises
    ------
    MethodologyError
        If body or document is not said, or not on one line.
    """
    for key, text in (("by", approval.by), ("document", approval.document)):
        if not text.strip() or any(not letter.isprintable() for letter in text):
            raise MethodologyError(
                "approval", "an approval doesn't say by whom, or by which document", where=f"--{key}"
            )
    lines = [
        "# Written when the methodology was approved. Whoever edits the methodology, or this, is noticed.",
        f'algorithm = "{_ALGORITHM}"',
        f'digest = "{digest}"',
        f"approved_by = {json.dumps(approval.by, ensure_ascii=False)}",
        f"approved_document = {json.dumps(approval.document, ensure_ascii=False)}",
        f"approved_on = {approval.on.isoformat()}",
    ]
    return "\n".join(lines) + "\n"


def read_seal(name: str, seal: str, digest: str) -> Approval:
    """The approval that a seal is of.

    Raises
    ------
    MethodologyError
        If the seal can't be read, or the methodology was edited after it was sealed.
    """
    do = "Put the approved file back; a change makes a new methodology with a name and an approval of its own."
    where = f"{name}.seal"
    try:
        content = tomllib.loads(seal)
    except tomllib.TOMLDecodeError as error:
        raise MethodologyError("changed", "a methodology's seal can't be read", where=where, do=do) from error
    if content.keys() != _KINDS.keys() or any(type(content[key]) is not kind for key, kind in _KINDS.items()):
        raise MethodologyError("changed", "a methodology's seal has another form", where=where, do=do)
    if isinstance(content["approved_on"], datetime) or content["algorithm"] != _ALGORITHM:
        raise MethodologyError("changed", "a methodology's seal has another form", where=where, do=do)
    if content["digest"] != digest:
        raise MethodologyError("changed", "a methodology was edited after it was sealed", where=name, do=do)
    return Approval(content["approved_by"], content["approved_document"], content["approved_on"])
