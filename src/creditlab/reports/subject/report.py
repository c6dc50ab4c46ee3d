"""The page about one organisation: what is held about it, side by side, with its ends and its doubts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab.access import ask
from creditlab.disclosure import SubjectRelease, release_subject
from creditlab.disclosure.cube import CubeTable
from creditlab.disclosure.subject import COUNTED, DISPUTED, HELD, IN_PERIOD, PUBLISHED
from creditlab.dossier.subject import Dossier, is_government_body, take_dossier
from creditlab.figures import Cell, Figures
from creditlab.messages import shortened
from creditlab.periods import parse_date, parse_period
from creditlab.reports.quarterly.words import fault_words
from creditlab.reports.section import Section, Tile
from creditlab.reports.sectioned import Sectioned
from creditlab.reports.subject.facts import EVALUATION, HONOUR, JUDICIAL, PERMITS, PROMISES, Fact, facts_of
from creditlab.reports.subject.shown import Shown, plain
from creditlab.reports.subject.standing import line_titles, standing_of
from creditlab.reports.subject.timeline import timeline
from creditlab.reports.subject.words import CATEGORIES, CLASSES, KINDS, ROLES
from creditlab.terms import Audience, Language, Purpose
from creditlab.workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from creditlab.assessment import Explanation


def open_report(
    workspace: str, subject: str, period: str, as_of: str, audience: str, language: str, run_no: int, out: str
) -> Report:
    """Look one organisation up, take its records through the gate, and give the page over them.

    Parameters
    ----------
    workspace
        The workspace's folder.
    subject
        Its credit code, or the number that departments know it by.
    period
        What counts as new, as 2026Q3; the page has all that is held.
    as_of
        The day whose state is shown, as 2026-10-20.
    audience, language
        For whom (internal or government), and in which language.
    run_no
        The run of the lake that is read; 0 for the newest.
    out
        The folder that `save` writes to; empty when the notebook is only looked at.

    Raises
    ------
    PersonError
        If it is a natural person's identifier (Article 4).
    DisclosureError
        If it is for the public.
    NoDataError
        If nothing is held about such an organisation.
    """
    from creditlab import engine
    from creditlab.disclosure import read_policy
    from creditlab.reports.shelf import past_releases

    place, about, day = open_workspace(Path(workspace)), parse_period(period), parse_date(as_of)
    asking = ask(place, None, "subject page", Purpose.PUBLICATION)
    with engine.connect(place.engine_url, folders=[place.lake]) as backend:
        dossier = take_dossier(place, backend, subject, day, run_no, asking=asking)
        standing = standing_of(place, backend, dossier, Audience(audience))
    released = release_subject(
        dossier.subject["subject_kind"],
        dossier.records.to_pylist(),
        dossier.catalogue,
        Audience(audience),
        read_policy(place.policy),
        past_releases(place.reports),
        about,
        day,
        dossier.run_no,
    )
    return Report(place, dossier, released, standing, Language(language), Path(out) if out else None)


class Report(Sectioned):
    """The page of one organisation; every call returns a section that a notebook shows.

    Parameters
    ----------
    workspace
        Whose page it is.
    dossier
        Who the organisation is, and the words of its records.
    released
        The records that the audience may see.
    standing
        Why it is assessed as it is; None where it is not assessed for this audience on the day.
    language
        The reader's language.
    out
        Where `save` writes; None when nothing is to be written.
    """

    def __init__(
        self,
        workspace: Workspace,
        dossier: Dossier,
        released: SubjectRelease,
        standing: Explanation | None,
        language: Language,
        out: Path | None,
    ) -> None:
        super().__init__(workspace, dossier.catalogue, released.release, language, out)
        self.dossier, self.released, self.explanation = dossier, released, standing
        self.facts = facts_of(dossier, released)
        self._show = Shown(dossier, self.release, self.messages)

    def overview(self) -> Section:
        """Who it is, and how much is held about it."""
        _, figures = self.messages.gettext, Figures(self.release, self.messages)
        titles = {
            HELD: _("Records held"),
            COUNTED: _("Records that count"),
            PUBLISHED: _("Published now"),
            DISPUTED: _("Disputed"),
            IN_PERIOD: _("Of the period"),
        }
        start = self.release.period.start
        tiles = [
            Tile(title, figures.said(figures.count(table=CubeTable.SUBJECT, measure=name, period_start=start)), "")
            for name, title in titles.items()
        ]
        table = self._show.table(
            "subject", _("The organisation"), {"name": _("What"), "value": _("Value")}, self._register()
        )
        lines = [_("How the organisation stands in the platform's records, as they stood on {as_of}.")]
        if self.released.hidden_count:
            lines.append(_("{n} further records are not for this audience."))
        words = {"as_of": self.messages.day(self.release.as_of), "n": self.messages.integer(self.released.hidden_count)}
        return self._keep("overview", _("The organisation"), [one.format(**words) for one in lines], [table], tiles)

    def standing(self) -> Section:
        """How it is assessed: the level, every reason, the way back, and when the level changes by itself."""
        _ = self.messages.gettext
        if self.explanation is None:
            text = _("No approved methodology assesses the organisation on this day, or not for this audience.")
            return self._keep("standing", _("How it is assessed"), [text], [])
        columns = line_titles(self.messages)
        rows = [[plain(one[name]) for name in columns] for one in self.explanation.lines(self.messages)]
        table = self._show.table("standing", _("What counted, what was left out, and why"), columns, rows)
        return self._keep("standing", _("How it is assessed"), self.explanation.paragraphs(self.messages), [table])

    def side_by_side(self) -> Section:
        """Public and market information, category by category (Article 8)."""
        _ = self.messages.gettext
        titles = {"category": _("Code"), "category_name": _("Category"), "public": _("Public information")}
        titles |= {
            "public_newest": _("Newest of it"),
            "market": _("Market information"),
            "market_newest": _("Newest of it"),
        }
        standing = [one for one in self.facts if one.left_out is None]
        rows = []
        for category in dict.fromkeys([*CATEGORIES, *(one.item.category for one in standing)]):
            of = [one for one in standing if one.item.category == category]
            if of:
                cells = [plain(category), Cell(category, self._show.category(category))]
                for is_market in (False, True):
                    days = [one.row["event_date"] for one in of if one.is_market is is_market]
                    cells += [self._show.number(len(days)), self._show.day(max(days, default=None))]
                rows.append(cells)
        kinds = ("public", "market")
        table = self._show.table(
            "side_by_side", _("Records that count, by category"), titles, rows, kinds, hide=("category",)
        )
        text = _(
            "Public information comes from authorities in performing their duties, market information from credit "
            "service institutions and other providers (Article 3); here they stand side by side (Article 8)."
        )
        return self._keep("side_by_side", _("Public and market information"), [text], [table])

    def timeline(self) -> Section:
        """Everything held, the newest first."""
        _ = self.messages.gettext
        table = self._show.chosen("timeline", _("All records, the newest first"), self.facts)
        title = _("Timeline")
        chart = timeline(self.released, self.facts, self._show.category, title, self.messages)
        texts = [
            _("A record that does not count stays in the list, with the reason. Nothing is left out of it."),
            _("Filled marks count on the day, hollow ones are left out."),
        ]
        return self._keep("timeline", title, texts, [chart, table] if self.facts else [table])

    def permits(self) -> Section:
        """Licences and qualifications, and whether they are in force."""
        _ = self.messages.gettext
        of = [one for one in self.facts if one.item.data_format in PERMITS and one.left_out is None]
        words = {True: _("in force"), False: _("not in force"), None: _("without a last day")}

        def more(fact: Fact) -> Cell:
            state = fact.is_good_on(self.release.as_of)
            return Cell(state, words[state])

        table = self._show.chosen(
            "permits", _("Licences and qualifications"), of, {"in_force": (_("On the day"), more)}
        )
        return self._keep("permits", _("Licences and qualifications"), [], [table])

    def adverse(self) -> Section:
        """Penalties, judgments and lists: what speaks against it, until when, and from when it may be repaired."""
        _ = self.messages.gettext
        of = [one for one in self.facts if one.is_adverse and not one.is_withdrawn]
        more = {
            "publication_class": (
                _("Class"),
                lambda one: Cell(one.row["publication_class"], _(CLASSES.get(one.row["publication_class"], ""))),
            ),
            "repairable_from": (_("Repair from"), lambda one: self._show.day(one.row["repairable_from"])),
        }
        table = self._show.chosen("adverse", _("Penalties, judgments, lists"), of, more)
        rules = self.dossier.rules.on(self.release.as_of)
        name = self.messages.named(rules.name_zh, rules.name_en)
        text = _(
            "How long each is published and from when repair may be asked for follows {rules}, in force on the day."
        )
        return self._keep("adverse", _("Penalties, judgments, lists"), [text.format(rules=name)], [table])

    def promises(self) -> Section:
        """Commitments and contracts, kept and not kept; evaluations and honours."""
        _ = self.messages.gettext
        standing = [one for one in self.facts if one.left_out is None]
        promises = [one for one in standing if one.item.category in PROMISES]
        praise = [one for one in standing if one.item.category in (HONOUR, EVALUATION)]
        titles = {"category": _("Code"), "category_name": _("Category"), "kept": _("Kept"), "broken": _("Not kept")}
        titles |= {"open": _("Not said")}
        rows = []
        for category in PROMISES:
            of = [one for one in promises if one.item.category == category]
            kept, broken = sum(one.is_kept for one in of), sum(one.is_broken for one in of)
            numbers = [self._show.number(one) for one in (kept, broken, len(of) - kept - broken)]
            rows.append([plain(category), Cell(category, self._show.category(category)), *numbers])
        numbers_of = ("kept", "broken", "open")
        counted = self._show.table(
            "kept", _("Contracts and commitments, kept or not"), titles, rows, numbers_of, ("category",)
        )
        tables = [counted, self._show.chosen("promises", _("Contracts and commitments"), promises)]
        tables.append(self._show.chosen("honours", _("Honours and evaluations"), praise))
        return self._keep("promises", _("Commitments, contracts, honours"), [], tables)

    def role(self) -> Section:
        """What Article 7 asks of such a body in particular."""
        _ = self.messages.gettext
        standing = [one for one in self.facts if one.left_out is None]
        if is_government_body(self.dossier):
            broken = [one for one in standing if one.is_broken]
            parts = {
                "judgments_not_performed": (
                    _("Judgments not performed"), [one for one in broken if one.item.category == JUDICIAL]),
                "promises_not_kept": (
                    _("Contracts and promises not kept"), [one for one in broken if one.item.category in PROMISES]),
                "integrity_other": (_("Other information against it"), [one for one in standing if one.is_adverse]),
                "integrity_honours": (_("Honours"), [one for one in standing if one.item.category == HONOUR]),
            }  # fmt: skip
            text = _(
                "The record of government integrity (Article 7): what the body owed, promised and was honoured for."
            )
            tables = [self._show.chosen(name, title, of) for name, (title, of) in parts.items()]
            return self._keep("role", _("Record of government integrity"), [text], tables)
        if self.dossier.roles:
            names = self.messages.gettext(", ").join(_(ROLES[one]) for one in self.dossier.roles)
            known = {item for one in self.dossier.roles for item in self.dossier.rules.roles[one].items}
            parts = {
                "filings": (_("Filings and qualifications as such"), [
                    one for one in standing if one.item.item_code in known or one.item.data_format == "qualification"]),
                "conduct": (_("Information against it"), [one for one in standing if one.is_adverse]),
                "market": (_("Market information about it"), [one for one in standing if one.is_market]),
            }  # fmt: skip
            text = _(
                "Recognised as: {roles}. Such bodies abide by the rules and ethics of the credit industry (Article 7): "
                "here is what they are filed as, what speaks against them, and what the market says."
            )
            tables = [self._show.chosen(name, title, of) for name, (title, of) in parts.items()]
            return self._keep("role", _("As a body of the credit industry"), [text.format(roles=names)], tables)
        text = _("The organisation is no government body, credit service institution or association by any record.")
        return self._keep("role", _("Particular duties"), [text], [])

    def endings(self) -> Section:
        """What stops being published, and when."""
        _ = self.messages.gettext
        of = [one for one in self.facts if one.row["is_published"] and one.row["published_until"] is not None]
        of.sort(key=lambda one: one.row["published_until"])
        table = self._show.chosen("endings", _("What stops being published, the next first"), of)
        without = sum(one.row["is_published"] and one.row["published_until"] is None for one in self.facts)
        text = _("{n} records are published without an end.").format(n=self.messages.integer(without))
        return self._keep("endings", _("What stops being published"), [text], [table])

    def caveats(self) -> Section:
        """What to doubt in the organisation's own data."""
        _ = self.messages.gettext
        rows = [
            [plain(code), Cell(text, text), self._show.number(count)] for code, text, count in self._doubts() if count
        ]
        titles = {"caveat": _("Code"), "caveat_name": _("What to doubt"), "record_count": _("Records")}
        table = self._show.table(
            "caveats", _("Doubts about the data"), titles, rows, ("record_count",), hide=("caveat",)
        )
        text = _("Faults are those of single records; whoever is affected may ask the department to correct them.")
        return self._keep("caveats", _("Caveats"), [text], [table])

    @property
    def title(self) -> str:
        """The page's title in the reader's language."""
        name = shortened(self.dossier.subject["subject_name"] or self.dossier.subject["subject_id"])
        return self.messages.gettext("Profile of {name}").format(name=name)

    @property
    def editions(self) -> Mapping[int, str]:
        """The editions that the records' items are of."""
        return self._applied(self.release.as_of, *(one.row["event_date"] for one in self.facts))

    # --- Parts ----------------------------------------------------------------------------------------

    def _register(self) -> list[list[Cell]]:
        _, subject = self.messages.gettext, self.dossier.subject
        region = self.catalogue.regions.get(subject["region_code"] or "")
        values = {
            _("Name"): subject["subject_name"] or "",
            _("Code"): subject["subject_id"],
            _("Kind"): _(KINDS[subject["subject_kind"]]),
            _("Registered in"): self.messages.named(region.name_zh, region.name_en) if region else "",
            _("Registered on"): self.messages.day(subject["registered_on"]) if subject["registered_on"] else "",
            _("Deregistered on"): self.messages.day(subject["deregistered_on"]) if subject["deregistered_on"] else "",
        }
        return [[plain(title), plain(str(value))] for title, value in values.items() if value]

    def _doubts(self) -> Iterable[tuple[str, str, int]]:
        _, facts = self.messages.gettext, [one for one in self.facts if not one.is_withdrawn]
        if self.dossier.subject["registered_on"] is None:
            yield "unregistered", _("The organisation is not in the register"), len(facts)
        name = self.dossier.subject["name64"]
        differs = [one for one in facts if name is not None and one.row["name64"] not in (None, name)]
        yield "name_differs", _("The name on the record is not the register's"), len(differs)
        late = [one for one in facts if one.row["lag"] is not None and one.row["lag"] > one.item.time_limit.days]
        yield "late", _("Received after the collection time limit"), len(late)
        disputed = [one for one in facts if one.row["record_state"] == DISPUTED]
        yield "disputed", _("Disputed, and not decided yet"), len(disputed)
        codes = sorted({code for one in facts for code in one.row["faults"] or ()})
        for code in codes:
            text = fault_words(code, self.catalogue, self.messages)[0]
            yield code, text, sum(code in (one.row["faults"] or ()) for one in facts)
