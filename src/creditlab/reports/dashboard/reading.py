"""What a published dashboard holds, read back from its page: the released cells, and the words in both languages."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from creditlab.errors import ReportError
from creditlab.reports.page import DASHBOARD
from creditlab.reports.shelf import MANIFEST

#: Between these stands what the page is given; no text in it can end the element (`safe_json`).
_BEGINS, _ENDS = '<script type="application/json" id="content">', "</script>"


def read_content(folder: Path) -> dict[str, Any]:
    """What the page of a publication was given, as it stands in the page.

    Raises
    ------
    ReportError
        If the page is not the one that was published, or holds nothing of the kind.
    """
    text = published_text(folder, DASHBOARD).partition(_BEGINS)[2].partition(_ENDS)[0]
    try:
        found: dict[str, Any] = json.loads(text)
    except ValueError as error:
        where = "/".join((folder / DASHBOARD).parts[-5:])
        raise ReportError("a published page can't be read", where=where, do="Publish again.") from error
    return found


def published_text(folder: Path, name: str) -> str:
    """A file of a publication.

    Raises
    ------
    ReportError
        If it is not the one that was published, or can't be read.
    """
    where = "/".join((folder / name).parts[-5:])
    try:
        content = (folder / name).read_bytes()
        published = json.loads((folder / MANIFEST).read_text("utf-8"))["files"][name]
    except (OSError, ValueError, KeyError) as error:
        raise ReportError("a published file can't be read", where=where, do="Publish again.") from error
    if hashlib.sha256(content).hexdigest() != published:
        do = "creditlab verify tells more."
        raise ReportError("a file is not the one that was published", where=where, do=do)
    return content.decode("utf-8", "replace")
