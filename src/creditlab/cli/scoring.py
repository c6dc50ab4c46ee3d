"""Scorecards: fit one, see what it says of itself, release it, put it on the organisations of a day."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditlab.cli.answer import Answer, Commands, opened, steps_of, today
from creditlab.errors import NoDataError, ParameterError, ScorecardError

if TYPE_CHECKING:
    from creditlab.predicting import Kept
    from creditlab.scorecards.card import Card

#: What the embedded engine may hold in memory; what is more goes to temporary files.
_MEMORY = "4GB"


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    step = steps_of(command("scorecard", _show, "statistical scorecards: fit, show, release, score"))
    fit = step("fit", _fit, "fit a card on earlier days, and try it on a later one")
    fit.add_argument("name")
    fit.add_argument("--test-on", required=True, help="the day whose organisations it is tried on")
    fit.add_argument("--months", type=int, default=12, help="how long outcomes are looked for (default: 12)")
    fit.add_argument("--windows", type=int, default=3, help="days before it that are learnt from (default: 3)")
    fit.add_argument("--without", action="append", default=[], metavar="FEATURE", help="leave a feature out")
    fit.add_argument("--no-challenger", action="store_true", help="don't fit the challenger, which takes longest")
    step("show", _show, "what a card asks, and how well it does").add_argument("name")
    release = step("release", _release, "release a card that keeps its gates, and seal it")
    release.add_argument("name")
    release.add_argument("--by", required=True, help="the body that releases it")
    release.add_argument("--document", required=True, help="the document's number")
    release.add_argument("--released-on", help="default: today")
    release.add_argument(
        "--reason", action="append", default=[], metavar="VARIABLE=TEXT", help="why what looks like a leak is none"
    )
    score = step("score", _score, "score the organisations of a day, with every reason")
    score.add_argument("name")
    score.add_argument("--as-of", required=True, help="the day whose state is scored, as 2026-10-20")
    score.add_argument("--output", type=Path, required=True, help="an internal working file, .csv or .parquet")
    score.add_argument("--reasons", type=Path, help="a line a subject and variable, an internal working file as well")
    score.add_argument("--study", action="store_true", help="try a card that was not released")


def _fit(chosen: argparse.Namespace) -> Answer:
    from creditlab import engine
    from creditlab.periods import parse_date
    from creditlab.predicting import fit_card

    workspace = opened(chosen)
    with engine.over(workspace, _MEMORY) as backend:
        card = fit_card(
            workspace, backend, chosen.name, parse_date(chosen.test_on), months=chosen.months, windows=chosen.windows,
            without=chosen.without, has_challenger=not chosen.no_challenger,
        )  # fmt: skip
    return _told(card, {"released": False})


def _show(chosen: argparse.Namespace) -> Answer:
    from creditlab.predicting import read_kept

    kept = read_kept(opened(chosen), chosen.name)
    return _told(kept.card, {"released": kept.is_released})


def _release(chosen: argparse.Namespace) -> Answer:
    from creditlab.assessment import Approval
    from creditlab.periods import parse_date
    from creditlab.predicting import release_card

    workspace = opened(chosen)
    reasons = dict(_reason(one) for one in chosen.reason)
    day = parse_date(chosen.released_on) if chosen.released_on else today(workspace)
    approval = Approval(chosen.by, chosen.document, day)
    kept = release_card(workspace, chosen.name, approval, reasons, today(workspace))
    said = {"released": chosen.name, "released_on": day.isoformat(), "digest": kept.digest, "reasons": sorted(reasons)}
    return Answer(said, f"Released and sealed: {chosen.name}\n")


def _reason(text: str) -> tuple[str, str]:
    variable, sign, reason = text.partition("=")
    if not sign or not variable or not reason.strip():
        raise ParameterError("a reason has another form", where="--reason", do="Write VARIABLE=TEXT.")
    return variable, reason


def _score(chosen: argparse.Namespace) -> Answer:
    from creditlab import engine
    from creditlab.periods import parse_date
    from creditlab.predicting import read_kept, score_subjects
    from creditlab.scorecards.reasons import reasons_in_batches
    from creditlab.workfiles import check_place, write_workfile

    workspace, as_of = opened(chosen), parse_date(chosen.as_of)
    for path in (chosen.output, chosen.reasons):
        if path:
            check_place(path, workspace.reports)
    kept = read_kept(workspace, chosen.name)
    if not kept.is_released and not chosen.study:
        do = "Release it, or try it with --study."
        raise ScorecardError("not_released", "the card was not released", where=chosen.name, do=do)
    about = _about(kept) | {"as_of": as_of.isoformat()}
    with engine.over(workspace, _MEMORY) as backend:
        asked, scored = score_subjects(workspace, backend, kept, as_of)
        # Worked out as a whole, read in batches: a province has more organisations than memory holds reasons for.
        found = backend.create_table("scorecard_scores", scored)
        unseen = int(found.unseen_count.sum().to_pyarrow().as_py() or 0)
        count = write_workfile(
            engine.stream(backend, backend.compile(found.order_by("subject_id"))), chosen.output, about
        )
        if not count:
            raise NoDataError("the register has no organisation on that day", where=as_of.isoformat())
        if chosen.reasons:
            batches = engine.stream(backend, backend.compile(asked.order_by("subject_id")))
            write_workfile(reasons_in_batches(kept.card, batches), chosen.reasons, about)
    said: dict[str, Any] = about | {"subjects": count, "unseen": unseen, "output": str(chosen.output)}
    return Answer(
        said, f"{count:,} organisations scored, {unseen:,} categories never seen: {chosen.output} (internal)\n"
    )


def _about(kept: Kept) -> dict[str, str]:
    return {
        "scorecard": kept.card.name,
        "scorecard_digest": kept.digest,
        "scorecard_state": "released" if kept.is_released else "for study only",
        "use": "No decision about a subject rests on this score alone.",
    }


def _told(card: Card, about: dict[str, Any]) -> Answer:
    from creditlab.scorecards.gates import hold, suspects
    from creditlab.scorecards.measures import Measure

    figures = {}
    for one in card.measured:
        if not one.group and one.measure not in (Measure.OUTCOMES, Measure.AUC_WITHIN):
            interval = (
                {"low": one.low / 1e6, "high": one.high / 1e6} if one.low is not None and one.high is not None else {}
            )
            figures[f"{one.of}.{one.measure}"] = {"value": one.value, **interval}
    said = {
        "scorecard": card.name,
        "protocol": str(card.protocol),
        **about,
        "gates": {str(gate): holds for gate, holds in hold(card).items()},
        "suspects": list(suspects(card)),
        "parts": [
            {"part": one.name, "first": one.first.isoformat(), "last": one.last.isoformat(), "rows": one.rows,
             "outcomes": one.outcomes} for one in card.parts
        ],
        "base": card.base,
        "variables": {
            one.name: dict(zip(one.labels, one.points, strict=True)) for one in card.variables
        },
        "left_out": {name: str(why) for name, why in card.left_out.items()},
        "figures": figures,
    }  # fmt: skip
    lines = [f"{card.name}: {card.protocol}, {'released' if about['released'] else 'not released'}"]
    for part in card.parts:
        lines.append(f"{part.name:<10} {part.rows:>9,} rows  {part.outcomes:>8,} outcomes  {part.first} to {part.last}")
    for name, figure in figures.items():
        bounds = f"  ({figure['low']:.3f} to {figure['high']:.3f})" if "low" in figure else ""
        lines.append(f"{name:<28} {figure['value']:.3f}{bounds}")
    lines.append(f"base {card.base}")
    for variable in card.variables:
        lines.append(variable.name)
        lines += [f"  {points:>+5}  {label}" for label, points in zip(variable.labels, variable.points, strict=True)]
    lines += [f"gate {gate}: {'holds' if holds else 'broken'}" for gate, holds in hold(card).items()]
    return Answer(said, "".join(f"{one}\n" for one in lines))
