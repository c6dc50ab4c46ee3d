"""The page as PDF: the same HTML and style, its charts as still images, tagged for screen readers (PDF/UA-1)."""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta, timezone
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

from creditlab.errors import ExtraError, LengthError

#: The PDF; and the one with DRAFT on every page, which is offered until a report that has to be signed is published.
PDF, DRAFT_PDF = "report.pdf", "report-draft.pdf"
_VARIANT = "pdf/ua-1"
#: A page with more rows in its tables isn't printed: that many take minutes already, and it grows faster than the rows.
MOST_ROWS = 3_000
#: One at a time: the library's clock is the process's environment.
_TURN = Lock()
_ZONE = timezone(timedelta(hours=8))


def write_pdf(html: str, folder: Path, path: Path, as_of: date) -> None:
    """Write a page as PDF.

    Parameters
    ----------
    html
        The page as `render_page(..., is_print=True)` makes it. It may name files of `folder` and hold images.
    folder
        Where its style is.
    path
        Where the PDF goes.
    as_of
        The day of the state reported: the PDF's own date, so that the same page gives the same bytes.

    Raises
    ------
    ExtraError
        If the library, or a font with Chinese characters, is missing.
    LengthError
        If the page has more than MOST_ROWS rows in its tables.
    """
    if html.count("<tr") > MOST_ROWS:
        raise LengthError(
            f"the page has more than {MOST_ROWS:,} rows in its tables, too many for paper",
            where="PDF",
            do="Its lists are in tables.xlsx and in the folder tables.",
        )
    if not has_chinese_font():
        raise ExtraError(
            "no font with Chinese characters is installed",
            where="PDF",
            do="Install fonts-noto-cjk, then publish again.",
        )
    try:
        import weasyprint
    except (ImportError, OSError) as error:
        raise ExtraError(
            "the library that makes PDF, or what it needs, is missing",
            where="PDF",
            do="Install libpango-1.0-0 and libpangoft2-1.0-0, then publish again.",
        ) from error

    base = folder.resolve().as_uri() + "/"

    class Own(weasyprint.URLFetcher):  # type: ignore[misc]
        """Nothing but the page's own folder and what it holds itself."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if not url.startswith(("data:", base)):
                raise ValueError("the page asks for something outside its folder")
            return super().fetch(url, headers)

    # What paper has no use for is in the style too; who publishes needn't be told.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    moment = datetime.combine(as_of, time(), _ZONE)
    with _TURN, _clock(moment):
        document = weasyprint.HTML(string=html, base_url=base, url_fetcher=Own(fail_on_errors=True))
        identifier = hashlib.sha256(html.encode()).digest()[:16]
        document.write_pdf(str(path), pdf_variant=_VARIANT, pdf_tags=True, pdf_identifier=identifier)


@lru_cache(maxsize=1)
def has_chinese_font() -> bool:
    """Whether the system can show Chinese."""
    try:
        found = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return bool(found.stdout.strip())


@contextmanager
def _clock(moment: datetime) -> Iterator[None]:
    name = "SOURCE_DATE_EPOCH"
    before = os.environ.get(name)
    os.environ[name] = str(int(moment.timestamp()))
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
