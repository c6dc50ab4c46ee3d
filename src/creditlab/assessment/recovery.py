"""The way back: which records, once performed or repaired, change the level, and when it changes by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from creditlab.assessment.bands import months_later
from creditlab.assessment.methodology import Indicator, Methodology, Override
from creditlab.assessment.single import Line, Look, Record, Standing, stand
from creditlab.terms import LeftOut

#: So many times the record that helps most is looked for among all.
_TRIED = 6


class Remedy(StrEnum):
    """What can be done about an adverse record."""

    PERFORM = "perform"
    REPAIR = "repair"


@dataclass(frozen=True)
class Mending:
    """A record that is held against an organisation, and what follows when it no longer is.

    Attributes
    ----------
    remedies
        To perform what was not performed (the record then says so), or to have it repaired.
    repairable_from
        The first day on which repair may be asked for; None where it is not repaired.
    alone
        The standing if this record alone were mended.
    together
        The standing if this and all before it in the list were mended.
    """

    record: Record
    rules: tuple[Indicator | Override, ...]
    remedies: tuple[Remedy, ...]
    repairable_from: date | None
    alone: Standing
    together: Standing


@dataclass(frozen=True)
class Recovery:
    """The way back of one organisation.

    Attributes
    ----------
    now
        How it stands.
    mendings
        What can be mended, what helps most first.
    changes
        The days on which the level changes by itself if nothing new happens, with the standing then, up to the last day
        of the methodology.
    """

    now: Standing
    mendings: tuple[Mending, ...]
    changes: tuple[Standing, ...]

    @property
    def next_change(self) -> Standing | None:
        """The first day on which the level changes by itself; None where it doesn't."""
        return self.changes[0] if self.changes else None


def recovery(methodology: Methodology, records: Iterable[Record], as_of: date) -> Recovery:
    """Look for the way back.

    Parameters
    ----------
    records
        All that is held about one organisation, as evidence has it on `as_of`.
    """
    held = tuple(records)
    now = stand(methodology, held, as_of)
    return Recovery(now, tuple(_mendings(methodology, held, now)), tuple(_changes(methodology, held, now)))


def _mendings(methodology: Methodology, records: tuple[Record, ...], now: Standing) -> Iterator[Mending]:
    """What can be mended; the next one is looked for anew after each, for caps hide what several do together."""
    look = Look(methodology, now.day)
    lines = {record.key64: look.lines(record) for record in records}
    mended = {record.key64: look.lines(replace(record, left_out=LeftOut.REPAIRED)) for record in records}

    def without(keys: Collection[int]) -> Standing:
        return look.settle(line for key in lines for line in (mended if key in keys else lines)[key])

    waiting = {line.record.key64: line.record for line in now.lines if _is_adverse(line)}
    weight = {key: min(line.own for line in lines[key]) for key in waiting}
    done: list[int] = []
    while waiting:
        # Whoever has very many is told the rest by their points: trying all against all would take minutes.
        tried = waiting if len(done) < _TRIED else {min(waiting, key=lambda key: (weight[key], key)): None}
        found = {key: without([*done, key]) for key in tried}
        best = min(found, key=lambda key: _rank(methodology, found[key], waiting[key]))
        done.append(best)
        record = waiting.pop(best)
        rules = tuple(line.rule for line in now.lines if line.record.key64 == best and _is_adverse(line))
        remedies = [Remedy.PERFORM] if any(rule.when for rule in rules) else []
        remedies += [Remedy.REPAIR] if record.repairable_from else []
        yield Mending(record, rules, tuple(remedies), record.repairable_from, without([best]), found[best])


def _is_adverse(line: Line) -> bool:
    """Whether a record is held against its subject, or would be if no newer one were."""
    if line.left_out not in (None, LeftOut.COUNTED_ONCE):
        return False
    return isinstance(line.rule, Override) or line.own < 0


def _rank(methodology: Methodology, found: Standing, record: Record) -> tuple[int, int, date, int]:
    """The best level first, then the best score; then what happened first. No information is no grade, and no worse."""
    place = methodology.place_of(found.level) if found.level else 0
    score = found.score if found.score is not None else methodology.highest + 1
    return place, -score, record.event_date, record.key64


def _changes(methodology: Methodology, records: tuple[Record, ...], now: Standing) -> Iterator[Standing]:
    level = now.level
    for day in sorted(set(_turning_days(methodology, now))):
        if now.day < day <= methodology.effective_until:
            then = stand(methodology, records, day)
            if then.level != level:
                level = then.level
                yield then


def _turning_days(methodology: Methodology, now: Standing) -> Iterator[date]:
    """The days on which a record begins to weigh less, or nothing."""
    for line in now.lines:
        record, rule = line.record, line.rule
        if record.published_until:
            yield record.published_until
        if isinstance(rule, Override):
            if rule.below_months:
                yield months_later(record.event_date, rule.below_months)
            continue
        if rule.is_in_force_only and record.valid_until:
            yield record.valid_until + timedelta(days=1)
        for step in rule.decay:
            yield months_later(record.event_date, step.below)
        for step in rule.days:
            yield record.event_date + timedelta(days=step.below)
