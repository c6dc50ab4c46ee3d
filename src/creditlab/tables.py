"""Release -> table: for the page (HTML), for programs (tidy CSV) and as cells for a workbook.

A table is made from a release only. A cell keeps its exact value; how it is written is decided once, here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape

from creditlab.celltext import visible
from creditlab.disclosure import Marker, Release, require_release
from creditlab.figures import PROVISIONAL, Cell, Figures, Row
from creditlab.messages import Messages
from creditlab.periods import Period

#: First characters that make a spreadsheet run a text as a formula, in half and full width.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
#: A table of so many columns is set closer; one of so many lies across its sheet.
_WIDE, _VAST = 9, 13
#: A cell with so many letters is read like a paragraph, and gets the width for it.
_PROSE = 60
#: A table of so few rows is not broken over two sheets of paper.
_SHORT = 16
#: Letters without a place to break a line; Chinese breaks by itself. A place is made after every so many.
_UNBROKEN, _STRETCH = re.compile("[!-\u2e7f]{40,}"), re.compile("(.{20})(?=.)")
_BREAK = "\u200b"


class Kind(StrEnum):
    """What a column holds, which decides how its cells are written."""

    TEXT = "text"
    INTEGER = "integer"
    SHARE = "share"
    POINTS = "points"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True)
class Column:
    """A column: its name in files, its title for readers, what it holds.

    `in_page` is false for codes and flags that a page shows otherwise.
    """

    name: str
    title: str
    kind: Kind = Kind.TEXT
    in_page: bool = True


@dataclass(frozen=True)
class Table:
    """A table of a publication: one row per `rows` entry, cells in the order of the columns."""

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str
    release: Release

    def __post_init__(self) -> None:
        require_release(self.release)


def comparison(
    release: Release,
    *,
    name: str,
    caption: str,
    note: str,
    labels: Sequence[Column],
    rows: Iterable[Row],
    period: Period,
    previous: Period,
    messages: Messages,
    numerator_title: str = "",
    denominator_title: str = "",
    year_before: Period | None = None,
) -> Table:
    """A table of ratios against the period before: numerator, denominator, share, share before, difference.

    With `year_before` also against that period, where it isn't the one before anyway.

    Grain: one row per `rows` entry. Rows for which neither period counted anything are left out. Raises
    DisclosureError if `release` is none.
    """
    figures, _ = Figures(release, messages), messages.gettext
    columns = (
        *labels,
        Column("numerator", numerator_title or _("Numerator"), Kind.INTEGER),
        Column("denominator", denominator_title or _("Denominator"), Kind.INTEGER),
        Column("ratio", _("Share"), Kind.SHARE),
        Column("is_provisional", _("Provisional"), Kind.FLAG, in_page=False),
        Column("previous_numerator", _("Numerator of the period before"), Kind.INTEGER, in_page=False),
        Column("previous_denominator", _("Denominator of the period before"), Kind.INTEGER, in_page=False),
        Column("previous_ratio", _("Share in the period before"), Kind.SHARE),
        Column("previous_is_provisional", _("Provisional in the period before"), Kind.FLAG, in_page=False),
        Column("difference_points", _("Difference in percentage points"), Kind.POINTS),
    )
    further = year_before if year_before not in (None, previous) else None
    if further:
        columns += (
            Column("year_before_numerator", _("Numerator of a year before"), Kind.INTEGER, in_page=False),
            Column("year_before_denominator", _("Denominator of a year before"), Kind.INTEGER, in_page=False),
            Column("year_before_ratio", _("Share a year before"), Kind.SHARE),
            Column("year_before_is_provisional", _("Provisional a year before"), Kind.FLAG, in_page=False),
            Column("year_before_points", _("Difference from a year before in percentage points"), Kind.POINTS),
        )
    made = []
    for row in rows:
        now = {**row.where, "period_start": period.start}
        before = {**row.where, "period_start": previous.start}
        if figures.find(**now) is None and figures.find(**before) is None:
            continue
        cells = [Cell(row.labels[one.name], row.labels[one.name]) for one in labels]
        cells += _ratio_cells(figures, now) + _ratio_cells(figures, before)
        cells.append(figures.difference(now, before))
        if further:
            then = {**row.where, "period_start": further.start}
            cells += [*_ratio_cells(figures, then), figures.difference(now, then)]
        made.append(tuple(cells))
    return Table(name, caption, columns, tuple(made), note, release)


def _ratio_cells(figures: Figures, where: Mapping[str, object]) -> list[Cell]:
    """Numerator, denominator, share, and whether it is provisional."""
    numbers = [figures.integer("numerator", **where), figures.integer("denominator", **where)]
    return [*numbers, figures.share(**where), figures.flag(**where)]


def counts(
    release: Release,
    *,
    name: str,
    caption: str,
    note: str,
    labels: Sequence[Column],
    rows: Iterable[Row],
    figures: Sequence[tuple[Column, Callable[[Figures, Mapping[str, str]], Cell]]],
    messages: Messages,
) -> Table:
    """A table of counts: one row per `rows` entry, one column per entry of `figures`, which takes its cell.

    Raises DisclosureError if `release` is none.
    """
    source = Figures(release, messages)
    made = []
    for row in rows:
        cells = [Cell(row.labels[one.name], row.labels[one.name]) for one in labels]
        made.append((*cells, *(take(source, row.where) for _, take in figures)))
    return Table(name, caption, (*labels, *(column for column, _ in figures)), tuple(made), note, release)


def course_table(
    release: Release,
    *,
    name: str,
    caption: str,
    note: str,
    labels: Sequence[Column],
    rows: Iterable[Row],
    periods: Sequence[Period],
    messages: Messages,
) -> Table:
    """A table of one ratio over several periods: one row per `rows` entry, one share per period.

    Raises DisclosureError if `release` is none.
    """
    figures = Figures(release, messages)
    columns = [Column(one.label, messages.period(one), Kind.SHARE) for one in periods]
    made = []
    for row in rows:
        cells = [Cell(row.labels[one.name], row.labels[one.name]) for one in labels]
        made.append((*cells, *(figures.share(**row.where, period_start=one.start) for one in periods)))
    return Table(name, caption, (*labels, *columns), tuple(made), note, release)


def to_html(table: Table, messages: Messages, *, with_link: bool = True) -> str:
    """The table as HTML: a caption, a scope on every header, every text escaped, its note below.

    With a link to the table's CSV file, which only a publication has.

    `data-table` and `data-column` name the file and column that the same figures are in. A row whose codes are all
    empty is a total.
    """
    _ = messages.gettext
    shown = [place for place, column in enumerate(table.columns) if column.in_page]
    codes = [place for place, column in enumerate(table.columns) if column.kind is Kind.TEXT and not column.in_page]
    head = "".join(
        f'<th scope="col" class="{table.columns[place].kind}">{_breakable(table.columns[place].title)}</th>'
        for place in shown
    )
    body = []
    for row in table.rows:
        cells = [_html_cell(table.columns[place], row[place], place == shown[0], _) for place in shown]
        is_total = bool(codes) and not any(row[place].value for place in codes)
        body.append(f"<tr{' class=total' if is_total else ''}>{''.join(cells)}</tr>")
    note = f'<p class="note">{escape(table.note)}</p>' if table.note else ""
    if not table.rows:
        note = f'<p class="nothing">{escape(nothing_listed(messages))}</p>{note}'
    # Said by a class: a style that counts columns by :has() looks through the whole table at every cell when printed.
    wide = ' class="wide"' if len(shown) >= _WIDE else ""
    size = (" short" if len(table.rows) <= _SHORT else "") + (" vast" if len(shown) >= _VAST else "")
    link = escape(_("Data of this table (CSV)"))
    download = f'<p class="download"><a href="tables/{escape(table.name)}.csv">{link}</a></p>' if with_link else ""
    return (
        f'<div class="table{size}" role="region" tabindex="0" aria-label="{escape(table.caption)}">'
        f'<table data-table="{escape(table.name)}"{wide}><caption>{escape(table.caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>{note}{download}"
    )


def _breakable(text: str) -> str:
    """A text as HTML that no table is made too wide by."""
    broken = _UNBROKEN.sub(lambda found: _STRETCH.sub(rf"\1{_BREAK}", found[0]), text)
    return escape(broken).replace(_BREAK, "<wbr>")


def nothing_listed(messages: Messages) -> str:
    """What is said in place of a table's rows where it has none."""
    return messages.gettext("There is nothing to list here.")


