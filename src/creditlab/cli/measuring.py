"""Take the measures of a period."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditlab.cli.answer import Answer, Commands, opened
from creditlab.errors import NoDataError, ParameterError
from creditlab.terms import MEASUREMENT, Group

if TYPE_CHECKING:
    import pyarrow as pa

    from creditlab.inputs import Inputs

_GROUPS = [str(group) for group in (Group.ITEM, Group.DEPARTMENT, Group.REGION, Group.MONTH)]
#: What the embedded engine may hold in memory; what is more goes to temporary files.
_MEMORY = "2GB"
_GROUP_COLUMNS = {Group.DEPARTMENT: "department", Group.REGION: "region_code"}


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    measure = command("measure", _measure, "take the measures of a period")
    measure.add_argument("--period", required=True, help="2026Q3, 2026, 2026-08 or 2026-07-01/2026-10-01")
    measure.add_argument("--as-of", required=True, help="the day whose state is looked at, as 2026-10-20")
    measure.add_argument("--by", default="item_code,department,region", help="groups: " + ",".join(_GROUPS))
    measure.add_argument("--output", type=Path, help="an internal working file, .csv or .parquet")
    measure.add_argument(
        "--from-scratch", action="store_true", help="add up all entries again, and compare with the sums that were kept"
    )


def _measure(chosen: argparse.Namespace) -> Answer:
    from creditlab import engine
    from creditlab.lake import read_inputs
    from creditlab.measures import left_items, measure
    from creditlab.periods import parse_date, parse_period
    from creditlab.sums import has_sums, refuse_differing, summed_inputs
    from creditlab.workfiles import check_place, csv_bytes, write_workfile

    workspace = opened(chosen)
    period, as_of, by = parse_period(chosen.period), parse_date(chosen.as_of), parse_groups(chosen.by)
    if chosen.output:
        check_place(chosen.output, workspace.reports)
    with engine.over(workspace, _MEMORY) as backend:
        dropped = [column for group, column in _GROUP_COLUMNS.items() if group not in by]
        columns = [column for column in MEASUREMENT if column not in dropped]
        order = [
            name for name in ("measure", "item_code", "department", "region_code", "period_start") if name in columns
        ]

        def measured(inputs: Inputs) -> pa.Table:
            return backend.to_pyarrow(measure(inputs, period, as_of, by).select(*columns).order_by(order))

        if chosen.from_scratch:
            inputs = read_inputs(workspace, backend)
            table = measured(inputs)
            if has_sums(workspace):
                kept = measured(summed_inputs(workspace, backend, [period], as_of, inputs.run_no))
                refuse_differing(workspace, table, kept)
        else:
            inputs = summed_inputs(workspace, backend, [period], as_of)
            table = measured(inputs)
        left = backend.to_pyarrow(left_items(inputs, period, as_of).order_by("item_code")).to_pylist()
    if not table.num_rows:
        raise NoDataError("there is nothing to measure in the period", where=period.label)
    about = {"period": period.label, "as_of": as_of.isoformat(), "run_no": str(inputs.run_no)}
    if chosen.output:
        write_workfile(table, chosen.output, about)
        said = about | {"output": str(chosen.output), "rows": table.num_rows, "left": left}
        text = f"{table.num_rows:,} measurements written to {chosen.output} (internal)\n"
        return Answer(said, text + "".join(_left_line(row) for row in left))
    return Answer(about | {"measurements": table.to_pylist(), "left": left}, csv_bytes(table).decode())


def _left_line(row: dict[str, Any]) -> str:
    return f"Left the catalogue after {row['last_year']}: {row['item_code']}, {row['record_count']:,} records kept\n"


def parse_groups(text: str) -> tuple[Group, ...]:
    """The groups that a command line names."""
    try:
        return tuple(Group(word.strip().replace("region_code", "region")) for word in text.split(",") if word.strip())
    except ValueError as error:
        raise ParameterError("a grouping is unknown", where="--by", do=f"Choose among {', '.join(_GROUPS)}.") from error
