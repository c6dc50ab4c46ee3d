"""The program that draws charts: once on a shelf for all revisions, under a name that says what is in it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from creditlab.errors import ReportError
from creditlab.reports.shelf import staged

FOLDER = "_shared"
#: From a revision's folder (period/report/language/r1) to the shelf, as a page and as a path have it.
_UP, _DEPTH = "../../../../", 4
_NAME = re.compile(rf"{FOLDER}/[\w][\w.-]*")


@dataclass(frozen=True)
class Bundle:
    """A program of which every page of a shelf has the same copy."""

    name: str
    data: bytes
    sha256: str

    @property
    def address(self) -> str:
        """Where a revision's page finds it, without a network."""
        return f"{_UP}{FOLDER}/{self.name}"


@lru_cache(maxsize=1)
def plotly_bundle() -> Bundle:
    """The library that draws charts, as the locked packages have it."""
    from plotly.offline import get_plotlyjs, get_plotlyjs_version

    data = get_plotlyjs().encode()
    sha256 = hashlib.sha256(data).hexdigest()
    return Bundle(f"plotly-{get_plotlyjs_version()}-{sha256[:16]}.min.js", data, sha256)


def shared_by(page: str) -> dict[str, str]:
    """What a page takes from the shelf: names and checksums, for the manifest."""
    if f'src="{_UP}{FOLDER}/' not in page:
        return {}
    bundle = plotly_bundle()
    return {f"{FOLDER}/{bundle.name}": bundle.sha256}


def place_bundle(reports: Path, bundle: Bundle) -> None:
    """Put a bundle on the shelf unless it is there; what is there is never overwritten.

    Raises
    ------
    ReportError
        If another file has its name: pages would run it.
    """
    target = reports / FOLDER / bundle.name
    if not target.exists():
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        target.parent.chmod(0o755)
        with staged(reports) as folder:
            made = folder / bundle.name
            made.write_bytes(bundle.data)
            made.chmod(0o644)
            try:
                os.link(made, target)
            except FileExistsError:
                pass  # another publication was first: it is looked at as any that is there
            except OSError:
                os.replace(made, target)  # a file system without links
    if hashlib.sha256(target.read_bytes()).hexdigest() != bundle.sha256:
        raise ReportError(
            "the program that draws charts was changed", where=f"{FOLDER}/{bundle.name}", do="Take it away."
        )


def compare_shared(folder: Path, shared: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """What a revision's folder takes from its shelf, held against its manifest: what is not there, what was changed.

    A revision that was copied away alone has nothing beside it; its page says so and shows its charts as still images.
    """
    above = folder.resolve().parents
    lacking, changed = [], []
    for name, sha256 in shared.items():
        path = above[_DEPTH - 1] / name if len(above) >= _DEPTH else None
        if path is None or not _NAME.fullmatch(name) or not path.is_file():
            lacking.append(name)
        elif hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            changed.append(name)
    return lacking, changed
