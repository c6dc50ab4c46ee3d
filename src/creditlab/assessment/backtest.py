"""Did levels foretell anything? Adverse records of the time after, by the level that organisations had before.

The level is the one of that day as it was known then (`effective_on`, and the runs of that time where the lake has
them): the caller gives both assessments. What happened afterwards is what is known, and may still be used, at the end.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from creditlab.assessment.bands import newest_so_old
from creditlab.assessment.distribution import NO_INFORMATION
from creditlab.assessment.methodology import Methodology

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: The time after that is looked at: the longest of these for which there is enough of a time before.
MONTHS = (12, 9, 6, 3)
#: For so many months before its start the lake must have known something.
BEFORE = 3


@dataclass(frozen=True)
class Window:
    """The time that outcomes are looked for in: after `start`, up to and including `end`."""

    start: date
    end: date
    months: int


@dataclass(frozen=True)
class Trend:
    """The Cochran-Armitage test for a trend in shares.

    Attributes
    ----------
    z
        Above 0 where shares rise along the groups.
    p
        The probability of such a z or a higher one if there were no trend.
    """

    z: float
    p: float


def window(first: date, end: date) -> Window | None:
    """The time that a lake which knows something since `first` allows; None where it is too young for any."""
    for months in MONTHS:
        start = newest_so_old(end, months)
        if newest_so_old(start, BEFORE) >= first:
            return Window(start, end, months)
    return None


def outcomes(standings: ir.Table, later: ir.Table, methodology: Methodology, about: Window) -> ir.Table:
    """Organisations that had something adverse happen, by the level that they had.

    Parameters
    ----------
    standings
        Of the window's start: subject_id, level.
    later
        One row per record as it is known at the end, or later, as `lines.lines` gives them: what happened.
    methodology
        The one that they are lines of.
    about
        The window.

    Returns
    -------
    ibis Table
        One row per level (`none`: no information): level, subject_count, outcome_count (those with at least one record
        in the window that counts for an adverse indicator, or sets a level). Records that were withdrawn or repaired
        since, or whose publication ended, are none; organisations that ceased to exist stay in the count.
    """
    adverse = [number for number, one in enumerate(methodology.indicators, 1) if one.is_adverse]
    is_adverse = (later.counts & later.indicator_no.isin(adverse)) | later.sets
    found = later.filter(is_adverse, later.event_date > about.start, later.event_date <= about.end)
    happened = found.select("subject_id").distinct().mutate(has_outcome=True)
    joined = standings.select("subject_id", level=standings.level.fill_null(NO_INFORMATION))
    joined = joined.left_join(happened, "subject_id").drop("subject_id_right")
    return joined.group_by("level").agg(
        subject_count=joined.count().cast("int64"),
        outcome_count=joined.has_outcome.fill_null(False).sum().cast("int64"),
    )


def wilson(outcome_count: int, subject_count: int) -> tuple[float, float]:
    """The 95 % interval of a share after Wilson; of 0 to 1 where there is nobody."""
    from scipy.stats import binomtest

    if not subject_count:
        return 0.0, 1.0
    found = binomtest(outcome_count, subject_count).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def trend(outcome_counts: Sequence[int], subject_counts: Sequence[int]) -> Trend | None:
    """Whether shares rise along groups that lie equally far apart; None where there is nothing to compare.

    Notes
    -----
    Sums are whole numbers, in Python's own integers, so that nothing is rounded before the one root and quotient.
    """
    from scipy.stats import norm

    total, happened = sum(subject_counts), sum(outcome_counts)
    places = range(len(subject_counts))
    moment = sum(place * count for place, count in enumerate(subject_counts))
    square = sum(place * place * count for place, count in enumerate(subject_counts))
    spread = happened * (total - happened) * (total * square - moment * moment)
    if spread <= 0:
        return None
    above = total * sum(place * outcome_counts[place] for place in places) - happened * moment
    # z = above / sqrt(spread / total), with the variance that holds if there is no trend.
    z = above / math.sqrt(spread / total)
    return Trend(z, float(norm.sf(z)))


def steepest_fall(outcome_counts: Sequence[int], subject_counts: Sequence[int]) -> float:
    """How often chance alone would show the fall from a group's share to the next one's that it shows least often.

    Below 0.5 where some share falls, 0.5 where the least that happens is that two are the same, above where all rise.
    Groups without anybody are passed over; 1 where there is nothing to compare.
    """
    groups = [(happened, count) for happened, count in zip(outcome_counts, subject_counts, strict=True) if count]
    pairs = [trend((one[0], after[0]), (one[1], after[1])) for one, after in pairwise(groups)]
    return min((1 - found.p for found in pairs if found), default=1.0)
