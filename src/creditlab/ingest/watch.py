"""A folder watched for deliveries: each is taken once its file has stopped growing and its manifest row is there.

The register, the ledger, the catalogue and the calendar are watched too. Every run reads them as they are, so none
begins while they are being written; and a run is made for them alone when they have changed.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import TIMEOUT_MAX, Event
from typing import TYPE_CHECKING

from creditlab.errors import ManifestError, ParameterError, UserError
from creditlab.ingest.run import Counts, IngestResult, take_in
from creditlab.sources import AbsentFileError, ManifestRow, Stamp, locate, read_manifest, stamp

if TYPE_CHECKING:
    from creditlab.workspace import Workspace

#: What a delivery looks like: its manifest row's content, and its file as the file system has it (None without one).
Look = tuple[str, Stamp | None]
#: What the files beside the deliveries look like, by their paths.
ListsLook = dict[Path, Stamp]


@dataclass(frozen=True)
class WatchTotals:
    """What the runs of one watch did together.

    Attributes
    ----------
    runs
        The numbers of the runs that were committed.
    counts
        The six counts over all of them.
    deliveries, known
        Deliveries taken in; deliveries that the lake had already when the watch began.
    waiting
        Deliveries announced that were not taken when it ended: not there, still growing, or kept back by an error.
    """

    runs: tuple[int, ...]
    counts: Counts
    deliveries: int
    known: int
    waiting: int


@dataclass
class Watch:
    """Looks at the inbox at intervals, and runs ingest for what is settled.

    Parameters
    ----------
    interval
        Seconds between two looks; a delivery, or a list, that looked the same for as long is settled.
    now
        The moment of a run, for the lake's books.
    clock
        Seconds that only grow, whatever is done to the machine's time.
    wait
        Waits so many seconds; returns whether the watch is to end.
    say
        Called with a line after each run, and with one for each error that keeps something from being taken: once,
        though it is tried again at every look.
    """

    workspace: Workspace
    interval: float
    now: Callable[[], datetime]
    clock: Callable[[], float]
    wait: Callable[[float], bool]
    say: Callable[[str], object]
    _since: dict[Look, float] = field(default_factory=dict)
    _done: set[Look | None] = field(default_factory=set)
    _dealt_with: set[Look] = field(default_factory=set)
    _settled: dict[str, Look] = field(default_factory=dict)
    _lists: ListsLook | None = None
    _lists_since: float = 0.0
    _read_lists: ListsLook | None = None
    _warned: set[str] = field(default_factory=set)
    _totals: WatchTotals = WatchTotals((), Counts(), 0, 0, 0)

    def run(self) -> WatchTotals:
        """Watch until `wait` says that it is over; a run that is going on then is finished first.

        Raises
        ------
        ParameterError
            If the interval is no time that can be waited for.
        CatalogueError, SealError, WorkspaceError, LakeError
            If a part of the workspace can't be used, as for a single run.
        """
        if not 0 < self.interval <= TIMEOUT_MAX:
            raise ParameterError("the interval is no number of seconds to wait for", where="--interval")
        while True:
            self._look()
            if self.wait(self.interval):
                return self._totals

    def _look(self) -> None:
        said: list[UserError] = []
        try:
            looks = self._find()
            if self._are_lists_settled() and (self._settled or self._lists != self._read_lists):
                done = take_in(self.workspace, now=self.now(), selection=self)
                said += done.failures
                self._done |= self._dealt_with
                self._read_lists = self._lists
                self._add(done)
            waiting = sum(look not in self._done for look in looks)
            self._totals = replace(self._totals, waiting=waiting)
        except ManifestError as error:
            # Somebody is writing it.
            said.append(error)
        self._warn(said)

    def _find(self) -> list[Look | None]:
        """See what is settled; returns how each delivery that is announced looks, None where it is not there."""
        now = self.clock()
        manifest = read_manifest(self.workspace.inbox, self.workspace.time_zone)
        looks = [self._look_at(row, locate(self.workspace.inbox, row.path) if row.path else None) for row in manifest]
        # What looks otherwise now, or went away, begins anew.
        new = [look for look in looks if look is not None and look not in self._done]
        self._since = {look: self._since.get(look, now) for look in new}
        self._settled = {look[0]: look for look in new if now - self._since[look] >= self.interval}
        self._dealt_with = set()
        return looks

    def _are_lists_settled(self) -> bool:
        """Whether the files beside the deliveries have looked the same for long enough."""
        workspace, now = self.workspace, self.clock()
        files = [workspace.subjects, workspace.ledger, *workspace.catalogue.rglob("*")]
        files += [workspace.days_file] if workspace.days_file else []
        lists = {path: found for path in files if (found := _stamp_of(path)) is not None}
        if lists != self._lists:
            self._lists, self._lists_since = lists, now
        return now - self._lists_since >= self.interval

    def _look_at(self, row: ManifestRow, path: Path | None) -> Look | None:
        """What a delivery looks like now; None where its file is not there."""
        try:
            return row.delivery_id(""), stamp(path) if path is not None else None
        except AbsentFileError:
            return None

    def wants(self, row: ManifestRow, path: Path | None) -> bool:
        """Whether a delivery is settled, and still looks as it did."""
        look = self._settled.get(row.delivery_id(""))
        return look is not None and self._look_at(row, path) == look

    def dealt_with(self, row: ManifestRow) -> None:
        """Remember a delivery that need not be looked at again once the run is committed."""
        self._dealt_with.add(self._settled[row.delivery_id("")])

    def _add(self, done: IngestResult) -> None:
        totals = self._totals
        if done.run_no is not None:
            totals = replace(
                totals,
                runs=(*totals.runs, done.run_no),
                counts=totals.counts + done.counts,
                deliveries=totals.deliveries + done.deliveries,
            )
            self.say(f"run {done.run_no}: {done.deliveries:,} deliveries, {done.counts.delivered:,} rows")
        self._totals = replace(totals, known=totals.known + done.known)

    def _warn(self, said: list[UserError]) -> None:
        for error in said:
            if str(error) not in self._warned:
                self.say(f"creditlab: {error}")
        # What was mended and breaks again is said again.
        self._warned = {str(error) for error in said}


def _stamp_of(path: Path) -> Stamp | None:
    try:
        return stamp(path)
    except AbsentFileError:
        return None


@contextmanager
def until_told() -> Iterator[Callable[[float], bool]]:
    """A `wait` for a process that is to end when it is sent SIGTERM or SIGINT, after what it does just then.

    Sent again, the signal ends it at once; a run that is going on then leaves nothing visible.
    """
    is_over = Event()

    def end(number: int, frame: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        is_over.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield is_over.wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
