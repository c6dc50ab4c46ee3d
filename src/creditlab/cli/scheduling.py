"""Publish by themselves: write the timer, show the release calendar, and run what is due."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditlab.cli.answer import Answer, Commands, now, opened
from creditlab.cli.publishing import code_version, publish_set, refuse_changed_code
from creditlab.errors import CreditlabError, ExitStatus, NoDataError, ParameterError
from creditlab.terms import Audience

if TYPE_CHECKING:
    from creditlab.reports.scheduling import Planned
    from creditlab.workspace import Workspace

_TIME = r"([01]\d|2[0-3]):[0-5]\d"


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    schedule = command("schedule", _schedule, "publish by themselves: timer, release calendar, and what is due")
    schedule.add_argument("--audience", default="public", choices=[str(one) for one in Audience])
    schedule.add_argument(
        "--into", type=Path, help="write systemd units, a crontab line and the calendar to this folder"
    )
    schedule.add_argument("--at", default="06:00", help="the time of day at which the machine looks (default: 06:00)")
    schedule.add_argument("--run", dest="is_run", action="store_true", help="publish what is due now")
    schedule.add_argument("--on-success", default="", help="a command that gets what was published, as JSON")
    schedule.add_argument("--on-failure", default="", help="a command that gets what failed, as JSON")
    schedule.add_argument("--jobs", type=int, help="how many reports run at a time")
    schedule.add_argument("--log", type=Path, help="a file that gets one JSON line a step")


def _schedule(chosen: argparse.Namespace) -> Answer:
    import re

    from creditlab.reports.scheduling import CALENDAR, calendar_text, write_units
    from creditlab.wholefile import write_whole

    workspace = opened(chosen)
    if not re.fullmatch(_TIME, chosen.at):
        raise ParameterError("the time of day has no meaning", where="--at", do="Write it as 06:00.")
    if chosen.is_run:
        return _run(chosen, workspace)
    planned = _calendar(chosen, workspace)
    text = calendar_text(planned)
    if chosen.into:
        written = write_units(chosen.into, _command(chosen, workspace), chosen.at, str(workspace.time_zone))
        write_whole(chosen.into / CALENDAR, text)
        written.append(chosen.into / CALENDAR)
        text += "".join(f"{path}\n" for path in written)
    said = [
        {"period": one.period.label, "planned_on": one.planned_on, "published_at": one.published_at} for one in planned
    ]
    return Answer({"calendar": said}, text)


def _calendar(chosen: argparse.Namespace, workspace: Workspace) -> list[Planned]:
    from creditlab.catalogue import read_sealed
    from creditlab.reports.scheduling import release_calendar

    today = now().astimezone(workspace.time_zone).date()
    catalogue = read_sealed(workspace.catalogue)
    return release_calendar(workspace.reports, Audience(chosen.audience), today, catalogue, workspace.working_days())


def _command(chosen: argparse.Namespace, workspace: Workspace) -> list[str]:
    """What the machine runs: this program, in this workspace, with what was chosen."""
    command = [sys.executable, "-m", "creditlab", "--workspace", str(workspace.folder.resolve()), "schedule", "--run",
               "--audience", chosen.audience]  # fmt: skip
    for name, value in (("--on-success", chosen.on_success), ("--on-failure", chosen.on_failure)):
        command += [name, value] if value else []
    for name, number in (("--jobs", chosen.jobs), ("--log", chosen.log and chosen.log.resolve())):
        command += [name, str(number)] if number else []
    return command


def _run(chosen: argparse.Namespace, workspace: Workspace) -> Answer:
    """Publish every quarter that is due; a failure is told, and leaves the others alone."""
    from creditlab.reports.scheduling import due, run_hook

    moment = now().astimezone(workspace.time_zone)
    refuse_changed_code(workspace, Audience(chosen.audience), code_version())
    said: list[dict[str, Any]] = []
    for one in due(_calendar(chosen, workspace), moment.date()):
        about: dict[str, Any] = {"period": one.period.label, "as_of": one.planned_on, "state": "published"}
        try:
            outcomes = publish_set(chosen, workspace, moment, one.period, one.planned_on or moment.date())
            about["reports"] = [asdict(outcome) | {"steps": None} for outcome in outcomes]
            if any(outcome.state == "failed" for outcome in outcomes):
                about["state"] = "failed"
        except NoDataError as error:
            about |= {"state": "no_data", "error": str(error)}
        except CreditlabError as error:
            about |= {"state": "failed", "error": str(error)}
        said.append(about)
        hook = {"published": chosen.on_success, "failed": chosen.on_failure}.get(about["state"], "")
        if hook:
            run_hook(hook, about)
    text = "".join(f"{one['period']}: {one['state']}\n" for one in said) or "nothing is due\n"
    is_failed = any(one["state"] == "failed" for one in said)
    return Answer({"due": said}, text, ExitStatus.INTERNAL if is_failed else ExitStatus.DONE)
