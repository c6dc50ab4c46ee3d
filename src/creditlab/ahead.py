"""Work that a thread of its own does while the next piece of it is made ready."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor


class Ahead:
    """Does pieces of work one after the other, in order; at most one is under way, so that memory stays bounded."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._under_way: Future[None] | None = None

    def hand_over(self, work: Callable[..., None], *arguments: object) -> None:
        """Begin a piece of work once the one before is done; what went wrong with that one is raised here."""
        self.wait()
        self._under_way = self._thread.submit(work, *arguments)

    def wait(self) -> None:
        """Wait for the piece that is under way; what went wrong with it is raised here."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()

    def close(self) -> None:
        """As `wait`, and no more work is taken."""
        self.wait()
        self._thread.shutdown()

    def abandon(self) -> None:
        """Wait for the piece that is under way, whatever becomes of it, and take no more."""
        self._thread.shutdown()
