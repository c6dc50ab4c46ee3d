"""The lists beside the catalogue's editions, as the runs judged by them: kept in the lake, read again for an old run.

Editions are sealed when they are published. The lists beside them (departments and their history, regions, code lists,
standards) are mended at any time, and what a report of last year says rests on those of last year. So a run whose
rules are new keeps their text, in a table like any other: it is backed up, verified and committed with the run.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from creditlab.catalogue.lists import list_files, read_lists
from creditlab.errors import CatalogueError, LakeError
from creditlab.lake.schemas import LISTS
from creditlab.lake.store import Lake
from creditlab.scratch import scratch

if TYPE_CHECKING:
    from creditlab.workspace import Workspace


@dataclass(frozen=True)
class KeptLists:
    """The lists that a run judged by: their text by file name, and the digest over what they say."""

    digest: str
    files: dict[str, str]

    @property
    def is_whole(self) -> bool:
        """Whether they still say what the digest is over."""
        try:
            with self.unpacked() as folder:
                return read_lists(folder).digest == self.digest
        except CatalogueError:
            return False

    @contextmanager
    def unpacked(self) -> Iterator[Path]:
        """A folder with the lists in it, as long as the block runs."""
        with scratch() as folder:
            self.write(folder)
            yield folder

    def write(self, folder: Path) -> None:
        """Write the lists into a folder."""
        for name, text in self.files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")


def list_rows(root: Path, rules: str, digest: str, run_no: int) -> pa.Table:
    """The lists beside the editions as the lake keeps them.

    Parameters
    ----------
    root
        The catalogue's folder.
    rules, digest
        What the run rests on as a whole, and what the lists say.
    run_no
        The run that keeps them.

    Raises
    ------
    LakeError
        If they were edited since the run read them.
    """
    files = {path.name: path.read_bytes().decode("utf-8-sig") for path in list_files(root)}
    if not KeptLists(digest, files).is_whole:
        do = "Save them, then run the command again."
        raise LakeError("the lists beside the editions were edited during the run", where=root.name, do=do)
    rows = [
        {"run_no": run_no, "rules_digest": rules, "lists_digest": digest, "file": name, "text": text}
        for name, text in files.items()
    ]
    return pa.Table.from_pylist(rows, schema=LISTS)


def kept_lists(lake: Lake, runs: pa.Table | None = None) -> dict[str, KeptLists]:
    """All lists that committed runs kept, by the rules_digest of the runs that judged by them."""
    rows = pa.concat_tables([LISTS.empty_table(), *(pq.ParquetFile(one).read() for one in lake.files("lists"))])
    committed = (lake.runs() if runs is None else runs)["run_no"].combine_chunks()
    rows = rows.filter(pc.is_in(rows["run_no"], committed))
    found: dict[str, KeptLists] = {}
    for row in rows.to_pylist():
        found.setdefault(row["rules_digest"], KeptLists(row["lists_digest"], {})).files[row["file"]] = row["text"]
    return found


def lists_of(lake: Lake, run_no: int) -> KeptLists | None:
    """The lists that a run judged by; None where the lake has not kept them: it is older than this table.

    Raises
    ------
    LakeError
        If what was kept is not whole any more.
    """
    runs = lake.runs()
    rules = runs.filter(pc.equal(runs["run_no"], run_no))["rules_digest"].to_pylist()
    found = kept_lists(lake, runs).get(rules[0]) if rules else None
    return _whole(found)


def lists_called(lake: Lake, digest: str) -> KeptLists | None:
    """The lists of a digest; None where no run judged by them.

    Raises
    ------
    LakeError
        If what was kept is not whole any more.
    """
    return _whole(next((one for one in kept_lists(lake).values() if one.digest == digest), None))


def _whole(found: KeptLists | None) -> KeptLists | None:
    if found is not None and not found.is_whole:
        raise LakeError("lists that the lake kept were changed", where="lists", do="Run creditlab lake verify.")
    return found


@contextmanager
def judged_by(workspace: Workspace, lists: KeptLists | None) -> Iterator[Workspace]:
    """The workspace with lists of another time beside its editions, as long as the block runs.

    Parameters
    ----------
    workspace
        Where the editions are; it is not changed.
    lists
        The lists; None for those of today.
    """
    if lists is None:
        yield workspace
        return
    with lists.unpacked() as folder:
        named = {path.name for path in list_files(workspace.catalogue)}
        for path in workspace.catalogue.iterdir():
            if path.name not in named:
                (folder / path.name).symlink_to(path)
        yield replace(workspace, catalogue=folder)


@contextmanager
def as_at_run(workspace: Workspace, run_no: int | None) -> Iterator[Workspace]:
    """The workspace with the lists that an earlier run judged by.

    The newest run, and a run whose lists the lake has not kept, is looked at with the lists of today.

    Raises
    ------
    LakeError
        If what was kept is not whole any more.
    """
    lake = Lake(workspace.lake)
    is_earlier = run_no is not None and lake.exists and run_no < max(lake.runs()["run_no"].to_pylist(), default=0)
    with judged_by(workspace, lists_of(lake, run_no) if run_no is not None and is_earlier else None) as then:
        yield then


class Then:
    """The workspace as `as_at_run` has it, for as long as somebody holds this.

    Parameters
    ----------
    workspace, run_no
        As for `as_at_run`.
    """

    def __init__(self, workspace: Workspace, run_no: int | None) -> None:
        held = ExitStack()
        self.workspace = held.enter_context(as_at_run(workspace, run_no))
        weakref.finalize(self, held.close)
