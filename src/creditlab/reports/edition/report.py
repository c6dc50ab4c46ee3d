"""The sections of the catalogue's yearly publication, each made from one released edition in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from creditlab.catalogue import Catalogue
from creditlab.catalogue.edition import Edition, TimeLimit
from creditlab.catalogue.reading import EditionText
from creditlab.catalogue.sheets import split_list
from creditlab.disclosure import CubeTable, EditionRelease
from creditlab.errors import NoDataError, ParameterError
from creditlab.figures import Cell, Figures, Row
from creditlab.periods import containing, parse_date, parse_period
from creditlab.reports.edition.words import FIELDS, WORDS
from creditlab.reports.section import Section, Tile
from creditlab.reports.sectioned import Sectioned
from creditlab.tables import Column, Kind, Table, counts
from creditlab.terms import Audience, Language, UpdatePeriod
from creditlab.workspace import Workspace, open_workspace


def open_report(workspace: str, period: str, as_of: str, audience: str, language: str, run_no: int, out: str) -> Report:
    """Take a year's published edition through the gate, and give the publication over it.

    Parameters
    ----------
    workspace
        The workspace's folder.
    period
        The edition's year, as 2026.
    as_of
        The day of the publication, as 2026-01-05.
    audience, language
        For whom, and in which language.
    run_no
        0: an edition holds no records, and no run of the lake is read.
    out
        The folder that `save` writes to; empty when the notebook is only looked at.

    Raises
    ------
    ParameterError
        If the period is no year, or a run is named.
    NoDataError
        If the year has no published edition.
    SealError
        If an edition was edited after it was published.
    """
    from creditlab.catalogue import read_sealed
    from creditlab.catalogue.difference import compare
    from creditlab.catalogue.reading import folder_of, read_edition
    from creditlab.disclosure import read_policy, release_edition
    from creditlab.reports.shelf import past_releases

    place = open_workspace(Path(workspace))
    year, day = parse_period(period), parse_date(as_of)
    if containing(UpdatePeriod.YEAR, year.start) != year:
        raise ParameterError("the period is no year", where="period", do="An edition is for a year, as 2026.")
    if run_no:
        raise ParameterError("no run of the lake is read for an edition", where="run_no", do="Leave it out.")
    catalogue = read_sealed(place.catalogue)
    edition = next((one for one in catalogue.editions if one.year == year.start.year), None)
    if edition is None:
        raise NoDataError("the year has no published edition", where=year.label, do="Publish it first.")
    text = read_edition(folder_of(place.catalogue, edition.year))
    earlier = [one.year for one in catalogue.editions if one.year < edition.year]
    before = read_edition(folder_of(place.catalogue, max(earlier))) if earlier else None
    differences = compare(place.catalogue, edition.year)[1] if before else []
    released = release_edition(
        text,
        differences,
        before.items if before else None,
        catalogue,
        Audience(audience),
        read_policy(place.policy),
        past_releases(place.reports),
        year,
        day,
    )
    return Report(place, catalogue, edition, text, released, Language(language), Path(out) if out else None)


class Report(Sectioned):
    """The publication of one edition; every call returns a section that a notebook shows.

    Parameters
    ----------
    workspace
        Whose publication it is.
    catalogue
        Names of departments.
    edition, text
        The edition: its titles, and who approved it.
    shown
        What the audience may see of it.
    language
        The reader's language.
    out
        Where `save` writes; None when nothing is to be written.
    """

    def __init__(
        self,
        workspace: Workspace,
        catalogue: Catalogue,
        edition: Edition,
        text: EditionText,
        shown: EditionRelease,
        language: Language,
        out: Path | None,
    ) -> None:
        super().__init__(workspace, catalogue, shown.release, language, out)
        self.edition, self.shown = edition, shown
        self._details = text.details

    def overview(self) -> Section:
        """Who approved the edition, how many items it has, and who provides them."""
        _, figures = self.messages.gettext, Figures(self.release, self.messages)
        titles = {
            "item_count": _("Items"),
            "change_count": _("Changes against the edition before"),
            "comment_count": _("Public comments"),
        }
        start = self.release.period.start
        tiles = [
            Tile(title, figures.said(figures.count(table=CubeTable.CATALOGUE, measure=name, period_start=start)), "")
            for name, title in titles.items()
        ]
        found = self.release.select(table=CubeTable.CATALOGUE, measure="item_count", by=("department",))
        there = set(found.table["department"].to_pylist())
        where = {"table": CubeTable.CATALOGUE, "measure": "item_count"}
        rows = [Row({"department": "", "department_name": _("All departments")}, where)]
        rows += [
            Row({"department": code, "department_name": self._department(code)}, {**where, "department": code})
            for code in self.catalogue.departments
            if code in there
        ]
        table = counts(
            self.release,
            name="items_by_department",
            caption=_("Items by department, {year}").format(year=self.edition.year),
            note=_("An item that several departments provide is counted with each of them, and once in all."),
            labels=[Column("department", _("Code"), in_page=False), Column("department_name", _("Department"))],
            rows=rows,
            figures=[
                (
                    Column("item_count", _("Items"), Kind.INTEGER),
                    lambda source, place: source.count(**place, period_start=start),
                )
            ],
            messages=self.messages,
        )
        return self._keep("overview", _("The edition"), self._history(), [table], tiles)

    def items(self) -> Section:
        """Every item with its twelve fields, as far as its security level allows."""
        _ = self.messages.gettext
        columns = [Column(name, _(title)) for name, title in FIELDS.items()]
        rows = [[self._item_cell(name, cells) for name in FIELDS] for cells in self.shown.items]
        table = self._table("items", _("Items of the catalogue"), columns, rows)
        text = _(
            "Each item with the twelve fields that Article 11 prescribes. Of an item whose security level is not open "
            "to this audience only the code, the provider, the name, the right to use and the level are shown."
        )
        return self._keep("items", _("Items"), [text], [table])

    def changes(self) -> Section:
        """What came, went and was altered, why, and who was heard; then cell by cell."""
        _ = self.messages.gettext
        titles = {
            "item_code": _("Directory code"),
            "item_name": _("Item"),
            "change": _("Change"),
            "reason": _("Reason"),
            "department": _("Provider"),
            "contested": _("Contested"),
            "assessment": _("Assessment"),
            "experts_heard": _("Experts heard"),
            "representatives_heard": _("Representatives heard"),
        }
        rows = [[self._change_cell(name, cells) for name in titles] for cells in self.shown.changes]
        declared = self._table("changes", _("Changes and their reasons"), _columns(titles), rows)
        titles = {
            "change": _("Change"),
            "item_code": _("Directory code"),
            "data_format": _("Data format"),
            "field": _("Field"),
            "column": _("What"),
            "before": _("Before"),
            "after": _("After"),
            "reason": _("Reason"),
            "department": _("Provider"),
        }
        rows = [[self._change_cell(name, one.as_row()) for name in titles] for one in self.shown.differences]
        differences = self._table("differences", _("What differs from the edition before"), _columns(titles), rows)
        text = _(
            "Departments explain why an item is included or withdrawn (Article 11). Where opinions differed greatly or "
            "the social impact may be great, an assessment was organised, and experts and representatives were heard."
        )
        return self._keep("changes", _("What changed, and why"), [text], [declared, differences])

    def comments(self) -> Section:
        """What the public said of the draft, and the answers."""
        _ = self.messages.gettext
        titles = {
            "comment_id": _("Number"),
            "item_code": _("Directory code"),
            "received_on": _("Received"),
            "comment": _("Comment"),
            "answer": _("Answer"),
            "answered_on": _("Answered"),
        }
        rows = [[_plain(cells.get(name, "")) for name in titles] for cells in self.shown.comments]
        table = self._table("comments", _("Public comments and their answers"), _columns(titles), rows)
        text = _("What the public said of the draft, and the answers.")
        if not rows:
            text = _("No public comment on this edition is kept.")
        return self._keep("comments", _("Public comments"), [text], [table])

    def formats(self) -> Section:
        """The fields of each data format, and the standards that they rest on."""
        _ = self.messages.gettext
        titles = {
            "data_format": _("Data format"),
            "field": _("Field"),
            "field_name": _("Name"),
            "type": _("Type"),
            "required": _("Required"),
            "code_list": _("Code list"),
            "pattern": _("Form"),
        }
        rows = [[self._field_cell(name, cells) for name in titles] for cells in self.shown.fields]
        fields = self._table("fields", _("Fields of the data formats"), _columns(titles), rows)
        titles = {
            "standard": _("Standard"),
            "standard_name": _("Name"),
            "valid_from": _("In force from"),
            "valid_until": _("In force until"),
            "rests_on": _("What rests on it"),
        }
        rows = [
            [
                _plain(one.label),
                _plain(self.messages.named(one.name_zh, one.name_en)),
                _plain(one.span.first.isoformat() if one.span.first else ""),
                _plain(one.span.last.isoformat() if one.span.last else ""),
                _plain("; ".join(map(str, one.targets))),
            ]
            for one in self.shown.standards
        ]
        standards = self._table("standards", _("Standards in force"), _columns(titles), rows)
        text = _("Standards and norms are those of the province (Article 10); data formats are field 4 of Article 11.")
        return self._keep("formats", _("Data formats and standards"), [text], [fields, standards])

    @property
    def title(self) -> str:
        """The edition's title in the reader's language."""
        named = self.messages.named(self.edition.title_zh, self.edition.title_en)
        words = self.messages.gettext("Public credit information catalogue, {year}")
        return named or words.format(year=self.edition.year)

    @property
    def editions(self) -> Mapping[int, str]:
        """The edition itself."""
        return {self.edition.year: self.edition.digest}

    # --- Parts ----------------------------------------------------------------------------------------

    def _history(self) -> list[str]:
        """The edition's way through its year, as far as edition.toml says it."""
        _, m, said = self.messages.gettext, self.messages, self._details
        lines = []
        if "consultation_from" in said and "consultation_until" in said:
            words = _("Open for public comments from {first} to {last}.")
            lines.append(words.format(first=m.day(said["consultation_from"]), last=m.day(said["consultation_until"])))
        if "approved_on" in said:
            words = _("Approved by {body} on {day}. {document}")
            document = str(said.get("approved_document", ""))
            lines.append(
                words.format(body=said.get("approved_by", ""), day=m.day(said["approved_on"]), document=document)
            )
        if "published_on" in said:
            words = _("Published on {day}; what is changed during the year is taken up in the next year's edition.")
            lines.append(words.format(day=m.day(said["published_on"])))
        return [line.strip() for line in lines]

    def _item_cell(self, name: str, cells: Mapping[str, str]) -> Cell:
        if name == "item_name":
            return _plain(self.messages.named(cells["item_name_zh"], cells["item_name_en"]))
        if name not in cells and not self.shown.is_in_full(cells):
            return Cell(None, self.messages.gettext("not for this audience"))
        text = cells.get(name, "")
        if name == "departments":
            return Cell(text, "; ".join(self._department(code) for code in split_list(text)))
        if name == "collection_time_limit":
            return Cell(text, self._limit(text))
        return self._word(name, text)

    def _limit(self, text: str) -> str:
        limit = TimeLimit.parse(text)
        if limit is None:
            return text
        m = self.messages
        if limit.is_working:
            return m.ngettext("{n} working day", "{n} working days", limit.days).format(n=limit.days)
        return m.ngettext("{n} day", "{n} days", limit.days).format(n=limit.days)

    def _change_cell(self, name: str, cells: Mapping[str, Any]) -> Cell:
        if name == "item_name":
            item = self.catalogue.newest_item(cells["item_code"])
            return _plain(self.messages.named(item.item_name_zh, item.item_name_en) if item else "")
        text = str(cells.get(name, ""))
        if name == "department":
            return Cell(text, "; ".join(self._department(code) for code in split_list(text)))
        if name == "column" and text in FIELDS:
            return Cell(text, self.messages.gettext(FIELDS[text]))
        if name in ("before", "after"):
            return self._word(str(cells["column"]), text) if not cells["field"] else _plain(text)
        return self._word(name, text)

    def _field_cell(self, name: str, cells: Mapping[str, str]) -> Cell:
        _ = self.messages.gettext
        if name == "field_name":
            return _plain(self.messages.named(cells.get("name_zh", ""), cells.get("name_en", "")))
        if name == "required":
            is_required = cells.get("required") == "true"
            return Cell(str(is_required).lower(), _("yes") if is_required else "")
        return self._word(name, cells.get(name, ""))

    def _word(self, column: str, text: str) -> Cell:
        """A cell whose words have names; the cell of a file keeps the words themselves."""
        words = WORDS.get(column)
        if words is None:
            return _plain(text)
        named = [self.messages.gettext(words.get(one, "")) or one for one in split_list(text)]
        return Cell(text, "; ".join(named))

    def _department(self, code: str) -> str:
        return self.messages.department(self.catalogue, code, self.release.period.start)

    def _table(self, name: str, caption: str, columns: Sequence[Column], rows: Iterable[Iterable[Cell]]) -> Table:
        return Table(name, caption, tuple(columns), tuple(tuple(row) for row in rows), "", self.release)


def _plain(text: str) -> Cell:
    return Cell(text, text)


def _columns(titles: Mapping[str, str]) -> list[Column]:
    return [Column(name, title) for name, title in titles.items()]
