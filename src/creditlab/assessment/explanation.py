"""Say to an organisation why it stands as it does, and what it can do: plain sentences and a table in its language."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from creditlab.assessment.cells import MILLI
from creditlab.assessment.methodology import Indicator, Methodology, Override
from creditlab.assessment.recovery import Mending, Recovery
from creditlab.assessment.single import Line, Standing
from creditlab.assessment.words import REASONS, REMEDIES
from creditlab.catalogue.edition import Catalogue
from creditlab.messages import Messages

#: The columns of an explanation's lines.
EXPLAINED = ("indicator", "item", "record_id", "event_date", "points", "because", "legal_basis")


@dataclass(frozen=True)
class Explanation:
    """Why one organisation stands as it does on a day, and its way back.

    Attributes
    ----------
    recovery
        Its standing with every line, what can be mended, and when the level changes by itself.
    """

    methodology: Methodology
    catalogue: Catalogue
    recovery: Recovery

    @property
    def now(self) -> Standing:
        """How it stands."""
        return self.recovery.now

    def paragraphs(self, messages: Messages) -> list[str]:
        """What there is to say, one sentence or two each: standing, dimensions, way back, changes by themselves."""
        return [
            *self._standing(messages),
            *self._dimensions(messages),
            *self._mendings(messages),
            *self._changes(messages),
        ]

    def lines(self, messages: Messages) -> list[dict[str, str]]:
        """One row per record and rule, EXPLAINED columns as text: what counted, then what was left out and why."""
        order = sorted(self.now.lines, key=lambda line: (line.left_out is not None, line.points, line.record.key64))
        return [self._line(line, messages) for line in order]

    def _line(self, line: Line, messages: Messages) -> dict[str, str]:
        rule, _ = line.rule, messages.gettext
        if line.left_out is not None:
            because = _(REASONS[line.left_out])
        elif isinstance(rule, Override):
            because = _("sets the level {level}").format(level=rule.level)
        else:
            because = _("counted")
        return {
            "indicator": messages.named(rule.name_zh, rule.name_en),
            "item": messages.item(self.catalogue, line.record.item_code),
            "record_id": line.record.record_id,
            "event_date": line.record.event_date.isoformat(),
            "points": points_text(line.points, is_signed=True) if line.left_out is None else "",
            "because": because,
            "legal_basis": messages.named(rule.legal_basis_zh, rule.legal_basis_en),
        }

    def _standing(self, messages: Messages) -> Iterator[str]:
        _, now = messages.gettext, self.now
        named = messages.named(self.methodology.title_zh, self.methodology.title_en)
        yield _("Assessed as of {day} by: {methodology}.").format(day=messages.day(now.day), methodology=named)
        yield messages.named(self.methodology.note_zh, self.methodology.note_en)
        if not now.has_information or now.score is None:
            yield _("No record counts on this day, so there is no score and no level. That is no grade of honesty.")
        elif now.is_overridden:
            words = _(
                "The score of {score} points would be the level {by_score}; the level is {level}, as set by: {rules}."
            )
            rules = dict.fromkeys(line.rule.code for line in now.lines if _sets(line))
            names = [self._override(code, messages) for code in rules]
            text = points_text(now.score)
            yield words.format(score=text, by_score=now.score_level, level=now.level, rules="; ".join(names))
        else:
            words = _("The score is {score} points, which is the level {level}.")
            yield words.format(score=points_text(now.score), level=now.level)
        if now.is_provisional:
            yield _(
                "The result is provisional: a record that would count is disputed, and is held until that is settled."
            )

    def _override(self, code: str, messages: Messages) -> str:
        rule = self.methodology.override[code]
        return messages.named(rule.name_zh, rule.name_en)

    def _dimensions(self, messages: Messages) -> Iterator[str]:
        if not self.now.has_information:
            return
        _, points = messages.gettext, self.now.indicator_points(self.methodology)
        yield _("Everybody begins with {base} points.").format(base=points_text(self.methodology.base))
        for dimension in self.methodology.dimensions:
            own = [one for one in self.methodology.indicators if one.dimension == dimension.code and one.code in points]
            parts = [
                f"{messages.named(one.name_zh, one.name_en)} {points_text(points[one.code], is_signed=True)}"
                for one in own
            ]
            if parts:
                total = points_text(sum(points[one.code] for one in own), is_signed=True)
                name = messages.named(dimension.name_zh, dimension.name_en)
                yield _("{dimension}: {total} points ({parts}).").format(
                    dimension=name, total=total, parts=_("; ").join(parts)
                )

    def _mendings(self, messages: Messages) -> Iterator[str]:
        _, now = messages.gettext, self.now
        for number, one in enumerate(self.recovery.mendings, 1):
            words = _("{number}. {indicator}, {item} of {day} (record {record}): {what}. {then}")
            yield words.format(
                number=number,
                indicator=_("; ").join(self._rule(rule, messages) for rule in one.rules),
                item=messages.item(self.catalogue, one.record.item_code),
                day=messages.day(one.record.event_date),
                record=one.record.record_id,
                what=self._what(one, messages),
                then=self._then(one, now, messages),
            )

    def _rule(self, rule: Indicator | Override, messages: Messages) -> str:
        return messages.named(rule.name_zh, rule.name_en)

    def _what(self, one: Mending, messages: Messages) -> str:
        _ = messages.gettext
        found = [_(REMEDIES[remedy]) for remedy in one.remedies]
        if one.repairable_from is not None:
            found[-1] += _(" (from {day} on)").format(day=messages.day(one.repairable_from))
        return _(", or ").join(found) if found else _("nothing can be done about it but to wait")

    def _then(self, one: Mending, now: Standing, messages: Messages) -> str:
        _ = messages.gettext
        if one.alone.level == now.level:
            alone = _("That alone does not change the level")
        elif one.alone.level is None:
            alone = _("With that alone no record counts any more")
        else:
            alone = _("That alone makes the level {level}").format(level=one.alone.level)
        together = one.together.level or _("none, for no record counts any more")
        words = _("{alone}; with all before it in this list the level is {together}.")
        return words.format(alone=alone, together=together)

    def _changes(self, messages: Messages) -> Iterator[str]:
        _ = messages.gettext
        for one in self.recovery.changes:
            if one.level is None:
                yield _("If nothing new happens, from {day} on no record counts, and there is no level.").format(
                    day=messages.day(one.day)
                )
            else:
                words = _("If nothing new happens, the level becomes {level} by itself on {day}.")
                yield words.format(level=one.level, day=messages.day(one.day))
        if not self.recovery.changes and self.now.has_information:
            words = _("If nothing new happens, the level stays as it is until {day}, the methodology's last day.")
            yield words.format(day=messages.day(self.methodology.effective_until))


def _sets(line: Line) -> bool:
    return isinstance(line.rule, Override) and line.left_out is None


def points_text(milli: int, *, is_signed: bool = False) -> str:
    """Milli-points as points, exactly.

    Examples
    --------
    >>> points_text(-2500, is_signed=True), points_text(990000), points_text(1, is_signed=True)
    ('-2.5', '990', '+0.001')
    """
    whole, rest = divmod(abs(milli), MILLI)
    text = f"{whole}.{rest:03d}".rstrip("0").rstrip(".")
    sign = "-" if milli < 0 else "+" if is_signed and milli else ""
    return f"{sign}{text}"
