"""Unusual volumes: a fall that looks like withheld reports, a flood that looks like a double delivery."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from creditlab.monitoring.expected import Expectation, expectations
from creditlab.monitoring.findings import Evidence, Finding, Kind
from creditlab.monitoring.series import Series, deliveries_of, months_of, record_series, row_series
from creditlab.terms import MatterRule

if TYPE_CHECKING:
    from creditlab.monitoring.rules import Quarter
    from creditlab.periods import Period


#: How much wider the interval is for series in which the change that is sought would not show.
_WIDER = 1.25


def judge(series: list[Series], limits: Mapping[str, Any]) -> Iterator[tuple[Series, Expectation, Kind]]:
    """What is expected of each series that can be judged, and what it is: a fall, a flood, or nothing unusual.

    A series is not judged while its past is short, or where months without any record are too many: then nothing is
    what is to be expected.
    """
    long = [one for one in series if len(one.past) >= limits["months"]]
    dense = [one for one in long if sum(not count for count in one.past) <= limits["zero_share"] * len(one.past)]
    found = expectations(dense, score=limits["score"], sought=limits["sought"])
    for one, expected in zip(dense, found, strict=True):
        yield one, expected, kind_of(one, expected, limits)


def kind_of(one: Series, expected: Expectation, limits: Mapping[str, Any]) -> Kind:
    """A fall or a flood lies outside the interval, and far enough from what was expected to matter.

    A series too small or too restless for the change that is sought has to lie outside a wider one: of many such
    series, some are always outside the narrow one.
    """
    change = one.observed - expected.mean
    shows = expected.shows_fall if change < 0 else expected.shows_flood
    width = limits["score"] * (1 if shows else _WIDER)
    if abs(expected.score) <= width or abs(change) < limits["change"] * expected.mean:
        return Kind.NONE
    return Kind.FALL if change < 0 else Kind.FLOOD


def unusual_volumes(look: Quarter, standing: Mapping[str, date]) -> Iterator[Finding]:
    """Unusual months of the quarter by item and department, and the earlier ones that matters stand for.

    Parameters
    ----------
    look
        The quarter.
    standing
        By matter, the first day of the month that it stands for: whether what was missing has come is asked of that
        month, not of a later one.

    Returns
    -------
    iterator of Finding
        One per item, department and kind that could be judged; of several unusual months the newest.
    """
    newest: dict[str, Finding] = {}
    own = {one.start for one in look.period.months()}
    for month in months_of(look.period, set(standing.values())):
        if month.end > look.as_of:
            continue
        for finding in _month(look, month):
            stands_for = standing.get(finding.matter_id)
            before = newest.get(finding.matter_id)
            if finding.holds:
                is_asked = month.start in own or stands_for == month.start
            else:
                # What was found unusual is in order again only where it was found.
                is_asked = stands_for == month.start and not (before and before.holds)
            if is_asked:
                newest[finding.matter_id] = finding
    yield from newest.values()


def _month(look: Quarter, month: Period) -> Iterator[Finding]:
    limits = look.thresholds[MatterRule.UNUSUAL_VOLUME]
    inputs, history = look.inputs, limits["history"]
    came = deliveries_of(inputs, month, look.as_of)
    for one, expected, kind in judge(record_series(inputs, month, look.as_of, history), limits):
        yield _finding(one, expected, came, Kind.FALL, holds=kind is Kind.FALL)
        yield _finding(one, expected, came, Kind.FLOOD, holds=kind is Kind.FLOOD)
    in_month = deliveries_of(inputs, month, month.last_day)
    for one, expected, kind in judge(row_series(inputs, month, history), limits):
        repeated = in_month.get((one.item_code, one.department), {}).get("repeated") or 0
        too_many = one.observed - expected.mean
        is_double = kind is Kind.FLOOD and repeated >= limits["repeated"] * too_many
        yield _finding(one, expected, in_month, Kind.DOUBLE, holds=is_double)


def _finding(one: Series, expected: Expectation, came: dict[Any, Any], kind: Kind, *, holds: bool) -> Finding:
    row = came.get((one.item_code, one.department), {})
    evidence = Evidence(
        one.counted,
        one.observed,
        round(expected.mean),
        one.month.start,
        one.month.end,
        round(expected.low),
        round(expected.high),
        row.get("delivery_count") or 0,
        row.get("delivered") or 0,
        row.get("repeated") or 0,
    )
    return Finding(MatterRule.UNUSUAL_VOLUME, kind, one.item_code, one.department, "", holds, evidence)
