"""`lake verify`: each kind of damage is found and named, and a lake without damage is not suspected."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from creditlab import engine
from creditlab.books import Verification
from creditlab.errors import NoDataError
from creditlab.lake import Lake
from creditlab.lake.compaction import compact
from tests.spec.tiny import Tiny, code, form_field, form_fields, row
from tests.spec.verifying import fill_once, verified

Damage = Callable[[Path], None]
PERSON = {"subject_kinds": "legal_person;natural_person"}
KEYED = form_fields(form_field("number", role="key"))


def checks(found: Verification) -> set[str]:
    return {one.check for one in found.differences}


def fill(tiny: Tiny) -> None:
    """Three runs: all outcomes, all actions, two items, quarantine, late rows, a natural key that two records share."""
    tiny.edition(2026, [{}, {"item_code": "P-1", "data_format": "form"} | PERSON], KEYED)
    tiny.deliver([row("1"), row("2", number="n"), row("3"), row(""), row("4", event_date="?")], on="2026-07-10")
    tiny.deliver([row("9", subject_id=code("92", 7)), row("")], on="2026-07-10", item_code="P-1")
    tiny.ingest()
    tiny.deliver([row("1"), row("2", number="n", note="new"), row("3", action="withdraw"), row("5", action="dispute")],
                 on="2026-07-12")  # fmt: skip
    tiny.deliver([row("1", note="same day"), row("1", note="same day, again"), row("6", number="n")],
                 on="2026-07-12T15:00:00+08:00")  # fmt: skip
    tiny.deliver(None, on="2026-07-13", period="2026-06")
    tiny.ingest()
    # Late: before all others, and it takes the natural key over.
    tiny.deliver([row("1", note="first of all"), row("7", number="n")], on="2026-07-05")
    tiny.ingest()


@pytest.fixture
def filled(tiny: Tiny, shelf: Path) -> Tiny:
    return fill_once(tiny, shelf, fill)


def test_a_lake_as_ingest_left_it_is_whole_at_every_run(filled: Tiny) -> None:
    found = [verified(filled, run) for run in (1, 2, 3, None)]
    assert [one.differences for one in found] == [[], [], [], []]
    assert [one.run_no for one in found] == [1, 2, 3, 3]
    assert found[-1].compared == {
        "runs": 3, "deliveries": 6, "entries": len(filled.table("records")), "rows": 13, "quarantined": 3, "keys": 7,
        "judged": 13, "lists": 1,
    }  # fmt: skip


def test_new_rules_leave_it_whole(filled: Tiny) -> None:
    # The natural key becomes another field: payloads are written again, keys judged again.
    fields = form_fields(form_field("number"), note={"role": "key"})
    filled.edition(2027, [{}, {"item_code": "P-1"} | PERSON], fields)
    filled.write("catalogue/code_lists.csv", "code_list,code,name_zh,name_en\nsorts,一,一,One\n")
    assert filled.ingest().run_no == 4
    assert verified(filled).differences == []


def test_nothing_ingested_is_no_damage(tiny: Tiny) -> None:
    with pytest.raises(NoDataError):
        verified(tiny)


def table(lake: Path, name: str) -> DeltaTable:
    return DeltaTable(str(lake / name))


def append(lake: Path, name: str, rows: pa.Table) -> None:
    month = ["event_month"] if name == "records" else None
    write_deltalake(str(lake / name), rows, mode="append", partition_by=month)


def again(lake: Path, name: str, chosen: str) -> None:
    """Write rows of a table once more."""
    with engine.connect() as backend:
        rows = pa.table(table(lake, name).to_pyarrow_table())
        backend.con.register("rows", rows)
        append(lake, name, backend.con.sql(f"SELECT * FROM rows WHERE {chosen}").to_arrow_table().cast(rows.schema))


BOOK_DAMAGES: dict[str, tuple[Damage, str]] = {
    "an entry is gone": (lambda lake: table(lake, "records").delete("record_id = '9'"), "sums"),
    "an entry is there twice": (lambda lake: again(lake, "records", "record_id = '9'"), "sums"),
    "a reversal is gone": (lambda lake: table(lake, "records").delete("sign = -1 AND record_id = '3'"), "sums"),
    "a reversal has another day": (
        lambda lake: table(lake, "records").update(
            predicate="sign = -1 AND record_id = '3'", updates={"effective_on": "date '2026-07-14'"}
        ),
        "sums",
    ),
    "a revision is left out": (
        lambda lake: table(lake, "records").update(
            predicate="record_id = '3' AND revision = 2", updates={"revision": "3"}
        ),
        "entries",
    ),
    "a state was changed": (
        lambda lake: table(lake, "records").update(predicate="record_id = '5'", updates={"record_state": "'normal'"}),
        "entries",
    ),
    "an entry and its reversal differ": (
        lambda lake: table(lake, "records").update(
            predicate="record_id = '3' AND sign = -1", updates={"filled_count": "filled_count + 1"}
        ),
        "entries",
    ),
    "a payload row is gone": (lambda lake: table(lake, "payloads/form").delete("record_id = '9'"), "counts"),
    "a payload row is there twice": (lambda lake: again(lake, "payloads/form", "record_id = '9'"), "rows"),
    "a quarantined row is gone": (lambda lake: table(lake, "quarantine").delete("item_code = 'P-1'"), "counts"),
    "a quarantined row is there twice": (lambda lake: again(lake, "quarantine", "item_code = 'P-1'"), "rows"),
    "a delivery is gone": (lambda lake: table(lake, "deliveries").delete("path = '002.csv'"), "rows"),
    "a delivery is there twice": (lambda lake: again(lake, "deliveries", "path = '002.csv'"), "deliveries"),
    "a delivery's count was changed": (
        lambda lake: table(lake, "deliveries").update(
            predicate="path = '002.csv'", updates={"accepted": "accepted + 1", "quarantined": "quarantined - 1"}
        ),
        "counts",
    ),
    "a delivery's counts don't add up": (
        lambda lake: table(lake, "deliveries").update(
            predicate="path = '002.csv'", updates={"delivered": "delivered + 1"}
        ),
        "deliveries",
    ),
    "a run's count was changed": (
        lambda lake: table(lake, "runs").update(predicate="run_no = 2", updates={"accepted": "accepted + 1"}),
        "runs",
    ),
    "a run names a register that none brought": (
        lambda lake: table(lake, "runs").update(predicate="run_no = 2", updates={"subjects_run": "7"}),
        "runs",
    ),
    "a run is gone": (lambda lake: table(lake, "runs").delete("run_no = 2"), "rows"),
    "a run is committed twice": (lambda lake: again(lake, "runs", "run_no = 2"), "runs"),
    "a run remembers another edition": (
        lambda lake: table(lake, "runs").update(predicate="run_no = 2", updates={"editions": '\'{"2026": "0"}\''}),
        "editions",
    ),
}


@pytest.mark.parametrize("name", BOOK_DAMAGES)
def test_damage_to_the_books_is_found(filled: Tiny, name: str) -> None:
    damage, check = BOOK_DAMAGES[name]
    damage(filled.workspace.lake)
    found = verified(filled)
    assert check in checks(found)
    assert not found.is_whole
    # Whoever reads this may not read the data: no record's number, no subject.
    said = " ".join(f"{one.where} {one.what}" for one in found.differences)
    assert code() not in said
    assert code("92", 7) not in said


def a_file(tiny: Tiny, name: str = "records") -> Path:
    return Path(sorted(Lake(tiny.workspace.lake).files(name))[0])


def remove(path: Path) -> None:
    path.unlink()


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def change_a_byte(path: Path) -> None:
    """In the middle of the data, where neither size nor footer shows it."""
    content = bytearray(path.read_bytes())
    column = pq.read_metadata(path).row_group(0).column(3)
    content[column.data_page_offset + column.total_compressed_size - 4] ^= 0xFF
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("damage", [remove, truncate, change_a_byte])
@pytest.mark.parametrize("name", ["records", "runs", "payloads/form"])
def test_a_damaged_file_is_named(filled: Tiny, name: str, damage: Callable[[Path], None]) -> None:
    with engine.connect(folders=[filled.workspace.lake]) as backend:
        compact(Lake(filled.workspace.lake), backend)
    path = a_file(filled, name)
    damage(path)
    found = verified(filled)
    assert [(one.check, one.where) for one in found.differences] == [
        ("files", path.relative_to(filled.workspace.lake).as_posix())
    ]
    assert found.run_no is None


def test_a_log_that_is_gone_or_broken_is_named(filled: Tiny) -> None:
    shutil.rmtree(filled.workspace.lake / "quarantine")
    (filled.workspace.lake / "records" / "_delta_log" / "00000000000000000001.json").write_text("{", encoding="utf-8")
    assert [(one.where, one.what) for one in verified(filled).differences] == [
        ("records/_delta_log", "the table's log can't be read"),
        ("quarantine/_delta_log", "the table is missing"),
    ]


def test_an_edition_that_was_edited_or_is_gone_is_named(filled: Tiny) -> None:
    items = filled.folder / "catalogue" / "2026" / "items.csv"
    items.write_text(items.read_text(encoding="utf-8").replace("Item A", "Item B", 1), encoding="utf-8")
    assert [(one.check, one.where) for one in verified(filled).differences] == [("editions", "edition 2026")]
    filled.edition(2027)
    shutil.rmtree(filled.folder / "catalogue" / "2026")
    assert [(one.where, one.what) for one in verified(filled).differences] == [
        ("edition 2026", "a published edition that a run used is gone")
    ]


def test_the_command_says_so_and_its_status_too(filled: Tiny, creditlab_here: Callable[..., Any]) -> None:
    done = creditlab_here("--json", "lake", "verify", workspace=filled.folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["is_whole"] is True
    table(filled.workspace.lake, "quarantine").delete("item_code = 'P-1'")
    done = creditlab_here("--json", "lake", "verify", workspace=filled.folder)
    said = json.loads(done.stdout)
    assert done.returncode == 3
    assert said["is_whole"] is False
    assert {(one["check"], one["where"], one["expected"], one["found"]) for one in said["differences"]} == {
        ("counts", "002.csv, quarantined", 1, 0),
        ("counts", "002.csv, delivered", 2, 1),
    }
    done = creditlab_here("lake", "verify", workspace=filled.folder)
    assert done.returncode == 3
    assert "002.csv, quarantined" in done.stdout


def test_history_says_how_large_tables_are(filled: Tiny, creditlab_here: Callable[..., Any]) -> None:
    said = json.loads(creditlab_here("--json", "lake", "history", workspace=filled.folder).stdout)
    assert [one["run_no"] for one in said["runs"]] == [1, 2, 3]
    entries = len(filled.table("records"))
    files = Lake(filled.workspace.lake).files("records")
    assert said["tables"]["records"] == {
        "files": len(files), "rows": entries, "bytes": sum(Path(file).stat().st_size for file in files),
    }  # fmt: skip
