"""How organisations stand: profiles of all of them, and answers about a list of bidders."""

from __future__ import annotations

import argparse
from pathlib import Path

from creditlab.cli.answer import Answer, Commands, add_purpose, now, opened, purpose_of, today
from creditlab.errors import NoDataError
from creditlab.terms import Purpose

#: What the embedded engine may hold in memory; what is more goes to temporary files.
_MEMORY = "3GB"


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    profile = command("profile", _profile, "one row per organisation and item: what is held, what is published")
    profile.add_argument("--as-of", required=True, help="the day whose state is looked at, as 2026-10-20")
    profile.add_argument("--output", type=Path, help="an internal working file, .csv or .parquet")
    profile.add_argument("--keep", action="store_true", help="put the profiles on record in the lake")
    check = command("check", _check, "what is published about each organisation of a list, the bidders in a tender say")
    check.add_argument("codes", type=Path, metavar="CODES.csv", help="their credit codes, in a column subject_id")
    check.add_argument("--as-of", help="the day whose state is looked at (default: today)")
    check.add_argument("--output", type=Path, help="an internal working file, .csv or .parquet")
    for one in (profile, check):
        add_purpose(one)


def _profile(chosen: argparse.Namespace) -> Answer:
    from creditlab import engine
    from creditlab.dossier import hold
    from creditlab.dossier.summary import summary
    from creditlab.keeping import keep_profiles
    from creditlab.periods import parse_date
    from creditlab.profiles import OF_EVIDENCE, profile
    from creditlab.workfiles import check_place, csv_bytes, write_workfile

    workspace, as_of = opened(chosen), parse_date(chosen.as_of)
    if chosen.output:
        check_place(chosen.output, workspace.reports)
    with engine.over(workspace, _MEMORY) as backend:
        held = hold(workspace, backend, as_of, formats=())
        if chosen.output or chosen.keep:
            purpose_of(chosen, workspace, Purpose.ANALYSIS).note(workspace, None, held.run_no)
        rows = profile(held.evidence(OF_EVIDENCE), held.inputs.subjects, as_of, held.run_no)
        about = {"as_of": as_of.isoformat(), "run_no": str(held.run_no)}
        if chosen.output or chosen.keep:
            # Worked out as a whole, read in batches: a province has more profiles than memory holds at once.
            rows = backend.create_table("made", rows)
        if chosen.keep and backend.to_pyarrow(rows.count()).as_py():
            about["kept_run"] = str(keep_profiles(workspace, backend, held, rows, "profile", now()))
        if chosen.output:
            query = backend.compile(rows.order_by("subject_id", "item_code"))
            count = write_workfile(engine.stream(backend, query), chosen.output, about)
        else:
            table = backend.to_pyarrow(summary(rows).order_by("item_code"))
            count = table.num_rows
    if not count:
        raise NoDataError("nothing is held about any organisation on that day", where=as_of.isoformat())
    if chosen.output:
        said = about | {"output": str(chosen.output), "rows": count}
        return Answer(said, f"{count:,} rows written to {chosen.output} (internal)\n")
    return Answer(about | {"items": table.to_pylist()}, csv_bytes(table).decode())


def _check(chosen: argparse.Namespace) -> Answer:
    from creditlab import engine
    from creditlab.dossier.bidders import check_codes
    from creditlab.periods import parse_date
    from creditlab.workfiles import check_place, csv_bytes, write_workfile

    workspace = opened(chosen)
    as_of = parse_date(chosen.as_of) if chosen.as_of else today(workspace)
    if chosen.output:
        check_place(chosen.output, workspace.reports)
    with engine.over(workspace, _MEMORY) as backend:
        asking = purpose_of(chosen, workspace, Purpose.TENDER)
        checked = check_codes(workspace, backend, chosen.codes, as_of, asking=asking)
    if chosen.output:
        about = {"as_of": as_of.isoformat(), "run_no": str(checked.run_no)}
        count = write_workfile(checked.rows, chosen.output, about)
        said = about | {"output": str(chosen.output), "rows": count}
        return Answer(said, f"{count:,} rows written to {chosen.output} (internal)\n")
    return Answer(checked.as_json(), csv_bytes(checked.rows).decode())
