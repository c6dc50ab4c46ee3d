"""What a methodology may not contradict in itself: gaps, overlaps, signs, and records that would count twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from creditlab.assessment.methodology import Condition, Indicator, Methodology, Override, Step
from creditlab.errors import MethodologyError
from creditlab.terms import Counted


def check_steps(steps: Sequence[Step], where: str) -> None:
    """Refuse a step table that doesn't begin at 0, has a gap or an overlap, or goes up again.

    What fades may only fade: otherwise a record would weigh more the older it is.
    """
    if steps[0].start != 0:
        raise MethodologyError("gap", "the first step doesn't begin at 0", where=where, do="Begin at 0.")
    for one in steps:
        if one.below <= one.start:
            raise MethodologyError("overlap", "a step ends before it begins", where=where, do="Order from and below.")
    for one, after in pairwise(steps):
        _check_joint(one.below, after.start, where)
        if abs(after.value) > abs(one.value) or one.value * after.value < 0:
            raise MethodologyError("rises", "a step is worth more than the one before", where=where, do="Let it fade.")


def check_consistent(methodology: Methodology) -> None:
    """Refuse a methodology that contradicts itself.

    Raises
    ------
    MethodologyError
        With the first contradiction.
    """
    name = methodology.name
    if methodology.effective_until < methodology.effective_from:
        raise MethodologyError("effective", "a methodology ends before it begins", where=f"{name}, effective_until")
    if not methodology.lowest < methodology.base <= methodology.highest:
        raise MethodologyError("bounds", "the base is not within the bounds of scores", where=f"{name}, base")
    _check_levels(methodology)
    for codes in ([one.code for one in methodology.dimensions], [one.code for one in methodology.rules]):
        if len(set(codes)) < len(codes):
            raise MethodologyError("twice", "a code stands twice", where=name, do="Give each its own.")
    dimensions = {one.code for one in methodology.dimensions}
    for indicator in methodology.indicators:
        _check_indicator(indicator, dimensions, f"{name}, indicator {indicator.code}")
    empty = dimensions - {one.dimension for one in methodology.indicators}
    if empty:
        raise MethodologyError("missing", "a dimension has no indicator", where=f"{name}, dimension {min(empty)}")
    levels = {one.code for one in methodology.levels}
    for override in methodology.overrides:
        if override.level not in levels:
            where = f"{name}, override {override.code}, level"
            raise MethodologyError("unknown_level", "a level is not there", where=where, do="Name one of the levels.")
    _check_counted_once(methodology)


def _check_joint(below: int, start: int, where: str) -> None:
    if start > below:
        raise MethodologyError("gap", "there is a gap between two steps", where=where, do="Begin where the other ends.")
    if start < below:
        raise MethodologyError("overlap", "two steps overlap", where=where, do="Begin where the other ends.")


def _check_levels(methodology: Methodology) -> None:
    where, levels = f"{methodology.name}, level", methodology.levels
    if len({one.code for one in levels}) < len(levels):
        raise MethodologyError("twice", "a level stands twice", where=where, do="Give each its own code.")
    if levels[0].below is not None:
        raise MethodologyError(
            "gap", "scores above the highest level have none", where=where, do="Leave out its below."
        )
    for above, one in pairwise(levels):
        if one.below is None:
            raise MethodologyError(
                "overlap", "a level has no upper end", where=f"{where} {one.code}", do="Write below."
            )
        if one.start >= one.below:
            raise MethodologyError("overlap", "a level ends before it begins", where=f"{where} {one.code}")
        _check_joint(one.below, above.start, f"{where} {one.code}")
    if levels[-1].start > methodology.lowest:
        what = "scores below the lowest level have none"
        raise MethodologyError("gap", what, where=f"{where} {levels[-1].code}", do="Let it begin at the lowest score.")


def _check_indicator(indicator: Indicator, dimensions: set[str], where: str) -> None:
    if indicator.dimension not in dimensions:
        raise MethodologyError("unknown_dimension", "a dimension is not there", where=where, do="Define it.")
    if indicator.counted is Counted.SUM and not indicator.per:
        raise MethodologyError("kind", "amounts are summed by a unit above 0", where=f"{where}, per")
    if indicator.counted is not Counted.DAYS_SINCE and not indicator.points:
        raise MethodologyError("kind", "an indicator gives no points", where=f"{where}, points")
    if indicator.counted is Counted.DAYS_SINCE and not indicator.days[0].value:
        raise MethodologyError("kind", "an indicator gives no points", where=f"{where}, days")
    if any(not 0 <= one.value <= 100 for one in indicator.decay):
        raise MethodologyError("kind", "a decay is not within 0 and 100 per cent", where=f"{where}, decay")
    if indicator.cap < max(abs(indicator.points if indicator.counted is not Counted.SUM else 1), 1):
        what = "the cap is below what a single record gives"
        raise MethodologyError("cap", what, where=f"{where}, cap", do="Raise it, or lower the points.")
    if indicator.is_adverse and indicator.is_in_force_only:
        # Otherwise a later end of validity would be held against the subject.
        raise MethodologyError("sign", "only favourable records count while in force", where=f"{where}, in_force")


def _check_counted_once(methodology: Methodology) -> None:
    """Refuse two rules of one kind that could look at the same record, and two fields for one item."""
    fields: dict[str, str | None] = {}
    kinds: tuple[tuple[Indicator | Override, ...], ...] = (methodology.indicators, methodology.overrides)
    for rules in kinds:
        seen: set[tuple[str, str | None]] = set()
        for code, item, when in _looked_at(rules):
            where = f"{methodology.name}, {code}, items"
            field = when.field if when else None
            if fields.setdefault(item, field) != field:
                what = "two rules look at different fields of one item"
                raise MethodologyError("two_fields", what, where=where, do="Let both look at one field.")
            found = {(item, value) for value in (when.values if when else (None,))}
            if found & seen:
                what = "a record would count twice"
                raise MethodologyError("counted_twice", what, where=where, do="Give each record one indicator.")
            seen |= found


def _looked_at(rules: Iterable[Indicator | Override]) -> Iterator[tuple[str, str, Condition | None]]:
    for one in rules:
        for item in one.items:
            yield one.code, item, one.when
