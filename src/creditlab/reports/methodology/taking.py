"""Assess a lake on the days that the report on a methodology compares, each as it was known then."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from creditlab.assessing import Assessed, take_assessment
from creditlab.assessment import Assessment, Methodology
from creditlab.assessment.backtest import Window, outcomes, window
from creditlab.assessment.bands import newest_so_old
from creditlab.assessment.bootstrap import resample
from creditlab.assessment.distribution import intensity, level_counts, movement
from creditlab.assessment.gates import Tried
from creditlab.assessment.lines import lines
from creditlab.assessment.scoring import indicator_points, scores
from creditlab.assessment.sensitivity import draw, one_by_one
from creditlab.assessment.vectors import take_department_vectors, take_vectors
from creditlab.catalogue import Catalogue
from creditlab.disclosure import Cube
from creditlab.dossier import hold
from creditlab.errors import NoDataError
from creditlab.lake import Lake, Snapshot, run_known_on
from creditlab.lake.lists import as_at_run
from creditlab.periods import Period, containing
from creditlab.profiles.size import OF_EVIDENCE, sized
from creditlab.reports.methodology.cube import Figure, Figures
from creditlab.terms import ASSESSMENT, UpdatePeriod
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

#: What the embedded engine may hold in memory; what is more goes to temporary files.
MEMORY = "4GB"
#: What is kept of a line.
_LINE = (
    "subject_id", "department", "event_date", "indicator_no", "points", "counts", "held", "sets", "override_place",
)  # fmt: skip


@dataclass(frozen=True)
class Look:
    """A day that is looked at, and the run that knew it: an earlier one where the lake's books go back that far.

    `is_as_known` is false where they don't: then what took effect later is not there, but what later runs judged again
    is.
    """

    day: date
    run_no: int | None
    is_as_known: bool


@dataclass(frozen=True)
class Taken:
    """The figures about a methodology, before the gate.

    Attributes
    ----------
    cube
        Every figure.
    tried
        What the methodology's own gates look at.
    before
        The day that the movement is from.
    window, then
        The time of the back-test, and the day at which it begins; None where the lake is too young for one.
    """

    methodology: Methodology
    catalogue: Catalogue
    cube: Cube
    tried: Tried
    before: Look
    window: Window | None
    then: Look | None


def take(
    place: Workspace,
    backend: Backend,
    period: Period,
    as_of: date,
    methodology: Methodology,
    run_no: int | None = None,
    *,
    is_wide: bool = False,
) -> Taken:
    """Work out every figure about a methodology.

    Parameters
    ----------
    period
        The period reported; outcomes are looked for up to its last day.
    as_of
        The day whose standings are looked at; movement is from the day as many months before as the period has.
    run_no
        The newest run that may be read; None for the newest there is.
    methodology
        Approved, or a draft that is tried.
    is_wide
        Whether it is for readers who may not see small groups; see `cube.Figures`.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet, or nobody is assessed, or no organisation has a record that counts.
    MethodologyError
        If it does not suit the catalogue, or is not in force on the day.
    """
    snapshot = Snapshot.take(Lake(place.lake), backend, run_no)
    now = take_assessment(place, backend, as_of, run_no=snapshot.run_no, methodology=methodology)
    known = _known(backend, now.assessment)
    found = Figures(methodology, period, as_of, snapshot.run_no, is_wide=is_wide)
    _distribution(found, backend, now, sized(known.standings, _all_that_counts(place, backend, now)))
    months = (period.end.year - period.start.year) * 12 + period.end.month - period.start.month
    before = _look(place, snapshot, newest_so_old(as_of, max(months, 1)))
    earlier = _assessed(place, backend, before, methodology)
    found.levels(_rows(backend, level_counts(earlier)), is_before=True)
    found.moved(_rows(backend, movement(earlier, known.standings)))
    _sensitivity(found, known)
    found.regions(_rows(backend, intensity(known.points, known.standings, methodology).order_by("region_code")))
    first = snapshot.table("records").effective_on.min().to_pyarrow().as_py()
    about = window(first, min(period.last_day, as_of))
    then = None
    if about:
        then = _look(place, snapshot, about.start)
        standings = _assessed(place, backend, then, methodology)
        found.outcomes(_rows(backend, outcomes(standings, known.lines, methodology, about)))
    catalogue = now.held.inputs.catalogue
    return Taken(methodology, catalogue, found.cube(), found.tried, before, about, then)


def try_gates(
    place: Workspace, backend: Backend, methodology: Methodology, as_of: date, run_no: int | None = None
) -> Tried:
    """What a methodology's gates look at, on a day on which it need not be in force yet: it decides about nobody.

    Outcomes are looked for up to the end of the quarter before. See `take` for what is raised.
    """
    first, last = min(methodology.effective_from, as_of), max(methodology.effective_until, as_of)
    period = containing(UpdatePeriod.QUARTER, as_of).previous()
    tried = replace(methodology, effective_from=first, effective_until=last)
    return take(place, backend, period, as_of, tried, run_no).tried


def _distribution(found: Figures, backend: Backend, now: Assessed, standings: ir.Table) -> None:
    register = now.held.inputs.subjects.select("subject_id", "industry_code")
    standings = standings.left_join(register, "subject_id").drop("subject_id_right")
    counts = _rows(backend, level_counts(standings))
    if not counts:
        raise NoDataError("the register has no organisation on that day", do="Name another day.")
    found.levels(counts)
    for figure, group in (
        (Figure.LEVEL_BY_REGION, "region_code"),
        (Figure.LEVEL_BY_INDUSTRY, "industry_code"),
        (Figure.LEVEL_BY_SIZE, "size"),
        (Figure.LEVEL_BY_KIND, "subject_kind"),
    ):
        rows = _rows(backend, level_counts(standings, group))
        found.levels_by(figure, [row for row in rows if row[group]], group)


def _all_that_counts(place: Workspace, backend: Backend, now: Assessed) -> ir.Table:
    """Evidence of every item, whether a rule of the methodology looks at it or not: a size is not the methodology's."""
    with as_at_run(place, now.held.run_no) as then:
        return hold(then, backend, now.held.as_of, now.held.run_no, formats=()).evidence(OF_EVIDENCE)


