"""Queries on a real PostgreSQL server: rows as text, streamed, and what goes wrong. All data is synthetic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from creditlab import engine
from creditlab.cli import main
from creditlab.errors import SourceError, WorkspaceError
from creditlab.ingest import take_in
from creditlab.lake import Lake, Snapshot
from creditlab.sources import Batch, look, postgres, read_batches
from tests.spec.postgres_server import WORD, Server, running_server
from tests.spec.tiny import NOW, Tiny, code, row

ZONE = ZoneInfo("Asia/Shanghai")
MARK = "VERTRAULICH"
ROWS = 300_000
FORM = (
    f"SELECT 'P-' || g AS record_id, '{code()}' AS subject_id, '甲公司' AS subject_name, "
    "'legal_person' AS subject_kind, DATE '2026-07-01' AS event_date, NULL::text AS note"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server() as made:
        yield made


@pytest.fixture
def asked(server: Server, make_tiny: Any) -> Tiny:
    """A workspace that knows the server as `frontend`, and one that isn't there as `gone`."""
    tiny: Tiny = make_tiny(
        settings=f'[sources]\nfrontend = "{server.address()}"\ngone = "postgresql://a@/b?host=/nowhere"\n'
        f'locked = "{server.address("locked")}"\n'
    )
    return tiny


def query(tiny: Tiny, text: str, source: str = "frontend") -> str:
    """Announce a query."""
    return tiny.deliver(f"-- source: {source}\n{text}", path=f"q{len(tiny.manifest)}.sql")


def payload_rows(tiny: Tiny) -> int:
    """How many rows of the data format are kept, and visible."""
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        payload = Snapshot.take(Lake(tiny.workspace.lake), backend).payload("form")
        return int(backend.to_pyarrow(payload.count()).as_py())


def read(server: Server, tmp_path: Path, text: str, database: str = "postgres") -> list[Batch]:
    path = tmp_path / "q.sql"
    path.write_text(f"-- source: a\n{text}", encoding="utf-8")
    return list(read_batches(look(path), ZONE, {"a": server.address(database=database)}))


def cells(batches: list[Batch]) -> list[dict[str, str]]:
    return [one for batch in batches for one in batch.table.to_pylist()]


# --- Values -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("12345678901234567890.120::numeric", "12345678901234567890.120"),
        ("1.50::numeric(10,2)", "1.50"),
        ("-0.000001::numeric", "-0.000001"),
        ("DATE '2026-07-01'", "2026-07-01"),
        ("'infinity'::date", "infinity"),
        ("TIMESTAMP '2026-07-01 08:30:00'", "2026-07-01 08:30:00"),
        ("TIMESTAMP '2026-07-01'", "2026-07-01"),
        ("TIMESTAMP '2026-07-01 00:00:00.5'", "2026-07-01 00:00:00.5"),
        ("TIMESTAMPTZ '2026-06-30 16:00:00+00'", "2026-07-01"),
        ("TIMESTAMPTZ '2026-06-30 17:00:00+00'", "2026-07-01 01:00:00"),
        ("true", "true"),
        ("false", "false"),
        ("NULL::numeric", ""),
        ("NULL::date", ""),
        ("NULL", ""),
        ("9007199254740993::bigint", "9007199254740993"),
        ("100::float8", "100"),
        ("E'a\\n\"b\",c'", 'a\n"b",c'),
        ("' 甲 '", " 甲 "),
        ("'[\"a\"]'::json", '["a"]'),
        ("ARRAY[1,2]", "{1,2}"),
    ],
)
def test_a_value_is_the_text_that_a_department_would_write(
    server: Server, tmp_path: Path, value: str, text: str
) -> None:
    assert cells(read(server, tmp_path, f"SELECT {value} AS a")) == [{"a": text}]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 AS a;",
        "SELECT 1 AS a ; \n\n",
        "SELECT 1 AS a -- the end",
        "/* why */ WITH b AS (SELECT 1 AS a) SELECT * FROM b",
        "VALUES (1)",
        "SELECT a FROM (VALUES (2), (1)) AS b (a) ORDER BY a LIMIT 1",
    ],
)
def test_ways_to_write_one_query(server: Server, tmp_path: Path, text: str) -> None:
    assert [list(one.values()) for one in cells(read(server, tmp_path, text))] == [["1"]]


