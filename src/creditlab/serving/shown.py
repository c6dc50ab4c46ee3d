"""What a reader is shown: the newest dashboard of each quarter published for his audience, and of it his rows."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from creditlab.catalogue import read_sealed
from creditlab.errors import ReportError
from creditlab.reports.dashboard.reading import read_content
from creditlab.reports.shelf import MANIFEST, Place
from creditlab.reports.signoff import Step, state_of
from creditlab.serving.assessed import levels
from creditlab.serving.words import SERVED
from creditlab.terms import Audience, Language

if TYPE_CHECKING:
    from creditlab.access import Viewer
    from creditlab.catalogue import Catalogue
    from creditlab.messages import Messages
    from creditlab.workspace import Workspace

REPORT = "dashboard"
#: Quarters that a reader can choose from: three years.
QUARTERS = 12
#: The shelf is looked at again after so many seconds, however many ask.
_FRESH = 5.0
_QUARTER = re.compile(r"\d{4}Q[1-4]")
Content = dict[str, Any]


@dataclass(frozen=True)
class Shelved:
    """One published dashboard: its period's label, its folder, its name in the manifest, and the run that it shows."""

    period: str
    folder: Path
    report_id: str
    published_at: str
    run_no: int
    needs_sign_off: bool = False

    @property
    def is_draft(self) -> bool:
        """Whether it is not signed off yet; that changes while it is there."""
        return self.needs_sign_off and state_of(self.folder) is not Step.PUBLISHED


class Shown:
    """The dashboards of a workspace, as its readers see them.

    Parameters
    ----------
    workspace
        Its reports folder, and its catalogue, which says what lies below a region.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._looked: dict[Audience, tuple[float, list[Shelved]]] = {}

    def shelved(self, audience: Audience) -> list[Shelved]:
        """The newest dashboard of each quarter for an audience, the newest quarter first."""
        looked_at, found = self._looked.get(audience, (-_FRESH, []))
        if time.monotonic() - looked_at >= _FRESH:
            found = newest(self._workspace.reports, audience)
            self._looked[audience] = (time.monotonic(), found)
        return found

    def contents(self, viewer: Viewer) -> dict[str, Content]:
        """What a viewer sees of each quarter, by its label, the newest first."""
        there = self.shelved(viewer.audience)
        # Who sees everything needs no list of what lies below what.
        catalogue = read_sealed(self._workspace.catalogue) if viewer.regions else None
        found = {}
        for one in there:
            content = narrowed(_read(one.folder), viewer, catalogue)
            if not viewer.is_limited:
                # Organisations are assessed whole; what a department or a unit sees of them is nobody's share.
                content["assessments"] = levels(self._workspace.reports, one.period, viewer.audience)
            content["served"] = {"period": one.period, "report_id": one.report_id, "run_no": one.run_no,
                                 "is_limited": viewer.is_limited, "is_draft": one.is_draft}  # fmt: skip
            found[one.period] = content
        for content in found.values():
            content["served"]["periods"] = list(found)
            _say_served(content, found)
        return found


def newest(reports: Path, audience: Audience) -> list[Shelved]:
    """The newest dashboard of each quarter on the shelf, the newest quarter first.

    Raises
    ------
    ReportError
        If a manifest can't be read.
    """
    found: dict[str, Shelved] = {}
    for language in Language:
        # One page speaks every language, whichever it was published in.
        folder = Place(reports, "*", REPORT, audience, language).folder.relative_to(reports)
        for path in reports.glob(f"{folder.as_posix()}/r*/{MANIFEST}"):
            period = path.relative_to(reports).parts[0]
            if not _QUARTER.fullmatch(period):
                continue
            one = _shelved(path, period)
            if period not in found or found[period].published_at < one.published_at:
                found[period] = one
    return [found[period] for period in sorted(found, reverse=True)[:QUARTERS]]


@lru_cache(maxsize=256)
def _shelved(path: Path, period: str) -> Shelved:
    """A revision never changes once it is there."""
    try:
        manifest = json.loads(path.read_text("utf-8"))
        return Shelved(
            period, path.parent, manifest["report_id"], manifest["published_at"], int(manifest["run_no"]),
            bool(manifest.get("needs_sign_off")),
        )  # fmt: skip
    except (OSError, ValueError, KeyError) as error:
        raise ReportError("a manifest can't be read", where="/".join(path.parts[-5:])) from error


@lru_cache(maxsize=32)
def _read(folder: Path) -> Content:
    return read_content(folder)


def narrowed(content: Content, viewer: Viewer, catalogue: Catalogue | None) -> Content:
    """The part of a dashboard that a viewer sees: the rows of his departments and units, and their names alone.

    Parameters
    ----------
    content
        What the published page is given (`creditlab.reports.dashboard.page.content`); it is left as it is.
    viewer
        Who looks.
    catalogue
        Says what lies below a viewer's regions; not needed where he sees all of them.
    """
    place = {name: number for number, name in enumerate(content["columns"])}
    units = viewer.units(catalogue) if catalogue is not None else None

    def is_his(department: str, region: str) -> bool:
        return (not viewer.departments or department in viewer.departments) and (units is None or region in units)

    cells = [one for one in content["cells"] if is_his(one[place["department"]], one[place["region_code"]])]
    if not viewer.is_limited:
        return {**content, "home": {}}
    used = {
        name: {one[place[column]] for one in cells} - {""}
        for name, column in (("departments", "department"), ("items", "item_code"), ("regions", "region_code"))
    }
    lists = {name: [code for code in content[name] if code in codes] for name, codes in used.items()}
    lists["units"] = [code for code in content["units"] if code in used["regions"]]
    names = {"departments": used["departments"], "items": used["items"], "units": used["regions"]}
    home: dict[str, str] = {}
    if len(viewer.departments) == 1 and lists["departments"]:
        home = {"department": lists["departments"][0]}
    elif not viewer.departments and len(lists["units"]) == 1:
        home = {"unit": lists["units"][0]}
    return {
        **content,
        **lists,
        "cells": cells,
        "matters": [one for one in content["matters"] if is_his(one["department"], one["region_code"])],
        "languages": {language: _named(texts, names) for language, texts in content["languages"].items()},
        "home": home,
    }


def _named(texts: Mapping[str, Any], used: Mapping[str, Collection[str]]) -> Content:
    kept = {name: {code: text for code, text in texts[name].items() if code in codes} for name, codes in used.items()}
    return {**texts, **kept}


def _say_served(content: Content, all_contents: Mapping[str, Content]) -> None:
    """Give a page the words that only a served one says, and the quarters' names, in each language."""
    languages = {}
    for language, texts in content["languages"].items():
        _ = _messages(language).gettext
        draft = _("Draft: not signed off, not to be quoted.") if content["served"]["is_draft"] else ""
        languages[language] = {
            **texts,
            "banner": " ".join(text for text in (draft, texts["banner"]) if text),
            "words": {**texts["words"], **{key: _(text) for key, text in SERVED.items()}},
            "quarters": {period: one["languages"][language]["period"] for period, one in all_contents.items()},
        }
    content["languages"] = languages


@lru_cache(maxsize=len(Language))
def _messages(language: str) -> Messages:
    from creditlab.messages import Messages

    return Messages(Language(language))
