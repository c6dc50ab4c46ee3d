"""Days as departments write them: year first, in any of the usual forms."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

import pyarrow as pa

#: 2026-08-03, 2026/8/3, 2026.08.03, 20260803, 2026年8月3日; a time of midnight is what spreadsheets add to a day.
_FORM = re.compile(
    r"([1-9][0-9]{3})"
    r"(?:[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})|年([0-9]{1,2})月([0-9]{1,2})日|([0-9]{2})([0-9]{2}))"
    r"(?:[ T]00:00(?::00(?:\.0+)?)?)?"
)


@lru_cache(maxsize=200_000)
def parse_day(text: str) -> date | None:
    """The day that a trimmed text stands for; None where it stands for none that exists."""
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    year, month, day = (int(part) for part in match.groups() if part is not None)
    try:
        return date(year, month, day)
    except ValueError:
        return None


def parse_days(values: pa.Array) -> pa.Array:
    """The days that trimmed texts stand for (date32); null where the text is null or no day that exists."""
    encoded = values.dictionary_encode()
    days = [None if text is None else parse_day(text) for text in encoded.dictionary.to_pylist()]
    return pa.array(days, pa.date32()).take(encoded.indices)
