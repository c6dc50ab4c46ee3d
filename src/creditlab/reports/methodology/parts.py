"""Two sections of the report on a methodology: the back-test, and why regions differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from creditlab.assessment.backtest import BEFORE, trend, wilson
from creditlab.assessment.distribution import NO_INFORMATION
from creditlab.assessment.regional import decompose, share_by_number
from creditlab.disclosure import CubeTable
from creditlab.figures import Cell
from creditlab.reports.methodology.cube import Figure
from creditlab.reports.methodology.tabling import CODE, Taken
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
        found = [self._tabling.numbers(Figure.OUTCOME, code) for code in levels]
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
        named = [(code, code) for code in levels] + [(NO_INFORMATION, _("No information"))]
        tables = [
            self._table("outcomes", _("Adverse outcomes by level"), _("Level"), Figure.OUTCOME, named),
            self._table(
                "outcomes_by_grade", _("Adverse outcomes by grade"), _("Grade"), Figure.OUTCOME_BY_GRADE,
                [(code, code) for code in grades],
            ),
        ]  # fmt: skip
        return self._report.keep("back_test", title, paragraphs, tables)

    def _table(self, name: str, caption: str, label: str, figure: Figure, rows: list[tuple[str, str]]) -> Table:
        _, tabling = self._messages.gettext, self._tabling

        def bound(place: int) -> Taken:
            def take(_figures: Any, row: Any) -> Cell:
                part, whole = tabling.numbers(figure, row[CODE])
                return tabling.proportion(wilson(part, whole)[place]) if whole else Cell(None, "")

            return take

        return tabling.table(
            name, caption, label, rows,
            [
                ("subject_count", _("Organisations"), Kind.INTEGER,
                 tabling.part(figure, "{code}", column="denominator")),
                ("outcome_count", _("With an adverse outcome"), Kind.INTEGER, tabling.part(figure, "{code}")),
                ("ratio", _("Share"), Kind.SHARE, tabling.share(figure, "{code}")),
                ("low_ratio", _("Interval from"), Kind.SHARE, bound(0)),
                ("high_ratio", _("Interval to"), Kind.SHARE, bound(1)),
            ],
        )  # fmt: skip


class Regions:
    """Why regions differ: more records per organisation, or graver ones."""

    def __init__(self, report: Report) -> None:
        self._report, self._tabling, self._messages = report, report.tabling, report.messages

    def named(self) -> list[tuple[str, str]]:
        """The province, then each region that has organisations: code and name."""
        cells = self._report.release.select(table=CubeTable.ASSESSMENTS, measure=Figure.REGION_SUBJECTS)
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

        def count(name: str) -> Taken:
            def take(_figures: Any, row: Any) -> Cell:
                number = getattr(tabling.held(row[CODE]), name)
                return Cell(number, self._messages.integer(number))

            return take

        def number(name: str) -> Taken:
            scale = 1 if name == "rate" else _MILLI
            return lambda _figures, row: tabling.number(getattr(tabling.held(row[CODE]), name) / scale)

        def part(name: str) -> Taken:
            return lambda _figures, row: tabling.number(
                getattr(decompose(tabling.held(row[CODE]), whole), name) / _MILLI
            )

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
            "regions", _("What is held against organisations, by region"), _("Region"), rows, columns, by_region=True
        )
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
        share = share_by_number([tabling.held(code) for code, _name in rows if code])
        if share is not None:
            text = _("Of what regions differ by, {share} comes with the number of records: reporting intensity.")
            said = self._messages.percent(share.numerator, share.denominator)
            paragraphs.insert(1, text.format(share=said))
        return self._report.keep("regions", _("Why regions differ"), paragraphs, [table])
