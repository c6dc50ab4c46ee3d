"""Explain a published figure: what it means, what it was counted from, and the query that counts it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditlab.disclosure import Marker, read_policy
from creditlab.errors import ParameterError
from creditlab.lake.lists import judged_by
from creditlab.messages import Messages
from creditlab.periods import Period, parse_period
from creditlab.reports.earlier import lists_behind
from creditlab.reports.proof import code_columns, read_manifest
from creditlab.reports.quarterly.words import MEASURES
from creditlab.terms import Audience, Group, Language, Measure
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    import ibis.expr.types as ir

_ALL = "all"
#: Tables that have a row for each measure.
_BY_MEASURE = ("overview", "measures", "beside_the_province")
_GROUPS = {"item_code": Group.ITEM, "department": Group.DEPARTMENT, "region_code": Group.REGION}


@dataclass(frozen=True)
class Explanation:
    """A figure's story. `records` is `[c]` where the count itself may not be told."""

    figure: str
    value: str
    measure: str
    definition: str
    article: str
    numerator: str
    denominator: str
    filter: dict[str, str]
    records: int | str
    sql: str


def explain(folder: Path, figure: str, workspace: Workspace) -> Explanation:
    """Explain one figure of a published report.

    Parameters
    ----------
    figure
        TABLE/COLUMN/ROW as in the table's CSV file: the name of a table of measures, one of its columns, and the row's
        codes joined by `+`; `all` for the total. As timeliness_by_department/ratio/SCJG.

    Raises
    ------
    ParameterError
        If there is no such table, column or row, or the table isn't one of measures.
    """
    manifest = read_manifest(folder)
    table, column, row = _found(folder, figure)
    measure = next((one for one in Measure if table.startswith((f"{one}_by_", f"ranks_{one}_by_"))), None)
    if table in _BY_MEASURE:
        measure = Measure(row["measure"])
    if measure is None:
        raise ParameterError(
            "the table is not one of measures",
            where="FIGURE",
            do="Name overview, MEASURE_by_GROUP or ranks_MEASURE_by_GROUP.",
        )
    groups = {name: row[name] for name in _GROUPS if row.get(name)}
    release, parameters = manifest["release"], manifest["parameters"]
    for name, parameter in (("region_code", "unit"), ("department", "department")):
        # A unit's or department's report is about its own, but for what it shows of the whole province.
        if parameters.get(parameter) and not column.startswith("province_"):
            groups[name] = parameters[parameter]
    period = parse_period(release["period"])
    if column.startswith("previous_"):
        period = period.previous()
    elif column.startswith("year_before_"):
        period = period.year_before()
    words, messages = MEASURES[measure], Messages(Language(parameters["language"]))
    as_of = date.fromisoformat(release["as_of"])
    with judged_by(workspace, lists_behind(workspace, manifest).kept) as then:
        records, sql = _counted(then, measure, groups, period, as_of, release["run_no"])
    threshold = read_policy(workspace.policy).threshold[Audience(release["audience"])]
    is_hidden = row[column] == Marker.SUPPRESSED or 0 < records < threshold
    _ = messages.gettext
    return Explanation(
        figure, row[column], measure, _(words.definition), _(words.article), _(words.numerator), _(words.denominator),
        {**groups, "event_date": f"[{period.start}, {period.end})", "as_of": str(as_of),
         "run_no": str(release["run_no"])},
        str(Marker.SUPPRESSED) if is_hidden else records, sql,
    )  # fmt: skip


def _found(folder: Path, figure: str) -> tuple[str, str, Mapping[str, str]]:
    parts = figure.split("/")
    if len(parts) != 3:
        raise ParameterError("a figure is named TABLE/COLUMN/ROW", where="FIGURE", do="As overview/ratio/timeliness.")
    table, column, wanted = parts
    path = folder / "tables" / f"{table}.csv"
    if path.resolve().parent != (folder / "tables").resolve() or not path.is_file():
        raise ParameterError("there is no such table", where="FIGURE", do="See the folder's tables.")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        codes = [row[name] for name in code_columns(list(row)) if row[name]]
        if "+".join(codes or [_ALL]) == wanted:
            if column not in row:
                raise ParameterError("the table has no such column", where="FIGURE", do=f"It has: {', '.join(row)}.")
            return table, column, row
    raise ParameterError(
        "the table has no such row", where="FIGURE", do="Name its codes, joined by +; all for the total."
    )


def _counted(
    workspace: Workspace, measure: Measure, groups: Mapping[str, str], period: Period, as_of: date, run_no: int
) -> tuple[int, str]:
    """How many records of the period the groups have, and the query of the measure."""
    import ibis

    from creditlab import engine, lake, measures
    from creditlab.measures.scope import Scope

    with engine.connect(workspace.engine_url, folders=[workspace.lake]) as backend:
        inputs = lake.read_inputs(workspace, backend, run_no=run_no)
        by = tuple(_GROUPS[name] for name in groups)
        measured = measures.measure(inputs, period, as_of, by=by, measures=[measure])
        records = Scope(inputs, period, as_of, ()).records
        count: Any = _where(records, groups).sign.cast("int64").sum().fill_null(0).to_pyarrow().as_py()
        return int(count), str(ibis.to_sql(_where(measured, groups), dialect="duckdb"))


def _where(table: ir.Table, groups: Mapping[str, str]) -> ir.Table:
    for name, code in groups.items():
        table = table.filter(table[name] == code)
    return table
