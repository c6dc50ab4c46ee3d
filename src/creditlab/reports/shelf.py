"""The reports folder: where a revision goes, how it gets there with one rename, and the index over what is there."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from creditlab.disclosure import ReleaseEntry, ReleaseLedger
from creditlab.errors import NoDataError, ReportError
from creditlab.reports.cells import CELLS, read_cells
from creditlab.scratch import scratch
from creditlab.terms import Audience, Language

STAGING, FAILED, MANIFEST, INDEX = ".staging", "_failed", "manifest.json", "index.html"
EXECUTED = "notebook.ipynb"
#: What sign-off adds to a folder after it was published: the signatures, and the style that says that it is a draft.
SIGN_OFF, WATERMARK = "sign-off.json", "sign-off.css"
_REVISION = re.compile(r"r([1-9]\d{0,5})")


@dataclass(frozen=True)
class Place:
    """Where the revisions of one report are: reports/<period>/<report>/<language>/r1, r2 ...

    The reports of the other audiences have folders of their own (`quarterly-internal`), so that a revision number
    counts what one audience has seen.
    """

    reports: Path
    period: str
    report: str
    audience: Audience
    language: Language

    @property
    def folder(self) -> Path:
        """The folder of the revisions."""
        name = self.report if self.audience is Audience.PUBLIC else f"{self.report}-{self.audience}"
        return self.reports / self.period.replace("/", "_") / name / self.language

    def next_revision(self) -> int:
        """One above the highest revision that is there."""
        if not self.folder.is_dir():
            return 1
        there = [int(match[1]) for path in self.folder.iterdir() if (match := _REVISION.fullmatch(path.name))]
        return max(there, default=0) + 1


@contextmanager
def staging(reports: Path) -> Iterator[Path]:
    """A private folder on the shelf's file system to make a revision in; gone afterwards.

    If making it fails, the executed notebook is kept under `_failed`, for its owner only.
    """
    with staged(reports) as folder:
        try:
            yield folder
        except NoDataError:
            raise  # nothing failed, there was nothing to do
        except BaseException:
            keep_failed(reports, folder)
            raise


@contextmanager
def staged(reports: Path) -> Iterator[Path]:
    """A private folder on the shelf's file system; gone afterwards, and nothing of it is kept."""
    place = reports / STAGING
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.chmod(0o700)
    with scratch(place) as folder:
        yield folder


def keep_failed(reports: Path, folder: Path) -> None:
    """Keep a failed run's notebook, readable by its owner only: its error may show data."""
    executed = folder / EXECUTED
    if executed.exists():
        kept = reports / FAILED / folder.name
        kept.mkdir(mode=0o700, parents=True)
        kept.parent.chmod(0o700)
        executed.replace(kept / EXECUTED)
        (kept / EXECUTED).chmod(0o600)


def shelve(staged: Path, place: Place, revision: int) -> Path:
    """Make a finished revision visible with one rename.

    Raises
    ------
    ReportError
        If another publication took the revision meanwhile; nothing is overwritten.
    """
    _make_way(place)
    _set_modes(staged, place.audience)
    target = place.folder / f"r{revision}"
    try:
        if target.exists():
            raise FileExistsError(target)
        os.rename(staged, target)
    except OSError as error:
        where = str(target.relative_to(place.reports))
        raise ReportError("another publication took the revision", where=where, do="Publish again.") from error
    return target


def _make_way(place: Place) -> None:
    """Make the folders above a revision: whoever may read it may come to it, whatever new files are by default."""
    above = [place.folder, *place.folder.parents]
    new = [one for one in above[: above.index(place.reports)] if not one.exists()]
    place.folder.mkdir(parents=True, exist_ok=True)
    for folder in new:
        is_period = folder.parent == place.reports
        folder.chmod(0o755 if is_period or place.audience is Audience.PUBLIC else 0o700)


def _set_modes(folder: Path, audience: Audience) -> None:
    is_open = audience is Audience.PUBLIC
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755 if is_open else 0o700)
        else:
            path.chmod(0o644 if is_open else 0o600)


def published(reports: Path) -> list[dict[str, Any]]:
    """The manifests of what is on the shelf, newest first, each with its `folder` relative to the reports."""
    found = []
    for path in sorted(reports.glob("[0-9]*/*/*/r*/" + MANIFEST)):
        folder = path.parent.relative_to(reports).as_posix()
        try:
            manifest = json.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise ReportError("a manifest can't be read", where=str(path.relative_to(reports))) from error
        # A revision for other readers, or an older one, that somebody copied here would be taken for this one.
        if manifest.get("report_id", folder) != folder:
            raise ReportError("a revision lies where another was published", where=folder, do="Take the copy away.")
        found.append({**manifest, "folder": folder})
    return sorted(found, key=lambda one: (one["published_at"], one["folder"]), reverse=True)


def past_releases(reports: Path) -> ReleaseLedger:
    """The release ledger: what the manifests on the shelf say was released, oldest first, with the cells."""
    if not reports.is_dir():
        return ReleaseLedger()
    there = published(reports)[::-1]
    folders = [reports / one["folder"] for one in there]
    entries = tuple(ReleaseEntry.from_json(one["release"]) for one in there)
    return ReleaseLedger(entries, lambda place: read_cells(folders[place] / CELLS))


def shelve_index(reports: Path, text: str, name: str = INDEX) -> None:
    """Write the page, or the feed, over what is on the shelf; readers see it either as it was or as it is."""
    with staged(reports) as folder:
        made = folder / name
        made.write_text(text, encoding="utf-8")
        made.chmod(0o644)
        os.replace(made, reports / name)
