"""From a question to a release: measured by the lake as known at one run, and through the gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from creditlab.access import Asking, ask
from creditlab.catalogue import Catalogue
from creditlab.disclosure import CUBE_SCHEMA, Cube, CubeTable, Release, roll_up
from creditlab.errors import NoDataError, ParameterError
from creditlab.explore.choices import By
from creditlab.messages import Messages
from creditlab.monitoring.series import RECORDS
from creditlab.periods import Period, month_of
from creditlab.reports.quarterly.cube import RECORD_COUNT, Cells
from creditlab.reports.sectioned import protect
from creditlab.terms import Audience, Group, Measure, Purpose
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from creditlab.inputs import Inputs

#: What is shown of an organisation's record.
_SHOWN = (
    "item_code", "department", "region_code", "record_id", "subject_id", "event_date", "first_received_on", "lag",
    "record_state", "faults",
)  # fmt: skip
#: In this order a figure is taken apart.
DRILLED = (By.DEPARTMENT, By.REGION, By.ITEM)


@dataclass(frozen=True)
class Question:
    """What is asked: a measure of some periods, by some groups, of the cells with some values.

    Attributes
    ----------
    periods
        The period asked about first, then those that it is compared with.
    where
        By column of a release the value that cells must have.
    against
        The period that the one asked about is compared with; None for the one before it.
    """

    measure: Measure
    periods: tuple[Period, ...]
    as_of: date
    by: tuple[By, ...] = ()
    where: Mapping[By, str] | None = None
    against: Period | None = None

    @property
    def period(self) -> Period:
        """The period asked about."""
        return self.periods[0]

    @property
    def compared(self) -> Period:
        """The period that it is compared with."""
        return self.against or self.period.previous()

    @property
    def narrowed(self) -> Mapping[By, str]:
        """The values that cells must have."""
        return self.where or {}

    def narrow(self, column: By, value: str, by: tuple[By, ...]) -> Question:
        """The same of one value's cells only, by other groups."""
        return replace(self, by=by, where={**self.narrowed, column: value})


