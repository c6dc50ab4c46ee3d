"""What a run of ingest holds in memory: rows lie on disk, keys are resolved in parts, and too little is said.

All data is synthetic.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from creditlab import engine
from creditlab.errors import ExitStatus, MemoryLimitError
from creditlab.ingest import shelf
from creditlab.ingest.shelf import Shelf, parts_of
from tests.spec.asking import Run, counts
from tests.spec.tiny import SETTINGS, Tiny, form_field, form_fields, row

Make = Callable[..., Tiny]
_COLUMNS = {"key": "BIGINT", "text": "VARCHAR"}


def deliver(tiny: Tiny) -> None:
    """Records with one row, with several, in several deliveries, and with natural keys of others."""
    for number in range(4):
        rows = [row(f"{one}", permit=f"P{one % 7}", note=str(number)) for one in range(number, 20, number + 1)]
        last = row("3", permit="P3", action="withdraw" if number == 2 else "")
        tiny.deliver([*rows, last, rows[-1]], f"2026-07-{10 - number:02d}")


def books(tiny: Tiny) -> list[str]:
    """All entries, in an order of their own."""
    return sorted(json.dumps(one, default=str) for one in tiny.table("records"))


def test_keys_are_resolved_alike_in_any_parts(make_tiny: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for together in (shelf.KEYED_ROWS, 5):
        monkeypatch.setattr(shelf, "KEYED_ROWS", together)
        tiny = make_tiny(name=f"in-{together}", fields=form_fields(form_field("permit", role="key")))
        deliver(tiny)
        tiny.ingest()
        # Rows of earlier deliveries come into it, and their keys are judged again.
        tiny.deliver([row("1", permit="P1", note="late"), row("99", permit="P2")], "2026-07-01")
        tiny.ingest()
        found.append((books(tiny), counts(tiny)))
    assert found[0] == found[1]
    outcomes = {name for one in found[0][1] for name in one}
    assert {"accepted", "corrected", "withdrawn", "repeated"} <= outcomes
    assert any("duplicate_key" in line for line in found[0][0])


def test_parts_have_each_value_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "KEYED_ROWS", 10)
    values = [-(2**63), -(2**62), -1, 0, 1, 2**62, 2**63 - 1, *range(-(2**63), 2**63, 2**63 // 50)]
    listed = ", ".join(f"('{one}'::BIGINT)" for one in values)
    with engine.connect() as backend:
        for rows, number in ((0, 1), (10, 1), (11, 2), (95, 10)):
            parts = parts_of("key", rows)
            assert len(parts) == number
            hits = " + ".join(f"({part})::INT" for part in parts)
            query = f"SELECT min({hits}) AS fewest, max({hits}) AS most FROM (VALUES {listed}) t(key)"
            assert engine.fetch(backend, query).to_pylist() == [{"fewest": 1, "most": 1}]


def test_a_shelf_shows_what_was_added_and_holds_none_of_it(tmp_path: Path) -> None:
    odd = tmp_path / "it's [a] run=1"
    odd.mkdir()
    with engine.connect(folders=[tmp_path]) as backend:
        kept = Shelf(backend, odd, "kept", _COLUMNS)
        assert engine.fetch(backend, "SELECT * FROM kept").num_rows == 0
        kept.add("SELECT 'one' AS text, 1 AS key")
        kept.show("key <> 2")
        kept.add("SELECT 2 AS key, 'two' AS text UNION ALL SELECT 3, NULL")
        rows = engine.fetch(backend, "SELECT * FROM kept ORDER BY key").to_pylist()
        tables = engine.fetch(backend, "SELECT table_name FROM duckdb_tables()").num_rows
    assert rows == [{"key": 1, "text": "one"}, {"key": 3, "text": None}]
    assert tables == 0


def test_too_little_memory_is_said_with_what_to_do() -> None:
    with pytest.raises(MemoryLimitError, match=r"memory: .* \[\[engine\] memory, 30MB\]\. Allow it more there") as said:
        group_much()
    assert "SELECT" not in str(said.value)


def group_much() -> None:
    with engine.connect(memory="30MB") as backend:
        backend.raw_sql("SELECT list(i) FROM range(30000000) t(i)")


def test_ingest_says_so_and_shows_nothing_half_done(tiny: Tiny, run: Run) -> None:
    tiny.deliver([row()])
    tiny.write("creditlab.toml", SETTINGS + '[engine]\nmemory = "1MB"\n')
    answer = run(tiny, "ingest", status=ExitStatus.INTERNAL)
    assert answer["error"] == "memory"
    tiny.write("creditlab.toml", SETTINGS + '[engine]\nmemory = "200MB"\n')
    again = run(tiny, "ingest")
    assert (again["run_no"], again["delivered"], again["accepted"]) == (1, 1, 1)
