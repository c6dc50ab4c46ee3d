"""One release for many reports: made once, put aside, and shown by each of them, in whole or in part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from creditlab.periods import Period
from creditlab.reports.kept import keep
from creditlab.reports.listing import ReportEntry, SharedRelease
from creditlab.terms import Audience
from creditlab.workspace import Workspace


def share_releases(
    workspace: Workspace,
    entries: Iterable[ReportEntry],
    folder: Path,
    *,
    period: Period,
    as_of: date,
    audience: Audience,
    run_no: int,
) -> dict[SharedRelease, Path]:
    """Make the releases that more than one of the reports shows, and put them aside in a folder.

    Parameters
    ----------
    entries
        The reports that are to be made, one for each time that one is made.
    folder
        A private folder that is there for as long as they are being made.

    Raises
    ------
    NoDataError
        If there is nothing to report for the period.
    """
    wanted = Counter(one.release for one in entries if one.release is not None)
    found: dict[SharedRelease, Path] = {}
    for name, times in wanted.items():
        if times > 1:
            from creditlab.reports.quarterly.opening import quarterly_release

            release, _, matters = quarterly_release(workspace, period, as_of, audience, run_no)
            keep(folder / name, release, matters)
            found[name] = folder / name
    return found
