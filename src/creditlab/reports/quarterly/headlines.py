"""The quarter in sentences, made from the release's figures: every number in them stands in one of its tables."""

from __future__ import annotations

from collections.abc import Iterator

from creditlab.catalogue import Catalogue
from creditlab.disclosure import CubeTable, Marker
from creditlab.figures import Cell, Figures
from creditlab.messages import Messages
from creditlab.periods import Period
from creditlab.reports.quarterly.base import where_measured
from creditlab.reports.quarterly.cube import RECORD_COUNT, Omission
from creditlab.reports.quarterly.words import MEASURES, fault_words
from creditlab.terms import Measure

#: What is said of the province in sentences, and as key figures.
HEADLINED = (Measure.TIMELINESS, Measure.COVERAGE_LEDGER, Measure.VALIDITY, Measure.PUNCTUALITY)


class Headlines:
    """Sentences about the province's quarter.

    Parameters
    ----------
    figures
        The release's figures in the reader's language.
    messages
        That language.
    period
        The period reported.
    catalogue
        What fields are called.
    """

    def __init__(self, figures: Figures, messages: Messages, period: Period, catalogue: Catalogue) -> None:
        self._figures, self._messages, self._period, self._catalogue = figures, messages, period, catalogue

    def sentences(self) -> list[str]:
        """The sentences; a suppressed figure has none."""
        made = [one for measure in HEADLINED for one in self._of(measure)]
        return [*made, *self._omissions(), *self._fault()]

    def _of(self, measure: Measure) -> Iterator[str]:
        """Its share, and how it differs from mature shares before."""
        _, where = self._messages.gettext, where_measured(measure)
        now = {**where, "period_start": self._period.start}
        share = self._figures.share(**now)
        if share.value is None:
            return
        named = {"measure": _(MEASURES[measure].title), "share": share.text}
        if share.is_provisional:
            yield _("{measure}: {share} (p). Late arrivals are still to come, so it is not compared.").format(**named)
            return
        compared = []
        for before in dict.fromkeys((self._period.previous(), self._period.year_before())):
            points = self._figures.difference(now, {**where, "period_start": before.start})
            if points.value is not None:
                words = _("{points} percentage points against {period}")
                compared.append(words.format(points=points.text, period=self._messages.period(before)))
        if compared:
            yield _("{measure}: {share} ({compared}).").format(compared=_(", ").join(compared), **named)
        else:
            yield _("{measure}: {share}.").format(**named)

    def _omissions(self) -> Iterator[str]:
        where = {"table": CubeTable.OMISSIONS, "measure": Omission.NEVER, "period_start": self._period.start}
        never, due = (self._figures.integer(name, **where) for name in ("numerator", "denominator"))
        if _is_shown(never) and _is_shown(due):
            text = self._messages.gettext("Of {due} due cells {never} were never delivered.")
            yield text.format(due=self._figures.said(due), never=self._figures.said(never))

    def _fault(self) -> Iterator[str]:
        """The commonest fault, and what to do about it."""
        found = self._figures.release.select(table=CubeTable.FAULTS, measure=RECORD_COUNT, by=("detail",)).rows()
        shown = [one for one in found if one["marker"] != Marker.SUPPRESSED and one["count"]]
        if shown:
            most = min(shown, key=lambda one: (-one["count"], one["detail"]))
            what, do = fault_words(most["detail"], self._catalogue, self._messages)
            text = self._messages.gettext("The commonest fault: {fault} ({count} records). {do}")
            yield text.format(fault=what, count=self._messages.in_words(most["count"]), do=do)


def _is_shown(cell: Cell) -> bool:
    return cell.value is not None
