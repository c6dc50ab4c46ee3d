"""Assess organisations, and keep the methodologies by which that is done."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditlab.cli.answer import Answer, Commands, add_purpose, now, opened, purpose_of, steps_of, today
from creditlab.errors import ExitStatus, NoDataError, ParameterError
from creditlab.terms import Language, Purpose

if TYPE_CHECKING:
    from datetime import date

    from creditlab.assessment import Methodology
    from creditlab.workspace import Workspace

#: What the embedded engine may hold in memory; what is more goes to temporary files.
_MEMORY = "4GB"
_NO_INFORMATION = "no information"


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    assess = command("assess", _assess, "assess the organisations of the register: scores, levels, and every reason")
    assess.add_argument("--as-of", required=True, help="the day whose state is assessed, as 2026-10-20")
    assess.add_argument("--output", type=Path, help="an internal working file, .csv or .parquet")
    assess.add_argument("--findings", type=Path, help="one line a record and rule, an internal working file as well")
    assess.add_argument("--methodology", help="its name; a draft may be tried (default: the approved one in force)")
    assess.add_argument("--run", type=int, dest="run_no", help="as known at this run of the lake (default: the newest)")
    assess.add_argument("--keep", action="store_true", help="put assessments and findings on record in the lake")
    assess.add_argument("--subject", metavar="CODE", help="explain one organisation's standing, and its way back")
    add_purpose(assess)
    methodology = command("methodology", _lint, "check and approve the methodologies of assessments")
    step = steps_of(methodology)
    step("lint", _lint, "say what is wrong with a methodology").add_argument("name")
    trial = step("try", _try, "hold a methodology, a draft say, against its own gates: exit status 3 if one is broken")
    trial.add_argument("name")
    trial.add_argument("--as-of", help="the day whose state is looked at (default: today)")
    trial.add_argument("--run", type=int, dest="run_no", help="as known at this run of the lake (default: the newest)")
    approve = step("approve", _approve, "note who approved a methodology, and seal it")
    approve.add_argument("name")
    approve.add_argument("--by", required=True, help="the approving body")
    approve.add_argument("--document", required=True, help="the document's number")
    approve.add_argument("--approved-on", help="default: today")
    approve.add_argument("--as-of", help="the day on whose state its gates are tried (default: today)")


def _assess(chosen: argparse.Namespace) -> Answer:
    from creditlab import engine
    from creditlab.assessing import take_assessment
    from creditlab.keeping import keep_assessment
    from creditlab.periods import parse_date
    from creditlab.workfiles import check_place, csv_bytes, write_workfile

    workspace, as_of = opened(chosen), parse_date(chosen.as_of)
    if chosen.subject is not None:
        return _explain(chosen, workspace, as_of)
    for path in (chosen.output, chosen.findings):
        if path:
            check_place(path, workspace.reports)
    is_chinese = workspace.language is Language.ZH_CN
    with engine.over(workspace, _MEMORY) as backend:
        taken = take_assessment(workspace, backend, as_of, run_no=chosen.run_no, name=chosen.methodology)
        table = backend.to_pyarrow(taken.assessment.table().order_by("subject_id"))
        if not table.num_rows:
            raise NoDataError("the register has no organisation on that day", where=as_of.isoformat())
        purpose_of(chosen, workspace, Purpose.ASSESSMENT).note(workspace, None, taken.held.run_no)
        if chosen.findings or chosen.keep:
            # Worked out as a whole, read in batches: a province has more findings than memory holds at once.
            found = backend.create_table("findings", taken.assessment.findings(is_chinese=is_chinese))
        if chosen.keep:
            kept_run = keep_assessment(workspace, backend, taken, table, found, "assess", now())
        if chosen.findings:
            query = backend.compile(found.order_by("subject_id", "indicator", "event_date", "key64"))
            lines = write_workfile(engine.stream(backend, query), chosen.findings, taken.about)
    levels: dict[str, int] = {}
    for one in table["level"].value_counts().to_pylist():
        levels[one["values"] or _NO_INFORMATION] = one["counts"]
    levels = {name: levels[name] for name in (*_codes(taken.assessment.methodology), _NO_INFORMATION) if name in levels}
    said = {**taken.about, "subjects": table.num_rows, "levels": levels}
    text = f"{table.num_rows:,} organisations: {', '.join(f'{name} {count:,}' for name, count in levels.items())}\n"
    if chosen.keep:
        said |= {"kept_run": kept_run}
        text += f"On record in the lake, run {kept_run}\n"
    if chosen.findings:
        said |= {"findings": str(chosen.findings), "lines": lines}
        text += f"{lines:,} findings written to {chosen.findings} (internal)\n"
    if chosen.output:
        write_workfile(table, chosen.output, taken.about)
        said["output"] = str(chosen.output)
        return Answer(said, f"{text}Written to {chosen.output} (internal)\n")
    return Answer({**said, "assessments": table.to_pylist()}, csv_bytes(table).decode())


def _explain(chosen: argparse.Namespace, workspace: Workspace, as_of: date) -> Answer:
    from creditlab import engine
    from creditlab.assessing import explain_subject
    from creditlab.messages import Messages

    if chosen.output or chosen.findings or chosen.methodology or chosen.keep:
        do = "Leave out --output, --findings, --methodology and --keep."
        raise ParameterError("one organisation's standing is explained, not written", where="--subject", do=do)
    messages = Messages(workspace.language)
    with engine.over(workspace, _MEMORY) as backend:
        asking = purpose_of(chosen, workspace, Purpose.ASSESSMENT)
        found = explain_subject(workspace, backend, chosen.subject, as_of, run_no=chosen.run_no, asking=asking)
    said, lines = found.paragraphs(messages), found.lines(messages)
    stands, change = found.now, found.recovery.next_change
    about = {
        "as_of": as_of.isoformat(),
        "methodology": found.methodology.name,
        "score": stands.score,
        "level": stands.level,
        "is_provisional": stands.is_provisional,
        "has_information": stands.has_information,
        "changes_on": change.day.isoformat() if change else None,
    }
    text = "".join(f"{one}\n" for one in said)
    text += "".join(
        f"{one['points'] or '-'}\t{one['indicator']}\t{one['record_id']}\t{one['because']}\n" for one in lines
    )
    return Answer({**about, "explanation": said, "lines": lines}, text)


def _codes(methodology: Methodology) -> list[str]:
    return [one.code for one in methodology.levels]


def _lint(chosen: argparse.Namespace) -> Answer:
    from creditlab.assessing import lint_methodology

    found = lint_methodology(opened(chosen), chosen.name)
    about = {"methodology": found.name, "state": str(found.state), "digest": found.digest}
    counts = {"dimensions": len(found.dimensions), "indicators": len(found.indicators), "levels": len(found.levels)}
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    return Answer({**about, **counts}, f"{found.name} ({found.state}): {said}; nothing is wrong\n")


def _try(chosen: argparse.Namespace) -> Answer:
    from creditlab.assessing import lint_methodology

    workspace = opened(chosen)
    found = lint_methodology(workspace, chosen.name)
    rows = _gates(chosen, workspace, found)
    about = {"methodology": found.name, "state": str(found.state), "digest": found.digest, "gates": rows}
    text = "".join(f"{_gate_text(row)}\n" for row in rows) or f"{found.name} has no gates\n"
    holds = all(row["holds"] for row in rows)
    return Answer(about, text, ExitStatus.DONE if holds else ExitStatus.REFUSED)


def _gates(chosen: argparse.Namespace, workspace: Workspace, methodology: Methodology) -> list[dict[str, Any]]:
    """How a methodology keeps its gates; nothing is worked out for one that has none."""
    from creditlab import engine
    from creditlab.assessment.gates import said
    from creditlab.periods import parse_date
    from creditlab.reports.methodology.taking import try_gates

    if methodology.gates is None:
        return []
    as_of = parse_date(chosen.as_of) if chosen.as_of else today(workspace)
    run_no = chosen.run_no if "run_no" in chosen else None
    with engine.over(workspace, _MEMORY) as backend:
        return said(methodology, try_gates(workspace, backend, methodology, as_of, run_no))


def _gate_text(row: dict[str, Any]) -> str:
    answer = "holds" if row["holds"] else "broken"
    if "whole" in row:
        bound = f"at most {row['at_most']}" if "at_most" in row else f"at least {row['at_least']}"
        return f"{row['gate']}: {answer}; {row['part']:,} of {row['whole']:,}, {bound} %"
    if row["trend_p"] is None:
        return f"{row['gate']}: {answer}; the lake is too young for a back-test, or nothing adverse happened"
    trend = f"chance alone shows the trend with p = {row['trend_p']:.4f}, at most {row['at_most']} %"
    fall = f"the steepest fall with {row['fall_p']:.4f}, at least {row['at_least']} %"
    return f"{row['gate']}: {answer}; {trend}, and {fall}"


def _approve(chosen: argparse.Namespace) -> Answer:
    from creditlab.assessing import approve_methodology, lint_methodology
    from creditlab.assessment import Approval
    from creditlab.assessment.gates import Gate, refuse_broken
    from creditlab.periods import parse_date

    workspace = opened(chosen)
    this_day = today(workspace)
    day = parse_date(chosen.approved_on) if chosen.approved_on else this_day
    draft, untried = lint_methodology(workspace, chosen.name), None
    try:
        rows = _gates(chosen, workspace, draft)
    except NoDataError as error:
        # Before anything was taken in there is nothing to hold it against; its report will be refused if it breaks one.
        rows, untried = [], error.what
    broken = [Gate(row["gate"]) for row in rows if not row["holds"]]
    refuse_broken(draft, broken, f"its figures: creditlab methodology try {draft.name}.")
    found = approve_methodology(workspace, chosen.name, Approval(chosen.by, chosen.document, day), this_day)
    said = {"approved": found.name, "approved_on": day.isoformat(), "digest": found.digest, "gates": rows}
    text = f"Approved and sealed: {found.name}\n"
    if untried is not None:
        said |= {"untried": untried}
        text += f"Its gates could not be tried: {untried}.\n"
    return Answer(said, text)
