"""From a question to a release: measured by the lake as known at one run, and through the gate."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from creditlab.access import Asking, ask
from creditlab.catalogue import Catalogue
from creditlab.disclosure import CUBE_SCHEMA, Cube, CubeTable, Release, narrow, roll_up
from creditlab.errors import NoDataError, ParameterError, RoleError
from creditlab.explore.choices import By
from creditlab.explore.released import ASK, chosen, faults_of_all, statement
from creditlab.messages import N_, Messages
from creditlab.monitoring.series import RECORDS
from creditlab.periods import Period, month_of
from creditlab.reports.quarterly.cube import RECORD_COUNT, Cells, measured_cube, measured_periods
from creditlab.reports.sectioned import measure_and_release, protect
from creditlab.terms import Audience, Group, Measure, Purpose
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from creditlab.access import Viewer
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

    @property
    def codes(self) -> dict[str, str]:
        """The same by column of a release."""
        return {str(column): value for column, value in self.narrowed.items()}

    @property
    def of_total(self) -> tuple[str, ...]:
        """The group columns of the total's cells."""
        return tuple(self.codes)

    @property
    def of_groups(self) -> tuple[str, ...]:
        """The group columns of the groups' cells."""
        return tuple(dict.fromkeys([*self.codes, *map(str, self.by)]))

    @property
    def said(self) -> str:
        """What is asked, as the access log has it."""
        by = "".join(f" by {one.word}" for one in self.by)
        return f"{self.measure}{by}" + "".join(f", {column.word} {code}" for column, code in self.narrowed.items())

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
        from creditlab.lake.lists import Then

        self._today, self._then, self.messages = workspace, Then(workspace, run_no), messages
        self.workspace = self._then.workspace
        self._asking = asking or ask(workspace, None, "explore", Purpose.ANALYSIS)
        self._run_no = run_no
        self._unusual: dict[tuple[Period, date], Release] = {}
        self._released: dict[tuple[Period, date, Audience], Release] = {}

    def speaking(self, messages: Messages) -> Source:
        """The same run, in another language; what was worked out stays."""
        other = copy(self)
        other.messages = messages
        return other

    def renewed(self) -> Source:
        """The same lake as it is known now."""
        return Source(self._today, None, self.messages, self._asking)

    def newer_run(self) -> int | None:
        """The lake's newest run, where it is newer than the one looked at and nobody asked for that very one."""
        from creditlab.lake import Lake

        lake = Lake(self.workspace.lake)
        if self._run_no is not None or not lake.exists:
            return None
        newest: int = lake.runs()["run_no"].to_pylist()[-1]
        return newest if newest > self.known[0] else None

    @property
    def viewer(self) -> Viewer | None:
        """In which role somebody looks; None where there are no roles."""
        return self._asking.viewer

    @property
    def audience(self) -> Audience:
        """For whom figures are protected before they are shown."""
        return self.viewer.audience if self.viewer else Audience.INTERNAL

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
    def is_released(self) -> bool:
        """Whether figures are chosen among released cells; the internal audience asks the lake itself."""
        return self.audience is not Audience.INTERNAL

    @property
    def said_of_readers(self) -> str:
        """What a table says about who may read it."""
        words = {
            Audience.INTERNAL: N_("Internal: not to be passed on."),
            Audience.GOVERNMENT: N_("For government: not to be published."),
            Audience.PUBLIC: "",
        }[self.audience]
        return self.messages.gettext(words) if words else ""

    @property
    def catalogue(self) -> Catalogue:
        """The published editions."""
        return self.known[1]

    def note(self, what: str, period: Period, rows: int) -> None:
        """Note in the access log what somebody in a role is about to be shown."""
        self._asking.note_view(self.workspace, what, period.label, rows, self.known[0])

    def seen(self, period: Period, as_of: date, audience: Audience) -> Release:
        """All cells of a period that are released for an audience, of them those that the viewer sees."""
        if (period, as_of, audience) not in self._released:
            self._released[period, as_of, audience] = measure_and_release(
                self.workspace,
                audience,
                self.known[0],
                lambda inputs: measured_cube(inputs, period, as_of),
                measured_periods(period),
                as_of,
            )[0]
        return narrow(self._released[period, as_of, audience], self.viewer, self.catalogue)

    @cached_property
    def held_to(self) -> dict[By, list[str]]:
        """By column the codes of the viewer's own rows; a column in which he sees all is not there."""
        if self.viewer is None:
            return {}
        units = self.viewer.units(self.catalogue)
        found = {By.DEPARTMENT: list(self.viewer.departments), By.REGION: sorted(units or ())}
        return {column: codes for column, codes in found.items() if codes}

    def answer(self, question: Question) -> Release:
        """The figures of a question, its cells and their total, for the viewer's audience."""
        found = self._chosen(question) if self.is_released else self._measured(question)
        self.note(f"measure {question.said}", question.period, found.table.num_rows)
        return found

    def _chosen(self, question: Question) -> Release:
        released = self.seen(question.period, question.as_of, self.audience)
        return chosen(question, released, has_total=self.viewer is None or not self.viewer.is_limited)

    def _measured(self, question: Question) -> Release:
        from creditlab import engine, measures
        from creditlab.lake import read_inputs

        with engine.connect(self.workspace.engine_url, folders=[self.workspace.lake]) as backend:
            inputs = read_inputs(self.workspace, backend, run_no=self.known[0])
            cells = Cells(inputs.catalogue, question.as_of, inputs.run_no)
            rows: list[dict[str, Any]] = []
            for period in question.periods:
                measured = measures.measure(
                    inputs, period, question.as_of, by=self._groups(question), measures=[question.measure]
                )
                rows += cells.ratios(self._own(measured, question), period)
        return self._protected(question, rows, [question.of_total, question.of_groups])

    def faults(self, question: Question) -> Release:
        """How many records of a question's cells break which rule."""
        if self.is_released:
            found = faults_of_all(question, self.seen(question.period, question.as_of, self.audience))
        else:
            found = self._counted_faults(question)
        self.note(f"faults of {question.said}", question.period, found.table.num_rows)
        return found

    def _counted_faults(self, question: Question) -> Release:
        from creditlab import engine, measures
        from creditlab.lake import read_inputs

        groups = self._groups(replace(question, by=()))
        with engine.connect(self.workspace.engine_url, folders=[self.workspace.lake]) as backend:
            inputs = read_inputs(self.workspace, backend, run_no=self.known[0])
            cells = Cells(inputs.catalogue, question.as_of, inputs.run_no)
            counted = measures.fault_counts(inputs, question.period, question.as_of, groups)
            rows = cells.counts(
                CubeTable.FAULTS, self._own(counted, question), question.period, (RECORD_COUNT,), detail="fault"
            )
        if not rows:
            raise NoDataError(
                f"no record breaks a rule in {question.period.label}", do="Choose fewer values, or go back."
            )
        return self._protected(question, rows, [(*question.of_total, "detail")])

    def unusual(self, period: Period, as_of: date) -> Release:
        """The unusual monthly volumes of a period: what is there, what was expected, between what and what.

        They are worked out once for all questions about a period.
        """
        if self.is_released:
            raise RoleError("unusual volumes are for the internal audience", where="unusual", do=ASK)
        if (period, as_of) not in self._unusual:
            self._unusual[period, as_of] = self._unusual_of(period, as_of)
        found = narrow(self._unusual[period, as_of], self.viewer, self.catalogue)
        self.note("unusual volumes", period, found.table.num_rows)
        return found

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

        if self.is_released:
            raise RoleError("records are for the internal audience", where="records", do=ASK)
        items = self.catalogue.organisations_items
        with engine.connect(self.workspace.engine_url, folders=[self.workspace.lake]) as backend:
            # What tells natural persons is known there: the register's word and numbers, not a row's word for itself.
            held = hold(self.workspace, backend, question.as_of, self.known[0], formats=(), items=items)
            rows = held.evidence(_SHOWN)
            period = question.period
            rows = rows.filter(rows.event_date >= period.start, rows.event_date < period.end)
            rows = self._own(rows, question)
            if fault:
                rows = rows.filter(rows.faults.contains(fault))
            worst = [rows.faults.length().desc(), rows.lag.desc()]
            # What makes a share of timeliness low is how long records were on their way.
            worst = worst[::-1] if question.measure is Measure.TIMELINESS else worst
            wanted = rows.order_by([*worst, "item_code", "record_id"])
            found = backend.to_pyarrow(wanted.select(*_SHOWN).limit(limit))
            # Whom it names is known only now; it is noted before anybody sees it.
            self._asking.note(self.workspace, found["subject_id"], held.run_no)
            self.note(f"records of {question.said}", period, found.num_rows)
            return found.to_pandas()

    def matters(self) -> pa.Table:
        """The matters for coordination as they stand: counts only, and a role's notes; for the internal audience."""
        from creditlab import engine
        from creditlab.lake.schemas import MATTERS
        from creditlab.monitoring import read_matters

        with engine.connect(self.workspace.engine_url, folders=[self.workspace.lake]) as backend:
            matters = read_matters(self.workspace, backend)
        if self.viewer is not None:
            catalogue, viewer = self.catalogue, self.viewer
            matters = [
                one
                for one in matters
                if viewer.sees(catalogue, department=one["department"] or "", region=one["region_code"] or "")
            ]
        return pa.Table.from_pylist(matters, schema=MATTERS)

    def sql(self, question: Question) -> str:
        """The query that gives the figures of a question's first period.

        As the embedded engine is asked; or as `Session.sql` is, of released cells.
        """
        if self.is_released:
            return statement(question)
        from creditlab import engine, measures
        from creditlab.lake import read_inputs

        with engine.connect(self.workspace.engine_url, folders=[self.workspace.lake]) as backend:
            inputs: Inputs = read_inputs(self.workspace, backend, run_no=self.known[0])
            measured = measures.measure(
                inputs, question.period, question.as_of, by=self._groups(question), measures=[question.measure]
            )
            return str(backend.compile(self._own(measured, question), pretty=True))

    def _protected(self, question: Question, rows: list[dict[str, Any]], groupings: list[tuple[str, ...]]) -> Release:
        if not rows:
            raise NoDataError(
                f"there is nothing to show for {question.period.label}", do="Choose another period, or fewer values."
            )
        table = roll_up(pa.Table.from_pylist(rows, schema=CUBE_SCHEMA), list(dict.fromkeys(groupings)))
        cube = Cube(table, question.period, question.as_of, self.known[0], self.catalogue)
        return protect(self.workspace, self.audience, cube)

    def _groups(self, question: Question) -> tuple[Group, ...]:
        """The groups that are measured: items too, for the gate has to know whom a cell is about."""
        return tuple(
            dict.fromkeys([Group.ITEM, *(one.group for one in (*question.by, *question.narrowed, *self.held_to))])
        )

    def _own(self, rows: ir.Table, question: Question) -> ir.Table:
        """The rows of a question's values that are the viewer's own."""
        for column, value in question.narrowed.items():
            rows = rows.filter(rows[str(column)] == value)
        for column, codes in self.held_to.items():
            rows = rows.filter(rows[str(column)].isin(codes))
        return rows
