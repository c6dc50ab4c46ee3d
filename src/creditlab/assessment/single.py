"""One organisation's standing, worked out from its few records at any day: for explaining it, and for looking ahead.

It rests on the same tables of steps as the assessment of everybody, and a test holds the two together.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from creditlab.assessment.bands import Bands
from creditlab.assessment.lookup import is_newest_only, points_of
from creditlab.assessment.methodology import Indicator, Methodology, Override
from creditlab.terms import LeftOut


@dataclass(frozen=True)
class Record:
    """A record as evidence has it on a day; `units` are full units of its amount, where amounts are summed."""

    item_code: str
    department: str
    region_code: str
    record_id: str
    key64: int
    event_date: date
    valid_until: date | None
    outcome: str | None
    published_until: date | None
    repairable_from: date | None
    left_out: str | None
    units: int

    @classmethod
    def of(cls, row: Mapping[str, Any], methodology: Methodology) -> Record:
        """A row of evidence."""
        per = next((one.per for one in methodology.indicators if row["item_code"] in one.items and one.per), 0)
        amount = min(max(row["amount"] or 0, 0), 10**12)
        units = min(int(amount) // per, 1_000_000) if per else 1
        names = [name for name in cls.__dataclass_fields__ if name != "units"]
        return cls(**{name: row[name] for name in names}, units=units)


@dataclass(frozen=True)
class Line:
    """What a rule saw in a record: the points that it adds, or why it adds none.

    Attributes
    ----------
    own
        The points that it would add if it were the indicator's only record.
    """

    record: Record
    rule: Indicator | Override
    points: int
    own: int
    left_out: LeftOut | None


@dataclass(frozen=True)
class Standing:
    """How an organisation stands on a day. Without information there is no score and no level."""

    day: date
    score: int | None
    level: str | None
    score_level: str | None
    is_provisional: bool
    has_information: bool
    lines: tuple[Line, ...]

    @property
    def is_overridden(self) -> bool:
        """Whether an override sets another level than the score does."""
        return self.level != self.score_level

    def indicator_points(self, methodology: Methodology) -> dict[str, int]:
        """What each indicator with a line that counts adds, capped."""
        found: dict[str, int] = {}
        for line in self.lines:
            if line.left_out is None and isinstance(line.rule, Indicator):
                found[line.rule.code] = found.get(line.rule.code, 0) + line.points
        caps = {code: methodology.indicator[code].cap for code in found}
        return {code: max(-caps[code], min(caps[code], points)) for code, points in found.items()}


class Look:
    """A methodology on a day, for looking at one record after the other.

    What a record adds does not hang on the others, but for what counts once; so it is worked out once a record.
    """

    def __init__(self, methodology: Methodology, day: date) -> None:
        self.methodology, self.day = methodology, day
        bands = Bands.of(methodology, day)
        self._days = [-one.toordinal() for one in bands.days]
        self._steps = {one.code: bands.values(one) for one in methodology.indicators}
        self._holds = {one.code: bands.holds(one.below_months) for one in methodology.overrides}
        self._indicators: dict[str, list[Indicator]] = {}
        for indicator in methodology.indicators:
            for item in indicator.items:
                self._indicators.setdefault(item, []).append(indicator)

    def lines(self, record: Record) -> list[Line]:
        """What the rules see in a record, if it is the only one."""
        return list(self._lines(record))

    def settle(self, lines: Iterable[Line]) -> Standing:
        """The standing that the lines of all records make."""
        methodology = self.methodology
        kept = tuple(_only_newest(list(lines)))
        counted = [line for line in kept if line.left_out is None]
        is_provisional = any(line.left_out is LeftOut.DISPUTED for line in kept)
        found = Standing(self.day, None, None, None, is_provisional, bool(counted), kept)
        if not counted:
            return found
        score = methodology.base + sum(found.indicator_points(methodology).values())
        score = max(methodology.lowest, min(methodology.highest, score))
        by_score = methodology.level_of(score).code
        set_to = [line.rule.level for line in counted if isinstance(line.rule, Override)]
        level = max((by_score, *set_to), key=methodology.place_of)
        return replace(found, score=score, level=level, score_level=by_score)

    def _lines(self, record: Record) -> Iterator[Line]:
        band = bisect_right(self._days, -record.event_date.toordinal())
        taken_out = _taken_out(record, self.day)
        of_item = self._indicators.get(record.item_code)
        if of_item:
            fitting = [one for one in of_item if _fits(one, record)]
            rule = (fitting or of_item)[0]
            step = self._steps[rule.code][band]
            own = points_of(rule, step) * record.units
            reason = taken_out or _own_reason(rule, record, self.day, bool(fitting), step)
            if reason is None and record.left_out:
                reason = LeftOut.DISPUTED
            yield Line(record, rule, 0 if reason else own, own if fitting else 0, reason)
        for override in self.methodology.overrides:
            if record.item_code in override.items and _fits(override, record) and self._holds[override.code][band]:
                disputed = LeftOut.DISPUTED if record.left_out else None
                yield Line(record, override, 0, 0, taken_out or disputed)


def stand(methodology: Methodology, records: Iterable[Record], day: date) -> Standing:
    """Work out one organisation's standing.

    Parameters
    ----------
    records
        All that is held about it, as evidence has it on `day` or on an earlier day; what ends in between is left out.
    """
    look = Look(methodology, day)
    return look.settle(line for record in records for line in look.lines(record))


def _fits(rule: Indicator | Override, record: Record) -> bool:
    return rule.when is None or record.outcome in rule.when.values


def _taken_out(record: Record, day: date) -> LeftOut | None:
    if record.left_out and record.left_out != LeftOut.DISPUTED:
        return LeftOut(record.left_out)
    is_over = record.published_until is not None and record.published_until <= day
    return LeftOut.PUBLICATION_ENDED if is_over else None


def _own_reason(rule: Indicator, record: Record, day: date, is_fitting: bool, step: int | None) -> LeftOut | None:
    """Why a record that may be looked at adds nothing."""
    if not is_fitting:
        return LeftOut.OTHER_VALUE
    if rule.is_in_force_only and record.valid_until is not None and record.valid_until < day:
        return LeftOut.EXPIRED
    if step is None:
        return LeftOut.TOO_OLD
    return None if record.units else LeftOut.NO_AMOUNT


def _only_newest(lines: list[Line]) -> Iterator[Line]:
    """Of what counts once the newest record counts."""
    newest: dict[str, tuple[int, int]] = {}
    for line in lines:
        if line.left_out is None and isinstance(line.rule, Indicator) and is_newest_only(line.rule):
            place = (-line.record.event_date.toordinal(), line.record.key64)
            newest[line.rule.code] = min(newest.get(line.rule.code, place), place)
    for line in lines:
        place = (-line.record.event_date.toordinal(), line.record.key64)
        is_older = line.left_out is None and line.rule.code in newest and newest[line.rule.code] != place
        yield replace(line, points=0, left_out=LeftOut.COUNTED_ONCE) if is_older else line
