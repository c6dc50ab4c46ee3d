"""The review of a draft edition: what it would change in the catalogue, and in the past year's figures (Article 11)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from creditlab.catalogue import Catalogue, Edition
from creditlab.catalogue.difference import Difference
from creditlab.catalogue.sheets import split_list
from creditlab.disclosure import CUBE_SCHEMA, Cube, CubeTable, Release, roll_up
from creditlab.errors import DisclosureError
from creditlab.figures import Cell, Figures, Row
from creditlab.periods import Period, parse_date, parse_period
from creditlab.reports.edition.words import FIELDS
from creditlab.reports.edition.words import WORDS as EDITION_WORDS
from creditlab.reports.quarterly.cube import Cells
from creditlab.reports.quarterly.rows import Rows
from creditlab.reports.quarterly.words import MEASURES as WORDS
from creditlab.reports.section import Section
from creditlab.reports.sectioned import Sectioned
from creditlab.simulation import MEASURES, Simulation
from creditlab.tables import Column, Kind, Table, counts
from creditlab.terms import Audience, Language, Measure
from creditlab.workspace import Workspace, open_workspace

#: The two sides of a figure.
PUBLISHED, SIMULATED = "published", "simulated"


def open_report(workspace: str, period: str, as_of: str, audience: str, language: str, run_no: int, out: str) -> Report:
    """Try the draft for the year after a period, protect the figures for the audience, and give the review over them.

    Parameters
    ----------
    workspace
        The workspace's folder.
    period
        What the draft is tried on, as 2026; the draft is that of the year after.
    as_of
        The day whose state is looked at.
    audience, language
        For whom, and in which language.
    run_no
        The run of the lake that is read; 0 for the newest.
    out
        The folder that `save` writes to; empty when the notebook is only looked at.

    Raises
    ------
    DisclosureError
        If it is for the public: what the public comments on is the draft, not this.
    CatalogueError
        If the year after has no edition, or none before it was published.
    NoDataError
        If there is nothing to measure in the period.
    """
    from creditlab import engine
    from creditlab.catalogue.difference import compare
    from creditlab.catalogue.reading import build_edition, folder_of, read_edition
    from creditlab.disclosure import read_policy, release
    from creditlab.disclosure.edition import visible_differences
    from creditlab.reports.shelf import past_releases
    from creditlab.simulation import simulate
    from creditlab.terms import Group

    if Audience(audience) is Audience.PUBLIC:
        raise DisclosureError(
            "the review of a draft is not for the public", where="audience", do="Name government or internal."
        )
    place = open_workspace(Path(workspace))
    about, day, policy = parse_period(period), parse_date(as_of), read_policy(place.policy)
    year = about.last_day.year + 1
    text = read_edition(folder_of(place.catalogue, year))
    draft = build_edition(text)
    against, differences = compare(place.catalogue, year)
    before = read_edition(folder_of(place.catalogue, against))
    shown = visible_differences(text, before.items, differences, policy.in_full[Audience(audience)])
    # Rows are judged again, as ingest does: the embedded engine's work, whatever the workspace names.
    with engine.connect(folders=[place.lake], as_written=True) as backend:
        by = (Group.ITEM, Group.DEPARTMENT)
        found = simulate(place, backend, draft, about, day, by, run_no or None)
    cube = review_cube(found, draft, about, day)
    released = release(cube, Audience(audience), policy, past_releases(place.reports))
    return Report(
        place, found.inputs.catalogue, draft, against, tuple(shown), released, Language(language),
        Path(out) if out else None,
    )  # fmt: skip


def review_cube(found: Simulation, draft: Edition, period: Period, as_of: date) -> Cube:
    """Both sides of a simulation, in total and by department; `detail` says which side a figure is of.

    An item whose records may be about natural persons in either edition is one on both sides.
    """
    catalogue = found.inputs.catalogue
    known = Catalogue((*catalogue.editions, draft), catalogue.departments, catalogue.regions, catalogue.code_lists)
    about = Cells(known, as_of, int(found.inputs.run_no))
    kept = ("item_code", "department", "dimension", "numerator", "denominator", "is_provisional")
    cells = [
        about.cell(CubeTable.MEASUREMENTS, row["measure"], period, detail=side, **{name: row[name] for name in kept})
        for side, table in ((PUBLISHED, found.published), (SIMULATED, found.simulated))
        for row in table.to_pylist()
    ]
    parts = pa.Table.from_pylist(cells, schema=CUBE_SCHEMA)
    return Cube(roll_up(parts, [("detail",), ("department", "detail")]), period, as_of, int(found.inputs.run_no))


class Report(Sectioned):
    """The review of a draft; every call returns a section that a notebook shows.

    Parameters
    ----------
    workspace
        Whose review it is.
    catalogue
        The published editions, and names of departments and items.
    draft, against
        The draft, and the year of the edition that it is compared with.
    differences
        What differs, as far as the audience may see it.
    release
        Every figure of the review.
    language
        The reader's language.
    out
        Where `save` writes; None when nothing is to be written.
    """

    def __init__(
        self,
        workspace: Workspace,
        catalogue: Catalogue,
        draft: Edition,
        against: int,
        differences: Sequence[Difference],
        release: Release,
        language: Language,
        out: Path | None,
    ) -> None:
        super().__init__(workspace, catalogue, release, language, out)
        self.draft, self.against, self.differences_shown = draft, against, differences
        self._rows = Rows(release, catalogue, self.messages)

    def differences(self) -> Section:
        """What differs from the edition before, field by field, with reasons and departments."""
        _ = self.messages.gettext
        titles = {
            "change": _("Change"), "item_code": _("Directory code"), "data_format": _("Data format"),
            "field": _("Field"), "column": _("What"), "before": _("Before"), "after": _("After"),
            "reason": _("Reason"), "department": _("Provider"),
        }  # fmt: skip
        rows = [
            tuple(self._cell(name, cells) for name in titles)
            for cells in (one.as_row() for one in self.differences_shown)
        ]
        caption = _("Draft of {year} against the edition of {against}").format(**self._words)
        columns = tuple(Column(name, title) for name, title in titles.items())
        table = Table("differences", caption, columns, tuple(rows), "", self.release)
        text = _("What the draft would change, with the reasons that departments gave (Article 11).")
        return self._keep("differences", _("What differs"), [text], [table])

    def overview(self) -> Section:
        """The four measures, as they were and as they would have been."""
        _ = self.messages.gettext
        rows = [Row({"measure": one, "measure_name": _(WORDS[one].title)}, {"measure": one}) for one in MEASURES]
        labels = [Column("measure", _("Code"), in_page=False), Column("measure_name", _("Measure"))]
        caption = _("Measures of {period} by the published editions and by the draft").format(**self._words)
        lead = _(
            "The draft of {year} tried on what was delivered for {period}: every row was judged again by its rules, "
            "and measured as it would have been had the draft applied. Nothing of this changes a published figure."
        ).format(**self._words)
        limits = _(
            "Rows in quarantine stay there. A field that is new in the draft was never delivered, and is empty in all "
            "rows; how well departments would have filled it nobody knows."
        )
        return self._keep(
            "overview", _("At a glance"), [lead, limits], [self._table("overview", caption, labels, rows)]
        )

    def by_department(self) -> Section:
        """Each measure by department."""
        _ = self.messages.gettext
        tables = []
        for measure in MEASURES:
            caption = _("{measure} by department, {period}, by the published editions and by the draft")
            words = self._words | {"measure": _(WORDS[measure].title)}
            rows = self._departments(measure)
            tables.append(
                self._table(f"{measure}_by_department", caption.format(**words), self._rows.department_columns, rows)
            )
        text = _("Whom the draft would make look better or worse, and by how much.")
        return self._keep("by_department", _("By department"), [text], tables)

    @property
    def title(self) -> str:
        """The review's title in the reader's language."""
        title = self.messages.gettext("Review of the draft catalogue of {year}, tried on {period}")
        return title.format(**self._words)

    @property
    def editions(self) -> Mapping[int, str]:
        """The editions that applied, and the draft."""
        return {**self._applied(self.release.period.last_day), self.draft.year: self.draft.digest}

    # --- Parts ----------------------------------------------------------------------------------------

    @property
    def _words(self) -> dict[str, Any]:
        period = self.messages.period(self.release.period)
        return {"year": self.draft.year, "against": self.against, "period": period}

    def _cell(self, name: str, cells: Mapping[str, str]) -> Cell:
        """A difference's cell: in a file as the catalogue writes it, on the page in the reader's words."""
        _, text = self.messages.gettext, cells[name]
        if name == "department":
            return Cell(text, "; ".join(self._rows.department(code) for code in split_list(text)))
        if name == "item_code":
            return Cell(text, "; ".join(f"{code} {self._item(code)}" for code in split_list(text)))
        if name == "column":
            return Cell(text, _(FIELDS[text]) if text in FIELDS else text)
        words = EDITION_WORDS.get(cells["column"] if name in ("before", "after") and not cells["field"] else name, {})
        return Cell(text, "; ".join(_(words[one]) if one in words else one for one in split_list(text)))

    def _item(self, code: str) -> str:
        one = self.draft.item.get(code) or self.catalogue.newest_item(code)
        return self.messages.named(one.item_name_zh, one.item_name_en) if one else ""

    def _departments(self, measure: Measure) -> list[Row]:
        total = {"department": "", "department_name": self.messages.gettext("All departments")}
        found = self.release.select(measure=measure, by=("department", "detail"))
        there = set(found.table["department"].to_pylist())
        codes = [code for code in self.catalogue.departments if code in there]
        return [
            Row(total, {"measure": measure}),
            *(
                Row(
                    {"department": code, "department_name": self._rows.department(code)},
                    {"measure": measure, "department": code},
                )
                for code in codes
            ),
        ]

    def _table(self, name: str, caption: str, labels: Sequence[Column], rows: Iterable[Row]) -> Table:
        _ = self.messages.gettext
        start = self.release.period.start

        def of(side: str, where: Mapping[str, str]) -> dict[str, Any]:
            return {"table": CubeTable.MEASUREMENTS, **where, "detail": side, "period_start": start}

        def number(column: str, side: str) -> Callable[[Figures, Mapping[str, str]], Cell]:
            return lambda figures, where: figures.integer(column, **of(side, where))

        def share(side: str) -> Callable[[Figures, Mapping[str, str]], Cell]:
            return lambda figures, where: figures.share(**of(side, where))

        sides = {
            PUBLISHED: (_("Numerator, published"), _("Denominator, published"), _("Share, published")),
            SIMULATED: (_("Numerator, draft"), _("Denominator, draft"), _("Share, draft")),
        }
        figures: list[tuple[Column, Callable[[Figures, Mapping[str, str]], Cell]]] = []
        for side, (numerator, denominator, ratio) in sides.items():
            figures.append((Column(f"{side}_numerator", numerator, Kind.INTEGER), number("numerator", side)))
            figures.append((Column(f"{side}_denominator", denominator, Kind.INTEGER), number("denominator", side)))
            figures.append((Column(f"{side}_ratio", ratio, Kind.SHARE), share(side)))
        points = Column("difference_points", _("Draft less published, in percentage points"), Kind.POINTS)
        figures.append((points, lambda f, where: f.difference(of(SIMULATED, where), of(PUBLISHED, where))))
        return counts(
            self.release, name=name, caption=caption, note=self._note(), labels=labels, rows=rows, figures=figures,
            messages=self.messages,
        )  # fmt: skip