def test_order_and_odd_names_of_columns_are_kept(server: Server, tmp_path: Path) -> None:
    (batch,) = read(server, tmp_path, 'SELECT g AS "a""b", -g AS "企业 名称" FROM generate_series(1, 3) AS g')
    assert batch.table.to_pydict() == {'a"b': ["1", "2", "3"], "企业 名称": ["-1", "-2", "-3"]}
    assert batch.row_no.tolist() == [1, 2, 3]


def test_a_query_that_finds_nothing_is_a_delivery_of_nothing(asked: Tiny) -> None:
    query(asked, f"{FORM} FROM generate_series(1, 0) AS g")
    done = asked.ingest()
    assert (done.deliveries, done.counts.delivered) == (1, 0)


def test_a_database_in_another_encoding(server: Server, tmp_path: Path) -> None:
    server.sql("CREATE DATABASE national TEMPLATE template0 ENCODING 'EUC_CN' LOCALE 'C'")
    assert cells(read(server, tmp_path, "SELECT '企业' AS a", "national")) == [{"a": "企业"}]


def test_bytes_that_are_no_text_are_unreadable_rows(server: Server, tmp_path: Path) -> None:
    server.sql("CREATE DATABASE mixed TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    server.sql("CREATE TABLE old (n int, a text)", "mixed")
    server.sql("INSERT INTO old VALUES (1, '企'), (2, E'\\xc6\\xf3'), (3, 'A')", "mixed")
    (batch,) = read(server, tmp_path, "SELECT a FROM old ORDER BY n", "mixed")
    assert batch.table.to_pydict() == {"a": ["企", "A"]}
    assert (batch.row_no.tolist(), batch.unreadable) == ([1, 3], [2])


# --- Streaming ----------------------------------------------------------------------------------------------

LONG = f"SELECT g AS a, repeat('x', 200) AS b FROM generate_series(1, {ROWS}) AS g"


def opened(server: Server, tmp_path: Path, text: str) -> Iterator[Batch]:
    path = tmp_path / "long.sql"
    path.write_text(f"-- source: a\n{text}", encoding="utf-8")
    return read_batches(look(path), ZONE, {"a": server.address()})


def test_many_rows_come_in_batches_while_the_server_still_sends(server: Server, tmp_path: Path) -> None:
    batches = opened(server, tmp_path, LONG)
    sizes = [len(next(batches).row_no)]
    busy = "SELECT state FROM pg_stat_activity WHERE application_name = 'creditlab'"
    assert server.sql(busy) == "active"
    last = 0
    for batch in batches:
        sizes.append(len(batch.row_no))
        last = batch.row_no[-1]
        assert batch.table["a"][-1].as_py() == str(last)
    assert sum(sizes) == last == ROWS
    assert max(sizes) <= postgres.BATCH_ROWS
    assert len(sizes) >= ROWS / postgres.BATCH_ROWS
    assert server.sql(busy) == ""


def test_many_rows_are_taken_in(asked: Tiny) -> None:
    query(asked, f"{FORM} FROM generate_series(1, {ROWS}) AS g")
    counts = asked.ingest().counts
    assert (counts.delivered, counts.accepted) == (ROWS, ROWS)


def test_who_stops_reading_closes_the_connection(server: Server, tmp_path: Path) -> None:
    batches = opened(server, tmp_path, LONG)
    assert len(next(batches).row_no)
    batches.close()  # type: ignore[attr-defined]
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'creditlab' AND state = 'active'"
    for _ in range(100):
        if server.sql(waiting) == "0":
            break
    assert server.sql(waiting) == "0"


def test_a_connection_killed_in_the_middle_is_an_error_not_an_end(server: Server, tmp_path: Path) -> None:
    batches = opened(server, tmp_path, LONG)
    next(batches)
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'creditlab'"
    assert server.sql(kill) == "t"
    with pytest.raises(SourceError, match="source a"):
        list(batches)


def test_a_server_that_stops_in_the_middle_is_an_error_not_an_end(server: Server, tmp_path: Path) -> None:
    batches = opened(server, tmp_path, LONG)
    next(batches)
    server.stop()
    try:
        with pytest.raises(SourceError, match="source a"):
            list(batches)
    finally:
        server.start()


# --- What goes wrong ----------------------------------------------------------------------------------------


def test_a_query_that_fails_in_the_middle_takes_nothing_and_others_are_committed(server: Server, asked: Tiny) -> None:
    server.sql("CREATE TABLE fuse (g int)")
    killed = (
        f"{FORM}, CASE WHEN g = 250000 AND EXISTS (SELECT FROM fuse) THEN pg_terminate_backend(pg_backend_pid()) END"
    )
    server.sql("INSERT INTO fuse VALUES (1)")
    asked.deliver([row("BEFORE")])
    query(asked, f"{killed} AS more FROM generate_series(1, {ROWS}) AS g")
    asked.deliver([row("AFTER")])
    with pytest.raises(SourceError) as caught:
        asked.ingest()
    assert (caught.value.code, caught.value.exit_status) == ("source", 3)
    assert caught.value.where == "manifest.csv, row 2, source frontend"
    assert "Taken in by run 1: 2 deliveries." in caught.value.do
    assert sorted(asked.records()) == ["AFTER", "BEFORE"]
    assert payload_rows(asked) == 2
    assert asked.table("quarantine") == []
    assert sorted(one["delivered"] for one in asked.table("deliveries")) == [1, 1]
    server.sql("DROP TABLE fuse; CREATE TABLE fuse (g int)")
    try:
        done = asked.ingest()
        assert (done.run_no, done.known, done.counts.delivered, done.counts.accepted) == (2, 2, ROWS, ROWS)
    finally:
        server.sql("DROP TABLE fuse")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (f"-- source: nowhere\nSELECT '{MARK}'", "source that the workspace does not have"),
        (f"SELECT '{MARK}'", "names no source"),
        (f"\n-- source: frontend\nSELECT '{MARK}'", "names no source"),
        (f"-- source: {MARK} {MARK}\nSELECT 1", "names no source"),
        ("-- source: frontend", "names no source"),
        (b"-- source: frontend\nSELECT '\xc6f3'", "can't be read"),
        (f"-- source: gone\nSELECT '{MARK}'", "can't be reached"),
        (f"-- source: locked\nSELECT '{MARK}'", "can't be reached"),
        (f"-- source: frontend\nSELECT {MARK} FROM nothing", "SQLSTATE 42P01"),
        (f"-- source: frontend\nSELECT '{MARK}'::int AS a", "SQLSTATE 22P02"),
        (f"-- source: frontend\nSELECT 1 AS a; SELECT '{MARK}'", "SQLSTATE 42601"),
        (f"-- source: frontend\nSELECT 1 AS a) AS b (c0); SELECT ('{MARK}'", "SQLSTATE 42601"),
        ("-- source: frontend\n", "can't be run"),
        ("-- source: frontend\nSELECT", "can't be used"),
        (f"-- source: frontend\nSELECT 1 AS a, '{MARK}' AS a", "columns can't be used"),
        (f"-- source: frontend\nCREATE TABLE made AS SELECT '{MARK}' AS a", "can't be used"),
        ("-- source: frontend\nDELETE FROM pg_class RETURNING relname", "can't be run"),
        ("-- source: frontend\nSHOW ALL", "can't be run"),
        (f"-- source: frontend\nSELECT 1 / (g - 3) AS {MARK} FROM generate_series(1, 9) AS g", ""),
    ],
)
def test_a_query_that_can_not_be_read(
    asked: Tiny, capfd: pytest.CaptureFixture[str], text: str | bytes, what: str
) -> None:
    asked.deliver(text, path="q.sql")
    asked.deliver([row()])
    assert main(["--json", "--workspace", str(asked.folder), "ingest"]) == 3
    out, err = capfd.readouterr()
    said: dict[str, Any] = json.loads(out)
    assert said["error"] == "source"
    assert what in said["what"]
    assert said["where"].startswith("manifest.csv, row 1")
    for secret in (MARK, "pg_class", "nowhere", "host=", "tester"):
        assert secret not in out + err
    assert "Traceback" not in err
    # The others are in the lake, and nothing of this one is.
    assert list(asked.records()) == ["1"]
    assert len(asked.table("deliveries")) == 1
    assert asked.table("quarantine") == []


