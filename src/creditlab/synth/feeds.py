"""Rows on their way into a lake's tables, each table written by a thread of its own while more rows are made."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Full, Queue
from types import TracebackType

import pyarrow as pa

from creditlab.errors import InternalError
from creditlab.lake import Lake

#: Batches that wait for a table's thread; whoever has more waits himself, so that memory stays bounded.
_WAITING = 4
#: Seconds after which it is looked whether the thread that should take a batch still lives.
_LOOK = 1.0


class Feeds:
    """Appends to a lake: of each table all batches together, in one transaction at the end of the block."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._feeds: dict[tuple[str, ...], _Feed] = {}

    def add(self, table: str, batches: list[pa.RecordBatch]) -> None:
        """Append rows to a table; rows of other columns than before are another feed of it."""
        for batch in batches:
            alike = (table, *batch.schema.names)
            if alike not in self._feeds:
                self._feeds[alike] = _Feed(self._lake, table, batch.schema)
            self._feeds[alike].put(batch)

    def __enter__(self) -> Feeds:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        # What was appended before an error stays invisible: its run is never committed.
        for feed in self._feeds.values():
            feed.close(is_whole=kind is None)


class _Feed:
    def __init__(self, lake: Lake, table: str, schema: pa.Schema) -> None:
        self._queue: Queue[pa.RecordBatch | None] = Queue(_WAITING)
        self._pool = ThreadPoolExecutor(1)
        reader = pa.RecordBatchReader.from_batches(schema, self._batches())
        self._written: Future[None] = self._pool.submit(lake.append, table, reader)

    def put(self, batch: pa.RecordBatch | None) -> None:
        while not self._written.done():
            try:
                self._queue.put(batch, timeout=_LOOK)
            except Full:
                continue
            return
        self._written.result()
        raise InternalError("a table was written before its rows were there")

    def close(self, *, is_whole: bool) -> None:
        try:
            if is_whole or not self._written.done():
                self.put(None)
            if is_whole:
                self._written.result()
        finally:
            self._pool.shutdown()

    def _batches(self) -> Iterator[pa.RecordBatch]:
        while (batch := self._queue.get()) is not None:
            yield batch
