"""Sums over the lake's entries that were taken before: files beside the tables, which may be lost at any time.

A file holds the sums of the entries that some runs wrote, from after one run up to another. Entries are only ever
appended, so it stays right for good; what it rests on besides (what the sums mean, the subject register) names its
folder, and the runs themselves are part of its name, so that a lake that was put back from a backup and went on
differently never meets sums of its other future. A file appears as a whole, by one rename, and is never changed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from creditlab.errors import storage_error
from creditlab.lake.store import Lake
from creditlab.wholefile import new_private_file

FOLDER = "sums"
_NAME = re.compile(r"(?P<label>[0-9_-]+)\.(?P<after>\d+)-(?P<upto>\d+)\.(?P<mark>[0-9a-f]{16})\.parquet")
_DRAFT = ".draft"
#: For so long a reader may still hold the name of a file whose sums are part of a larger one by now.
_KEEP_SECONDS = 24 * 3600
#: Sums that rest on something that nobody asked for since, as an earlier register.
_KEEP_UNUSED_SECONDS = 30 * 24 * 3600
#: A folder that may be read only: figures come out all the same, and nothing is kept.
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}


@dataclass(frozen=True)
class Part:
    """A file of sums: of the entries of runs after `after` up to `upto`."""

    path: Path
    label: str
    after: int
    upto: int

    def read(self) -> pa.Table | None:
        """Its rows; None where it is not there any more or can't be read: then they are added up again."""
        try:
            return pq.ParquetFile(self.path).read()
        except (pa.ArrowInvalid, OSError):
            return None


class Sums:
    """The sums that rest on one thing.

    Parameters
    ----------
    lake
        The lake.
    runs
        Its committed runs up to the one that is looked at.
    basis
        What the sums rest on; sums of another basis are never seen.
    """

    def __init__(self, lake: Lake, runs: pa.Table, basis: Mapping[str, object]) -> None:
        text = json.dumps(dict(basis), sort_keys=True)
        self._root = lake.root / FOLDER
        self._folder = self._root / hashlib.sha256(text.encode()).hexdigest()[:32]
        self._marks = run_marks(runs)

    def parts(self, label: str = "") -> list[Part]:
        """All files whose label begins so and whose runs are this lake's, in no order."""
        return [one for one in self._listed() if one.label.startswith(label)]

    def chains(self, labels: Iterable[str]) -> dict[str, list[Part]]:
        """Of each label the files that follow each other from the first run on, as far as there are any."""
        there: dict[str, list[Part]] = {}
        for one in self._listed():
            there.setdefault(one.label, []).append(one)
        return {label: _following(there.get(label, [])) for label in labels}

    def keep(self, label: str, after: int, upto: int, rows: pa.Table) -> Part:
        """Keep sums; where the lake can't be written to, nothing is kept, and the part has no file.

        Raises
        ------
        StorageError
            If the disk is full.
        """
        name = f"{label}.{after}-{upto}.{self._marks[upto]}.parquet"
        part = Part(self._folder / name, label, after, upto)
        draft = self._folder / f"{uuid.uuid4()}{_DRAFT}"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with new_private_file(draft, "wb") as file:
                pq.write_table(rows, file, compression="zstd")
                file.flush()
                os.fsync(file.fileno())
            draft.replace(part.path)
            self._tidy(part)
        except OSError as error:
            draft.unlink(missing_ok=True)
            if error.errno in _READ_ONLY:
                return part
            full = storage_error(error, "the lake")
            if full is None:
                raise
            raise full from error
        return part

    def _listed(self) -> list[Part]:
        if not self._folder.is_dir():
            return []
        found = []
        for path in self._folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if match and self._marks.get(int(match["upto"])) == match["mark"]:
                found.append(Part(path, match["label"], int(match["after"]), int(match["upto"])))
        return found

    def _tidy(self, new: Part) -> None:
        """Remove files that a new one makes needless, drafts of killed processes, and sums that nobody asks for."""
        now = time.time()
        for one in self.parts(new.label):
            is_inside = new.after <= one.after and one.upto <= new.upto and one.path != new.path
            if is_inside and _age(one.path, now) > _KEEP_SECONDS:
                one.path.unlink(missing_ok=True)
        for draft in self._folder.glob(f"*{_DRAFT}"):
            if _age(draft, now) > _KEEP_SECONDS:
                draft.unlink(missing_ok=True)
        for folder in self._root.iterdir():
            if folder != self._folder and _age(folder, now) > _KEEP_UNUSED_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def _following(parts: list[Part]) -> list[Part]:
    found: list[Part] = []
    while after := [one for one in parts if one.after == (found[-1].upto if found else 0)]:
        found.append(max(after, key=lambda one: one.upto))
    return found


def forget(lake: Lake) -> None:
    """Remove all sums; the next measure takes them again."""
    shutil.rmtree(lake.root / FOLDER, ignore_errors=True)


def run_marks(runs: pa.Table) -> dict[int, str]:
    """For each run, 16 characters that stand for it and all runs before it, as they were committed."""
    whole = hashlib.sha256()
    found = {0: whole.hexdigest()[:16]}
    for row in runs.to_pylist():
        whole.update(json.dumps(row, sort_keys=True, default=str).encode())
        found[row["run_no"]] = whole.hexdigest()[:16]
    return found


def _age(path: Path, now: float) -> float:
    try:
        return now - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0
