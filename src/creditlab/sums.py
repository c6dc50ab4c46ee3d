"""What measures add up is added up once: sums of earlier runs are kept in the lake, and those of later ones added.

Kept are the sums of `measures.tally`, by item, department, unit, month of the event and day of effect, which answer for
any later run, any day looked at and any period of whole months; and what `coverage_subjects` counted, which is brought
up to a later run or day by looking again only at the subjects that have got entries since. Either can be lost, or left
out, without any figure coming out differently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.errors import LakeError
from creditlab.inputs import Inputs, Kept
from creditlab.lake.reading import Snapshot, editions_text, take_inputs
from creditlab.lake.schemas import FORMAT_VERSION
from creditlab.lake.store import Lake
from creditlab.lake.sums import FOLDER, Part, Sums, forget, run_marks
from creditlab.measures.coverage import SUBJECT, coverage_subjects, covered_since, subject_entries
from creditlab.measures.records import Component
from creditlab.measures.scope import Scope
from creditlab.measures.tally import (
    DEFINITION,
    GRAIN,
    OF_REGISTER,
    entries_tally,
    of_records,
    put_together,
    quarantine_tally,
)
from creditlab.measures.validity import QUARANTINED
from creditlab.periods import Period

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from creditlab.workspace import Workspace

#: A part that is not much larger than what is new is written again together with it, so that there are few parts.
_MUCH_LARGER = 2
#: With more news than this share of all deliveries, or of the register, subjects are counted from the beginning.
_MANY_NEWS = 0.25


def summed_inputs(
    workspace: Workspace,
    backend: Backend,
    periods: Sequence[Period],
    as_of: date,
    run_no: int | None = None,
    *,
    with_subjects: bool = True,
) -> Inputs:
    """What measures are taken from, with the sums that they need brought up to the run.

    Parameters
    ----------
    workspace, backend, run_no
        As for `read_inputs`.
    periods
        The periods that will be measured. Sums are kept for whole months; a period that cuts a month is left to the
        entries.
    as_of
        The day that will be looked at.
    with_subjects
        Whether `coverage_subjects` will be measured; where it won't, its subjects are not counted.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet.
    LakeError
        If the run named was never committed.
    SealError
        If a published edition was edited after a run used it.
    StorageError
        If the disk is full.
    """
    snapshot, inputs = take_inputs(workspace, backend, run_no)
    return with_sums(snapshot, inputs, periods, as_of, with_subjects=with_subjects)


def with_sums(
    snapshot: Snapshot, inputs: Inputs, periods: Sequence[Period], as_of: date, *, with_subjects: bool = True
) -> Inputs:
    """The same for who has taken snapshot and inputs already."""
    months = sorted({month.start for period in periods if period.is_whole_months for month in period.months()})
    plain = _Tallies(snapshot, inputs, of_records(inputs.catalogue), None)
    linked = _Tallies(snapshot, inputs, OF_REGISTER, snapshot.last["subjects_run"] or 0)
    parts = [tallies.of(months) for tallies in (plain, linked)]
    cells = put_together([ibis.memtable(part) for part in parts], GRAIN)
    if not with_subjects:
        return replace(inputs, kept=Kept(cells, frozenset(months), {}))
    basis = {"sums": "coverage_subjects", "editions": editions_text(inputs.catalogue)}
    answers = _Answers(snapshot, inputs, _sums(snapshot, basis, snapshot.last["subjects_run"] or 0))
    covered = {(one.end, as_of): ibis.memtable(answers.of(Scope(inputs, one, as_of, ()))) for one in periods}
    return replace(inputs, kept=Kept(cells, frozenset(months), covered))


def _sums(snapshot: Snapshot, basis: Mapping[str, object], register: int | None) -> Sums:
    """The sums that rest on something; `register` is the run that wrote the register they look at, if they do."""
    basis = dict(basis) | {"definition": DEFINITION, "format": FORMAT_VERSION}
    if register is not None:
        basis |= {"register": register, "mark": run_marks(snapshot.runs)[register]}
    return Sums(snapshot.lake, snapshot.runs, basis)


def has_sums(workspace: Workspace) -> bool:
    """Whether any sums are kept."""
    return (workspace.lake / FOLDER).is_dir()


def refuse_differing(workspace: Workspace, counted: pa.Table, kept: pa.Table) -> None:
    """Refuse figures from kept sums that are not those that the entries give; the sums are then removed.

    Raises
    ------
    LakeError
        If a figure differs.
    """
    if counted.equals(kept):
        return
    forget(Lake(workspace.lake))
    raise LakeError(
        "kept sums are not what the entries add up to",
        where=f"{workspace.lake.name}/{FOLDER}",
        do="They were removed, and are taken again by the next measure. See creditlab lake verify.",
    )


@dataclass(frozen=True)
class _Tallies:
    """Tallies of some components, by month."""

    snapshot: Snapshot
    inputs: Inputs
    components: tuple[Component, ...]
    #: The run that wrote the register which the components look at; None where they don't.
    register: int | None

    @cached_property
    def sums(self) -> Sums:
        """Where they are kept."""
        return _sums(self.snapshot, {"sums": [one.name for one in self.components]}, self.register)

    def of(self, months: Iterable[date]) -> pa.Table:
        """The tally of months up to the run, in the grain in which it is kept; a group may have several rows."""
        behind: dict[int, list[date]] = {}
        chains = self._chains(list(months))
        without = [month for month, chain in chains.items() if not chain]
        if self.register is not None and without:
            chains |= self._carried_over(without, self.register)
        for month, chain in chains.items():
            behind.setdefault(chain[-1][0].upto if chain else 0, []).append(month)
        found = [rows for chain in chains.values() for _, rows in chain]
        for upto, late in behind.items():
            if upto == self.snapshot.run_no:
                continue
            new = self._added_up(late, upto)
            found.append(new)
            for month in late:
                rows = new.filter(pc.equal(new["month"], pa.scalar(month)))
                if rows.num_rows:
                    self._keep(month, chains[month], rows)
        return pa.concat_tables([self._schema().empty_table(), *found])

    def _schema(self) -> pa.Schema:
        names = [one.name for one in self.components]
        names += [] if self.register is not None else [QUARANTINED]
        kinds = [pa.string()] * 3 + [pa.date32()] * 2
        return pa.schema([*zip(GRAIN, kinds, strict=True), *((name, pa.int64()) for name in names)])

    def _chains(self, months: list[date]) -> dict[date, list[tuple[Part, pa.Table]]]:
        """The parts of each month that are kept, as far as they can be read."""
        parts = self.sums.chains([_label(month) for month in months])
        found: dict[date, list[tuple[Part, pa.Table]]] = {month: [] for month in months}
        for month, chain in found.items():
            for part in parts[_label(month)]:
                rows = part.read()
                if rows is None or rows.schema != self._schema():
                    break
                chain.append((part, rows))
        return found

    def _added_up(self, months: list[date], after: int) -> pa.Table:
        """The tally of what later runs wrote about months."""
        parts = []
        entries = self.snapshot.entries(after=after, months=months)
        if entries is not None:
            # Beside the files of these months there are none: what an entry's file is named after is its month.
            parts.append(entries_tally(entries, self.components, GRAIN, self.inputs.subjects))
        quarantine = self.snapshot.later("quarantine", after) if self.register is None else None
        if quarantine is not None:
            rows = quarantine.filter(quarantine.received_on.truncate("M").isin(months))
            parts.append(quarantine_tally(rows, GRAIN))
        if not parts:
            return self._schema().empty_table()
        return self._taken(put_together(parts, GRAIN))

    def _taken(self, tally: ir.Table) -> pa.Table:
        rows = self.snapshot.backend.to_pyarrow(tally)
        wanted = self._schema()
        filled = {
            one.name: rows[one.name].cast(one.type)
            if one.name in rows.column_names
            else pa.array([0] * rows.num_rows, one.type)
            for one in wanted
        }
        return pa.table(filled, schema=wanted)

    def _carried_over(self, months: list[date], register: int) -> dict[date, list[tuple[Part, pa.Table]]]:
        """Sums that looked at an earlier register, brought to this one: only the subjects that differ are looked at."""
        earlier = sorted({one or 0 for one in self.snapshot.runs["subjects_run"].to_pylist()} - {register})
        for other in reversed(earlier):
            chains = replace(self, register=other)._chains(months)
            reached = {chain[-1][0].upto for chain in chains.values() if chain}
            differing = self._differing(other) if reached else None
            if differing is None:
                continue
            found = {}
            for upto in reached:
                late = [month for month in months if chains[month] and chains[month][-1][0].upto == upto]
                change = self._change(late, upto, other, differing)
                for month in late:
                    mine = change.filter(pc.equal(change["month"], pa.scalar(month)))
                    rows = _summed(pa.concat_tables([*(rows for _, rows in chains[month]), mine]))
                    found[month] = [(self.sums.keep(_label(month), 0, upto, rows), rows)]
            return found
        return {}

    def _differing(self, other: int) -> ir.Table | None:
        """Subjects that one of two registers lacks or names otherwise; None where they are very many."""
        listed = self.snapshot.table("subjects")
        before = listed.filter(listed.run_no == other).select(
            "subject_id", before64="name64", was_there=ibis.literal(1)
        )
        now = self.inputs.subjects.select("subject_id", "name64", is_there=ibis.literal(1))
        both = now.outer_join(before, "subject_id")
        is_other = both.is_there.isnull() | both.was_there.isnull() | ~both.name64.identical_to(both.before64)
        found = both.filter(is_other).select(subject_id=ibis.coalesce(both.subject_id, both.subject_id_right))
        rows, every = self.snapshot.backend.to_pyarrow(found), self.snapshot.backend.to_pyarrow(now.count()).as_py()
        return None if rows.num_rows > _MANY_NEWS * every else ibis.memtable(rows)

    def _change(self, months: list[date], upto: int, other: int, differing: ir.Table) -> pa.Table:
        """What the sums up to a run would be with this register, less what they are with the other."""
        entries = self.snapshot.entries(months=months)
        if entries is None:
            return self._schema().empty_table()
        rows = entries.filter(entries.run_no <= upto).semi_join(differing, "subject_id")
        listed = self.snapshot.table("subjects")
        now, before = self.inputs.subjects, listed.filter(listed.run_no == other)
        gone = rows.mutate(sign=-rows.sign)
        return self._taken(
            put_together(
                [
                    entries_tally(rows, self.components, GRAIN, now),
                    entries_tally(gone, self.components, GRAIN, before),
                ],
                GRAIN,
            )
        )

    def _keep(self, month: date, chain: list[tuple[Part, pa.Table]], rows: pa.Table) -> None:
        """Keep what is new, together with earlier parts that are not much larger."""
        earlier = list(chain)
        while earlier and earlier[-1][1].num_rows <= _MUCH_LARGER * rows.num_rows:
            rows = _summed(pa.concat_tables([earlier.pop()[1], rows]))
        after = earlier[-1][0].upto if earlier else 0
        self.sums.keep(_label(month), after, self.snapshot.run_no, rows)


@dataclass(frozen=True)
class _Answers:
    """What `coverage_subjects` counted for a period's end, on a day, at a run."""

    snapshot: Snapshot
    inputs: Inputs
    sums: Sums

    def of(self, scope: Scope) -> pa.Table:
        """The counts by item and region, taken from an earlier answer where there is one near enough."""
        label, run_no = f"{scope.period.end}_{scope.as_of}", self.snapshot.run_no
        earlier = self._earlier(scope)
        if earlier is None:
            counts = self.snapshot.backend.to_pyarrow(coverage_subjects(scope))
        else:
            upto, day, counts = earlier
            if (upto, day) == (run_no, scope.as_of):
                return counts
            touched = self._touched(scope, upto, day)
            if touched is None:
                return counts
            counts = self.snapshot.backend.to_pyarrow(covered_since(scope, ibis.memtable(counts), touched, upto, day))
        counts = counts.select(list(_COUNTS.names)).cast(_COUNTS)
        self.sums.keep(label, 0, run_no, counts)
        return counts

    def _earlier(self, scope: Scope) -> tuple[int, date, pa.Table] | None:
        """The newest answer of an earlier, or this, run about an earlier, or this, day."""
        found = []
        for part in self.sums.parts(f"{scope.period.end}_"):
            day = date.fromisoformat(part.label.partition("_")[2])
            if day <= scope.as_of and not self._is_long_ago(part.upto):
                found.append((part.upto, day, part))
        for upto, day, part in sorted(found, key=lambda one: one[:2], reverse=True):
            rows = part.read()
            if rows is not None and rows.schema == _COUNTS:
                return upto, day, rows
        return None

    def _is_long_ago(self, upto: int) -> bool:
        runs = self.snapshot.runs
        late = runs.filter(pc.greater(runs["run_no"], upto))
        every, news = (pc.sum(one["delivered"]).as_py() or 0 for one in (runs, late))
        return bool(news > _MANY_NEWS * every)

    def _touched(self, scope: Scope, upto: int, day: date) -> ir.Table | None:
        """Subjects, by item, with entries of later runs, or that took effect since; None where there are none."""
        later = [self.snapshot.entries(after=upto)]
        if scope.as_of > day:
            later.append(self.snapshot.entries(effective_after=day))
        parts = [
            subject_entries(replace(scope, inputs=replace(self.inputs, entries=one)))
            for one in later
            if one is not None
        ]
        if not parts:
            return None
        subjects = [one.select(SUBJECT) for one in parts]
        found = self.snapshot.backend.to_pyarrow(
            ibis.union(*subjects, distinct=True) if len(subjects) > 1 else subjects[0].distinct()
        )
        return ibis.memtable(found) if found.num_rows else None


_COUNTS = pa.schema(
    [("item_code", pa.string()), ("region_code", pa.string()), ("numerator", pa.int64()), ("denominator", pa.int64())]
)


def _label(month: date) -> str:
    return month.isoformat()[:7]


def _summed(rows: pa.Table) -> pa.Table:
    names = [name for name in rows.column_names if name not in GRAIN]
    found = rows.group_by(GRAIN).aggregate([(name, "sum") for name in names])
    return pa.table(
        {name: found[name if name in GRAIN else f"{name}_sum"] for name in rows.column_names}, schema=rows.schema
    )
