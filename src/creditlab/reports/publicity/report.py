"""The sections of the lists for publicity, each made from one release in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from creditlab.assessment.publicity import PublicityList
from creditlab.catalogue import Catalogue
from creditlab.disclosure import CubeTable, PublicityRelease
from creditlab.figures import Cell, Figures, Row
from creditlab.messages import N_
from creditlab.periods import parse_date, parse_period
from creditlab.reports.section import Section, Tile
from creditlab.reports.sectioned import Sectioned
from creditlab.tables import Column, Kind, Table, counts
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace, open_workspace

TITLES = {
    PublicityList.HONEST_MODELS: N_("Models of honesty"),
    PublicityList.SERIOUS_DISHONESTY: N_("Serious dishonesty"),
}
_COLUMNS = {
    "subject_id": N_("Credit code"),
    "subject_name": N_("Organisation"),
    "item_code": N_("Directory code"),
    "item_name": N_("Item"),
    "department": N_("Provider"),
    "record_id": N_("Record number"),
    "basis": N_("Basis"),
    "event_date": N_("Decided on"),
    "published_from": N_("Published from"),
    "published_to": N_("Published to"),
}
#: Codes that files have and pages don't.
_NOT_IN_PAGE = {"item_code", "record_id"}


def open_report(workspace: str, period: str, as_of: str, audience: str, language: str, run_no: int, out: str) -> Report:
    """Take the lists of a day through the gate, and give the publication over them.

    Parameters
    ----------
    workspace
        The workspace's folder.
    period
        The period that the publication is filed under.
    as_of
        The day: who stands on a list then, is on it.
    audience, language
        For whom, and in which language.
    run_no
        The run of the lake to read; 0 for the newest.
    out
        The folder that `save` writes to; empty when the notebook is only looked at.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet.
    PersonError
        If an entry would name a natural person (Article 4).
    """
    from creditlab import engine
    from creditlab.disclosure import read_policy, release_publicity
    from creditlab.publicising import take_lists
    from creditlab.reports.shelf import past_releases

    place, day = open_workspace(Path(workspace)), parse_date(as_of)
    with engine.connect(place.engine_url, folders=[place.lake]) as backend:
        taken = take_lists(place, backend, day, run_no or None)
    catalogue = taken.held.inputs.catalogue
    released = release_publicity(
        taken.entries,
        list(PublicityList),
        catalogue,
        Audience(audience),
        read_policy(place.policy),
        past_releases(place.reports),
        parse_period(period),
        day,
        taken.held.run_no,
    )
    return Report(place, catalogue, released, Language(language), Path(out) if out else None)


class Report(Sectioned):
    """The publication of both lists; every call returns a section that a notebook shows.

    Parameters
    ----------
    workspace
        Whose publication it is.
    catalogue
        Names of items and departments.
    shown
        What the audience may see.
    language
        The reader's language.
    out
        Where `save` writes; None when nothing is to be written.
    """

    def __init__(
        self,
        workspace: Workspace,
        catalogue: Catalogue,
        shown: PublicityRelease,
        language: Language,
        out: Path | None,
    ) -> None:
        super().__init__(workspace, catalogue, shown.release, language, out)
        self.shown = shown

    def overview(self) -> Section:
        """How many entries each list has, by item."""
        _, figures, start = self.messages.gettext, Figures(self.release, self.messages), self.release.period.start
        where = {"table": CubeTable.PUBLICITY, "measure": "entry_count"}
        tiles = [
            Tile(_(title), figures.said(figures.count(**where, detail=name, period_start=start)), _("entries"))
            for name, title in TITLES.items()
        ]
        there = {(one["detail"], one["item_code"]) for one in self.release.rows() if one["item_code"]}
        rows = [
            Row(
                {"list_name": str(name), "list_title": _(TITLES[PublicityList(name)]), "item_code": code}
                | {"item_name": self.messages.item(self.catalogue, code)},
                {**where, "detail": name, "item_code": code},
            )
            for name, code in sorted(there)
        ]
        table = counts(
            self.release,
            name="entries_by_item",
            caption=_("Entries by item, {day}").format(day=self.messages.day(self.release.as_of)),
            note="",
            labels=[
                Column("list_name", _("List"), in_page=False),
                Column("list_title", _("List")),
                Column("item_code", _("Directory code"), in_page=False),
                Column("item_name", _("Item")),
            ],
            rows=rows,
            figures=[
                (
                    Column("entry_count", _("Entries"), Kind.INTEGER),
                    lambda source, place: source.count(**place, period_start=start),
                )
            ],
            messages=self.messages,
        )
        text = _(
            "Models of honesty are publicised, and dishonest behaviour is reported (Article 9): organisations only, "
            "each for as long as its publication lasts. Natural persons are on no list (Article 4)."
        )
        return self._keep("overview", _("Lists for publicity"), [text], [table], tiles)

    def honest_models(self) -> Section:
        """Organisations that were honoured for their honesty."""
        text = self.messages.gettext("Honours that are published on this day. An entry ends by itself.")
        return self._list(PublicityList.HONEST_MODELS, text)

    def serious_dishonesty(self) -> Section:
        """Organisations on a list of serious dishonesty."""
        text = self.messages.gettext(
            "Entries that are published on this day. One that was repaired, withdrawn or is disputed, whose duty was "
            "performed, or whose period of publication is over, is no longer here."
        )
        return self._list(PublicityList.SERIOUS_DISHONESTY, text)

    @property
    def title(self) -> str:
        """The report's title in the reader's language."""
        words = self.messages.gettext("Lists for publicity, {day}")
        return words.format(day=self.messages.day(self.release.as_of))

    @property
    def editions(self) -> Mapping[int, str]:
        """The edition that applied on the day."""
        return self._applied(self.release.as_of)

    # --- Parts ----------------------------------------------------------------------------------------

    def _list(self, name: PublicityList, text: str) -> Section:
        _ = self.messages.gettext
        columns = tuple(Column(one, _(title), in_page=one not in _NOT_IN_PAGE) for one, title in _COLUMNS.items())
        rows = tuple(
            tuple(self._cell(column, entry) for column in _COLUMNS)
            for entry in self.shown.entries
            if entry["list_name"] == name
        )
        title = _(TITLES[name])
        if not rows:
            text = _("Nobody stands on this list.")
        return self._keep(str(name), title, [text], [Table(str(name), title, columns, rows, "", self.release)])

    def _cell(self, column: str, entry: Mapping[str, object]) -> Cell:
        if column == "item_name":
            return _plain(self.messages.item(self.catalogue, str(entry["item_code"])))
        if column == "department":
            code = str(entry["department"])
            return Cell(code, self.messages.department(self.catalogue, code, self.release.as_of))
        value = entry[column]
        return _plain("" if value is None else str(value))


def _plain(text: str) -> Cell:
    return Cell(text, text)
