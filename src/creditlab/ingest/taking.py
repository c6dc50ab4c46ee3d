"""Which deliveries a run takes: those that are announced, there, whole, and not known yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from creditlab.errors import ManifestError, SourceError, UserError
from creditlab.identifiers import mask_resident_ids
from creditlab.ingest.intake import Intake
from creditlab.sources import (
    MANIFEST_FILE,
    AbsentFileError,
    Batch,
    Content,
    ManifestRow,
    UnreadableFileError,
    locate,
    look,
    read_batches,
)

if TYPE_CHECKING:
    from creditlab.workspace import Workspace

Progress = Callable[[int, int], None]
#: Clocks differ, and a delivery dated ahead does no harm: it takes effect on its day, and no state of a day before has
#: it. One that is announced for later than this has a wrong date.
AHEAD = timedelta(days=366)


class Selection(Protocol):
    """Which of a manifest's deliveries a run looks at; it is told which of them it need not see again."""

    def wants(self, row: ManifestRow, path: Path | None) -> bool:
        """Whether the run looks at a delivery; `path` is where its file should be, None where it has none."""

    def dealt_with(self, row: ManifestRow) -> None:
        """A delivery was taken, or is known: once the run is committed, it is in the lake."""


class _Everything:
    def wants(self, row: ManifestRow, path: Path | None) -> bool:
        return True

    def dealt_with(self, row: ManifestRow) -> None:
        """Nothing is remembered."""


EVERYTHING: Selection = _Everything()


@dataclass(frozen=True)
class Taken:
    """A delivery that a run takes in."""

    row: ManifestRow
    delivery_id: str
    file_sha256: str


@dataclass
class Taking:
    """The deliveries of one run, by arrival number.

    Attributes
    ----------
    latest
        The newest moment that is known to have been; deliveries announced for more than `AHEAD` later are not taken.
    known, absent
        Deliveries that the lake has already; deliveries announced whose file is not there, or still being written.
    failures
        What keeps deliveries from being taken that only people can mend; the others are taken all the same.
    """

    workspace: Workspace
    intake: Intake
    latest: datetime
    selection: Selection = EVERYTHING
    taken: dict[int, Taken] = field(default_factory=dict)
    known: int = 0
    absent: int = 0
    failures: list[UserError] = field(default_factory=list)

    def take(self, manifest: list[ManifestRow], known_ids: set[str], progress: Progress) -> None:
        """Read what is new; `known_ids` are the deliveries that the lake has."""
        for done, row in enumerate(manifest, start=1):
            self._take(row, known_ids)
            progress(done, len(manifest))
        self.intake.finish()
        self._forget(self._dropped)

    def forget_known(self, known_ids: set[str]) -> None:
        """Forget deliveries that another process took in while this one was reading."""
        doubled = {number for number, one in self.taken.items() if one.delivery_id in known_ids}
        self.known += len(doubled)
        self._forget(doubled)

    def __post_init__(self) -> None:
        self._dropped: set[int] = set()
        # Rows of a dropped delivery are forgotten by its id, so another manifest row of the same id waits for the
        # next run.
        self._dropped_ids: set[str] = set()

    def _take(self, row: ManifestRow, known_ids: set[str]) -> None:
        path = locate(self.workspace.inbox, row.path) if row.path else None
        if not self.selection.wants(row, path):
            return
        try:
            content = look(path) if path is not None else None
        except AbsentFileError:
            self.absent += 1
            return
        sha256 = content.sha256 if content else ""
        delivery_id = row.delivery_id(sha256)
        if delivery_id in known_ids:
            self.known += 1
            self.selection.dealt_with(row)
        elif row.delivered_at > self.latest + AHEAD:
            self.failures.append(_too_late(row))
        elif delivery_id in self._dropped_ids:
            self.absent += 1
        else:
            # It is known by what the manifest says, and kept as that may be kept.
            self._read(row, Taken(self._as_kept(row), delivery_id, sha256), content, known_ids)

    def _read(self, row: ManifestRow, one: Taken, content: Content | None, known_ids: set[str]) -> None:
        arrival = None
        try:
            batches = self._open(row, content)
            # The intake gives numbers in turn, and has given this one even where the rows end in an error.
            arrival = len(self.intake.delivered)
            self.taken[arrival] = one
            self.intake.add(one.row, one.delivery_id, batches)
        except SourceError as error:
            self.failures.append(_named(error, row))
            self._drop(arrival, one)
            return
        except AbsentFileError:
            is_whole = False
        else:
            is_whole = content is None or content.is_unchanged()
        if not is_whole:
            self.absent += 1
            self._drop(arrival, one)
            return
        known_ids.add(one.delivery_id)
        self.selection.dealt_with(row)

    def _open(self, row: ManifestRow, content: Content | None) -> Iterable[Batch] | None:
        """A delivery's rows; None where it can't be read at all."""
        if not row.path:
            return ()
        if content is None:
            # The name leads outside the inbox: nothing there is anyone's delivery.
            return None
        try:
            return read_batches(content, self.workspace.time_zone, self.workspace.sources)
        except (UnreadableFileError, OSError):
            return None

    def _as_kept(self, row: ManifestRow) -> ManifestRow:
        """The row with the code of the department that an alias stands for; who is responsible is asked later.

        Departments name files after whom they are about, and a column may stand in another's place: a person's number
        is masked wherever it stands.
        """
        catalogue = self.intake.staging.catalogue
        own = catalogue.history.own_code(row.department, row.received_on, catalogue.departments)
        words = pa.array([row.path, row.item_code, own, row.region_code, row.period], pa.string())
        path, item, department, region, period = mask_resident_ids(words, self.intake.staging.protection.key)[
            0
        ].to_pylist()
        return replace(row, path=path, item_code=item, department=department, region_code=region, period=period)

    def _drop(self, arrival: int | None, one: Taken) -> None:
        self._dropped_ids.add(one.delivery_id)
        if arrival is not None:
            self._dropped.add(arrival)

    def _forget(self, arrivals: set[int]) -> None:
        self.intake.staging.forget(arrivals)
        for number in arrivals:
            del self.taken[number]


def _named(error: SourceError, row: ManifestRow) -> SourceError:
    """The error, with the manifest row that it keeps from being taken."""
    place = f"{MANIFEST_FILE}, row {row.manifest_row}"
    return SourceError(error.what, where=f"{place}, {error.where}" if error.where else place, do=error.do)


def _too_late(row: ManifestRow) -> ManifestError:
    return ManifestError(
        "a delivery's time has not come yet",
        where=f"{MANIFEST_FILE}, row {row.manifest_row}, column delivered_at",
        do="Mend it there, or set this machine's clock.",
    )