def test_a_query_can_not_write(server: Server, asked: Tiny) -> None:
    server.sql("CREATE TABLE kept (a text)")
    server.sql(
        "CREATE FUNCTION sly() RETURNS text LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM set_config('transaction_read_only', 'off', false); "
        "INSERT INTO kept VALUES ('x'); RETURN 1; END $$"
    )
    query(asked, "SELECT sly() AS a")
    with pytest.raises(SourceError, match="source frontend"):
        asked.ingest()
    assert server.sql("SELECT count(*) FROM kept") == "0"


def test_a_password_comes_from_its_own_file(asked: Tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    query(asked, f"{FORM} FROM generate_series(1, 2) AS g", "locked")
    passwords = tmp_path / "passwords"
    passwords.write_text(f"*:*:*:locked:{WORD}-not\n")
    passwords.chmod(0o600)
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    with pytest.raises(SourceError, match="can't be reached"):
        asked.ingest()
    passwords.write_text(f"*:*:*:locked:{WORD}\n")
    assert asked.ingest().counts.accepted == 2


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://user:{WORD}@host/db",
        f"postgresql://user?x:{WORD}@host/db",
        f"postgres://user:{WORD}@/db?host=/tmp",
        f"postgresql://host/db?password={WORD}",
        f"postgresql://host/db?user=a&pass%77ord={WORD}",
        f"postgresql://host/db?sslpassword={WORD}",
    ],
)
def test_an_address_with_a_password_is_refused(make_tiny: Any, address: str) -> None:
    tiny = make_tiny(settings=f'[sources]\nfrontend = "{address}"\n')
    with pytest.raises(WorkspaceError, match="carries a password") as caught:
        tiny.workspace  # noqa: B018
    assert WORD not in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        "[sources]\na = 1\n",
        '[sources]\na = "mysql://host/db"\n',
        '[sources]\n"a b" = "postgresql://h/d"\n',
        "sources = 1\n",
    ],
)
def test_sources_that_are_none_are_refused(make_tiny: Any, settings: str) -> None:
    tiny = make_tiny()
    tiny.write("creditlab.toml", settings)
    with pytest.raises(WorkspaceError):
        tiny.workspace  # noqa: B018


