"""The reports of a quarter, side by side: each in a process of its own, some at a time, under one lock."""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from creditlab.errors import CreditlabError, NoDataError, ReportError, UserError, storage_error
from creditlab.periods import Period
from creditlab.reports.index import write_index
from creditlab.reports.listing import Need, ReportEntry, choose, notebooks_folder, read_listing
from creditlab.reports.making import Note
from creditlab.reports.needs import offer, rests_on
from creditlab.reports.publication import newest_run, publish_one, targets
from creditlab.reports.sharing import share_releases
from creditlab.reports.shelf import MANIFEST, Place, staged
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace, open_workspace

_LOCK = ".publishing.lock"


@dataclass(frozen=True)
class Outcome:
    """What became of one report in one language: `state` is published, unchanged, no_data, not_there or failed.

    One that is `not_there` is of the set but not of this workspace or audience: `error` says what is lacking.
    """

    report: str
    language: str
    state: str
    revision: int
    folder: str
    seconds: float
    error: str = ""
    steps: tuple[tuple[str, Mapping[str, Any]], ...] = ()


@dataclass(frozen=True)
class _Task:
    workspace: Path
    entry: ReportEntry
    place: Place
    given: dict[str, Any]
    now: datetime
    code_version: str
    kept: Path | None = None


def publish_series(
    workspace: Workspace,
    *,
    period: Period,
    as_of: date,
    audience: Audience,
    languages: Sequence[Language],
    now: datetime,
    code_version: str,
    note: Note,
    reports: list[str] | None = None,
    notebooks: Path | None = None,
    jobs: int | None = None,
    again: bool = False,
) -> list[Outcome]:
    """Publish a quarter's reports: by default all that reports.toml counts to the set.

    Parameters
    ----------
    jobs
        How many run at a time; None for one per processor.
    again
        Publish what stands there unchanged too, as a new revision.
    note
        Is told each step.

    Returns
    -------
    list of Outcome
        One per report and language. What fails leaves the others alone; its notebook is kept under reports/_failed.

    Raises
    ------
    ReportError
        If another process publishes to the same folder.
    NoDataError
        If there is nothing to report for the period; nothing was published.
    """
    listing = read_listing(notebooks or notebooks_folder())
    entries = choose(listing, reports) if reports else [one for one in listing.values() if one.in_set]
    with _alone(workspace.reports):
        basis = _basis(workspace, code_version)
        outcomes: list[Outcome] = []
        waiting: list[_Task] = []
        for entry in entries:
            try:
                offered = offer(workspace, entry, period, as_of, audience)
                if offered.lacking:
                    outcomes.append(_absent(entry, "not_there", offered.lacking, note))
                    continue
                for language in languages:
                    if language not in entry.languages:
                        continue
                    # All are of one run, whatever is ingested meanwhile.
                    for place, values in targets(
                        workspace, entry, offered.period, as_of, audience, language, run_no=basis["run_no"]
                    ):
                        task = _Task(workspace.folder, entry, place, values, now, code_version)
                        revision = 0 if again else _standing(workspace, task, basis)
                        if revision:
                            outcomes.append(_outcome(task, "unchanged", revision, time.monotonic()))
                        else:
                            waiting.append(task)
            except UserError as error:
                # What one report is made of may be broken; what all are made of must not be.
                if entry.needs is None:
                    raise
                outcomes.append(_absent(entry, "failed", str(error), note))
        with staged(workspace.reports) as aside:
            kept = share_releases(
                workspace, [one.entry for one in waiting], aside, period=period, as_of=as_of, audience=audience,
                run_no=basis["run_no"],
            )  # fmt: skip
            ready = [replace(one, kept=kept[one.entry.release]) if one.entry.release in kept else one
                     for one in waiting]  # fmt: skip
            outcomes += _run(ready, jobs or os.cpu_count() or 1, note)
        if any(one.state == "published" for one in outcomes):
            write_index(workspace)
    if waiting and all(one.state in ("no_data", "not_there") for one in outcomes):
        raise NoDataError(f"there is nothing to report for {period.label}", do="Ingest first; nothing was published.")
    return outcomes


def _absent(entry: ReportEntry, state: str, why: str, note: Note) -> Outcome:
    """A report that was not begun, in whatever language; it is told at once."""
    note(state, {"report": entry.name, "what": why})
    return Outcome(entry.name, "", state, 0, "", 0.0, why)


