"""Queries of an analyst's own: over the released cells only, whoever they are protected for, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

import creditlab as cl
from creditlab.errors import ParameterError
from creditlab.explore import Session
from tests.spec.tiny import REGIONS, SETTINGS, Tiny, code, csv_text, row

BY_DEPARTMENT = (
    "SELECT department, numerator, denominator, marker FROM measures "
    "WHERE measure = 'timeliness' AND grouped_by = 'department' AND period_start = DATE '2026-07-01' ORDER BY 1"
)


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Item A-1 covers natural persons: D1 has 30 records of it, D2 has 2, one of them with a fault."""
    tiny = Tiny(tmp_path_factory.mktemp("asked"))
    tiny.write("creditlab.toml", SETTINGS)
    tiny.write("catalogue/departments.csv", "department,name_zh,name_en\nD1,甲局,Bureau A\nD2,乙局,Bureau B\n")
    tiny.write("catalogue/regions.csv", csv_text(("region_code", "name_zh", "name_en", "level", "parent"), REGIONS))
    tiny.write("catalogue/code_lists.csv", "code_list,code,name_zh,name_en\n")
    tiny.edition(2026, [{"subject_kinds": "legal_person;natural_person"}])
    tiny.register((code(), "legal_person", "甲公司", "990100", "A", "2015-03-01", ""))
    tiny.ledger()
    tiny.deliver([row(f"{number}", note=f"{number}") for number in range(30)], "2026-07-02", department="D1")
    tiny.deliver([row("x"), row("y", subject_name="")], "2026-09-02", department="D2")
    tiny.ingest()
    return cl.open(tiny.folder, as_of="2026-10-20")


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_cells_are_those_released_to_the_audience(ws: Session, audience: str) -> None:
    found = ws.sql(BY_DEPARTMENT, period="2026Q3", audience=audience)
    # The item covers natural persons, and two records are few; of the other department the total would tell.
    assert found[["department", "marker"]].to_numpy().tolist() == [["D1", "[c]"], ["D2", "[c]"]]
    assert found[["numerator", "denominator"]].isna().all(axis=None)
    released = ws.asked("2026Q3", audience).release
    assert str(released.audience) == audience
    shown = ws.sql("SELECT count(*) AS n, count(marker) FILTER (marker <> '') AS hidden FROM measures", period="2026Q3",
                   audience=audience)  # fmt: skip
    cells = released.select(table="measurements").table
    assert shown["n"][0] == cells.num_rows
    assert shown["hidden"][0] == sum(one != "" for one in cells["marker"].to_pylist())


def test_tables_are_those_of_the_audience(ws: Session) -> None:
    tables = ws.tables(period="2026Q3")
    assert set(tables) == {
        "measures", "deliveries", "omissions", "faults", "departments", "items", "regions", "matters",
    }  # fmt: skip
    assert "matters" not in ws.tables(period="2026Q3", audience="public")
    columns = {name for columns in tables.values() for name in columns}
    assert not columns & {"subject_id", "record_id", "subject_name", "name64", "key64", "has_natural_persons"}


def test_names_and_counts_are_joined(ws: Session) -> None:
    found = ws.sql(
        'WITH sent AS (SELECT department, "count" AS n FROM deliveries '
        "WHERE measure = 'delivery_count' AND grouped_by = 'department') "
        "SELECT name, n FROM sent JOIN departments USING (department) ORDER BY name",
        period="2026Q3",
    )
    assert found.to_numpy().tolist() == [["Bureau A", 1], ["Bureau B", 1]]


@pytest.mark.parametrize(
    "query",
    [
        "CREATE TABLE other AS SELECT 1",
        "DROP VIEW measures",
        "SELECT 1; SELECT 2",
        "SET enable_external_access = true",
        "ATTACH 'other.db'",
        "COPY measures TO 'out.csv'",
        "INSTALL httpfs",
        "PRAGMA version",
        "",
    ],
)
def test_only_one_query_that_reads_is_answered(ws: Session, query: str) -> None:
    with pytest.raises(ParameterError, match="only one query that reads"):
        ws.sql(query, period="2026Q3")


def test_no_file_is_read(ws: Session, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("name\nsomebody\n")
    for query in (
        f"SELECT * FROM read_csv('{tmp_path}/secret.csv')",
        f"SELECT * FROM '{tmp_path}/secret.csv'",
        f"SELECT * FROM glob('{tmp_path}/*')",
        f"SELECT * FROM read_text('{tmp_path}/secret.csv')",
        "SELECT * FROM delta_scan('lake/records')",
    ):
        with pytest.raises(ParameterError) as raised:
            ws.sql(query, period="2026Q3")
        assert "somebody" not in str(raised.value)


def test_a_mistyped_column_is_answered_with_the_nearest_and_no_value_is_shown(ws: Session) -> None:
    with pytest.raises(ParameterError, match="numerator"):
        ws.sql("SELECT numeratr FROM measures", period="2026Q3")
    with pytest.raises(ParameterError, match="can't be carried out") as raised:
        ws.sql("SELECT CAST(department AS INTEGER) FROM measures", period="2026Q3")
    assert "D1" not in str(raised.value)
    with pytest.raises(ParameterError, match="Did you mean public"):
        ws.sql("SELECT 1", period="2026Q3", audience="publik")
