"""Natural persons as they may come in, all of them made up by code: the place 990100 is nobody's."""

from __future__ import annotations

from tests.reference.identifiers import resident_check
from tests.spec.tiny import code

SOLE_TRADER = code("92", 7)
RESIDENT = "99010019800229001" + resident_check("99010019800229001")
PSEUDONYM = "P-0123456789ABCDEF0123456789ABCDEF"


def wide(text: str) -> str:
    """The same ASCII in full-width forms."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


#: However they are written, these are the persons above.
WRITTEN = {
    "sole trader": SOLE_TRADER,
    "sole trader, small": SOLE_TRADER.lower(),
    "sole trader, wide": wide(SOLE_TRADER),
    "sole trader, blank in front": f" {SOLE_TRADER}",
    "sole trader, unseen letter inside": f"9\u200b{SOLE_TRADER[1:]}",
    "resident": RESIDENT,
    "resident, wide": wide(RESIDENT),
    "pseudonym": PSEUDONYM,
}
