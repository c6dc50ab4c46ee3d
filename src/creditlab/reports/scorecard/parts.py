"""A model card's sections: its questions, how well it does, whom it would look at, whether the population moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from creditlab.figures import Cell
from creditlab.reports.scorecard.chart import calibration_plot
from creditlab.reports.scorecard.cube import Figure
from creditlab.reports.scorecard.words import MISSING, RATES, UNSEEN, WHY
from creditlab.reports.section import Section
from creditlab.scorecards import FeatureKind, Measure, Variable
from creditlab.scorecards.drift import MOVED, SCORE, STEADY
from creditlab.scorecards.fairness import SHARE
from creditlab.scorecards.fitting import Why
from creditlab.tables import Column, Kind, Table

if TYPE_CHECKING:
    from creditlab.reports.scorecard.report import Report


class Questions:
    """What the card asks, and the points of every answer."""

    def __init__(self, report: Report) -> None:
        self._report, self._card, self._messages = report, report.card, report.messages

    def section(self) -> Section:
        """The section."""
        _ = self._messages.gettext
        low, high = self._card.range()
        paragraphs = [
            _(
                "Everybody has {base} points; each answer adds or takes some. More points mean that the outcome is "
                "less likely. The fewest are {low}, the most {high}. Reasons of a score are these points: they add up "
                "to it."
            ).format(base=self._card.base, low=low, high=high),
            _(
                "Rows and outcomes are those that the card was fitted on. A value that is missing has an answer of its "
                "own; a category never seen adds nothing, and is counted."
            ),
        ]
        if self._card.left_out:
            grouped: dict[str, list[str]] = {}
            for name, why in self._card.left_out.items():
                grouped.setdefault(str(why), []).append(self._report.feature(name))
            said = "; ".join(
                f"{_(WHY[Why(why)]) if why in set(Why) else why}: {', '.join(names)}" for why, names in grouped.items()
            )
            paragraphs.append(_("Looked at and left out: {text}.").format(text=said))
        return self._report.keep("questions", _("What the card asks"), paragraphs, [self._points(), self._variables()])

    def _points(self) -> Table:
        _, tabling = self._messages.gettext, self._report.tabling
        rows = []
        for variable in self._card.variables:
            for place, label in enumerate(self._labels(variable)):
                if place == variable.split.width + 1 and variable.split.feature.kind is FeatureKind.NUMBER:
                    continue
                where = tabling.where(Figure.BIN, f"{variable.name}|{place}")  # type: ignore[arg-type]
                points = tabling.figures.count(**tabling.where(Figure.POINTS, f"{variable.name}|{place}"))  # type: ignore[arg-type]
                numbers = [tabling.figures.integer(name, **where) for name in ("denominator", "numerator")]
                rows.append((_text(variable.name), _text(self._report.feature(variable.name)), _text(label), *numbers,
                             tabling.figures.share(**where), points))  # fmt: skip
        columns = (
            Column("variable", _("Code"), in_page=False), Column("name", _("Question")), Column("label", _("Answer")),
            Column("rows", _("Rows"), Kind.INTEGER), Column("outcomes", _("With the outcome"), Kind.INTEGER),
            Column("ratio", _("Share"), Kind.SHARE), Column("points", _("Points"), Kind.INTEGER),
        )  # fmt: skip
        return Table("points", _("Points of every answer"), columns, tuple(rows), "", self._report.release)

    def _variables(self) -> Table:
        _, tabling = self._messages.gettext, self._report.tabling
        named = [(one.name, self._report.feature(one.name)) for one in self._card.variables]
        alone = tabling.column("auc", _("AUC alone"), Measure.ALONE, lambda code: ("card", "variable", code))
        note = _("Above 0.600 a variable is taken for a leak until a reason is signed. On the rows it was fitted on.")
        return tabling.table("variables", _("Each question by itself"), _("Question"), named, [alone], note)

    def _labels(self, variable: Variable) -> list[str]:
        _ = self._messages.gettext
        return [*variable.labels[:-2], _(MISSING), _(UNSEEN)]


class Performance:
    """How well it does, of all and by group."""

    def __init__(self, report: Report) -> None:
        self._report, self._card, self._messages = report, report.card, report.messages

    def section(self) -> Section:
        """The card beside other answers, and the calibration plot."""
        _, tabling = self._messages.gettext, self._report.tabling
        names = list(dict.fromkeys(one.of for one in self._card.measured if one.measure == Measure.AUC))
        named = [(name, self._report.beside(name)) for name in names]
        within = {one.of: one for one in self._card.measured if one.measure == Measure.AUC_WITHIN}
        paragraphs = [
            _(
                "AUC is the chance that of two organisations, one with the outcome and one without, the first has the "
                "lower score. All answers are about the same rows. Intervals are 95 % intervals."
            )
        ]
        for name, one in within.items():
            text = _(
                "{name}: among rows that agree in {group} its AUC is {within}, and over all {whole}: so much of it is "
                "{group}."
            )
            values = {
                "within": tabling.decimal(one.part, one.whole).text,
                "whole": tabling.found(Measure.AUC, name).text,
            }
            paragraphs.append(text.format(name=self._report.beside(name), group=one.group, **values))
        table = tabling.table(
            "performance", _("The card beside other answers"), _("Answer by"), named,
            [
                tabling.column("auc", _("AUC"), Measure.AUC, _of), *tabling.interval("auc", Measure.AUC, _of),
                tabling.column("ks", _("KS"), Measure.KS, _of), *tabling.interval("ks", Measure.KS, _of),
            ],
        )  # fmt: skip
        tenths = [one.member for one in self._card.measured if one.measure == Measure.EXPECTED]
        title = _("What the card expects, and what happened")

        def where(code: str) -> tuple[str, str, str]:
            return "card", "tenth", code

        groups = [
            (str(int(one)), tabling.percentage(Measure.EXPECTED, *where(one)),
             tabling.percentage(Measure.OBSERVED, *where(one)))
            for one in tenths
        ]  # fmt: skip
        chart = calibration_plot("calibration", title, groups, self._messages)
        expected = tabling.table(
            "calibration", title, _("Tenth by score"), [(one, str(int(one))) for one in tenths],
            [
                tabling.count_column("rows", _("Organisations"), Measure.OBSERVED, where, "denominator"),
                tabling.count_column("outcomes", _("With the outcome"), Measure.OBSERVED, where, "numerator"),
                tabling.share_column("observed_ratio", _("Happened"), Measure.OBSERVED, where),
                tabling.share_column("expected_ratio", _("Expected"), Measure.EXPECTED, where),
            ],
            _("The first tenth has the highest scores, so the lowest risk."),
        )  # fmt: skip
        return self._report.keep("performance", _("How well it does"), paragraphs, [table, chart, expected])

    def by_groups(self) -> Section:
        """The same by group."""
        _ = self._messages.gettext
        names = list(dict.fromkeys(one.group for one in self._card.measured if one.measure == Measure.SELECTED))
        text = _(
            "Where there are too few outcomes to rank, nothing is said. An interval that reaches 0.5 says nothing."
        )
        tables = [self._by_group(place, name) for place, name in enumerate(names)]
        return self._report.keep("groups", _("For whom it does well"), [text], tables)

    def _by_group(self, place: int, group: str) -> Table:
        _, tabling = self._messages.gettext, self._report.tabling

        def where(code: str) -> tuple[str, str, str]:
            return "card", group, code

        members = [one.member for one in self._card.measured if one.measure == Measure.OUTCOMES and one.group == group]
        title = self._report.group(group)
        return tabling.table(
            f"group_{place + 1}", _("By group: {group}").format(group=title), title,
            [(one, self._report.member(group, one)) for one in members],
            [
                tabling.count_column("rows", _("Organisations"), Measure.OUTCOMES, where, "denominator"),
                tabling.count_column("outcomes", _("With the outcome"), Measure.OUTCOMES, where, "numerator"),
                tabling.column("auc", _("AUC"), Measure.AUC, where), *tabling.interval("auc", Measure.AUC, where),
                tabling.column("brier", _("Brier score"), Measure.BRIER, where),
                tabling.column("slope", _("Calibration slope"), Measure.SLOPE, where),
            ],
        )  # fmt: skip


class Fairness:
    """Whom it would look at first, and whether the population moved."""

    def __init__(self, report: Report) -> None:
        self._report, self._card, self._messages = report, report.card, report.messages

    def section(self) -> Section:
        """Selection by group, and the largest differences."""
        _, tabling = self._messages.gettext, self._report.tabling
        names = list(dict.fromkeys(one.group for one in self._card.measured if one.measure == Measure.SELECTED))
        text = _(
            "Selected are the {share} % with the lowest scores: those that supervision would look at first. Where one "
            "group is selected more often though its outcome is not more frequent, the card is harder on it."
        ).format(share=round(100 * SHARE))
        differences = tabling.table(
            "differences", _("Largest differences between the members of a group"), _("Group"),
            [(name, self._report.group(name)) for name in names],
            [
                tabling.share_column(f"{rate}_difference", _(title), Measure.DIFFERENCE,
                                     _of_member(str(rate)))
                for rate, title in RATES.items()
            ],
            _("Members with fewer than 30 organisations are left out."),
        )  # fmt: skip
        tables = [self._selected(place, name) for place, name in enumerate(names)]
        return self._report.keep("fairness", _("Whom it would look at"), [text], [differences, *tables])

    def _selected(self, place: int, group: str) -> Table:
        _, tabling = self._messages.gettext, self._report.tabling
        members = [one.member for one in self._card.measured if one.measure == Measure.SELECTED and one.group == group]
        title = self._report.group(group)

        def where(code: str) -> tuple[str, str, str]:
            return "card", group, code

        columns = [tabling.share_column(f"{rate}_ratio", _(text), Measure(rate), where) for rate, text in RATES.items()]
        happened = tabling.share_column("outcome_ratio", _("With the outcome"), Measure.OUTCOMES, where)
        return tabling.table(
            f"selected_{place + 1}", _("Selected, by group: {group}").format(group=title), title,
            [(one, self._report.member(group, one)) for one in members], [*columns, happened],
        )  # fmt: skip

    def drift(self) -> Section:
        """The population stability index by quarter, and what the card had never seen."""
        _, tabling = self._messages.gettext, self._report.tabling
        found = [one for one in self._card.measured if one.measure == Measure.STABILITY]
        quarters = sorted({one.member for one in found})
        variables = [(one.name, self._report.feature(one.name)) for one in self._card.variables]
        tables = []
        paragraphs = [
            _(
                "The population stability index compares a quarter's organisations with those that the card was fitted "
                "on: below {steady} nothing moved, from {moved} on it is another population."
            ).format(steady=f"{STEADY:.2f}", moved=f"{MOVED:.2f}")
        ]
        if quarters:
            columns = [
                tabling.column(f"psi_{quarter}", quarter, Measure.STABILITY,
                               _of_member(quarter))
                for quarter in quarters
            ]  # fmt: skip
            rows = [(SCORE, self._report.feature(SCORE)), *variables]
            tables.append(tabling.table("drift", _("Population stability by quarter"), _("What"), rows, columns))
        else:
            paragraphs = [_("It was fitted and tried on one time: nothing can be said about drift.")]

        def where(code: str) -> tuple[str, str, str]:
            return "card", "variable", code

        tables.append(
            tabling.table(
                "unknown", _("Values that the rows tried on lacked, or that the card had never seen"), _("Question"),
                variables,
                [
                    tabling.count_column("missing", _("No value"), Measure.MISSING, where, "numerator"),
                    tabling.count_column("unseen", _("Category never seen"), Measure.UNSEEN, where, "numerator"),
                    tabling.count_column("rows", _("Rows"), Measure.UNSEEN, where, "denominator"),
                ],
            )
        )  # fmt: skip
        return self._report.keep("drift", _("Whether the population moved"), paragraphs, tables)


def _of(code: str) -> tuple[str, str, str]:
    return code, "", ""


def _of_member(member: str) -> Callable[[str], tuple[str, str, str]]:
    """Whose a figure is where a row is a group, and a column one of its members."""
    return lambda code: ("card", code, member)


def _text(text: str) -> Cell:
    return Cell(text, text)
