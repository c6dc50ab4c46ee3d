"""A query on a department's front-end database: its rows as text, streamed.

The inbox holds the query; the workspace knows which database its first line means. Everything that goes wrong is an
error and not bad data: a database that can't be reached today holds the same rows tomorrow.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.errors import SourceError
from creditlab.sources.delivered import Batch, Content, UnreadableFileError, check_header, named_columns
from creditlab.sources.rows import text_rows, without_midnight

#: No batch has more rows than this.
BATCH_ROWS = 50_000
#: How much the driver gathers before it hands rows over.
_BATCH_BYTES = 8 * 2**20
_SOURCE_LINE = re.compile(r"\ufeff?--[ \t]*source:[ \t]*(?P<name>[A-Za-z0-9_-]{1,64})[ \t]*\r?\n")
#: Where the address says nothing else: how soon a server that went away is noticed.
_SETTINGS = {
    "connect_timeout": "30",
    "keepalives_idle": "60",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "application_name": "creditlab",
}


def read_query(content: Content, sources: Mapping[str, str], zone: ZoneInfo) -> Iterator[Batch]:
    """Run a query in a read-only transaction and read its rows.

    The database turns the values into text itself, so that every type that it has is written exactly; a moment with a
    zone becomes a time of the workspace's zone, midnight a day.

    Parameters
    ----------
    sources
        The addresses of the workspace's databases, by name.

    Raises
    ------
    SourceError
        At any batch, if the query names no known source, the server can't be reached or goes away, or the query can't
        be run. It names the source, never the query, its address or what the server said.
    """
    name, query = _query(content)
    if name not in sources:
        # The name may be anything that someone wrote there, so it isn't repeated.
        raise SourceError(
            "a query names a source that the workspace does not have", do="Name one of creditlab.toml's [sources]."
        )
    return _Reading(name, query, zone).batches(sources[name])


def _query(content: Content) -> tuple[str, str]:
    what = "a query can't be read"
    if content.data is None or not content.is_utf8 or content.has_nul:
        raise SourceError(what, do="Save it as UTF-8 text.")
    text = content.data.decode("utf-8")
    first = _SOURCE_LINE.match(text)
    if first is None:
        raise SourceError("a query names no source", do="Let its first line be: -- source: NAME")
    # What ends a statement may not stand inside another one.
    return first["name"], re.sub(r"[;\s]+\Z", "", text[first.end() :])


class _Reading:
    def __init__(self, name: str, query: str, zone: ZoneInfo) -> None:
        self.where = f"source {name}"
        self.query, self.zone = query, zone

    def batches(self, address: str) -> Iterator[Batch]:
        from adbc_driver_manager import Error

        with ExitStack() as stack:
            try:
                cursor = self._connect(address, stack)
            except (Error, OSError) as error:
                raise self._error(
                    "a database can't be reached", "Check that it runs and lets this user in, then ingest again."
                ) from error
            try:
                header, moments = self._prepare(cursor)
                reader = stack.enter_context(cursor.fetch_record_batch())
            except (Error, OSError, pa.ArrowException) as error:
                what = f"a query can't be run{_state(error)}"
                raise self._error(what, "Try it in psql: one SELECT that may be read there.") from error
            yield from self._rows(reader, header, moments)

    def _rows(self, reader: pa.RecordBatchReader, header: list[str], moments: list[int]) -> Iterator[Batch]:
        from adbc_driver_manager import Error

        done = 0
        while True:
            try:
                rows = reader.read_next_batch()
            except StopIteration:
                return
            except (Error, OSError, pa.ArrowException) as error:
                what = "a database went away, or a query failed, before all rows were read"
                raise self._error(what, "See the database's log, then ingest again.") from error
            columns = [pc.fill_null(column, "") for column in rows.columns]
            for place in moments:
                columns[place] = without_midnight(columns[place])
            table = pa.table(columns, names=header)
            for start in range(0, table.num_rows, BATCH_ROWS):
                part = table.slice(start, BATCH_ROWS)
                numbers = np.arange(done + 1, done + part.num_rows + 1)
                done += part.num_rows
                yield text_rows(named_columns(part), numbers)

    def _connect(self, address: str, stack: ExitStack) -> Any:
        from adbc_driver_postgresql import StatementOptions, dbapi

        connection = stack.enter_context(dbapi.connect(_with_settings(address)))
        cursor = stack.enter_context(connection.cursor())
        cursor.execute("SET TRANSACTION READ ONLY")
        cursor.execute("SET LOCAL DateStyle TO 'ISO, YMD'")
        cursor.execute(f"SET LOCAL TimeZone TO '{self.zone.key}'")
        cursor.execute("SELECT current_setting('server_encoding')")
        # Where the database takes any bytes, it can't convert them, and would refuse all rows for one that is no text.
        encoding = "SQL_ASCII" if cursor.fetchone() == ("SQL_ASCII",) else "UTF8"
        cursor.execute(f"SET LOCAL client_encoding TO '{encoding}'")
        cursor.adbc_statement.set_options(**{StatementOptions.BATCH_SIZE_HINT_BYTES.value: str(_BATCH_BYTES)})
        return cursor

    def _prepare(self, cursor: Any) -> tuple[list[str], list[int]]:
        """Run the query; returns its columns' names, and the places of those that are moments."""
        # Only one statement that stands for itself can be described, so the text below holds nothing else.
        schema = cursor.adbc_execute_schema(self.query)
        try:
            header = check_header(schema.names)
        except UnreadableFileError as error:
            raise self._error("a query's columns can't be used", "Give each a name of its own.") from error
        moments = [place for place, one in enumerate(schema.types) if pa.types.is_timestamp(one)]
        names = [f"c{place}" for place in range(len(header))]
        texts = [f"{name}{_cast(one)}" for name, one in zip(names, schema.types, strict=True)]
        cursor.execute(f"SELECT {', '.join(texts)} FROM (\n{self.query}\n) AS delivered ({', '.join(names)})")  # noqa: S608
        return header, moments

    def _error(self, what: str, do: str) -> SourceError:
        return SourceError(what, where=self.where, do=do)


def _cast(kind: pa.DataType) -> str:
    return "::timestamp::text" if pa.types.is_timestamp(kind) else "::text"


def _state(error: Exception) -> str:
    """The server's own code for what is wrong; its message may hold values."""
    state = getattr(error, "sqlstate", None)
    return f" (SQLSTATE {state})" if state and re.fullmatch("[0-9A-Z]{5}", state) else ""


def _with_settings(address: str) -> str:
    given = {unquote(one.partition("=")[0]) for one in address.partition("?")[2].split("&")}
    added = "&".join(f"{key}={value}" for key, value in _SETTINGS.items() if key not in given)
    return f"{address}{'&' if '?' in address else '?'}{added}"
