"""What a report is made of beside the lake: whether a workspace has it, which it is, and the year it is filed under."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from creditlab.catalogue import Catalogue, read_sealed
from creditlab.catalogue.edition import EditionState
from creditlab.catalogue.reading import digest_of, edition_folders, folder_of, read_details, read_edition
from creditlab.errors import MethodologyError
from creditlab.periods import Period, containing, parse_date, parse_period
from creditlab.reports.listing import Need, ReportEntry
from creditlab.terms import Audience, UpdatePeriod
from creditlab.workspace import Workspace


@dataclass(frozen=True)
class Offer:
    """Whether a report of the set can be made: the period that it is about, or why it can't."""

    period: Period
    lacking: str = ""


def offer(workspace: Workspace, entry: ReportEntry, period: Period, as_of: date, audience: Audience) -> Offer:
    """Whether a workspace has what a report of a period's set is made of.

    Parameters
    ----------
    period
        The set's; a yearly report is about the year in which it ends, or that of the edition in force then.

    Raises
    ------
    CatalogueError, MethodologyError, ScorecardError
        If what there is can't be used as it stands.
    """
    if audience not in entry.audiences:
        return Offer(period, f"it is not for the audience {audience}")
    about = containing(UpdatePeriod.YEAR, period.last_day) if entry.is_yearly else period
    match entry.needs:
        case Need.EDITION:
            return Offer(parse_period(str(read_sealed(workspace.catalogue).edition_on(period.last_day).year)))
        case Need.DRAFT if not _has_draft(workspace, about.last_day.year + 1):
            return Offer(about, f"there is no draft of the catalogue of {about.last_day.year + 1}")
        case Need.METHODOLOGY if not _has_methodology(workspace, as_of):
            return Offer(about, "no approved methodology is in force")
        case Need.CARD if not released_cards(workspace):
            return Offer(about, "no scorecard was released")
        case Need.LISTS if not _has_lists(read_sealed(workspace.catalogue)):
            return Offer(about, "the catalogue has no item whose records are publicised")
    return Offer(about)


def rests_on(workspace: Workspace, entry: ReportEntry, given: Mapping[str, Any]) -> str:
    """The digest of what a report is made of beside the lake; empty where that is nothing.

    Parameters
    ----------
    given
        The notebook's parameters.

    Raises
    ------
    CatalogueError, MethodologyError, ScorecardError
        If it is not there, or was changed.
    """
    year = parse_period(given["period"]).last_day.year
    match entry.needs:
        case Need.EDITION:
            return digest_of(read_edition(folder_of(workspace.catalogue, year)))
        case Need.DRAFT:
            return digest_of(read_edition(folder_of(workspace.catalogue, year + 1)))
        case Need.METHODOLOGY:
            from creditlab.assessing import choose_methodology

            return choose_methodology(workspace, parse_date(given["as_of"])).digest
        case Need.CARD:
            from creditlab.predicting import read_kept

            return read_kept(workspace, given["card"]).digest
    return ""


def released_cards(workspace: Workspace) -> list[str]:
    """The names of the scorecards that were released, in order."""
    from creditlab.predicting import card_names, read_kept

    return [name for name in card_names(workspace) if read_kept(workspace, name).is_released]


def _has_draft(workspace: Workspace, year: int) -> bool:
    details = [read_details(folder) for folder in edition_folders(workspace.catalogue)]
    return any(one["year"] == year and one.get("state") != EditionState.PUBLISHED for one in details)


def _has_methodology(workspace: Workspace, as_of: date) -> bool:
    from creditlab.assessing import choose_methodology

    try:
        choose_methodology(workspace, as_of)
    except MethodologyError as error:
        if error.code != "methodology_not_in_force":
            raise
        return False
    return True


def _has_lists(catalogue: Catalogue) -> bool:
    from creditlab.assessment.publicity import list_rules

    return any(rule.data_format for rule in list_rules(catalogue))