def _run(tasks: list[_Task], jobs: int, note: Note) -> list[Outcome]:
    made: list[Outcome] = []

    def tell(one: Outcome) -> None:
        for step, about in one.steps:
            note(step, about)
        about = {"report": one.report, "language": one.language, "seconds": one.seconds, "done": len(made) + 1}
        note(one.state, {**about, "of": len(tasks), **({"error": one.error} if one.error else {})})
        made.append(one)

    lost = _side_by_side(tasks, jobs, tell)
    for task in lost:
        note("retried", {"report": task.place.report, "language": str(task.place.language)})
    # A process that the machine killed, for its memory, takes those beside it along: then one at a time, once.
    for task in _side_by_side(lost, 1, tell) if lost else ():
        tell(_outcome(task, "failed", 0, time.monotonic(), "the process that made it was killed"))
    return made


def _side_by_side(tasks: list[_Task], jobs: int, tell: Callable[[Outcome], None]) -> list[_Task]:
    """Make reports, `jobs` at a time; returns those whose process died."""
    lost = []
    # A process of its own for each of `jobs`: what one report holds or breaks is no other's.
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        begun = {pool.submit(_work, task): task for task in tasks}
        for future in as_completed(begun):
            try:
                tell(future.result())
            except BrokenProcessPool:
                lost.append(begun[future])
    return lost


def _work(task: _Task) -> Outcome:
    started = time.monotonic()
    steps: list[tuple[str, Mapping[str, Any]]] = []
    try:
        done = publish_one(
            open_workspace(task.workspace), task.entry, task.place, task.given, task.now, task.code_version,
            lambda step, about: steps.append((step, about)), task.kept,
        )  # fmt: skip
    except NoDataError as error:
        return _outcome(task, "no_data", 0, started, str(error), steps)
    except CreditlabError as error:
        return _outcome(task, "failed", 0, started, str(error), steps)
    except OSError as error:
        full = storage_error(error, "the reports")
        return _outcome(task, "failed", 0, started, str(full or type(error).__name__), steps)
    kept = [one for one in steps if one[0] != "published"]
    return _outcome(task, "published", done.revision, started, "", kept)


def _outcome(
    task: _Task,
    state: str,
    revision: int,
    started: float,
    error: str = "",
    steps: Sequence[tuple[str, Mapping[str, Any]]] = (),
) -> Outcome:
    folder = str(task.place.folder / f"r{revision}") if revision else ""
    seconds = round(time.monotonic() - started, 1)
    return Outcome(task.place.report, str(task.place.language), state, revision, folder, seconds, error, tuple(steps))


def _basis(workspace: Workspace, code_version: str) -> dict[str, Any]:
    """What a report is made from now: run, code, policy."""
    from creditlab.disclosure import read_policy

    return {
        "run_no": newest_run(workspace),
        "code_version": code_version,
        "policy_digest": read_policy(workspace.policy).digest,
    }


def _standing(workspace: Workspace, task: _Task, basis: Mapping[str, Any]) -> int:
    """The newest revision where it was made from the same; 0 where it wasn't."""
    revision = task.place.next_revision() - 1
    path = task.place.folder / f"r{revision}" / MANIFEST
    if not path.exists():
        return 0
    manifest = json.loads(path.read_text("utf-8"))
    # A year's edition is what it is on every day of it.
    aside = ("workspace", "as_of") if task.entry.needs is Need.EDITION else ("workspace",)
    asked, made = (
        {name: str(value) for name, value in given.items() if name not in aside}
        for given in (task.given, manifest["parameters"])
    )
    made_from = {**basis, "run_no": task.given["run_no"], "rests_on": rests_on(workspace, task.entry, task.given)}
    is_same = made == asked and all(manifest.get(name) == value for name, value in made_from.items())
    return revision if is_same else 0


@contextmanager
def _alone(reports: Path) -> Iterator[None]:
    reports.mkdir(parents=True, exist_ok=True)
    handle = os.open(reports / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ReportError(
                "another process is publishing to this folder", where=_LOCK, do="Wait for it, then run again."
            ) from error
        yield
    finally:
        os.close(handle)


def json_lines(write: Callable[[str], Any], clock: Callable[[], datetime]) -> Note:
    """A `Note` that writes one JSON object a line: when, which step, what of."""

    def note(step: str, about: Mapping[str, Any]) -> None:
        at = clock().isoformat(timespec="seconds")
        write(json.dumps({"at": at, "step": step, **about}, ensure_ascii=False, default=str) + "\n")

    return note
