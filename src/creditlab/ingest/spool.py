"""Protected payload rows on their way to the lake, kept in temporary files until their run commits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

#: Bytes that are kept as they are: as a rule they never leave memory. What is more is packed, to spare the disk.
_PLAIN_BYTES = 2**30
_PLAIN, _PACKED = pa.ipc.IpcWriteOptions(), pa.ipc.IpcWriteOptions(compression="lz4")


class Spool:
    """Batches of payload rows, in files for each data format and set of columns.

    Rows carry the number of their arrival, so that those of a delivery that was not taken in the end are left out.
    Closed with the run: a file that is open keeps its room on the disk even when it is removed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._writers: dict[tuple[str, ...], tuple[Path, pa.ipc.RecordBatchStreamWriter]] = {}
        self._files = ExitStack()
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        # After an error there may be no room for the end of a file that nobody will read.
        with suppress(OSError):
            self._files.close()

    def add(self, data_format: str, rows: pa.Table) -> None:
        """Keep rows of one data format; they must have a column `arrival`."""
        self._bytes += rows.nbytes
        options = _PLAIN if self._bytes <= _PLAIN_BYTES else _PACKED
        alike = (data_format, str(options.compression), *rows.column_names)
        if alike not in self._writers:
            path = self.folder / f"{len(self._writers)}.arrow"
            sink = self._files.enter_context(pa.OSFile(str(path), "wb"))
            self._writers[alike] = path, pa.ipc.new_stream(sink, rows.schema, options=options)
        self._writers[alike][1].write_table(rows)

    def readers(self, forgotten: set[int], run_no: int) -> Iterator[tuple[str, pa.RecordBatchReader]]:
        """What was kept, as each data format's rows with their run's number; `forgotten` arrivals are left out."""
        for alike, (path, writer) in self._writers.items():
            writer.close()
            with pa.OSFile(str(path)) as source, pa.ipc.open_stream(source) as stream:
                schema = stream.schema.remove(stream.schema.get_field_index("arrival"))
                schema = schema.insert(0, pa.field("run_no", pa.int64()))
                batches = _stamped(stream, forgotten, run_no, schema)
                yield alike[0], pa.RecordBatchReader.from_batches(schema, batches)


def _stamped(
    stream: pa.ipc.RecordBatchStreamReader, forgotten: set[int], run_no: int, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    left_out = pa.array(sorted(forgotten), pa.int64())
    for batch in stream:
        rows = batch.filter(pc.invert(pc.is_in(batch["arrival"], value_set=left_out))) if forgotten else batch
        columns = [rows[name] for name in schema.names[1:]]
        yield pa.RecordBatch.from_arrays([pa.array(np.full(rows.num_rows, run_no)), *columns], schema=schema)
