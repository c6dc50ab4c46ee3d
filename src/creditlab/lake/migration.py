"""Bring a lake of an older format version to the one that this program writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from creditlab.errors import LakeError
from creditlab.lake.format import check_version, lake_version, write_version
from creditlab.lake.schemas import FORMAT_VERSION
from creditlab.lake.store import Lake

#: Changes a lake of one version into one of the next. A step that was interrupted is begun again, so it has to find out
#: what it has done already; it never loses an entry or changes a run's number.
Step = Callable[[Lake], None]

#: The steps by the version that they start from. Version 1 is the first, so there is none yet.
STEPS: Mapping[int, Step] = {}


@dataclass(frozen=True)
class Migration:
    """From which format version to which a lake was brought; the same where there was nothing to do."""

    before: int
    after: int


def migrate(lake: Lake, steps: Mapping[int, Step] = STEPS, to: int = FORMAT_VERSION) -> Migration:
    """Carry out the steps that a lake lacks, one version at a time, while nobody writes.

    The version is named after each step, so that a migration that was killed goes on where it was; until the last one
    is named, other commands refuse the lake.

    Parameters
    ----------
    lake
        The lake; every command that writes waits until it is done.
    steps, to
        The steps by the version that they start from, and the version to arrive at.

    Raises
    ------
    LakeError
        If there is no lake, it is newer than `to`, or there is no step from its version.
    """
    if not lake.exists:
        raise LakeError("there is no lake yet", where=lake.root.name, do="Run creditlab ingest.")
    with lake.lock():
        before = lake_version(lake.root)
        if before > to:
            check_version(lake.root, to)
        for version in range(before, to):
            if version not in steps:
                raise LakeError(
                    "there is no way from the lake's format version",
                    where=f"{lake.root.name}, format version {version}",
                    do="Migrate it with an older version of creditlab first.",
                )
            steps[version](lake)
            write_version(lake.root, version + 1)
        return Migration(before, to)
