"""The lists beside the editions that a published report was made with, where they are others now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from creditlab.catalogue import read_sealed
from creditlab.catalogue.lists import read_lists
from creditlab.errors import CatalogueError
from creditlab.ingest.booking import rules_digest
from creditlab.lake import Lake
from creditlab.lake.lists import KeptLists, lists_called, lists_of
from creditlab.workspace import Workspace


@dataclass(frozen=True)
class Lists:
    """What a report's lists are computed again with.

    Attributes
    ----------
    kept
        The lists of its time, from the lake; None where they are those of today, or were not kept.
    otherwise
        A word for what can't be had as it was, its digest then, and the one now; empty where all can be had.
    """

    kept: KeptLists | None
    otherwise: tuple[tuple[str, str, str], ...] = ()


def lists_digest(workspace: Workspace) -> str:
    """The digest over the lists as they are now; empty where there are none that can be read."""
    try:
        return read_lists(workspace.catalogue).digest
    except CatalogueError:
        return ""


def lists_behind(workspace: Workspace, manifest: Mapping[str, Any]) -> Lists:
    """The lists that a published report was made with.

    Parameters
    ----------
    workspace
        Whose lake it was made from.
    manifest
        The report's. One from before manifests named their lists is held to have had those of its run.

    Raises
    ------
    LakeError
        If what the lake kept is not whole any more.
    """
    lake, now = Lake(workspace.lake), lists_digest(workspace)
    run_no, wanted = manifest["release"]["run_no"], manifest.get("lists_digest")
    if wanted == now:
        return Lists(None)
    found = None
    if lake.exists:
        found = lists_of(lake, run_no) if wanted is None else lists_called(lake, wanted)
    if found is not None:
        return Lists(None if found.digest == now else found)
    return Lists(None, tuple(_other_rules(workspace, lake, run_no)) if wanted is None else (("lists", wanted, now),))


def _other_rules(workspace: Workspace, lake: Lake, run_no: int) -> Iterator[tuple[str, str, str]]:
    """The rules of a run as a whole, where they are others now: which of them, the lake can't tell."""
    runs = lake.runs().to_pylist() if lake.exists else []
    then = {row["run_no"]: row["rules_digest"] for row in runs}.get(run_no, "")
    now = rules_digest(read_sealed(workspace.catalogue), workspace.working_days(), workspace.blanks)
    if then != now:
        yield "rules (editions, lists, working days, marks for nothing)", then, now