@dataclass(frozen=True)
class _Known:
    """What is known on the day, as tables in the engine: it is asked for many figures, and worked out once.

    `lines` are those of everybody, for an organisation may have ceased to exist after something happened; `points` and
    `standings` are those of the organisations that are assessed.
    """

    methodology: Methodology
    lines: ir.Table
    points: ir.Table
    standings: ir.Table


def _known(backend: Backend, assessment: Assessment) -> _Known:
    rows = lines(assessment.evidence, assessment.lookup).select(_LINE)
    rows = backend.create_table("lines", rows, temp=True)
    own = rows.semi_join(assessment.subjects, "subject_id")
    points = backend.create_table("points", indicator_points(own, assessment.lookup), temp=True)
    standings = scores(points, assessment.subjects, assessment.lookup).select(*ASSESSMENT)
    return _Known(assessment.methodology, rows, points, backend.create_table("standings", standings, temp=True))


def _sensitivity(found: Figures, known: _Known) -> None:
    vectors = take_vectors(known.points, known.methodology)
    if not vectors.total:
        raise NoDataError("no organisation has a record that counts", do="Ingest deliveries first.")
    found.weights(vectors)
    found.changes(one_by_one(vectors), vectors.total)
    found.draws(draw(vectors), vectors.total)
    own = known.lines.semi_join(known.standings, "subject_id")
    found.departments(resample(take_department_vectors(own, known.methodology)))


def _look(place: Workspace, snapshot: Snapshot, day: date) -> Look:
    known = run_known_on(snapshot.runs, day, place.time_zone)
    return Look(day, known or snapshot.run_no, known is not None)


def _assessed(place: Workspace, backend: Backend, look: Look, methodology: Methodology) -> ir.Table:
    """How organisations would have stood on a day by the methodology, decided about nobody: a table in the engine."""
    # A methodology is looked back with beyond its own first day: that is what a back-test is for.
    tried = replace(methodology, effective_from=min(methodology.effective_from, look.day))
    taken = take_assessment(place, backend, look.day, run_no=look.run_no, methodology=tried)
    name = f"standings_{look.day:%Y%m%d}"
    return backend.create_table(name, taken.assessment.table().select("subject_id", "level"), temp=True, overwrite=True)


def _rows(backend: Backend, table: ir.Table) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = backend.to_pyarrow(table).to_pylist()
    return found
