"""The model card of a scorecard: what it is for, what it asks, how well it does, for whom it does less well."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from creditlab.catalogue import Catalogue
from creditlab.disclosure import Release
from creditlab.errors import DisclosureError
from creditlab.figures import Cell
from creditlab.messages import N_
from creditlab.periods import parse_date, parse_period
from creditlab.predicting import Kept, choose_card
from creditlab.reports.methodology.words import INDUSTRIES
from creditlab.reports.scorecard.cube import Figure, card_cube
from creditlab.reports.scorecard.parts import Fairness, Performance, Questions
from creditlab.reports.scorecard.tabling import CardTabling
from creditlab.reports.scorecard.words import BESIDES, FEATURES, GATES, GROUPS, PARTS
from creditlab.reports.section import Section, Tile
from creditlab.reports.sectioned import Sectioned, protect
from creditlab.scorecards import Measure, hold
from creditlab.scorecards.card import DOUBLE, EVEN, Protocol
from creditlab.scorecards.sealing import explained
from creditlab.tables import Column, Kind, Table
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace, open_workspace

#: What a card must not be used for; it stands on every page.
MUST_NOT = (
    N_("No decision about a subject rests on this score alone: it says where to look, not what will be found."),
    N_("It is not for natural persons, sole traders among them: they are out, and scoring one is refused (Article 4)."),
    N_("It does not replace the official methodology, and no level is changed by it."),
    N_("It is for the population and the window named here; elsewhere, or later, it is to be tried again first."),
)
LIMITS = (
    N_("What is not reported is not seen: a penalty that no department delivered by the end of the window is none."),
    N_(
        "What an organisation is penalised for hangs on who inspects whom. A card learns that too, though who reported "
        "and who inspected are no features."
    ),
    N_("The register says nothing of size; how many records are held stands in its place."),
    N_("The register is read as it is known now: an industry that was mended since is the mended one."),
    N_("Intervals draw organisations anew; that one stands on several days, or that days differ, is not in them."),
)


def open_report(
    workspace: str,
    period: str,
    as_of: str,
    audience: str,
    language: str,
    run_no: int,
    out: str,
    card: str | None = None,
) -> Report:
    """Read a workspace's card, protect its figures for the audience, and give the report over them.

    Parameters
    ----------
    workspace
        The workspace's folder.
    period, as_of
        The period and the day that the page is filed under; the card says itself which days it is about.
    audience, language
        For whom, and in which language.
    run_no
        The run of the lake that is named; 0 for the newest.
    out
        The folder that `save` writes to; empty when the notebook is only looked at.
    card
        The card's name; None for the released one, or the only one there is.

    Raises
    ------
    ScorecardError
        If there is no such card, or it was changed.
    DisclosureError
        If a card that was not released is to be shown to others than the institution's analysts.
    """
    from creditlab.catalogue import read_sealed
    from creditlab.lake import Lake

    place = open_workspace(Path(workspace))
    kept = choose_card(place, card)
    reader = Audience(audience)
    if not kept.is_released and reader is not Audience.INTERNAL:
        do = "Release it first: creditlab scorecard release; or publish it for the audience internal."
        raise DisclosureError("a card for study is not shown to others", where=kept.card.name, do=do)
    runs = Lake(place.lake).runs()["run_no"].to_pylist()
    number = run_no or max(runs, default=0)
    day = parse_date(as_of)
    released = protect(place, reader, card_cube(kept.card, parse_period(period), day, number))
    return Report(place, read_sealed(place.catalogue), kept, released, Language(language), Path(out) if out else None)


class Report(Sectioned):
    """A model card; every call returns a section that a notebook shows.

    Parameters
    ----------
    workspace
        Whose card it is.
    catalogue
        Names of regions.
    kept
        The card, and its release if it has one.
    release
        Every figure of the report.
    language
        The reader's language.
    out
        Where `save` writes; None when nothing is to be written.
    """

    def __init__(
        self,
        workspace: Workspace,
        catalogue: Catalogue,
        kept: Kept,
        release: Release,
        language: Language,
        out: Path | None,
    ) -> None:
        super().__init__(workspace, catalogue, release, language, out)
        self.kept, self.card = kept, kept.card
        self.tabling = CardTabling(release, self.messages)

    @property
    def title(self) -> str:
        """The report's title in the reader's language."""
        about = self.card.about
        return self.messages.gettext("Model card: {title}").format(
            title=self.messages.named(about.title_zh, about.title_en)
        )

    @property
    def editions(self) -> Mapping[int, str]:
        """The edition of the day."""
        return self._applied(self.release.as_of)

    def overview(self) -> Section:
        """What the card is for, whether it was released, on what it was fitted and tried."""
        _, m, about = self.messages.gettext, self.messages, self.card.about
        paragraphs = [
            self._state(),
            _("Purpose: {text}").format(text=m.named(about.purpose_zh, about.purpose_en)),
            _("Population: {text}").format(text=m.named(about.population_zh, about.population_en)),
            _("Data: {text}").format(text=m.named(about.data_zh, about.data_en)),
            *(_(text) for text in MUST_NOT),
        ]
        if self.kept.seal:
            for one in self.kept.seal.reasons:
                said = _("Signed reason for {variable}: {text} ({body}, {document}, {day}).")
                named = {"variable": self.feature(one.variable), "text": one.text, "body": one.by}
                paragraphs.append(said.format(**named, document=one.document, day=m.day(one.on)))
        tiles = [
            self._tile(_("AUC"), Measure.AUC, _("0.5 is a coin, 1 is never wrong")),
            self._tile(_("Brier score"), Measure.BRIER, self._constant()),
            self._tile(_("Calibration slope"), Measure.SLOPE, _("1 is right; below, the card is too sure of itself")),
        ]
        return self._keep("overview", _("At a glance"), paragraphs, [self._gates(), self._parts()], tiles)

    def questions(self) -> Section:
        """What the card asks, and the points of every answer."""
        return Questions(self).section()

    def performance(self) -> Section:
        """How well it does, beside the other answers there are, and whether its probabilities are right."""
        return Performance(self).section()

    def groups(self) -> Section:
        """How well it does by region, industry and size."""
        return Performance(self).by_groups()

    def fairness(self) -> Section:
        """Whom it would look at first, by group."""
        return Fairness(self).section()

    def drift(self) -> Section:
        """Whether later organisations look like those that it was fitted on; what it had never seen."""
        return Fairness(self).drift()

    def limits(self) -> Section:
        """What the card does not say."""
        _ = self.messages.gettext
        libraries = ", ".join(f"{name} {number}" for name, number in self.card.libraries.items())
        last = _("Fitted with {libraries}. The card's digest is {digest}.")
        paragraphs = [*(_(text) for text in LIMITS), last.format(libraries=libraries, digest=self.kept.digest)]
        return self.keep("limits", _("Limits"), paragraphs, [])

    # --- For the sections' own modules -----------------------------------------------------------------

    keep = Sectioned._keep

    def feature(self, name: str) -> str:
        """What a variable is called; its column where creditlab did not make it."""
        return self.messages.gettext(FEATURES[name]) if name in FEATURES else name

    def group(self, name: str) -> str:
        """What a group is called."""
        return self.messages.gettext(GROUPS[name]) if name in GROUPS else name

    def beside(self, name: str) -> str:
        """What another answer is called."""
        return self.messages.gettext(BESIDES[name]) if name in BESIDES else name

    def member(self, group: str, code: str) -> str:
        """What a member of a group is called."""
        if group == "registered_region":
            return self.messages.region(self.catalogue, code)
        if group == "industry" and code in INDUSTRIES:
            return self.messages.gettext(INDUSTRIES[code])
        return code

    # --- Its own --------------------------------------------------------------------------------------

    def _state(self) -> str:
        _, m = self.messages.gettext, self.messages
        if self.kept.seal:
            one = self.kept.seal.approval
            text = _("Released by {body}, {document}, on {day}.")
            return text.format(body=one.by, document=one.document, day=m.day(one.on))
        if self.card.protocol is Protocol.CROSS_SECTION:
            return _(
                "For study only: it was tried on the time that it was fitted on, which flatters every card. It can't "
                "be released."
            )
        return _("Not released: it is shown to the institution's analysts only, and scores nobody.")

    def _constant(self) -> str:
        cell = self.tabling.found(Measure.BRIER_CONSTANT)
        return self.messages.gettext("one share for everybody: {value}; lower is better").format(value=cell.text)

    def _tile(self, title: str, measure: Measure, basis: str) -> Tile:
        low, high = (self.tabling.found(measure, bound=bound).text for bound in ("low", "high"))
        interval = self.messages.gettext("{low} to {high}").format(low=low, high=high)
        return Tile(title, self.tabling.found(measure).text, f"{interval}; {basis}")

    def _gates(self) -> Table:
        _ = self.messages.gettext
        held = hold(self.card, explained(self.kept.seal.reasons if self.kept.seal else ()))
        rows = []
        for gate, holds in held.items():
            answer = _("holds") if holds else _("broken")
            rows.append((_text(str(gate)), _text(_(GATES[gate])), _text(answer)))
        columns = (Column("code", _("Code"), in_page=False), Column("name", _("Gate")), Column("answer", _("Answer")))
        return Table("gates", _("What a card must keep to be released"), columns, tuple(rows), "", self.release)

    def _parts(self) -> Table:
        _, m = self.messages.gettext, self.messages
        rows = []
        for one in self.card.parts:
            where = self.tabling.where(Figure.PART, one.name)  # type: ignore[arg-type]
            days = [m.day(day) for day in dict.fromkeys((one.first, one.last))]
            numbers = [self.tabling.figures.integer(name, **where) for name in ("denominator", "numerator")]
            name = _(PARTS[one.name]) if one.name in PARTS else one.name
            rows.append((_text(one.name), _text(name), _text(" – ".join(days)), *numbers,
                         self.tabling.figures.share(**where), _text(one.digest)))  # fmt: skip
        columns = (
            Column("code", _("Code"), in_page=False), Column("name", _("Part")), Column("days", _("Days scored")),
            Column("rows", _("Rows"), Kind.INTEGER), Column("outcomes", _("With the outcome"), Kind.INTEGER),
            Column("ratio", _("Share"), Kind.SHARE), Column("digest", _("Digest"), in_page=False),
        )  # fmt: skip
        return Table("parts", _("The data"), columns, tuple(rows), self._window(), self.release)

    def _window(self) -> str:
        _ = self.messages.gettext
        scale = _("{double} points halve the odds of the outcome; at {even} points they are even.")
        said = scale.format(double=DOUBLE, even=EVEN)
        if self.card.months is None:
            return said
        window = self.messages.ngettext(
            "Outcomes are those of {months} month after a day.", "Outcomes are those of {months} months after a day.",
            self.card.months,
        )  # fmt: skip
        return f"{window.format(months=self.card.months)} {said}"


def _text(text: str) -> Cell:
    return Cell(text, text)
