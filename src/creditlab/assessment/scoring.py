"""From lines to scores and levels: sums by subject and indicator, capped, added to the base.

Everything is a sum, a least or a greatest of whole numbers, so that the digits are the same in any order of rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from creditlab.assessment.lookup import Lookup

if TYPE_CHECKING:
    import ibis.expr.types as ir


def indicator_points(rows: ir.Table, lookup: Lookup) -> ir.Table:
    """The points of each indicator, capped.

    Parameters
    ----------
    rows
        Lines.

    Returns
    -------
    ibis Table
        One row per subject and indicator with a line that counts, is held or sets a level: subject_id, indicator_no (0
        where an override alone looks at it), points, counted (lines), is_held, override_place (-1: none).
    """
    rows = rows.filter(rows.counts | rows.held | rows.sets)
    sums = rows.group_by("subject_id", "indicator_no").agg(
        total=rows.points.sum().cast("int64"),
        least=rows.points.min(),
        most=rows.points.max(),
        counted=rows.counts.cast("int32").sum().cast("int64"),
        is_held=rows.held.max(),
        override_place=ibis.ifelse(rows.sets, rows.override_place, -1).max().cast("int16"),
    )
    kinds = lookup.indicators().select("indicator_no", "is_newest_only", "cap")
    found = sums.left_join(kinds, "indicator_no").drop("indicator_no_right")
    # Steps only fade, so that the newest of its records is the one with the most points.
    strongest = ibis.ifelse(found.total < 0, found.least, found.most)
    points = ibis.ifelse(found.is_newest_only, strongest, found.total)
    capped = ibis.greatest(ibis.least(points, found.cap), -found.cap).fill_null(0).cast("int64")
    return found.select("subject_id", "indicator_no", "counted", "is_held", "override_place", points=capped)


def scores(points: ir.Table, subjects: ir.Table, lookup: Lookup) -> ir.Table:
    """The score and level of each subject.

    Parameters
    ----------
    points
        One row per subject and indicator, as `indicator_points` gives them.
    subjects
        Who is assessed, once each.

    Returns
    -------
    ibis Table
        One row per subject: subject_id, subject_kind, region_code, score (milli-points), level, is_provisional (a
        disputed record is held that would count), has_information (a record counts), score_level (the level by the
        score alone), is_overridden. Without information there is no score and no level: that is no grade.
    """
    methodology = lookup.methodology
    sums = points.group_by("subject_id").agg(
        points=points.points.sum().cast("int64"),
        has_information=((points.counted > 0) | (points.override_place >= 0)).max(),
        is_held=points.is_held.max(),
        override_place=points.override_place.max(),
    )
    found = subjects.select("subject_id", "subject_kind", "region_code").left_join(sums, "subject_id")
    found = found.drop("subject_id_right")
    has_information = found.has_information.fill_null(False)
    total = (found.points.fill_null(0) + methodology.base).cast("int64")
    score = ibis.greatest(ibis.least(total, methodology.highest), methodology.lowest)
    found = found.mutate(
        score=ibis.ifelse(has_information, score, None).cast("int64"),
        is_provisional=found.is_held.fill_null(False),
        has_information=has_information,
        override_place=found.override_place.fill_null(-1),
    )
    by_score = ibis.cases(
        *((found.score >= level.start, place) for place, level in enumerate(methodology.levels[:-1])),
        else_=len(methodology.levels) - 1,
    )
    place = ibis.greatest(by_score, found.override_place)
    return found.select(
        "subject_id",
        "subject_kind",
        "region_code",
        "score",
        "is_provisional",
        "has_information",
        level=_named(found, place, lookup),
        score_level=_named(found, by_score, lookup),
        is_overridden=found.has_information & (found.override_place > by_score),
    )


def _named(found: ir.Table, place: ir.IntegerValue, lookup: Lookup) -> ir.StringValue:
    """The level at a place; null without information."""
    levels = lookup.methodology.levels
    code = ibis.cases(*((place == number, one.code) for number, one in enumerate(levels)))
    return ibis.ifelse(found.has_information, code, ibis.null("string"))
