"""A release that is made once for several reports: put aside for their notebooks, which show it or a part of it.

Beside its cells lie the matters for coordination that it has counts of: what they are about, and since when.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from creditlab.disclosure import Release, ReleaseEntry, released_again, require_release
from creditlab.errors import ReportError
from creditlab.reports.output import read_about
from creditlab.wholefile import new_private_file

_CELLS, _ENTRY, _MATTERS = "cells.arrow", "entry.json", "matters.json"


def keep(folder: Path, release: Release, matters: Sequence[Mapping[str, Any]] = ()) -> None:
    """Put a release aside in a folder of its own, readable by its owner only."""
    import pyarrow as pa

    whole = require_release(release)
    folder.mkdir(mode=0o700)
    with new_private_file(folder / _CELLS, "wb") as file, pa.ipc.new_file(file, whole.table.schema) as writer:
        writer.write_table(whole.table)
    with new_private_file(folder / _ENTRY, "w") as file:
        json.dump(whole.entry.as_json(), file)
    with new_private_file(folder / _MATTERS, "w") as file:
        json.dump([dict(one) for one in matters], file)


def kept_release(out: Path | None) -> Release | None:
    """The release that was put aside for the report that is being made in `out`; None where it has to be made.

    Raises
    ------
    DisclosureError
        If the cells are not those that passed the gate.
    ReportError
        If they can't be read.
    """
    import pyarrow as pa

    about = read_about(out)
    if not about.get("kept"):
        return None
    folder = Path(about["kept"])
    try:
        entry = ReleaseEntry.from_json(json.loads((folder / _ENTRY).read_text("utf-8")))
        with pa.OSFile(str(folder / _CELLS)) as file:
            table = pa.ipc.open_file(file).read_all()
    except (OSError, ValueError, pa.ArrowInvalid) as error:
        raise ReportError("the release that was put aside can't be read", where=_CELLS, do="Publish again.") from error
    return released_again(table, entry)


def kept_matters(out: Path | None) -> list[Mapping[str, Any]]:
    """The matters that were put aside with the release of `kept_release`; none where there is no such release.

    Raises
    ------
    ReportError
        If they can't be read.
    """
    about = read_about(out)
    if not about.get("kept"):
        return []
    try:
        found: list[Mapping[str, Any]] = json.loads((Path(about["kept"]) / _MATTERS).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ReportError("the matters that were put aside can't be read", where=_MATTERS) from error
    return found
