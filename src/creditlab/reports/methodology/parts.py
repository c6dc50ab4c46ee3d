"""Three sections of the report on a methodology: the back-test, how levels moved, and why regions differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from creditlab.assessment.backtest import BEFORE, trend, wilson
from creditlab.assessment.distribution import NO_INFORMATION, NOT_THERE
from creditlab.assessment.regional import Held, decompose, share_by_number
from creditlab.disclosure import CubeTable
from creditlab.figures import Cell
from creditlab.reports.methodology.cube import Figure, standing_codes
from creditlab.reports.methodology.tabling import CODE, Taken
from creditlab.reports.methodology.words import DIRECTIONS
from creditlab.reports.section import Section
from creditlab.tables import Kind, Table

if TYPE_CHECKING:
    from creditlab.reports.methodology.report import Report

_MILLI = 1000


class BackTest:
    """Adverse outcomes after a day, by the level that organisations had on it."""

    def __init__(self, report: Report) -> None:
        self._report, self._tabling, self._messages = report, report.tabling, report.messages

    def section(self) -> Section:
        """The section; without a table where the lake is too young."""
        _, m, days = self._messages.gettext, self._messages, self._report.days
        title = _("Did levels foretell anything?")
        if days.window is None or days.then is None:
            text = _(
                "The lake is too young: a back-test needs {months} months before its first day, and as many after it."
            )
            return self._report.keep("back_test", title, [text.format(months=BEFORE)], [])
        levels = [one.code for one in self._report.methodology.levels]
        grades = list(dict.fromkeys(one.grade for one in self._report.methodology.levels))
        grade_of = {one.code: one.grade for one in self._report.methodology.levels}
        details = {code: f"{grade_of[code]}|{code}" for code in levels} | {NO_INFORMATION: f"|{NO_INFORMATION}"}
        # What is suppressed is not in the trend either: it could be reckoned back from it.
        found = [one for one in (self._tabling.numbers(Figure.OUTCOME, details[code]) for code in levels) if one]
        along = trend([part for part, _whole in found], [whole for _part, whole in found])
        paragraphs = [
            _(
                "Organisations by their level on {start}, and how many of them had at least one adverse record from "
                "the day after up to {end}: {months} months. Intervals are 95 % intervals after Wilson."
            ).format(start=m.day(days.window.start), end=m.day(days.window.end), months=days.window.months),
            self._report.known_then(days.then),
            _(
                "An adverse record is one that counts against an organisation by the methodology. What was withdrawn "
                "or repaired since, or may not be used any more, is none."
            ),
        ]
        if along:
            z = f"{along.z:.2f}"
            p = f"{along.p:.4f}" if along.p >= 0.0001 else "<0.0001"
            text = _("Trend along the levels (Cochran–Armitage, one-sided): z = {z}, p = {p}.")
            paragraphs.append(text.format(z=z, p=p))
            if len(found) < len(levels):
                paragraphs.append(_("Levels that are suppressed are not in this trend; the gate looks at all of them."))
        named = [(code, code) for code in levels] + [(NO_INFORMATION, _("No information"))]
        tables = [
            self._table("outcomes", _("Adverse outcomes by level"), _("Level"), named, details),
            self._table(
                "outcomes_by_grade", _("Adverse outcomes by grade"), _("Grade"), [(code, code) for code in grades],
                {code: f"{code}|" for code in grades},
            ),
        ]  # fmt: skip
        return self._report.keep("back_test", title, paragraphs, tables)

    def _table(
        self, name: str, caption: str, label: str, rows: list[tuple[str, str]], details: Mapping[str, str]
    ) -> Table:
        _, tabling = self._messages.gettext, self._tabling

        def bound(place: int) -> Taken:
            def take(_figures: Any, row: Any) -> Cell:
                found = tabling.numbers(Figure.OUTCOME, details[row[CODE]])
                if found is None:
                    return tabling.suppressed()
                return tabling.proportion(wilson(*found)[place]) if found[1] else Cell(None, "")

            return take

        def part(column: str) -> Taken:
            return lambda figures, row: tabling.part(Figure.OUTCOME, details[row[CODE]], column=column)(figures, row)

        return tabling.table(
            name, caption, label, rows,
            [
                ("subject_count", _("Organisations"), Kind.INTEGER,
                 part("denominator")),
                ("outcome_count", _("With an adverse outcome"), Kind.INTEGER, part("numerator")),
                ("ratio", _("Share"), Kind.SHARE,
                 lambda figures, row: tabling.share(Figure.OUTCOME, details[row[CODE]])(figures, row)),
                ("low_ratio", _("Interval from"), Kind.SHARE, bound(0)),
                ("high_ratio", _("Interval to"), Kind.SHARE, bound(1)),
            ],
            self._report.small(),
        )  # fmt: skip


class Movement:
    """How levels moved: from which to which for the analysts, up or down for others."""

    def __init__(self, report: Report) -> None:
        self._report, self._tabling, self._messages = report, report.tabling, report.messages

    def section(self) -> Section:
        """The section."""
        _, report = self._messages.gettext, self._report
        days = {"before": report.day(report.days.before.day), "after": report.day(report.release.as_of)}
        text = _("Both days as they were known then. Not there: not registered yet, or deregistered.")
        table = self._by_level(days) if report.release.is_internal else self._by_direction(days)
        return report.keep("movement", _("Movement"), [text, report.known_then(report.days.before)], [table])

    def _by_direction(self, days: Mapping[str, str]) -> Table:
        _, tabling = self._messages.gettext, self._tabling
        caption = _("Organisations at a higher, the same or a lower level on {after} than on {before}").format(**days)
        rows = [(str(one), _(text)) for one, text in DIRECTIONS.items()]
        column = ("subject_count", _("Organisations"), Kind.INTEGER, tabling.count(Figure.MOVED, "{code}"))
        return tabling.table("movement", caption, _("Movement"), rows, [column], self._report.small())

    def _by_level(self, days: Mapping[str, str]) -> Table:
        _, tabling = self._messages.gettext, self._tabling
        names = {NO_INFORMATION: _("No information"), NOT_THERE: _("Not there")}
        codes = standing_codes(self._report.methodology)
        columns = [
            (f"to_{place}", names.get(code, code), Kind.INTEGER, tabling.count(Figure.MOVED, f"{{code}}|{code}"))
            for place, code in enumerate(codes)
        ]
        caption = _("Organisations by level, {before} (rows) and {after} (columns)").format(**days)
        rows = [(code, names.get(code, code)) for code in codes]
        return tabling.table("movement", caption, _("Level before"), rows, columns)


class Regions:
    """Why regions differ: more records per organisation, or graver ones."""

    def __init__(self, report: Report) -> None:
        self._report, self._tabling, self._messages = report, report.tabling, report.messages

    def named(self) -> list[tuple[str, str]]:
        """The province, then each region that has organisations: code and name."""
        cells = self._report.release.select(table=CubeTable.STANDINGS, measure=Figure.LEVEL_BY_REGION, detail="")
        there = set(cells.table["region_code"].to_pylist()) - {""}
        known = [code for code in self._report.catalogue.regions if code in there]
        names = [("", self._messages.gettext("All regions"))]
        for code in [*known, *sorted(there - set(known))]:
            names.append((code, self._messages.region(self._report.catalogue, code)))
        return names

    def section(self) -> Section:
        """The section."""
        _, tabling = self._messages.gettext, self._tabling
        rows, whole = self.named(), tabling.held()

        def taken(cell: Callable[[Held], Cell]) -> Taken:
            def take(_figures: Any, row: Any) -> Cell:
                held = tabling.held(row[CODE])
                return tabling.suppressed() if held is None else cell(held)

            return take

        def count(name: str) -> Taken:
            return taken(lambda held: Cell(getattr(held, name), self._messages.integer(getattr(held, name))))

        def number(name: str) -> Taken:
            scale = 1 if name == "rate" else _MILLI
            return taken(lambda held: tabling.number(getattr(held, name) / scale))

        def part(name: str) -> Taken:
            if whole is None:
                return lambda _figures, _row: tabling.suppressed()
            return taken(lambda held: tabling.number(getattr(decompose(held, whole), name) / _MILLI))

        columns = [
            ("subject_count", _("Organisations"), Kind.INTEGER, count("subjects")),
            ("record_count", _("Adverse records"), Kind.INTEGER, count("records")),
            ("records_each", _("Records per organisation"), Kind.NUMBER, number("rate")),
            ("points_of_record", _("Points per record"), Kind.NUMBER, number("gravity")),
            ("points_each", _("Points per organisation"), Kind.NUMBER, number("mean")),
            ("difference", _("Difference from all"), Kind.NUMBER, part("whole")),
            ("by_number", _("of it by the number of records"), Kind.NUMBER, part("by_number")),
            ("by_gravity", _("of it by their gravity"), Kind.NUMBER, part("by_gravity")),
        ]
        table = tabling.table(
            "regions", _("What is held against organisations, by region"), _("Region"), rows, columns,
            self._report.small(), by_region=True,
        )  # fmt: skip
        paragraphs = [
            _(
                "What is taken from an average organisation is its records times the points of a record. The "
                "difference of a region from all is a part for the number of records and a part for their gravity, "
                "each at the mean of the other; together they are the difference."
            ),
            _(
                "Whether a region has more records because its organisations do worse or because its departments "
                "report more, no assessment can tell. It is why levels of different regions are not to be ranked."
            ),
        ]
        shown = [held for held in (tabling.held(code) for code, _name in rows if code) if held is not None]
        share = share_by_number(shown)
        if share is not None:
            text = _("Of what regions differ by, {share} comes with the number of records: reporting intensity.")
            said = self._messages.percent(share.numerator, share.denominator)
            paragraphs.insert(1, text.format(share=said))
        return self._report.keep("regions", _("Why regions differ"), paragraphs, [table])
