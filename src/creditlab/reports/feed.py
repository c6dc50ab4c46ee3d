"""What was published last, as an Atom feed (RFC 4287) beside the index."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

FEED = "feed.xml"
_NEWEST = 50
_SPACE = uuid.UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")


def atom(entries: Sequence[Mapping[str, Any]], title: str, owner: str, lang: str) -> str:
    """The feed's XML, with the newest publications first.

    Parameters
    ----------
    entries
        As of the index: each with href, title, lang, revision, published_at. An address is beside the feed, wherever
        the shelf is served from.
    title, owner
        What the feed is called, and whose it is.
    lang
        The language of the title.
    """
    updated = entries[0]["published_at"] if entries else "1970-01-01T00:00:00+00:00"
    made = [
        f"<entry xml:lang={quoteattr(one['lang'])}><id>{_identifier(owner, one['href'])}</id>"
        f"<title>{escape(one['title'])} ({escape(one['revision'])})</title>"
        f"<updated>{escape(one['published_at'])}</updated>"
        f'<link rel="alternate" type="text/html" href={quoteattr(one["href"])}/></entry>'
        for one in entries[:_NEWEST]
    ]
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<feed xmlns="http://www.w3.org/2005/Atom" xml:lang={quoteattr(lang)}><id>{_identifier(owner, FEED)}</id>'
        f"<title>{escape(title)}</title><updated>{escape(updated)}</updated><author><name>{escape(owner)}</name></author>"
        f'<link rel="self" href="{FEED}"/>{"".join(made)}</feed>\n'
    )


def _identifier(owner: str, place: str) -> str:
    """The same for the same publication, wherever and whenever the feed is written."""
    return uuid.uuid5(_SPACE, f"{owner}/{place}").urn
