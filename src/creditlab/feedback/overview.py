"""A pack's overview: how the department stands, which workbooks to mend, and what can't be mended in a workbook."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab.feedback.findings import Findings, Row
from creditlab.feedback.layout import Layout
from creditlab.feedback.rates import MEASURES, Rates
from creditlab.feedback.sheets import DAYS, INTEGER, POINTS, SHARE, Column, Line, Value, open_book
from creditlab.feedback.words import MENDINGS, REASONS
from creditlab.messages import Messages
from creditlab.quarantine import Mending
from creditlab.reports.quarterly.words import MEASURES as MEASURE_WORDS
from creditlab.terms import HELPER_PREFIX, Measure, QuarantineReason

if TYPE_CHECKING:
    from creditlab.workspace import Workspace

#: A cell's text has an end; the row itself stays in quarantine, whole.
_SHOWN = 2_000
MendFile = tuple[str, str, str, int]


def write_overview(
    path: Path,
    department: str,
    name: str,
    mark: str,
    found: Findings,
    rates: Rates,
    files: Sequence[MendFile],
    workspace: Workspace,
    messages: Messages,
) -> dict[str, int]:
    """Write the overview; returns how many rows some of its sheets have.

    Parameters
    ----------
    department, name, mark
        Whose pack it is, and what every sheet says of that.
    files
        The workbooks to mend: path in the pack, item, unit, rows.
    """
    writing = _Overview(department, found, rates, workspace, messages)
    _ = messages.gettext
    title = _("Feedback to {department}, {period}").format(department=name, period=messages.period(found.period))
    with open_book(path, title, mark) as book:
        book.cover(_("Read first"), title, writing.introduction())
        book.sheet(_("Rates"), writing.rate_columns(), writing.rates(), frozen=1)
        book.sheet(_("By item and unit"), writing.cell_columns(), writing.cells(), frozen=2)
        book.sheet(_("Workbooks to mend"), writing.file_columns(), writing.files(files))
        mended = list(found.mended_rows(department))
        counts = {
            "by_number": book.sheet(_("By number only"), writing.listed_columns(), writing.listed()),
            "omitted": book.sheet(_("Omissions"), writing.omitted_columns(), writing.omitted()),
            "quarantined": book.sheet(_("Quarantine"), writing.quarantined_columns(), writing.quarantined()),
            "mended": sum(row["mended"] for row in mended),
        }
        book.sheet(_("Mended"), writing.mended_columns(), writing.mended(mended))
        return counts


class _Overview:
    def __init__(
        self, department: str, found: Findings, rates: Rates, workspace: Workspace, messages: Messages
    ) -> None:
        self.department, self.found, self.rates_of, self.workspace = department, found, rates, workspace
        self.messages, self.catalogue = messages, found.inputs.catalogue
        _ = messages.gettext
        self.item_column = Column(_("Item code"), width=12)
        self.name_column = Column(_("Item"), width=32)
        self.unit_column = Column(_("Reporting unit"), width=22)

    # --- What every sheet needs ---------------------------------------------------------------------------

    def _item(self, code: str) -> str:
        return self.messages.item(self.catalogue, code)

    def _unit(self, code: str) -> str:
        one = self.catalogue.regions.get(code)
        name = self.messages.named(one.name_zh, one.name_en) if one else ""
        return f"{code} {name}".strip()

    def _moment(self, row: Row) -> str:
        moment = row["delivered_at"]
        return moment.astimezone(self.workspace.time_zone).strftime("%Y-%m-%d %H:%M") if moment else ""

    # --- Sheets ---------------------------------------------------------------------------------------------

    def introduction(self) -> list[str]:
        """The cover's paragraphs."""
        _, m = self.messages.gettext, self.messages
        synthetic = _(
            "Synthetic data: made up for demonstration and tests; they say nothing about any real body or person."
        )
        lines = [
            *([synthetic] if self.workspace.is_synthetic else []),
            _("State of {as_of}, run {run} of the lake.").format(
                as_of=m.day(self.found.as_of), run=self.found.inputs.run_no
            ),
            "",
            _(
                "1. Open the workbooks in the folder “mend”: one for each item and reporting unit. A row is a record "
                "that breaks a rule; the cells at fault are marked, and the grey columns on the left say what is wrong "
                "and what to do."
            ),
            _(
                "2. Mend the marked cells in place, with what your own files say. Delete rows that you can't mend yet. "
                "Leave the record number as it is, and the column action too; where action is empty, the record is "
                "disputed or repaired, and stays so."
            ),
            _(
                "3. Save the workbook, as XLSX or CSV, and deliver it like any other file of that item and unit; "
                "{file} has the lines for the manifest. Columns whose names begin with {prefix} are left out when it "
                "is read, filled or not."
            ).format(file="manifest_rows.csv", prefix=HELPER_PREFIX),
            _(
                "4. Records of items that cover natural persons, and of natural persons, are listed by number only: "
                "mend them in your own system and deliver them with action = correct."
            ),
            _(
                "5. Rows in quarantine never became records. Workbooks whose names end with {word} have those that can "
                "be mended in place; mend the others in your own system. For periods omitted, deliver the data or a "
                "zero report."
            ).format(word="quarantine"),
            _("[c] suppressed to protect natural persons."),
            _("The next pack says what was mended, by which delivery, and after how many days."),
        ]
        if self.workspace.contact:
            lines.append(_("Contact: {contact}").format(contact=self.workspace.contact))
        return lines

    def rate_columns(self) -> list[Column]:
        """Measure; numbers and shares of the period; the province's share; the last periods' shares."""
        _ = self.messages.gettext
        now, *before = self.rates_of.periods
        return [
            Column(_("Measure"), width=34),
            Column(_("Numerator"), INTEGER, 12),
            Column(_("Denominator"), INTEGER, 12),
            Column(self.messages.period(now), SHARE, 14),
            Column(_("Provisional"), width=12),
            Column(_("Whole province"), SHARE, 14),
            Column(_("Difference from the province in percentage points"), POINTS, 18),
            *(Column(self.messages.period(one), SHARE, 14) for one in before),
        ]

    def rates(self) -> Iterator[Line]:
        """One row per measure that the department has in the period or had in the last ones."""
        _ = self.messages.gettext
        now, *before = self.rates_of.periods
        for measure in MEASURES:
            rows = [self.rates_of.own.get((self.department, one.label, measure)) for one in (now, *before)]
            if not any(rows):
                continue
            mine, province = rows[0] or {}, self.rates_of.province.get((now.label, measure)) or {}
            yield Line(
                (
                    _(MEASURE_WORDS[measure].title),
                    _shown(mine, "numerator"),
                    _shown(mine, "denominator"),
                    _shown(mine, "ratio"),
                    _("yes") if mine.get("is_provisional") else "",
                    _shown(province, "ratio"),
                    _points(mine, province),
                    *(_shown(row or {}, "ratio") for row in rows[1:]),
                )
            )

    def cell_columns(self) -> list[Column]:
        """Item, unit, measure and its numbers."""
        _ = self.messages.gettext
        return [
            self.item_column, self.name_column, self.unit_column, Column(_("Measure"), width=34),
            Column(_("Numerator"), INTEGER, 12), Column(_("Denominator"), INTEGER, 12), Column(_("Share"), SHARE, 12),
            Column(_("Provisional"), width=12),
        ]  # fmt: skip

    def cells(self) -> Iterator[Line]:
        """One row per item, unit and measure."""
        _ = self.messages.gettext
        for row in self.rates_of.cells.get(self.department, ()):
            item, unit = row["item_code"] or "", row["region_code"] or ""
            yield Line(
                (
                    item, self._item(item), self._unit(unit), _(MEASURE_WORDS[Measure(row["measure"])].title),
                    *(_shown(row, name) for name in ("numerator", "denominator", "ratio")),
                    _("yes") if row["is_provisional"] else "",
                )
            )  # fmt: skip

    def file_columns(self) -> list[Column]:
        """File, item, unit, rows."""
        _ = self.messages.gettext
        return [
            Column(_("Workbook"), width=36), self.item_column, self.name_column, self.unit_column,
            Column(_("Rows to mend"), INTEGER, 14),
        ]  # fmt: skip

    def files(self, files: Sequence[MendFile]) -> Iterator[Line]:
        """One row per workbook."""
        for path, item, unit, rows in files:
            yield Line((path, item, self._item(item), self._unit(unit), rows))

    def listed_columns(self) -> list[Column]:
        """Item, unit, record number, fault, where it was delivered."""
        _ = self.messages.gettext
        return [
            self.item_column, self.name_column, self.unit_column, Column(_("Record number"), width=24),
            Column(_("Fault"), width=44, is_wrapped=True), Column(_("What to do"), width=44, is_wrapped=True),
            Column(_("Delivered in"), width=40),
            Column(_("Row"), INTEGER, 10),
        ]  # fmt: skip

    def listed(self) -> Iterator[Line]:
        """One row per faulty record whose content isn't shown."""
        layouts: dict[str, Layout | None] = {}
        for row in self.found.listed_rows(self.department):
            code = row["item_code"]
            if code not in layouts:
                one = self.catalogue.newest_item(code)
                layouts[code] = Layout(self.catalogue, code, one.data_format, self.messages) if one else None
            layout = layouts[code]
            words = layout.words(row["faults"]) if layout else None
            yield Line(
                (
                    code, self._item(code), self._unit(row["region_code"]), row["record_id"],
                    words.what if words else row["faults"], words.do if words else "", row["path"], row["row_no"],
                )
            )  # fmt: skip

    def omitted_columns(self) -> list[Column]:
        """Item, unit, due period, due date, what came."""
        _ = self.messages.gettext
        return [
            self.item_column, self.name_column, self.unit_column, Column(_("Due period"), width=14),
            Column(_("Due on"), width=14), Column(_("Delivered on"), width=18),
        ]  # fmt: skip

    def omitted(self) -> Iterator[Line]:
        """One row per due period that was not delivered in time."""
        _ = self.messages.gettext
        for row in self.found.omitted_rows(self.department):
            came = row["delivered_on"]
            yield Line(
                (
                    row["item_code"], self._item(row["item_code"]), self._unit(row["region_code"]), row["due_period"],
                    row["due_on"].isoformat(), came.isoformat() if came else _("never delivered"),
                )
            )  # fmt: skip

    def quarantined_columns(self) -> list[Column]:
        """Item, unit, delivery, row, reason, what became of it, content."""
        _ = self.messages.gettext
        return [
            self.item_column, self.name_column, self.unit_column, Column(_("Delivered in"), width=40),
            Column(_("Delivered at"), width=17), Column(_("Row"), INTEGER, 10),
            Column(_("Reason"), width=40, is_wrapped=True), Column(_("State"), width=30, is_wrapped=True),
            Column(_("Content, where it may be kept"), width=80, is_wrapped=True),
        ]  # fmt: skip

    def quarantined(self) -> Iterator[Line]:
        """One row per quarantined row."""
        _ = self.messages.gettext
        for row in self.found.quarantined_rows(self.department):
            yield Line(
                (
                    row["item_code"], self._item(row["item_code"]), self._unit(row["region_code"]), row["path"],
                    self._moment(row), row["row_no"], _(REASONS[QuarantineReason(row["reason"])]),
                    _(MENDINGS[Mending(row["mending"])]), _content(row["content"]),
                )
            )  # fmt: skip

    def mended_columns(self) -> list[Column]:
        """Item, unit, delivery, and what it mended how fast."""
        _ = self.messages.gettext
        return [
            self.item_column, self.name_column, self.unit_column, Column(_("Mended by delivery"), width=40),
            Column(_("Delivered at"), width=17), Column(_("Records mended"), INTEGER, 12),
            Column(_("Faulty records withdrawn"), INTEGER, 14), Column(_("Days until mended, median"), DAYS, 14),
            Column(_("Days until mended, at most"), INTEGER, 14),
        ]  # fmt: skip

    def mended(self, rows: Sequence[Row]) -> Iterator[Line]:
        """One row per delivery that mended records."""
        for row in rows:
            yield Line(
                (
                    row["item_code"], self._item(row["item_code"]), self._unit(row["region_code"]), row["path"],
                    self._moment(row), row["mended"], row["withdrawn"], row["days_median"], row["days_most"],
                )
            )  # fmt: skip


def _shown(row: Row, column: str) -> Value:
    """A figure, or the mark of a suppressed one."""
    marker: str = row.get("marker", "")
    return marker or row.get(column)


def _points(mine: Row, province: Row) -> float | None:
    """Percentage points between two mature shares, taken before rounding."""
    if mine.get("ratio") is None or province.get("ratio") is None:
        return None
    if mine["is_provisional"] or province["is_provisional"]:
        return None
    difference = Fraction(mine["numerator"], mine["denominator"]) - Fraction(
        province["numerator"], province["denominator"]
    )
    return round(float(100 * difference), 1) + 0.0


def _content(text: str | None) -> str:
    """A row's kept content in words: the filled cells with their columns' names."""
    if text is None:
        return ""
    cells = json.loads(text)
    shown = "; ".join(f"{name}: {value}" for name, value in cells.items() if value)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