class Source:
    """A workspace's lake as known at one run, of which questions are asked.

    Parameters
    ----------
    workspace
        Whose lake it is.
    run_no
        The run that is looked at; None for the newest at the first question, which all others then ask too.
    asking
        What organisations' records are looked at for; None for the workspace's purpose, or analysis.
    """

    def __init__(
        self, workspace: Workspace, run_no: int | None, messages: Messages, asking: Asking | None = None
    ) -> None:
        self.workspace, self.messages = workspace, messages
        self._asking = asking or ask(workspace, None, "explore", Purpose.ANALYSIS)
        self._run_no = run_no
        self._unusual: dict[tuple[Period, date], Release] = {}

    @cached_property
    def known(self) -> tuple[int, Catalogue, date]:
        """The run looked at, its catalogue, and the day on which it was committed."""
        from creditlab.catalogue import read_sealed
        from creditlab.lake import Lake

        runs = Lake(self.workspace.lake).runs() if Lake(self.workspace.lake).exists else None
        if runs is None or not runs.num_rows:
            raise NoDataError("nothing has been ingested yet", where=self.workspace.lake.name, do="Ingest first.")
        numbers = runs["run_no"].to_pylist()
        run_no = self._run_no or numbers[-1]
        if run_no not in numbers:
            raise ParameterError("there is no such run", where="run_no", do="See creditlab lake history.")
        committed = runs["committed_at"].to_pylist()[numbers.index(run_no)]
        return run_no, read_sealed(self.workspace.catalogue), committed.astimezone(self.workspace.time_zone).date()

    @property
    def catalogue(self) -> Catalogue:
        """The published editions."""
        return self.known[1]

    def answer(self, question: Question) -> Release:
        """The figures of a question: its cells, and their total, for the internal audience."""
        from creditlab import engine, measures
        from creditlab.lake import read_inputs

        with engine.connect(self.workspace.engine_url, folders=[self.workspace.lake]) as backend:
            inputs = read_inputs(self.workspace, backend, run_no=self.known[0])
            cells = Cells(inputs.catalogue, question.as_of, inputs.run_no)
            rows: list[dict[str, Any]] = []
            for period in question.periods:
                measured = measures.measure(
                    inputs, period, question.as_of, by=_groups(question), measures=[question.measure]
                )
                rows += cells.ratios(_narrowed(measured, question), period)
        return self._released(question, rows)

    def faults(self, question: Question) -> Release:
        """How many records of a question's cells break which rule."""
        from creditlab import engine, measures
        from creditlab.lake import read_inputs

        groups = tuple(dict.fromkeys([Group.ITEM, *(one.group for one in question.narrowed)]))
        with engine.connect(self.workspace.engine_url, folders=[self.workspace.lake]) as backend:
            inputs = read_inputs(self.workspace, backend, run_no=self.known[0])
            cells = Cells(inputs.catalogue, question.as_of, inputs.run_no)
            counted = measures.fault_counts(inputs, question.period, question.as_of, groups)
            rows = cells.counts(
                CubeTable.FAULTS, _narrowed(counted, question), question.period, (RECORD_COUNT,), detail="fault"
            )
        return self._released(question, rows, groupings=[("detail",)])

    def unusual(self, period: Period, as_of: date) -> Release:
        """The unusual monthly volumes of a period: what is there, what was expected, between what and what.

        They are worked out once for all questions about a period.
        """
        if (period, as_of) not in self._unusual:
            self._unusual[period, as_of] = self._unusual_of(period, as_of)
        return self._unusual[period, as_of]

    def _unusual_of(self, period: Period, as_of: date) -> Release:
        from creditlab import engine
        from creditlab.lake import read_inputs
        from creditlab.monitoring import read_thresholds
        from creditlab.monitoring.rules import Quarter
        from creditlab.monitoring.unusual import unusual_volumes

        with engine.connect(self.workspace.engine_url, folders=[self.workspace.lake]) as backend:
            inputs = read_inputs(self.workspace, backend, run_no=self.known[0])
            cells = Cells(inputs.catalogue, as_of, inputs.run_no)
            thresholds = read_thresholds(self.workspace.monitoring)
            rows: list[dict[str, Any]] = []
            for finding in unusual_volumes(Quarter(inputs, period, as_of, thresholds), {}):
                one, is_of_records = finding.evidence, finding.evidence.measure == RECORDS
                if not finding.holds or not is_of_records:
                    continue
                about = {name: getattr(finding, name) for name in ("item_code", "department", "region_code")}
                numbers = {RECORDS: one.numerator, "expected": one.denominator, "low": one.low, "high": one.high}
                rows += [
                    cells.cell(
                        CubeTable.VOLUMES, name, month_of(one.period_start), detail=str(finding.kind), count=count,
                        **about,
                    )
                    for name, count in numbers.items()
                ]  # fmt: skip
        table = pa.Table.from_pylist(rows, schema=CUBE_SCHEMA)
        return protect(self.workspace, Audience.INTERNAL, Cube(table, period, as_of, self.known[0], self.catalogue))

    def records(self, question: Question, limit: int, fault: str = "") -> pd.DataFrame:
        """Organisations' records of a question's first period; see `View.records`."""
        from creditlab import engine
        from creditlab.dossier import hold

        items = self.catalogue.organisations_items
        with engine.connect(self.workspace.engine_url, folders=[self.workspace.lake]) as backend:
            # What tells natural persons is known there: the register's word and numbers, not a row's word for itself.
            held = hold(self.workspace, backend, question.as_of, self.known[0], formats=(), items=items)
            rows = held.evidence(_SHOWN)
            period = question.period
            rows = rows.filter(rows.event_date >= period.start, rows.event_date < period.end)
            rows = _narrowed(rows, question)
            if fault:
                rows = rows.filter(rows.faults.contains(fault))
            wanted = rows.order_by([rows.faults.length().desc(), rows.lag.desc(), "item_code", "record_id"])
            found = backend.to_pyarrow(wanted.select(*_SHOWN).limit(limit))
            # Whom it names is known only now; it is noted before anybody sees it.
            self._asking.note(self.workspace, found["subject_id"], held.run_no)
            return found.to_pandas()

    def matters(self) -> pa.Table:
        """The matters for coordination as they stand: counts only, and a role's notes; for the internal audience."""
        from creditlab import engine
        from creditlab.lake.schemas import MATTERS
        from creditlab.monitoring import read_matters

        with engine.connect(self.workspace.engine_url, folders=[self.workspace.lake]) as backend:
            return pa.Table.from_pylist(read_matters(self.workspace, backend), schema=MATTERS)

    def sql(self, question: Question) -> str:
        """The query that the embedded engine is asked for a question's first period."""
        from creditlab import engine, measures
        from creditlab.lake import read_inputs

        with engine.connect(self.workspace.engine_url, folders=[self.workspace.lake]) as backend:
            inputs: Inputs = read_inputs(self.workspace, backend, run_no=self.known[0])
            measured = measures.measure(
                inputs, question.period, question.as_of, by=_groups(question), measures=[question.measure]
            )
            return str(backend.compile(_narrowed(measured, question), pretty=True))

    def _released(
        self, question: Question, rows: list[dict[str, Any]], groupings: list[tuple[str, ...]] | None = None
    ) -> Release:
        if not rows:
            raise NoDataError(
                f"there is nothing to show for {question.period.label}", do="Choose another period, or fewer values."
            )
        parts = pa.Table.from_pylist(rows, schema=CUBE_SCHEMA)
        wanted = groupings or list(dict.fromkeys([(), tuple(str(one) for one in question.by)]))
        table = roll_up(parts, wanted)
        cube = Cube(table, question.period, question.as_of, self.known[0], self.catalogue)
        return protect(self.workspace, Audience.INTERNAL, cube)


def _groups(question: Question) -> tuple[Group, ...]:
    """The groups that are measured: items too, for the gate has to know whom a cell is about."""
    return tuple(dict.fromkeys([Group.ITEM, *(one.group for one in (*question.by, *question.narrowed))]))


def _narrowed(measured: ir.Table, question: Question) -> ir.Table:
    for column, value in question.narrowed.items():
        measured = measured.filter(measured[str(column)] == value)
    return measured
