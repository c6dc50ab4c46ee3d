"""Who stands where: levels by group, their movement between two days, and what regions report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditlab.assessment.lookup import is_newest_only
from creditlab.assessment.methodology import Methodology

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: In a level's place: no record that counts; not assessed on that day.
NO_INFORMATION, NOT_THERE = "none", "absent"


def level_counts(standings: ir.Table, *groups: str) -> ir.Table:
    """Organisations at each level.

    Parameters
    ----------
    standings
        One row per assessed organisation: level (null without information), and the groups.
    groups
        Columns to count by.

    Returns
    -------
    ibis Table
        One row per level that somebody has (`none`: no information) and group; a group that is null is an empty text.
    """
    rows = standings.mutate(
        level=standings.level.fill_null(NO_INFORMATION), **{name: standings[name].fill_null("") for name in groups}
    )
    return rows.group_by("level", *groups).agg(subject_count=rows.count().cast("int64"))


def movement(before: ir.Table, after: ir.Table) -> ir.Table:
    """Organisations by the level that they had and the one that they have.

    Parameters
    ----------
    before, after
        Standings of two days: subject_id, level.

    Returns
    -------
    ibis Table
        One row per pair: level_before, level_after, subject_count. `none`: no information; `absent`: not assessed on
        that day, for it did not exist.
    """
    old = before.select("subject_id", level_before=before.level.fill_null(NO_INFORMATION))
    new = after.select("subject_id", level_after=after.level.fill_null(NO_INFORMATION))
    pairs = old.outer_join(new, "subject_id")
    pairs = pairs.select(
        level_before=pairs.level_before.fill_null(NOT_THERE), level_after=pairs.level_after.fill_null(NOT_THERE)
    )
    return pairs.group_by("level_before", "level_after").agg(subject_count=pairs.count().cast("int64"))


def intensity(points: ir.Table, subjects: ir.Table, methodology: Methodology) -> ir.Table:
    """What is held against organisations, by region: how many records, and how many points they take.

    Parameters
    ----------
    points
        One row per organisation and indicator, as `scoring.indicator_points` gives them.
    subjects
        Who is assessed, once each.
    methodology
        The one that they are points of.

    Returns
    -------
    ibis Table
        One row per region of the register: region_code, subject_count, record_count (adverse records that count; one
        for an indicator that counts once), points (milli-points that they take, capped; from 0 on).
    """
    adverse = [number for number, one in enumerate(methodology.indicators, 1) if one.is_adverse]
    once = [number for number, one in enumerate(methodology.indicators, 1) if is_newest_only(one)]
    rows = points.filter(points.indicator_no.isin(adverse), points.counted > 0)
    rows = rows.mutate(counted=rows.indicator_no.isin(once).ifelse(1, rows.counted))
    sums = rows.group_by("subject_id").agg(
        record_count=rows.counted.sum().cast("int64"), points=-rows.points.sum().cast("int64")
    )
    found = subjects.left_join(sums, "subject_id")
    found = found.mutate(region_code=found.region_code.fill_null(""))
    return found.group_by("region_code").agg(
        subject_count=found.count().cast("int64"),
        record_count=found.record_count.fill_null(0).sum().cast("int64"),
        points=found.points.fill_null(0).sum().cast("int64"),
    )
