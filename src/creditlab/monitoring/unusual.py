"""Unusual volumes: a fall that looks like withheld reports, a flood that looks like a double delivery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from creditlab.monitoring.expected import Expectation, Learned
from creditlab.monitoring.findings import Evidence, Finding, Kind
from creditlab.monitoring.series import Series, deliveries_of, months_of, record_series, row_series
from creditlab.terms import MatterRule

if TYPE_CHECKING:
    from creditlab.monitoring.rules import Quarter
    from creditlab.periods import Period

Came = Mapping[tuple[str, str, str], Mapping[str, int]]


def judge(series: Iterable[Series], limits: Mapping[str, Any]) -> Iterator[tuple[Series, Expectation, Kind]]:
    """What is expected of each series that can be judged, and what it is: a fall, a flood, or nothing unusual."""
    able = judgeable(series, limits)
    return verdicts(able, Learned(able), limits) if able else iter(())


def judgeable(series: Iterable[Series], limits: Mapping[str, Any]) -> list[Series]:
    """Series whose past is long enough, and has few months without any record: elsewhere nothing is to be expected."""
    long = [one for one in series if len(one.past) >= limits["months"]]
    return [one for one in long if sum(not count for count in one.past) <= limits["zero_share"] * len(one.past)]


def verdicts(
    series: list[Series], learned: Learned, limits: Mapping[str, Any]
) -> Iterator[tuple[Series, Expectation, Kind]]:
    """What series are, from what was learned of them.

    Units of one item and department are together raised by chance no more often than the department as a whole.
    """
    from scipy.stats import norm

    family = Counter((one.item_code, one.department) for one in series)
    many = np.array([family[one.item_code, one.department] for one in series])
    found = learned.expect(norm.isf(norm.sf(limits["score"]) / many), limits["sought"])
    for one, expected in zip(series, found, strict=True):
        yield one, expected, kind_of(one, expected, limits)


def kind_of(one: Series, expected: Expectation, limits: Mapping[str, Any]) -> Kind:
    """A fall or a flood, where such a change can be told from chance, or lies so far off that there is no doubt."""
    kind = outside(one, expected, limits)
    finds = expected.finds_fall if kind is Kind.FALL else expected.finds_flood
    return kind if finds >= limits["shows"] or abs(expected.score) > limits["sure"] else Kind.NONE


def outside(one: Series, expected: Expectation, limits: Mapping[str, Any]) -> Kind:
    """Whether a month lies outside the interval, and far enough from what was expected to matter; to which side."""
    change = one.observed - expected.mean
    if abs(change) < limits["change"] * expected.mean:
        return Kind.NONE
    if -expected.score > expected.width_below:
        return Kind.FALL
    return Kind.FLOOD if expected.score > expected.width_above else Kind.NONE


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
        One per item, department, unit and kind that could be judged; of several unusual months the newest.
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
    series = list(record_series(inputs, month, look.as_of, history))
    unusual = set()
    for one, expected, kind in judge([one for one in series if not one.region_code], limits):
        yield from _fall_and_flood(one, expected, came, kind, limits)
        if kind is not Kind.NONE:
            unusual.add((one.item_code, one.department))
    for one, expected, kind in judge([one for one in series if one.region_code], limits):
        # A unit is looked at only while its department as a whole is in order.
        if (one.item_code, one.department) not in unusual:
            yield from _fall_and_flood(one, expected, came, kind, limits)
    in_month = deliveries_of(inputs, month, month.last_day)
    for one, expected, _ in judge(row_series(inputs, month, history), limits):
        repeated = in_month[one.item_code, one.department, ""]["repeated"]
        too_many = one.observed - expected.mean
        # That rows were sent before is evidence enough of its own.
        is_double = outside(one, expected, limits) is Kind.FLOOD and repeated >= limits["repeated"] * too_many
        yield _finding(one, expected, in_month, Kind.DOUBLE, holds=is_double)


def _fall_and_flood(
    one: Series, expected: Expectation, came: Came, kind: Kind, limits: Mapping[str, Any]
) -> Iterator[Finding]:
    doubtful = outside(one, expected, limits) if kind is Kind.NONE else Kind.NONE
    for which in (Kind.FALL, Kind.FLOOD):
        # What lies outside and can't be told from chance is neither raised nor in order.
        if which is not doubtful:
            yield _finding(one, expected, came, which, holds=kind is which)


def _finding(one: Series, expected: Expectation, came: Came, kind: Kind, *, holds: bool) -> Finding:
    row = came[one.item_code, one.department, one.region_code]
    evidence = Evidence(
        one.counted,
        one.observed,
        round(expected.mean),
        one.month.start,
        one.month.end,
        round(expected.low),
        round(expected.high),
        row["delivery_count"],
        row["delivered"],
        row["repeated"],
    )
    return Finding(MatterRule.UNUSUAL_VOLUME, kind, one.item_code, one.department, one.region_code, holds, evidence)
