"""What every report over one release has: the sections that its notebook showed, and what is written of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab.catalogue import Catalogue
from creditlab.disclosure import Cube, Release
from creditlab.messages import Messages
from creditlab.periods import Period
from creditlab.reports.cells import CELLS, write_cells
from creditlab.reports.output import Stamp, read_stamp, save
from creditlab.reports.section import Part, Section, Tile
from creditlab.terms import Audience, Language
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    from creditlab.assessment import Methodology
    from creditlab.inputs import Inputs


def measure_and_release(
    place: Workspace,
    audience: Audience,
    run_no: int | None,
    take: Callable[[Inputs], Cube],
    periods: Sequence[Period],
    as_of: date,
) -> tuple[Release, Catalogue]:
    """Measure a workspace's lake as known at a run, and protect the figures for an audience.

    `periods` are those that `take` measures, as of that day: sums that were taken for them before are not taken again.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet, or `take` finds nothing.
    """
    from creditlab import engine
    from creditlab.sums import summed_inputs

    with engine.connect(place.engine_url, folders=[place.lake]) as backend:
        inputs = summed_inputs(place, backend, periods, as_of, run_no)
        cube, catalogue = take(inputs), inputs.catalogue
    return protect(place, audience, cube), catalogue


def protect(place: Workspace, audience: Audience, cube: Cube) -> Release:
    """Protect a cube for an audience by a workspace's policy, and against what was released before."""
    from creditlab.disclosure import read_policy, release
    from creditlab.reports.shelf import past_releases

    return release(cube, audience, read_policy(place.policy), past_releases(place.reports))


class Sectioned(ABC):
    """A report over one release; its methods return sections, which a notebook shows and `save` writes.

    Parameters
    ----------
    workspace
        Whose report it is: title, contact, whether its data are synthetic.
    catalogue
        Names of departments, regions, items and fields.
    release
        Every figure of the report.
    language
        The reader's language.
    out
        Where `save` writes; None when nothing is to be written.

    Attributes
    ----------
    methodology
        The one that the report rests on, for those few that do.
    """

    methodology: Methodology | None = None

    def __init__(
        self, workspace: Workspace, catalogue: Catalogue, release: Release, language: Language, out: Path | None
    ) -> None:
        self.workspace, self.catalogue, self.release, self.out = workspace, catalogue, release, out
        self.messages = Messages(language)
        self._sections: dict[str, Section] = {}

    @property
    @abstractmethod
    def title(self) -> str:
        """The report's title in the reader's language."""

    @property
    @abstractmethod
    def editions(self) -> Mapping[int, str]:
        """The editions of the catalogue that the report rests on: their digests, by year."""

    @property
    def stamp(self) -> Stamp:
        """What the report was made from."""
        seal = self.methodology.digest if self.methodology else ""
        return read_stamp(self.out, self.workspace, self.release, self.editions, seal)

    def save(self) -> None:
        """Write the tables of the sections shown; does nothing when the notebook is only looked at."""
        if self.out is not None:
            tables = [table for one in self._sections.values() for table in one.tables]
            save(self.out, self.title, self.stamp, tables, self.messages)
            write_cells(self.out / CELLS, self.release)

    def _applied(self, *days: date) -> dict[int, str]:
        """The editions that applied on some days: their digests, by year."""
        return {one.year: one.digest for one in (self.catalogue.edition_on(day) for day in days)}

    def _keep(
        self,
        name: str,
        title: str,
        paragraphs: Sequence[str],
        parts: Sequence[Part],
        tiles: Sequence[Tile] = (),
        sentences: Sequence[str] = (),
    ) -> Section:
        section = Section(name, title, tuple(paragraphs), parts, self.messages, tuple(tiles), tuple(sentences))
        self._sections[name] = section
        return section

    def _key(self) -> str:
        return self.messages.gettext("[c] suppressed to protect natural persons.")

    def _note(self) -> str:
        return self.messages.gettext(
            "(p) provisional: late arrivals are still to come, so no difference is shown. {key} An empty cell: nothing "
            "to count."
        ).format(key=self._key())