def _html_cell(column: Column, cell: Cell, is_header: bool, _: Callable[[str], str]) -> str:
    text = _breakable(visible(cell.text))
    if cell.marker is Marker.SUPPRESSED:
        title = escape(_("suppressed to protect natural persons"))
        text = f'<abbr title="{title}">{text}</abbr>'
    if column.kind is Kind.SHARE and cell.is_provisional:
        title = escape(_("provisional: late arrivals are still to come"))
        text = f'{text} <abbr class="provisional" title="{title}">{PROVISIONAL}</abbr>'.lstrip()
    # A day that is broken at its hyphens is hard to read.
    kind = f"{column.kind} day" if _DAY.fullmatch(cell.text) else str(column.kind)
    if len(cell.text) > _PROSE:
        kind += " prose"
    attributes = f'data-column="{escape(column.name)}" class="{kind}"'
    return f'<th scope="row" {attributes}>{text}</th>' if is_header else f"<td {attributes}>{text}</td>"


def to_csv(table: Table) -> str:
    """The table as CSV for programs: exact values, one row per table row, columns named in English. Write it as UTF-8.

    Null is an empty cell, a suppressed one is `[c]`. A text that a spreadsheet would run as a formula gets an
    apostrophe in front; numbers are never touched.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([column.name for column in table.columns])
    for row in table.rows:
        writer.writerow([csv_text(column, cell) for column, cell in zip(table.columns, row, strict=True)])
    return text.getvalue()


def csv_text(column: Column, cell: Cell) -> str:
    """One cell as CSV has it."""
    if cell.marker is Marker.SUPPRESSED:
        return str(Marker.SUPPRESSED)
    if cell.value is None:
        return ""
    if isinstance(cell.value, bool):
        return str(cell.value).lower()
    if column.kind is Kind.TEXT:
        return neutral(str(cell.value))
    return repr(cell.value)


def neutral(text: str) -> str:
    """A text that no spreadsheet takes for a formula, and that is read as it is written.

    Examples
    --------
    >>> neutral("=1+1")
    "'=1+1"
    """
    text = visible(text)
    # Leading blanks don't stop a spreadsheet, so they don't stop us.
    starts = text.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)
    return f"'{text}" if starts else text
