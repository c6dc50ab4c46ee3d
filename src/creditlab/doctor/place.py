"""A workspace: whose its files are to read, its keys, its catalogue, its lake and its clock."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from creditlab.catalogue import Catalogue, read_sealed
from creditlab.catalogue.seal import SEAL
from creditlab.disclosure import read_policy
from creditlab.doctor.check import Check, Status
from creditlab.doctor.installation import disk
from creditlab.errors import UserError
from creditlab.lake import Lake
from creditlab.terms import Audience, EditionState
from creditlab.workspace import Workspace

_ANYBODY, _GROUP = stat.S_IRWXO, stat.S_IRWXG
_KEY_BYTES = 32
_DO = "Mend it there."
#: A machine whose clock says less was never set.
_FIRST_YEAR = 2025
#: Folders among the published reports that nobody but their owner reads.
_UNPUBLISHED = (".staging", "_failed")


def checks(workspace: Workspace, now: datetime) -> Iterator[Check]:
    """What there is to say of a workspace."""
    yield _key("key.pseudonyms", workspace.key, workspace)
    yield _key("key.access_log", workspace.access_key, workspace)
    yield _modes(workspace)
    yield _catalogue(workspace)
    yield _policy(workspace)
    yield _lake(workspace)
    yield _clock(workspace, now)
    yield _calendar(workspace, now)
    yield disk("disk.lake", workspace.lake)
    yield disk("disk.reports", workspace.reports)


def _key(code: str, path: Path, workspace: Workspace) -> Check:
    is_lost = Lake(workspace.lake).exists and path == workspace.key
    if not path.exists():
        if is_lost:
            do = "Put it back from its backup: with another key every person is somebody else."
            return Check(code, Status.FAIL, "The lake's key is missing.", do)
        return Check(code, Status.NOTE, "There is no key yet; it is made on first use.")
    found = path.stat()
    # Analysts who note their look-ups share the log's key in a group of their own, and so enter the folder.
    shut = _ANYBODY if path == workspace.access_key else _ANYBODY | _GROUP
    if found.st_mode & shut or path.parent.stat().st_mode & (_ANYBODY | stat.S_IWGRP):
        do = "Say chmod 700 for its folder and chmod 600 for the file, and ask who read it meanwhile."
        return Check(code, Status.FAIL, "Others may read the key, or the folder that it is in.", do)
    if found.st_size < _KEY_BYTES:
        return Check(code, Status.FAIL, "The key is shorter than 32 bytes.", "Put it back from its backup.")
    for folder in (workspace.lake, workspace.reports, workspace.inbox, workspace.catalogue):
        if path.resolve().is_relative_to(folder.resolve()):
            do = "Move it, and say where it is in [paths]: whoever copies the data would take the key along."
            return Check(code, Status.FAIL, "The key lies among the data.", do)
    return Check(code, Status.OK, "The key is there, and its owner's only.")


def _modes(workspace: Workspace) -> Check:
    """Count what others may read of the parts that are nobody else's."""
    places = [workspace.lake, workspace.access_log.parent, *(workspace.reports / one for one in _UNPUBLISHED)]
    # A folder that nobody else can enter shuts whatever is in it.
    for audience in (Audience.INTERNAL, Audience.GOVERNMENT):
        places += workspace.reports.glob(f"[0-9]*/*-{audience}")
    do = "Say chmod 700 for the folders of the lake, the access log and what is not for the public."
    for who, mode, status in (("anybody", _ANYBODY, Status.FAIL), ("a group", _GROUP, Status.WARN)):
        opened = sum(_open_to(mode, one) for one in places if one.is_dir())
        if opened:
            return Check("modes", status, f"{opened:,} files that are not public are readable by {who}.", do)
    return Check("modes", Status.OK, "What is not published is its owner's only.")


def _open_to(mode: int, folder: Path) -> int:
    """How many files of a folder somebody else can read: those in it and below, unless a folder on the way is shut."""
    if not folder.stat().st_mode & mode:
        return 0
    count = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                count += _open_to(mode, Path(entry.path))
            elif entry.is_file(follow_symlinks=False):
                count += bool(entry.stat().st_mode & mode & (stat.S_IRGRP | stat.S_IROTH))
    return count


def _catalogue(workspace: Workspace) -> Check:
    try:
        catalogue: Catalogue = read_sealed(workspace.catalogue)
    except UserError as error:
        return Check("catalogue", Status.FAIL, f"{error.what.capitalize()} [{error.where}].", error.do or _DO)
    published = [one.year for one in catalogue.editions if one.state == EditionState.PUBLISHED]
    unsealed = [year for year in published if not (workspace.catalogue / str(year) / SEAL).exists()]
    if unsealed:
        what = f"{len(unsealed)} published editions are not sealed, so that nobody would notice a change."
        return Check("catalogue", Status.WARN, what, "Publish editions with creditlab catalogue publish.")
    return Check("catalogue", Status.OK, f"{len(published)} published editions, each as it was sealed.")


def _policy(workspace: Workspace) -> Check:
    try:
        policy = read_policy(workspace.policy)
    except UserError as error:
        return Check("policy", Status.FAIL, f"{error.what.capitalize()} [{error.where}].", error.do or _DO)
    low = [str(one) for one, count in policy.threshold.items() if count < 10]
    if low:
        what = f"The threshold for natural persons is below 10 for: {', '.join(low)}."
        return Check("policy", Status.WARN, what, "See docs/disclosure.md.")
    return Check("policy", Status.OK, "The disclosure policy can be read.")


def _lake(workspace: Workspace) -> Check:
    lake = Lake(workspace.lake)
    if not lake.exists:
        return Check("lake", Status.NOTE, "Nothing has been ingested yet.")
    try:
        lake.check_format()
        runs = lake.runs().num_rows
    except UserError as error:
        return Check("lake", Status.FAIL, f"{error.what.capitalize()}.", error.do or _DO)
    return Check("lake", Status.OK, f"{runs:,} runs. Whether its books are right says creditlab lake verify.")


def _clock(workspace: Workspace, now: datetime) -> Check:
    do = "Set the machine's clock: days of receipt come from it."
    if now.year < _FIRST_YEAR:
        return Check("clock", Status.FAIL, "The machine's clock was never set.", do)
    lake = Lake(workspace.lake)
    if lake.exists:
        try:
            latest = max((one for one in lake.runs()["committed_at"].to_pylist() if one), default=now)
        except UserError:
            return Check("clock", Status.NOTE, "The lake can't be read, so that the clock is compared with nothing.")
        if latest > now + timedelta(minutes=5):
            return Check("clock", Status.FAIL, "The lake has a run from later than the machine's clock.", do)
    return Check("clock", Status.OK, f"The clock is not behind the lake; days are those of {workspace.time_zone.key}.")


def _calendar(workspace: Workspace, now: datetime) -> Check:
    try:
        until = workspace.working_days().official_until
    except UserError as error:
        return Check("calendar", Status.FAIL, f"{error.what.capitalize()} [{error.where}].", error.do or _DO)
    if until < now.astimezone(workspace.time_zone).date():
        do = "Update the calendar's package, or name a file of days in [calendar]; figures of later days are refused."
        return Check("calendar", Status.WARN, f"Working days are official until {until} only.", do)
    return Check("calendar", Status.OK, f"Working days are official until {until}.")
