"""Which deliveries a run takes: those that are announced, there, whole, and not known yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from creditlab.ingest.intake import Intake
from creditlab.sources import (
    AbsentFileError,
    Content,
    ManifestRow,
    UnreadableFileError,
    locate,
    look,
    read_batches,
)

Progress = Callable[[int, int], None]


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
    known, absent
        Deliveries that the lake has already; deliveries announced whose file is not there, or still being written.
    """

    inbox: Path
    intake: Intake
    taken: dict[int, Taken] = field(default_factory=dict)
    known: int = 0
    absent: int = 0

    def take(self, manifest: list[ManifestRow], known_ids: set[str], progress: Progress) -> None:
        """Read what is new; `known_ids` are the deliveries that the lake has."""
        for done, row in enumerate(manifest, start=1):
            self._take(row, known_ids)
            progress(done, len(manifest))
        self.intake.finish()
        self._forget({number for number in self.taken if number in self._changed})

    def forget_known(self, known_ids: set[str]) -> None:
        """Forget deliveries that another process took in while this one was reading."""
        doubled = {number for number, one in self.taken.items() if one.delivery_id in known_ids}
        self.known += len(doubled)
        self._forget(doubled)

    def __post_init__(self) -> None:
        self._changed: set[int] = set()

    def _take(self, row: ManifestRow, known_ids: set[str]) -> None:
        path = locate(self.inbox, row.path) if row.path else None
        try:
            content = look(path) if path is not None else None
        except AbsentFileError:
            self.absent += 1
            return
        sha256 = content.sha256 if content else ""
        delivery_id = row.delivery_id(sha256)
        if delivery_id in known_ids:
            self.known += 1
            return
        arrival = self._read(row, delivery_id, content)
        if content is not None and not content.is_unchanged():
            self._changed.add(arrival)
            self.absent += 1
        else:
            known_ids.add(delivery_id)
        self.taken[arrival] = Taken(row, delivery_id, sha256)

    def _read(self, row: ManifestRow, delivery_id: str, content: Content | None) -> int:
        if not row.path:
            return self.intake.add(row, delivery_id, ())
        if content is None:
            # The name leads outside the inbox: nothing there is anyone's delivery.
            return self.intake.add(row, delivery_id, None)
        try:
            batches = read_batches(content)
        except (UnreadableFileError, OSError):
            return self.intake.add(row, delivery_id, None)
        return self.intake.add(row, delivery_id, batches)

    def _forget(self, arrivals: set[int]) -> None:
        self.intake.staging.forget(arrivals)
        for number in arrivals:
            del self.taken[number]
