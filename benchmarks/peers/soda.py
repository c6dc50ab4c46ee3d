# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "soda-duckdb==4.28.0",
# ]
#
# [tool.benchmark]
# title = "Soda Core on DuckDB"
# does = ["checks", "rows of duplicates", "calendar days"]
# environment = { SODA_CORE_TELEMETRY_ENABLED = "false" }
# ///
"""The checks that a Soda contract has, over the whole table: counts, no rows.

SODA_CORE_TELEMETRY_ENABLED=false python -P soda.py WORKSPACE OUTPUT
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import duckdb
from soda_core.contracts import verify_contract_locally
from soda_duckdb.common.data_sources.duckdb_data_source import DuckDBDataSourceImpl

FIELDS = ("record_id", "document_number", "subject_id", "subject_name", "subject_kind", "event_date", "licence_kind",
          "content", "valid_until", "amount", "post_code", "grade")  # fmt: skip
NUMBER = "^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$"
DELIVERED = """
CREATE MACRO cell(text) AS CASE WHEN trim(text) IN ('', '—', '--', 'NULL') THEN NULL ELSE trim(text) END;
CREATE SCHEMA delivered;
CREATE TABLE files AS SELECT '{workspace}/inbox/' || path AS filename, item_code, department,
  (delivered_at::TIMESTAMPTZ AT TIME ZONE 'Asia/Shanghai')::DATE AS received_on
FROM read_csv('{workspace}/inbox/manifest.csv', all_varchar = true);
SET VARIABLE files = (SELECT list(filename) FROM files);
CREATE TABLE delivered.licences AS
SELECT * FROM (
  SELECT item_code, department, received_on, TRY_CAST(cell(event_date) AS DATE) AS event_day,
    TRY_CAST(cell(valid_until) AS DATE) AS until_day, TRY_CAST(cell(amount) AS DOUBLE) AS amount_value,
    TRY_CAST(cell(grade) AS BIGINT) AS grade_value, {cells}
  FROM read_parquet(getvariable('files'), filename = true) JOIN files USING (filename)
) WHERE record_id IS NOT NULL AND subject_id IS NOT NULL AND event_day IS NOT NULL;
"""


def contract(codes: list[str]) -> str:
    """The contract, as the YAML that Soda reads (JSON is YAML)."""
    columns: dict[str, list[object]] = {}

    def invalid(fault: str, column: str, **rule: object) -> None:
        columns.setdefault(column, []).append({"invalid": {"name": fault, "qualifier": fault.split(":")[0]} | rule})

    for name in ("subject_name", "subject_kind", "licence_kind", "content"):
        columns[name] = [{"missing": {"name": f"missing:{name}"}}]
    for name, most in {"record_id": 64, "document_number": 64, "subject_name": 200, "content": 500}.items():
        invalid(f"max_length:{name}", name, valid_max_length=most)
    invalid("code_list:licence_kind", "licence_kind", valid_values=codes)
    invalid("type:amount", "amount", valid_format={"name": "number", "regex": NUMBER})
    invalid("minimum:amount", "amount_value", valid_min=0)
    invalid("maximum:amount", "amount_value", valid_max=1_000_000_000)
    invalid("pattern:post_code", "post_code", valid_format={"name": "post code", "regex": "^[0-9]{6}$"})
    invalid("type:grade", "grade", valid_format={"name": "integer", "regex": "^[+-]?[0-9]+$"})
    invalid("minimum:grade", "grade_value", valid_min=1)
    invalid("maximum:grade", "grade_value", valid_max=5)
    invalid(
        "other:form of subject_id", "subject_id", valid_format={"name": "code", "regex": "^[0-9A-HJ-NPQRTUWXY]{18}$"}
    )
    rows = {
        "type:valid_until": "valid_until IS NOT NULL AND until_day IS NULL",
        "date_order": "received_on < event_day",
        "other:late by calendar days": "received_on - event_day > 20",
    }
    checks: list[object] = [
        {"failed_rows": {"name": name, "qualifier": name, "expression": condition}} for name, condition in rows.items()
    ]
    pair = ["item_code", "department", "document_number"]
    checks.append({"duplicate": {"name": "other:duplicate documents", "columns": pair}})
    listed = [{"name": name, "checks": found} for name, found in columns.items()]
    return json.dumps({"dataset": "local/delivered/licences", "columns": listed, "checks": checks}, ensure_ascii=False)


def main(workspace: str, output: str) -> None:
    """Run the whole work."""
    logging.disable(logging.INFO)
    out = Path(output)
    out.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect(str(out / "staging.duckdb"))
    cells = ", ".join(f"cell({name}) AS {name}" for name in FIELDS)
    connection.execute(DELIVERED.format(workspace=workspace, cells=cells))
    found = connection.execute(
        f"SELECT code FROM read_csv('{workspace}/catalogue/code_lists.csv', all_varchar = true)"
    ).fetchall()
    (out / "contract.yml").write_text(contract([code for (code,) in found]), encoding="utf-8")
    session = verify_contract_locally(
        data_sources=[DuckDBDataSourceImpl.from_existing_cursor(connection, name="local")],
        contract_file_path=str(out / "contract.yml"),
    )
    totals = {}
    for result in session.contract_verification_results[0].check_results:
        values = result.diagnostic_metric_values or {}
        of_kind = "missing_count" if result.check.name.startswith("missing:") else "invalid_count"
        counts = [values[name] for name in (of_kind, "failed_rows_count", "duplicate_count") if name in values]
        if not counts:
            raise RuntimeError(f"{result.check.name} was not evaluated: {sorted(values)}")
        totals[result.check.name] = int(counts[0])
    (out / "totals.json").write_text(json.dumps(totals), encoding="utf-8")
    connection.close()
    (out / "staging.duckdb").unlink()


if __name__ == "__main__":
    main(*sys.argv[1:3])
