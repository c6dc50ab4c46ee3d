"""Write packs: a folder for each department, complete or not at all, for its eyes only."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab import engine
from creditlab.access import ask
from creditlab.disclosure import read_policy
from creditlab.errors import CatalogueError, DisclosureError, NoDataError, ParameterError
from creditlab.feedback.findings import Findings, Row, gather
from creditlab.feedback.layout import ACTION, MASK, Layout, rules_of
from creditlab.feedback.overview import write_overview
from creditlab.feedback.rates import PERIODS_BEFORE, Rates, rated_periods, take_rates
from creditlab.feedback.refused import is_row_to_mend, lines_to_mend
from creditlab.feedback.sheets import Column, Line, open_book
from creditlab.lake import take_inputs
from creditlab.messages import Messages
from creditlab.periods import Period
from creditlab.reports.shelf import past_releases
from creditlab.scratch import scratch
from creditlab.sums import with_sums
from creditlab.terms import HELPER_PREFIX, MANIFEST, Action, Language, Measure, Purpose, RecordState
from creditlab.wholefile import new_private_file

if TYPE_CHECKING:
    from creditlab.access import Asking
    from creditlab.catalogue import Catalogue
    from creditlab.inputs import Inputs
    from creditlab.workspace import Workspace

#: Rows of one workbook that comes back; a clerk's machine opens it, and reading it stays far below its limit.
FILE_ROWS = 50_000
#: What the engine may hold in memory; what is more goes to its temporary folder.
_MEMORY = "700MB"
_NAME = re.compile(r"[\w-]{1,64}")
MENDING, MANIFEST_ROWS, MARK_FILE = "mend", "manifest_rows.csv", "internal.json"
#: How the name of a workbook with rows in quarantine ends.
REFUSED = "quarantine"


@dataclass(frozen=True)
class Pack:
    """What one department gets.

    Attributes
    ----------
    to_mend
        Records whose rows are in the pack's workbooks, to be mended and delivered.
    by_number
        Faulty records that are listed by their number only.
    omitted, quarantined, mended
        Due periods without a delivery; rows in quarantine; records that a delivery has mended.
    """

    department: str
    folder: Path
    to_mend: int
    by_number: int
    omitted: int
    quarantined: int
    mended: int


@dataclass(frozen=True)
class Sheet:
    """A workbook to mend: where it is, what it holds, and under which department's code it has to come back.

    A record's key has the code that it was delivered under, whoever is responsible for it since.
    """

    path: str
    item_code: str
    region_code: str
    sender: str
    rows: int


def write_packs(
    workspace: Workspace,
    *,
    period: Period,
    as_of: date,
    output: Path,
    language: Language,
    departments: list[str] | None = None,
    periods_before: int = PERIODS_BEFORE,
    asking: Asking | None = None,
) -> list[Pack]:
    """Write each department's pack for a period, as the lake stood on a day.

    Parameters
    ----------
    output
        The folder that the packs' folder `<period>_<as_of>` goes to.
    departments
        Whose; None for every department that has something to be told.
    periods_before
        How many periods before stand beside the rates.
    asking
        What they are made for, noted in the access log before any is written; by default what the workspace's look-ups
        are for, or supervision.

    Returns
    -------
    list of Pack
        One per department. Packs are working files: readable by their owner only, and marked so.

    Raises
    ------
    DisclosureError
        If the packs would lie among the published reports.
    ParameterError
        If a department is unknown, or has a pack of that period and day already: somebody may be at work on it.
    NoDataError
        If there is nothing to tell anybody.
    AccessLogError
        If it can't be noted.
    """
    target = output / f"{period.label.replace('/', '_')}_{as_of}"
    if target.resolve().is_relative_to(workspace.reports.resolve()):
        raise DisclosureError("packs may not lie among the published reports", where="--output", do="Name another.")
    messages = Messages(language)
    with engine.over(workspace, _MEMORY) as backend:
        snapshot, inputs = take_inputs(workspace, backend)
        chosen = _known(inputs.catalogue, departments)
        kept = with_sums(snapshot, inputs, rated_periods(period, periods_before), as_of, with_subjects=False)
        rates = take_rates(
            kept, period, as_of, read_policy(workspace.policy), past_releases(workspace.reports), periods_before
        )
        found = gather(snapshot, inputs, period, as_of, workspace.blanks)
        concerned = found.departments() | {code for code, label, _ in rates.own if label == period.label}
        codes = [code for code in chosen if departments is not None or code in concerned]
        if not _has_data(rates, inputs, period):
            raise NoDataError("there is nothing to give feedback on", where=period.label, do="Ingest deliveries first.")
        for code in codes:
            if (target / _safe(code)).exists():
                raise ParameterError(
                    "a department has a pack of that period and day already",
                    where=target.name,
                    do="Name another --output, or remove the old one once nobody works on it.",
                )
        asking = asking or ask(workspace, None, "feedback", Purpose.SUPERVISION)
        asking.note_packs(workspace, codes, period.label, snapshot.run_no)
        output.mkdir(mode=0o700, parents=True, exist_ok=True)
        with scratch(output) as staged:
            packs = [_Writing(workspace, found, rates, messages, staged, target, code).write() for code in codes]
            target.mkdir(mode=0o700, exist_ok=True)
            for code in codes:
                os.rename(staged / _safe(code), target / _safe(code))
    return packs


def _known(catalogue: Catalogue, wanted: list[str] | None) -> list[str]:
    if set(wanted or ()) - set(catalogue.departments):
        raise ParameterError("a department is not in the catalogue", where="--department", do="See departments.csv.")
    return [code for code in catalogue.departments if wanted is None or code in wanted]


def _has_data(rates: Rates, inputs: Inputs, period: Period) -> bool:
    """Whether anything happened in a period, or came in it."""
    if (period.label, Measure.TIMELINESS) in rates.province:
        return True
    came = inputs.deliveries.received_on
    return bool(((came >= period.start) & (came < period.end)).any().fill_null(False).to_pyarrow().as_py())


def _safe(code: str) -> str:
    """A code as a file's name."""
    if not _NAME.fullmatch(code):
        raise CatalogueError("a code can't be a file's name", do="Use letters, digits, _ and -.")
    return code


