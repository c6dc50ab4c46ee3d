"""Assessments in aggregate: how many organisations have which level, from the published report on the methodology."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

from creditlab.errors import ReportError
from creditlab.messages import Messages
from creditlab.reports.dashboard.reading import published_text
from creditlab.reports.latest import LATEST
from creditlab.reports.shelf import Place
from creditlab.terms import Audience, Language

REPORT = "assessment_methodology"
_TABLE = "tables/levels.csv"
#: What a line of the page has: the level, how many organisations have it, and their share.
Line = dict[str, str]


def levels(reports: Path, period: str, audience: Audience) -> dict[str, list[Line]]:
    """Organisations by level, by language; nothing where no such report was published for the audience.

    What was hidden in the report is hidden here: the figures are its table's.

    Raises
    ------
    ReportError
        If the table is not the one that was published.
    """
    found = {}
    for language in Language:
        folder = Place(reports, period, REPORT, audience, language).folder / LATEST
        if folder.is_dir():
            found[str(language)] = _lines(folder.resolve(), Messages(language))
    # A report that was published in one language alone is better than none.
    return {str(one): found.get(str(one), next(iter(found.values()))) for one in Language} if found else {}


def _lines(folder: Path, messages: Messages) -> list[Line]:
    try:
        rows = list(csv.DictReader(published_text(folder, _TABLE).splitlines()))
        return [
            {
                "level": row["name"],
                "count": messages.integer(int(row["subject_count"]))
                if row["subject_count"].isdigit()
                else row["subject_count"],
                "share": _share(row["ratio"], messages),
            }
            for row in rows
        ]
    except (KeyError, ValueError) as error:
        raise ReportError("a published table can't be read", where="/".join(folder.parts[-4:])) from error


def _share(text: str, messages: Messages) -> str:
    """A share as its table has it: a number, nothing, or the mark of what is hidden."""
    if not text or text.startswith("["):
        return text
    exact = Fraction(text)
    return messages.percent(exact.numerator, exact.denominator)
