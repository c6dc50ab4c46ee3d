"""The report on a methodology: sections of a page over one release, in which no subject is named."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from creditlab.assessing import choose_methodology
from creditlab.assessment import Methodology
from creditlab.assessment.bootstrap import RESAMPLES
from creditlab.assessment.distribution import NO_INFORMATION
from creditlab.assessment.explanation import points_text
from creditlab.assessment.gates import Gate, hold, refuse_broken
from creditlab.assessment.sensitivity import BOUND_CHANGE, DRAWS, SEED, WEIGHT_CHANGE
from creditlab.charts import shares
from creditlab.disclosure import CubeTable, Marker, Release
from creditlab.figures import Cell, Row
from creditlab.periods import parse_date, parse_period
from creditlab.profiles.size import SIZES
from creditlab.reports.methodology.cube import HIGH, LOW, MIDDLE, Figure, level_groups, near_distance
from creditlab.reports.methodology.parts import BackTest, Movement, Regions
from creditlab.reports.methodology.tabling import Tabling
from creditlab.reports.methodology.taking import MEMORY, Look, Taken, take
from creditlab.reports.methodology.words import GATES, INDUSTRIES, KINDS
from creditlab.reports.section import Section, Tile
from creditlab.reports.sectioned import Sectioned, protect
from creditlab.tables import Column, Kind, Table
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace, open_workspace


def open_report(
    workspace: str,
    period: str,
    as_of: str,
    audience: str,
    language: str,
    run_no: int,
    out: str,
    methodology: str | None = None,
) -> Report:
    """Work out the figures about a methodology, protect them for the audience, and give the report over them.

    Parameters
    ----------
    workspace
        The workspace's folder.
    period
        The period reported, as 2026Q3.
    as_of
        The day whose standings are reported, as 2026-10-20.
    audience, language
        For whom, and in which language.
    run_no
        The newest run of the lake that may be read; 0 for the newest there is.
    out
        The folder that `save` writes to; empty when the notebook is only looked at.
    methodology
        The name of a draft, to look at it before it is approved; None for the approved one in force on the day.

    Raises
    ------
    NoDataError
        If nobody is assessed on the day, or no organisation has a record that counts.
    MethodologyError
        If there is no such methodology, or none is in force.
    """
    from creditlab import engine

    place = open_workspace(Path(workspace))
    with engine.over(place, MEMORY) as backend:
        chosen = choose_methodology(place, parse_date(as_of), methodology)
        is_wide = Audience(audience) is not Audience.INTERNAL
        day = parse_date(as_of)
        taken = take(place, backend, parse_period(period), day, chosen, run_no or None, is_wide=is_wide)
    released = protect(place, Audience(audience), taken.cube)
    return Report(place, taken, released, Language(language), Path(out) if out else None)


class Report(Sectioned):
    """The report on a methodology; every call returns a section that a notebook shows.

    Parameters
    ----------
    workspace
        Whose report it is.
    taken
        The methodology, the days that are compared, and what the gates look at.
    release
        Every figure of the report.
    language
        The reader's language.
    out
        Where `save` writes; None when nothing is to be written.
    """

    methodology: Methodology

    def __init__(
        self, workspace: Workspace, taken: Taken, release: Release, language: Language, out: Path | None
    ) -> None:
        super().__init__(workspace, taken.catalogue, release, language, out)
        self.methodology, self.tried = taken.methodology, taken.tried
        self.days = taken
        self._tabling = Tabling(release, self.messages)
        self._levels = [(one.code, one.code) for one in taken.methodology.levels]

    def overview(self) -> Section:
        """Which methodology it is, and whether it keeps its own gates."""
        _, m = self.messages.gettext, self.messages
        approved = _("approved by {body}, {document}, on {day}").format(
            body=self.methodology.approved_by,
            document=self.methodology.approved_document,
            day=m.day(self.methodology.approved_on or self.methodology.effective_from),
        )
        state = approved if self.methodology.approved_by else _("a draft, which decides about nobody")
        paragraphs = [
            _("{title}: {state}. Its seal is {digest}.").format(
                title=m.named(self.methodology.title_zh, self.methodology.title_en),
                state=state,
                digest=self.methodology.digest[:12],
            ),
            m.named(self.methodology.note_zh, self.methodology.note_en),
            _(
                "Organisations only: natural persons, sole traders among them, are never assessed (Article 4). No "
                "subject is named here."
            ),
            _("All draws begin with the seed {seed}: made again from the same run, every figure is the same.").format(
                seed=SEED
            ),
        ]
        tiles = [
            self._tile(_("Have a score"), Figure.INFORMATION, _("{part} of {whole} organisations")),
            self._tile(_("Near a bound"), Figure.NEAR, _("{part} of {whole} organisations with records")),
            self._tile(_("Levels that stay in the draws"), Figure.STABLE, _("{part} of {whole} levels")),
        ]
        return self._keep("overview", _("At a glance"), paragraphs, [self._gates()], tiles)

    def distribution(self) -> Section:
        """Levels of all organisations, and by region, industry, size and kind."""
        _, tabling = self.messages.gettext, self._tabling
        before = self.release.period.previous()
        names = [*self._levels, (NO_INFORMATION, _("No information"))]
        caption = _("Organisations by level, {day}").format(day=self.day(self.release.as_of))
        whole = tabling.table(
            "levels", caption, _("Level"), names,
            [
                ("subject_count", _("Organisations"), Kind.INTEGER, tabling.count(Figure.LEVEL, "{code}")),
                ("ratio", _("Share"), Kind.SHARE, tabling.share(Figure.LEVEL, "{code}")),
                ("previous_ratio", self.day(self.days.before.day), Kind.SHARE,
                 tabling.share(Figure.LEVEL, "{code}", period=before)),
            ],
            self.small(),
        )  # fmt: skip
        rows = [Row({"name": text}, tabling.where(Figure.LEVEL, code)) for code, text in names]
        chart = shares(
            self.release, name="levels", title=caption, label="name",
            rows=[Row(row.labels, _without_start(row.where)) for row in rows],
            period=self.release.period, previous=before, messages=self.messages,
            called=(self.day(self.days.before.day), self.day(self.release.as_of)),
        )  # fmt: skip
        regions = [(code, name) for code, name in Regions(self).named() if code]
        parts = [
            self._levels_by("levels_by_region", _("Levels by region"), _("Region"), Figure.LEVEL_BY_REGION, regions),
            self._levels_by(
                "levels_by_industry", _("Levels by industry"), _("Industry"), Figure.LEVEL_BY_INDUSTRY,
                [(code, _(INDUSTRIES[code]) if code in INDUSTRIES else code) for code in self._groups(
                    Figure.LEVEL_BY_INDUSTRY)],
            ),
            self._levels_by(
                "levels_by_size", _("Levels by records held, in place of size"), _("Records that count"),
                Figure.LEVEL_BY_SIZE, [(size, size.replace("-", "–")) for size in SIZES],
            ),
            self._levels_by(
                "levels_by_kind", _("Levels by kind of organisation"), _("Kind"), Figure.LEVEL_BY_KIND,
                [(str(kind), _(text)) for kind, text in KINDS.items() if kind in self._groups(Figure.LEVEL_BY_KIND)],
            ),
        ]  # fmt: skip
        text = _(
            "The region and industry are the register's. The register does not say how large an organisation is: how "
            "many records about it count, of any item, stands in its place. The more is recorded, the more may be held "
            "against an organisation. No information is a flag, not a level."
        )
        paragraphs = [text]
        if not self.release.is_internal:
            text = _("Groups of organisations are counted by halves of the grades: by level, most would be too small.")
            paragraphs.append(text)
        return self._keep("distribution", _("Who stands where"), paragraphs, [chart, whole, *parts])

    def sensitivity(self) -> Section:
        """What levels hang on: weights, bounds, all of them at once, and which departments report."""
        _, tabling = self.messages.gettext, self._tabling
        indicators = [(one.code, self.messages.named(one.name_zh, one.name_en)) for one in self.methodology.indicators]
        changed = [
            ("up_ratio", _("Levels changed, raised"), Kind.SHARE, "{code}|up"),
            ("down_ratio", _("Levels changed, lowered"), Kind.SHARE, "{code}|down"),
        ]
        weights = tabling.table(
            "weights", _("Weights of the indicators"), _("Indicator"), indicators,
            [
                ("nominal_ratio", _("Nominal weight"), Kind.SHARE, tabling.share(Figure.NOMINAL, "{code}")),
                ("effective_ratio", _("Effective weight"), Kind.SHARE, tabling.share(Figure.EFFECTIVE, "{code}")),
                *((name, title, kind, tabling.share(Figure.WEIGHT_CHANGED, detail))
                  for name, title, kind, detail in changed),
            ],
        )  # fmt: skip
        limits = tabling.table(
            "bounds", _("Bounds of the levels"), _("Level"), self._levels[:-1],
            [(name, title, kind, tabling.share(Figure.BOUND_CHANGED, detail)) for name, title, kind, detail in changed],
        )  # fmt: skip
        drawn = [
            (f"{name}_ratio", title, Kind.SHARE, name)
            for name, title in ((LOW, _("5 % are lower")), (MIDDLE, _("Middle")), (HIGH, _("5 % are higher")))
        ]
        draws = tabling.table(
            "draws", _("Share of each level when all weights and bounds are drawn at once"), _("Level"), self._levels,
            [(name, title, kind, tabling.share(Figure.DRAWN_LEVEL, f"{{code}}|{place}"))
             for name, title, kind, place in drawn],
            self.small(),
        )  # fmt: skip
        departments = tabling.table(
            "departments", _("Share of each level when departments are drawn anew"), _("Level"), self._levels,
            [(name, title, kind, tabling.share(Figure.REPORTED_LEVEL, f"{{code}}|{place}"))
             for name, title, kind, place in drawn],
            self.small(),
        )  # fmt: skip
        low, middle, high = (self._percent(Figure.DRAWN_KEPT, one) for one in (LOW, MIDDLE, HIGH))
        paragraphs = [
            _(
                "Among organisations with records that count. A weight is an indicator's points and cap together; "
                "raised and lowered is by {weight} % for a weight, and by {points} points for a level's lower bound. "
                "The nominal weight is a cap's part of all caps, the effective one an indicator's part of all points "
                "that are given or taken."
            ).format(weight=WEIGHT_CHANGE // 10, points=points_text(BOUND_CHANGE)),
            _(
                "In {draws} joint draws, the levels that stay are {middle} in the middle, and between {low} and {high} "
                "in nine draws of ten."
            ).format(draws=self.messages.integer(DRAWS), low=low, middle=middle, high=high),
            _(
                "Departments are drawn anew {resamples} times, as many as there are and with replacement: one that is "
                "drawn twice has its records counted twice, one that is not drawn has none. The spread says how far "
                "levels hang on who reports."
            ).format(resamples=RESAMPLES),
        ]
        return self._keep(
            "sensitivity", _("What levels hang on"), paragraphs, [weights, limits, draws, departments]
        )  # fmt: skip

    def back_test(self) -> Section:
        """Adverse outcomes after a day, by the level of that day as it was known then."""
        return BackTest(self).section()

    def movement(self) -> Section:
        """How levels moved."""
        return Movement(self).section()

    def regions(self) -> Section:
        """Why regions differ."""
        return Regions(self).section()

    def save(self) -> None:
        """Write the tables, unless the methodology breaks a gate of its own.

        Raises
        ------
        MethodologyError
            With the code `methodology_gate`, naming the gates: such a methodology is not published.
        """
        if self.out is not None:
            held = hold(self.methodology, self.tried)
            broken = [gate for gate, holds in held.items() if not holds]
            refuse_broken(self.methodology, broken, "its figures are in the notebook under reports/_failed.")
        super().save()

    @property
    def title(self) -> str:
        """The report's title in the reader's language."""
        period = self.messages.period(self.release.period)
        return self.messages.gettext("Is the assessment any good? {period}").format(period=period)

    @property
    def editions(self) -> Mapping[int, str]:
        """The edition that applied."""
        return self._applied(self.release.period.last_day)

    # --- Parts ----------------------------------------------------------------------------------------

    @property
    def tabling(self) -> Tabling:
        """What the sections make tables with."""
        return self._tabling

    def known_then(self, look: Look) -> str:
        """Whether a past day could be looked at as it was known then."""
        _ = self.messages.gettext
        if look.is_as_known:
            return _("{day} is read as run {run} knew it.").format(day=self.day(look.day), run=look.run_no)
        return _(
            "The lake's runs begin after {day}: what took effect later is not there, but what later runs judged again "
            "is."
        ).format(day=self.day(look.day))

    def small(self) -> str:
        """What stands below a table of which cells are suppressed for some audiences; nothing for the analysts."""
        if self.release.is_internal:
            return ""
        return self.messages.gettext(
            "[c] suppressed: so few organisations that one of them might be told from it, or needed to hide such few."
        )

    def keep(self, name: str, title: str, paragraphs: list[str], tables: list[Table]) -> Section:
        """Note a section that a part of the report made."""
        return self._keep(name, title, paragraphs, tables)

    def _gates(self) -> Table:
        _, gates = self.messages.gettext, self.methodology.gates
        held = hold(self.methodology, self.tried)
        most, least = _("at most {percent} %"), _("at least {percent} %")
        back_test = _("in the back-test: p of the trend at most {trend} %, of a fall at least {fall} %")
        note = ""
        rows = []
        if gates:
            bound = {
                Gate.NEAR: (most, gates.near_most, self._tabling.numbers(Figure.NEAR)),
                Gate.WEIGHT: (most, gates.weight_most, self._weightiest()),
                Gate.INFORMATION: (least, gates.information_least, self._tabling.numbers(Figure.INFORMATION)),
                Gate.STABLE: (least, gates.stable_least, self._tabling.numbers(Figure.STABLE)),
            }
            for gate, holds in held.items():
                text, percent, share = bound.get(gate, (back_test, 0, (0, 0)))
                value = self._share(share)
                said = text.format(percent=percent, trend=gates.trend_most, fall=gates.fall_least)
                answer = _("holds") if holds else _("broken")
                rows.append((Cell(str(gate), str(gate)), Cell(_(GATES[gate]), _(GATES[gate])), value,
                             Cell(said, said), Cell(answer, answer)))  # fmt: skip
            note = _("Near is {points} points or nearer: the level would be another.").format(
                points=points_text(near_distance(self.methodology))
            )
        columns = (
            Column("code", _("Code"), in_page=False), Column("name", _("Gate")),
            Column("ratio", _("Share"), Kind.SHARE),
            Column("bound", _("Bound")), Column("answer", _("Answer")),
        )  # fmt: skip
        caption = _("The methodology's own gates") if gates else _("The methodology has no gates")
        return Table("gates", caption, columns, tuple(rows), note, self.release)

    def _weightiest(self) -> tuple[int, int]:
        numbers = (self._tabling.numbers(Figure.EFFECTIVE, one.code) for one in self.methodology.indicators)
        return max(one for one in numbers if one)

    def _share(self, numbers: tuple[int, int] | None) -> Cell:
        if numbers is None:
            return self._tabling.suppressed()
        part, whole = numbers
        return Cell(part / whole, self.messages.percent(part, whole)) if whole else Cell(None, "")

    def _levels_by(self, name: str, caption: str, label: str, figure: Figure, rows: list[tuple[str, str]]) -> Table:
        by_region = figure is Figure.LEVEL_BY_REGION
        codes = level_groups(self.methodology, is_wide=not self.release.is_internal)
        columns = [
            (
                f"level_{place}",
                code.replace(",", ", ") if code != NO_INFORMATION else self.messages.gettext("No information"),
                Kind.INTEGER,
                self._tabling.count(figure, code if by_region else f"{{code}}|{code}"),
            )
            for place, code in enumerate(codes)
        ]
        return self._tabling.table(name, caption, label, rows, columns, self.small(), by_region=by_region)

    def _groups(self, figure: Figure) -> list[str]:
        cells = self.release.select(table=CubeTable.STANDINGS, measure=figure)
        return sorted({detail.partition("|")[0] for detail in cells.table["detail"].to_pylist()})

    def _tile(self, title: str, figure: Figure, basis: str) -> Tile:
        numbers = self._tabling.numbers(figure)
        part, whole = (self.messages.in_words(one) for one in numbers) if numbers else (Marker.SUPPRESSED,) * 2
        return Tile(title, self._share(numbers).text, basis.format(part=part, whole=whole))

    def _percent(self, figure: Figure, detail: str) -> str:
        return self._share(self._tabling.numbers(figure, detail)).text

    def day(self, day: date) -> str:
        """A day as a reader sees it."""
        return self.messages.day(day)


def _without_start(where: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in where.items() if name != "period_start"}
