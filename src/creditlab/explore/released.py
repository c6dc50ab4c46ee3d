"""A question answered from one protected cube: for whoever is not of the internal audience.

His figures are chosen among cells that were protected together. What they are not grouped by, nobody takes apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditlab.disclosure import NOT_ADDITIVE, CubeTable, Release
from creditlab.errors import NoDataError, ParameterError
from creditlab.reports.quarterly.cube import measured_periods

if TYPE_CHECKING:
    from creditlab.explore.taking import Question

#: What the measures of a released cube are grouped by.
_GROUPED = ((), ("department",), ("region_code",))
#: What somebody is told who may not see something.
ASK = "Ask whoever keeps the workspace for a role of the internal audience."
ASK_WIDER = "For more, ask whoever keeps the workspace for a wider role."


def chosen(question: Question, released: Release, *, has_total: bool) -> Release:
    """The cells of a measure by some groups, and their total.

    Parameters
    ----------
    question
        What is asked; its periods are among those of the cube.
    released
        The cube's cells that the viewer sees.
    has_total
        Whether the total over all groups is among them; else it is added up from those that are, where it can be.

    Raises
    ------
    ParameterError
        If the cube is not grouped so, or has no such period.
    NoDataError
        If nothing was counted.
    """
    if question.of_groups not in _GROUPED:
        words = "department or region, one at a time"
        do = f"Ask by {words}. For more: {ASK[0].lower()}{ASK[1:]}"
        raise ParameterError("the released figures are not grouped so", where="by", do=do)
    there = measured_periods(released.period)
    for one in question.periods:
        if one not in there:
            do = f"There are: {', '.join(period.label for period in there)}."
            raise ParameterError("the released figures have no such period", where="against", do=do)
    starts = [one.start for one in question.periods]
    cells = released.select(table=CubeTable.MEASUREMENTS, measure=question.measure, period_start=starts)
    found = cells.select(by=question.of_groups, **question.codes)
    if not found.table.num_rows:
        raise NoDataError(
            f"there is nothing to show for {question.period.label}", do="Choose another period, or fewer values."
        )
    if question.of_total == question.of_groups:
        return found
    if has_total:
        return found.joined(cells.select(by=question.of_total, **question.codes))
    return found if question.measure in NOT_ADDITIVE else found.joined(found.sum())


def faults_of_all(question: Question, released: Release) -> Release:
    """How many records break which rule, of the whole province; the released cube counts them no finer."""
    if question.narrowed:
        raise ParameterError("the released faults are those of all records", where="faults", do=ASK)
    found = released.select(table=CubeTable.FAULTS, by=("detail",))
    if not found.table.num_rows:
        raise NoDataError(f"there are no faults to show for {question.period.label}", do="Choose another period.")
    return found


def statement(question: Question) -> str:
    """The query that gives the figures of a question, as `Session.sql` is asked."""
    grouped = ",".join(question.of_groups) or "all"
    where = [f"measure = '{question.measure}'", f"grouped_by = '{grouped}'"]
    where += [f"period_start = DATE '{question.period.start}'"]
    where += [f"{column} = '{code}'" for column, code in question.codes.items()]
    columns = ", ".join([*question.of_groups, "numerator", "denominator", "ratio", "marker"])
    return f"SELECT {columns}\nFROM measures\nWHERE " + "\n  AND ".join(where)