class _Writing:
    """One department's pack in the making."""

    def __init__(
        self,
        workspace: Workspace,
        found: Findings,
        rates: Rates,
        messages: Messages,
        staged: Path,
        target: Path,
        department: str,
    ) -> None:
        self.workspace, self.found, self.rates, self.messages = workspace, found, rates, messages
        self.department, self.target = department, target / _safe(department)
        self.folder = staged / _safe(department)
        _ = messages.gettext
        about = found.inputs.catalogue.department_on(department, found.period.last_day)
        self.name = messages.named(about.name_zh, about.name_en) if about else department
        self.mark = _("Internal working file for {department} only; not for publication.").format(department=self.name)

    def write(self) -> Pack:
        self.folder.mkdir(mode=0o700)
        (self.folder / MENDING).mkdir(mode=0o700)
        mending = list(self._mend_files())
        sheets = [*mending, *self._refused_files()]
        counts = write_overview(
            self.folder / f"{_safe(self.department)}.xlsx", self.department, self.name, self.mark, self.found,
            self.rates, [(one.path, one.item_code, one.region_code, one.rows) for one in sheets], self.workspace,
            self.messages,
        )  # fmt: skip
        self._write_manifest_rows(sheets)
        about = {"period": self.found.period.label, "as_of": str(self.found.as_of), "run_no": self.found.inputs.run_no}
        with new_private_file(self.folder / MARK_FILE, "w") as file:
            json.dump({"mark": self.mark} | about, file, ensure_ascii=False, indent=1)
        return Pack(
            self.department, self.target, sum(one.rows for one in mending), counts["by_number"], counts["omitted"],
            counts["quarantined"], counts["mended"],
        )  # fmt: skip

    def _mend_files(self) -> Iterator[Sheet]:
        for data_format in self.found.to_mend:
            rows = self.found.rows_to_mend(self.department, data_format)
            for (item_code, region_code, sender), part in groupby(
                rows, itemgetter("item_code", "region_code", "sender")
            ):
                yield from self._parts(item_code, region_code, sender, data_format, part)

    def _refused_files(self) -> Iterator[Sheet]:
        """Rows in quarantine that can be mended in place; the overview lists all of them."""
        catalogue = self.found.inputs.catalogue
        rows = filter(is_row_to_mend, self.found.quarantined_rows(self.department))
        for (item_code, region_code, sender), part in groupby(rows, itemgetter("item_code", "region_code", "sender")):
            item = catalogue.newest_item(item_code)
            if item is not None:
                layout = Layout(catalogue, item_code, item.data_format, self.messages)
                lines = lines_to_mend(layout, part, ACTION, self.messages)
                yield from self._books(layout, lines, item_code, region_code, sender, REFUSED)

    def _parts(
        self, item_code: str, region_code: str, sender: str, data_format: str, rows: Iterator[Row]
    ) -> Iterator[Sheet]:
        layout = Layout(self.found.inputs.catalogue, item_code, data_format, self.messages)
        yield from self._books(layout, self._lines(layout, rows), item_code, region_code, sender)

    def _books(
        self, layout: Layout, lines: Iterator[Line], item_code: str, region_code: str, sender: str, *more: str
    ) -> Iterator[Sheet]:
        words = [item_code, region_code, *([sender] if sender != self.department else []), *more]
        for first in lines:
            name = self._free_name("_".join(map(_safe, words)))
            with open_book(self.folder / name, self.messages.gettext("Rows to mend"), self.mark) as book:
                rest = _up_to(first, lines, FILE_ROWS)
                count = book.sheet(_sheet_name(item_code), self._columns(layout), rest, frozen=1)
            yield Sheet(name, item_code, region_code, sender, count)

    def _free_name(self, start: str) -> str:
        """A name in the pack that no workbook has yet."""
        number, name = 1, f"{MENDING}/{start}.xlsx"
        while (self.folder / name).exists():
            number, name = number + 1, f"{MENDING}/{start}_{number + 1}.xlsx"
        return name

    def _columns(self, layout: Layout) -> list[Column]:
        _ = self.messages.gettext
        helpers = [
            Column(HELPER_PREFIX + title, width=width, is_helper=True, is_wrapped=True)
            for title, width in ((_("fault"), 34), (_("where"), 18), (_("what to do"), 34), (_("delivered in"), 40))
        ]
        fields = []
        for one, heading in zip(layout.fields, layout.headings, strict=True):
            codes = self._codes(one.code_list)
            fields.append(
                Column(heading, width=max(20, min(2 * len(heading), 30)), choices=codes, note=rules_of(one, codes, _))
            )
        return [*helpers, *fields, Column(ACTION, width=10)]

    def _codes(self, code_list: str | None) -> tuple[str, ...]:
        codes = self.found.inputs.catalogue.code_lists.get(code_list or "", ())
        return tuple(one.code for one in codes if one.span.holds(self.found.period.last_day))

    def _lines(self, layout: Layout, rows: Iterator[Row]) -> Iterator[Line]:
        words = lru_cache(maxsize=4096)(layout.words)
        _ = self.messages.gettext
        shift = 4  # the helper columns
        for row in rows:
            said = words(row["faults"])
            values = [row[f"value_{one.name}"] or "" for one in layout.fields]
            marked = {shift + place for place in said.places}
            marked |= {shift + place for place, text in enumerate(values) if MASK in text}
            source = _("row {row}, {path}").format(path=row["path"], row=row["row_no"])
            yield Line((said.what, said.where, said.do, source, *values, _action(row)), frozenset(marked))

    def _write_manifest_rows(self, sheets: list[Sheet]) -> None:
        """What the inbox's manifest needs to say once the workbooks come back; only the time of delivery is lacking."""
        path = self.folder / MANIFEST_ROWS
        with new_private_file(path, "w") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(MANIFEST)
            for one in sheets:
                where = f"{self.target.parent.name}/{self.target.name}/{one.path}"
                writer.writerow([where, one.item_code, one.sender, one.region_code, "", "", ""])


def _action(row: Row) -> str:
    """`correct` would settle a dispute and undo a repair; a plain row changes the content and leaves them."""
    return str(Action.CORRECT) if row["record_state"] == RecordState.NORMAL else ""


def _up_to(first: Line, rest: Iterator[Line], count: int) -> Iterator[Line]:
    yield first
    for _, line in zip(range(count - 1), rest, strict=False):
        yield line


def _sheet_name(item_code: str) -> str:
    return item_code[:31]
