"""python -m tests.stress.die_at POINT creditlab's arguments

Run one command of creditlab in a process that ends itself, by SIGKILL, at a point of its life. Points are the calls
that change what others can see: a table made, rows written to new files, files named in a table's log, a file put in
its place. Each has a name, such as `append records#1`: what is done, to which table, for the how manieth time. A
point is `NAME:before`, `NAME:after` or, for rows appended, `NAME:inside` (the rows are read, and no file is whole
yet); `count:FILE` ends nothing, and writes the names to a file, one a line.
"""

from __future__ import annotations

import os
import secrets
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pyarrow as pa

from creditlab import workspace
from creditlab.lake import store


class Steps:
    """The calls of this process, and the one at which it ends."""

    def __init__(self, point: str) -> None:
        first, _, second = point.partition(":")
        self.report = second if first == "count" else ""
        self.last, self.when = (first, second) if not self.report else ("", "")
        self.seen: Counter[str] = Counter()

    def watch(self, what: str, real: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, that ends the process where it should."""

        def watched(*arguments: Any, **named: Any) -> Any:
            is_last = self._begin(what, arguments)
            if is_last and what == "append" and self.when == "inside":
                arguments = (arguments[0], _read_then_die(arguments[1]), *arguments[2:])
            result = real(*arguments, **named)
            if is_last and self.when == "after":
                die()
            return result

        return watched

    def _begin(self, what: str, arguments: tuple[Any, ...]) -> bool:
        table = str(arguments[0]).split("/lake/", 1)[-1] if what in ("append", "create") else ""
        table = arguments[1].table_uri.rstrip("/").split("/lake/", 1)[-1] if what == "commit" else table
        name = f"{what} {table}".strip()
        self.seen[name] += 1
        name = f"{name}#{self.seen[name]}"
        if self.report:
            with open(self.report, "a", encoding="utf-8") as handle:
                handle.write(name + "\n")
        if name == self.last and self.when == "before":
            die()
        return name == self.last


def die() -> None:
    """End at once: nothing is flushed, nothing is tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)


def _read_then_die(data: pa.Table | pa.RecordBatchReader) -> pa.RecordBatchReader:
    reader = data.to_reader() if isinstance(data, pa.Table) else data

    def batches() -> Iterator[pa.RecordBatch]:
        yield from reader
        die()

    return pa.RecordBatchReader.from_batches(reader.schema, batches())


def main() -> int:
    point, *arguments = sys.argv[1:]
    steps = Steps(point)
    store.write_rows = steps.watch("append", store.write_rows)
    store.Lake._transact = steps.watch("commit", store.Lake._transact)
    store.DeltaTable.create = staticmethod(steps.watch("create", store.DeltaTable.create))
    # The module's functions themselves: every room puts files in their place with these.
    for name in ("replace", "rename", "link"):
        setattr(os, name, steps.watch(name, getattr(os, name)))
    # Whose file may be there already, and empty, when its content is drawn.
    drawn = SimpleNamespace(token_bytes=steps.watch("key", secrets.token_bytes), token_hex=secrets.token_hex)
    workspace.secrets = drawn
    from creditlab.cli import main as creditlab

    return int(creditlab(arguments))


if __name__ == "__main__":
    sys.exit(main())
