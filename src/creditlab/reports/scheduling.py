"""Reports that come out by themselves: which quarters are due, and what tells the machine to look.

The machine looks every morning and publishes what is due and isn't there. A morning that was missed is caught up by the
next one; the figures are those of the planned day all the same.
"""

from __future__ import annotations

import csv
import io
import json
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from creditlab.catalogue import Catalogue
from creditlab.errors import ReportError
from creditlab.periods import Period, WorkingDays, containing
from creditlab.reports.calendar import known_release
from creditlab.reports.shelf import published
from creditlab.terms import Audience, UpdatePeriod
from creditlab.wholefile import write_whole

SERVICE, TIMER, CRONTAB, CALENDAR = "creditlab-publish.service", "creditlab-publish.timer", "crontab", "releases.csv"
#: How many quarters back a missed one is still caught up.
_BACK = 4


@dataclass(frozen=True)
class Planned:
    """One quarter of the release calendar: its day, None where the working days aren't official yet; what is there."""

    period: Period
    planned_on: date | None
    published_at: str

    def is_due(self, today: date) -> bool:
        """Whether its day has come and nothing was published."""
        return self.planned_on is not None and self.planned_on <= today and not self.published_at


def release_calendar(
    reports: Path, audience: Audience, today: date, catalogue: Catalogue, calendar: WorkingDays
) -> list[Planned]:
    """The quarters from a year back up to the one of today, with their days and what became of them."""
    first: dict[str, str] = {}
    for manifest in reversed(published(reports)) if reports.is_dir() else ():
        if manifest["report"] == "quarterly" and manifest["parameters"]["audience"] == audience:
            first.setdefault(manifest["parameters"]["period"], manifest["published_at"])
    period = containing(UpdatePeriod.QUARTER, today)
    quarters = [period]
    for _ in range(_BACK):
        quarters.append(quarters[-1].previous())
    return [
        Planned(one, known_release(one, catalogue, calendar), first.get(one.label, "")) for one in reversed(quarters)
    ]


def calendar_text(planned: Iterable[Planned]) -> str:
    """The release calendar as CSV: period, planned_on (empty where unknown), published_at (empty before)."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("period", "planned_on", "published_at"))
    for one in planned:
        writer.writerow((one.period.label, one.planned_on or "", one.published_at))
    return text.getvalue()


def write_units(folder: Path, command: Sequence[str], at: str, zone: str) -> list[Path]:
    """Write a systemd service and timer, and a crontab line, that run a command every morning.

    Parameters
    ----------
    folder
        Where they go.
    command
        Program and arguments, with whole paths.
    at
        The time of day, as 06:00.
    zone
        Its time zone, as Asia/Shanghai.
    """
    hour, _, minute = at.partition(":")
    quoted = " ".join(_systemd(word) for word in command)
    texts = {
        SERVICE: f"[Unit]\nDescription=creditlab: publish the reports that are due\n\n[Service]\nType=oneshot\n"
                 f"Environment=TZ={zone}\nExecStart={quoted}\n",
        # Persistent: a morning on which the machine was off is made up for when it starts.
        TIMER: f"[Unit]\nDescription=creditlab: look every morning which reports are due\n\n[Timer]\n"
               f"OnCalendar=*-*-* {hour}:{minute}:00 {zone}\nPersistent=true\n\n[Install]\nWantedBy=timers.target\n",
        CRONTAB: f"CRON_TZ={zone}\n{int(minute)} {int(hour)} * * * {shlex.join(command).replace('%', chr(92) + '%')}\n",
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        write_whole(folder / name, text)
    return [folder / name for name in texts]


def _systemd(word: str) -> str:
    """A word as ExecStart takes it: no specifier, no variable, no end of word in it."""
    text = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{text}"'


def run_hook(command: str, about: Mapping[str, Any]) -> None:
    """Run a hook with what happened as JSON on its standard input; no shell reads it.

    Raises
    ------
    ReportError
        If it can't be started, or ends with another status than 0.
    """
    try:
        done = subprocess.run(
            shlex.split(command), input=json.dumps(about, ensure_ascii=False, default=str), text=True, check=False,
            capture_output=True, timeout=600,
        )  # fmt: skip
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ReportError("the hook can't be run", where=type(error).__name__, do="Try it by hand.") from error
    if done.returncode:
        raise ReportError(f"the hook ended with status {done.returncode}", do="Try it by hand.")


def due(planned: Iterable[Planned], today: date) -> Iterator[Planned]:
    """The quarters to publish now, the oldest first."""
    return (one for one in planned if one.is_due(today))
