"""The index over all periods, and the feed beside it, written anew after every publication and signature."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from creditlab.messages import Messages
from creditlab.reports.feed import FEED, atom
from creditlab.reports.making import PAGE
from creditlab.reports.page import render_index
from creditlab.reports.printing import DRAFT_PDF, PDF
from creditlab.reports.shelf import MANIFEST, published, shelve_index
from creditlab.reports.signoff import Step, state_of
from creditlab.terms import Language
from creditlab.workspace import Workspace


def write_index(workspace: Workspace) -> None:
    """Write index.html and feed.xml over what is published, in the workspace's language."""
    messages = Messages(workspace.language)
    entries = [_entry(workspace.reports, one, messages.gettext) for one in published(workspace.reports)]
    owner = messages.named(workspace.title_zh, workspace.title_en)
    shelve_index(workspace.reports, render_index(entries, messages))
    feed = atom(entries, messages.gettext("Published reports"), owner, messages.html_lang)
    shelve_index(workspace.reports, feed, FEED)


def _entry(reports: Path, one: Mapping[str, Any], _: Callable[[str], str]) -> dict[str, Any]:
    """A row of the index: where the page is, what it is, how far it is, and its files."""
    parameters, folder = one["parameters"], one["folder"]
    states = {
        Step.DRAFT: _("draft"),
        Step.CHECKED: _("checked"),
        Step.APPROVED: _("approved"),
        Step.PUBLISHED: _("published"),
    }
    step = state_of(reports / folder) if one.get("needs_sign_off") else Step.PUBLISHED
    return {
        "href": f"{folder}/{PAGE}",
        "title": one["title"],
        "lang": Messages(Language(parameters["language"])).html_lang,
        "language": parameters["language"],
        "audience": parameters["audience"],
        "revision": f"r{one['revision']}",
        "state": states[step],
        "as_of": parameters["as_of"],
        "published_at": one["published_at"],
        "is_synthetic": one["is_synthetic"],
        "downloads": list(_downloads(folder, one["files"], is_draft=step is not Step.PUBLISHED)),
    }


def _downloads(folder: str, files: Mapping[str, str], *, is_draft: bool) -> Iterator[tuple[str, str]]:
    for name, path in (
        ("PDF", DRAFT_PDF if is_draft else PDF),
        ("XLSX", "tables.xlsx"),
        ("CSV", "tables/csv-metadata.json"),
    ):
        if path in files:
            yield name, f"{folder}/{path}"
    yield "JSON", f"{folder}/{MANIFEST}"