# --- Identity -----------------------------------------------------------------------------------------------


def test_a_query_is_asked_once_for_each_manifest_row(server: Server, asked: Tiny) -> None:
    server.sql("CREATE TABLE asked_of (g int); INSERT INTO asked_of VALUES (1)")
    try:
        path = query(asked, f"{FORM} FROM asked_of")
        assert asked.ingest().counts.accepted == 1
        server.sql("INSERT INTO asked_of VALUES (2)")
        assert (asked.ingest().known, asked.ingest().run_no) == (1, None)
        asked.manifest.append(asked.manifest[0] | {"delivered_at": "2026-08-02T09:00:00+08:00"})
        asked.write_manifest()
        done = asked.ingest()
        assert (done.counts.accepted, done.counts.repeated) == (1, 1)
        assert {one["path"] for one in asked.table("deliveries")} == {path}
    finally:
        server.sql("DROP TABLE asked_of")


def test_the_same_row_twice_in_the_manifest_is_asked_once_even_where_it_fails(asked: Tiny) -> None:
    query(asked, "SELECT 1 AS a", "gone")
    asked.manifest.append(dict(asked.manifest[0]))
    asked.write_manifest()
    done = take_in(asked.workspace, now=NOW)
    assert (len(done.failures), done.absent, done.deliveries) == (1, 1, 0)
